/* DeleteItem. Order of checks: style, Expected, the key's values, ReturnValues, ConditionalOperator, expression, table,
 * key. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/legacy.h"

struct delete_item_request {
    struct opt_string table;
    struct opt_item key;
    struct legacy_expectations expected;
    struct opt_enum conditional_operator;
    struct opt_enum return_values;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
    struct opt_string condition;
    struct expression_names names;
    struct expression_values values;
    struct opt_enum return_on_failure;
};

static const struct shape_member delete_item_members[] = {
    MEMBER_TABLE_NAME(struct delete_item_request),
    MEMBER_KEY(struct delete_item_request),
    MEMBER_EXPECTED(struct delete_item_request),
    MEMBER_CONDITIONAL_OPERATOR(struct delete_item_request),
    MEMBER_RETURN_VALUES(struct delete_item_request),
    MEMBER_RETURN_CAPACITY(struct delete_item_request),
    MEMBER_RETURN_METRICS(struct delete_item_request),
    {SHAPE_MEMBER(struct delete_item_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct delete_item_request),
    MEMBER_VALUES(struct delete_item_request),
    MEMBER_RETURN_ON_FAILURE(struct delete_item_request),
};
const struct shape delete_item_shape = SHAPE_OF("DeleteItemInput", struct delete_item_request, delete_item_members);

static bool check_style(struct api_call *call, const struct delete_item_request *request)
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

static bool check_values(struct api_call *call, const struct delete_item_request *request)
{
    if (!attribute_check(call, &request->key.flaw)) {
        return false;
    }
    int values = opt_enum_or(&request->return_values, RETURN_NONE);
    if (values != RETURN_NONE && values != RETURN_ALL_OLD) {
        call_fail(call, ERROR_VALIDATION, "ReturnValues can only be ALL_OLD or NONE");
        return false;
    }
    return true;
}

static bool parse(struct api_call *call, const struct delete_item_request *request, struct condition **ret_condition)
{
    struct expr_symbols symbols;
    struct condition *expected;
    if (!legacy_read_expected(call, &request->expected, &request->conditional_operator, &expected) ||
        !check_values(call, request) ||
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
    const struct delete_item_request *request = CALL_REQUEST(call, struct delete_item_request);
    struct condition *condition;
    if (!check_style(call, request) || !parse(call, request, &condition)) {
        return;
    }
    struct table *table = call_table(call, request->table.text);
    if (table == NULL) {
        return;
    }
    struct slice message;
    if (!key_check(&call->arena, &table->spec, &request->key.item, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return;
    }
    if (!expressions_check_scalars(call, &table->spec, condition, NULL, NULL)) {
        return;
    }
    struct item_write *item_delete = item_write_create(call, WRITE_DELETE, table, &request->key.item);
    item_delete->write.condition = condition;
    item_delete->return_values = opt_enum_or(&request->return_values, RETURN_NONE);
    item_delete->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    item_delete->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    item_delete->return_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE);
    item_write_submit(item_delete);
}
