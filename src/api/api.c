/* A call's way: operation, caller, JSON, decoding, constraints, run. The order in which bad requests are refused is
 * DynamoDB's. */
#include "api/api.h"

#include <pthread.h>

#include <assert.h>

#include "api/audit.h"
#include "api/authorize.h"
#include "api/call.h"
#include "api/query_protocol.h"
#include "api/sts.h"
#include "auth/policy_cache.h"
#include "value/json.h"

#define ARENA_CHUNK_BYTES (16 * 1024)
/* A call that is used again keeps an answer buffer up to this size. */
#define OUT_BYTES_KEPT   (64 * 1024)
#define BODY_BYTES_SMALL (512u * 1024)

void api_loop_init(struct api_loop *loop, struct api *api, struct cluster_port *port)
{
    assert(operation_count + sts_action_count <= API_OPERATIONS_MAX);
    *loop = (struct api_loop){.api = api, .port = port, .parser = json_parser_create()};
    if (api->guard != NULL) {
        guard_loop_init(&loop->guard, api->guard);
        loop->decisions = policy_cache_create();
    }
}

void api_loop_finish(struct api_loop *loop)
{
    if (loop->api->guard != NULL) {
        guard_loop_finish(&loop->guard);
        policy_cache_destroy(loop->decisions);
    }
    authorize_finish(loop);
    buffer_finish(&loop->audit_lines);
    json_parser_destroy(loop->parser);
    loop->parser = NULL;
}

void api_loop_end_turn(struct api_loop *loop)
{
    if (loop->audit_count > 0) {
        const struct audit *audit = loop->api->audit;
        audit->take(audit->context, &loop->audit_lines, loop->audit_count);
        loop->audit_count = 0;
    }
}

void api_call_init(struct api_call *call, struct api_loop *loop, void (*respond)(struct api_call *call))
{
    *call = (struct api_call){.loop = loop, .respond = respond};
    arena_init(&call->arena, ARENA_CHUNK_BYTES);
}

static void release_tables(struct api_call *call)
{
    for (uint32_t i = 0; i < call->table_count; i++) {
        table_release(call->tables[i]);
    }
    call->tables = NULL;
    call->table_count = call->table_capacity = 0;
}

void api_call_reset(struct api_call *call)
{
    release_tables(call);
    arena_reset(&call->arena);
    if (call->is_query && call->out.len > 0) {
        crypto_wipe(call->out.data, call->out.len); /* it may have had a secret */
    }
    if (call->out.capacity > OUT_BYTES_KEPT) {
        buffer_finish(&call->out);
    }
    buffer_clear(&call->out);
    call->target = call->body = call->id = (struct slice){NULL, 0};
    call->is_query = false;
    call->status = 0;
    call->head = (struct auth_head){0};
    call->caller = (struct guard_caller){0};
    call->operation = NULL;
    call->action = NULL;
    call->error = 0;
    call->denial = DENIAL_NONE;
    call->is_audited = false;
    call->note = NULL;
    call->nodes = NULL;
    call->request = NULL;
    call->work = call->then = NULL;
    call->overloaded = false;
}

void api_call_finish(struct api_call *call)
{
    release_tables(call);
    arena_finish(&call->arena);
    buffer_finish(&call->out);
}

/* What 16 MB become while they are parsed may be 300 MB. So one large body is parsed at a time, and only while there is
 * room; false: there is none. */
static bool parse_large(struct api_call *call, enum json_result *ret_result)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&turn);
    bool may = call_may_grow(call);
    if (may) {
        *ret_result = json_parse(call->loop->parser, call->body, &call->arena, &call->nodes);
        if (call->grew != NULL) {
            call->grew(call);
        }
    }
    pthread_mutex_unlock(&turn);
    return may;
}

/* The root as an object, or a failed call. What is no JSON, or a scalar, is refused without a message. Only attribute
 * values nest without end, so JSON that is too deep is an attribute value that is. */
static bool parse(struct api_call *call)
{
    enum json_result result = JSON_OK;
    if (call->body.len <= BODY_BYTES_SMALL) {
        result = json_parse(call->loop->parser, call->body, &call->arena, &call->nodes);
    } else if (!parse_large(call, &result)) {
        call_fail(call, ERROR_UNAVAILABLE, "The server holds too much data of requests in flight. Please try again.");
        return false;
    }
    if (result == JSON_TOO_DEEP) {
        call_fail(call, ERROR_VALIDATION, "Nesting Levels have exceeded supported limits");
        return false;
    }
    if (result != JSON_OK) {
        call_fail(call, ERROR_SERIALIZATION, "%s", "");
        return false;
    }
    if (call->nodes[0].type == JSON_ARRAY) {
        call_fail(call, ERROR_SERIALIZATION, "Start of list found where not expected");
        return false;
    }
    if (call->nodes[0].type != JSON_OBJECT) {
        call_fail(call, ERROR_SERIALIZATION, "%s", "");
        return false;
    }
    return true;
}

static bool decode(struct api_call *call)
{
    const struct shape *shape = call->operation->shape;
    struct slice message;
    call->request = arena_alloc(&call->arena, shape->size);
    if (!shape_decode(shape, call->nodes, &call->arena, call->request, &message)) {
        call_fail(call, ERROR_SERIALIZATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    if (!shape_check(shape, call->request, &call->arena, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    return true;
}

void api_call_start(struct api_call *call)
{
    assert(call->status == 0 && call->operation == NULL);
    metric_add(&call->loop->metrics.in_flight, 1);
    if (call->is_query) {
        query_call_start(call);
        return;
    }
    call->operation = operation_find(call->target);
    if (call->operation == NULL) {
        call_fail(call, ERROR_UNKNOWN_OPERATION, "%s", "");
        return;
    }
    struct api *api = call->loop->api;
    if (api->authenticate != NULL && !api->authenticate(call)) {
        return;
    }
    if (api->audit != NULL && !audit_admit(call)) {
        return;
    }
    if (parse(call) && decode(call) && call_authorize(call)) {
        call->operation->run(call);
    }
}

/* In api_metrics.operations: those of operations.c, those of sts.c, and the last for all that name none. */
static unsigned place_of(const struct api_call *call)
{
    return call->operation != NULL ? (unsigned)(call->operation - operations)
           : call->action != NULL  ? operation_count + (unsigned)(call->action - sts_actions)
                                   : API_OPERATIONS_MAX;
}

void api_call_count(struct api_call *call, uint64_t duration_us)
{
    assert(call->status != 0);
    struct api_metrics *metrics = &call->loop->metrics;
    unsigned place = place_of(call);
    struct operation_metrics *operation = &metrics->operations[place];
    metric_add(&metrics->in_flight, -1);
    histogram_add(&operation->duration_us, histogram_bounds_us, duration_us);
    metric_add(&operation->request_bytes, (int64_t)call->body.len);
    metric_add(&operation->response_bytes, (int64_t)call->out.len);
    if (call->error != 0) {
        metric_add(&operation->errors[call->error - 1], 1);
    }
    audit_finished(call, duration_us);
}

const char *api_metrics_operation(unsigned i)
{
    if (i < operation_count) {
        return operations[i].name;
    }
    if (i - operation_count < sts_action_count) {
        return sts_actions[i - operation_count].name;
    }
    return i == API_OPERATIONS_MAX ? "unknown" : NULL;
}
