/* Any bytes as a request: JSON, then nodes, then an item, then stored and back. */
#include <assert.h>
#include <stdint.h>

#include "value/codec.h"
#include "value/from_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_parser *parser;

/* A copy with padding behind it whose bytes matter to nobody. */
static enum json_result parse(struct arena *arena, struct slice text, char padding, struct json_node **ret_nodes)
{
    char *padded = arena_alloc(arena, text.len + JSON_PADDING);
    if (text.len != 0) {
        memcpy(padded, text.data, text.len);
    }
    memset(padded + text.len, padding, JSON_PADDING);
    return json_parse(parser, slice_of(padded, text.len), arena, ret_nodes);
}

/* Each container's children fill it exactly. */
static void check_nodes(const struct json_node *nodes)
{
    for (uint32_t i = 0; i < nodes[0].end; i++) {
        const struct json_node *node = &nodes[i];
        assert(node->end > i && node->end <= nodes[0].end);
        uint32_t count = 0;
        uint32_t child = i + 1;
        for (; child < node->end; child = nodes[child].end) {
            count++;
        }
        assert(child == node->end && count == node->count);
        assert(count == 0 || node->type == JSON_ARRAY || node->type == JSON_OBJECT);
    }
}

/* An item that was read without flaw: JSON and the stored form give it back. */
static void check_item(struct arena *arena, const struct item *item)
{
    struct buffer json = {0};
    struct buffer stored = {0};
    struct buffer again = {0};
    struct item_header header = {1, (uint32_t)item_size(item)};
    struct item back;
    struct err err;
    item_append_json(&json, item);
    item_encode(&stored, &header, item);
    assert(item_decode(arena, buffer_slice(&stored), &header, &back, &err) == 0);
    assert(item_equal(item, &back) && item_size(&back) == header.size);
    assert(item_stored_append_json(&again, buffer_slice(&stored), &header, &err) == 0);
    assert(slice_equal(buffer_slice(&json), buffer_slice(&again)));

    struct json_node *nodes;
    assert(parse(arena, buffer_slice(&json), '"', &nodes) == JSON_OK);
    struct value_reader reader = {.nodes = nodes, .arena = arena};
    assert(item_read(&reader, nodes, &back) && reader.flaw.kind == FLAW_NONE);
    assert(item_equal(item, &back));
    for (uint32_t i = 0; i < item->count; i++) {
        assert(value_depth(&item->attributes[i].value) <= VALUE_DEPTH_MAX);
        assert(item_find(&back, item->attributes[i].name) != NULL);
    }
    buffer_finish(&json);
    buffer_finish(&stored);
    buffer_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (parser == NULL) {
        parser = json_parser_create();
    }
    struct arena arena;
    arena_init(&arena, 4096);
    struct json_node *nodes;
    struct json_node *same;
    enum json_result result = parse(&arena, slice_of(data, size), 0, &nodes);
    assert(parse(&arena, slice_of(data, size), '{', &same) == result);
    if (result == JSON_OK) {
        check_nodes(nodes);
        struct value_reader reader = {.nodes = nodes, .arena = &arena};
        struct item item;
        if (!item_read(&reader, nodes, &item)) {
            assert(reader.error != SHAPE_OK && reader.culprit >= nodes && reader.culprit < nodes + nodes[0].end);
        } else if (reader.flaw.kind == FLAW_NONE) {
            check_item(&arena, &item);
        }
    }
    arena_finish(&arena);
    return 0;
}
