#include "api/legacy.h"

#include <assert.h>

#include "api/attribute_error.h"
#include "expr/legacy.h"

#define INVALID "One or more parameter values were invalid: "

/* Sets of value types. */
#define TYPE(type)   (1u << (type))
#define TYPES_ORDER  (TYPE(VALUE_S) | TYPE(VALUE_N) | TYPE(VALUE_B))
#define TYPES_TEXT   (TYPE(VALUE_S) | TYPE(VALUE_B))
#define TYPES_SCALAR (TYPES_ORDER | TYPE(VALUE_BOOL) | TYPE(VALUE_NULL))
#define TYPES_ALL    UINT32_MAX

/* What a comparison takes: between `min` and `max` values of these types. */
static const struct {
    uint32_t min, max;
    uint32_t types;
} ARGUMENTS[] = {
    [LEGACY_EQ] = {1, 1, TYPES_ALL},
    [LEGACY_NE] = {1, 1, TYPES_ALL},
    [LEGACY_IN] = {1, UINT32_MAX, TYPES_ORDER},
    [LEGACY_LE] = {1, 1, TYPES_ORDER},
    [LEGACY_LT] = {1, 1, TYPES_ORDER},
    [LEGACY_GE] = {1, 1, TYPES_ORDER},
    [LEGACY_GT] = {1, 1, TYPES_ORDER},
    [LEGACY_BETWEEN] = {2, 2, TYPES_ORDER},
    [LEGACY_NOT_NULL] = {0, 0, 0},
    [LEGACY_NULL] = {0, 0, 0},
    [LEGACY_CONTAINS] = {1, 1, TYPES_SCALAR},
    [LEGACY_NOT_CONTAINS] = {1, 1, TYPES_SCALAR},
    [LEGACY_BEGINS_WITH] = {1, 1, TYPES_TEXT},
};

/* --- one comparison -------------------------------------------------------------------------------------------- */

/* Each value by its type alone, then beside the first. */
static bool check_types(struct api_call *call, const struct legacy_test *test, struct slice comparison)
{
    for (uint32_t i = 0; i < test->count; i++) {
        enum value_type type = test->values[i].type;
        if ((ARGUMENTS[test->comparison].types & TYPE(type)) == 0) {
            call_fail(call, ERROR_VALIDATION,
                      INVALID "ComparisonOperator %.*s is not valid for %.*s AttributeValue type",
                      SLICE_ARG(comparison), SLICE_ARG(value_type_name(type)));
            return false;
        }
        if (type != test->values[0].type) {
            call_fail(call, ERROR_VALIDATION, INVALID "AttributeValues inside AttributeValueList must be of same type");
            return false;
        }
    }
    return true;
}

