/* Trees made by other means than expression text: the nodes of expr/tree.h put together one by one, for statements of
 * another language. What is built obeys the same rules as what is parsed, and is refused with the same errors.
 *
 * A node belongs to one tree. The caller bounds the depth of what it builds: all walks over it recurse. */
#pragma once

#include "expr/error.h"
#include "expr/tree.h"

/* The value is not copied. */
struct node *build_value(struct arena *arena, const struct value *value);

/* The elements are not copied. -1 if there are more than PATH_ELEMENTS_MAX. */
int build_path(struct arena *arena, const struct path *path, struct node **ret_node, struct expr_error *ret_error);

/* The operands are copied, not checked. */
struct node *build_operation(struct arena *arena, enum node_op op, struct node *const *operands, uint32_t count);

/* Checks all operands below `root`, operands before what uses them. */
int condition_build(struct arena *arena, struct node *root, struct condition **ret_condition,
                    struct expr_error *ret_error);

struct build_action {
    enum action_kind kind;
    struct node *target; /* NODE_PATH */
    struct node *value;  /* NULL for REMOVE; a NODE_VALUE for ADD and DELETE */
};
int update_build(struct arena *arena, const struct build_action *actions, uint32_t count, struct update **ret_update,
                 struct expr_error *ret_error);

/* `paths` are NODE_PATH. */
int projection_build(struct arena *arena, struct node *const *paths, uint32_t count, struct projection **ret_projection,
                     struct expr_error *ret_error);
