/* Connections: accepting, giving each to a loop, and watching what clients send.
 *
 * h2o reads a request's body into the socket's input buffer without asking anybody, and has one timer for idling,
 * header and body together. So our callback stands in front of h2o's on every readable socket: it charges the budget
 * with what the input has grown to, refuses when that is spent, and notes when a request began to arrive. h2o sets its
 * own callback again after every answer; connections_watch puts ours in front at the end of that turn, before the next
 * read. A sweep once a second cuts off who takes too long. It never closes a socket under h2o: it shuts the connection
 * down, and h2o then finds the end of the stream or a failed write. */
#include "http/private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_readable(h2o_socket_t *socket, const char *err);

static void charge(struct connection *connection, size_t bytes)
{
    struct budget *budget = &connection->loop->server->budget;
    if (bytes < connection->charged) {
        budget_give(budget, connection->charged - bytes);
    } else if (bytes > connection->charged) {
        budget_take_anyway(budget, bytes - connection->charged);
    }
    connection->charged = bytes;
}

/* What the connection's input holds, beyond what every connection may. */
static size_t input_bytes(const struct connection *connection)
{
    const h2o_buffer_t *input = connection->socket->input;
    size_t bytes = (input->bytes != NULL ? input->capacity : 0) + connection->http2_bytes;
    return bytes > UNCOUNTED_BYTES ? bytes : 0;
}

static void watch(struct connection *connection)
{
    h2o_socket_cb read = connection->socket->_cb.read;
    if (read == NULL || read == on_readable) {
        return; /* h2o does not read now, or we stand there already */
    }
    /* h2o's HTTP/1 code always sets the same callback; another one means that the client went on in HTTP/2 */
    if (connection->read != NULL && read != connection->read) {
        connection->http2 = true;
        connection->request_since_ms = 0; /* what arrives now are frames; idle_ms_max bounds them */
    }
    connection->read = read;
    connection->socket->_cb.read = on_readable;
}

static bool is_watched(const struct connection *connection)
{
    return connection->socket->_cb.read == on_readable;
}

/* At the turn's end. */
static void watch_later(struct connection *connection)
{
    if (!h2o_linklist_is_linked(&connection->unwatched)) {
        h2o_linklist_insert(&connection->loop->unwatched, &connection->unwatched);
    }
}

