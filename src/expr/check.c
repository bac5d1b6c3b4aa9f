/* What an operator or function asks of its operands, as far as the request alone can tell. */
#include <assert.h>

#include "expr/parser.h"

/* Sets of value types. */
#define TYPE(type)  (1u << (type))
#define TYPES_ORDER (TYPE(VALUE_S) | TYPE(VALUE_N) | TYPE(VALUE_B))
#define TYPES_TEXT  (TYPE(VALUE_S) | TYPE(VALUE_B))
#define TYPES_SIZED (TYPES_TEXT | TYPE(VALUE_SS) | TYPE(VALUE_NS) | TYPE(VALUE_BS) | TYPE(VALUE_L) | TYPE(VALUE_M))

static const struct {
    struct slice name;
    uint8_t operands; /* of functions */
} OPS[] = {
    [NODE_PATH] = {{"path", 4}, 0},
    [NODE_VALUE] = {{"value", 5}, 0},
    [NODE_AND] = {{"AND", 3}, 0},
    [NODE_OR] = {{"OR", 2}, 0},
    [NODE_NOT] = {{"NOT", 3}, 0},
    [NODE_EQ] = {{"=", 1}, 0},
    [NODE_NE] = {{"<>", 2}, 0},
    [NODE_LT] = {{"<", 1}, 0},
    [NODE_LE] = {{"<=", 2}, 0},
    [NODE_GT] = {{">", 1}, 0},
    [NODE_GE] = {{">=", 2}, 0},
    [NODE_BETWEEN] = {{"BETWEEN", 7}, 0},
    [NODE_IN] = {{"IN", 2}, 0},
    [NODE_PLUS] = {{"+", 1}, 0},
    [NODE_MINUS] = {{"-", 1}, 0},
    [NODE_ATTRIBUTE_EXISTS] = {{"attribute_exists", 16}, 1},
    [NODE_ATTRIBUTE_NOT_EXISTS] = {{"attribute_not_exists", 20}, 1},
    [NODE_ATTRIBUTE_TYPE] = {{"attribute_type", 14}, 2},
    [NODE_BEGINS_WITH] = {{"begins_with", 11}, 2},
    [NODE_CONTAINS] = {{"contains", 8}, 2},
    [NODE_SIZE] = {{"size", 4}, 1},
    [NODE_IF_NOT_EXISTS] = {{"if_not_exists", 13}, 2},
    [NODE_LIST_APPEND] = {{"list_append", 11}, 2},
    [NODE_UNKNOWN_FUNCTION] = {{"unknown", 7}, 0},
};

struct slice node_op_name(enum node_op op)
{
    assert(op <= NODE_UNKNOWN_FUNCTION);
    return OPS[op].name;
}

enum node_op node_function(struct slice name)
{
    enum node_op op = NODE_ATTRIBUTE_EXISTS;
    while (op < NODE_UNKNOWN_FUNCTION && !slice_equal(OPS[op].name, name)) {
        op++;
    }
    return op;
}

/* What the operand will be, or 0 if only the item can tell. */
static enum value_type known_type(const struct node *node)
{
    switch ((enum node_op)node->op) {
    case NODE_VALUE:
        return node->value->type;
    case NODE_SIZE:
        return VALUE_N;
    case NODE_LIST_APPEND:
        return VALUE_L;
    default:
        return 0;
    }
}

static int check_types(const struct node *node, unsigned types, struct expr_error *ret_error)
{
    for (uint32_t i = 0; i < node->count; i++) {
        enum value_type type = known_type(node->operands[i]);
        if (type != 0 && (types & TYPE(type)) == 0) {
            return expr_fail(ret_error, EXPR_OPERAND_TYPE, node_op_name(node->op), value_type_name(type));
        }
    }
    return 0;
}

static int check_path(const struct node *node, struct expr_error *ret_error)
{
    if (node->operands[0]->op != NODE_PATH) {
        return expr_fail(ret_error, EXPR_OPERAND_NOT_PATH, node_op_name(node->op), SLICE(""));
    }
    return 0;
}

/* A path may not be compared with itself. */
static int check_distinct(struct arena *arena, const struct node *node, struct expr_error *ret_error)
{
    const struct node *first = node->operands[0];
    for (uint32_t i = 1; i < node->count && first->op == NODE_PATH; i++) {
        const struct node *other = node->operands[i];
        if (other->op == NODE_PATH && path_equal(&first->path, &other->path)) {
            return expr_fail(ret_error, EXPR_OPERANDS_EQUAL, node_op_name(node->op), path_text(arena, &first->path));
        }
    }
    return 0;
}

/* "N:1", as DynamoDB prints a scalar; of a binary value it prints the Java object that holds it. */
static struct slice bound_text(struct arena *arena, const struct value *bound)
{
    if (bound->type == VALUE_B) {
        return arena_printf(arena, "B:java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", bound->bytes.len,
                            bound->bytes.len);
    }
    return arena_printf(arena, "%.*s:%.*s", SLICE_ARG(value_type_name(bound->type)), SLICE_ARG(bound->bytes));
}

