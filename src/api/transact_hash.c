/* Members of an object are added up, so their order does not count; everything else is chained. Recursion is bounded
 * by JSON_DEPTH_MAX. */
#include "api/transact_run.h"
#include "base/hash.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
    const uint64_t pair[2] = {a, b};
    return hash_bytes(slice_of((const char *)pair, sizeof pair));
}

static uint64_t hash_scalar(const struct json_node *node)
{
    uint64_t value = 0;
    if (node->type == JSON_STRING) {
        value = hash_bytes(node->text);
    } else if (node->type == JSON_INTEGER) {
        value = (uint64_t)node->integer;
    } else if (node->type == JSON_DOUBLE) {
        memcpy(&value, &node->real, sizeof value);
    }
    return mix(node->type, value);
}

uint64_t transact_payload_hash(const struct json_node *nodes, const struct json_node *node)
{
    if (node->type != JSON_OBJECT && node->type != JSON_ARRAY) {
        return hash_scalar(node);
    }
    uint64_t hash = node->type;
    uint32_t at = (uint32_t)(node - nodes) + 1;
    for (uint32_t i = 0; i < node->count; i++, at = nodes[at].end) {
        const struct json_node *child = &nodes[at];
        uint64_t of_child = transact_payload_hash(nodes, child);
        if (node->type == JSON_ARRAY) {
            hash = mix(hash, of_child);
        } else if (child->type != JSON_NULL) {
            hash += mix(hash_bytes(child->name), of_child);
        }
    }
    return mix(node->type, hash);
}
