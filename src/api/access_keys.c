/* dynamodb:LeadingKeys: the values of the partition keys that a request is about, as texts. Numbers are written in one
 * way, so that 1.0 is no way around what is said of 1; binary values are in base64.
 *
 * What cannot be told here for sure makes the access unclear, and the request is refused. */
#include "api/access.h"
#include "api/partiql_prepare.h"

#include "value/base64.h"
#include "value/from_json.h"
#include "value/number.h"

struct keys {
    struct access *access;
    struct arena *arena;
    struct slice *items;
    uint32_t count, capacity;
};

static bool unclear(struct keys *keys)
{
    keys->access->unclear = true;
    return false;
}

static void add_text(struct keys *keys, struct slice text)
{
    if (keys->count == keys->capacity) {
        uint32_t capacity = keys->capacity == 0 ? 8 : keys->capacity * 2;
        struct slice *items = ARENA_ARRAY(keys->arena, struct slice, capacity);
        if (keys->count > 0) {
            memcpy(items, keys->items, keys->count * sizeof items[0]);
        }
        keys->items = items;
        keys->capacity = capacity;
    }
    keys->items[keys->count++] = text;
}

static bool add_value(struct keys *keys, const struct value *value)
{
    struct number number;
    if (value->type == VALUE_S) {
        add_text(keys, value->bytes);
        return true;
    }
    if (value->type == VALUE_N && number_parse(value->bytes, &number) == NUMBER_OK) {
        char *text = arena_alloc(keys->arena, NUMBER_TEXT_MAX);
        add_text(keys, slice_of(text, number_format(&number, text)));
        return true;
    }
    if (value->type == VALUE_B) {
        size_t len = base64_encoded_len(value->bytes.len);
        char *text = arena_alloc(keys->arena, len + 1);
        base64_encode(text, value->bytes);
        add_text(keys, slice_of(text, len));
        return true;
    }
    return unclear(keys);
}

static bool add_node(struct keys *keys, const struct json_node *node)
{
    struct value_reader reader = {.nodes = keys->access->call->nodes, .arena = keys->arena};
    struct value value;
    return value_read(&reader, node, &value) && reader.flaw.kind == FLAW_NONE ? add_value(keys, &value) : unclear(keys);
}

/* The table's partition key in an item or key; without it the request is bound to fail. */
static bool add_of_item(struct keys *keys, const struct json_node *item)
{
    const struct table *table = access_table(keys->access);
    if (item == NULL || item->type != JSON_OBJECT || table == NULL) {
        return unclear(keys);
    }
    const struct json_node *node = json_member(keys->access->call->nodes, item, table->spec.keys.hash[0].name);
    return node == NULL ? unclear(keys) : add_node(keys, node);
}

static bool add_of_list(struct keys *keys, const struct json_node *list)
{
    if (list == NULL || list->type != JSON_ARRAY) {
        return unclear(keys);
    }
    const struct json_node *key = list + 1;
    for (uint32_t i = 0; i < list->count; i++, key = keys->access->call->nodes + key->end) {
        if (!add_of_item(keys, key)) {
            return false;
        }
    }
    return true;
}

/* [{"PutRequest": {"Item": …}} or {"DeleteRequest": {"Key": …}}]. */
static bool add_of_writes(struct keys *keys, const struct json_node *list)
{
    if (list == NULL || list->type != JSON_ARRAY) {
        return unclear(keys);
    }
    const struct json_node *write = list + 1;
    for (uint32_t i = 0; i < list->count; i++, write = keys->access->call->nodes + write->end) {
        const struct json_node *put = access_member(keys->access, write, "PutRequest");
        const struct json_node *delete = access_member(keys->access, write, "DeleteRequest");
        if ((put == NULL) == (delete == NULL) ||
            !add_of_item(keys, put != NULL ? access_member(keys->access, put, "Item")
                                           : access_member(keys->access, delete, "Key"))) {
            return unclear(keys);
        }
    }
    return true;
}

/* --- queries ------------------------------------------------------------------------------------------------------ */

/* Of the table, or of the index that is read; NULL if there is none. */
static const struct key_schema *schema_of(struct access *access)
{
    const struct table *table = access_table(access);
    if (table == NULL || access->index.len == 0) {
        return table != NULL ? &table->spec.keys : NULL;
    }
    const struct index_spec *index = table_find_index(&table->spec, access->index);
    return index != NULL ? &index->keys : NULL;
}

