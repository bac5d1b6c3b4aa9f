/* BatchGetItem. Order of checks: number of keys, styles; for each table the keys' values, duplicates and projection;
 * then the tables and the keys against their schemas. A few keys are read on the loop, more of them on the pool. */
#include "api/attribute_error.h"
#include "api/capacity_json.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/throttle.h"
#include "engine/capacity.h"
#include "value/codec.h"

#define KEYS_MAX             100
#define INLINE_KEYS          8
#define REPLY_ITEM_BYTES_MAX (16u << 20)

/* --- the request ----------------------------------------------------------------------------------------------- */

struct key_list {
    SHAPE_LIST_OF(struct opt_item);
};

struct keys_and_attributes {
    struct key_list keys;
    struct attribute_names attributes;
    struct opt_boolean consistent;
    struct opt_string projection;
    struct expression_names names;
};

struct batch_get_item_request {
    struct {
        SHAPE_MAP_OF(struct keys_and_attributes);
    } tables;
    struct opt_enum return_capacity;
};

static const struct shape_member element_key = {.kind = SHAPE_ITEM};

static const struct shape_member keys_and_attributes_members[] = {
    {SHAPE_MEMBER(struct keys_and_attributes, keys, "Keys", "keys", SHAPE_LIST), .required = true,
     .limit = LIMIT_RANGE(1, KEYS_MAX), .element = &element_key},
    MEMBER_ATTRIBUTES_TO_GET(struct keys_and_attributes),
    {SHAPE_MEMBER(struct keys_and_attributes, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct keys_and_attributes, projection, "ProjectionExpression", "projectionExpression",
                  SHAPE_STRING)},
    MEMBER_NAMES(struct keys_and_attributes),
};
static const struct shape keys_and_attributes_shape =
    SHAPE_OF("KeysAndAttributes", struct keys_and_attributes, keys_and_attributes_members);
static const struct shape_member element_table = {.kind = SHAPE_STRUCTURE, .shape = &keys_and_attributes_shape};

static const struct shape_member batch_get_item_members[] = {
    {SHAPE_MEMBER(struct batch_get_item_request, tables, "RequestItems", "requestItems", SHAPE_MAP), .required = true,
     .table_name = true, .element = &element_table},
    MEMBER_RETURN_CAPACITY(struct batch_get_item_request),
};
const struct shape batch_get_item_shape =
    SHAPE_OF("BatchGetItemInput", struct batch_get_item_request, batch_get_item_members);

/* --- state ----------------------------------------------------------------------------------------------------- */

struct batch_get_table {
    struct slice name; /* as sent */
    const struct keys_and_attributes *request;
    struct table *table;
    struct projection *projection;
    struct row_key *keys;
    bool *is_read; /* by key; the others are for another request */
    uint32_t read_count;
    struct capacity_used used;
};

struct batch_get {
    struct batch_get_table *tables;
    uint32_t table_count;
    size_t bytes;
    const struct table_spec *throttled; /* the table of the first key that there was no throughput for, or NULL */
    struct throttle throttle;
    bool failed;
    struct err err;
};

/* --- checks ---------------------------------------------------------------------------------------------------- */

static bool check_count(struct api_call *call, const struct batch_get_item_request *request)
{
    uint32_t keys = 0;
    if (request->tables.count == 0) {
        call_fail(call, ERROR_VALIDATION, "The requestItems parameter is required for BatchGetItem");
        return false;
    }
    for (uint32_t i = 0; i < request->tables.count; i++) {
        keys += request->tables.items[i].keys.count;
    }
    if (keys > KEYS_MAX) {
        call_fail(call, ERROR_VALIDATION, "Too many items requested for the BatchGetItem call");
        return false;
    }
    return true;
}

static bool check_style(struct api_call *call, const struct keys_and_attributes *request)
{
    const struct parameter legacy[] = {{"AttributesToGet", request->attributes.present, false}};
    const struct parameter expressions[] = {{"ProjectionExpression", request->projection.present, false}};
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 1,
        .expressions = expressions,
        .expression_count = 1,
        .has_names = request->names.present,
    };
    return expressions_check_style(call, &style);
}

/* Projection expressions of one table and AttributesToGet of another do not go together either.
 * Source: https://github.com/nubo-db/dynoxide/pull/127, captured from Amazon DynamoDB. */
static bool check_styles(struct api_call *call, const struct batch_get_item_request *request)
{
    struct keys_and_attributes all = {0};
    for (uint32_t i = 0; i < request->tables.count; i++) {
        const struct keys_and_attributes *table = &request->tables.items[i];
        if (!check_style(call, table)) {
            return false;
        }
        all.attributes.present = all.attributes.present || table->attributes.present;
        all.projection.present = all.projection.present || table->projection.present;
    }
    return check_style(call, &all);
}

