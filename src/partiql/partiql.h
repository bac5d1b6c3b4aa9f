/* PartiQL statements: text to the same trees that expressions become. Two steps: compiling needs the text and its
 * parameters alone; planning fits what was compiled to the keys of a table or index, which the caller looks up by the
 * names in between.
 *
 * Language: Amazon DynamoDB Developer Guide, "PartiQL - a SQL-compatible query language for Amazon DynamoDB". Parsing
 * is linear in the text and bounded in depth; all memory is the arena's, shared with text and parameters. */
#pragma once

#include "expr/expr.h"
#include "value/value.h"

#define PARTIQL_KEY_PARTS_MAX   4
#define PARTIQL_KEY_CHOICES_MAX 50 /* values of a hash key in one IN; source: Developer Guide, "IN operator" */
#define PARTIQL_DEPTH_MAX       256

struct partiql_error {
    int code;          /* enum partiql_error_code of partiql/error.h; 0 is none */
    struct slice a, b; /* operands of the text */
    struct expr_error expr;
    bool placed;         /* the text ends in the place of a token */
    uint32_t start, end; /* of that token in the statement */
};

enum partiql_kind {
    PARTIQL_SELECT,
    PARTIQL_INSERT,
    PARTIQL_UPDATE,
    PARTIQL_DELETE,
    PARTIQL_EXISTS, /* of one item: a SELECT inside; only in transactions */
};

enum partiql_returning {
    PARTIQL_RETURN_NONE,
    PARTIQL_RETURN_ALL_OLD,
    PARTIQL_RETURN_MODIFIED_OLD,
    PARTIQL_RETURN_ALL_NEW,
    PARTIQL_RETURN_MODIFIED_NEW,
};

/* One thing that a SELECT shows: what the path names, under the path's last name and the indexes behind it. */
struct node;
struct partiql_column {
    struct slice label;
    struct node *path;
};

struct partiql_order {
    struct slice name;
    bool descending;
};

struct partiql_statement {
    enum partiql_kind kind;
    struct slice table;
    struct slice index; /* or empty */
    struct node *where; /* or NULL */

    /* SELECT */
    struct projection *projection; /* NULL: all */
    struct partiql_column *columns;
    uint32_t column_count;
    struct partiql_order *order;
    uint32_t order_count;

    struct item item;                 /* INSERT */
    struct update *update;            /* UPDATE */
    enum partiql_returning returning; /* UPDATE, DELETE */
};

/* True if the statement would be a SELECT or an EXISTS, as far as its first word tells. */
bool partiql_is_read(struct slice text);

/* The syntax alone: 0, or -1 with *ret_error. */
int partiql_check_syntax(struct arena *arena, struct slice text, struct partiql_error *ret_error);

/* `parameters` stand for the question marks, in order; there may be more of them. 0, or -1 with *ret_error. */
int partiql_compile(struct arena *arena, struct slice text, const struct value *parameters, uint32_t parameter_count,
                    struct partiql_statement **ret_statement, struct partiql_error *ret_error);

/* What a row shows of a SELECT with columns. */
void partiql_project(const struct partiql_statement *statement, const struct item *item, struct arena *arena,
                     struct item *ret_shown);

/* The key schema of a table or index. */
struct partiql_key {
    struct slice name;
    enum value_type type;
};
struct partiql_keys {
    struct partiql_key hash[PARTIQL_KEY_PARTS_MAX];
    struct partiql_key range[PARTIQL_KEY_PARTS_MAX];
    uint32_t hash_count, range_count;
};

/* How a SELECT is run. */
struct partiql_plan {
    bool is_scan;
    /* Queries, one after the other: of each partition. Partition i has hash[i * keys.hash_count ...]. */
    struct value *hash;
    uint32_t partition_count;
    struct key_term range[PARTIQL_KEY_PARTS_MAX]; /* in schema order */
    uint32_t range_count;
    bool reverse;
    struct condition *filter; /* or NULL */
};
/* `base` are the keys of the table that `keys`, of an index, belongs to; the same for the table itself. */
int partiql_plan_select(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                        const struct partiql_keys *base, struct partiql_plan *ret_plan,
                        struct partiql_error *ret_error);

/* The one item that a SELECT reads: its condition must be its whole key and nothing else. */
int partiql_plan_get(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                     struct item *ret_key, struct partiql_error *ret_error);

/* The one item that an INSERT, UPDATE, DELETE or EXISTS is about, and the condition of the write, or NULL: that it does
 * not exist, that it exists and fulfils the WHERE clause, or that it does so if it exists. */
int partiql_plan_write(struct arena *arena, const struct partiql_statement *statement, const struct partiql_keys *keys,
                       struct item *ret_key, struct condition **ret_condition, struct partiql_error *ret_error);
