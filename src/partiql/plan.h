/* WHERE clauses taken apart along the keys of a table or index. Private to partiql/. */
#pragma once

#include "expr/build.h"
#include "partiql/error.h"

/* The parts of a conjunction, in the order of the text. */
struct conjuncts {
    struct node **nodes;
    bool *used; /* by a key; the others are the condition or filter */
    uint32_t count;
};

void conjuncts_split(struct arena *arena, struct node *where, struct conjuncts *ret_conjuncts);

/* What is not used, joined by AND; NULL if nothing is left. */
struct node *conjuncts_rest(struct arena *arena, const struct conjuncts *conjuncts);

/* The name if the node is a path of one name, else an empty slice. */
struct slice node_name(const struct node *node);

/* True for `name = value`, either way around. */
bool node_is_equality(const struct node *node, struct slice name, const struct value **ret_value);

/* The first equality of the name that is not used, or UINT32_MAX. */
uint32_t conjuncts_find_equality(const struct conjuncts *conjuncts, struct slice name, const struct value **ret_value);

const struct partiql_key *keys_find(const struct partiql_keys *keys, struct slice name);

/* -1 if a path goes on behind a key attribute. `prefix` stands in front of the attribute in the error. */
int plan_check_nested(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                      const char *prefix, struct partiql_error *ret_error);
