/* simdjson behind a C interface.
 *
 * simdjson's DOM leaves a tape: 64-bit entries with a type in the high byte and a payload in the other 56 bits.
 * '{' and '[' carry the index behind their end (low 32 bits), '"' an offset into the string buffer, where a 32-bit
 * length and the unescaped bytes stand; 'l', 'u' and 'd' are followed by the number itself. We walk it once, without
 * recursion, into nodes, and copy the string buffer into the arena as one block. */
#include <simdjson.h>

#include <cstdlib>
#include <cstring>

extern "C" {
#include "value/json.h"
}

namespace dom = simdjson::dom;

static_assert(JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads beyond our padding");

/* simdjson's buffers are up to 14 times the text. They are kept for what an item of 400 KB needs, and given back after
 * larger requests. */
static constexpr size_t KEEP_BYTES_MAX = 512 * 1024;
static constexpr size_t CAPACITY_MIN = 4 * 1024;
/* More than any request has that DynamoDB takes: in its 16 MB, {"S":""} and a comma is the shortest value, and two
 * nodes. */
static constexpr size_t NODES_MAX = 3600000;

struct json_parser {
    dom::parser *dom;
};

/* assert, which the build of this file switches off for simdjson's sake. */
static inline void check(bool holds)
{
    if (__builtin_expect(!holds, 0)) {
        abort();
    }
}

static dom::parser *parser_create()
{
    auto *parser = new (std::nothrow) dom::parser();
    check(parser != nullptr);
    return parser;
}

/* Room for a text of `bytes`. */
static void parser_reserve(dom::parser *parser, size_t bytes)
{
    if (parser->capacity() < bytes || parser->capacity() == 0) {
        size_t capacity = CAPACITY_MIN;
        while (capacity < bytes) {
            capacity *= 2;
        }
        check(parser->allocate(capacity, JSON_DEPTH_MAX + 1) == simdjson::SUCCESS);
    }
}

extern "C" struct json_parser *json_parser_create(void)
{
    auto *parser = new (std::nothrow) json_parser{parser_create()};
    check(parser != nullptr);
    return parser;
}

extern "C" void json_parser_destroy(struct json_parser *parser)
{
    if (parser != nullptr) {
        delete parser->dom;
        delete parser;
    }
}

namespace
{
struct walk {
    const uint64_t *tape;
    const uint8_t *strings; /* simdjson's string buffer */
    char *text;             /* the arena's copy of it, filled after the walk */
    size_t text_used;
    json_node *nodes;
};

/* Room for the used part of the string buffer: a string takes 5 bytes more than its unescaped text, and at least 3 in
 * the document beside that text: two quotes and what separates it from the next. A lone root string has no separator.
 */
size_t string_bytes_max(size_t text_bytes, size_t tape_entries)
{
    return text_bytes + 2 * tape_entries + 1;
}

struct slice read_string(walk *w, uint64_t entry)
{
    size_t offset = entry & simdjson::internal::JSON_VALUE_MASK;
    uint32_t len;
    memcpy(&len, w->strings + offset, sizeof len);
    w->text_used = offset + sizeof len + len + 1;
    return slice_of(w->text + offset + sizeof len, len);
}

/* A scalar at `at`; returns the index behind it. */
size_t read_scalar(walk *w, size_t at, json_node *node)
{
    uint64_t entry = w->tape[at];
    uint64_t number = 0;
    switch (entry >> 56) {
    case '"':
        node->type = JSON_STRING;
        node->text = read_string(w, entry);
        return at + 1;
    case 'l':
        node->type = JSON_INTEGER;
        node->integer = static_cast<int64_t>(w->tape[at + 1]);
        return at + 2;
    case 'u': /* only above INT64_MAX */
        node->type = JSON_DOUBLE;
        node->real = static_cast<double>(w->tape[at + 1]);
        return at + 2;
    case 'd':
        node->type = JSON_DOUBLE;
        number = w->tape[at + 1];
        memcpy(&node->real, &number, sizeof node->real);
        return at + 2;
    case 't':
        node->type = JSON_TRUE;
        return at + 1;
    case 'f':
        node->type = JSON_FALSE;
        return at + 1;
    default:
        check(entry >> 56 == 'n');
        node->type = JSON_NULL;
        return at + 1;
    }
}

size_t count_nodes(const uint64_t *tape, size_t entries)
{
    size_t nodes = 0;
    for (size_t at = 1; at < entries; at++) {
        uint8_t type = static_cast<uint8_t>(tape[at] >> 56);
        nodes += type != '}' && type != ']';
        if (type == '{') {
            nodes -= tape[at] >> 32 & 0xffffff; /* names of members, which are no nodes */
        }
        at += type == 'l' || type == 'u' || type == 'd';
    }
    return nodes;
}

/* Walks the root value. `open` are the nodes of the containers around the current place. False if there are more than
 * JSON_DEPTH_MAX of them: simdjson does not count an innermost container that is empty. */
bool walk_tape(walk *w)
{
    uint32_t open[JSON_DEPTH_MAX];
    size_t depth = 0;
    uint32_t used = 0;
    size_t at = 1; /* behind the root's entry */
    do {
        uint8_t type = static_cast<uint8_t>(w->tape[at] >> 56);
        if (type == '}' || type == ']') {
            w->nodes[open[--depth]].end = used;
            at++;
            continue;
        }
        json_node *node = &w->nodes[used];
        *node = json_node{};
        if (depth > 0) {
            json_node *parent = &w->nodes[open[depth - 1]];
            parent->count++;
            if (parent->type == JSON_OBJECT) {
                node->name = read_string(w, w->tape[at++]);
                type = static_cast<uint8_t>(w->tape[at] >> 56);
            }
        }
        if (type == '{' || type == '[') {
            if (depth == JSON_DEPTH_MAX) {
                return false;
            }
            node->type = type == '{' ? JSON_OBJECT : JSON_ARRAY;
            open[depth++] = used++;
            at++;
        } else {
            at = read_scalar(w, at, node);
            node->end = ++used;
        }
    } while (depth > 0);
    return true;
}

} // namespace

extern "C" enum json_result json_parse(struct json_parser *parser, struct slice text, struct arena *arena,
                                       struct json_node **ret_nodes)
{
    dom::parser *dom = parser->dom;
    parser_reserve(dom, text.len);
    dom::element root;
    simdjson::error_code error = dom->parse(text.data, text.len, false).get(root);
    check(error != simdjson::MEMALLOC && error != simdjson::CAPACITY);
    enum json_result result = error == simdjson::SUCCESS       ? JSON_OK
                              : error == simdjson::DEPTH_ERROR ? JSON_TOO_DEEP
                                                               : JSON_MALFORMED;
    const uint64_t *tape = dom->doc.tape.get();
    size_t entries = result == JSON_OK ? tape[0] & simdjson::internal::JSON_VALUE_MASK : 0;
    if (entries > NODES_MAX && count_nodes(tape, entries) > NODES_MAX) {
        result = JSON_MALFORMED;
    }
    if (result == JSON_OK) { /* each node takes at least one entry */
        walk w = {tape, dom->doc.string_buf.get(), nullptr, 0, nullptr};
        w.text = static_cast<char *>(arena_alloc(arena, string_bytes_max(text.len, entries)));
        w.nodes = ARENA_ARRAY(arena, json_node, entries);
        if (walk_tape(&w)) {
            memcpy(w.text, w.strings, w.text_used);
            *ret_nodes = w.nodes;
        } else {
            result = JSON_TOO_DEEP;
        }
    }
    if (dom->capacity() > KEEP_BYTES_MAX) {
        delete dom;
        parser->dom = parser_create();
    }
    return result;
}

extern "C" const struct json_node *json_member(const struct json_node *nodes, const struct json_node *object,
                                               struct slice name)
{
    const json_node *found = nullptr;
    if (object->type == JSON_OBJECT) {
        for (const json_node *member = object + 1; member < nodes + object->end; member = nodes + member->end) {
            if (slice_equal(member->name, name)) {
                found = member;
            }
        }
    }
    return found;
}