static int check_bounds(struct arena *arena, const struct node *node, struct expr_error *ret_error)
{
    const struct node *low = node->operands[1];
    const struct node *high = node->operands[2];
    if (low->op != NODE_VALUE || high->op != NODE_VALUE) {
        return 0;
    }
    bool same_type = low->value->type == high->value->type;
    if (same_type && value_compare(low->value, high->value) <= 0) {
        return 0;
    }
    return expr_fail(ret_error, same_type ? EXPR_BETWEEN_ORDER : EXPR_BETWEEN_TYPES, bound_text(arena, low->value),
                     bound_text(arena, high->value));
}

static int check_type_operand(const struct node *node, struct expr_error *ret_error)
{
    const struct node *operand = node->operands[1];
    enum value_type type = known_type(operand);
    if (type != VALUE_S) {
        /* For a path, all types that it might have are listed. */
        return expr_fail(ret_error, EXPR_OPERAND_TYPE, node_op_name(node->op),
                         type == 0 ? SLICE("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}") : value_type_name(type));
    }
    for (enum value_type named = VALUE_S; named <= VALUE_BS; named++) {
        if (slice_equal(value_type_name(named), operand->value->bytes)) {
            return 0;
        }
    }
    return expr_fail(ret_error, EXPR_TYPE_NAME, operand->value->bytes, SLICE(""));
}

static int check_function(struct arena *arena, const struct node *node, struct expr_error *ret_error)
{
    if (node->count != OPS[node->op].operands) {
        return expr_fail(ret_error, EXPR_OPERAND_COUNT, node_op_name(node->op), arena_printf(arena, "%u", node->count));
    }
    switch ((enum node_op)node->op) {
    case NODE_ATTRIBUTE_EXISTS:
    case NODE_ATTRIBUTE_NOT_EXISTS:
        return check_path(node, ret_error);
    case NODE_ATTRIBUTE_TYPE:
        return check_distinct(arena, node, ret_error) != 0 ? -1 : check_type_operand(node, ret_error);
    case NODE_BEGINS_WITH:
        return check_types(node, TYPES_TEXT, ret_error) != 0 ? -1 : check_distinct(arena, node, ret_error);
    case NODE_CONTAINS:
        return check_distinct(arena, node, ret_error);
    case NODE_SIZE:
        return check_types(node, TYPES_SIZED, ret_error);
    case NODE_IF_NOT_EXISTS:
        return check_path(node, ret_error) != 0 ? -1 : check_distinct(arena, node, ret_error);
    default:
        assert(node->op == NODE_LIST_APPEND);
        return check_types(node, TYPE(VALUE_L), ret_error);
    }
}

static int check_in(struct arena *arena, const struct node *node, struct expr_error *ret_error)
{
    if (check_distinct(arena, node, ret_error) != 0) {
        return -1;
    }
    uint32_t choices = node->count - 1;
    if (choices > EXPR_IN_OPERANDS_MAX) {
        return expr_fail(ret_error, EXPR_IN_TOO_MANY, arena_printf(arena, "%u", choices), SLICE(""));
    }
    return 0;
}

int check_operands(struct arena *arena, const struct node *node, struct expr_error *ret_error)
{
    switch ((enum node_op)node->op) {
    case NODE_PATH:
    case NODE_VALUE:
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        return 0;
    case NODE_EQ:
    case NODE_NE:
        return check_distinct(arena, node, ret_error);
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return check_types(node, TYPES_ORDER, ret_error) != 0 ? -1 : check_distinct(arena, node, ret_error);
    case NODE_BETWEEN:
        if (check_types(node, TYPES_ORDER, ret_error) != 0 || check_distinct(arena, node, ret_error) != 0) {
            return -1;
        }
        return check_bounds(arena, node, ret_error);
    case NODE_IN:
        return check_in(arena, node, ret_error);
    case NODE_PLUS:
    case NODE_MINUS:
        return check_types(node, TYPE(VALUE_N), ret_error);
    default:
        return check_function(arena, node, ret_error);
    }
}

int resolve_nodes(struct parser *parser, struct node_list nodes, struct expr_error *ret_error)
{
    for (struct node *node = nodes.first; node != NULL; node = node->next) {
        int result;
        if (node->op == NODE_PATH) {
            result = resolve_path(parser, node, ret_error);
        } else if (node->op == NODE_VALUE) {
            const struct expr_value *value = symbols_value(parser->symbols, node->placeholder, parser->arena);
            if (value == NULL) {
                return expr_fail(ret_error, EXPR_VALUE_UNDEFINED, node->placeholder, SLICE(""));
            }
            node->value = &value->value;
            result = 0;
        } else {
            result = check_operands(parser->arena, node, ret_error);
        }
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}
