/* UpdateItem. Order of checks: style, the key's values, expressions, table, key, attributes that may be updated. */
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
    return expressions_check_style(call, &style) &&
           legacy_check_operator(call, request->conditional_operator.present, request->expected.count > 0) &&
           legacy_refuse(call, "AttributeUpdates", request->updates.count > 0, "UpdateExpression") &&
           legacy_refuse(call, "Expected", request->expected.count > 0, "ConditionExpression");
}

struct key_target {
    const struct key_schema *keys;
    const struct key_attribute *found;
};

static const struct key_attribute *part_named(const struct key_schema *keys, struct slice name)
{
    for (unsigned i = 0; i < keys->hash_count; i++) {
        if (slice_equal(keys->hash[i].name, name)) {
            return &keys->hash[i];
        }
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        if (slice_equal(keys->range[i].name, name)) {
            return &keys->range[i];
        }
    }
    return NULL;
}

/* Keeps the first key attribute in the schema's order, whatever the order in the text. */
static bool visit_target(void *context, struct slice name)
{
    struct key_target *target = context;
    const struct key_attribute *part = part_named(target->keys, name);
    if (part != NULL && target->found != &target->keys->hash[0]) {
        target->found = part;
    }
    return true;
}

static bool check_targets(struct api_call *call, const struct table *table, const struct update *update)
{
    struct key_target target = {&table->spec.keys, NULL};
    if (update == NULL) {
        return true;
    }
    update_visit_targets(update, visit_target, &target);
    if (target.found != NULL) {
        call_fail(call, ERROR_VALIDATION,
                  "One or more parameter values were invalid: Cannot update attribute %.*s. This attribute is part of "
                  "the key",
                  SLICE_ARG(target.found->name));
        return false;
    }
    return true;
}

void update_item_run(struct api_call *call)
{
    const struct update_item_request *request = CALL_REQUEST(call, struct update_item_request);
    struct expr_symbols symbols;
    struct update *update;
    struct condition *condition;
    if (!check_style(call, request) || !attribute_check(call, &request->key.flaw) ||
        !expressions_symbols(call, &request->names, &request->values, &symbols) ||
        !expressions_update(call, &request->update, &symbols, &update) ||
        !expressions_condition(call, EXPR_CONDITION, &request->condition, &symbols, &condition) ||
        !expressions_check_used(call, &symbols)) {
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
    if (!expressions_check_scalars(call, &table->spec, condition, NULL, NULL) || !check_targets(call, table, update) ||
        !expressions_check_scalars(call, &table->spec, NULL, NULL, update)) {
        return;
    }
    struct item_write *item_update = item_write_create(call, WRITE_UPDATE, table, &request->key.item);
    item_update->write.update = update;
    item_update->write.condition = condition;
    item_update->return_values = opt_enum_or(&request->return_values, RETURN_NONE);
    item_update->return_capacity = opt_enum_or(&request->return_capacity, CAPACITY_NONE);
    item_update->return_metrics = opt_enum_or(&request->return_metrics, METRICS_NONE);
    item_update->return_on_failure = opt_enum_or(&request->return_on_failure, ON_FAILURE_NONE);
    item_write_submit(item_update);
}
