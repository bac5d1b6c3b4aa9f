/* TransactGetItems. Order of checks: each item's key values, style and projection, then item by item its table, key and
 * repetition. A key that does not fit its table cancels the transaction. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/transact_read.h"

struct get_request {
    struct opt_string table;
    struct opt_item key;
    struct opt_string projection;
    struct expression_names names;
};

struct transact_get_item {
    struct get_request *get;
};

struct transact_get_request {
    struct {
        SHAPE_LIST_OF(struct transact_get_item);
    } items;
    struct opt_enum return_capacity;
};

static const struct shape_member get_members[] = {
    MEMBER_KEY(struct get_request),
    MEMBER_TABLE_NAME(struct get_request),
    {SHAPE_MEMBER(struct get_request, projection, "ProjectionExpression", "projectionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct get_request),
};
static const struct shape get_shape = SHAPE_OF("Get", struct get_request, get_members);

static const struct shape_member item_members[] = {
    {SHAPE_MEMBER(struct transact_get_item, get, "Get", "get", SHAPE_STRUCTURE), .required = true, .shape = &get_shape},
};
static const struct shape item_shape = SHAPE_OF("TransactGetItem", struct transact_get_item, item_members);
static const struct shape_member element_item = {.kind = SHAPE_STRUCTURE, .shape = &item_shape};

static const struct shape_member request_members[] = {
    {SHAPE_MEMBER(struct transact_get_request, items, "TransactItems", "transactItems", SHAPE_LIST), .required = true,
     .limit = LIMIT_RANGE(1, TRANSACT_ACTIONS_MAX), .element = &element_item},
    MEMBER_RETURN_CAPACITY(struct transact_get_request),
};
const struct shape transact_get_items_shape =
    SHAPE_OF("TransactGetItemsInput", struct transact_get_request, request_members);

static bool parse(struct api_call *call, const struct get_request *request, struct projection **ret_projection)
{
    const struct parameter expressions[] = {{"ProjectionExpression", request->projection.present, false}};
    const struct expression_style style = {
        .expressions = expressions,
        .expression_count = 1,
        .has_names = request->names.present,
    };
    struct expr_symbols symbols;
    return expressions_check_style(call, &style) && expressions_symbols(call, &request->names, NULL, &symbols) &&
           expressions_projection(call, &request->projection, &symbols, ret_projection) &&
           expressions_check_used(call, &symbols) && attribute_check(call, &request->key.flaw);
}

static bool add(struct api_call *call, struct transact_read *read, const struct get_request *request,
                const struct projection *projection)
{
    struct table *table = call_table(call, request->table.text);
    if (table == NULL || !expressions_check_scalars(call, &table->spec, NULL, projection, NULL)) {
        return false;
    }
    struct transact_get *get = transact_read_next(read, table);
    if (!transact_read_aim(read, get, &request->key.item) || !transact_read_check_repeated(read, get)) {
        return false;
    }
    get->projection = projection;
    return true;
}

void transact_get_items_run(struct api_call *call)
{
    const struct transact_get_request *request = CALL_REQUEST(call, struct transact_get_request);
    uint32_t count = request->items.count;
    struct projection **projections = ARENA_ARRAY(&call->arena, struct projection *, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!parse(call, request->items.items[i].get, &projections[i])) {
            return;
        }
    }
    struct transact_read *read = transact_read_create(call, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!add(call, read, request->items.items[i].get, projections[i])) {
            return;
        }
    }
    read->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    transact_read_start(read);
}
