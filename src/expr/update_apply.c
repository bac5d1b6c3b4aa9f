/* The new item: the old one with every outcome in its place. Only maps and lists on the way to a change are copied. */
#include <assert.h>

#include "expr/update_eval.h"

struct builder {
    const struct path_tree *tree;
    const struct outcome *outcomes;
    struct arena *arena;
};

static struct value rebuild(struct builder *builder, const struct path_branch *branch, const struct value *old);

static const struct outcome *outcome_of(struct builder *builder, const struct path_branch *leaf)
{
    const struct action *action = leaf->owner;
    return &builder->outcomes[action->index];
}

/* A child's new value, or false if it is removed. `old` is what is there now, NULL if nothing. */
static bool child_value(struct builder *builder, const struct path_branch *child, const struct value *old,
                        struct value *ret_value)
{
    if (child->child_count > 0) {
        if (old != NULL) {
            *ret_value = rebuild(builder, child, old);
        }
        return old != NULL;
    }
    const struct outcome *outcome = outcome_of(builder, child);
    switch (outcome->kind) {
    case OUTCOME_SET:
        *ret_value = outcome->value;
        return true;
    case OUTCOME_KEEP:
        if (old != NULL) {
            *ret_value = *old;
        }
        return old != NULL;
    default:
        assert(outcome->kind == OUTCOME_REMOVE);
        return false;
    }
}

/* Attributes that were there keep their place; new ones follow. */
static struct value rebuild_map(struct builder *builder, const struct path_branch *branch, const struct value *old)
{
    struct attribute *attributes =
        ARENA_ARRAY(builder->arena, struct attribute, (size_t)old->count + branch->child_count);
    uint32_t *places = path_tree_locate(builder->tree, branch, old, builder->arena);
    uint32_t count = old->count;
    uint32_t removed = 0;
    if (count > 0) {
        memcpy(attributes, old->attributes, count * sizeof *attributes);
    }
    for (uint32_t i = 0; i < branch->child_count; i++) {
        const struct path_branch *child = branch->children[i];
        bool present = places[i] != PATH_TREE_NOWHERE;
        uint32_t place = present ? places[i] : count;
        bool kept =
            child_value(builder, child, present ? &old->attributes[place].value : NULL, &attributes[place].value);
        if (!present && kept) {
            attributes[count++].name = child->element.name;
        } else if (present && !kept) {
            attributes[place].name.data = NULL; /* no attribute has that */
            removed++;
        }
    }
    uint32_t left = 0;
    for (uint32_t i = 0; removed > 0 && i < count; i++) {
        if (attributes[i].name.data != NULL) {
            attributes[left++] = attributes[i];
        }
    }
    return (struct value){.type = VALUE_M, .count = removed > 0 ? left : count, .attributes = attributes};
}

/* Indexes are positions before the update; those past the end append, in the order of the indexes. */
static struct value rebuild_list(struct builder *builder, const struct path_branch *branch, const struct value *old)
{
    struct value *elements = ARENA_ARRAY(builder->arena, struct value, (size_t)old->count + branch->child_count);
    uint32_t count = 0;
    uint32_t child = 0;
    for (uint32_t i = 0; i < old->count; i++) {
        if (child < branch->child_count && branch->children[child]->element.index == i) {
            count += child_value(builder, branch->children[child], &old->elements[i], &elements[count]);
            child++;
        } else {
            elements[count++] = old->elements[i];
        }
    }
    for (; child < branch->child_count; child++) {
        count += child_value(builder, branch->children[child], NULL, &elements[count]);
    }
    return (struct value){.type = VALUE_L, .count = count, .elements = elements};
}

/* Recursion is bounded by PATH_ELEMENTS_MAX. */
static struct value rebuild(struct builder *builder, const struct path_branch *branch, const struct value *old)
{
    bool by_index = branch->children[0]->element.is_index;
    if (old->type != (by_index ? VALUE_L : VALUE_M)) {
        return *old; /* update_evaluate lets this pass only for a REMOVE from an item that does not exist */
    }
    return by_index ? rebuild_list(builder, branch, old) : rebuild_map(builder, branch, old);
}

int update_apply(const struct update *update, const struct item *key, const struct item *old, struct arena *arena,
                 struct item *ret_new, struct expr_error *ret_error)
{
    struct value base = item_as_map(old != NULL ? old : key);
    struct outcome *outcomes = ARENA_ARRAY(arena, struct outcome, update->count);
    if (update_evaluate(update, &base, old != NULL, arena, outcomes, ret_error) != 0) {
        return -1;
    }
    struct builder builder = {.tree = &update->tree, .outcomes = outcomes, .arena = arena};
    struct value new = rebuild(&builder, update->tree.root, &base);
    *ret_new = (struct item){.attributes = new.attributes, .count = new.count};
    return 0;
}

void update_project(const struct update *update, const struct item *item, struct arena *arena, struct item *ret_parts)
{
    path_tree_project(&update->tree, item, arena, ret_parts);
}
