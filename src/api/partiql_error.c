#include "api/partiql_error.h"

#include <assert.h>

#include "api/expression_error.h"
#include "partiql/error.h"

/* %a and %b stand for the operands. Source: partiql/error.h. */
static const char *const TEXTS[PARTIQL_ERROR_COUNT] = {
    [PARTIQL_MALFORMED] = "Statement wasn't well formed, can't be processed: %a",
    [PARTIQL_OPERATION] = "Unsupported operation: %a",
    [PARTIQL_TOKEN] = "Unsupported token in expression: %a",
    [PARTIQL_CLAUSE] = "Unsupported clause: %a",
    [PARTIQL_ALIAS] = "Aliasing is not supported",
    [PARTIQL_TOO_DEEP] = "Nesting Levels have exceeded supported limits",
    [PARTIQL_EXISTS_MISPLACED] = "EXISTS can only be used in ExecuteTransaction write requests.",
    [PARTIQL_RETURNING_STAR] = "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause",
    [PARTIQL_RETURNING_SEVERAL] = "Invalid syntax with multiple returning elements in RETURNING clause",
    [PARTIQL_RETURNING_DELETE] =
        "Invalid returning clause: RETURNING %a. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    [PARTIQL_RETURNING_INSERT] = "RETURNING is not supported in INSERT",
    [PARTIQL_SEVERAL_TABLES] = "Only select from a single table or index is supported.",
    [PARTIQL_SOURCE] = "Unexpected from source",
    [PARTIQL_SOURCE_LIST] = "Invalid list expression in source.",
    [PARTIQL_SOURCE_DEPTH] = "A path may contain at most 2 components in the FROM clause",
    [PARTIQL_SOURCE_WRITE] = "FROM clause may only contain a single table name in data manipulation statements",
    [PARTIQL_SOURCE_INDEX] = "This operation is not supported on an index",
    [PARTIQL_TABLE_NAME] =
        "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.",
    [PARTIQL_NAME_EMPTY] = "Path component cannot be an empty string",
    [PARTIQL_PATH_COMPONENT] = "Unexpected path component",
    [PARTIQL_INDEX_RANGE] = "List index is not within the allowable range; index: [%a]",
    [PARTIQL_COLUMN_VALUE] = "Select projection doesn't support value or pivot keywords",
    [PARTIQL_COLUMN_REPEATED] = "Duplicate identifiers in select clause: %a",
    [PARTIQL_HIERARCHY] = "Changing item's hierarchy while reading isn't supported",
    [PARTIQL_CONDITION_OPERATOR] = "Unsupported operator in Condition Expression. Operator: %a",
    [PARTIQL_UPDATE_OPERATOR] = "Unsupported operator in Update Expression. Operator: %a",
    [PARTIQL_FUNCTION] = "Unrecognized function: %a",
    [PARTIQL_WHERE_BOOLEAN] = "WHERE clause must contain an expression that resolves to a boolean",
    [PARTIQL_JUNCTION_ARGUMENT] = "The arguments to AND/OR must be Expressions",
    [PARTIQL_NOT_ARGUMENT] = "The argument to NOT must be a Type or Expression",
    [PARTIQL_MISSING] = "MISSING must be compared using IS operator",
    [PARTIQL_IS_ARGUMENT] = "The left hand side argument to IS must be a Variable Reference, Literal, or Path",
    [PARTIQL_IS_TYPE] = "Unsupported data type for IS operator: %a. Supported data types are [MISSING, NULL, BOOLEAN, "
                        "BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
    [PARTIQL_IN_FORM] = "IN operator must have a left hand argument of type Variable Reference and right hand argument "
                        "of type Seq with at least one member",
    [PARTIQL_PARAMETERS] = "Number of parameters in request and statement don't match.",
    [PARTIQL_TUPLE_KEY] = "Tuple keys must be of type String. Actual type: %a under %b",
    [PARTIQL_TUPLE_REPEATED] = "Duplicate keys in tuple. Key: %a under %b",
    [PARTIQL_DATA_TYPE] = "Unsupported data type: %a under key %b",
    [PARTIQL_ION] = "Ion Literals are not supported: %a under key %b",
    [PARTIQL_BAG_EMPTY] = "Empty bags are not supported",
    [PARTIQL_BAG_TYPE] = "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags",
    [PARTIQL_SET_REPEATED] = "Input collection contains duplicates",
    [PARTIQL_NUMBER_PRECISION] = "DynamoDB only supports precision up to 38 digits",
    [PARTIQL_NUMBER_OVERFLOW] =
        "Number overflow. Attempting to store a number with magnitude larger than supported range",
    [PARTIQL_NUMBER_UNDERFLOW] =
        "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    [PARTIQL_ITEM_FORMAT] = "Unsupported format in item expression. Please use struct format {...} to express item "
                            "values for insert statement.",
    [PARTIQL_SET_ARGUMENTS] = "%a must have exactly two arguments",
    [PARTIQL_SET_TARGET] = "The first argument to %a must equal the assignment value",
    [PARTIQL_SET_TYPE] = "The second argument to %a must be a value with type SET",
    [PARTIQL_KEY_ABSENT] = "Key attribute should be present in the item: Key %a",
    [PARTIQL_KEY_TYPE] = "Key attribute's data type should match its data type in table's schema: Key %a",
    [PARTIQL_KEY_NESTED] =
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %a",
    [PARTIQL_KEY_EMPTY] = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                          "contain an empty %a value. Key: %b",
    [PARTIQL_KEY_NO_SCALAR] = "Key value must be of type S, N, or B. Key name: %a, Key type: %b",
    [PARTIQL_KEY_REPEATED] = "Multiple conditions on same key %a. Only single item Update/Insert/Delete are supported",
    [PARTIQL_KEYS_WANTED] = "Where clause does not contain a mandatory equality on all key attributes",
    [PARTIQL_CONDITION_TYPE] =
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
    [PARTIQL_SINGLE_ITEM] =
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    [PARTIQL_EXISTS_FORM] = "EXISTS() must contain a single item read with additional condition",
    [PARTIQL_ORDER_WHERE] = "Must have WHERE clause in the statement when using ORDER BY clause.",
    [PARTIQL_ORDER_HASH] =
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    [PARTIQL_ORDER_NAME] = "Variable reference %a in ORDER BY clause must be part of the primary key",
    [PARTIQL_ORDER_FORM] = "Argument to ORDER BY must be of type VariableReference. Type: %a",
};

