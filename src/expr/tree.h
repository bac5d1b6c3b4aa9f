/* What the parsers build and the evaluators walk. Private to expr/.
 *
 * Nodes of one expression form a list in the order in which they are complete: operands before what uses them, left
 * before right. Checks run along the list, so that the first error found is the one DynamoDB reports, and nothing
 * recurses over text that was not yet found to have at most EXPR_OPERATORS_MAX operators. After parsing, recursion over
 * a tree is bounded by that number. */
#pragma once

#include "expr/expr.h"
#include "value/value.h"

enum node_op {
    NODE_PATH,
    NODE_VALUE,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_EQ,
    NODE_NE,
    NODE_LT,
    NODE_LE,
    NODE_GT,
    NODE_GE,
    NODE_BETWEEN,
    NODE_IN,
    NODE_PLUS,
    NODE_MINUS,
    NODE_ATTRIBUTE_EXISTS, /* from here on: functions */
    NODE_ATTRIBUTE_NOT_EXISTS,
    NODE_ATTRIBUTE_TYPE,
    NODE_BEGINS_WITH,
    NODE_CONTAINS,
    NODE_SIZE,
    NODE_IF_NOT_EXISTS,
    NODE_LIST_APPEND,
    NODE_UNKNOWN_FUNCTION, /* refused before anybody looks at it */
};

/* A name, or an index of a list. */
struct path_element {
    struct slice name; /* a #placeholder until it is resolved */
    uint32_t index;
    bool is_index;
};

struct path {
    struct path_element *elements;
    uint32_t count;
    uint32_t place; /* of the value and of what contains it, in what path_reads_walk finds */
    uint32_t container;
};

/* More levels are counted, not kept: the path is refused. */
#define PATH_ELEMENTS_MAX 32

struct node {
    uint8_t op; /* enum node_op */
    bool parenthesised;
    uint32_t position;      /* in the text */
    uint32_t count;         /* of operands */
    struct node *next;      /* complete after this one */
    struct node *next_path; /* NODE_PATH: the path before it in the text */
    union {
        struct node **operands;
        struct path path;
        struct {
            struct slice placeholder;
            const struct value *value;
        };
    };
};

struct node_list {
    struct node *first;
    struct node *last;
};

/* Many paths are looked up in one walk over the item; for a few each is looked up alone and this is NULL. */
struct path_tree;

struct condition {
    struct node *root;
    struct node_list nodes;
    const struct path_tree *reads;
};

enum action_kind { ACTION_SET, ACTION_REMOVE, ACTION_ADD, ACTION_DELETE };

struct action {
    uint8_t kind;           /* enum action_kind */
    uint32_t index;         /* in update->actions */
    struct node *target;    /* NODE_PATH */
    struct node *value;     /* NULL for REMOVE */
    struct node_list nodes; /* of the value */
};

/* As written: "=", "BETWEEN", "size", … */
struct slice node_op_name(enum node_op op);

/* Which function has this name; NODE_UNKNOWN_FUNCTION if none. Case-sensitive. */
enum node_op node_function(struct slice name);

static inline bool node_is_function(const struct node *node)
{
    return node->op >= NODE_ATTRIBUTE_EXISTS;
}

/* "[a, b, [0]]", as error texts show it. */
struct slice path_text(struct arena *arena, const struct path *path);

bool path_equal(const struct path *a, const struct path *b);

/* What the path names inside an item, or NULL. `item` is a VALUE_M. */
const struct value *path_find(const struct value *item, const struct path *path);

/* The member or list element, or NULL if there is none or `container` is of another type. */
const struct value *path_step(const struct value *container, const struct path_element *element);

/* An item as the map it is. */
static inline struct value item_as_map(const struct item *item)
{
    struct value map = {.type = VALUE_M};
    if (item != NULL) {
        map.count = item->count;
        map.attributes = item->attributes;
    }
    return map;
}
