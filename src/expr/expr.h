/* Expressions: text to tree, and trees against items. Trees live in the request's arena and are immutable, so the
 * shard's writer thread may evaluate what an event loop parsed.
 *
 * Language: Amazon DynamoDB Developer Guide, "Expressions in DynamoDB". Parsing is linear in the text and bounded in
 * depth. Errors are codes with their operands; api/ puts them into DynamoDB's words. */
#pragma once

#include "base/arena.h"
#include "value/value.h"

#define EXPR_TEXT_BYTES_MAX  4096
#define EXPR_OPERATORS_MAX   300
#define EXPR_IN_OPERANDS_MAX 100

/* ExpressionAttributeNames or one entry of it: #placeholder -> attribute name. */
struct expr_name {
    struct slice placeholder; /* with its '#' */
    struct slice name;
    bool used;
};

struct expr_value {
    struct slice placeholder; /* with its ':' */
    struct value value;
    bool used;
};

/* What the expressions of one request share. `used` is set by the parser, so that unused entries can be refused. */
struct expr_symbols {
    struct expr_name *names;
    uint32_t name_count;
    struct expr_value *values;
    uint32_t value_count;
    bool has_names, has_values; /* the parameter was present */

    /* private to expr/: positions sorted by placeholder, made when the maps are large */
    uint32_t *name_order, *value_order;
};

enum expr_kind { EXPR_CONDITION, EXPR_KEY_CONDITION, EXPR_FILTER, EXPR_UPDATE, EXPR_PROJECTION };

struct expr_error {
    int code;             /* enum expr_error_code of expr/error.h; 0 is none */
    struct slice a, b, c; /* operands of the text, in the request's arena or static */
};

struct condition; /* a condition, key condition or filter */
struct update;
struct projection;

/* --- placeholders ---------------------------------------------------------------------------------------------- */

/* The rules for the keys of the two maps, and for what a #name stands for. 0, or -1 with *ret_error. What a :value
 * stands for has its own flaws (value/from_json.h). */
int expr_check_names(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error);
int expr_check_value_keys(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error);

/* After all expressions of a request are parsed: -1 if a name, or else a value, was used by none of them. */
int expr_symbols_unused(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error);

/* Trees share the text, and the names and values of `symbols`: all live at least as long. */

/* --- text to tree: 0, or -1 with *ret_error ------------------------------------------------------------------- */
int condition_parse(struct arena *arena, enum expr_kind kind, struct slice text, struct expr_symbols *symbols,
                    struct condition **ret_condition, struct expr_error *ret_error);
int update_parse(struct arena *arena, struct slice text, struct expr_symbols *symbols, struct update **ret_update,
                 struct expr_error *ret_error);
int projection_parse(struct arena *arena, struct slice text, struct expr_symbols *symbols,
                     struct projection **ret_projection, struct expr_error *ret_error);

/* --- conditions ------------------------------------------------------------------------------------------------ */

/* `item` may be NULL: no such item. Never fails: a wrong type in the item makes a comparison false, a wrong type in
 * the request was refused by the parser. `scratch` holds intermediate values. */
bool condition_holds(const struct condition *condition, const struct item *item, struct arena *scratch);

/* Calls `visit` for every top-level attribute name the condition reads (for: no key attributes in a filter). Stops
 * and returns false when `visit` does. */
bool condition_visit_names(const struct condition *condition, bool (*visit)(void *context, struct slice name),
                           void *context);

/* The same for every path, with whether it goes on behind that name: p.a or p[0] (for: key attributes are scalars). */
bool condition_visit_paths(const struct condition *condition,
                           bool (*visit)(void *context, struct slice name, bool nested), void *context);

/* A key condition taken apart. */
enum key_operator {
    KEY_EQ,
    KEY_LT,
    KEY_LE,
    KEY_GT,
    KEY_GE,
    KEY_BETWEEN,
    KEY_BEGINS_WITH,
    KEY_NOT_INDEXABLE, /* of KeyConditions alone, to be refused when the table is known; the operand may be missing */
};
struct key_term {
    struct slice name;
    enum key_operator operator;
    struct value operand;       /* also the lower bound */
    struct value operand_upper; /* KEY_BETWEEN */
};
#define KEY_TERMS_MAX 8
/* The terms of a conjunction in their order in the text. -1 with an error if the condition is anything but
 * comparisons of top-level attributes with values, joined by AND (wrong operators, OR, NOT, nested paths, …). */
int condition_key_terms(const struct condition *condition, struct key_term ret_terms[KEY_TERMS_MAX],
                        uint32_t *ret_count, struct expr_error *ret_error);

/* --- updates --------------------------------------------------------------------------------------------------- */

/* Calls `visit` for the top-level name of every path the update writes. */
bool update_visit_targets(const struct update *update, bool (*visit)(void *context, struct slice name), void *context);

/* The same for every path the update writes or reads, with whether it goes on behind that name. */
bool update_visit_paths(const struct update *update, bool (*visit)(void *context, struct slice name, bool nested),
                        void *context);

/* Applies the update to `old` (NULL: no such item) on top of the key attributes in `key`. The new item shares memory
 * with `old` and the update. -1 with an error that depends on the item: a missing operand attribute, a path that does
 * not exist, an operand of the wrong type, number overflow. Checks no sizes and no nesting: the caller does. */
int update_apply(const struct update *update, const struct item *key, const struct item *old, struct arena *arena,
                 struct item *ret_new, struct expr_error *ret_error);

/* The parts of `item` that the update's paths name: UPDATED_OLD of the old item, UPDATED_NEW of the new one. */
void update_project(const struct update *update, const struct item *item, struct arena *arena, struct item *ret_parts);

/* --- projections ----------------------------------------------------------------------------------------------- */

/* The projected parts of an item; list elements are compacted in index order. */
void projection_apply(const struct projection *projection, const struct item *item, struct arena *arena,
                      struct item *ret_parts);
bool projection_visit_names(const struct projection *projection, bool (*visit)(void *context, struct slice name),
                            void *context);

bool projection_visit_paths(const struct projection *projection,
                            bool (*visit)(void *context, struct slice name, bool nested), void *context);

/* --- legacy parameters: the same trees ------------------------------------------------------------------------- */

/* AttributesToGet: top-level names. */
struct projection *projection_of_names(struct arena *arena, const struct slice *names, uint32_t count);

/* The reserved words that need a #placeholder. Case-insensitive. */
bool expr_is_reserved(struct slice word);
