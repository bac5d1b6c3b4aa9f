/* Statements about one item: its key out of the WHERE clause or the item, the rest as the condition. */
#include <assert.h>

#include "partiql/plan.h"

struct planner {
    struct arena *arena;
    const struct partiql_keys *keys;
    bool is_exists;
    struct partiql_error *error;
};

static int fail(struct planner *planner, enum partiql_error_code code, struct slice a, struct slice b)
{
    return partiql_fail(planner->error, code, a, b);
}

static const struct partiql_key *key_part(const struct partiql_keys *keys, uint32_t part)
{
    return part < keys->hash_count ? &keys->hash[part] : &keys->range[part - keys->hash_count];
}

static int check_type(struct planner *planner, const struct partiql_key *key, const struct value *value)
{
    if (value->type != VALUE_S && value->type != VALUE_N && value->type != VALUE_B) {
        return fail(planner, PARTIQL_KEY_NO_SCALAR, key->name, value_type_name(value->type));
    }
    if (value->type != key->type) {
        return fail(planner, PARTIQL_KEY_TYPE, key->name, SLICE(""));
    }
    return 0;
}

static int check_not_empty(struct planner *planner, const struct partiql_key *key, const struct value *value)
{
    if (value->type != VALUE_N && value->bytes.len == 0) {
        return fail(planner, PARTIQL_KEY_EMPTY, value->type == VALUE_B ? SLICE("binary") : SLICE("string"), key->name);
    }
    return 0;
}

/* The value that the WHERE clause demands of one key attribute; several times only if it is the same. Of EXISTS the
 * first one counts, and the others are conditions. */
static int take_part(struct planner *planner, struct conjuncts *conjuncts, const struct partiql_key *key,
                     const struct value **ret_value)
{
    const struct value *value = NULL;
    const struct value *again;
    uint32_t at;
    while (!(planner->is_exists && value != NULL) &&
           (at = conjuncts_find_equality(conjuncts, key->name, &again)) != UINT32_MAX) {
        if (value != NULL && !value_equal(value, again)) {
            return fail(planner, PARTIQL_KEY_REPEATED, key->name, SLICE(""));
        }
        value = again;
        conjuncts->used[at] = true;
    }
    *ret_value = value;
    return 0;
}

static int take_key(struct planner *planner, struct conjuncts *conjuncts, struct item *ret_key)
{
    uint32_t parts = planner->keys->hash_count + planner->keys->range_count;
    struct item key = {.attributes = ARENA_ARRAY(planner->arena, struct attribute, parts)};
    for (; key.count < parts; key.count++) {
        const struct partiql_key *part = key_part(planner->keys, key.count);
        const struct value *value = NULL;
        if (take_part(planner, conjuncts, part, &value) != 0) {
            return -1;
        }
        if (value == NULL) {
            return fail(planner, PARTIQL_KEYS_WANTED, SLICE(""), SLICE(""));
        }
        key.attributes[key.count] = (struct attribute){.name = part->name, .value = *value};
    }
    int failed = 0;
    for (uint32_t i = 0; i < parts && failed == 0; i++) {
        failed = check_type(planner, key_part(planner->keys, i), &key.attributes[i].value);
    }
    for (uint32_t i = 0; i < parts && failed == 0; i++) {
        failed = check_not_empty(planner, key_part(planner->keys, i), &key.attributes[i].value);
    }
    if (failed != 0) {
        return -1;
    }
    *ret_key = key;
    return 0;
}

static int key_of_item(struct planner *planner, const struct item *item, struct item *ret_key)
{
    uint32_t parts = planner->keys->hash_count + planner->keys->range_count;
    struct item key = {.attributes = ARENA_ARRAY(planner->arena, struct attribute, parts)};
    for (; key.count < parts; key.count++) {
        const struct partiql_key *part = key_part(planner->keys, key.count);
        const struct value *value = item_find(item, part->name);
        if (value == NULL) {
            return fail(planner, PARTIQL_KEY_ABSENT, part->name, SLICE(""));
        }
        if (value->type != part->type) {
            return fail(planner, PARTIQL_KEY_TYPE, part->name, SLICE(""));
        }
        key.attributes[key.count] = (struct attribute){.name = part->name, .value = *value};
    }
    *ret_key = key;
    return 0;
}

