/* BatchWriteItem. Order of checks: number of requests, their values, the tables, duplicates, the keys. Each request is
 * a write of its own; the answer follows the last of them. */
#include <assert.h>

#include "api/attribute_error.h"
#include "api/capacity_json.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"

#define WRITES_MAX 25
/* Writes of one batch run on several shards at once: each has an arena of its own. */
#define WRITE_ARENA_BYTES 1024

/* --- the request ----------------------------------------------------------------------------------------------- */

struct put_request {
    struct opt_item item;
};

struct delete_request {
    struct opt_item key;
};

struct write_request {
    struct put_request *put;
    struct delete_request *delete;
};

struct write_request_list {
    SHAPE_LIST_OF(struct write_request);
};

struct batch_write_item_request {
    struct {
        SHAPE_MAP_OF(struct write_request_list);
    } tables;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
};

static const struct shape_member put_request_members[] = {
    {SHAPE_MEMBER(struct put_request, item, "Item", "item", SHAPE_ITEM), .required = true},
};
static const struct shape put_request_shape = SHAPE_OF("PutRequest", struct put_request, put_request_members);

static const struct shape_member delete_request_members[] = {
    {SHAPE_MEMBER(struct delete_request, key, "Key", "key", SHAPE_ITEM), .required = true},
};
static const struct shape delete_request_shape =
    SHAPE_OF("DeleteRequest", struct delete_request, delete_request_members);

static const struct shape_member write_request_members[] = {
    {SHAPE_MEMBER(struct write_request, put, "PutRequest", "putRequest", SHAPE_STRUCTURE), .shape = &put_request_shape},
    {SHAPE_MEMBER(struct write_request, delete, "DeleteRequest", "deleteRequest", SHAPE_STRUCTURE),
     .shape = &delete_request_shape},
};
static const struct shape write_request_shape = SHAPE_OF("WriteRequest", struct write_request, write_request_members);
static const struct shape_member element_write = {.kind = SHAPE_STRUCTURE, .shape = &write_request_shape};
static const struct shape_member element_writes = {
    .kind = SHAPE_LIST, .limit = LIMIT_RANGE(1, WRITES_MAX), .element = &element_write};

static const struct shape_member batch_write_item_members[] = {
    {SHAPE_MEMBER(struct batch_write_item_request, tables, "RequestItems", "requestItems", SHAPE_MAP), .required = true,
     .table_name = true, .element = &element_writes},
    MEMBER_RETURN_CAPACITY(struct batch_write_item_request),
    MEMBER_RETURN_METRICS(struct batch_write_item_request),
};
const struct shape batch_write_item_shape =
    SHAPE_OF("BatchWriteItemInput", struct batch_write_item_request, batch_write_item_members);

/* --- state ----------------------------------------------------------------------------------------------------- */

struct batch_write;

struct batch_entry {
    struct write write; /* first */
    struct batch_write *batch;
    struct arena arena;
    const struct write_request *request;
    uint32_t table; /* position in the request */
};

struct batch_write {
    struct api_call *call;
    struct batch_entry *entries; /* by table, in the request's order */
    uint32_t count;
    uint32_t finished;
};

/* --- checks ---------------------------------------------------------------------------------------------------- */

static uint32_t count_writes(const struct batch_write_item_request *request)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < request->tables.count; i++) {
        count += request->tables.items[i].count;
    }
    return count;
}

static bool check_count(struct api_call *call, const struct batch_write_item_request *request)
{
    if (request->tables.count == 0) {
        call_fail(call, ERROR_VALIDATION, "The requestItems parameter is required for BatchWriteItem");
        return false;
    }
    if (count_writes(request) > WRITES_MAX) {
        call_fail(call, ERROR_VALIDATION, "Too many items requested for the BatchWriteItem call");
        return false;
    }
    return true;
}

