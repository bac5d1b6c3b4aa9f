#include "expr/path_tree.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "expr/error.h"

/* Up to this many children are looked for one by one in a map. */
#define SEARCH_COUNT_MAX 8

/* Mixed with where the table happens to be in memory, so that nobody can choose names that collide. */
static uint32_t hash_step(const struct path_tree *tree, uint32_t parent, const struct path_element *element)
{
    uint64_t hash = element->is_index ? element->index + 1 : hash_bytes(element->name);
    hash = (hash ^ (uintptr_t)tree->slots) * 0x9E3779B97F4A7C15u;
    hash = (hash ^ hash >> 29 ^ parent) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(hash >> 32);
}

static bool is_child(const struct path_branch *branch, uint32_t parent, uint32_t hash,
                     const struct path_element *element)
{
    return branch->hash == hash && branch->parent == parent && branch->element.is_index == element->is_index &&
           (element->is_index ? branch->element.index == element->index
                              : slice_equal(branch->element.name, element->name));
}

/* The slot of the child, or the free one where it belongs. The table is never more than half full. */
static struct path_branch **find_slot(const struct path_tree *tree, uint32_t parent, uint32_t hash,
                                      const struct path_element *element)
{
    uint32_t at = hash & tree->slot_mask;
    while (tree->slots[at] != NULL && !is_child(tree->slots[at], parent, hash, element)) {
        at = (at + 1) & tree->slot_mask;
    }
    return &tree->slots[at];
}

void path_tree_init(struct path_tree *tree, struct arena *arena, size_t elements)
{
    uint32_t slots = 4;
    while (slots < elements * 2) {
        slots *= 2;
    }
    *tree = (struct path_tree){.arena = arena, .slot_mask = slots - 1, .branch_count = 1};
    tree->slots = arena_zalloc(arena, slots * sizeof *tree->slots);
    tree->root = ARENA_NEW(arena, struct path_branch);
}

/* Some path that goes through this branch. */
static const struct path *path_through(const struct path_branch *branch)
{
    while (branch->path == NULL) {
        branch = branch->first_child;
    }
    return branch->path;
}

static int refuse(struct path_tree *tree, enum expr_error_code code, const struct path *path,
                  const struct path_branch *branch, struct expr_error *ret_error)
{
    return expr_fail(ret_error, code, path_text(tree->arena, path), path_text(tree->arena, path_through(branch)));
}

/* The most recent child comes first until path_tree_finish. */
static struct path_branch *add_child(struct path_tree *tree, struct path_branch *parent, uint32_t hash,
                                     const struct path_element *element, struct path_branch **slot)
{
    struct path_branch *branch = ARENA_NEW(tree->arena, struct path_branch);
    branch->element = *element;
    branch->id = tree->branch_count++;
    branch->parent = parent->id;
    branch->hash = hash;
    branch->next_sibling = parent->first_child;
    parent->first_child = branch;
    parent->child_count++;
    *slot = branch;
    return branch;
}

int path_tree_add(struct path_tree *tree, const struct path *path, const void *owner, struct expr_error *ret_error)
{
    struct path_branch *branch = tree->root;
    bool is_new = false;
    for (uint32_t i = 0; i < path->count; i++) {
        const struct path_element *element = &path->elements[i];
        if (branch->path != NULL) {
            return refuse(tree, EXPR_PATHS_OVERLAP, path, branch, ret_error);
        }
        if (branch->first_child != NULL && branch->first_child->element.is_index != element->is_index) {
            return refuse(tree, EXPR_PATHS_CONFLICT, path, branch, ret_error);
        }
        uint32_t hash = hash_step(tree, branch->id, element);
        struct path_branch **slot = find_slot(tree, branch->id, hash, element);
        is_new = *slot == NULL;
        branch = is_new ? add_child(tree, branch, hash, element, slot) : *slot;
    }
    if (!is_new) {
        return refuse(tree, EXPR_PATHS_OVERLAP, path, branch, ret_error);
    }
    branch->path = path;
    branch->owner = owner;
    return 0;
}

void path_tree_share(struct path_tree *tree, struct path *path)
{
    struct path_branch *branch = tree->root;
    for (uint32_t i = 0; i < path->count; i++) {
        const struct path_element *element = &path->elements[i];
        uint32_t hash = hash_step(tree, branch->id, element);
        struct path_branch **slot = find_slot(tree, branch->id, hash, element);
        path->container = branch->id;
        branch = *slot == NULL ? add_child(tree, branch, hash, element, slot) : *slot;
    }
    path->place = branch->id;
}

static int compare_indexes(const void *left, const void *right)
{
    uint32_t a = (*(struct path_branch *const *)left)->element.index;
    uint32_t b = (*(struct path_branch *const *)right)->element.index;
    return (a > b) - (a < b);
}

/* Recursion is bounded by PATH_ELEMENTS_MAX. */
static void finish_branch(struct path_tree *tree, struct path_branch *branch)
{
    if (branch->child_count == 0) {
        return;
    }
    branch->children = ARENA_ARRAY(tree->arena, struct path_branch *, branch->child_count);
    uint32_t count = 0;
    for (struct path_branch *child = branch->first_child; child != NULL; child = child->next_sibling) {
        branch->children[count++] = child;
        finish_branch(tree, child);
    }
    assert(count == branch->child_count);
    if (branch->children[0]->element.is_index) {
        qsort(branch->children, branch->child_count, sizeof *branch->children, compare_indexes);
    }
}

void path_tree_finish(struct path_tree *tree)
{
    finish_branch(tree, tree->root);
}

static uint32_t find_attribute(const struct value *map, struct slice name)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (slice_equal(map->attributes[i].name, name)) {
            return i;
        }
    }
    return PATH_TREE_NOWHERE;
}

uint32_t *path_tree_locate(const struct path_tree *tree, const struct path_branch *branch, const struct value *map,
                           struct arena *arena)
{
    uint32_t *places = ARENA_ARRAY(arena, uint32_t, branch->child_count);
    if (branch->child_count <= SEARCH_COUNT_MAX) {
        for (uint32_t i = 0; i < branch->child_count; i++) {
            places[i] = find_attribute(map, branch->children[i]->element.name);
        }
        return places;
    }
    /* Many children: ask for each attribute whether it is one of them. Ids of children are sparse, so their places
     * pass through a table by id. */
    uint32_t *by_id = ARENA_ARRAY(arena, uint32_t, tree->branch_count);
    memset(by_id, 0xff, tree->branch_count * sizeof *by_id);
    for (uint32_t i = 0; i < map->count; i++) {
        struct path_element element = {.name = map->attributes[i].name};
        const struct path_branch *child = *find_slot(tree, branch->id, hash_step(tree, branch->id, &element), &element);
        if (child != NULL) {
            by_id[child->id] = i;
        }
    }
    for (uint32_t i = 0; i < branch->child_count; i++) {
        places[i] = by_id[branch->children[i]->id];
    }
    return places;
}
