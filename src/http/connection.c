/* Connections: accepting, giving each to a loop, and watching what clients send.
 *
 * h2o reads a request's body into the socket's input buffer without asking anybody, and has one timer for idling,
 * header and body together. So our callback stands in front of h2o's on every readable socket: it charges the budget
 * with what the input has grown to, refuses when that is spent, and notes when a request began to arrive. h2o sets its
 * own callback again after every answer; connections_watch puts ours in front at the end of that turn, before the next
 * read. A sweep once a second cuts off who takes too long. It never closes a socket under h2o: it shuts the connection
 * down, and h2o then finds the end of the stream or a failed write.
 *
 * With TLS the handshake comes first (secure.c); what is watched is the text that h2o has decrypted. */
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

static bool has_begun(const struct connection *connection)
{
    return connection->read != NULL; /* h2o has the connection; before, what came with the handshake is looked at */
}

static void refuse_frames(struct connection *connection, const char *reason)
{
    if (has_begun(connection)) {
        http2_refuse(connection, reason);
    }
}

/* The client is told as well as can be. */
static void refuse(struct connection *connection)
{
    metric_add(&connection->loop->requests_refused, 1);
    if (connection->http2) {
        refuse_frames(connection, "the server holds too much data of requests in flight");
        return;
    }
    if (connection->tls != NULL) {
        secure_last_words(connection, answer_overload_raw);
    } else {
        int fd = h2o_socket_get_fd(connection->socket);
        ssize_t sent = send(fd, answer_overload_raw.data, answer_overload_raw.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent;
    }
    linger_after_close(connection);
}

/* What HTTP/2 frames are for, and whether the client may send so many. */
static bool admits_frames(struct connection *connection, size_t new_bytes)
{
    const h2o_buffer_t *input = connection->socket->input;
    struct slice bytes = slice_of(input->bytes + input->size - new_bytes, new_bytes);
    const char *refusal = http2_meter_feed(&connection->meter, bytes, connection->loop->now_ms);
    if (refusal != NULL) {
        refuse_frames(connection, refusal);
        return false;
    }
    connection->http2_new_bytes = new_bytes;
    if (has_begun(connection)) {
        http2_protect(connection);
    }
    return true;
}

bool connection_admits(struct connection *connection, size_t new_bytes)
{
    struct loop *loop = connection->loop;
    if (connection->http2 && !admits_frames(connection, new_bytes)) {
        return false;
    }
    charge(connection, input_bytes(connection));
    if (connection->charged > 0 && budget_is_spent(&loop->server->budget)) {
        refuse(connection);
        return false;
    }
    if (connection->request_since_ms == 0) {
        connection->request_since_ms = loop->now_ms;
    }
    return true;
}

bool connection_go_on(struct connection *connection, void (*begin)(struct connection *connection))
{
    connection->reading = true;
    begin(connection);
    connection->reading = false;
    if (connection->closed) {
        free(connection);
        return false;
    }
    watch(connection);
    if (connection->http2) {
        connection->http2_bytes += connection->http2_new_bytes;
        connection->http2_new_bytes = 0;
        charge(connection, input_bytes(connection));
        if (connection->socket->input->size == 0 || connection->meter.ends_frame) {
            /* http2_sweep looks at the streams; here it is the frame that arrives */
            connection->request_since_ms = connection->socket->input->size == 0 ? 0 : connection->loop->now_ms;
        }
    }
    if (!is_watched(connection) && (connection->requests == 0 || connection->http2)) {
        watch_later(connection); /* h2o writes first, for example "100 Continue", and reads on when that is done */
    }
    return true;
}

static void read_on(struct connection *connection)
{
    connection->read(connection->socket, NULL);
}

static void read_end(struct connection *connection)
{
    connection->read(connection->socket, h2o_socket_error_closed);
}

static void on_readable(h2o_socket_t *socket, const char *err)
{
    struct connection *connection = socket->on_close.data;
    bool goes_on = err == NULL && !(socket->bytes_read == 0 && secure_is_ended(connection)) &&
                   connection_admits(connection, socket->bytes_read);
    connection_go_on(connection, goes_on ? read_on : read_end);
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
    SSL_CTX_free(connection->tls);
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
        SSL_CTX_free(connection->tls);
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
    if (connection->tls != NULL) {
        secure_accept(connection);
        return;
    }
    h2o_accept(&loop->accept, socket);
    watch(connection);
}

static void on_arrive(struct task *task)
{
    connection_open(H2O_STRUCT_FROM_MEMBER(struct connection, arrive, task));
}

/* A reference, or NULL. */
static SSL_CTX *tls_of(struct http_server *server)
{
    if (server->options.tls == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&server->lock);
    SSL_CTX *context = server->tls;
    SSL_CTX_up_ref(context);
    pthread_mutex_unlock(&server->lock);
    return context;
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
    connection->tls = tls_of(server);
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
        size_t known = connection->http2_bytes + connection->http2_new_bytes;
        connection->http2_bytes = settled < known ? known - settled : 0;
        connection->http2_new_bytes = 0;
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
        if (connection->request_since_ms == 0 && connection->requests == 0 && !connection->http2 &&
            connection->socket->input->size > 0) {
            connection->request_since_ms = loop->now_ms; /* the next one has come already */
        }
        if (!is_watched(connection) && (connection->requests == 0 || connection->http2)) {
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
    /* While there is no room for others, who does not take his answer must go: memory is not his to keep. */
    unsigned answer_ms = options->answer_ms_max, pressed_ms = options->pressed_ms_max;
    if (budget_is_full(&loop->server->budget) && pressed_ms < answer_ms) {
        answer_ms = pressed_ms;
    }
    http2_sweep(loop);
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);
        unsigned request_ms = connection->handshaking ? options->handshake_ms_max : options->request_ms_max;
        if (drained || connection->late ||
            (connection->answer_since_ms != 0 && is_overdue(connection->answer_since_ms, answer_ms, now)) ||
            (connection->request_since_ms != 0 && is_overdue(connection->request_since_ms, request_ms, now))) {
            cut_off(connection, SHUT_RDWR);
        } else if (connection->requests == 0 && connection->request_since_ms == 0 && connection->http2_bytes == 0) {
            if (loop->stopping) {
                cut_off(connection, SHUT_RD); /* what has arrived unseen is still answered */
            } else if (is_overdue(connection->idle_since_ms, options->idle_ms_max, now)) {
                cut_off(connection, SHUT_RDWR);
            }
        }
    }
}
