#include "expr/legacy.h"

#include <assert.h>

#include "expr/build.h"

static struct node *attribute(struct arena *arena, struct slice name)
{
    struct path_element *element = ARENA_NEW(arena, struct path_element);
    struct expr_error error;
    struct node *node = NULL;
    element->name = name;
    const struct path path = {.elements = element, .count = 1};
    int failed = build_path(arena, &path, &node, &error);
    assert(!failed);
    return node;
}

static struct node *unary(struct arena *arena, enum node_op op, struct node *operand)
{
    return build_operation(arena, op, &operand, 1);
}

static struct node *binary(struct arena *arena, enum node_op op, struct node *left, struct node *right)
{
    struct node *operands[] = {left, right};
    return build_operation(arena, op, operands, 2);
}

/* AND or OR of all of them as a balanced tree: requests may bring very many. Recursion is the tree's depth, at most 32.
 */
static struct node *joined(struct arena *arena, enum node_op op, struct node *const *nodes, uint32_t count)
{
    assert(count > 0);
    if (count == 1) {
        return nodes[0];
    }
    uint32_t half = count / 2;
    return binary(arena, op, joined(arena, op, nodes, half), joined(arena, op, nodes + half, count - half));
}

/* --- conditions ------------------------------------------------------------------------------------------------ */

static struct node *between(struct arena *arena, const struct legacy_test *test)
{
    assert(test->count == 2);
    struct node *operands[] = {attribute(arena, test->name), build_value(arena, &test->values[0]),
                               build_value(arena, &test->values[1])};
    return build_operation(arena, NODE_BETWEEN, operands, 3);
}

/* The legacy list has no limit, an IN of the tree has: a longer list becomes several, joined by OR. */
static struct node *in(struct arena *arena, const struct legacy_test *test)
{
    assert(test->count > 0);
    uint32_t parts = (test->count + EXPR_IN_OPERANDS_MAX - 1) / EXPR_IN_OPERANDS_MAX;
    struct node **nodes = ARENA_ARRAY(arena, struct node *, parts);
    for (uint32_t part = 0; part < parts; part++) {
        struct node *operands[1 + EXPR_IN_OPERANDS_MAX];
        uint32_t first = part * EXPR_IN_OPERANDS_MAX;
        uint32_t count = 1;
        operands[0] = attribute(arena, test->name);
        for (uint32_t i = first; i < test->count && count <= EXPR_IN_OPERANDS_MAX; i++) {
            operands[count++] = build_value(arena, &test->values[i]);
        }
        nodes[part] = build_operation(arena, NODE_IN, operands, count);
    }
    return joined(arena, NODE_OR, nodes, parts);
}

/* `attribute op value` */
static struct node *compared(struct arena *arena, enum node_op op, const struct legacy_test *test)
{
    assert(test->count == 1);
    return binary(arena, op, attribute(arena, test->name), build_value(arena, &test->values[0]));
}

static struct node *test_node(struct arena *arena, const struct legacy_test *test)
{
    switch (test->comparison) {
    case LEGACY_EQ:
        return compared(arena, NODE_EQ, test);
    case LEGACY_NE:
        return compared(arena, NODE_NE, test);
    case LEGACY_IN:
        return in(arena, test);
    case LEGACY_LE:
        return compared(arena, NODE_LE, test);
    case LEGACY_LT:
        return compared(arena, NODE_LT, test);
    case LEGACY_GE:
        return compared(arena, NODE_GE, test);
    case LEGACY_GT:
        return compared(arena, NODE_GT, test);
    case LEGACY_BETWEEN:
        return between(arena, test);
    case LEGACY_NOT_NULL:
        return unary(arena, NODE_ATTRIBUTE_EXISTS, attribute(arena, test->name));
    case LEGACY_NULL:
        return unary(arena, NODE_ATTRIBUTE_NOT_EXISTS, attribute(arena, test->name));
    case LEGACY_CONTAINS:
        return compared(arena, NODE_CONTAINS, test);
    case LEGACY_NOT_CONTAINS:
        return binary(arena, NODE_AND, unary(arena, NODE_ATTRIBUTE_EXISTS, attribute(arena, test->name)),
                      unary(arena, NODE_NOT, compared(arena, NODE_CONTAINS, test)));
    case LEGACY_BEGINS_WITH:
        return compared(arena, NODE_BEGINS_WITH, test);
    }
    assert(!"a comparison");
    return NULL;
}

