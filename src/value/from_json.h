/* Attribute values out of a parsed request.
 *
 * DynamoDB checks in two stages: JSON types while it reads the request (a SerializationException at once), and the
 * values themselves later, after the constraints of the request. So a tree is made whole, and what is wrong with the
 * values is kept as the first flaw for the caller to report when its turn has come. */
#pragma once

#include "value/json.h"
#include "value/value.h"

/* What is wrong with a value, in the order DynamoDB looks. Texts are in api/. */
enum value_flaw_kind {
    FLAW_NONE,
    FLAW_EMPTY,             /* {}: no type at all */
    FLAW_SEVERAL_TYPES,     /* {"S":"a","N":"1"} */
    FLAW_NULL_FALSE,        /* {"NULL":false} */
    FLAW_EMPTY_SET,         /* `type` says which */
    FLAW_DUPLICATE_IN_SET,  /* `type`, `text`: the set as DynamoDB prints it */
    FLAW_EMPTY_NUMBER,
    FLAW_NUMBER_MALFORMED,  /* `text` is the number sent */
    FLAW_NUMBER_OVERFLOW,
    FLAW_NUMBER_UNDERFLOW,
    FLAW_NUMBER_IMPRECISE,
    FLAW_BASE64,            /* reported as a SerializationException */
    FLAW_TOO_DEEP,
};

struct value_flaw {
    enum value_flaw_kind kind;
    enum value_type type;
    struct slice text;
};

/* A JSON type error on the way: which node, and what was expected there. */
enum value_shape_error {
    SHAPE_OK,
    SHAPE_EXPECTED_STRUCTURE, /* an attribute value or map that is not an object */
    SHAPE_EXPECTED_STRING,
    SHAPE_EXPECTED_BLOB,
    SHAPE_EXPECTED_BOOLEAN,
    SHAPE_EXPECTED_LIST,
    SHAPE_EXPECTED_MAP,
    SHAPE_BAD_BASE64,
};

struct value_reader {
    const struct json_node *nodes;
    struct arena *arena;
    struct value_flaw flaw;          /* the first flaw, in document order */
    enum value_shape_error error;    /* set when a read returns false */
    const struct json_node *culprit; /* the node of `error` */
};

/* Both return false on a JSON type error. The result shares the nodes' strings and lives as long as they do. Unknown
 * members of an attribute value are ignored. */
bool value_read(struct value_reader *reader, const struct json_node *node, struct value *ret_value);
bool item_read(struct value_reader *reader, const struct json_node *node, struct item *ret_item);