static void refuse(struct connection *connection)
{
    int fd = h2o_socket_get_fd(connection->socket);
    ssize_t sent = send(fd, answer_overload_raw.data, answer_overload_raw.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; /* the client is told as well as can be */
    metric_add(&connection->loop->requests_refused, 1);
    linger_after_close(connection);
}

static void on_readable(h2o_socket_t *socket, const char *err)
{
    struct connection *connection = socket->on_close.data;
    struct loop *loop = connection->loop;
    if (err == NULL) {
        if (connection->http2) {
            connection->http2_bytes += socket->bytes_read;
        }
        charge(connection, input_bytes(connection));
        if (connection->charged > 0 && budget_is_spent(&loop->server->budget)) {
            refuse(connection);
            err = h2o_socket_error_closed;
        }
        if (connection->request_since_ms == 0 && !connection->http2) {
            connection->request_since_ms = loop->now_ms;
        }
    }
    connection->reading = true;
    connection->read(socket, err);
    connection->reading = false;
    if (connection->closed) {
        free(connection);
        return;
    }
    watch(connection);
    if (!is_watched(connection) && connection->requests == 0) {
        watch_later(connection); /* h2o writes "100 Continue", and reads the body when that is done */
    }
}

static void on_close(void *context)
{
    struct connection *connection = context;
    struct loop *loop = connection->loop;
    assert(connection->requests == 0);
    budget_give(&loop->server->budget, connection->charged);
    h2o_linklist_unlink(&connection->link);
    if (h2o_linklist_is_linked(&connection->unwatched)) {
        h2o_linklist_unlink(&connection->unwatched);
    }
    if (connection->linger_fd >= 0) {
        linger_begin(loop, connection->linger_fd);
    }
    atomic_fetch_sub(&loop->connection_count, 1);
    atomic_fetch_sub(&loop->server->connections, 1);
    connection->closed = true;
    if (!connection->reading) {
        free(connection);
    }
}

static void connection_open(struct connection *connection)
{
    struct loop *loop = connection->loop;
    if (loop->stopping) {
        close(connection->fd);
        atomic_fetch_sub(&loop->connection_count, 1);
        atomic_fetch_sub(&loop->server->connections, 1);
        free(connection);
        return;
    }
    loop_update_now(loop);
    h2o_socket_t *socket =
        h2o_evloop_socket_create(loop->context.loop, connection->fd, H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    connection->socket = socket;
    connection->idle_since_ms = loop->now_ms;
    socket->on_close.cb = on_close;
    socket->on_close.data = connection;
    h2o_linklist_insert(&loop->connections, &connection->link);
    h2o_accept(&loop->accept, socket);
    watch(connection);
}

static void on_arrive(struct task *task)
{
    connection_open(H2O_STRUCT_FROM_MEMBER(struct connection, arrive, task));
}

static struct loop *least_loaded(struct http_server *server)
{
    struct loop *best = &server->loops[0];
    for (unsigned i = 1; i < server->loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (atomic_load(&loop->connection_count) < atomic_load(&best->connection_count)) {
            best = loop;
        }
    }
    return best;
}

void connection_accept(struct loop *loop, int fd)
{
    struct http_server *server = loop->server;
    if (atomic_fetch_add(&server->connections, 1) >= server->options.connections_max) {
        atomic_fetch_sub(&server->connections, 1);
        metric_add(&loop->connections_refused, 1);
        close(fd);
        return;
    }
    metric_add(&loop->connections_accepted, 1);
    struct loop *target = least_loaded(server);
    atomic_fetch_add(&target->connection_count, 1);
    struct connection *connection = h2o_mem_alloc(sizeof *connection); /* aborts rather than fail */
    *connection = (struct connection){.loop = target, .fd = fd, .linger_fd = -1, .arrive = {.run = on_arrive}};
    if (target == loop) {
        connection_open(connection);
        return;
    }
    struct task_list list = {0};
    task_list_append(&list, &connection->arrive);
    mailbox_post(&target->port.mailbox, &list);
}

struct connection *connection_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

void connection_request_begins(struct connection *connection, h2o_req_t *req)
{
    connection->requests++;
    connection->request_since_ms = 0;
    if (connection->http2) {
        /* frames, headers and padding come on top of the body; rather forget some than count them for ever */
        size_t settled = req->entity.len + req->entity.len / 64 + 4096;
        connection->http2_bytes -= settled < connection->http2_bytes ? settled : connection->http2_bytes;
    }
}

void connection_answer_begins(struct connection *connection)
{
    if (connection->unsent++ == 0) {
        connection->answer_since_ms = connection->loop->now_ms;
    }
}

void connection_request_ends(struct connection *connection)
{
    struct loop *loop = connection->loop;
    assert(connection->requests > 0);
    connection->requests--;
    if (connection->unsent > 0) {
        connection->unsent--;
    }
    connection->answer_since_ms = connection->unsent > 0 ? loop->now_ms : 0;
    connection->idle_since_ms = loop->now_ms;
    watch_later(connection);
}

void connections_watch(struct loop *loop)
{
    h2o_linklist_t list;
    h2o_linklist_init_anchor(&list);
    h2o_linklist_insert_list(&list, &loop->unwatched);
    while (!h2o_linklist_is_empty(&list)) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, unwatched, list.next);
        h2o_linklist_unlink(&connection->unwatched);
        watch(connection);
        charge(connection, input_bytes(connection));
        if (connection->request_since_ms == 0 && connection->requests == 0 && connection->socket->input->size > 0) {
            connection->request_since_ms = loop->now_ms; /* the next one has come already */
        }
        if (!is_watched(connection) && connection->requests == 0) {
            watch_later(connection); /* the next turn's end */
        }
    }
}

/* `how` is shutdown(2)'s. */
static void cut_off(struct connection *connection, int how)
{
    shutdown(h2o_socket_get_fd(connection->socket), how);
}

static bool is_overdue(uint64_t since_ms, unsigned max_ms, uint64_t now_ms)
{
    return now_ms - since_ms > max_ms;
}

void connections_sweep(struct loop *loop)
{
    const struct http_options *options = &loop->server->options;
    uint64_t now = loop->now_ms;
    bool drained = loop->stopping && now >= loop->stop_at_ms;
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);
        if (drained ||
            (connection->answer_since_ms != 0 &&
             is_overdue(connection->answer_since_ms, options->answer_ms_max, now)) ||
            (connection->request_since_ms != 0 &&
             is_overdue(connection->request_since_ms, options->request_ms_max, now))) {
            cut_off(connection, SHUT_RDWR);
        } else if (connection->requests == 0 && connection->request_since_ms == 0) {
            if (loop->stopping) {
                cut_off(connection, SHUT_RD); /* what has arrived unseen is still answered */
            } else if (is_overdue(connection->idle_since_ms, options->idle_ms_max, now)) {
                cut_off(connection, SHUT_RDWR);
            }
        }
    }
}