struct condition *condition_of_tests(struct arena *arena, const struct legacy_test *tests, uint32_t count, bool any)
{
    struct node **nodes = ARENA_ARRAY(arena, struct node *, count);
    struct condition *condition = NULL;
    struct expr_error error;
    for (uint32_t i = 0; i < count; i++) {
        nodes[i] = test_node(arena, &tests[i]);
    }
    int failed = condition_build(arena, joined(arena, any ? NODE_OR : NODE_AND, nodes, count), &condition, &error);
    assert(!failed);
    return condition;
}

static enum key_operator key_operator_of(enum legacy_comparison comparison)
{
    switch (comparison) {
    case LEGACY_EQ:
        return KEY_EQ;
    case LEGACY_LE:
        return KEY_LE;
    case LEGACY_LT:
        return KEY_LT;
    case LEGACY_GE:
        return KEY_GE;
    case LEGACY_GT:
        return KEY_GT;
    case LEGACY_BETWEEN:
        return KEY_BETWEEN;
    case LEGACY_BEGINS_WITH:
        return KEY_BEGINS_WITH;
    default:
        return KEY_NOT_INDEXABLE;
    }
}

void key_term_of_test(const struct legacy_test *test, struct key_term *ret_term)
{
    struct key_term term = {.name = test->name, .operator= key_operator_of(test->comparison)};
    if (test->count > 0) {
        term.operand = test->values[0];
    }
    if (test->comparison == LEGACY_BETWEEN) {
        assert(test->count == 2);
        term.operand_upper = test->values[1];
    }
    *ret_term = term;
}

/* --- updates --------------------------------------------------------------------------------------------------- */

/* ADD takes lists too, which the ADD of an expression does not: list_append(if_not_exists(name, []), value). */
static struct node *appended(struct arena *arena, const struct legacy_change *change)
{
    struct value *empty = ARENA_NEW(arena, struct value);
    empty->type = VALUE_L;
    struct node *present = binary(arena, NODE_IF_NOT_EXISTS, attribute(arena, change->name), build_value(arena, empty));
    return binary(arena, NODE_LIST_APPEND, present, build_value(arena, change->value));
}

static struct build_action action_of(struct arena *arena, const struct legacy_change *change)
{
    struct build_action action = {.target = attribute(arena, change->name)};
    bool is_list = change->action == LEGACY_ADD && change->value->type == VALUE_L;
    if (change->value != NULL) {
        action.value = is_list ? appended(arena, change) : build_value(arena, change->value);
    }
    switch (change->action) {
    case LEGACY_ADD:
        action.kind = is_list ? ACTION_SET : ACTION_ADD;
        break;
    case LEGACY_PUT:
        assert(action.value != NULL);
        action.kind = ACTION_SET;
        break;
    case LEGACY_DELETE:
        action.kind = change->value == NULL ? ACTION_REMOVE : ACTION_DELETE;
        break;
    }
    return action;
}

struct update *update_of_changes(struct arena *arena, const struct legacy_change *changes, uint32_t count)
{
    struct build_action *actions = ARENA_ARRAY(arena, struct build_action, count);
    struct update *update = NULL;
    struct expr_error error;
    assert(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        actions[i] = action_of(arena, &changes[i]);
    }
    int failed = update_build(arena, actions, count, &update, &error);
    assert(!failed);
    return update;
}
