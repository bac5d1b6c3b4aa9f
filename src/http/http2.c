/* What h2o's HTTP/2 leaves to be done, with a look at its private structures, which Debian's h2o 2.2.5 brings as a
 * header of the same version.
 *
 *   - A stream whose last bytes are on their way stays in a list until they are sent. When the client then widens that
 *     stream's window from nothing, h2o asserts that it is in no list (fixed upstream after 2.2.5: h2o pull request
 *     1951). So such windows are set to what no client can widen.
 *   - Requests that arrive slowly, answers that are not taken: h2o has one timer for the connection, and any frame
 * winds it up again. Here each stream has its time.
 *   - Memory that unfinished requests hold is counted. */
#include "http/private.h"

#include <h2o/http2_internal.h>

/* Beyond what any WINDOW_UPDATE or SETTINGS frame could make of it: h2o refuses both, and keeps it. */
#define WINDOW_OF_FINISHED ((ssize_t)1 << 40)

/* Of a stream, beside its headers and its body: h2o's structures and the first chunk of its pool. */
#define STREAM_BYTES (sizeof(h2o_http2_stream_t) + 4096)
/* Of a header: the list grows by doubling, and old ones stay until the stream ends; name and value are links. */
#define HEADER_BYTES (3 * sizeof(h2o_header_t) + 48)

/* Of unfinished requests on one connection, before it is cut off when memory for clients is spent. */
#define UNFINISHED_BYTES_MAX (1u << 20)

static h2o_http2_conn_t *conn_of(const struct connection *connection)
{
    return connection->socket->data;
}

void http2_protect(struct connection *connection)
{
    h2o_linklist_t *list = &conn_of(connection)->_write.streams_to_proceed;
    for (h2o_linklist_t *at = list->next; at != list; at = at->next) {
        h2o_http2_stream_t *stream = H2O_STRUCT_FROM_MEMBER(h2o_http2_stream_t, _refs.link, at);
        if (stream->state == H2O_HTTP2_STREAM_STATE_END_STREAM &&
            (stream->output_window._avail <= 0 || connection->meter.changes_windows)) {
            stream->output_window._avail = WINDOW_OF_FINISHED;
        }
    }
}

static void go_away(h2o_http2_conn_t *conn, uint32_t last_stream, int error, const char *reason)
{
    if (conn->state == H2O_HTTP2_CONN_STATE_OPEN) {
        h2o_http2_encode_goaway_frame(&conn->_write.buf, last_stream, error, h2o_iovec_init(reason, strlen(reason)));
        h2o_http2_conn_request_write(conn);
    }
}

void http2_refuse(struct connection *connection, const char *reason)
{
    h2o_http2_conn_t *conn = conn_of(connection);
    go_away(conn, conn->pull_stream_ids.max_open, H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM, reason);
}

void http2_stop(struct loop *loop)
{
    h2o_linklist_t *list = &loop->context.http2._conns;
    for (h2o_linklist_t *at = list->next; at != list; at = at->next) {
        /* the last stream is not known yet: those that arrive from here on are answered, until the connection is idle
         */
        go_away(H2O_STRUCT_FROM_MEMBER(h2o_http2_conn_t, _conns, at), INT32_MAX, H2O_HTTP2_ERROR_NONE, "stopping");
    }
}

static bool is_over(const struct timeval *since, unsigned max_ms, const struct timeval *now)
{
    return since->tv_sec != 0 && h2o_timeval_subtract((struct timeval *)since, (struct timeval *)now) / 1000 > max_ms;
}

static size_t bytes_of(const h2o_http2_stream_t *stream)
{
    const h2o_buffer_t *body = stream->_req_body;
    return STREAM_BYTES + stream->req.headers.size * HEADER_BYTES +
           (body != NULL && body->bytes != NULL ? body->capacity : 0);
}

static int sweep_stream(h2o_req_t *req, void *context)
{
    struct loop *loop = context;
    const struct http_options *options = &loop->server->options;
    const struct timeval *now = h2o_get_timestamp(req->conn->ctx, NULL, NULL);
    struct connection *connection = connection_of(req);
    h2o_http2_stream_t *stream = H2O_STRUCT_FROM_MEMBER(h2o_http2_stream_t, req, req);
    if (stream->state < H2O_HTTP2_STREAM_STATE_REQ_PENDING) {
        connection->http2_bytes += bytes_of(stream);
        connection->late = connection->late || is_over(&req->timestamps.request_begin_at, options->request_ms_max, now);
    } else if (stream->state > H2O_HTTP2_STREAM_STATE_SEND_HEADERS) {
        connection->late = connection->late || is_over(&req->timestamps.response_start_at, options->answer_ms_max, now);
    }
    return 0;
}

void http2_sweep(struct loop *loop)
{
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        H2O_STRUCT_FROM_MEMBER(struct connection, link, at)->http2_bytes = 0;
    }
    H2O_HTTP2_CALLBACKS.foreach_request(&loop->context, sweep_stream, loop);
    bool spent = budget_is_spent(&loop->server->budget);
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);
        connection->late = connection->late || (spent && connection->http2_bytes > UNFINISHED_BYTES_MAX);
        if (connection->http2_bytes > 0) {
            connection->idle_since_ms = loop->now_ms; /* a request arrives */
        }
    }
}
