#include "api/transact_read.h"

#include <assert.h>

#include "api/capacity_json.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "engine/capacity.h"
#include "value/codec.h"

#define FACTOR 2 /* transactional reads cost twice */

/* --- the keys -------------------------------------------------------------------------------------------------- */

struct transact_read *transact_read_create(struct api_call *call, uint32_t capacity)
{
    assert(capacity <= TRANSACT_ACTIONS_MAX);
    struct transact_read *read = ARENA_NEW(&call->arena, struct transact_read);
    read->call = call;
    read->capacity = capacity;
    read->gets = arena_zalloc(&call->arena, sizeof(read->gets[0]) * capacity);
    read->keys = arena_zalloc(&call->arena, sizeof(read->keys[0]) * capacity);
    return read;
}

/* Row keys have the table in front. */
static bool is_repeated(const struct transact_read *read, const struct row_key *key)
{
    for (uint32_t i = 0; i < read->count; i++) {
        if (read->gets[i].reason.code == NULL && slice_equal(read->keys[i].bytes, key->bytes)) {
            return true;
        }
    }
    return false;
}

bool transact_read_add(struct transact_read *read, struct table *table, const struct item *key,
                       struct transact_get **ret_get)
{
    assert(read->count < read->capacity);
    struct api_call *call = read->call;
    struct transact_get *get = &read->gets[read->count];
    struct slice message;
    get->table = table;
    if (key_check(&call->arena, &table->spec, key, &message)) {
        row_key_of_item(&call->arena, &table->spec, key, &read->keys[read->count]);
        if (is_repeated(read, &read->keys[read->count])) {
            call_fail(call, ERROR_VALIDATION, "Transaction request cannot include multiple operations on one item");
            return false;
        }
    } else if (key_fails_request(&table->spec, key, true)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    } else {
        get->reason = transact_invalid(message);
    }
    read->count++;
    *ret_get = get;
    return true;
}

/* --- reading: on the pool -------------------------------------------------------------------------------------- */

static int append_item(struct api_call *call, struct transact_get *get, struct slice stored, struct err *err)
{
    struct item_header header;
    struct item item;
    struct item shown;
    json_name(&call->out, "Item");
    if (get->project == NULL) {
        int failed = item_stored_append_json(&call->out, stored, &header, err);
        get->size = failed ? 0 : header.size;
        return failed;
    }
    if (item_decode(&call->arena, stored, &header, &item, err) != 0) {
        return -1;
    }
    get->project(get->context, &item, &call->arena, &shown);
    item_append_json(&call->out, &shown);
    get->size = header.size;
    return 0;
}

/* "Responses", with an empty object for an item that is not there. */
static void append_responses(struct transact_read *read, const struct stored_item *items)
{
    struct buffer *out = &read->call->out;
    json_object_begin(out);
    json_member_array_begin(out, "Responses");
    for (uint32_t i = 0; i < read->count && !read->failed; i++) {
        json_object_begin(out);
        if (items[i].pin != NULL) {
            read->failed = append_item(read->call, &read->gets[i], items[i].bytes, &read->err) != 0;
        }
        json_object_end(out);
        read->bytes += read->gets[i].size;
    }
    json_array_end(out);
}

static void read_all(struct api_call *call)
{
    struct transact_read *read = call->state;
    struct stored_item items[TRANSACT_ACTIONS_MAX];
    struct cluster *cluster = call->loop->api->cluster;
    read->conflict = read->count;
    if (cluster_transact_get(cluster, read->keys, read->count, items, &read->conflict, &read->err) != 0) {
        read->failed = true;
        return;
    }
    if (read->conflict == read->count) {
        append_responses(read, items);
        for (uint32_t i = 0; i < read->count; i++) {
            stored_item_release(&items[i]);
        }
    }
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

static bool is_first_of_table(const struct transact_read *read, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (read->gets[i].table->spec.id == read->gets[at].table->spec.id) {
            return false;
        }
    }
    return true;
}

static void append_capacity(const struct transact_read *read)
{
    struct buffer *out = &read->call->out;
    json_member_array_begin(out, "ConsumedCapacity");
    for (uint32_t i = 0; i < read->count; i++) {
        const struct table_spec *table = &read->gets[i].table->spec;
        struct capacity_used used = {0};
        if (!is_first_of_table(read, i)) {
            continue;
        }
        for (uint32_t j = i; j < read->count; j++) {
            if (read->gets[j].table->spec.id == table->id) {
                used.table += FACTOR * capacity_read_blocks(read->gets[j].size);
            }
        }
        capacity_append_transact(out, read->return_capacity, table, &used, true);
    }
    json_array_end(out);
}

static void refuse(struct transact_read *read)
{
    struct api_call *call = read->call;
    struct transact_reason *reasons = ARENA_ARRAY(&call->arena, struct transact_reason, read->count);
    for (uint32_t i = 0; i < read->count; i++) {
        reasons[i] = read->gets[i].reason;
    }
    struct transact_refusal refusal = transact_refusal_make(call, reasons, read->count);
    transact_refuse(call, &refusal);
}

static void answer(struct api_call *call)
{
    struct transact_read *read = call->state;
    if (read->failed) {
        item_fail_store(call, &read->err);
        return;
    }
    if (read->conflict < read->count) {
        read->gets[read->conflict].reason = transact_conflict();
        refuse(read);
        return;
    }
    if (read->bytes > TRANSACT_BYTES_MAX) {
        call_fail(call, ERROR_VALIDATION, "Payload in response is too large.%zu", read->bytes);
        return;
    }
    if (read->return_capacity != CAPACITY_NONE) {
        append_capacity(read);
    }
    json_object_end(&call->out);
    call_succeed(call);
}

void transact_read_start(struct transact_read *read)
{
    assert(read->count > 0);
    for (uint32_t i = 0; i < read->count; i++) {
        if (read->gets[i].reason.code != NULL) {
            refuse(read);
            return;
        }
    }
    read->call->state = read;
    call_run_on_pool(read->call, read_all, answer);
}
