#include "http/private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct http_options http_defaults = {
    .threads = 1,
    .connections_max = 10000,
    .requests_max = 10000,
    .body_bytes_max = 16u << 20,
    .bytes_in_flight_max = 256u << 20,
    .handshake_ms_max = 10000,
    .request_ms_max = 60000,
    .answer_ms_max = 120000,
    .pressed_ms_max = 10000,
    .idle_ms_max = 180000,
    .serves_api = true,
};

static void wait_for_ready(struct http_server *server, unsigned count)
{
    pthread_mutex_lock(&server->lock);
    while (server->ready_count < count) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

static void server_free(struct http_server *server)
{
    route_finish(server);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    SSL_CTX_free(server->tls);
    free(server->health.base);
    free(server->loops);
    free(server);
}

static struct http_server *server_create(const struct http_options *options, struct api *api)
{
    struct http_server *server = calloc(1, sizeof *server);
    struct loop *loops = calloc(options->threads, sizeof *loops);
    char *health = NULL;
    /* as AWS writes it, with the blank at the end */
    int len = asprintf(&health, "healthy: dynamodb.%s.amazonaws.com ", api->settings.region);
    if (server == NULL || loops == NULL || len < 0) {
        abort();
    }
    server->options = *options;
    server->api = api;
    server->loops = loops;
    server->tls = options->tls;
    server->health = h2o_iovec_init(health, (size_t)len);
    server->budget.max = options->bytes_in_flight_max;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    route_register(server);
    /* h2o would put larger inputs into temporary files */
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
    return server;
}

int http_server_start(const struct http_options *options, struct api *api, struct http_server **ret_server,
                      struct err *err)
{
    assert(options->threads > 0 && options->listener_count <= HTTP_LISTENERS_MAX);
    struct http_server *server = server_create(options, api);
    /* the accepting loop last: it looks at loop_count and at the others */
    server->loop_count = options->threads;
    for (unsigned started = 0; started < options->threads; started++) {
        unsigned i = options->threads - 1 - started;
        struct loop *loop = &server->loops[i];
        loop->server = server;
        loop->index = i;
        int failure = pthread_create(&loop->thread, NULL, loop_run, loop);
        if (failure != 0) {
            /* threads that run hold on to the server; the process is about to end */
            return err_set(err, "cannot start a thread: %s", strerror(failure));
        }
        wait_for_ready(server, started + 1);
    }
    *ret_server = server;
    return 0;
}

void http_server_use_tls(struct http_server *server, SSL_CTX *context)
{
    pthread_mutex_lock(&server->lock);
    assert(server->tls != NULL);
    SSL_CTX *old = server->tls;
    server->tls = context;
    pthread_mutex_unlock(&server->lock);
    SSL_CTX_free(old); /* connections have references of their own */
}

static void post_stop(struct http_server *server, unsigned i)
{
    struct task_list list = {0};
    task_list_append(&list, &server->loops[i].stop_task);
    mailbox_post(&server->loops[i].port.mailbox, &list);
}

void http_server_drain(struct http_server *server, unsigned drain_ms)
{
    if (server == NULL) {
        return;
    }
    server->drain_ms = drain_ms;
    /* the accepting loop first: once it has stopped, no connection is on its way to another loop behind its stop */
    post_stop(server, 0);
    wait_for_ready(server, server->loop_count + 1);
    for (unsigned i = 1; i < server->loop_count; i++) {
        post_stop(server, i);
    }
    for (unsigned i = 0; i < server->loop_count; i++) {
        pthread_join(server->loops[i].thread, NULL);
    }
    assert(atomic_load(&server->budget.used) == 0);
}

void http_server_destroy(struct http_server *server)
{
    if (server != NULL) {
        server_free(server);
    }
}

void http_server_stop(struct http_server *server, unsigned drain_ms)
{
    http_server_drain(server, drain_ms);
    http_server_destroy(server);
}

void http_server_stats(const struct http_server *server, struct http_stats *ret_stats)
{
    *ret_stats = (struct http_stats){
        .connections = atomic_load(&server->connections),
        .bytes_in_flight = atomic_load(&server->budget.used),
    };
    for (unsigned i = 0; i < server->loop_count; i++) {
        const struct loop *loop = &server->loops[i];
        ret_stats->connections_accepted += metric_read(&loop->connections_accepted);
        ret_stats->connections_refused += metric_read(&loop->connections_refused);
        ret_stats->requests_refused += metric_read(&loop->requests_refused);
    }
}

unsigned http_server_loops(const struct http_server *server)
{
    return server->loop_count;
}

const struct api_metrics *http_server_metrics(const struct http_server *server, unsigned loop)
{
    assert(loop < server->loop_count);
    return &server->loops[loop].api.metrics;
}
