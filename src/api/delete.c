/* DeleteItem. Order of checks: style, Expected, ReturnValues, the key's values, ConditionalOperator, expression, table,
 * key. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/legacy.h"

static const struct shape_member delete_item_members[] = {
    MEMBER_TABLE_NAME(struct item_write_request),
    {SHAPE_MEMBER(struct item_write_request, item, "Key", "key", SHAPE_ITEM), .required = true},
    MEMBER_EXPECTED(struct item_write_request),
    MEMBER_CONDITIONAL_OPERATOR(struct item_write_request),
    MEMBER_RETURN_VALUES(struct item_write_request),
    MEMBER_RETURN_CAPACITY(struct item_write_request),
    MEMBER_RETURN_METRICS(struct item_write_request),
    {SHAPE_MEMBER(struct item_write_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct item_write_request),
    MEMBER_VALUES(struct item_write_request),
    MEMBER_RETURN_ON_FAILURE(struct item_write_request),
};
const struct shape delete_item_shape = SHAPE_OF("DeleteItemInput", struct item_write_request, delete_item_members);

static bool parse(struct api_call *call, const struct item_write_request *request, struct condition **ret_condition)
{
    struct expr_symbols symbols;
    struct condition *expected;
    if (!legacy_read_expected(call, &request->expected, &request->conditional_operator, &expected) ||
        !item_write_check_return_values(call, request) || !attribute_check(call, &request->item.flaw) ||
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

void delete_item_run(struct api_call *call)
{
    const struct item_write_request *request = CALL_REQUEST(call, struct item_write_request);
    struct condition *condition;
    if (!item_write_check_style(call, request) || !parse(call, request, &condition)) {
        return;
    }
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    struct slice message;
    if (!key_check(&call->arena, &table->spec, &request->item.item, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return;
    }
    if (!expressions_check_scalars(call, &table->spec, condition, NULL, NULL)) {
        return;
    }
    struct item_write *item_delete = item_write_create(call, WRITE_DELETE, table, &request->item.item);
    item_delete->write.condition = condition;
    item_write_set_returns(item_delete, request);
    item_write_submit(item_delete);
}