/* Errors of expressions stand alone here: there is no parameter to name. */
static struct slice expression_text(struct arena *arena, const struct expr_error *error)
{
    struct slice prefix = SLICE("Invalid ConditionExpression: ");
    struct slice text = expr_error_text(arena, EXPR_CONDITION, error);
    return slice_starts_with(text, prefix) ? slice_of(text.data + prefix.len, text.len - prefix.len) : text;
}

/* " at line:column:length", counted in characters from 1. */
static void append_place(struct buffer *out, struct slice statement, uint32_t start, uint32_t end)
{
    uint32_t line = 1;
    uint32_t column = 1;
    uint32_t length = 0;
    for (uint32_t i = 0; i < end && i < statement.len; i++) {
        bool is_first_byte = ((unsigned char)statement.data[i] & 0xC0) != 0x80;
        if (i >= start) {
            length += is_first_byte;
        } else if (statement.data[i] == '\n') {
            line++;
            column = 1;
        } else {
            column += is_first_byte;
        }
    }
    buffer_printf(out, " at %u:%u:%u", line, column, length);
}

struct slice partiql_error_text(struct arena *arena, struct slice statement, const struct partiql_error *error)
{
    if (error->code == PARTIQL_EXPRESSION) {
        return expression_text(arena, &error->expr);
    }
    assert(error->code > PARTIQL_OK && error->code < PARTIQL_ERROR_COUNT && TEXTS[error->code] != NULL);
    struct buffer text = {0};
    for (const char *at = TEXTS[error->code]; *at != '\0'; at++) {
        if (at[0] == '%') {
            buffer_append_slice(&text, *++at == 'a' ? error->a : error->b);
        } else {
            buffer_append_byte(&text, *at);
        }
    }
    if (error->placed) {
        append_place(&text, statement, error->start, error->end);
    }
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}
