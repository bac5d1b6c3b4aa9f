/* Paths merged by their common beginnings: one walk over an item serves all of them, whatever the number of attributes
 * and paths, and paths that exclude each other are found in linear time. Private to expr/. */
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

/* After the last path_tree_add or path_tree_share. */
void path_tree_finish(struct path_tree *tree);

#define PATH_TREE_NOWHERE UINT32_MAX

/* Where in a map's attributes each child of the branch is, or PATH_TREE_NOWHERE: one number per child, in the arena.
 * Linear in attributes + children. */
uint32_t *path_tree_locate(const struct path_tree *tree, const struct path_branch *branch, const struct value *map,
                           struct arena *arena);

/* Adds a path that is only read: no path excludes it. Sets its place and container. */
void path_tree_share(struct path_tree *tree, struct path *path);

/* A tree of paths to read, `paths` being linked by next_path; NULL if they are so few that each is better looked up
 * alone. */
const struct path_tree *path_reads_make(struct arena *arena, struct node *paths, uint32_t count, size_t elements);

/* Looks up all paths of such a tree in an item: what each place holds, or NULL. */
const struct value **path_reads_walk(const struct path_tree *tree, const struct value *item, struct arena *arena);

/* What the path names; `found` is NULL, or comes from path_reads_walk. */
static inline const struct value *path_read(const struct value *item, const struct value **found,
                                            const struct path *path)
{
    return found != NULL ? found[path->place] : path_find(item, path);
}

/* The parts of the item that the paths name; list elements are compacted in index order. */
void path_tree_project(const struct path_tree *tree, const struct item *item, struct arena *arena,
                       struct item *ret_parts);

struct update {
    struct action *actions;
    uint32_t count;
    struct path_tree tree; /* owners are actions */
    const struct path_tree *reads;
};

struct projection {
    struct path_tree tree;
};
