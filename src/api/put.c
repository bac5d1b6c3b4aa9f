/* PutItem. Order of checks: style, ReturnValues, the item's values, size, condition, table, keys. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/legacy.h"

static const struct shape_member put_item_members[] = {
    MEMBER_TABLE_NAME(struct item_write_request),
    {SHAPE_MEMBER(struct item_write_request, item, "Item", "item", SHAPE_ITEM), .required = true},
    MEMBER_EXPECTED(struct item_write_request),
    MEMBER_RETURN_VALUES(struct item_write_request),
    MEMBER_RETURN_CAPACITY(struct item_write_request),
    MEMBER_RETURN_METRICS(struct item_write_request),
    MEMBER_CONDITIONAL_OPERATOR(struct item_write_request),
    {SHAPE_MEMBER(struct item_write_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct item_write_request),
    MEMBER_VALUES(struct item_write_request),
    MEMBER_RETURN_ON_FAILURE(struct item_write_request),
};
const struct shape put_item_shape = SHAPE_OF("PutItemInput", struct item_write_request, put_item_members);

static bool check_values(struct api_call *call, const struct item_write_request *request)
{
    if (!item_write_check_return_values(call, request) || !attribute_check(call, &request->item.flaw)) {
        return false;
    }
    if (item_size(&request->item.item) > ITEM_SIZE_MAX) {
        call_fail(call, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
        return false;
    }
    return true;
}

static bool parse(struct api_call *call, const struct item_write_request *request, struct condition **ret_condition)
{
    struct expr_symbols symbols;
    struct condition *expected;
    if (!legacy_read_expected(call, &request->expected, &request->conditional_operator, &expected) ||
        !legacy_check_operator(call, &request->conditional_operator, request->expected.count) ||
        !expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_condition(call, EXPR_CONDITION, &request->condition, &symbols, ret_condition) ||
        !expressions_check_used(call, &symbols)) {
        return false;
    }
    if (expected != NULL) {
        *ret_condition = expected;
    }
    return true;
}

void put_item_run(struct api_call *call)
{
    const struct item_write_request *request = CALL_REQUEST(call, struct item_write_request);
    struct condition *condition;
    if (!item_write_check_style(call, request) || !check_values(call, request) || !parse(call, request, &condition)) {
        return;
    }
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    struct slice message;
    if (!key_check_item(&call->arena, &table->spec, &request->item.item, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return;
    }
    if (!expressions_check_scalars(call, &table->spec, condition, NULL, NULL)) {
        return;
    }
    struct item_write *put = item_write_create(call, WRITE_PUT, table, &request->item.item);
    put->write.item = request->item.item;
    put->write.condition = condition;
    item_write_set_returns(put, request);
    item_write_submit(put);
}
