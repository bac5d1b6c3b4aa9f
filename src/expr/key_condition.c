/* A key condition taken apart into its terms: comparisons of one attribute each, joined by AND. What depends on the
 * key schema (which attributes, how many, of which type) is for the caller. */
#include <assert.h>

#include "expr/error.h"
#include "expr/tree.h"

struct collector {
    struct key_term *terms;
    uint32_t count;
    struct expr_error *error;
};

static int fail(struct collector *collector, enum expr_error_code code, struct slice word)
{
    return expr_fail(collector->error, code, word, SLICE(""));
}

static int key_operator_of(enum node_op op, enum key_operator *ret_operator)
{
    switch (op) {
    case NODE_EQ:
        *ret_operator = KEY_EQ;
        return 0;
    case NODE_LT:
        *ret_operator = KEY_LT;
        return 0;
    case NODE_LE:
        *ret_operator = KEY_LE;
        return 0;
    case NODE_GT:
        *ret_operator = KEY_GT;
        return 0;
    case NODE_GE:
        *ret_operator = KEY_GE;
        return 0;
    case NODE_BETWEEN:
        *ret_operator = KEY_BETWEEN;
        return 0;
    case NODE_BEGINS_WITH:
        *ret_operator = KEY_BEGINS_WITH;
        return 0;
    default:
        return -1;
    }
}

/* `:v < name` says `name > :v`. */
static enum key_operator mirrored(enum key_operator operator)
{
    switch (operator) {
    case KEY_LT:
        return KEY_GT;
    case KEY_LE:
        return KEY_GE;
    case KEY_GT:
        return KEY_LT;
    case KEY_GE:
        return KEY_LE;
    default:
        return operator;
    }
}

/* The one operand that is a path, or -1 with an error. */
static int find_name(struct collector *collector, const struct node *node, uint32_t *ret_position)
{
    uint32_t names = 0;
    bool fixed = node->op == NODE_BETWEEN || node->op == NODE_BEGINS_WITH;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct node *operand = node->operands[i];
        if (operand->op != NODE_PATH && operand->op != NODE_VALUE) {
            return fail(collector, EXPR_KEY_NESTED_OPERATION, SLICE(""));
        }
        if (i == 0 && fixed && operand->op != NODE_PATH) {
            return fail(collector, EXPR_KEY_FIRST_OPERAND, node_op_name(node->op));
        }
        if (operand->op == NODE_PATH) {
            if (names++ > 0) {
                return fail(collector, EXPR_KEY_SEVERAL_NAMES, SLICE(""));
            }
            if (operand->path.count > 1) {
                return fail(collector, EXPR_KEY_NESTED_ATTRIBUTE, SLICE(""));
            }
            *ret_position = i;
        }
    }
    return names == 0 ? fail(collector, EXPR_KEY_NO_NAME, SLICE("")) : 0;
}

static int add_term(struct collector *collector, const struct node *node)
{
    enum key_operator operator;
    uint32_t name_at = 0;
    if (key_operator_of(node->op, &operator) != 0) {
        return fail(collector, EXPR_KEY_OPERATOR, node_op_name(node->op));
    }
    if (find_name(collector, node, &name_at) != 0) {
        return -1;
    }
    struct slice name = node->operands[name_at]->path.elements[0].name;
    for (uint32_t i = 0; i < collector->count; i++) {
        if (slice_equal(collector->terms[i].name, name)) {
            return fail(collector, EXPR_KEY_REPEATED, SLICE(""));
        }
    }
    if (collector->count == KEY_TERMS_MAX) {
        return fail(collector, EXPR_KEY_TOO_MANY, SLICE(""));
    }
    struct key_term *term = &collector->terms[collector->count++];
    *term = (struct key_term){.name = name, .operator= name_at == 0 ? operator: mirrored(operator) };
    term->operand = *node->operands[name_at == 0 ? 1 : 0]->value;
    if (operator== KEY_BETWEEN) {
        term->operand_upper = *node->operands[2]->value;
    }
    return 0;
}

/* Left to right, the operator before its operands. Recursion is bounded by EXPR_OPERATORS_MAX. */
static int collect(struct collector *collector, const struct node *node)
{
    if (node->op != NODE_AND) {
        return add_term(collector, node);
    }
    return collect(collector, node->operands[0]) != 0 ? -1 : collect(collector, node->operands[1]);
}

int condition_key_terms(const struct condition *condition, struct key_term ret_terms[KEY_TERMS_MAX],
                        uint32_t *ret_count, struct expr_error *ret_error)
{
    struct collector collector = {.terms = ret_terms, .error = ret_error};
    if (collect(&collector, condition->root) != 0) {
        return -1;
    }
    assert(collector.count > 0);
    *ret_count = collector.count;
    return 0;
}
