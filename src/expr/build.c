#include "expr/build.h"

#include <assert.h>

#include "expr/parser.h"
#include "expr/path_tree.h"

struct node *build_value(struct arena *arena, const struct value *value)
{
    struct node *node = ARENA_NEW(arena, struct node);
    node->op = NODE_VALUE;
    node->value = value;
    return node;
}

int build_path(struct arena *arena, const struct path *path, struct node **ret_node, struct expr_error *ret_error)
{
    if (path->count > PATH_ELEMENTS_MAX) {
        return expr_fail(ret_error, EXPR_PATH_TOO_DEEP, arena_printf(arena, "%u", path->count), SLICE(""));
    }
    struct node *node = ARENA_NEW(arena, struct node);
    node->op = NODE_PATH;
    node->path = *path;
    *ret_node = node;
    return 0;
}

struct node *build_operation(struct arena *arena, enum node_op op, struct node *const *operands, uint32_t count)
{
    assert(op != NODE_PATH && op != NODE_VALUE && count > 0);
    struct node *node = ARENA_NEW(arena, struct node);
    node->op = (uint8_t)op;
    node->count = count;
    node->operands = ARENA_ARRAY(arena, struct node *, count);
    memcpy(node->operands, operands, count * sizeof *operands);
    return node;
}

/* The paths of a tree that are read, for path_reads_make. */
struct path_list {
    struct node *last;
    uint32_t count;
    size_t elements;
};

static void add_path(struct path_list *paths, struct node *node)
{
    node->next_path = paths->last;
    paths->last = node;
    paths->count++;
    paths->elements += node->path.count;
}

/* Recursion is as deep as the tree, which the caller bounds. */
static void list_nodes(struct node *node, struct node_list *list, struct path_list *paths)
{
    if (node->op == NODE_PATH) {
        add_path(paths, node);
    }
    bool has_operands = node->op != NODE_PATH && node->op != NODE_VALUE;
    for (uint32_t i = 0; has_operands && i < node->count; i++) {
        list_nodes(node->operands[i], list, paths);
    }
    node->next = NULL;
    if (list->last == NULL) {
        list->first = node;
    } else {
        list->last->next = node;
    }
    list->last = node;
}

static int check_nodes(struct arena *arena, const struct node_list *list, struct expr_error *ret_error)
{
    for (const struct node *node = list->first; node != NULL; node = node->next) {
        if (check_operands(arena, node, ret_error) != 0) {
            return -1;
        }
    }
    return 0;
}

int condition_build(struct arena *arena, struct node *root, struct condition **ret_condition,
                    struct expr_error *ret_error)
{
    struct condition *condition = ARENA_NEW(arena, struct condition);
    struct path_list paths = {0};
    condition->root = root;
    list_nodes(root, &condition->nodes, &paths);
    if (check_nodes(arena, &condition->nodes, ret_error) != 0) {
        return -1;
    }
    condition->reads = path_reads_make(arena, paths.last, paths.count, paths.elements);
    *ret_condition = condition;
    return 0;
}

/* As in text: first all paths that are written, then all values; each time the last action first. */
int update_build(struct arena *arena, const struct build_action *actions, uint32_t count, struct update **ret_update,
                 struct expr_error *ret_error)
{
    struct update *update = ARENA_NEW(arena, struct update);
    struct path_list paths = {0};
    update->actions = arena_zalloc(arena, count * sizeof(struct action));
    update->count = count;
    for (uint32_t i = 0; i < count; i++) {
        add_path(&paths, actions[i].target);
    }
    path_tree_init(&update->tree, arena, paths.elements);
    for (uint32_t i = count; i-- > 0;) {
        struct action *action = &update->actions[i];
        action->kind = (uint8_t)actions[i].kind;
        action->index = i;
        action->target = actions[i].target;
        action->value = actions[i].value;
        if (path_tree_add(&update->tree, &action->target->path, action, ret_error) != 0) {
            return -1;
        }
    }
    path_tree_finish(&update->tree);
    for (uint32_t i = count; i-- > 0;) {
        struct action *action = &update->actions[i];
        if (action->value == NULL) {
            continue;
        }
        list_nodes(action->value, &action->nodes, &paths);
        if (check_nodes(arena, &action->nodes, ret_error) != 0) {
            return -1;
        }
    }
    update->reads = path_reads_make(arena, paths.last, paths.count, paths.elements);
    *ret_update = update;
    return 0;
}

int projection_build(struct arena *arena, struct node *const *paths, uint32_t count, struct projection **ret_projection,
                     struct expr_error *ret_error)
{
    struct projection *projection = ARENA_NEW(arena, struct projection);
    size_t elements = 0;
    for (uint32_t i = 0; i < count; i++) {
        elements += paths[i]->path.count;
    }
    path_tree_init(&projection->tree, arena, elements);
    for (uint32_t i = 0; i < count; i++) {
        if (path_tree_add(&projection->tree, &paths[i]->path, paths[i], ret_error) != 0) {
            return -1;
        }
    }
    path_tree_finish(&projection->tree);
    *ret_projection = projection;
    return 0;
}
