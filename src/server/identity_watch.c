#include "server/identity_watch.h"

#include "auth/identity_file.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 200

struct identity_watch {
    const struct config *config;
    const char *folder;
    struct guard *guard;
    unsigned char key[SEAL_KEY_BYTES];
    struct identity_file_state state; /* of the file as it was read last */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

static int add_root(const struct config *config, struct identities *identities, struct err *err)
{
    if (config->root_key_id == NULL) {
        return 0;
    }
    if (identities_find_key(identities, slice_from_string(config->root_key_id)) != NULL) {
        return err_set(err, "the root user's access key is a user's too: choose another one");
    }
    identities_add_key(identities, identities_add_user(identities, NULL), config->root_key_id, config->root_secret);
    return 0;
}

/* What tokens are sealed with: derived from the key file; without one, from a key that is made in the data folder. */
static int set_session_key(const struct identity_watch *watch, struct err *err)
{
    char own[4096];
    const char *path = watch->config->key_file;
    if (path == NULL) {
        if (snprintf(own, sizeof own, "%s/sessions.key", watch->folder) >= (int)sizeof own) {
            return err_set(err, "the path of the data folder is too long");
        }
        path = own;
        if (access(own, F_OK) != 0 && key_file_create(own, err) != 0) {
            return -1;
        }
    }
    unsigned char key[SEAL_KEY_BYTES];
    if (key_file_read(path, SESSION_KEY_PURPOSE, key, err) != 0) {
        return -1;
    }
    guard_set_session_key(watch->guard, key);
    crypto_wipe(key, sizeof key);
    return 0;
}

/* The state is taken first: what is changed while it is read is read again. */
static int read_and_publish(struct identity_watch *watch, struct err *err)
{
    const struct config *config = watch->config;
    struct identities *identities = NULL;
    watch->state = identity_file_state(watch->folder);
    if (config->key_file == NULL) {
        identities = identities_create(config->account_id);
    } else if (identity_file_read(watch->folder, watch->key, config->account_id, &identities, err) != 0) {
        return -1;
    }
    if (add_root(config, identities, err) != 0) {
        identities_release(identities);
        return -1;
    }
    if (identities_key_count(identities) == 0) {
        log_warning("there is no user yet: nobody can sign in until 'stator user add NAME' makes one");
    }
    guard_publish(watch->guard, identities);
    return 0;
}

static void look(struct identity_watch *watch)
{
    struct identity_file_state state = identity_file_state(watch->folder);
    if (identity_file_state_equal(&state, &watch->state)) {
        return;
    }
    struct err err;
    if (read_and_publish(watch, &err) == 0) {
        log_info("the users have changed");
    } else {
        log_error("the users stay as they were: %s", err.text);
    }
}

static void *run(void *context)
{
    struct identity_watch *watch = context;
    pthread_setname_np(pthread_self(), "users");
    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        pthread_mutex_unlock(&watch->lock);
        look(watch);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&watch->lock);
        while (!watch->stopping && pthread_cond_timedwait(&watch->changed, &watch->lock, &until) == 0) {
        }
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void destroy(struct identity_watch *watch)
{
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
    crypto_wipe(watch->key, sizeof watch->key);
    free(watch);
}

int identity_watch_start(const struct config *config, const char *folder, struct guard *guard,
                         struct identity_watch **ret_watch, struct err *err)
{
    struct identity_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        abort();
    }
    watch->config = config;
    watch->folder = folder;
    watch->guard = guard;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if ((config->key_file != NULL && key_file_read(config->key_file, IDENTITY_FILE_PURPOSE, watch->key, err) != 0) ||
        set_session_key(watch, err) != 0 || read_and_publish(watch, err) != 0) {
        destroy(watch);
        return -1;
    }
    if (config->key_file != NULL) {
        watch->has_thread = pthread_create(&watch->thread, NULL, run, watch) == 0;
        if (!watch->has_thread) {
            abort(); /* at start: the machine is unusable */
        }
    }
    *ret_watch = watch;
    return 0;
}

void identity_watch_stop(struct identity_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->has_thread) {
        pthread_mutex_lock(&watch->lock);
        watch->stopping = true;
        pthread_cond_signal(&watch->changed);
        pthread_mutex_unlock(&watch->lock);
        pthread_join(watch->thread, NULL);
    }
    destroy(watch);
}
