/* A policy in the one form in which DynamoDB shows it. */
#include "auth/policy.h"

#include "value/json.h"

#include <string.h>

static const struct json_node *member(const struct json_node *nodes, const struct json_node *object, const char *name)
{
    return json_member(nodes, object, slice_from_string(name));
}

static void append_scalar(struct buffer *out, const struct json_node *node)
{
    switch (node->type) {
    case JSON_STRING:
        json_append_string(out, node->text);
        break;
    case JSON_INTEGER:
        buffer_printf(out, "%lld", (long long)node->integer);
        break;
    case JSON_DOUBLE:
        buffer_printf(out, "%.17g", node->real);
        break;
    default:
        buffer_printf(out, "%s", node->type == JSON_TRUE ? "true" : node->type == JSON_FALSE ? "false" : "null");
        break;
    }
}

/* A name and its colon, with a comma in front of all but the first. */
static void append_name(struct buffer *out, struct slice name, bool *first)
{
    if (!*first) {
        buffer_append_byte(out, ',');
    }
    *first = false;
    json_append_string(out, name);
    buffer_append_byte(out, ':');
}

/* Any value; a list of one is the one. */
static void append_value(struct buffer *out, const struct json_node *nodes, const struct json_node *node)
{
    bool first = true;
    const struct json_node *child = node + 1;
    if (node->type == JSON_ARRAY && node->count == 1 && child->type != JSON_OBJECT) {
        append_scalar(out, child);
    } else if (node->type == JSON_ARRAY) {
        buffer_append_byte(out, '[');
        for (uint32_t i = 0; i < node->count; i++, child = nodes + child->end) {
            if (i > 0) {
                buffer_append_byte(out, ',');
            }
            append_scalar(out, child);
        }
        buffer_append_byte(out, ']');
    } else if (node->type == JSON_OBJECT) {
        /* of operators and keys: two levels, as the parser has made sure */
        buffer_append_byte(out, '{');
        for (uint32_t i = 0; i < node->count; i++, child = nodes + child->end) {
            append_name(out, child->name, &first);
            append_value(out, nodes, child);
        }
        buffer_append_byte(out, '}');
    } else {
        append_scalar(out, node);
    }
}

/* --- principals --------------------------------------------------------------------------------------------------- */

static bool is_account(struct slice text)
{
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    return text.len == 12 && digits == 12;
}

static struct slice principal_text(struct arena *arena, struct slice text)
{
    return is_account(text) ? arena_printf(arena, "arn:aws:iam::%.12s:root", text.data) : text;
}

/* Without repetitions. */
static void append_principals(struct buffer *out, const struct json_node *nodes, const struct json_node *node,
                              struct arena *arena)
{
    uint32_t count = node->type == JSON_ARRAY ? node->count : 1, kept = 0;
    const struct json_node *child = node->type == JSON_ARRAY ? node + 1 : node;
    struct slice *texts = ARENA_ARRAY(arena, struct slice, count);
    for (uint32_t i = 0; i < count; i++, child = nodes + child->end) {
        struct slice text = principal_text(arena, child->text);
        bool known = false;
        for (uint32_t k = 0; k < kept; k++) {
            known = known || slice_equal(texts[k], text);
        }
        if (!known) {
            texts[kept++] = text;
        }
    }
    if (kept != 1) {
        buffer_append_byte(out, '[');
    }
    for (uint32_t i = 0; i < kept; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        json_append_string(out, texts[i]);
    }
    if (kept != 1) {
        buffer_append_byte(out, ']');
    }
}

static void append_principal(struct buffer *out, const struct json_node *nodes, const struct json_node *node,
                             struct arena *arena)
{
    if (node->type != JSON_OBJECT) {
        append_scalar(out, node);
        return;
    }
    bool first = true;
    const struct json_node *child = node + 1;
    buffer_append_byte(out, '{');
    for (uint32_t i = 0; i < node->count; i++, child = nodes + child->end) {
        append_name(out, child->name, &first);
        append_principals(out, nodes, child, arena);
    }
    buffer_append_byte(out, '}');
}

/* --- the document ------------------------------------------------------------------------------------------------- */

static void append_statement(struct buffer *out, const struct json_node *nodes, const struct json_node *node,
                             struct arena *arena)
{
    static const char *const order[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                        "NotAction", "Resource", "NotResource", "Condition"};
    bool first = true;
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct json_node *child = member(nodes, node, order[i]);
        if (child == NULL) {
            continue;
        }
        append_name(out, slice_from_string(order[i]), &first);
        if (strcmp(order[i], "Effect") == 0) {
            json_append_string(out, child->text.len == 4 ? SLICE("Deny") : SLICE("Allow"));
        } else if (strstr(order[i], "Principal") != NULL) {
            append_principal(out, nodes, child, arena);
        } else {
            append_value(out, nodes, child);
        }
    }
    buffer_append_byte(out, '}');
}

void policy_append_canonical(struct buffer *out, struct slice text)
{
    struct arena arena;
    arena_init(&arena, 4096);
    char *padded = arena_zalloc(&arena, text.len + JSON_PADDING);
    memcpy(padded, text.data, text.len);
    struct json_parser *parser = json_parser_create();
    struct json_node *nodes;
    if (json_parse(parser, slice_of(padded, text.len), &arena, &nodes) == JSON_OK) {
        const struct json_node *version = member(nodes, nodes, "Version"), *id = member(nodes, nodes, "Id");
        const struct json_node *body = member(nodes, nodes, "Statement");
        bool first = true;
        buffer_append_byte(out, '{');
        append_name(out, SLICE("Version"), &first);
        json_append_string(out, version != NULL ? version->text : SLICE("2008-10-17"));
        if (id != NULL) {
            append_name(out, SLICE("Id"), &first);
            append_scalar(out, id);
        }
        append_name(out, SLICE("Statement"), &first);
        buffer_append_byte(out, '[');
        uint32_t count = body->type == JSON_ARRAY ? body->count : 1;
        const struct json_node *statement = body->type == JSON_ARRAY ? body + 1 : body;
        for (uint32_t i = 0; i < count; i++, statement = nodes + statement->end) {
            if (i > 0) {
                buffer_append_byte(out, ',');
            }
            append_statement(out, nodes, statement, &arena);
        }
        BUFFER_APPEND_LITERAL(out, "]}");
    }
    json_parser_destroy(parser);
    arena_finish(&arena);
}
