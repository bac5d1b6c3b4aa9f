/* JSON text into a flat array of nodes, and the pieces of JSON on the way out. The parser is simdjson behind a C
 * interface (value/json.cc). */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"

/* simdjson reads, never uses, this many bytes behind the text: they must belong to the caller. */
#define JSON_PADDING 64
/* Deeper documents are refused: 32 levels of attribute values are two JSON levels each, and requests wrap them. */
#define JSON_DEPTH_MAX 128

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_INTEGER, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Nodes stand in document order; the children of an array or object follow it directly. */
struct json_node {
    struct slice name; /* the member's name inside an object, else empty */
    union {
        struct slice text; /* JSON_STRING: unescaped UTF-8 */
        int64_t integer;   /* JSON_INTEGER; values beyond int64 become JSON_DOUBLE */
        double real;       /* JSON_DOUBLE */
    };
    uint32_t end;   /* index after the last descendant: where the next sibling stands */
    uint32_t count; /* JSON_ARRAY, JSON_OBJECT: direct children */
    uint8_t type;   /* enum json_type */
};

enum json_result { JSON_OK, JSON_MALFORMED, JSON_TOO_DEEP };

/* Holds the parser's buffers; one per thread. */
struct json_parser;
struct json_parser *json_parser_create(void);
void json_parser_destroy(struct json_parser *parser);

/* Parses a whole document. `text` must have JSON_PADDING readable bytes behind it. Nodes and strings live in `arena`
 * and need neither text nor parser afterwards. Invalid UTF-8 and lone surrogates are malformed. */
enum json_result json_parse(struct json_parser *parser, struct slice text, struct arena *arena,
                            struct json_node **ret_nodes);

/* The member of an object by name, or NULL. The last one wins if a name is repeated. */
const struct json_node *json_member(const struct json_node *nodes, const struct json_node *object, struct slice name);

/* A JSON string with its quotes and escapes. */
void json_append_string(struct buffer *out, struct slice text);

/* Bytes as a JSON string in base64. */
void json_append_base64(struct buffer *out, struct slice bytes);
