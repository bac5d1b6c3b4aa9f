/* Request objects. One is needed until two things have happened, in either order: the call has answered, and h2o is
 * done with the request, because the answer was sent or because the client went away. Used objects are made clean and
 * used again, at the end of a turn, when nothing on the stack can still refer to them. */
#include "http/private.h"

#include "base/env.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

/* Clean objects that a loop keeps, and what one of them may hold. */
#define SPARE_MAX       256u
#define SPARE_BYTES_MAX 65536u

/* Shorter answers are not worth packing; longer ones than the second limit are packed on the pool, not by the loop. */
#define PACK_BYTES_MIN     1024u
#define PACK_BYTES_ON_LOOP 32768u

static void on_respond(struct api_call *call);

/* What the request holds, beyond what every request may. Whoever has the call has this. */
static void account(struct api_call *call)
{
    struct request *request = H2O_STRUCT_FROM_MEMBER(struct request, call, call);
    struct budget *budget = &request->loop->server->budget;
    size_t answer = call->out.capacity + request->packed.capacity;
    size_t held = (request->encrypted ? 2 * answer : answer) + arena_bytes(&call->arena); /* h2o encrypts into a copy */
    held = held > UNCOUNTED_BYTES || request->counts_all ? held : 0;
    if (held > request->charged) {
        /* it exists already: refusing it would lose work that is done. New requests will be refused instead. */
        budget_take_anyway(budget, held - request->charged);
    } else {
        budget_give(budget, request->charged - held);
    }
    request->charged = held;
}

static bool may_grow(struct api_call *call)
{
    return !budget_is_full(&H2O_STRUCT_FROM_MEMBER(struct request, call, call)->loop->server->budget);
}

static void retire(struct request *request)
{
    request->next = request->loop->retired;
    request->loop->retired = request;
}

/* h2o is done with the request. */
static void on_request_gone(void *data)
{
    struct request_guard *guard = data;
    const h2o_req_t *req = guard->req;
    if (guard->connection->http2 && req->bytes_sent == req->res.content_length) {
        http2_meter_reward(&guard->connection->meter, req->bytes_sent);
    }
    connection_request_ends(guard->connection);
    struct request *request = guard->request;
    if (request == NULL) {
        return;
    }
    request->req = NULL;
    if (request->answered) {
        retire(request);
    }
}

struct request_guard *request_guard_create(h2o_req_t *req)
{
    struct request_guard *guard = h2o_mem_alloc_shared(&req->pool, sizeof *guard, on_request_gone);
    *guard = (struct request_guard){.req = req, .connection = connection_of(req)};
    connection_request_begins(guard->connection, req);
    return guard;
}

static struct request *take_request(struct loop *loop)
{
    struct request *request = loop->spare;
    if (request != NULL) {
        loop->spare = request->next;
        loop->spare_count--;
    } else {
        request = h2o_mem_alloc(sizeof *request); /* aborts rather than fail */
        *request = (struct request){.loop = loop};
        api_call_init(&request->call, &loop->api, on_respond);
        request->call.may_grow = may_grow;
        request->call.grew = account;
    }
    request->answered = request->counted = false;
    return request;
}

/* The parser reads some bytes behind the body. They nearly always belong to h2o's input buffer. */
static struct slice padded_body(h2o_req_t *req)
{
    const char *body = req->entity.base;
    size_t len = body != NULL ? req->entity.len : 0;
    if (len > 0 && req->version < 0x200) {
        const h2o_buffer_t *input = req->conn->callbacks->get_socket(req->conn)->input;
        if (input->bytes != NULL && body >= input->_buf && body + len + BODY_PADDING <= input->_buf + input->capacity) {
            return slice_of(body, len);
        }
    }
    char *copy = h2o_mem_alloc_pool(&req->pool, len + BODY_PADDING);
    if (len > 0) {
        memcpy(copy, body, len);
    }
    memset(copy + len, 0, BODY_PADDING);
    return slice_of(copy, len);
}

static struct slice header_value(h2o_req_t *req, ssize_t at)
{
    if (at < 0) {
        return (struct slice){"", 0};
    }
    h2o_iovec_t value = req->headers.entries[at].value;
    return slice_of(value.base, value.len);
}

static bool peer_text(const void *context, char ret_text[AUTH_PEER_CHARS])
{
    const struct request *request = context;
    struct connection *connection = request->connection;
    if (connection->peer[0] == '\0') {
        h2o_conn_t *conn = request->req->conn;
        struct sockaddr_storage address;
        socklen_t len = conn->callbacks->get_peername(conn, (struct sockaddr *)&address);
        if (len == 0 || getnameinfo((struct sockaddr *)&address, len, connection->peer, sizeof connection->peer, NULL,
                                    0, NI_NUMERICHOST) != 0) {
            connection->peer[0] = '\0';
            return false;
        }
    }
    memcpy(ret_text, connection->peer, AUTH_PEER_CHARS);
    return true;
}

/* The head as the client sent it. h2o keeps two of the headers elsewhere. */
static void set_head(struct request *request, struct auth_head *ret_head)
{
    h2o_req_t *req = request->req;
    size_t query_at = req->query_at != SIZE_MAX ? req->query_at + 1 : req->path.len, count = req->headers.size;
    struct auth_header *headers = h2o_mem_alloc_pool(&req->pool, (count + 1) * sizeof *headers);
    for (size_t i = 0; i < count; i++) {
        const h2o_header_t *header = &req->headers.entries[i];
        headers[i].name = slice_of(header->name->base, header->name->len);
        headers[i].value = slice_of(header->value.base, header->value.len);
    }
    ret_head->method = slice_of(req->method.base, req->method.len);
    ret_head->path = slice_of(req->path_normalized.base, req->path_normalized.len);
    ret_head->query = slice_of(req->path.base + query_at, req->path.len - query_at);
    ret_head->host = slice_of(req->input.authority.base, req->input.authority.len);
    ret_head->content_length = req->entity.base != NULL ? req->entity.len : 0;
    ret_head->headers = headers;
    ret_head->header_count = count;
    ret_head->peer = peer_text;
    ret_head->context = request;
    ret_head->secure = request->connection->tls != NULL;
}

