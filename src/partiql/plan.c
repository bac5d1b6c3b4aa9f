#include "partiql/plan.h"

#include <assert.h>

/* --- conjunctions ------------------------------------------------------------------------------------------------ */

/* AND nests to the left; recursion is bounded by the number of operators. */
static void collect(struct node *node, struct conjuncts *conjuncts)
{
    if (node->op == NODE_AND) {
        collect(node->operands[0], conjuncts);
        collect(node->operands[1], conjuncts);
        return;
    }
    conjuncts->nodes[conjuncts->count++] = node;
}

void conjuncts_split(struct arena *arena, struct node *where, struct conjuncts *ret_conjuncts)
{
    *ret_conjuncts = (struct conjuncts){.nodes = ARENA_ARRAY(arena, struct node *, EXPR_OPERATORS_MAX + 1),
                                        .used = arena_zalloc(arena, EXPR_OPERATORS_MAX + 1)};
    if (where != NULL) {
        collect(where, ret_conjuncts);
    }
    assert(ret_conjuncts->count <= EXPR_OPERATORS_MAX + 1);
}

struct node *conjuncts_rest(struct arena *arena, const struct conjuncts *conjuncts)
{
    struct node *rest = NULL;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        if (conjuncts->used[i]) {
            continue;
        }
        struct node *pair[2] = {rest, conjuncts->nodes[i]};
        rest = rest == NULL ? pair[1] : build_operation(arena, NODE_AND, pair, 2);
    }
    return rest;
}

struct slice node_name(const struct node *node)
{
    bool is_name = node->op == NODE_PATH && node->path.count == 1;
    return is_name ? node->path.elements[0].name : SLICE("");
}

bool node_is_equality(const struct node *node, struct slice name, const struct value **ret_value)
{
    for (uint32_t i = 0; node->op == NODE_EQ && i < 2; i++) {
        if (slice_equal(node_name(node->operands[i]), name) && node->operands[1 - i]->op == NODE_VALUE) {
            *ret_value = node->operands[1 - i]->value;
            return true;
        }
    }
    return false;
}

uint32_t conjuncts_find_equality(const struct conjuncts *conjuncts, struct slice name, const struct value **ret_value)
{
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        if (!conjuncts->used[i] && node_is_equality(conjuncts->nodes[i], name, ret_value)) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* --- keys -------------------------------------------------------------------------------------------------------- */

const struct partiql_key *keys_find(const struct partiql_keys *keys, struct slice name)
{
    for (uint32_t i = 0; i < keys->hash_count; i++) {
        if (slice_equal(keys->hash[i].name, name)) {
            return &keys->hash[i];
        }
    }
    for (uint32_t i = 0; i < keys->range_count; i++) {
        if (slice_equal(keys->range[i].name, name)) {
            return &keys->range[i];
        }
    }
    return NULL;
}

static bool is_nested_key(const struct partiql_keys *keys, const struct node *path, struct slice *ret_name)
{
    if (path->path.count < 2 || keys_find(keys, path->path.elements[0].name) == NULL) {
        return false;
    }
    *ret_name = path->path.elements[0].name;
    return true;
}

/* Recursion is bounded by the number of operators. */
static bool find_nested_key(const struct partiql_keys *keys, const struct node *node, struct slice *ret_name)
{
    if (node->op == NODE_PATH) {
        return is_nested_key(keys, node, ret_name);
    }
    for (uint32_t i = 0; node->op != NODE_VALUE && i < node->count; i++) {
        if (find_nested_key(keys, node->operands[i], ret_name)) {
            return true;
        }
    }
    return false;
}

int plan_check_nested(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                      const char *prefix, struct partiql_error *ret_error)
{
    struct slice name = SLICE("");
    bool found = statement->where != NULL && find_nested_key(keys, statement->where, &name);
    for (uint32_t i = 0; !found && i < statement->column_count; i++) {
        found = is_nested_key(keys, statement->columns[i].path, &name);
    }
    if (!found) {
        return 0;
    }
    return partiql_fail(ret_error, PARTIQL_KEY_NESTED, arena_printf(arena, "%s%.*s", prefix, SLICE_ARG(name)),
                        SLICE(""));
}
