/* DynamoDB's texts for the codes of expr/error.h, as of May 2026. %a and %b stand for the error's operands. */
#include "api/expression_error.h"

#include <assert.h>

#include "expr/error.h"

#define NAMES  "ExpressionAttributeNames contains invalid "
#define VALUES "ExpressionAttributeValues contains invalid "

static const char *const TEXTS[EXPR_CODE_COUNT] = {
    [EXPR_EMPTY] = "The expression can not be empty;",
    [EXPR_TOO_LONG] = "Expression size has exceeded the maximum allowed size; expression size: %a",
    [EXPR_SYNTAX] = "Syntax error; token: \"%a\", near: \"%b\"",
    [EXPR_REDUNDANT_PARENTHESES] = "The expression has redundant parentheses;",
    [EXPR_RESERVED_WORD] = "Attribute name is a reserved keyword; reserved keyword: %a",
    [EXPR_INDEX_RANGE] = "List index is not within the allowable range; index: [%a]",
    [EXPR_FUNCTION_UNKNOWN] = "Invalid function name; function: %a",
    [EXPR_NOT_IN_CONDITION] = "The function is not allowed in a condition expression; function: %a",
    [EXPR_NOT_IN_UPDATE] = "The function is not allowed in an update expression; function: %a",
    [EXPR_FUNCTION_MISPLACED] = "The function is not allowed to be used this way in an expression; function: %a",
    [EXPR_SECTION_REPEATED] = "The \"%a\" section can only be used once in an update expression;",
    [EXPR_PATHS_OVERLAP] = "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                           "path one: %a, path two: %b",
    [EXPR_PATHS_CONFLICT] = "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                            "path one: %a, path two: %b",
    [EXPR_NAME_UNDEFINED] = "An expression attribute name used in the document path is not defined; attribute name: %a",
    [EXPR_VALUE_UNDEFINED] = "An expression attribute value used in expression is not defined; attribute value: %a",
    [EXPR_PATH_TOO_DEEP] = "The document path has too many nesting levels; nesting levels: %a",
    [EXPR_OPERAND_COUNT] = "Incorrect number of operands for operator or function; operator or function: %a, number "
                           "of operands: %b",
    [EXPR_OPERAND_TYPE] = "Incorrect operand type for operator or function; operator or function: %a, operand type: %b",
    [EXPR_OPERAND_NOT_PATH] = "Operator or function requires a document path; operator or function: %a",
    [EXPR_OPERANDS_EQUAL] = "The first operand must be distinct from the remaining operands for this operator or "
                            "function; operator: %a, first operand: %b",
    [EXPR_TYPE_NAME] = "Invalid attribute type name found; type: %a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    [EXPR_BETWEEN_TYPES] = "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
                           "operand: AttributeValue: {%a}, upper bound operand: AttributeValue: {%b}",
    [EXPR_BETWEEN_ORDER] =
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
        "bound operand: AttributeValue: {%a}, upper bound operand: AttributeValue: {%b}",
    [EXPR_IN_TOO_MANY] = "The IN operator is provided with too many operands; number of operands: %a",
    [EXPR_ACTION_TYPE] = "Incorrect operand type for operator or function; operator: %a, operand type: %b, typeSet: "
                         "ALLOWED_FOR_%a_OPERAND",
    [EXPR_TOO_MANY_OPERATORS] = "The expression contains too many operators; operator count: %a",

    [EXPR_NAME_KEY_EMPTY] = NAMES "key: The expression attribute map contains an empty key;",
    [EXPR_NAME_KEY_TOO_LONG] =
        NAMES "key: The expression attribute map contains a key that is too long; size of key: %a",
    [EXPR_NAME_KEY_SYNTAX] = NAMES "key: Syntax error; key: \"%a\"",
    [EXPR_NAME_EMPTY] = NAMES "value: Empty attribute name for key %a",
    [EXPR_NAME_TOO_LONG] = NAMES "value: Attribute name is too large, must be less than 65536 bytes for key %a",
    [EXPR_VALUE_KEY_EMPTY] = VALUES "key: The expression attribute map contains an empty key;",
    [EXPR_VALUE_KEY_TOO_LONG] = VALUES "key: The expression attribute map contains a key that is too long;",
    [EXPR_VALUE_KEY_SYNTAX] = VALUES "key: Syntax error; key: \"%a\"",
    [EXPR_NAMES_UNUSED] = "Value provided in ExpressionAttributeNames unused in expressions: keys: %a",
    [EXPR_VALUES_UNUSED] = "Value provided in ExpressionAttributeValues unused in expressions: keys: %a",

    [EXPR_KEY_OPERATOR] = "Invalid operator used in KeyConditionExpression: %a",
    [EXPR_KEY_NESTED_OPERATION] = "KeyConditionExpressions cannot contain nested operations",
    [EXPR_KEY_NESTED_ATTRIBUTE] = "KeyConditionExpressions cannot have conditions on nested attributes",
    [EXPR_KEY_SEVERAL_NAMES] = "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
                               "condition",
    [EXPR_KEY_NO_NAME] = "Invalid condition in KeyConditionExpression: No key attribute specified",
    [EXPR_KEY_FIRST_OPERAND] =
        "Invalid condition in KeyConditionExpression: %a operator must have the key attribute as "
        "its first operand",
    [EXPR_KEY_REPEATED] = "KeyConditionExpressions must only contain one condition per key",
    [EXPR_KEY_TOO_MANY] = "Conditions can be of length 1 or 2 only",

    [EXPR_ATTRIBUTE_MISSING] = "The provided expression refers to an attribute that does not exist in the item",
    [EXPR_PATH_INVALID] = "The document path provided in the update expression is invalid for update",
    [EXPR_DATA_TYPE] = "An operand in the update expression has an incorrect data type",
    [EXPR_NUMBER_OVERFLOW] = "Number overflow. Attempting to store a number with magnitude larger than supported range",
    [EXPR_NUMBER_UNDERFLOW] = "Number underflow. Attempting to store a number with magnitude smaller than supported "
                              "range",
};

static const char *parameter(enum expr_kind kind)
{
    switch (kind) {
    case EXPR_CONDITION:
        return "ConditionExpression";
    case EXPR_KEY_CONDITION:
        return "KeyConditionExpression";
    case EXPR_FILTER:
        return "FilterExpression";
    case EXPR_UPDATE:
        return "UpdateExpression";
    default:
        assert(kind == EXPR_PROJECTION);
        return "ProjectionExpression";
    }
}

struct slice expr_error_text(struct arena *arena, enum expr_kind kind, const struct expr_error *error)
{
    assert(error->code > EXPR_OK && error->code < EXPR_CODE_COUNT && TEXTS[error->code] != NULL);
    struct buffer text = {0};
    if (error->code <= EXPR_PREFIXED_LAST) {
        buffer_printf(&text, "Invalid %s: ", parameter(kind));
    }
    for (const char *at = TEXTS[error->code]; *at != '\0'; at++) {
        if (at[0] == '%') {
            buffer_append_slice(&text, *++at == 'a' ? error->a : error->b);
        } else {
            buffer_append_byte(&text, *at);
        }
    }
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}
