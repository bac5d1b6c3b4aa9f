/* PutItem. Order of checks: style, the item's values, ReturnValues, size, condition, table, keys. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/legacy.h"

struct put_item_request {
    struct opt_string table;
    struct opt_item item;
    struct legacy_expectations expected;
    struct opt_enum return_values;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
    struct opt_enum conditional_operator;
    struct opt_string condition;
    struct expression_names names;
    struct expression_values values;
    struct opt_enum return_on_failure;
};

static const struct shape_member put_item_members[] = {
    MEMBER_TABLE_NAME(struct put_item_request),
    {SHAPE_MEMBER(struct put_item_request, item, "Item", "item", SHAPE_ITEM), .required = true},
    MEMBER_EXPECTED(struct put_item_request),
    MEMBER_RETURN_VALUES(struct put_item_request),
    MEMBER_RETURN_CAPACITY(struct put_item_request),
    MEMBER_RETURN_METRICS(struct put_item_request),
    MEMBER_CONDITIONAL_OPERATOR(struct put_item_request),
    {SHAPE_MEMBER(struct put_item_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct put_item_request),
    MEMBER_VALUES(struct put_item_request),
    MEMBER_RETURN_ON_FAILURE(struct put_item_request),
};
const struct shape put_item_shape = SHAPE_OF("PutItemInput", struct put_item_request, put_item_members);

static bool check_style(struct api_call *call, const struct put_item_request *request)
{
    const struct parameter legacy[] = {
        {"Expected", request->expected.present, false},
        {"ConditionalOperator", request->conditional_operator.present, false},
    };
    const struct parameter expressions[] = {{"ConditionExpression", request->condition.present, true}};
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 2,
        .expressions = expressions,
        .expression_count = 1,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

static bool check_values(struct api_call *call, const struct put_item_request *request)
{
    if (!attribute_check(call, &request->item.flaw)) {
        return false;
    }
    int values = opt_enum_or(&request->return_values, RETURN_NONE);
    if (values != RETURN_NONE && values != RETURN_ALL_OLD) {
        call_fail(call, ERROR_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
        return false;
    }
    if (item_size(&request->item.item) > ITEM_SIZE_MAX) {
        call_fail(call, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
        return false;
    }
    return true;
}

static bool parse(struct api_call *call, const struct put_item_request *request, struct condition **ret_condition)
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
    const struct put_item_request *request = CALL_REQUEST(call, struct put_item_request);
    struct condition *condition;
    if (!check_style(call, request) || !check_values(call, request) || !parse(call, request, &condition)) {
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
    put->return_values = opt_enum_or(&request->return_values, RETURN_NONE);
    put->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    put->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    put->return_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE);
    item_write_submit(put);
}
