/* The API without the wire, for unit tests: a cluster in a temporary folder and one loop, which the test's own thread
 * is. One call at a time. */
#pragma once

#include <pthread.h>
#include <time.h>

#include "api/api.h"
#include "base/buffer.h"
#include "folder.h"
#include "value/json.h"

struct api_server {
    char *folder;
    struct cluster *cluster;
    struct cluster_port port;
    struct api api;
    struct api_loop loop;
    struct api_call call;
    struct buffer body; /* with padding */
};

static pthread_mutex_t api_server_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t api_server_change = PTHREAD_COND_INITIALIZER;
static bool api_server_woken, api_server_answered;

static inline void api_server_wake(struct mailbox *mailbox)
{
    (void)mailbox;
    pthread_mutex_lock(&api_server_lock);
    api_server_woken = true;
    pthread_cond_signal(&api_server_change);
    pthread_mutex_unlock(&api_server_lock);
}

static inline void api_server_respond(struct api_call *call)
{
    (void)call;
    api_server_answered = true;
}

static inline struct api_server *api_server_start(void)
{
    struct api_server *server = calloc(1, sizeof *server);
    struct err err;
    server->folder = folder_make();
    const struct cluster_options options = {.data_dir = server->folder, .ephemeral = true};
    if (cluster_open(&options, &server->cluster, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    cluster_port_init(&server->port, server->cluster, api_server_wake);
    server->api = (struct api){
        .cluster = server->cluster,
        .settings = {.region = "us-east-1", .account_id = "123456789012", .endpoint = "localhost:8000"},
        .pool = pool_create(1, "test"),
    };
    api_loop_init(&server->loop, &server->api, &server->port);
    api_call_init(&server->call, &server->loop, api_server_respond);
    return server;
}

static inline void api_server_stop(struct api_server *server)
{
    api_call_finish(&server->call);
    api_loop_finish(&server->loop);
    pool_destroy(server->api.pool);
    cluster_port_finish(&server->port);
    cluster_close(server->cluster);
    folder_remove(server->folder);
    buffer_finish(&server->body);
    free(server);
}

/* The answer's body as a string that is valid until the next call; its status is server->call.status. */
static inline const char *api_server_send(struct api_server *server, const char *target, const char *body)
{
    buffer_clear(&server->body);
    buffer_append(&server->body, body, strlen(body));
    memset(buffer_reserve(&server->body, JSON_PADDING), 0, JSON_PADDING);
    api_call_reset(&server->call);
    server->call.target = slice_from_string(target);
    server->call.body = buffer_slice(&server->body);
    api_server_answered = false;
    api_call_start(&server->call);
    cluster_port_flush(&server->port);
    while (!api_server_answered) {
        pthread_mutex_lock(&api_server_lock);
        while (!api_server_woken) {
            struct timespec deadline;
            clock_gettime(CLOCK_REALTIME, &deadline);
            deadline.tv_sec += 20;
            if (pthread_cond_timedwait(&api_server_change, &api_server_lock, &deadline) != 0) {
                fprintf(stderr, "no answer within 20 s\n");
                abort();
            }
        }
        api_server_woken = false;
        pthread_mutex_unlock(&api_server_lock);
        mailbox_run(&server->port.mailbox);
        cluster_port_flush(&server->port);
    }
    *buffer_reserve(&server->call.out, 1) = '\0';
    return server->call.out.data;
}