static bool is_scalar_key(const struct item *key)
{
    for (uint32_t i = 0; i < key->count; i++) {
        enum value_type type = key->attributes[i].value.type;
        if (type != VALUE_S && type != VALUE_N && type != VALUE_B) {
            return false;
        }
    }
    return key->count <= 2; /* anything else fits no schema */
}

static bool check_keys(struct api_call *call, const struct key_list *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (!attribute_check(call, &keys->items[i].flaw)) {
            return false;
        }
    }
    for (uint32_t i = 1; i < keys->count; i++) {
        for (uint32_t j = 0; is_scalar_key(&keys->items[i].item) && j < i; j++) {
            if (is_scalar_key(&keys->items[j].item) && item_equal(&keys->items[i].item, &keys->items[j].item)) {
                call_fail(call, ERROR_VALIDATION, "Provided list of item keys contains duplicates");
                return false;
            }
        }
    }
    return true;
}

static bool parse_projection(struct api_call *call, const struct keys_and_attributes *request,
                             struct projection **ret_projection)
{
    struct expr_symbols symbols;
    if (request->attributes.present) {
        return expressions_attributes(call, &request->attributes, ret_projection);
    }
    return expressions_symbols(call, &request->names, NULL, &symbols) &&
           expressions_projection(call, &request->projection, &symbols, ret_projection) &&
           expressions_check_used(call, &symbols);
}

static bool resolve_table(struct api_call *call, struct batch_get_table *table)
{
    const struct key_list *keys = &table->request->keys;
    table->table = call_table(call, table->name);
    if (table->table == NULL) {
        return false;
    }
    table->keys = ARENA_ARRAY(&call->arena, struct row_key, keys->count);
    table->is_read = arena_zalloc(&call->arena, keys->count * sizeof(bool));
    for (uint32_t i = 0; i < keys->count; i++) {
        struct slice message;
        if (!key_check(&call->arena, &table->table->spec, &keys->items[i].item, &message)) {
            call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
            return false;
        }
        row_key_of_item(&call->arena, &table->table->spec, &keys->items[i].item, &table->keys[i]);
    }
    return expressions_check_scalars(call, &table->table->spec, NULL, table->projection, NULL);
}

/* The keys of all the tables, then their expressions, then what only the tables themselves tell. */
static bool check(struct api_call *call, struct batch_get *batch)
{
    bool is_right = true;
    for (uint32_t i = 0; is_right && i < batch->table_count; i++) {
        is_right = check_keys(call, &batch->tables[i].request->keys);
    }
    for (uint32_t i = 0; is_right && i < batch->table_count; i++) {
        is_right = parse_projection(call, batch->tables[i].request, &batch->tables[i].projection);
    }
    for (uint32_t i = 0; is_right && i < batch->table_count; i++) {
        is_right = resolve_table(call, &batch->tables[i]);
    }
    return is_right;
}

/* --- reading: on the loop or the pool ---------------------------------------------------------------------------- */

static int append_item(struct api_call *call, const struct batch_get_table *table, struct slice stored,
                       struct item_header *ret_header, struct err *err)
{
    json_element(&call->out);
    if (table->projection == NULL) {
        return item_stored_append_json(&call->out, stored, ret_header, err);
    }
    struct item item;
    struct item parts;
    if (item_decode(&call->arena, stored, ret_header, &item, err) != 0) {
        return -1;
    }
    projection_apply(table->projection, &item, &call->arena, &parts);
    item_append_json(&call->out, &parts);
    return 0;
}

/* 1: appended; 0: the reply is full, and what was appended is taken back; -1: failed. */
static int append_stored(struct api_call *call, struct batch_get *batch, const struct batch_get_table *table,
                         struct slice stored, struct item_header *ret_header)
{
    size_t before = call->out.len;
    if (append_item(call, table, stored, ret_header, &batch->err) != 0) {
        return -1;
    }
    if (batch->bytes != 0 && batch->bytes + ret_header->size > REPLY_ITEM_BYTES_MAX) {
        call->out.len = before;
        return 0;
    }
    return 1;
}

/* 1: read; 0: the reply is full; -1: failed. */
static int read_key(struct api_call *call, struct batch_get *batch, struct batch_get_table *table,
                    const struct row_key *key)
{
    struct item_header header = {0};
    struct stored_item stored;
    if (cluster_get(call->loop->api->cluster, key, &stored, &batch->err) != 0) {
        return -1;
    }
    int result = !stored_item_exists(&stored) ? 1 : append_stored(call, batch, table, stored.bytes, &header);
    stored_item_release(&stored);
    if (result == 1) {
        const double unit = table->request->consistent.flag ? 1 : 0.5;
        const struct capacity_used used = {.table = unit * capacity_read_blocks(header.size)};
        throttle_charge_read(table->table, key->hash, &used);
        table->used.table += used.table;
        batch->bytes += header.size;
    }
    return result;
}

