/* How a SELECT is run: queries where the WHERE clause gives the partition keys, else a scan. */
#include <assert.h>
#include <stdlib.h>

#include "partiql/plan.h"

struct planner {
    struct arena *arena;
    const struct partiql_statement *statement;
    const struct partiql_keys *keys;
    const struct partiql_keys *base;
    struct conjuncts conjuncts;
    struct partiql_plan *plan;
    struct partiql_error *error;
};

static int fail(struct planner *planner, enum partiql_error_code code, struct slice a, struct slice b)
{
    return partiql_fail(planner->error, code, a, b);
}

/* --- the types of key conditions --------------------------------------------------------------------------------- */

static bool has_hash(const struct planner *planner)
{
    const struct value *value;
    for (uint32_t i = 0; i < planner->keys->hash_count; i++) {
        if (conjuncts_find_equality(&planner->conjuncts, planner->keys->hash[i].name, &value) == UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static bool is_typed(enum node_op op)
{
    return (op >= NODE_EQ && op <= NODE_IN) || op == NODE_BEGINS_WITH;
}

/* The key attribute of the index or table that is compared with values alone, or NULL. */
static const struct partiql_key *compared_key(const struct planner *planner, const struct node *node)
{
    const struct partiql_key *key = NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        struct slice name = node_name(node->operands[i]);
        if (node->operands[i]->op == NODE_VALUE) {
            continue;
        }
        if (name.len == 0 || key != NULL) {
            return NULL;
        }
        key = keys_find(planner->keys, name);
        key = key != NULL ? key : keys_find(planner->base, name);
        if (key == NULL) {
            return NULL;
        }
    }
    return key;
}

/* Values that a key attribute is compared with must be such as it may have. */
static int check_comparison(struct planner *planner, const struct node *node, bool is_lookup)
{
    const struct partiql_key *key = compared_key(planner, node);
    for (uint32_t i = 0; key != NULL && i < node->count; i++) {
        const struct node *operand = node->operands[i];
        if (operand->op != NODE_VALUE) {
            continue;
        }
        if (operand->value->type != key->type) {
            return is_lookup && keys_find(planner->keys, key->name) != NULL
                       ? fail(planner, PARTIQL_KEY_TYPE, key->name, SLICE(""))
                       : fail(planner, PARTIQL_CONDITION_TYPE, SLICE(""), SLICE(""));
        }
        if (key->type != VALUE_N && operand->value->bytes.len == 0) {
            return fail(planner, PARTIQL_KEY_EMPTY, key->type == VALUE_B ? SLICE("binary") : SLICE("string"),
                        key->name);
        }
    }
    return 0;
}

/* Recursion is bounded by the number of operators. */
static int check_types(struct planner *planner, const struct node *node, bool is_lookup)
{
    if (is_typed(node->op) || node->op == NODE_CONTAINS) {
        return check_comparison(planner, node, is_lookup);
    }
    bool is_junction = node->op == NODE_AND || node->op == NODE_OR || node->op == NODE_NOT;
    for (uint32_t i = 0; is_junction && i < node->count; i++) {
        if (check_types(planner, node->operands[i], false) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The first equality of a key attribute; any other one is a condition. */
static bool is_lookup(const struct planner *planner, uint32_t conjunct)
{
    const struct node *node = planner->conjuncts.nodes[conjunct];
    const struct partiql_key *key = node->op == NODE_EQ ? compared_key(planner, node) : NULL;
    const struct value *value;
    return key != NULL && conjuncts_find_equality(&planner->conjuncts, key->name, &value) == conjunct;
}

static int check_conjuncts(struct planner *planner)
{
    bool is_query = has_hash(planner);
    for (uint32_t i = 0; i < planner->conjuncts.count; i++) {
        if (check_types(planner, planner->conjuncts.nodes[i], is_query && is_lookup(planner, i)) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- partitions -------------------------------------------------------------------------------------------------- */

/* Every hash part by an equality. */
static bool take_equalities(struct planner *planner)
{
    if (!has_hash(planner)) {
        return false;
    }
    struct value *hash = ARENA_ARRAY(planner->arena, struct value, planner->keys->hash_count);
    for (uint32_t i = 0; i < planner->keys->hash_count; i++) {
        const struct value *value = NULL;
        uint32_t at = conjuncts_find_equality(&planner->conjuncts, planner->keys->hash[i].name, &value);
        planner->conjuncts.used[at] = true;
        hash[i] = *value;
    }
    planner->plan->hash = hash;
    planner->plan->partition_count = 1;
    return true;
}

/* name IN [values] */
static bool take_in(struct planner *planner, const struct node *node, struct slice name)
{
    struct partiql_plan *plan = planner->plan;
    if (node->op != NODE_IN || !slice_equal(node_name(node->operands[0]), name)) {
        return false;
    }
    plan->hash = ARENA_ARRAY(planner->arena, struct value, node->count);
    plan->partition_count = 0;
    for (uint32_t i = 1; i < node->count; i++) {
        if (node->operands[i]->op != NODE_VALUE) {
            return false;
        }
        plan->hash[plan->partition_count++] = *node->operands[i]->value;
    }
    return true;
}

static bool has_value(const struct partiql_plan *plan, const struct value *value)
{
    for (uint32_t i = 0; i < plan->partition_count; i++) {
        if (value_equal(&plan->hash[i], value)) {
            return true;
        }
    }
    return false;
}

/* name = a OR name = b OR …: each value once. Recursion is bounded by the number of operators. */
static bool take_or(struct planner *planner, const struct node *node, struct slice name)
{
    struct partiql_plan *plan = planner->plan;
    const struct value *value;
    if (node->op == NODE_OR) {
        return take_or(planner, node->operands[0], name) && take_or(planner, node->operands[1], name);
    }
    if (!node_is_equality(node, name, &value)) {
        return false;
    }
    if (!has_value(plan, value)) {
        if (plan->partition_count == PARTIQL_KEY_CHOICES_MAX) {
            return false;
        }
        plan->hash[plan->partition_count++] = *value;
    }
    return true;
}

/* Several values of a hash key of one part. */
static bool take_choices(struct planner *planner)
{
    struct slice name = planner->keys->hash[0].name;
    if (planner->keys->hash_count != 1) {
        return false;
    }
    for (uint32_t i = 0; i < planner->conjuncts.count; i++) {
        struct node *node = planner->conjuncts.nodes[i];
        bool taken = take_in(planner, node, name);
        if (!taken && node->op == NODE_OR) {
            planner->plan->hash = ARENA_ARRAY(planner->arena, struct value, PARTIQL_KEY_CHOICES_MAX);
            planner->plan->partition_count = 0;
            taken = take_or(planner, node, name);
        }
        if (taken) {
            planner->conjuncts.used[i] = true;
            return true;
        }
    }
    return false;
}

static int check_choices(struct planner *planner)
{
    if (planner->plan->partition_count <= PARTIQL_KEY_CHOICES_MAX) {
        return 0;
    }
    struct expr_error error;
    (void)expr_fail(&error, EXPR_IN_TOO_MANY, arena_printf(planner->arena, "%u", planner->plan->partition_count),
                    SLICE(""));
    *planner->error = (struct partiql_error){.code = PARTIQL_EXPRESSION, .expr = error};
    return -1;
}

/* --- the range --------------------------------------------------------------------------------------------------- */

/* `value < name` says `name > value`. */
static bool range_operator(enum node_op op, bool is_mirrored, enum key_operator *ret_how)
{
    switch (op) {
    case NODE_EQ:
        *ret_how = KEY_EQ;
        return true;
    case NODE_LT:
        *ret_how = is_mirrored ? KEY_GT : KEY_LT;
        return true;
    case NODE_LE:
        *ret_how = is_mirrored ? KEY_GE : KEY_LE;
        return true;
    case NODE_GT:
        *ret_how = is_mirrored ? KEY_LT : KEY_GT;
        return true;
    case NODE_GE:
        *ret_how = is_mirrored ? KEY_LE : KEY_GE;
        return true;
    case NODE_BETWEEN:
        *ret_how = KEY_BETWEEN;
        return !is_mirrored;
    case NODE_BEGINS_WITH:
        *ret_how = KEY_BEGINS_WITH;
        return !is_mirrored;
    default:
        return false;
    }
}

static bool range_term(const struct node *node, struct slice name, struct key_term *ret_term)
{
    if (!is_typed(node->op) || node->count < 2) {
        return false;
    }
    bool is_mirrored = !slice_equal(node_name(node->operands[0]), name);
    uint32_t named = is_mirrored ? 1 : 0;
    enum key_operator how;
    if (!slice_equal(node_name(node->operands[named]), name) || !range_operator(node->op, is_mirrored, &how)) {
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (i != named && node->operands[i]->op != NODE_VALUE) {
            return false;
        }
    }
    *ret_term = (struct key_term){.name = name};
    ret_term->operator= how;
    ret_term->operand = *node->operands[1 - named]->value;
    if (how == KEY_BETWEEN) {
        ret_term->operand_upper = *node->operands[2]->value;
    }
    return true;
}

/* The condition on a range part that narrows most: an equality, else the first of the others. UINT32_MAX: none. */
static uint32_t find_range(const struct planner *planner, struct slice name, struct key_term *ret_term)
{
    const struct value *value;
    uint32_t at = conjuncts_find_equality(&planner->conjuncts, name, &value);
    for (uint32_t i = 0; at == UINT32_MAX && i < planner->conjuncts.count; i++) {
        if (!planner->conjuncts.used[i] && range_term(planner->conjuncts.nodes[i], name, ret_term)) {
            return i;
        }
    }
    if (at != UINT32_MAX) {
        bool is_term = range_term(planner->conjuncts.nodes[at], name, ret_term);
        assert(is_term);
    }
    return at;
}

static void take_range(struct planner *planner)
{
    struct partiql_plan *plan = planner->plan;
    while (plan->range_count < planner->keys->range_count) {
        struct key_term *term = &plan->range[plan->range_count];
        uint32_t at = find_range(planner, planner->keys->range[plan->range_count].name, term);
        if (at == UINT32_MAX) {
            return;
        }
        planner->conjuncts.used[at] = true;
        plan->range_count++;
        enum key_operator how = term->operator;
        if (how != KEY_EQ) {
            return;
        }
    }
}

/* --- the order --------------------------------------------------------------------------------------------------- */

static bool is_hash(const struct planner *planner, struct slice name)
{
    for (uint32_t i = 0; i < planner->keys->hash_count; i++) {
        if (slice_equal(planner->keys->hash[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* True if no row fulfils the node without a condition on the hash key. Recursion is bounded by the operators. */
static bool needs_hash(const struct planner *planner, const struct node *node)
{
    if (node->op == NODE_AND || node->op == NODE_OR) {
        bool left = needs_hash(planner, node->operands[0]);
        bool right = needs_hash(planner, node->operands[1]);
        return node->op == NODE_AND ? left || right : left && right;
    }
    for (uint32_t i = 0; node->op != NODE_PATH && node->op != NODE_VALUE && i < node->count; i++) {
        if (is_hash(planner, node_name(node->operands[i]))) {
            return true;
        }
    }
    return false;
}

static int check_order(struct planner *planner)
{
    const struct partiql_statement *statement = planner->statement;
    for (uint32_t i = 0; i < statement->order_count; i++) {
        if (keys_find(planner->keys, statement->order[i].name) == NULL) {
            return fail(planner, PARTIQL_ORDER_NAME, statement->order[i].name, SLICE(""));
        }
    }
    if (statement->order_count > 0 && !needs_hash(planner, statement->where)) {
        return fail(planner, PARTIQL_ORDER_HASH, SLICE(""), SLICE(""));
    }
    return 0;
}

static int compare_ascending(const void *a, const void *b)
{
    return value_compare(a, b);
}

static int compare_descending(const void *a, const void *b)
{
    return value_compare(b, a);
}

static void apply_order(struct planner *planner)
{
    const struct partiql_statement *statement = planner->statement;
    struct partiql_plan *plan = planner->plan;
    bool is_partitioned = false;
    bool is_ranged = false;
    for (uint32_t i = 0; i < statement->order_count; i++) {
        const struct partiql_order *order = &statement->order[i];
        if (is_hash(planner, order->name)) {
            if (!is_partitioned && plan->partition_count > 1) {
                qsort(plan->hash, plan->partition_count, sizeof plan->hash[0],
                      order->descending ? compare_descending : compare_ascending);
            }
            is_partitioned = true;
        } else if (!plan->is_scan && !is_ranged) {
            plan->reverse = order->descending;
            is_ranged = true;
        }
    }
}

static int build_filter(struct planner *planner)
{
    struct expr_error error;
    struct node *rest = conjuncts_rest(planner->arena, &planner->conjuncts);
    if (rest != NULL && condition_build(planner->arena, rest, &planner->plan->filter, &error) != 0) {
        *planner->error = (struct partiql_error){.code = PARTIQL_EXPRESSION, .expr = error};
        return -1;
    }
    return 0;
}

int partiql_plan_select(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                        const struct partiql_keys *base, struct partiql_plan *ret_plan, struct partiql_error *ret_error)
{
    struct planner planner = {
        .arena = arena, .statement = statement, .keys = keys, .base = base, .plan = ret_plan, .error = ret_error};
    assert(statement->kind == PARTIQL_SELECT);
    *ret_plan = (struct partiql_plan){0};
    conjuncts_split(arena, statement->where, &planner.conjuncts);
    if (plan_check_nested(arena, statement, keys, "Key: ", ret_error) != 0 ||
        plan_check_nested(arena, statement, base, "Key: ", ret_error) != 0 || check_order(&planner) != 0 ||
        check_conjuncts(&planner) != 0) {
        return -1;
    }
    ret_plan->is_scan = !take_equalities(&planner) && !take_choices(&planner);
    if (ret_plan->is_scan) {
        ret_plan->partition_count = 0;
    } else {
        if (check_choices(&planner) != 0) {
            return -1;
        }
        take_range(&planner);
    }
    apply_order(&planner);
    return build_filter(&planner);
}