void request_start(struct loop *loop, h2o_req_t *req, struct request_guard *guard)
{
    struct request *request = take_request(loop);
    request->req = req;
    request->connection = guard->connection;
    request->encrypted = guard->connection->tls != NULL;
    request->counts_all = guard->connection->http2;
    guard->request = request;
    request_ids_next(&loop->ids, request->id);

    h2o_headers_t *headers = &req->headers;
    struct slice type = header_value(req, h2o_find_header(headers, H2O_TOKEN_CONTENT_TYPE, -1));
    request->json_1_1 = slice_starts_with(type, SLICE("application/x-amz-json-1.1"));
    ssize_t accept = h2o_find_header(headers, H2O_TOKEN_ACCEPT_ENCODING, -1);
    request->gzip = accept >= 0 && accepts_gzip(header_value(req, accept));

    struct api_call *call = &request->call;
    call->target = header_value(req, h2o_find_header_by_str(headers, H2O_STRLIT("x-amz-target"), -1));
    call->body = padded_body(req);
    call->id = slice_of(request->id, REQUEST_ID_CHARS);
    if (loop->api.api->guard != NULL || loop->api.api->audit != NULL) {
        set_head(request, &call->head);
    }
    call->is_query = loop->api.api->guard != NULL && call->target.len == 0 &&
                     slice_starts_with(type, SLICE("application/x-www-form-urlencoded"));
    loop->calls++;
    /* The clock is looked at once for the first request of a turn, and once for each answer: where requests come many
     * at once, that is once for each. So what a request waits for those in front of it in its turn counts. */
    if (loop->clock_us == 0) {
        loop->clock_us = env_monotonic_us();
    }
    request->started_us = loop->clock_us;
    api_call_start(call);
    if (!request->answered) {
        request->counted = true;
        atomic_fetch_add_explicit(&loop->server->calls, 1, memory_order_relaxed);
    }
}

/* The answer is ready to go. */
static void finish(struct request *request)
{
    assert(!request->answered && request->loop->calls > 0);
    request->answered = true;
    request->loop->calls--;
    request->loop->clock_us = env_monotonic_us();
    api_call_count(&request->call, request->loop->clock_us - request->started_us);
    if (request->counted) {
        atomic_fetch_sub_explicit(&request->loop->server->calls, 1, memory_order_relaxed);
    }
    if (request->req == NULL) {
        retire(request);
        return;
    }
    if (request->charged > 0 || request->counts_all ||
        request->call.out.capacity + request->packed.capacity > UNCOUNTED_BYTES) {
        account(&request->call);
    }
    connection_answer_begins(request->connection);
    answer_call(request);
}

static void on_packed(struct task *task)
{
    finish(H2O_STRUCT_FROM_MEMBER(struct request, task, task));
}

/* On a thread of the pool. */
static void pack_on_pool(struct task *task)
{
    struct request *request = H2O_STRUCT_FROM_MEMBER(struct request, task, task);
    struct libdeflate_compressor *compressor = gzip_compressor_create();
    gzip_compress(compressor, buffer_slice(&request->call.out), &request->packed);
    gzip_compressor_destroy(compressor);
    request->task.run = on_packed;
    struct task_list list = {0};
    task_list_append(&list, &request->task);
    mailbox_post(&request->loop->port.mailbox, &list);
}

static void on_respond(struct api_call *call)
{
    struct request *request = H2O_STRUCT_FROM_MEMBER(struct request, call, call);
    struct loop *loop = request->loop;
    if (request->gzip && request->req != NULL && call->out.len >= PACK_BYTES_MIN) {
        if (call->out.len > PACK_BYTES_ON_LOOP && loop->server->api->pool != NULL) {
            request->task.run = pack_on_pool;
            pool_submit(loop->server->api->pool, &request->task);
            return;
        }
        if (loop->compressor == NULL) {
            loop->compressor = gzip_compressor_create();
        }
        gzip_compress(loop->compressor, buffer_slice(&call->out), &request->packed);
    }
    finish(request);
}

static void request_destroy(struct request *request)
{
    api_call_finish(&request->call);
    buffer_finish(&request->packed);
    free(request);
}

void requests_recycle(struct loop *loop)
{
    while (loop->retired != NULL) {
        struct request *request = loop->retired;
        loop->retired = request->next;
        if (request->charged > 0) {
            budget_give(&loop->server->budget, request->charged);
            request->charged = 0;
        }
        api_call_reset(&request->call);
        size_t arena_bytes = (size_t)(request->call.arena.end - request->call.arena.at);
        if (loop->spare_count >= SPARE_MAX ||
            arena_bytes + request->call.out.capacity + request->packed.capacity > SPARE_BYTES_MAX) {
            request_destroy(request);
            continue;
        }
        buffer_clear(&request->packed);
        request->next = loop->spare;
        loop->spare = request;
        loop->spare_count++;
    }
}

void requests_free(struct loop *loop)
{
    requests_recycle(loop);
    while (loop->spare != NULL) {
        struct request *request = loop->spare;
        loop->spare = request->next;
        request_destroy(request);
    }
}