/* Each key stands for itself: one that there is no throughput for does not keep the next from being tried. */
static bool admit(struct batch_get *batch, const struct batch_get_table *table, const struct row_key *key)
{
    struct throttle throttle;
    if (throttle_admit_read(table->table, NULL, key->hash, &throttle)) {
        return true;
    }
    if (batch->throttled == NULL) {
        batch->throttled = &table->table->spec;
        batch->throttle = throttle;
    }
    return false;
}

static void read_all(struct api_call *call)
{
    struct batch_get *batch = call->state;
    bool full = false;
    if (!call_may_grow(call)) {
        batch->failed = true;
        return;
    }
    json_object_begin(&call->out);
    json_member_object_begin(&call->out, "Responses");
    for (uint32_t i = 0; i < batch->table_count; i++) {
        struct batch_get_table *table = &batch->tables[i];
        json_name_slice(&call->out, table->name);
        json_array_begin(&call->out);
        for (uint32_t j = 0; j < table->request->keys.count && !full; j++) {
            if (!admit(batch, table, &table->keys[j])) {
                continue;
            }
            int result = read_key(call, batch, table, &table->keys[j]);
            if (result < 0) {
                batch->failed = true;
                return;
            }
            full = result == 0;
            table->is_read[j] = result == 1;
            table->read_count += result == 1;
        }
        json_array_end(&call->out);
    }
    json_object_end(&call->out);
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

/* What is left of a table's part of the request, to be sent again as it is. */
static void append_unprocessed(struct buffer *out, const struct batch_get_table *table)
{
    const struct keys_and_attributes *request = table->request;
    json_name_slice(out, table->name);
    json_object_begin(out);
    json_member_array_begin(out, "Keys");
    for (uint32_t i = 0; i < request->keys.count; i++) {
        if (!table->is_read[i]) {
            json_element(out);
            item_append_json(out, &request->keys.items[i].item);
        }
    }
    json_array_end(out);
    if (request->attributes.present) {
        json_member_array_begin(out, "AttributesToGet");
        for (uint32_t i = 0; i < request->attributes.count; i++) {
            json_string(out, request->attributes.items[i]);
        }
        json_array_end(out);
    }
    if (request->projection.present) {
        json_member_string(out, "ProjectionExpression", request->projection.text);
    }
    if (request->names.present) {
        json_member_object_begin(out, "ExpressionAttributeNames");
        for (uint32_t i = 0; i < request->names.count; i++) {
            json_name_slice(out, request->names.keys[i]);
            json_append_string(out, request->names.items[i]);
        }
        json_object_end(out);
    }
    if (request->consistent.present) {
        json_member_boolean(out, "ConsistentRead", request->consistent.flag);
    }
    json_object_end(out);
}

static bool nothing_read(const struct batch_get *batch)
{
    for (uint32_t i = 0; i < batch->table_count; i++) {
        if (batch->tables[i].read_count > 0) {
            return false;
        }
    }
    return true;
}

static void answer(struct api_call *call)
{
    const struct batch_get_item_request *request = CALL_REQUEST(call, struct batch_get_item_request);
    const struct batch_get *batch = call->state;
    int mode = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    struct buffer *out = &call->out;
    if (batch->failed) {
        item_fail_store(call, &batch->err);
        return;
    }
    if (batch->throttled != NULL && nothing_read(batch)) {
        throttle_fail(call, batch->throttled, &batch->throttle);
        return;
    }
    json_member_object_begin(out, "UnprocessedKeys");
    for (uint32_t i = 0; i < batch->table_count; i++) {
        if (batch->tables[i].read_count < batch->tables[i].request->keys.count) {
            append_unprocessed(out, &batch->tables[i]);
        }
    }
    json_object_end(out);
    if (mode != CAPACITY_NONE) {
        json_member_array_begin(out, "ConsumedCapacity");
        for (uint32_t i = 0; i < batch->table_count; i++) {
            capacity_append(out, mode, &batch->tables[i].table->spec, &batch->tables[i].used);
        }
        json_array_end(out);
    }
    json_object_end(out);
    call_succeed(call);
}

void batch_get_item_run(struct api_call *call)
{
    const struct batch_get_item_request *request = CALL_REQUEST(call, struct batch_get_item_request);
    if (!check_count(call, request) || !check_styles(call, request)) {
        return;
    }
    struct batch_get *batch = ARENA_NEW(&call->arena, struct batch_get);
    batch->table_count = request->tables.count;
    batch->tables = arena_zalloc(&call->arena, sizeof(batch->tables[0]) * batch->table_count);
    uint32_t keys = 0;
    for (uint32_t i = 0; i < batch->table_count; i++) {
        struct batch_get_table *table = &batch->tables[i];
        table->name = request->tables.keys[i];
        table->request = &request->tables.items[i];
        keys += table->request->keys.count;
    }
    if (!check(call, batch)) {
        return;
    }
    call->state = batch;
    if (keys <= INLINE_KEYS) {
        read_all(call);
        answer(call);
    } else {
        call_run_on_pool(call, read_all, answer);
    }
}
