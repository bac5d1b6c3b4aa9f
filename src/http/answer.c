/* Answers: status line, headers and body. The body of a call is sent from the call's own buffer, without a copy: it
 * stays as it is until h2o is done with the request. */
#include "http/private.h"

#include "base/hash.h"

#include <stdio.h>

/* Names are lower case for HTTP/2; HTTP/1 shows the second form. */
#define HEADER(ident, lower, shown)                                                                                    \
    static h2o_iovec_t ident = {H2O_STRLIT(lower)};                                                                    \
    static const char ident##_shown[] = shown

HEADER(request_id_name, "x-amzn-requestid", "x-amzn-RequestId");
HEADER(checksum_name, "x-amz-crc32", "x-amz-crc32");
HEADER(origin_name, "access-control-allow-origin", "Access-Control-Allow-Origin");
HEADER(expose_name, "access-control-expose-headers", "Access-Control-Expose-Headers");
HEADER(methods_name, "access-control-allow-methods", "Access-Control-Allow-Methods");
HEADER(headers_name, "access-control-allow-headers", "Access-Control-Allow-Headers");
HEADER(age_name, "access-control-max-age", "Access-Control-Max-Age");

#define ADD(req, ident, value) add_header((req), &ident, ident##_shown, (value))

/* Body that an overloaded server sends; clients retry it. */
#define OVERLOAD_JSON                                                                                                  \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ServiceUnavailable\","                                             \
    "\"message\":\"The server holds too much data of requests in flight. Please try again.\"}"
#define OVERLOAD_LENGTH "148"
#define BUSY_JSON                                                                                                      \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ServiceUnavailable\","                                             \
    "\"message\":\"The server has too many requests in flight. Please try again.\"}"

const struct slice answer_overload_raw = {H2O_STRLIT(
    "HTTP/1.1 503 Service Unavailable\r\nServer: Stator\r\nConnection: close\r\n"
    "Content-Type: application/x-amz-json-1.0\r\nContent-Length: " OVERLOAD_LENGTH "\r\n\r\n" OVERLOAD_JSON)};
_Static_assert(sizeof OVERLOAD_JSON - 1 == 148, "OVERLOAD_LENGTH");

static h2o_generator_t generator; /* everything is sent at once: nothing to proceed with or stop */

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 413:
        return "Request Entity Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Unknown";
    }
}

static void add_header(h2o_req_t *req, h2o_iovec_t *name, const char *shown, h2o_iovec_t value)
{
    h2o_headers_t *headers = &req->res.headers;
    h2o_vector_reserve(&req->pool, headers, headers->size + 1);
    headers->entries[headers->size++] = (h2o_header_t){.name = name, .orig_name = shown, .value = value};
}

static void add_content_type(h2o_req_t *req, h2o_iovec_t type)
{
    add_header(req, (h2o_iovec_t *)&H2O_TOKEN_CONTENT_TYPE->buf, "Content-Type", type);
}

/* For browsers: any page may use the server and see these headers. */
static void add_cross_origin(h2o_req_t *req)
{
    if (h2o_find_header_by_str(&req->headers, H2O_STRLIT("origin"), -1) < 0) {
        return;
    }
    ADD(req, origin_name, h2o_iovec_init(H2O_STRLIT("*")));
    ADD(req, expose_name,
        h2o_iovec_init(H2O_STRLIT(
            "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,x-amz-crc32,Date")));
}

static void add_new_request_id(struct loop *loop, h2o_req_t *req)
{
    char *id = h2o_mem_alloc_pool(&req->pool, REQUEST_ID_CHARS);
    request_ids_next(&loop->ids, id);
    ADD(req, request_id_name, h2o_iovec_init(id, REQUEST_ID_CHARS));
}

static void send_all(struct loop *loop, h2o_req_t *req, int status, h2o_iovec_t body)
{
    req->res.status = status;
    req->res.reason = reason_of(status);
    req->res.content_length = body.len;
    if (loop->stopping) {
        req->http1_is_persistent = 0;
    }
    h2o_start_response(req, &generator);
    bool bodyless = body.len == 0 || h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));
    h2o_send(req, &body, bodyless ? 0 : 1, H2O_SEND_STATE_FINAL);
}

void answer_short(struct loop *loop, h2o_req_t *req, int status, const char *content_type, h2o_iovec_t body)
{
    add_new_request_id(loop, req);
    add_content_type(req, h2o_iovec_init(content_type, strlen(content_type)));
    add_cross_origin(req);
    send_all(loop, req, status, body);
}

