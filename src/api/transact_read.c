#include "api/transact_read.h"

#include <assert.h>

#include "api/capacity_json.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/throttle.h"
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
    return read;
}

struct transact_get *transact_read_next(struct transact_read *read, struct table *table)
{
    assert(read->count < read->capacity);
    struct transact_get *get = &read->gets[read->count++];
    get->table = table;
    return get;
}

bool transact_read_aim(struct transact_read *read, struct transact_get *get, const struct item *key)
{
    struct api_call *call = read->call;
    const struct table_spec *table = &get->table->spec;
    struct slice message;
    if (key_check(&call->arena, table, key, &message)) {
        row_key_of_item(&call->arena, table, key, &get->key);
        return true;
    }
    if (key_fails_request(table, key, true)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    get->reason = transact_invalid(message);
    return true;
}

/* Row keys have the table in front. An item with a reason has none. */
bool transact_read_check_repeated(struct transact_read *read, const struct transact_get *get)
{
    for (const struct transact_get *other = read->gets; other < get; other++) {
        if (get->reason.code == NULL && other->reason.code == NULL && slice_equal(other->key.bytes, get->key.bytes)) {
            call_fail(read->call, ERROR_VALIDATION,
                      "Transaction request cannot include multiple operations on one item");
            return false;
        }
    }
    return true;
}

/* --- reading: on the pool -------------------------------------------------------------------------------------- */

static int append_item(struct api_call *call, struct transact_get *get, struct slice stored, struct err *err)
{
    struct item_header header;
    struct item item;
    struct item shown;
    json_name(&call->out, "Item");
    if (get->projection == NULL) {
        int failed = item_stored_append_json(&call->out, stored, &header, err);
        get->size = failed ? 0 : header.size;
        return failed;
    }
    if (item_decode(&call->arena, stored, &header, &item, err) != 0) {
        return -1;
    }
    projection_apply(get->projection, &item, &call->arena, &shown);
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
        if (stored_item_exists(&items[i])) {
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
    struct row_key keys[TRANSACT_ACTIONS_MAX];
    struct stored_item items[TRANSACT_ACTIONS_MAX];
    struct cluster *cluster = call->loop->api->cluster;
    for (uint32_t i = 0; i < read->count; i++) {
        keys[i] = read->gets[i].key;
    }
    read->conflict = read->count;
    if (!call_may_grow(call) ||
        cluster_transact_get(cluster, keys, read->count, items, &read->conflict, &read->err) != 0) {
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

static void charge(const struct transact_read *read)
{
    for (uint32_t i = 0; i < read->count; i++) {
        const struct transact_get *get = &read->gets[i];
        const struct capacity_used used = {.table = FACTOR * capacity_read_blocks(get->size)};
        throttle_charge_read(get->table, get->key.hash, &used);
    }
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
    charge(read);
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

/* Nothing is read if there is no throughput left for one of the items. */
static bool admit(struct transact_read *read)
{
    bool all = true;
    for (uint32_t i = 0; i < read->count; i++) {
        struct transact_get *get = &read->gets[i];
        struct throttle throttle;
        if (!throttle_admit_read(get->table, NULL, get->key.hash, &throttle)) {
            get->reason = throttle_reason(&throttle);
            all = false;
        }
    }
    return all;
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
    if (!admit(read)) {
        refuse(read);
        return;
    }
    read->call->state = read;
    call_run_on_pool(read->call, read_all, answer);
}
