#include "bench/load.h"

#include "base/env.h"
#include "bench/answers.h"
#include "bench/progress.h"
#include "bench/requests.h"

#include <stdlib.h>
#include <time.h>

#define LANES_MAX      64
#define TRIES_MAX      50
#define RETRY_US       100000
#define ACTIVE_SECONDS 300
/* A load that makes no progress for so long has failed. */
#define STALL_US 60000000

/* A connection and the batch it is busy with. */
struct lane {
    struct loader *loader;
    struct connection *connection;
    uint64_t first;
    unsigned count;
    unsigned tries;
    uint64_t retry_at_us; /* 0: not waiting for it */
};

struct loader {
    struct requests requests;
    struct client *client;
    struct buffer body;
    struct lane lanes[LANES_MAX];
    unsigned lane_count, busy;
    uint64_t next, done;
    uint64_t progress_us;
    bool failed;
    struct err err;
};

static void send_batch(struct lane *lane)
{
    struct loader *loader = lane->loader;
    const char *operation = requests_load(&loader->requests, lane->first, lane->count, &loader->body);
    connection_send(lane->connection, operation, buffer_slice(&loader->body));
}

/* Takes the next batch, if there is one left. */
static void advance(struct lane *lane)
{
    struct loader *loader = lane->loader;
    uint64_t left = loader->requests.options->items - loader->next;
    if (left == 0 || loader->failed) {
        loader->busy--;
        return;
    }
    lane->first = loader->next;
    lane->count = left < BATCH_ITEMS ? (unsigned)left : BATCH_ITEMS;
    lane->tries = 0;
    loader->next += lane->count;
    send_batch(lane);
}

/* A refusal that may pass: too much at once, or trouble on the server's side. */
static bool may_pass(const struct client_answer *answer, struct slice type)
{
    return answer->failure != NULL || answer->status >= 500 || answer->status == 200 ||
           slice_equal(type, SLICE("ThrottlingException")) ||
           slice_equal(type, SLICE("ProvisionedThroughputExceededException")) ||
           slice_equal(type, SLICE("RequestLimitExceeded"));
}

static void on_answer(struct connection *connection, const struct client_answer *answer, void *context)
{
    (void)connection;
    struct lane *lane = context;
    struct loader *loader = lane->loader;
    struct slice unprocessed = answer_object(answer->body, SLICE("UnprocessedItems"));
    if (answer->failure == NULL && answer->status == 200 && unprocessed.len <= 2) {
        loader->done += lane->count;
        loader->progress_us = env_monotonic_us();
        advance(lane);
        return;
    }
    struct slice type = answer_error_type(answer->body);
    if (may_pass(answer, type) && ++lane->tries < TRIES_MAX && !loader->failed) {
        lane->retry_at_us = env_monotonic_us() + RETRY_US; /* all of the batch: puts can be repeated */
        return;
    }
    if (!loader->failed) {
        loader->failed = true;
        struct slice message = answer_error_message(answer->body);
        if (answer->failure != NULL) {
            err_set(&loader->err, "BatchWriteItem: %s", answer->failure);
        } else {
            err_set(&loader->err, "BatchWriteItem: status %d %.*s %.*s", answer->status, SLICE_ARG(type),
                    SLICE_ARG(message));
        }
    }
    loader->busy--;
}

static void retry_due(struct loader *loader, uint64_t now)
{
    for (unsigned i = 0; i < loader->lane_count; i++) {
        struct lane *lane = &loader->lanes[i];
        if (lane->retry_at_us != 0 && now >= lane->retry_at_us) {
            lane->retry_at_us = 0;
            if (loader->failed) {
                loader->busy--;
            } else {
                send_batch(lane);
            }
        }
    }
}

static int fill(struct loader *loader, struct err *err)
{
    const struct bench_options *options = loader->requests.options;
    struct progress progress;
    progress_start(&progress, "filling", "items");
    loader->lane_count = options->connections < LANES_MAX ? options->connections : LANES_MAX;
    loader->busy = loader->lane_count;
    loader->progress_us = env_monotonic_us();
    for (unsigned i = 0; i < loader->lane_count; i++) {
        struct lane *lane = &loader->lanes[i];
        *lane = (struct lane){.loader = loader};
        lane->connection = client_add_connection(loader->client, on_answer, lane);
        advance(lane);
    }
    while (loader->busy > 0) {
        client_run(loader->client, 20);
        uint64_t now = env_monotonic_us();
        retry_due(loader, now);
        progress_show(&progress, (double)loader->done / options->items, loader->done);
        if (now > loader->progress_us + STALL_US) {
            progress_end(&progress);
            return err_set(err, "filling the table: no batch was taken in a minute");
        }
    }
    progress_end(&progress);
    if (loader->failed) {
        *err = loader->err;
        return err_wrap(err, "filling the table");
    }
    return 0;
}

/* Asks, and expects status 200 unless `allowed` is the error's type. 1: it was that error. */
static int ask(struct loader *loader, const char *operation, const char *allowed, char **ret_body, struct err *err)
{
    int status;
    char *body;
    if (client_call(loader->client, operation, buffer_slice(&loader->body), &status, &body, err) != 0) {
        return -1;
    }
    struct slice text = slice_from_string(body), type = answer_error_type(text), message = answer_error_message(text);
    int result = 0;
    if (status != 200) {
        result = allowed != NULL && slice_equal(type, slice_from_string(allowed)) ? 1 : -1;
        if (result < 0) {
            err_set(err, "%s: status %d %.*s %.*s", operation, status, SLICE_ARG(type), SLICE_ARG(message));
        }
    }
    if (result < 0 || ret_body == NULL) {
        free(body);
    } else {
        *ret_body = body;
    }
    return result;
}

static int wait_active(struct loader *loader, struct err *err)
{
    for (unsigned i = 0; i < ACTIVE_SECONDS * 10; i++) {
        const char *operation = requests_describe_table(&loader->requests, &loader->body);
        char *body;
        if (ask(loader, operation, NULL, &body, err) != 0) {
            return -1;
        }
        bool active = slice_equal(answer_text(slice_from_string(body), SLICE("TableStatus")), SLICE("ACTIVE"));
        free(body);
        if (active) {
            return 0;
        }
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return err_set(err, "the table %s is not active after %d seconds", loader->requests.table, ACTIVE_SECONDS);
}

static int load(struct loader *loader, struct err *err)
{
    char *body;
    const char *operation = requests_get_mark(&loader->requests, &loader->body);
    int found = ask(loader, operation, "ResourceNotFoundException", &body, err);
    if (found < 0) {
        return -1;
    }
    bool filled = found == 0 && answer_object(slice_from_string(body), SLICE("Item")).len != 0;
    free(body);
    if (filled) {
        return 0;
    }
    if (found == 1) {
        operation = requests_create_table(&loader->requests, &loader->body);
        if (ask(loader, operation, "ResourceInUseException", NULL, err) < 0) {
            return -1;
        }
    }
    if (wait_active(loader, err) != 0 || fill(loader, err) != 0) {
        return -1;
    }
    operation = requests_put_mark(&loader->requests, &loader->body);
    return ask(loader, operation, NULL, NULL, err);
}

int load_table(const struct bench_options *options, const struct client_address *address, struct err *err)
{
    struct loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL) {
        abort();
    }
    requests_init(&loader->requests, options, options->seed);
    loader->client = client_create(options, address);
    int result = load(loader, err);
    client_destroy(loader->client);
    requests_finish(&loader->requests);
    buffer_finish(&loader->body);
    free(loader);
    return result;
}
