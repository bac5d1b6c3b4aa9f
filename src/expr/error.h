/* Why an expression is refused. The comment of each code is the text that clients read; %a, %b are the error's
 * operands. Texts up to EXPR_PREFIXED_LAST follow "Invalid ConditionExpression: " or the like, the others stand alone.
 *
 * Wording: DynamoDB's own answers, May 2026. The order of the first group is the order in which DynamoDB looks. */
#pragma once

#include "expr/expr.h"

enum expr_error_code {
    EXPR_OK,

    EXPR_EMPTY,                 /* The expression can not be empty; */
    EXPR_TOO_LONG,              /* Expression size has exceeded the maximum allowed size; expression size: %a */
    EXPR_SYNTAX,                /* Syntax error; token: "%a", near: "%b" */
    EXPR_REDUNDANT_PARENTHESES, /* The expression has redundant parentheses; */
    EXPR_RESERVED_WORD,         /* Attribute name is a reserved keyword; reserved keyword: %a */
    EXPR_INDEX_RANGE,           /* List index is not within the allowable range; index: [%a] */
    EXPR_FUNCTION_UNKNOWN,      /* Invalid function name; function: %a */
    EXPR_NOT_IN_CONDITION,      /* The function is not allowed in a condition expression; function: %a */
    EXPR_NOT_IN_UPDATE,         /* The function is not allowed in an update expression; function: %a */
    EXPR_FUNCTION_MISPLACED,    /* The function is not allowed to be used this way in an expression; function: %a */
    EXPR_SECTION_REPEATED,      /* The "%a" section can only be used once in an update expression; */
    EXPR_PATHS_OVERLAP,  /* Two document paths overlap with each other; must remove or rewrite one of these paths; path
                            one: %a, path two: %b */
    EXPR_PATHS_CONFLICT, /* Two document paths conflict with each other; must remove or rewrite one of these paths; path
                            one: %a, path two: %b */
    EXPR_NAME_UNDEFINED, /* An expression attribute name used in the document path is not defined; attribute name: %a */
    EXPR_VALUE_UNDEFINED, /* An expression attribute value used in expression is not defined; attribute value: %a */
    EXPR_PATH_TOO_DEEP,   /* The document path has too many nesting levels; nesting levels: %a */
    EXPR_OPERAND_COUNT,   /* Incorrect number of operands for operator or function; operator or function: %a, number of
                             operands: %b */
    EXPR_OPERAND_TYPE, /* Incorrect operand type for operator or function; operator or function: %a, operand type: %b */
    EXPR_OPERAND_NOT_PATH, /* Operator or function requires a document path; operator or function: %a */
    EXPR_OPERANDS_EQUAL,   /* The first operand must be distinct from the remaining operands for this operator or
                              function; operator: %a, first operand: %b */
    EXPR_TYPE_NAME,     /* Invalid attribute type name found; type: %a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M} */
    EXPR_BETWEEN_TYPES, /* The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand:
                           AttributeValue: {%a}, upper bound operand: AttributeValue: {%b} */
    EXPR_BETWEEN_ORDER, /* The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower
                           bound operand: AttributeValue: {%a}, upper bound operand: AttributeValue: {%b} */
    EXPR_IN_TOO_MANY,   /* The IN operator is provided with too many operands; number of operands: %a */
    EXPR_ACTION_TYPE,   /* Incorrect operand type for operator or function; operator: %a, operand type: %b, typeSet:
                           ALLOWED_FOR_%a_OPERAND */
    EXPR_TOO_MANY_OPERATORS, /* The expression contains too many operators; operator count: %a */
    EXPR_PREFIXED_LAST = EXPR_TOO_MANY_OPERATORS,

    /* Placeholders. */
    EXPR_NAME_KEY_EMPTY,     /* ExpressionAttributeNames contains invalid key: The expression attribute map contains an
                                empty key; */
    EXPR_NAME_KEY_TOO_LONG,  /* ExpressionAttributeNames contains invalid key: The expression attribute map contains a
                                key that is too long; size of key: %a */
    EXPR_NAME_KEY_SYNTAX,    /* ExpressionAttributeNames contains invalid key: Syntax error; key: "%a" */
    EXPR_NAME_EMPTY,         /* ExpressionAttributeNames contains invalid value: Empty attribute name for key %a */
    EXPR_NAME_TOO_LONG,      /* ExpressionAttributeNames contains invalid value: Attribute name is too large, must be
                                less than 65536 bytes for key %a */
    EXPR_VALUE_KEY_EMPTY,    /* ExpressionAttributeValues contains invalid key: The expression attribute map contains an
                                empty key; */
    EXPR_VALUE_KEY_TOO_LONG, /* ExpressionAttributeValues contains invalid key: The expression attribute map contains a
                                key that is too long; */
    EXPR_VALUE_KEY_SYNTAX,   /* ExpressionAttributeValues contains invalid key: Syntax error; key: "%a" */
    EXPR_NAMES_UNUSED,       /* Value provided in ExpressionAttributeNames unused in expressions: keys: %a */
    EXPR_VALUES_UNUSED,      /* Value provided in ExpressionAttributeValues unused in expressions: keys: %a */

    /* Key conditions. */
    EXPR_KEY_OPERATOR,         /* Invalid operator used in KeyConditionExpression: %a */
    EXPR_KEY_NESTED_OPERATION, /* KeyConditionExpressions cannot contain nested operations */
    EXPR_KEY_NESTED_ATTRIBUTE, /* KeyConditionExpressions cannot have conditions on nested attributes */
    EXPR_KEY_SEVERAL_NAMES,    /* Invalid condition in KeyConditionExpression: Multiple attribute names used in one
                                  condition */
    EXPR_KEY_NO_NAME,          /* Invalid condition in KeyConditionExpression: No key attribute specified */
    EXPR_KEY_FIRST_OPERAND, /* Invalid condition in KeyConditionExpression: %a operator must have the key attribute as
                               its first operand */
    EXPR_KEY_REPEATED,      /* KeyConditionExpressions must only contain one condition per key */
    EXPR_KEY_TOO_MANY,      /* Conditions can be of length 1 or 2 only */

    /* Applying an update to an item. */
    EXPR_ATTRIBUTE_MISSING, /* The provided expression refers to an attribute that does not exist in the item */
    EXPR_PATH_INVALID,      /* The document path provided in the update expression is invalid for update */
    EXPR_DATA_TYPE,         /* An operand in the update expression has an incorrect data type */
    EXPR_NUMBER_OVERFLOW,   /* Number overflow. Attempting to store a number with magnitude larger than supported
                               range */
    EXPR_NUMBER_UNDERFLOW,  /* Number underflow. Attempting to store a number with magnitude smaller than supported
                               range */
    EXPR_CODE_COUNT
};

static inline int expr_fail(struct expr_error *error, enum expr_error_code code, struct slice a, struct slice b)
{
    *error = (struct expr_error){.code = code, .a = a, .b = b};
    return -1;
}