/* Exactly one of the two kinds, with good values. */
static bool check_request(struct api_call *call, const struct write_request *request)
{
    if ((request->put != NULL) == (request->delete != NULL)) { /* the same words for both and for none */
        const struct value_flaw several = {.kind = FLAW_SEVERAL_TYPES};
        return attribute_check(call, &several);
    }
    if (request->delete != NULL) {
        return attribute_check(call, &request->delete->key.flaw);
    }
    if (!attribute_check(call, &request->put->item.flaw)) {
        return false;
    }
    if (item_size(&request->put->item.item) > ITEM_SIZE_MAX) {
        call_fail(call, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
        return false;
    }
    return true;
}

static bool check_requests(struct api_call *call, const struct batch_write_item_request *request)
{
    for (uint32_t i = 0; i < request->tables.count; i++) {
        for (uint32_t j = 0; j < request->tables.items[i].count; j++) {
            if (!check_request(call, &request->tables.items[i].items[j])) {
                return false;
            }
        }
    }
    return true;
}

/* Fills in the write of an entry whose request and table are set; no row key if the key does not fit its table. */
static void prepare(struct api_call *call, struct batch_entry *entry)
{
    struct write *write = &entry->write;
    const struct table_spec *table = &write->table->spec;
    const struct write_request *request = entry->request;
    write->kind = request->put != NULL ? WRITE_PUT : WRITE_DELETE;
    write->item = request->put != NULL ? request->put->item.item : request->delete->key.item;
    if (key_fits(table, &write->item)) {
        item_write_key(&call->arena, table, &write->item, &write->key_item);
        row_key_of_item(&call->arena, table, &write->key_item, &write->key);
    }
}

/* Row keys have the table in front. */
static bool check_repeated(struct api_call *call, const struct batch_write *batch)
{
    for (uint32_t i = 1; i < batch->count; i++) {
        struct slice key = batch->entries[i].write.key.bytes;
        for (uint32_t j = 0; key.len != 0 && j < i; j++) {
            if (slice_equal(key, batch->entries[j].write.key.bytes)) {
                call_fail(call, ERROR_VALIDATION, "Provided list of item keys contains duplicates");
                return false;
            }
        }
    }
    return true;
}

static bool check_keys(struct api_call *call, const struct batch_write *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct write *write = &batch->entries[i].write;
        const struct table_spec *table = &write->table->spec;
        struct slice message;
        if (!(write->kind == WRITE_PUT ? key_check_batch_item(&call->arena, table, &write->item, &message)
                                       : key_check(&call->arena, table, &write->item, &message))) {
            call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
            return false;
        }
    }
    return true;
}

static bool prepare_all(struct api_call *call, const struct batch_write_item_request *request,
                        struct batch_write *batch)
{
    for (uint32_t i = 0; i < request->tables.count; i++) {
        struct table *table = call_table(call, request->tables.keys[i]);
        if (table == NULL) {
            return false;
        }
        for (uint32_t j = 0; j < request->tables.items[i].count; j++) {
            struct batch_entry *entry = &batch->entries[batch->count++];
            write_init(&entry->write);
            entry->request = &request->tables.items[i].items[j];
            entry->table = i;
            entry->write.table = table;
        }
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        prepare(call, &batch->entries[i]);
    }
    return check_repeated(call, batch) && check_keys(call, batch);
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

/* The store failed for this entry, a transaction holds its item, or there was no throughput left: it may be sent
 * again. */
static bool is_unprocessed(const struct batch_entry *entry)
{
    const struct write *write = &entry->write;
    return write->command.failed || write->result == WRITE_STORE_FAILED || write->result == WRITE_CONFLICT ||
           write->result == WRITE_THROTTLED;
}

static void append_request(struct buffer *out, const struct batch_entry *entry)
{
    bool is_put = entry->request->put != NULL;
    json_object_begin(out);
    json_member_object_begin(out, is_put ? "PutRequest" : "DeleteRequest");
    json_name(out, is_put ? "Item" : "Key");
    item_append_json(out, &entry->write.item);
    json_object_end(out);
    json_object_end(out);
}

static void append_unprocessed(struct buffer *out, const struct batch_write *batch, struct slice name, uint32_t table)
{
    bool open = false;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->entries[i].table != table || !is_unprocessed(&batch->entries[i])) {
            continue;
        }
        if (!open) {
            json_name_slice(out, name);
            json_array_begin(out);
            open = true;
        }
        append_request(out, &batch->entries[i]);
    }
    if (open) {
        json_array_end(out);
    }
}

