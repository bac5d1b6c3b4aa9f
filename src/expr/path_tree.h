/* The paths of an update or projection merged by their common beginnings: one walk over an item serves all of them,
 * and paths that exclude each other are found in linear time. Private to expr/. */
#pragma once

#include "expr/tree.h"

struct path_branch {
    struct path_element element; /* not of the root */
    uint32_t id;                 /* position in creation order; the root is 0 */
    uint32_t parent;             /* its id */
    uint32_t hash;
    const struct path *path; /* a leaf: the whole path */
    const void *owner;       /* a leaf: what path_tree_add was given */
    struct path_branch *first_child, *next_sibling;
    struct path_branch **children; /* set by path_tree_finish: indexes ascending, names the last one added first */
    uint32_t child_count;
};

struct path_tree {
    struct arena *arena;
    struct path_branch *root;
    struct path_branch **slots; /* hash table of all branches but the root */
    uint32_t slot_mask;
    uint32_t branch_count;
};

/* Room for paths of `elements` elements in all. */
void path_tree_init(struct path_tree *tree, struct arena *arena, size_t elements);

/* -1 with EXPR_PATHS_OVERLAP or EXPR_PATHS_CONFLICT: "path one" is the one added, "path two" one that was there. */
int path_tree_add(struct path_tree *tree, const struct path *path, const void *owner, struct expr_error *ret_error);

/* After the last path_tree_add. */
void path_tree_finish(struct path_tree *tree);

#define PATH_TREE_NOWHERE UINT32_MAX

/* Where in a map's attributes each child of the branch is, or PATH_TREE_NOWHERE: one number per child, in the arena.
 * Linear in attributes + children. */
uint32_t *path_tree_locate(const struct path_tree *tree, const struct path_branch *branch, const struct value *map,
                           struct arena *arena);

/* The parts of the item that the paths name; list elements are compacted in index order. */
void path_tree_project(const struct path_tree *tree, const struct item *item, struct arena *arena,
                       struct item *ret_parts);

struct update {
    struct action *actions;
    uint32_t count;
    struct path_tree tree; /* owners are actions */
};

struct projection {
    struct path_tree tree;
};
