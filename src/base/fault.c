#include "base/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define COUNT_MAX 1000000000L

/* Every fault point there is. A name in STATOR_FAULT that is not here is refused, so that a test with a spelling
 * mistake fails instead of passing without its fault. */
static const char *const points[] = {
    "shard.before_commit", "shard.after_commit", "outbox.before_delivery", "outbox.after_delivery",
    "store.commit",        "transact.prepared",  "transact.decided",       "transact.applied",
};

/* Set by fault_init before any thread starts; NULL: nothing is armed. */
static const char *armed;
static atomic_long passes_left;

static const char *find_point(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        if (strlen(points[i]) == len && memcmp(points[i], name, len) == 0) {
            return points[i];
        }
    }
    return NULL;
}

int fault_init(void)
{
    armed = NULL;
    const char *text = getenv("STATOR_FAULT");
    if (text == NULL || *text == '\0') {
        return 0;
    }
    const char *colon = strchr(text, ':');
    const char *name = find_point(text, colon != NULL ? (size_t)(colon - text) : strlen(text));
    if (name == NULL) {
        return -1;
    }
    long count = 1;
    if (colon != NULL) {
        char *end;
        count = colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : 0;
        if (count < 1 || count > COUNT_MAX || *end != '\0') {
            return -1;
        }
    }
    atomic_store(&passes_left, count);
    armed = name;
    return 0;
}

bool fault_fires(const char *name)
{
    if (armed == NULL || strcmp(armed, name) != 0) {
        return false;
    }
    if (atomic_fetch_sub(&passes_left, 1) != 1) {
        return false;
    }
    log_warning("fault point %s fires", name);
    return true;
}

void fault_crash(const char *name)
{
    if (fault_fires(name)) {
        kill(getpid(), SIGKILL);
        for (;;) {
            pause(); /* until the signal arrives */
        }
    }
}
