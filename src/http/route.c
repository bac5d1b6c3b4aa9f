/* Paths and methods. POST / is the API; the rest is for browsers, load balancers and people. */
#include "http/private.h"

static bool is_text(h2o_iovec_t text, const char *expected)
{
    size_t len = strlen(expected);
    return text.len == len && memcmp(text.base, expected, len) == 0;
}

static bool is_get(h2o_req_t *req)
{
    return is_text(req->method, "GET") || is_text(req->method, "HEAD");
}

static void answer_metrics(struct loop *loop, h2o_req_t *req)
{
    const struct http_monitor *monitor = loop->server->options.monitor;
    struct buffer text = {0};
    monitor->metrics(monitor->context, &text);
    h2o_iovec_t body = h2o_strdup(&req->pool, text.data, text.len);
    buffer_finish(&text);
    answer_short(loop, req, 200, "text/plain; version=0.0.4; charset=utf-8", body);
}

static void answer_ready(struct loop *loop, h2o_req_t *req)
{
    const struct http_monitor *monitor = loop->server->options.monitor;
    const char *why = loop->stopping ? "stopping\n" : monitor != NULL ? monitor->unready(monitor->context) : NULL;
    const char *text = why != NULL ? why : "ok\n";
    answer_short(loop, req, why != NULL ? 503 : 200, "text/plain", h2o_iovec_init(text, strlen(text)));
}

/* A GET, or something that is no API call. */
static void answer_other(struct loop *loop, h2o_req_t *req)
{
    static const h2o_iovec_t unknown = {H2O_STRLIT("<UnknownOperationException/>\n")};
    static const h2o_iovec_t alive = {H2O_STRLIT("ok\n")};
    if (is_get(req) && is_text(req->path_normalized, "/")) {
        answer_short(loop, req, 200, "text/plain", loop->server->health);
    } else if (is_get(req) && is_text(req->path_normalized, "/health/live")) {
        answer_short(loop, req, 200, "text/plain", alive);
    } else if (is_get(req) && is_text(req->path_normalized, "/health/ready")) {
        answer_ready(loop, req);
    } else if (is_get(req) && loop->server->options.serves_metrics && is_text(req->path_normalized, "/metrics")) {
        answer_metrics(loop, req);
    } else {
        answer_short(loop, req, 404, "application/xml", unknown);
    }
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct loop *loop = loop_of(req);
    struct request_guard *guard = request_guard_create(req);
    if (loop->server->options.serves_api && is_text(req->method, "POST") && is_text(req->path_normalized, "/")) {
        if (budget_is_spent(&loop->server->budget)) {
            metric_add(&loop->requests_refused, 1);
            connection_answer_begins(guard->connection);
            answer_overload(loop, req);
        } else if (requests_are_many(loop->server)) {
            metric_add(&loop->requests_refused, 1);
            connection_answer_begins(guard->connection);
            answer_busy(loop, req);
        } else {
            request_start(loop, req, guard);
        }
        return 0;
    }
    connection_answer_begins(guard->connection);
    if (is_text(req->method, "OPTIONS")) {
        answer_preflight(loop, req);
    } else {
        answer_other(loop, req);
    }
    return 0;
}

/* Requests that h2o refuses by itself (a body over the limit, a broken chunk) never meet a handler, but the filters of
 * the host's fallback path. h2o answers in plain text; clients of the API expect JSON. */
static void on_refusal(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)filter;
    if (req->version < 0x200) {
        linger_after_close(connection_of(req)); /* the client may be sending still */
    }
    answer_refusal(loop_of(req), req, slot);
}

void route_register(struct http_server *server)
{
    h2o_config_init(&server->config);
    h2o_globalconf_t *config = &server->config;
    config->server_name = h2o_iovec_init(H2O_STRLIT("Stator"));
    config->max_request_entity_size = server->options.body_bytes_max;
    /* connections_sweep is more exact; this is the longest that both of its limits allow */
    config->http1.req_timeout = (uint64_t)server->options.idle_ms_max + server->options.request_ms_max;
    config->http2.idle_timeout = server->options.idle_ms_max;
    config->http1.upgrade_to_http2 = 0; /* HTTP/2 is for TLS, where the client and we agree on it first */
    h2o_hostconf_t *host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_request;
    h2o_create_filter(&host->fallback_path, sizeof(h2o_filter_t))->on_setup_ostream = on_refusal;
}

void route_finish(struct http_server *server)
{
    h2o_config_dispose(&server->config);
}
