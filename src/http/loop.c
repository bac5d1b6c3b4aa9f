/* A loop's thread. One turn: wait for sockets, timers or the mailbox; run their callbacks; end the turn.
 *
 * Writes that came in one turn go to the shards' writers together, at its end: one hand-over instead of many. Answers
 * are given inside h2o's callbacks only, never at a turn's end: h2o would see them only after its next wait. */
#include "http/private.h"

#include "base/env.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SWEEP_MS          1000
#define STOPPING_SWEEP_MS 20
/* How long accepting pauses when the system has no descriptor left: a listener would stay readable all the time. */
#define ACCEPT_PAUSE_MS  100
#define ACCEPTS_PER_TURN 64

void loop_update_now(struct loop *loop)
{
    loop->now_ms = (loop->clock_us != 0 ? loop->clock_us : env_monotonic_us()) / 1000;
    loop->clock_us = 0;
}

/* Any thread; under the mailbox's lock, and only when it was empty, so the message is not on its way already. */
static void on_wake(struct mailbox *mailbox)
{
    struct cluster_port *port = H2O_STRUCT_FROM_MEMBER(struct cluster_port, mailbox, mailbox);
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, port, port);
    h2o_multithread_send_message(&loop->receiver, &loop->wake);
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, receiver, receiver);
    while (!h2o_linklist_is_empty(messages)) {
        h2o_linklist_unlink(messages->next);
    }
    mailbox_run(&loop->port.mailbox);
}

static void on_acceptable(h2o_socket_t *listener, const char *err)
{
    struct loop *loop = listener->data;
    if (err != NULL) {
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = accept4(h2o_socket_get_fd(listener), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            connection_accept(loop, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            h2o_socket_read_stop(listener);
            loop->accept_again_ms = loop->now_ms + ACCEPT_PAUSE_MS;
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void listen_begin(struct loop *loop)
{
    struct http_options *options = &loop->server->options;
    for (unsigned i = 0; i < options->listener_count; i++) {
        h2o_socket_t *listener =
            h2o_evloop_socket_create(loop->context.loop, options->listeners[i], H2O_SOCKET_FLAG_DONT_READ);
        listener->data = loop;
        loop->listeners[i] = listener;
        h2o_socket_read_start(listener, on_acceptable);
    }
}

static void listen_again(struct loop *loop)
{
    loop->accept_again_ms = 0;
    for (int i = 0; i < HTTP_LISTENERS_MAX; i++) {
        if (loop->listeners[i] != NULL) {
            h2o_socket_read_start(loop->listeners[i], on_acceptable);
        }
    }
}

static void listen_end(struct loop *loop)
{
    loop->accept_again_ms = 0;
    for (int i = 0; i < HTTP_LISTENERS_MAX; i++) {
        if (loop->listeners[i] != NULL) {
            h2o_socket_close(loop->listeners[i]);
            loop->listeners[i] = NULL;
        }
    }
}

static void signal_ready(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->ready_count++;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void on_stop(struct task *task)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, stop_task, task);
    loop_update_now(loop);
    loop->stopping = true;
    loop->stop_at_ms = loop->now_ms + loop->server->drain_ms;
    loop->sweep_at_ms = 0;
    listen_end(loop);
    loop->context.shutdown_requested = 1; /* HTTP/1 answers say "close" from here on */
    http2_stop(loop);
    signal_ready(loop->server);
}

static void begin(struct loop *loop)
{
    char name[16];
    snprintf(name, sizeof name, "http-%u", loop->index);
    pthread_setname_np(pthread_self(), name);
    loop_update_now(loop);
    /* on this thread: h2o's buffer pools are thread-local */
    h2o_context_init(&loop->context, h2o_evloop_create(), &loop->server->config);
    loop->accept = (h2o_accept_ctx_t){.ctx = &loop->context, .hosts = loop->server->config.hosts};
    h2o_multithread_register_receiver(loop->context.queue, &loop->receiver, on_messages);
    h2o_linklist_init_anchor(&loop->connections);
    h2o_linklist_init_anchor(&loop->unwatched);
    h2o_linklist_init_anchor(&loop->lingering);
    cluster_port_init(&loop->port, loop->server->api->cluster, on_wake);
    api_loop_init(&loop->api, loop->server->api, &loop->port);
    request_ids_init(&loop->ids);
    loop->stop_task.run = on_stop;
}

static void end(struct loop *loop)
{
    assert(loop->calls == 0 && loop->retired == NULL);
    requests_free(loop);
    gzip_compressor_destroy(loop->compressor);
    api_loop_finish(&loop->api);
    cluster_port_finish(&loop->port);
    h2o_evloop_t *evloop = loop->context.loop;
    h2o_multithread_unregister_receiver(loop->context.queue, &loop->receiver);
    h2o_context_dispose(&loop->context);
    h2o_evloop_destroy(evloop);
}

static void end_turn(struct loop *loop)
{
    loop_update_now(loop);
    cluster_port_flush(&loop->port);
    api_loop_end_turn(&loop->api);
    connections_watch(loop);
    requests_recycle(loop);
    if (loop->accept_again_ms != 0 && loop->now_ms >= loop->accept_again_ms) {
        listen_again(loop);
    }
    if (loop->now_ms >= loop->sweep_at_ms) {
        connections_sweep(loop);
        lingering_sweep(loop);
        loop->sweep_at_ms = loop->now_ms + (loop->stopping ? STOPPING_SWEEP_MS : SWEEP_MS);
    }
}

static int32_t longest_wait(const struct loop *loop)
{
    if (loop->stopping) {
        return STOPPING_SWEEP_MS;
    }
    if (loop->accept_again_ms != 0) {
        return ACCEPT_PAUSE_MS;
    }
    bool idle = h2o_linklist_is_empty((h2o_linklist_t *)&loop->connections) &&
                h2o_linklist_is_empty((h2o_linklist_t *)&loop->lingering);
    return idle ? INT32_MAX : SWEEP_MS;
}

static bool is_done(const struct loop *loop)
{
    return loop->stopping && loop->calls == 0 && atomic_load(&loop->connection_count) == 0 &&
           h2o_linklist_is_empty((h2o_linklist_t *)&loop->lingering);
}

void *loop_run(void *context)
{
    struct loop *loop = context;
    begin(loop);
    if (loop->index == 0) {
        listen_begin(loop);
    }
    signal_ready(loop->server);
    while (!is_done(loop)) {
        if (h2o_evloop_run(loop->context.loop, longest_wait(loop)) != 0 && errno != EINTR) {
            log_error("the event loop failed: %s", strerror(errno)); /* epoll itself: a bug */
            abort();
        }
        end_turn(loop);
    }
    end(loop);
    return NULL;
}
