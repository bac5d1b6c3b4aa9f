#include "api/item_shapes.h"

static const char *const names_return_values[] = {"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", NULL};
const struct shape_set set_return_values = {names_return_values, "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"};

static const char *const names_return_capacity[] = {"NONE", "TOTAL", "INDEXES", NULL};
const struct shape_set set_return_capacity = {names_return_capacity, "[INDEXES, TOTAL, NONE]"};

static const char *const names_return_metrics[] = {"NONE", "SIZE", NULL};
const struct shape_set set_return_metrics = {names_return_metrics, "[SIZE, NONE]"};

static const char *const names_return_on_failure[] = {"NONE", "ALL_OLD", NULL};
const struct shape_set set_return_on_failure = {names_return_on_failure, "[ALL_OLD, NONE]"};

static const char *const names_select[] = {"ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT",
                                           NULL};
const struct shape_set set_select = {names_select,
                                     "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"};

static const char *const names_conditional_operator[] = {"AND", "OR", NULL};
const struct shape_set set_conditional_operator = {names_conditional_operator, "[OR, AND]"};

/* These two in the order of the enums of expr/legacy.h. */
static const char *const names_comparison[] = {"EQ",       "NE",           "IN",          "LE",       "LT",
                                               "GE",       "GT",           "BETWEEN",     "NOT_NULL", "NULL",
                                               "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH", NULL};
static const struct shape_set set_comparison = {
    names_comparison, "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"};

static const char *const names_action[] = {"ADD", "PUT", "DELETE", NULL};
static const struct shape_set set_action = {names_action, "[ADD, DELETE, PUT]"};

const struct shape_member element_name = {.kind = SHAPE_STRING};
const struct shape_member element_value = {.kind = SHAPE_VALUE};

static const struct shape_member condition_members[] = {
    {SHAPE_MEMBER(struct legacy_condition, values, "AttributeValueList", "attributeValueList", SHAPE_LIST),
     .element = &element_value},
    {SHAPE_MEMBER(struct legacy_condition, comparison, "ComparisonOperator", "comparisonOperator", SHAPE_ENUM),
     .required = true, .set = &set_comparison},
};
static const struct shape condition_shape = SHAPE_OF("Condition", struct legacy_condition, condition_members);
const struct shape_member element_condition = {.kind = SHAPE_STRUCTURE, .shape = &condition_shape};

static const struct shape_member expected_members[] = {
    {SHAPE_MEMBER(struct legacy_expected, value, "Value", "value", SHAPE_VALUE)},
    {SHAPE_MEMBER(struct legacy_expected, exists, "Exists", "exists", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct legacy_expected, comparison, "ComparisonOperator", "comparisonOperator", SHAPE_ENUM),
     .set = &set_comparison},
    {SHAPE_MEMBER(struct legacy_expected, values, "AttributeValueList", "attributeValueList", SHAPE_LIST),
     .element = &element_value},
};
static const struct shape expected_shape = SHAPE_OF("ExpectedAttributeValue", struct legacy_expected, expected_members);
const struct shape_member element_expected = {.kind = SHAPE_STRUCTURE, .shape = &expected_shape};

static const struct shape_member update_members[] = {
    {SHAPE_MEMBER(struct legacy_update, value, "Value", "value", SHAPE_VALUE)},
    {SHAPE_MEMBER(struct legacy_update, action, "Action", "action", SHAPE_ENUM), .set = &set_action},
};
static const struct shape update_shape = SHAPE_OF("AttributeValueUpdate", struct legacy_update, update_members);
const struct shape_member element_update = {.kind = SHAPE_STRUCTURE, .shape = &update_shape};