static void append_capacity(struct buffer *out, const struct batch_write *batch, enum return_capacity mode,
                            uint32_t table)
{
    struct capacity_used used = {0};
    const struct table_spec *spec = NULL;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (entry->table == table) {
            spec = &entry->write.table->spec;
            if (!is_unprocessed(entry)) {
                capacity_of_write(&entry->write, &used);
            }
        }
    }
    capacity_append(out, mode, used.table_spec != NULL ? used.table_spec : spec, &used);
}

/* One object for each item collection that was written to. */
static void append_metrics(struct buffer *out, const struct batch_write *batch, struct slice name, uint32_t table)
{
    struct cluster *cluster = batch->call->loop->api->cluster;
    bool open = false;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (entry->table != table || is_unprocessed(entry) || !table_has_local_index(&entry->write.table->spec)) {
            continue;
        }
        const struct value *hash = &entry->write.key_item.attributes[0].value;
        bool is_repeated = false;
        for (uint32_t j = 0; j < i; j++) {
            const struct batch_entry *earlier = &batch->entries[j];
            is_repeated = is_repeated || (earlier->table == table && !is_unprocessed(earlier) &&
                                          value_equal(hash, &earlier->write.key_item.attributes[0].value));
        }
        if (!open) {
            json_name_slice(out, name);
            json_array_begin(out);
            open = true;
        }
        if (!is_repeated) {
            metrics_append(out, cluster, &entry->write.table->spec, hash);
        }
    }
    if (open) {
        json_array_end(out);
    }
}

static void append_answer(const struct batch_write *batch)
{
    struct api_call *call = batch->call;
    const struct batch_write_item_request *request = CALL_REQUEST(call, struct batch_write_item_request);
    enum return_capacity mode = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_object_begin(out, "UnprocessedItems");
    for (uint32_t i = 0; i < request->tables.count; i++) {
        append_unprocessed(out, batch, request->tables.keys[i], i);
    }
    json_object_end(out);
    if (opt_enum_or(&request->return_metrics, METRICS_NONE) == METRICS_SIZE) {
        json_member_object_begin(out, "ItemCollectionMetrics");
        for (uint32_t i = 0; i < request->tables.count; i++) {
            append_metrics(out, batch, request->tables.keys[i], i);
        }
        json_object_end(out);
    }
    if (mode != CAPACITY_NONE) {
        json_member_array_begin(out, "ConsumedCapacity");
        for (uint32_t i = 0; i < request->tables.count; i++) {
            append_capacity(out, batch, mode, i);
        }
        json_array_end(out);
    }
    json_object_end(out);
}

/* The entry whose result is the result of the whole batch, or NULL: a table that is gone, or nothing that could be
 * stored at all. */
static const struct batch_entry *find_failure(const struct batch_write *batch)
{
    uint32_t unprocessed = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (is_unprocessed(entry)) {
            unprocessed++;
        } else if (entry->write.result != WRITE_DONE) {
            return entry;
        }
    }
    return unprocessed == batch->count ? &batch->entries[0] : NULL;
}

static void write_finished(struct task *task)
{
    struct batch_write *batch = ((struct batch_entry *)task)->batch;
    if (++batch->finished < batch->count) {
        return;
    }
    const struct batch_entry *failure = find_failure(batch);
    if (failure == NULL) {
        append_answer(batch);
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        arena_finish(&batch->entries[i].arena);
    }
    if (failure != NULL) {
        item_write_fail(batch->call, &failure->write, false);
    } else {
        call_succeed(batch->call);
    }
}

void batch_write_item_run(struct api_call *call)
{
    const struct batch_write_item_request *request = CALL_REQUEST(call, struct batch_write_item_request);
    if (!check_count(call, request) || !check_requests(call, request)) {
        return;
    }
    struct batch_write *batch = ARENA_NEW(&call->arena, struct batch_write);
    batch->call = call;
    batch->entries = arena_zalloc(&call->arena, sizeof(batch->entries[0]) * count_writes(request));
    if (!prepare_all(call, request, batch)) {
        return;
    }
    assert(batch->count > 0);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_entry *entry = &batch->entries[i];
        entry->batch = batch;
        arena_init(&entry->arena, WRITE_ARENA_BYTES);
        entry->write.arena = &entry->arena;
        entry->write.want_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE) != CAPACITY_NONE;
        entry->write.command.task.run = write_finished;
        cluster_submit_write(call_port(call), &entry->write);
    }
}