/* KeyConditions: {NAME: {"AttributeValueList": [VALUE], "ComparisonOperator": "EQ"}}. */
static bool add_of_legacy(struct keys *keys, const struct key_schema *schema, const struct json_node *conditions)
{
    for (unsigned i = 0; i < schema->hash_count; i++) {
        const struct json_node *condition =
            conditions->type == JSON_OBJECT ? json_member(keys->access->call->nodes, conditions, schema->hash[i].name)
                                            : NULL;
        const struct json_node *list = access_member(keys->access, condition, "AttributeValueList");
        if (list == NULL || list->type != JSON_ARRAY || list->count != 1 || !add_node(keys, list + 1)) {
            return unclear(keys);
        }
    }
    return true;
}

static bool add_of_condition(struct keys *keys, struct slice text, const struct key_schema *schema)
{
    struct expr_symbols symbols;
    struct condition *condition;
    struct expr_error error = {0};
    struct key_term terms[KEY_TERMS_MAX];
    uint32_t count;
    if (!access_symbols(keys->access, keys->arena, &symbols) ||
        condition_parse(keys->arena, EXPR_KEY_CONDITION, text, &symbols, &condition, &error) != 0 ||
        condition_key_terms(condition, terms, &count, &error) != 0) {
        return unclear(keys);
    }
    for (unsigned i = 0; i < schema->hash_count; i++) {
        uint32_t found = 0;
        for (uint32_t t = 0; t < count; t++) {
            if (slice_equal(terms[t].name, schema->hash[i].name)) {
                found++;
                if (terms[t].operator!= KEY_EQ || !add_value(keys, &terms[t].operand)) {
                    return unclear(keys);
                }
            }
        }
        if (found != 1) {
            return unclear(keys);
        }
    }
    return true;
}

static bool add_of_query(struct keys *keys)
{
    struct access *access = keys->access;
    const struct key_schema *schema = schema_of(access);
    const struct json_node *text = access_member(access, access->body, "KeyConditionExpression");
    const struct json_node *legacy = access_member(access, access->body, "KeyConditions");
    if (schema == NULL || (text == NULL) == (legacy == NULL)) {
        return unclear(keys);
    }
    return text != NULL && text->type == JSON_STRING ? add_of_condition(keys, text->text, schema)
                                                     : add_of_legacy(keys, schema, legacy);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

/* False without being unclear: a scan, which has no leading keys. */
static bool add_of_select(struct keys *keys, const struct key_schema *schema, const struct key_schema *base)
{
    const struct partiql_keys own = partiql_keys_of(schema), all = partiql_keys_of(base);
    struct partiql_plan plan;
    struct partiql_error error;
    if (partiql_plan_select(keys->arena, keys->access->statement, &own, &all, &plan, &error) != 0) {
        return unclear(keys);
    }
    for (uint32_t i = 0; !plan.is_scan && i < plan.partition_count * own.hash_count; i++) {
        if (!add_value(keys, &plan.hash[i])) {
            return false;
        }
    }
    return !plan.is_scan;
}

static bool add_of_statement(struct keys *keys)
{
    struct access *access = keys->access;
    const struct table *table = access_table(access);
    const struct key_schema *schema = schema_of(access);
    if (table == NULL || schema == NULL) {
        return unclear(keys);
    }
    if (access->statement->kind == PARTIQL_SELECT) {
        return add_of_select(keys, schema, &table->spec.keys);
    }
    const struct partiql_keys own = partiql_keys_of(&table->spec.keys);
    struct condition *condition;
    struct partiql_error error;
    struct item key;
    if (partiql_plan_write(keys->arena, access->statement, &own, &key, &condition, &error) != 0) {
        return unclear(keys);
    }
    for (uint32_t i = 0; i < key.count; i++) {
        if (slice_equal(key.attributes[i].name, table->spec.keys.hash[0].name)) {
            return add_value(keys, &key.attributes[i].value);
        }
    }
    return unclear(keys);
}

struct policy_values access_leading_keys(struct access *access, struct arena *arena)
{
    struct keys keys = {.access = access, .arena = arena};
    bool present = false;
    switch (access->keys) {
    case ACCESS_NO_KEYS:
        break;
    case ACCESS_KEY:
        present = add_of_item(&keys, access_member(access, access->body, "Key"));
        break;
    case ACCESS_ITEM:
        present = add_of_item(&keys, access_member(access, access->body, "Item"));
        break;
    case ACCESS_KEY_LIST:
        present = add_of_list(&keys, access_member(access, access->body, "Keys"));
        break;
    case ACCESS_WRITES:
        present = add_of_writes(&keys, access->body);
        break;
    case ACCESS_CONDITION:
        present = add_of_query(&keys);
        break;
    case ACCESS_STATEMENT:
        present = add_of_statement(&keys);
        break;
    }
    return present ? (struct policy_values){.present = true, .items = keys.items, .count = keys.count}
                   : (struct policy_values){0};
}
