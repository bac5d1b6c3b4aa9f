/* Attribute values out of a parsed request.
 *
 * DynamoDB checks in two stages: JSON types while it reads the request (a SerializationException at once), and the
 * values themselves later, after the constraints of the request. So a tree is made whole, and what is wrong with the
 * values is kept as the first flaw for the caller to report when its turn has come. */
#pragma once

#include "value/json.h"
#include "value/value.h"

#define ATTRIBUTE_NAME_BYTES_MAX 65535

/* What is wrong with a value. Texts are in api/. */
enum value_flaw_kind {
    FLAW_NONE,
    FLAW_EMPTY,            /* {} or only unknown types: no type at all */
    FLAW_NULL,             /* null; `text` is the name that it has in its map, without data in a list */
    FLAW_SEVERAL_TYPES,    /* {"S":"a","N":"1"} */
    FLAW_NULL_FALSE,       /* {"NULL":false} */
    FLAW_EMPTY_SET,        /* `type` says which */
    FLAW_DUPLICATE_IN_SET, /* `type`, `text`: the set as DynamoDB prints it: [a, b, a], binary in base64 */
    FLAW_NULL_IN_SET,      /* {"SS":["a",null]}; `type` is SS or BS (a null in NS is FLAW_EMPTY_NUMBER) */
    FLAW_EMPTY_NUMBER,
    FLAW_NUMBER_MALFORMED, /* `text` is the number sent */
    FLAW_NUMBER_OVERFLOW,
    FLAW_NUMBER_UNDERFLOW,
    FLAW_NUMBER_IMPRECISE,
    FLAW_TOO_DEEP,
    /* The flaws of names are looked for last: any flaw above comes before them. */
    FLAW_EMPTY_NAME,
    FLAW_NAME_TOO_LONG, /* more than ATTRIBUTE_NAME_BYTES_MAX */
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
    SHAPE_BAD_BASE64, /* `base64` says how */
};

/* Why text is not base64: DynamoDB words each differently. */
enum base64_result {
    BASE64_OK,
    BASE64_LENGTH,        /* not a multiple of four characters */
    BASE64_CHARACTER,     /* outside the alphabet, blanks and misplaced '=' too */
    BASE64_TRAILING_BITS, /* the last character carries bits that belong to no byte */
};

struct value_reader {
    const struct json_node *nodes;
    struct arena *arena;
    struct value_flaw flaw;          /* the first flaw, in document order */
    enum value_shape_error error;    /* set when a read returns false */
    const struct json_node *culprit; /* the node of `error` */
    enum base64_result base64;       /* with SHAPE_BAD_BASE64 */
};

/* Both return false on a JSON type error. The result shares the nodes' strings and lives as long as they do. Unknown
 * members of an attribute value, and members that are null, are ignored; of a repeated name the last one counts.
 * A result with a flaw is for nothing but reading on: it may break the rules of value.h. One reader may read several
 * values; it keeps the first flaw of all of them. */
bool value_read(struct value_reader *reader, const struct json_node *node, struct value *ret_value);
bool item_read(struct value_reader *reader, const struct json_node *node, struct item *ret_item);
