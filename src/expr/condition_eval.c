/* Conditions against items. An operand that the item does not have is no value at all: it equals nothing, not even
 * another such operand, and is different from everything. */
#include <assert.h>

#include "expr/path_tree.h"

struct evaluation {
    struct value item;          /* VALUE_M */
    const struct value **found; /* by path_reads_walk, or NULL */
    struct arena *scratch;
};

static const struct value *operand(struct evaluation *evaluation, const struct node *node);

/* UTF-16 code units: what DynamoDB calls the length of a string. */
static uint32_t string_length(struct slice utf8)
{
    uint32_t units = 0;
    for (size_t i = 0; i < utf8.len; i++) {
        unsigned char byte = (unsigned char)utf8.data[i];
        units += (byte & 0xC0) != 0x80; /* the first byte of each character */
        units += byte >= 0xF0;          /* beyond the basic plane: a surrogate pair */
    }
    return units;
}

static const struct value *size_of(struct evaluation *evaluation, const struct value *value)
{
    uint32_t size;
    if (value == NULL) {
        return NULL;
    }
    switch ((enum value_type)value->type) {
    case VALUE_S:
        size = string_length(value->bytes);
        break;
    case VALUE_B:
        size = (uint32_t)value->bytes.len;
        break;
    case VALUE_M:
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        size = value->count;
        break;
    default:
        return NULL;
    }
    struct value *number = ARENA_NEW(evaluation->scratch, struct value);
    number->type = VALUE_N;
    number->bytes = arena_printf(evaluation->scratch, "%u", size);
    return number;
}

static const struct value *operand(struct evaluation *evaluation, const struct node *node)
{
    switch ((enum node_op)node->op) {
    case NODE_PATH:
        return path_read(&evaluation->item, evaluation->found, &node->path);
    case NODE_VALUE:
        return node->value;
    default:
        assert(node->op == NODE_SIZE);
        return size_of(evaluation, operand(evaluation, node->operands[0]));
    }
}

static bool is_ordered(const struct value *a, const struct value *b)
{
    return a != NULL && b != NULL && a->type == b->type &&
           (a->type == VALUE_S || a->type == VALUE_N || a->type == VALUE_B);
}

static bool is_equal(const struct value *a, const struct value *b)
{
    return a != NULL && b != NULL && value_equal(a, b);
}

static bool compare(enum node_op op, const struct value *a, const struct value *b)
{
    if (op == NODE_EQ || op == NODE_NE) {
        return is_equal(a, b) == (op == NODE_EQ);
    }
    if (!is_ordered(a, b)) {
        return false;
    }
    int order = value_compare(a, b);
    switch (op) {
    case NODE_LT:
        return order < 0;
    case NODE_LE:
        return order <= 0;
    case NODE_GT:
        return order > 0;
    default:
        assert(op == NODE_GE);
        return order >= 0;
    }
}

static bool is_between(struct evaluation *evaluation, const struct node *node)
{
    const struct value *value = operand(evaluation, node->operands[0]);
    const struct value *low = operand(evaluation, node->operands[1]);
    const struct value *high = operand(evaluation, node->operands[2]);
    return compare(NODE_LE, low, value) && compare(NODE_LE, value, high);
}

static bool is_in(struct evaluation *evaluation, const struct node *node)
{
    const struct value *value = operand(evaluation, node->operands[0]);
    for (uint32_t i = 1; i < node->count; i++) {
        if (is_equal(value, operand(evaluation, node->operands[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_text(const struct value *value)
{
    return value->type == VALUE_S || value->type == VALUE_B;
}

static bool begins_with(const struct value *value, const struct value *prefix)
{
    return value != NULL && prefix != NULL && value->type == prefix->type && is_text(value) &&
           slice_starts_with(value->bytes, prefix->bytes);
}

static bool contains(const struct value *whole, const struct value *part)
{
    if (whole == NULL || part == NULL) {
        return false;
    }
    switch ((enum value_type)whole->type) {
    case VALUE_S:
    case VALUE_B:
        return whole->type == part->type && (part->bytes.len == 0 || memmem(whole->bytes.data, whole->bytes.len,
                                                                            part->bytes.data, part->bytes.len) != NULL);
    case VALUE_SS:
        return part->type == VALUE_S && value_set_contains(whole, part);
    case VALUE_NS:
        return part->type == VALUE_N && value_set_contains(whole, part);
    case VALUE_BS:
        return part->type == VALUE_B && value_set_contains(whole, part);
    case VALUE_L:
        for (uint32_t i = 0; i < whole->count; i++) {
            if (value_equal(&whole->elements[i], part)) {
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

static bool is_of_type(const struct value *value, const struct value *type)
{
    return value != NULL && slice_equal(value_type_name(value->type), type->bytes);
}

/* Recursion is bounded by EXPR_OPERATORS_MAX. */
static bool holds(struct evaluation *evaluation, const struct node *node)
{
    struct node **operands = node->operands;
    switch ((enum node_op)node->op) {
    case NODE_AND:
        return holds(evaluation, operands[0]) && holds(evaluation, operands[1]);
    case NODE_OR:
        return holds(evaluation, operands[0]) || holds(evaluation, operands[1]);
    case NODE_NOT:
        return !holds(evaluation, operands[0]);
    case NODE_BETWEEN:
        return is_between(evaluation, node);
    case NODE_IN:
        return is_in(evaluation, node);
    case NODE_ATTRIBUTE_EXISTS:
        return operand(evaluation, operands[0]) != NULL;
    case NODE_ATTRIBUTE_NOT_EXISTS:
        return operand(evaluation, operands[0]) == NULL;
    case NODE_ATTRIBUTE_TYPE:
        return is_of_type(operand(evaluation, operands[0]), operand(evaluation, operands[1]));
    case NODE_BEGINS_WITH:
        return begins_with(operand(evaluation, operands[0]), operand(evaluation, operands[1]));
    case NODE_CONTAINS:
        return contains(operand(evaluation, operands[0]), operand(evaluation, operands[1]));
    default:
        return compare(node->op, operand(evaluation, operands[0]), operand(evaluation, operands[1]));
    }
}

bool condition_holds(const struct condition *condition, const struct item *item, struct arena *scratch)
{
    struct evaluation evaluation = {.item = item_as_map(item), .scratch = scratch};
    if (condition->reads != NULL) {
        evaluation.found = path_reads_walk(condition->reads, &evaluation.item, scratch);
    }
    return holds(&evaluation, condition->root);
}
