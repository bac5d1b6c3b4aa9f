/* Requests as data: a shape describes the members of a JSON object and the C struct they are decoded into.
 *
 * Decoding has two stages, as in DynamoDB. First the JSON is read in document order; a value of the wrong JSON type
 * ends it at once (SerializationException). Then the constraints of all members are checked, in the order of the
 * shape's members, and reported together (ValidationException). JSON null means absent; unknown members are ignored;
 * of a repeated member or map key the last one counts.
 *
 * What a member of each kind is in C:
 *
 *   kind             in a struct                      as an element of a list or map
 *   SHAPE_STRING     struct opt_string                struct slice
 *   SHAPE_INTEGER    struct opt_integer (int32 range) -
 *   SHAPE_LONG       struct opt_integer               -
 *   SHAPE_BOOLEAN    struct opt_boolean               -
 *   SHAPE_ENUM       struct opt_enum                  struct opt_enum
 *   SHAPE_STRUCTURE  pointer, NULL when absent        the struct itself (zero for JSON null)
 *   SHAPE_LIST       SHAPE_LIST_OF(element)           the same
 *   SHAPE_MAP        SHAPE_MAP_OF(element)            the same
 *   SHAPE_VALUE      struct opt_value                 the same
 *   SHAPE_ITEM       struct opt_item                  the same
 *
 * Strings, lists and maps that are null inside a list or map break a constraint; null values there have FLAW_NULL.
 *
 * All memory is the arena's; strings are shared with the JSON nodes. Nesting is bounded by the shapes, which do not
 * refer to themselves. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "value/from_json.h"
#include "value/json.h"

struct opt_string {
    bool present;
    struct slice text;
};

struct opt_integer {
    bool present;
    int64_t number;
};

struct opt_boolean {
    bool present;
    bool flag;
};

/* `value` is the position in the set's names; -1 if it is none of them (the constraint check has refused it then). */
struct opt_enum {
    bool present;
    int value;
    struct slice text; /* as sent */
};

/* `flaw` is the first thing wrong inside the value, to be reported when its turn comes. */
struct opt_value {
    bool present;
    struct value value;
    struct value_flaw flaw;
};

struct opt_item {
    bool present;
    struct item item;
    struct value_flaw flaw;
};

#define SHAPE_LIST_OF(type)                                                                                            \
    struct {                                                                                                           \
        bool present;                                                                                                  \
        uint32_t count;                                                                                                \
        type *items;                                                                                                   \
    }

/* keys[i] belongs to items[i]; in document order. */
#define SHAPE_MAP_OF(type)                                                                                             \
    struct {                                                                                                           \
        bool present;                                                                                                  \
        uint32_t count;                                                                                                \
        type *items;                                                                                                   \
        struct slice *keys;                                                                                            \
    }

enum shape_kind {
    SHAPE_STRING,
    SHAPE_INTEGER,
    SHAPE_LONG,
    SHAPE_BOOLEAN,
    SHAPE_ENUM,
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_VALUE,
    SHAPE_ITEM,
};

/* Bounds of a string's length, a number's value, a list's or map's count. Zero-initialised is no limit. */
struct shape_limit {
    bool has_min, has_max;
    int64_t min, max;
    const char *pattern;                /* as printed */
    bool (*matches)(struct slice text); /* goes with `pattern` */
};

/* The values of an enum. `printed` is the set in DynamoDB's own order, with its brackets. */
struct shape_set {
    const char *const *names; /* ends with NULL */
    const char *printed;
};

struct shape_member {
    const char *name; /* on the wire: "TableName" */
    const char *path; /* in constraint errors: "tableName" */
    enum shape_kind kind;
    bool required;
    /* A table's name or ARN, or a map whose keys are: what is wrong with one is reported alone, before everything
     * else. */
    bool table_name;
    const char *if_missing; /* reported alone when a required table name is absent, instead of the usual text */
    size_t offset;
    struct shape_limit limit;
    struct shape_limit key_limit;       /* SHAPE_MAP, SHAPE_ITEM: of each key */
    const struct shape_set *set;        /* SHAPE_ENUM */
    const struct shape *shape;          /* SHAPE_STRUCTURE */
    const struct shape_member *element; /* SHAPE_LIST, SHAPE_MAP: name, path and offset are not used */
};

struct shape {
    const char *name; /* "KeySchemaElement", as printed inside constraint errors */
    size_t size;
    const struct shape_member *members;
    unsigned count;
};

/* {SHAPE_MEMBER(struct get_item_request, table, "TableName", "tableName", SHAPE_STRING), .required = true} */
#define SHAPE_MEMBER(type, field, wire_name, path_name, member_kind)                                                   \
    .name = (wire_name), .path = (path_name), .kind = (member_kind), .offset = offsetof(type, field)
/* A shape over a static array of members. */
#define SHAPE_OF(shape_name, type, member_array)                                                                       \
    {                                                                                                                  \
        .name = (shape_name), .size = sizeof(type), .members = (member_array),                                         \
        .count = sizeof(member_array) / sizeof((member_array)[0])                                                      \
    }
#define LIMIT_RANGE(low, high) ((struct shape_limit){.has_min = true, .min = (low), .has_max = true, .max = (high)})
#define LIMIT_MIN(low)         ((struct shape_limit){.has_min = true, .min = (low)})
#define LIMIT_MAX(high)        ((struct shape_limit){.has_max = true, .max = (high)})
/* Index names: 3 to 255 characters of [a-zA-Z0-9_.-]. */
#define LIMIT_NAME                                                                                                     \
    ((struct shape_limit){.has_min = true,                                                                             \
                          .min = 3,                                                                                    \
                          .has_max = true,                                                                             \
                          .max = 255,                                                                                  \
                          .pattern = "[a-zA-Z0-9_.-]+",                                                                \
                          .matches = shape_matches_name})
bool shape_matches_name(struct slice text);

/* Decodes nodes[0] into `ret_request` (shape->size bytes, zeroed here). False on a JSON type error, with its message:
 * a SerializationException. */
bool shape_decode(const struct shape *shape, const struct json_node *nodes, struct arena *arena, void *ret_request,
                  struct slice *ret_message);

/* Checks the constraints of a decoded request. False with the whole message: a ValidationException. */
bool shape_check(const struct shape *shape, const void *request, struct arena *arena, struct slice *ret_message);