/* attribute_exists or attribute_not_exists of the hash key: whether there is such an item. */
static struct node *existence(struct planner *planner, enum node_op op)
{
    struct path_element *element = ARENA_NEW(planner->arena, struct path_element);
    const struct path path = {.elements = element, .count = 1};
    struct expr_error error;
    struct node *node;
    element->name = planner->keys->hash[0].name;
    int failed = build_path(planner->arena, &path, &node, &error);
    assert(!failed);
    return build_operation(planner->arena, op, &node, 1);
}

static int build(struct planner *planner, struct node *root, struct condition **ret_condition)
{
    struct expr_error error;
    if (condition_build(planner->arena, root, ret_condition, &error) != 0) {
        *planner->error = (struct partiql_error){.code = PARTIQL_EXPRESSION, .expr = error};
        return -1;
    }
    return 0;
}

/* DELETE of what does not exist succeeds, whatever the condition. The others want the item to be there. */
static int join_condition(struct planner *planner, enum partiql_kind kind, struct node *rest,
                          struct condition **ret_condition)
{
    bool is_delete = kind == PARTIQL_DELETE;
    if (is_delete && rest == NULL) {
        *ret_condition = NULL;
        return 0;
    }
    struct node *pair[2] = {existence(planner, is_delete ? NODE_ATTRIBUTE_NOT_EXISTS : NODE_ATTRIBUTE_EXISTS), rest};
    struct node *root =
        rest == NULL ? pair[0] : build_operation(planner->arena, is_delete ? NODE_OR : NODE_AND, pair, 2);
    return build(planner, root, ret_condition);
}

int partiql_plan_write(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                       struct item *ret_key, struct condition **ret_condition, struct partiql_error *ret_error)
{
    bool is_exists = statement->kind == PARTIQL_EXISTS;
    struct planner planner = {.arena = arena, .keys = keys, .is_exists = is_exists, .error = ret_error};
    struct conjuncts conjuncts;
    assert(statement->kind != PARTIQL_SELECT && statement->index.len == 0);
    if (statement->kind == PARTIQL_INSERT) {
        if (key_of_item(&planner, &statement->item, ret_key) != 0) {
            return -1;
        }
        return build(&planner, existence(&planner, NODE_ATTRIBUTE_NOT_EXISTS), ret_condition);
    }
    if (plan_check_nested(arena, statement, keys, "Key ", ret_error) != 0) {
        return -1;
    }
    conjuncts_split(arena, statement->where, &conjuncts);
    if (take_key(&planner, &conjuncts, ret_key) != 0) {
        bool is_form = ret_error->code == PARTIQL_KEYS_WANTED || ret_error->code == PARTIQL_KEY_REPEATED;
        if (is_exists && ret_error->code == PARTIQL_KEY_NO_SCALAR) {
            return fail(&planner, PARTIQL_KEY_TYPE, ret_error->a, SLICE("")); /* in the words for every other type */
        }
        return is_exists && is_form ? fail(&planner, PARTIQL_EXISTS_FORM, SLICE(""), SLICE("")) : -1;
    }
    struct node *rest = conjuncts_rest(arena, &conjuncts);
    if (is_exists && rest == NULL) {
        return fail(&planner, PARTIQL_EXISTS_FORM, SLICE(""), SLICE(""));
    }
    return join_condition(&planner, statement->kind, rest, ret_condition);
}

int partiql_plan_get(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                     struct item *ret_key, struct partiql_error *ret_error)
{
    struct planner planner = {.arena = arena, .keys = keys, .error = ret_error};
    struct conjuncts conjuncts;
    assert(statement->kind == PARTIQL_SELECT);
    if (plan_check_nested(arena, statement, keys, "Key: ", ret_error) != 0) {
        return -1;
    }
    conjuncts_split(arena, statement->where, &conjuncts);
    bool is_single = statement->index.len == 0 && conjuncts.count == keys->hash_count + keys->range_count;
    if (is_single && take_key(&planner, &conjuncts, ret_key) == 0) {
        return 0;
    }
    bool is_form = ret_error->code == PARTIQL_KEYS_WANTED || ret_error->code == PARTIQL_KEY_REPEATED ||
                   ret_error->code == PARTIQL_KEY_NO_SCALAR;
    if (is_single && !is_form) {
        return -1;
    }
    return fail(&planner, PARTIQL_SINGLE_ITEM, SLICE(""), SLICE(""));
}
