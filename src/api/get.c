/* GetItem. Order of checks: style, projection, the key's values, table, key. Runs on the loop: without a projection the
 * stored bytes become JSON without a tree in between. */
#include "api/attribute_error.h"
#include "api/capacity_json.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/throttle.h"
#include "engine/capacity.h"
#include "value/codec.h"

struct get_item_request {
    struct opt_string table;
    struct opt_item key;
    struct attribute_names attributes;
    struct opt_boolean consistent;
    struct opt_enum return_capacity;
    struct opt_string projection;
    struct expression_names names;
};

static const struct shape_member get_item_members[] = {
    MEMBER_TABLE_NAME(struct get_item_request),
    MEMBER_KEY(struct get_item_request),
    MEMBER_ATTRIBUTES_TO_GET(struct get_item_request),
    {SHAPE_MEMBER(struct get_item_request, consistent, "ConsistentRead", "consistentRead", SHAPE_BOOLEAN)},
    MEMBER_RETURN_CAPACITY(struct get_item_request),
    {SHAPE_MEMBER(struct get_item_request, projection, "ProjectionExpression", "projectionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct get_item_request),
};
const struct shape get_item_shape = SHAPE_OF("GetItemInput", struct get_item_request, get_item_members);

static bool check_style(struct api_call *call, const struct get_item_request *request)
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

static bool parse_projection(struct api_call *call, const struct get_item_request *request,
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

/* "Item": the stored item, or the projected parts of it. */
static int append_item(struct api_call *call, struct slice stored, const struct projection *projection,
                       struct item_header *ret_header, struct err *err)
{
    json_name(&call->out, "Item");
    if (projection == NULL) {
        return item_stored_append_json(&call->out, stored, ret_header, err);
    }
    struct item item;
    struct item parts;
    if (item_decode(&call->arena, stored, ret_header, &item, err) != 0) {
        return -1;
    }
    projection_apply(projection, &item, &call->arena, &parts);
    item_append_json(&call->out, &parts);
    return 0;
}

static void answer(struct api_call *call, const struct table *table, const struct row_key *key,
                   const struct projection *projection)
{
    const struct get_item_request *request = CALL_REQUEST(call, struct get_item_request);
    struct item_header header = {0};
    struct stored_item stored;
    struct throttle throttle;
    struct err err;
    if (!throttle_admit_read(table, NULL, key->hash, &throttle)) {
        throttle_fail(call, &table->spec, &throttle);
        return;
    }
    if (cluster_get(call->loop->api->cluster, key, &stored, &err) != 0) {
        item_fail_store(call, &err);
        return;
    }
    json_object_begin(&call->out);
    int failed = !stored_item_exists(&stored) ? 0 : append_item(call, stored.bytes, projection, &header, &err);
    stored_item_release(&stored);
    if (failed) {
        item_fail_store(call, &err);
        return;
    }
    double unit = request->consistent.flag ? 1 : 0.5;
    struct capacity_used used = {.table = unit * capacity_read_blocks(header.size)};
    throttle_charge_read(table, key->hash, &used);
    capacity_append_member(&call->out, opt_enum_or(&request->return_capacity, CAPACITY_NONE), &table->spec, &used);
    json_object_end(&call->out);
    call_succeed(call);
}

void get_item_run(struct api_call *call)
{
    const struct get_item_request *request = CALL_REQUEST(call, struct get_item_request);
    struct projection *projection;
    if (!check_style(call, request) || !parse_projection(call, request, &projection) ||
        !attribute_check(call, &request->key.flaw)) {
        return;
    }
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    if (!expressions_check_scalars(call, &table->spec, NULL, projection, NULL)) {
        return;
    }
    struct slice message;
    if (!key_check(&call->arena, &table->spec, &request->key.item, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return;
    }
    struct row_key key;
    row_key_of_item(&call->arena, &table->spec, &request->key.item, &key);
    answer(call, table, &key, projection);
}