/* How many values of which types, all of them in order. `comparison` is the operator as it is written. */
static bool check_arguments(struct api_call *call, const struct legacy_test *test, struct slice comparison)
{
    if (test->count < ARGUMENTS[test->comparison].min || test->count > ARGUMENTS[test->comparison].max) {
        call_fail(call, ERROR_VALIDATION, INVALID "Invalid number of argument(s) for the %.*s ComparisonOperator",
                  SLICE_ARG(comparison));
        return false;
    }
    if (!check_types(call, test, comparison)) {
        return false;
    }
    if (test->comparison == LEGACY_BETWEEN && value_compare(&test->values[0], &test->values[1]) > 0) {
        call_fail(call, ERROR_VALIDATION,
                  "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
        return false;
    }
    return true;
}

bool legacy_check_name(struct api_call *call, struct slice name)
{
    struct value_flaw flaw = {.kind = FLAW_NONE};
    if (name.len == 0) {
        flaw.kind = FLAW_EMPTY_NAME;
    } else if (name.len > ATTRIBUTE_NAME_BYTES_MAX) {
        flaw.kind = FLAW_NAME_TOO_LONG;
    }
    return attribute_check(call, &flaw);
}

/* AttributeValueList. */
static bool read_values(struct api_call *call, const struct value_list *list, struct legacy_test *test)
{
    struct value *values = ARENA_ARRAY(&call->arena, struct value, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        if (!attribute_check(call, &list->items[i].flaw)) {
            return false;
        }
        values[i] = list->items[i].value;
    }
    test->values = values;
    test->count = list->count;
    return true;
}

bool legacy_check_operator(struct api_call *call, const struct opt_enum *conditional_operator, uint32_t condition_count)
{
    if (!conditional_operator->present || condition_count > 1) {
        return true;
    }
    call_fail(call, ERROR_VALIDATION,
              condition_count == 0
                  ? "ConditionalOperator cannot be used without Filter or Expected"
                  : "ConditionalOperator can only be used when Filter or Expected has two or more elements");
    return false;
}

static bool joins_by_or(const struct opt_enum *conditional_operator)
{
    return opt_enum_or(conditional_operator, CONDITIONAL_AND) == CONDITIONAL_OR;
}

/* --- Expected -------------------------------------------------------------------------------------------------- */

/* Which members stand beside which. False with the text, which ends in the attribute's name. */
static bool check_members(const struct legacy_expected *expected, const char **ret_text)
{
    bool has_operator = expected->comparison.present;
    bool is_absent = expected->exists.present && !expected->exists.flag;
    if (expected->exists.present && has_operator) {
        *ret_text = "Exists and ComparisonOperator cannot be used together";
        return false;
    }
    if (expected->value.present && expected->values.present) {
        *ret_text = "Value and AttributeValueList cannot be used together";
        return false;
    }
    if (expected->values.present && !has_operator) {
        *ret_text = "AttributeValueList can only be used with a ComparisonOperator";
        return false;
    }
    if (has_operator) {
        return true;
    }
    if (is_absent && expected->value.present) {
        *ret_text = "Value cannot be used when Exists is false";
        return false;
    }
    if (!is_absent && !expected->value.present) {
        *ret_text = expected->exists.present ? "Value must be provided when Exists is true"
                                             : "Value must be provided when Exists is null";
        return false;
    }
    return true;
}

static bool check_expected(struct api_call *call, struct slice name, const struct legacy_expected *expected)
{
    const char *text;
    if (!check_members(expected, &text)) {
        call_fail(call, ERROR_VALIDATION, INVALID "%s for Attribute: %.*s", text, SLICE_ARG(name));
        return false;
    }
    const struct opt_enum *comparison = &expected->comparison;
    if (comparison->present && ARGUMENTS[comparison->value].min > 0 && !expected->value.present &&
        !expected->values.present) {
        call_fail(call, ERROR_VALIDATION,
                  INVALID "Value or AttributeValueList must be used with ComparisonOperator: %.*s for Attribute: %.*s",
                  SLICE_ARG(comparison->text), SLICE_ARG(name));
        return false;
    }
    return true;
}

/* What is expected of an item is at most as large as one: all names and values together. */
static bool check_size(struct api_call *call, const struct legacy_test *test, size_t *size)
{
    *size += test->name.len;
    for (uint32_t i = 0; i < test->count; i++) {
        *size += value_size(&test->values[i]);
    }
    if (*size > ITEM_SIZE_MAX) {
        call_fail(call, ERROR_VALIDATION, "Item size has exceeded the maximum allowed size");
    }
    return *size <= ITEM_SIZE_MAX;
}

/* `size` is the sum so far. */
static bool read_expected(struct api_call *call, struct slice name, const struct legacy_expected *expected,
                          size_t *size, struct legacy_test *ret_test)
{
    *ret_test = (struct legacy_test){.name = name};
    if (!check_expected(call, name, expected)) {
        return false;
    }
    if (expected->value.present) {
        ret_test->values = &expected->value.value;
        ret_test->count = 1;
        if (!attribute_check(call, &expected->value.flaw)) {
            return false;
        }
    } else if (!read_values(call, &expected->values, ret_test)) {
        return false;
    }
    if (!check_size(call, ret_test, size) || !legacy_check_name(call, name)) {
        return false;
    }
    if (!expected->comparison.present) {
        ret_test->comparison = expected->value.present ? LEGACY_EQ : LEGACY_NULL;
        return true;
    }
    ret_test->comparison = (enum legacy_comparison)expected->comparison.value;
    return check_arguments(call, ret_test, expected->comparison.text);
}

bool legacy_read_expected(struct api_call *call, const struct legacy_expectations *expected,
                          const struct opt_enum *conditional_operator, struct condition **ret_condition)
{
    struct legacy_test *tests = ARENA_ARRAY(&call->arena, struct legacy_test, expected->count);
    size_t size = 0;
    *ret_condition = NULL;
    for (uint32_t i = 0; i < expected->count; i++) {
        if (!read_expected(call, expected->keys[i], &expected->items[i], &size, &tests[i])) {
            return false;
        }
    }
    if (expected->count > 0) {
        *ret_condition = condition_of_tests(&call->arena, tests, expected->count, joins_by_or(conditional_operator));
    }
    return true;
}

/* --- QueryFilter, ScanFilter, KeyConditions -------------------------------------------------------------------- */

static bool read_conditions(struct api_call *call, const struct legacy_conditions *conditions,
                            struct legacy_test *ret_tests)
{
    for (uint32_t i = 0; i < conditions->count; i++) {
        const struct legacy_condition *condition = &conditions->items[i];
        assert(condition->comparison.present); /* it is required */
        ret_tests[i] = (struct legacy_test){.name = conditions->keys[i],
                                            .comparison = (enum legacy_comparison)condition->comparison.value};
        if (!read_values(call, &condition->values, &ret_tests[i]) ||
            !check_arguments(call, &ret_tests[i], condition->comparison.text) ||
            !legacy_check_name(call, conditions->keys[i])) {
            return false;
        }
    }
    return true;
}

bool legacy_read_filter(struct api_call *call, const struct legacy_conditions *filter,
                        const struct opt_enum *conditional_operator, struct condition **ret_condition)
{
    struct legacy_test *tests = ARENA_ARRAY(&call->arena, struct legacy_test, filter->count);
    *ret_condition = NULL;
    if (!read_conditions(call, filter, tests)) {
        return false;
    }
    if (filter->count > 0) {
        *ret_condition = condition_of_tests(&call->arena, tests, filter->count, joins_by_or(conditional_operator));
    }
    return true;
}

bool legacy_read_key_conditions(struct api_call *call, const struct legacy_conditions *conditions,
                                struct key_term ret_terms[KEY_TERMS_MAX], uint32_t *ret_count)
{
    struct legacy_test *tests = ARENA_ARRAY(&call->arena, struct legacy_test, conditions->count);
    if (!read_conditions(call, conditions, tests)) {
        return false;
    }
    if (conditions->count == 0 || conditions->count > KEY_TERMS_MAX) {
        call_fail(call, ERROR_VALIDATION, "Conditions can be of length 1 or 2 only");
        return false;
    }
    for (uint32_t i = 0; i < conditions->count; i++) {
        key_term_of_test(&tests[i], &ret_terms[i]);
    }
    *ret_count = conditions->count;
    return true;
}
