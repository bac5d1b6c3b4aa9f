/* Reading many paths from one item in one walk. Looked up alone, each costs a search through the attributes, and a
 * request may bring a thousand paths and an item tens of thousands of attributes. */
#include "expr/path_tree.h"

/* Up to this many paths are better looked up one by one. */
#define SEARCH_COUNT_MAX 8

const struct path_tree *path_reads_make(struct arena *arena, struct node *paths, uint32_t count, size_t elements)
{
    if (count <= SEARCH_COUNT_MAX) {
        return NULL;
    }
    struct path_tree *tree = ARENA_NEW(arena, struct path_tree);
    path_tree_init(tree, arena, elements);
    for (struct node *node = paths; node != NULL; node = node->next_path) {
        path_tree_share(tree, &node->path);
    }
    path_tree_finish(tree);
    return tree;
}

struct walk {
    const struct path_tree *tree;
    struct arena *arena;
    const struct value **found;
};

/* Recursion is bounded by PATH_ELEMENTS_MAX. */
static void visit(struct walk *walk, const struct path_branch *branch, const struct value *value)
{
    uint32_t *places = NULL;
    walk->found[branch->id] = value;
    if (branch->child_count == 0) {
        return;
    }
    if (value->type == VALUE_M) {
        places = path_tree_locate(walk->tree, branch, value, walk->arena);
    }
    for (uint32_t i = 0; i < branch->child_count; i++) {
        const struct path_branch *child = branch->children[i];
        if (child->element.is_index) {
            const struct value *element = path_step(value, &child->element);
            if (element != NULL) {
                visit(walk, child, element);
            }
        } else if (places != NULL && places[i] != PATH_TREE_NOWHERE) {
            visit(walk, child, &value->attributes[places[i]].value);
        }
    }
}

const struct value **path_reads_walk(const struct path_tree *tree, const struct value *item, struct arena *arena)
{
    struct walk walk = {.tree = tree, .arena = arena};
    walk.found = arena_zalloc(arena, tree->branch_count * sizeof *walk.found);
    visit(&walk, tree->root, item);
    return walk.found;
}
