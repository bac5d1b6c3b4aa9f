#include "api/partiql_token.h"

#include "value/base64.h"
#include "value/from_json.h"

void partiql_token_append(struct buffer *out, uint32_t partition, const struct item *last)
{
    struct buffer text = {0};
    buffer_append_byte(&text, '{');
    json_member_integer(&text, "p", partition);
    json_name(&text, "k");
    item_append_json(&text, last);
    buffer_append_byte(&text, '}');
    json_name(out, "NextToken");
    json_append_base64(out, buffer_slice(&text));
    buffer_finish(&text);
}

bool partiql_token_read(struct api_call *call, struct slice token, uint32_t *ret_partition, struct item *ret_last)
{
    struct arena *arena = &call->arena;
    size_t room = base64_decoded_max(token.len) + JSON_PADDING;
    char *bytes = arena_zalloc(arena, room);
    size_t len;
    struct json_node *nodes;
    if (base64_decode(token, bytes, &len) != BASE64_OK ||
        json_parse(call->loop->parser, slice_of(bytes, len), arena, &nodes) != JSON_OK ||
        nodes[0].type != JSON_OBJECT) {
        return false;
    }
    const struct json_node *partition = json_member(nodes, &nodes[0], SLICE("p"));
    const struct json_node *key = json_member(nodes, &nodes[0], SLICE("k"));
    struct value_reader reader = {.nodes = nodes, .arena = arena};
    if (partition == NULL || partition->type != JSON_INTEGER || partition->integer < 0 ||
        partition->integer > UINT32_MAX || key == NULL || !item_read(&reader, key, ret_last) ||
        reader.flaw.kind != FLAW_NONE) {
        return false;
    }
    *ret_partition = (uint32_t)partition->integer;
    return true;
}
