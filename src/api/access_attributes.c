/* dynamodb:Attributes: the top-level attributes that a request names, in keys, items, expressions and legacy
 * parameters.
 *
 * Statements of PartiQL are not taken apart for it: where a policy asks, they are unclear, and refused. */
#include "api/access.h"

#include "expr/expr.h"
#include "value/from_json.h"

struct names {
    struct access *access;
    struct arena *arena;
    struct slice *items;
    uint32_t count, capacity;
};

static bool unclear(struct names *names)
{
    names->access->unclear = true;
    return false;
}

static bool add_name(void *context, struct slice name)
{
    struct names *names = context;
    for (uint32_t i = 0; i < names->count; i++) {
        if (slice_equal(names->items[i], name)) {
            return true;
        }
    }
    if (names->count == names->capacity) {
        uint32_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        struct slice *items = ARENA_ARRAY(names->arena, struct slice, capacity);
        if (names->count > 0) {
            memcpy(items, names->items, names->count * sizeof items[0]);
        }
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = name;
    return true;
}

static bool add_path(void *context, struct slice name, bool nested)
{
    (void)nested;
    return add_name(context, name);
}

/* The names of an object's members, or a list of names. */
static bool add_members(struct names *names, const struct json_node *node)
{
    if (node == NULL) {
        return true;
    }
    const struct json_node *child = node + 1;
    for (uint32_t i = 0; (node->type == JSON_OBJECT || node->type == JSON_ARRAY) && i < node->count;
         i++, child = names->access->call->nodes + child->end) {
        if (node->type == JSON_OBJECT) {
            add_name(names, child->name);
        } else if (child->type == JSON_STRING) {
            add_name(names, child->text);
        }
    }
    return true;
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

bool access_symbols(const struct access *access, struct arena *arena, struct expr_symbols *ret_symbols)
{
    const struct json_node *nodes = access->call->nodes;
    const struct json_node *names = access_member(access, access->body, "ExpressionAttributeNames");
    const struct json_node *values = access_member(access, access->body, "ExpressionAttributeValues");
    struct expr_symbols symbols = {.has_names = names != NULL, .has_values = values != NULL};
    if (names != NULL && names->type == JSON_OBJECT) {
        symbols.names = ARENA_ARRAY(arena, struct expr_name, names->count);
        const struct json_node *node = names + 1;
        for (uint32_t i = 0; i < names->count; i++, node = nodes + node->end) {
            if (node->type != JSON_STRING) {
                return false;
            }
            symbols.names[symbols.name_count++] = (struct expr_name){.placeholder = node->name, .name = node->text};
        }
    }
    if (values != NULL && values->type == JSON_OBJECT) {
        struct value_reader reader = {.nodes = nodes, .arena = arena};
        symbols.values = ARENA_ARRAY(arena, struct expr_value, values->count);
        const struct json_node *node = values + 1;
        for (uint32_t i = 0; i < values->count; i++, node = nodes + node->end) {
            struct expr_value *value = &symbols.values[symbols.value_count++];
            *value = (struct expr_value){.placeholder = node->name};
            if (!value_read(&reader, node, &value->value) || reader.flaw.kind != FLAW_NONE) {
                return false;
            }
        }
    }
    *ret_symbols = symbols;
    return true;
}

static bool add_expression(struct names *names, enum expr_kind kind, struct slice text, struct expr_symbols *symbols)
{
    struct condition *condition;
    struct update *update;
    struct projection *projection;
    struct expr_error error = {0};
    switch (kind) {
    case EXPR_UPDATE:
        return update_parse(names->arena, text, symbols, &update, &error) == 0 &&
               update_visit_paths(update, add_path, names);
    case EXPR_PROJECTION:
        return projection_parse(names->arena, text, symbols, &projection, &error) == 0 &&
               projection_visit_names(projection, add_name, names);
    default:
        return condition_parse(names->arena, kind, text, symbols, &condition, &error) == 0 &&
               condition_visit_names(condition, add_name, names);
    }
}

static bool add_expressions(struct names *names)
{
    static const struct {
        const char *member;
        enum expr_kind kind;
    } expressions[] = {
        {"ProjectionExpression", EXPR_PROJECTION},
        {"ConditionExpression", EXPR_CONDITION},
        {"KeyConditionExpression", EXPR_KEY_CONDITION},
        {"FilterExpression", EXPR_FILTER},
        {"UpdateExpression", EXPR_UPDATE},
    };
    struct expr_symbols symbols;
    if (!access_symbols(names->access, names->arena, &symbols)) {
        return unclear(names);
    }
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        const struct json_node *text = access_member(names->access, names->access->body, expressions[i].member);
        if (text != NULL &&
            (text->type != JSON_STRING || !add_expression(names, expressions[i].kind, text->text, &symbols))) {
            return unclear(names);
        }
    }
    return true;
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void add_of_list(struct names *names, const struct json_node *list)
{
    const struct json_node *child = list != NULL ? list + 1 : NULL;
    for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->count;
         i++, child = names->access->call->nodes + child->end) {
        add_members(names, child);
    }
}

static void add_of_writes(struct names *names, const struct json_node *list)
{
    const struct json_node *write = list + 1;
    for (uint32_t i = 0; list->type == JSON_ARRAY && i < list->count;
         i++, write = names->access->call->nodes + write->end) {
        add_members(names, access_member(names->access, access_member(names->access, write, "PutRequest"), "Item"));
        add_members(names, access_member(names->access, access_member(names->access, write, "DeleteRequest"), "Key"));
    }
}

struct policy_values access_attributes(struct access *access, struct arena *arena)
{
    static const char *const members[] = {"Key",           "Item",        "AttributesToGet", "AttributeUpdates",
                                          "KeyConditions", "QueryFilter", "ScanFilter",      "Expected"};
    struct names names = {.access = access, .arena = arena};
    if (access->keys == ACCESS_STATEMENT) {
        access->unclear = true;
        return (struct policy_values){0};
    }
    if (!access->reads && !access->writes && access->keys != ACCESS_WRITES) {
        return (struct policy_values){0};
    }
    if (access->keys == ACCESS_WRITES) {
        add_of_writes(&names, access->body);
    } else {
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            add_members(&names, access_member(access, access->body, members[i]));
        }
        add_of_list(&names, access_member(access, access->body, "Keys"));
        if (!add_expressions(&names)) {
            return (struct policy_values){0};
        }
    }
    return (struct policy_values){.present = true, .items = names.items, .count = names.count};
}