void answer_overload(struct loop *loop, h2o_req_t *req)
{
    answer_short(loop, req, 503, "application/x-amz-json-1.0", h2o_iovec_init(H2O_STRLIT(OVERLOAD_JSON)));
}

void answer_busy(struct loop *loop, h2o_req_t *req)
{
    answer_short(loop, req, 503, "application/x-amz-json-1.0", h2o_iovec_init(H2O_STRLIT(BUSY_JSON)));
}

void answer_preflight(struct loop *loop, h2o_req_t *req)
{
    add_new_request_id(loop, req);
    if (h2o_find_header_by_str(&req->headers, H2O_STRLIT("origin"), -1) >= 0) {
        ADD(req, origin_name, h2o_iovec_init(H2O_STRLIT("*")));
        ssize_t at = h2o_find_header_by_str(&req->headers, H2O_STRLIT("access-control-request-headers"), -1);
        if (at >= 0) {
            ADD(req, headers_name, req->headers.entries[at].value);
        }
        at = h2o_find_header_by_str(&req->headers, H2O_STRLIT("access-control-request-method"), -1);
        if (at >= 0) {
            ADD(req, methods_name, req->headers.entries[at].value);
        }
        ADD(req, age_name, h2o_iovec_init(H2O_STRLIT("172800")));
    }
    send_all(loop, req, 200, (h2o_iovec_t){NULL, 0});
}

/* As snprintf would, for a tenth of its cost. */
static h2o_iovec_t print_checksum(struct request *request, uint32_t checksum)
{
    char *end = request->checksum + sizeof request->checksum, *at = end;
    do {
        *--at = (char)('0' + checksum % 10);
        checksum /= 10;
    } while (checksum != 0);
    return h2o_iovec_init(at, (size_t)(end - at));
}

void answer_call(struct request *request)
{
    h2o_req_t *req = request->req;
    const struct buffer *body = request->packed.len > 0 ? &request->packed : &request->call.out;
    h2o_iovec_t type = request->call.is_query ? h2o_iovec_init(H2O_STRLIT("text/xml"))
                       : request->json_1_1    ? h2o_iovec_init(H2O_STRLIT("application/x-amz-json-1.1"))
                                              : h2o_iovec_init(H2O_STRLIT("application/x-amz-json-1.0"));
    add_content_type(req, type);
    if (body == &request->packed) {
        add_header(req, (h2o_iovec_t *)&H2O_TOKEN_CONTENT_ENCODING->buf, "Content-Encoding",
                   h2o_iovec_init(H2O_STRLIT("gzip")));
    }
    ADD(req, request_id_name, h2o_iovec_init(request->id, REQUEST_ID_CHARS));
    ADD(req, checksum_name, print_checksum(request, hash_crc32(buffer_slice(body))));
    add_cross_origin(req);
    send_all(request->loop, req, (int)request->call.status, h2o_iovec_init(body->data, body->len));
}

/* Sends `body` in place of what h2o wrote. */
struct refusal {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static void send_refusal(h2o_ostream_t *stream, h2o_req_t *req, h2o_iovec_t *bodies, size_t count,
                         h2o_send_state_t state)
{
    struct refusal *refusal = H2O_STRUCT_FROM_MEMBER(struct refusal, super, stream);
    (void)bodies;
    (void)count;
    h2o_ostream_send_next(stream, req, &refusal->body, 1, state);
}

void answer_refusal(struct loop *loop, h2o_req_t *req, h2o_ostream_t **slot)
{
    static const h2o_iovec_t too_large = {
        H2O_STRLIT("{\"__type\":\"com.amazon.coral.service#RequestEntityTooLargeException\","
                   "\"message\":\"Request Entity Too Large\"}")};
    static const h2o_iovec_t malformed = {H2O_STRLIT("{\"__type\":\"com.amazon.coral.service#SerializationException\","
                                                     "\"message\":\"The body of the request cannot be read\"}")};
    struct refusal *refusal = (struct refusal *)h2o_add_ostream(req, sizeof *refusal, slot);
    refusal->super.do_send = send_refusal;
    refusal->body = req->res.status == 413 ? too_large : malformed;
    req->res.content_length = refusal->body.len;
    req->res.headers.size = 0;
    add_new_request_id(loop, req);
    add_content_type(req, h2o_iovec_init(H2O_STRLIT("application/x-amz-json-1.0")));
    add_cross_origin(req);
    h2o_setup_next_ostream(req, &refusal->super.next);
}
