/* UpdateItem. Order of checks: style, Expected, the key's values, ConditionalOperator, AttributeUpdates, expressions,
 * table, key, attributes that may be updated. */
#include "api/attribute_error.h"
#include "api/expressions.h"
#include "api/item_operations.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/legacy.h"

struct update_item_request {
    struct opt_string table;
    struct opt_item key;
    struct legacy_updates updates;
    struct legacy_expectations expected;
    struct opt_enum conditional_operator;
    struct opt_enum return_values;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
    struct opt_string update;
    struct opt_string condition;
    struct expression_names names;
    struct expression_values values;
    struct opt_enum return_on_failure;
};

static const struct shape_member update_item_members[] = {
    MEMBER_TABLE_NAME(struct update_item_request),
    MEMBER_KEY(struct update_item_request),
    {SHAPE_MEMBER(struct update_item_request, updates, "AttributeUpdates", "attributeUpdates", SHAPE_MAP),
     .element = &element_update},
    MEMBER_EXPECTED(struct update_item_request),
    MEMBER_CONDITIONAL_OPERATOR(struct update_item_request),
    MEMBER_RETURN_VALUES(struct update_item_request),
    MEMBER_RETURN_CAPACITY(struct update_item_request),
    MEMBER_RETURN_METRICS(struct update_item_request),
    {SHAPE_MEMBER(struct update_item_request, update, "UpdateExpression", "updateExpression", SHAPE_STRING)},
    {SHAPE_MEMBER(struct update_item_request, condition, "ConditionExpression", "conditionExpression", SHAPE_STRING)},
    MEMBER_NAMES(struct update_item_request),
    MEMBER_VALUES(struct update_item_request),
    MEMBER_RETURN_ON_FAILURE(struct update_item_request),
};
const struct shape update_item_shape = SHAPE_OF("UpdateItemInput", struct update_item_request, update_item_members);

static bool check_style(struct api_call *call, const struct update_item_request *request)
{
    const struct parameter legacy[] = {
        {"AttributeUpdates", request->updates.present, false},
        {"Expected", request->expected.present, false},
        {"ConditionalOperator", request->conditional_operator.present, false},
    };
    const struct parameter expressions[] = {
        {"UpdateExpression", request->update.present, true},
        {"ConditionExpression", request->condition.present, true},
    };
    const struct expression_style style = {
        .legacy = legacy,
        .legacy_count = 3,
        .expressions = expressions,
        .expression_count = 2,
        .has_names = request->names.present,
        .has_values = request->values.present,
    };
    return expressions_check_style(call, &style);
}

/* What the request says, in either style. */
struct update_plan {
    struct update *update;
    struct condition *condition;
};

static bool parse_legacy(struct api_call *call, const struct update_item_request *request, struct update_plan *ret_plan)
{
    return legacy_read_expected(call, &request->expected, &request->conditional_operator, &ret_plan->condition) &&
           attribute_check(call, &request->key.flaw) &&
           legacy_check_operator(call, &request->conditional_operator, request->expected.count) &&
           legacy_read_updates(call, &request->updates, &ret_plan->update);
}

static bool parse(struct api_call *call, const struct update_item_request *request, struct update_plan *ret_plan)
{
    struct expr_symbols symbols;
    struct update_plan legacy;
    if (!parse_legacy(call, request, &legacy) ||
        !expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_update(call, &request->update, &symbols, &ret_plan->update) ||
        !expressions_condition(call, EXPR_CONDITION, &request->condition, &symbols, &ret_plan->condition) ||
        !expressions_check_used(call, &symbols)) {
        return false;
    }
    if (legacy.update != NULL || legacy.condition != NULL) {
        *ret_plan = legacy;
    }
    return true;
}

void update_item_run(struct api_call *call)
{
    const struct update_item_request *request = CALL_REQUEST(call, struct update_item_request);
    struct update_plan plan;
    if (!check_style(call, request) || !parse(call, request, &plan)) {
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
    if (!expressions_check_scalars(call, &table->spec, plan.condition, NULL, NULL) ||
        !legacy_check_targets(call, &table->spec, &request->updates)) {
        return;
    }
    if (plan.update != NULL && !key_check_targets(&call->arena, &table->spec, plan.update, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return;
    }
    if (!expressions_check_scalars(call, &table->spec, NULL, NULL, plan.update)) {
        return;
    }
    struct item_write *item_update = item_write_create(call, WRITE_UPDATE, table, &request->key.item);
    item_update->write.update = plan.update;
    item_update->write.condition = plan.condition;
    item_update->legacy_update = request->updates.count > 0;
    item_update->return_values = opt_enum_or(&request->return_values, RETURN_NONE);
    item_update->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    item_update->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    item_update->return_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE);
    item_write_submit(item_update);
}
