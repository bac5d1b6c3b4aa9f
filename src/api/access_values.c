/* The condition keys of a request. */
#include "api/access.h"

#include "base/env.h"

#include <stdio.h>
#include <time.h>

static const struct policy_values absent = {0};

static struct policy_values one(struct arena *arena, struct slice value)
{
    struct slice *items = ARENA_ARRAY(arena, struct slice, 1);
    items[0] = value;
    return (struct policy_values){.present = true, .items = items, .count = 1};
}

static struct policy_values one_text(struct arena *arena, const char *value)
{
    return one(arena, slice_from_string(value));
}

const struct json_node *access_member(const struct access *access, const struct json_node *object, const char *name)
{
    if (object == NULL || object->type != JSON_OBJECT) {
        return NULL;
    }
    const struct json_node *node = json_member(access->call->nodes, object, slice_from_string(name));
    return node == NULL || node->type == JSON_NULL ? NULL : node;
}

struct table *access_table(struct access *access)
{
    struct api_call *call = access->call;
    for (uint32_t i = 0; i < call->table_count; i++) {
        if (slice_equal(call->tables[i]->spec.name, access->table)) {
            return call->tables[i];
        }
    }
    return access->table.len != 0 ? call_table_find(call, access->table) : NULL;
}

/* --- about the request -------------------------------------------------------------------------------------------- */

static struct policy_values header(struct access *access, struct slice name, struct arena *arena)
{
    const struct auth_head *head = &access->call->head;
    struct slice value;
    return auth_head_find(head, name, &value) ? one(arena, value) : absent;
}

static struct policy_values source_ip(struct access *access, struct arena *arena)
{
    const struct auth_head *head = &access->call->head;
    char *text = arena_alloc(arena, AUTH_PEER_CHARS);
    return head->peer != NULL && head->peer(head->context, text) ? one_text(arena, text) : absent;
}

struct slice access_time_text(struct arena *arena, int64_t time_s)
{
    time_t time = (time_t)time_s;
    char text[32];
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_printf(arena, "%s", text);
}

static struct policy_values time_value(struct arena *arena, bool seconds)
{
    int64_t now_s = (int64_t)(env_time_us() / 1000000);
    return one(arena, seconds ? arena_printf(arena, "%lld", (long long)now_s) : access_time_text(arena, now_s));
}

struct slice access_user_id(const struct guard_caller *caller, const char *account, struct arena *arena)
{
    char id[IDENTITIES_UNIQUE_ID_CHARS + 1];
    if (guard_caller_is_root(caller)) {
        return arena_printf(arena, "%s", account);
    }
    if (caller->role == NULL) {
        identities_user_id(caller->user, id);
        return arena_printf(arena, "%s", id);
    }
    identities_role_id(caller->role, id);
    return arena_printf(arena, "%s:%s", id, caller->session->session_name);
}

/* aws:… about who calls. That he did not use a second factor is said of temporary credentials alone, as with AWS. */
static struct policy_values caller_value(struct access *access, struct slice key, struct arena *arena)
{
    const struct guard_caller *caller = &access->call->caller;
    if (slice_equal(key, SLICE("aws:username"))) {
        return caller->user == NULL || caller->user->is_root ? absent : one_text(arena, caller->user->name);
    }
    if (slice_equal(key, SLICE("aws:principalarn"))) {
        return one_text(arena, caller->role != NULL ? caller->role->arn : caller->arn);
    }
    if (slice_equal(key, SLICE("aws:principaltype"))) {
        return one_text(arena, caller->role != NULL           ? "AssumedRole"
                               : guard_caller_is_root(caller) ? "Account"
                                                              : "User");
    }
    if (slice_equal(key, SLICE("aws:userid"))) {
        return one(arena, access_user_id(caller, access->call->loop->api->settings.account_id, arena));
    }
    if (caller->session == NULL) {
        return absent;
    }
    if (slice_equal(key, SLICE("aws:tokenissuetime"))) {
        return one(arena, access_time_text(arena, caller->session->issued_s));
    }
    return slice_equal(key, SLICE("aws:multifactorauthpresent")) ? one_text(arena, "false") : absent;
}

/* aws:… about the caller and the request. */
struct policy_values access_global_value(struct access *access, struct slice key, struct arena *arena)
{
    const struct api_settings *settings = &access->call->loop->api->settings;
    if (slice_equal(key, SLICE("aws:principalaccount")) || slice_equal(key, SLICE("aws:resourceaccount"))) {
        return one_text(arena, settings->account_id);
    }
    if (slice_equal(key, SLICE("aws:requestedregion"))) {
        return one_text(arena, settings->region);
    }
    if (slice_equal(key, SLICE("aws:sourceip"))) {
        return source_ip(access, arena);
    }
    if (slice_equal(key, SLICE("aws:useragent"))) {
        return header(access, SLICE("user-agent"), arena);
    }
    if (slice_equal(key, SLICE("aws:referer"))) {
        return header(access, SLICE("referer"), arena);
    }
    if (slice_equal(key, SLICE("aws:currenttime")) || slice_equal(key, SLICE("aws:epochtime"))) {
        return time_value(arena, slice_equal(key, SLICE("aws:epochtime")));
    }
    if (slice_equal(key, SLICE("aws:securetransport"))) {
        return one_text(arena, access->call->head.secure ? "true" : "false");
    }
    if (slice_equal(key, SLICE("aws:viaawsservice"))) {
        return one_text(arena, "false");
    }
    return caller_value(access, key, arena);
}

/* --- tags --------------------------------------------------------------------------------------------------------- */

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

static struct policy_values resource_tag(struct access *access, struct slice name, struct arena *arena)
{
    const struct table *table = access_table(access);
    for (uint32_t i = 0; table != NULL && i < table->spec.tag_count; i++) {
        if (equal_ignoring_case(table->spec.tags[i].key, name)) {
            return one(arena, table->spec.tags[i].value);
        }
    }
    return absent;
}

/* The tags that a request sets: [{"Key": …, "Value": …}]; and the keys that it sets or removes. */
static struct policy_values request_tags(struct access *access, const struct slice *name, struct arena *arena)
{
    const struct json_node *tags = access_member(access, access->body, "Tags");
    const struct json_node *keys = access_member(access, access->body, "TagKeys");
    const struct json_node *list = tags != NULL ? tags : name == NULL ? keys : NULL;
    if (list == NULL || list->type != JSON_ARRAY) {
        return absent;
    }
    struct slice *items = ARENA_ARRAY(arena, struct slice, list->count);
    uint32_t count = 0;
    const struct json_node *element = list + 1;
    for (uint32_t i = 0; i < list->count; i++, element = access->call->nodes + element->end) {
        const struct json_node *key = tags != NULL ? access_member(access, element, "Key") : element;
        const struct json_node *value = tags != NULL ? access_member(access, element, "Value") : NULL;
        if (key == NULL || key->type != JSON_STRING) {
            continue;
        }
        if (name == NULL) {
            items[count++] = key->text;
        } else if (equal_ignoring_case(key->text, *name) && value != NULL && value->type == JSON_STRING) {
            return one(arena, value->text);
        }
    }
    return name == NULL ? (struct policy_values){.present = true, .items = items, .count = count} : absent;
}

/* --- dynamodb:… --------------------------------------------------------------------------------------------------- */

static struct policy_values text_or(struct access *access, const char *member, const char *otherwise,
                                    struct arena *arena)
{
    const struct json_node *node = access_member(access, access->body, member);
    return node != NULL && node->type == JSON_STRING ? one(arena, node->text) : one_text(arena, otherwise);
}

/* What a read shows. GetItem has no such parameter, but what it shows can be told. */
static struct policy_values select_value(struct access *access, struct arena *arena)
{
    if (!access->reads) {
        return absent;
    }
    const struct partiql_statement *statement = access->statement;
    bool specific = statement != NULL ? statement->projection != NULL || statement->column_count > 0
                                      : access_member(access, access->body, "ProjectionExpression") != NULL ||
                                            access_member(access, access->body, "AttributesToGet") != NULL;
    const char *otherwise = specific                 ? "SPECIFIC_ATTRIBUTES"
                            : access->index.len != 0 ? "ALL_PROJECTED_ATTRIBUTES"
                                                     : "ALL_ATTRIBUTES";
    return text_or(access, "Select", otherwise, arena);
}

/* Only a SELECT is one: Scan says it in its name. */
static struct policy_values full_table_scan(struct access *access, struct arena *arena)
{
    if (access->statement == NULL || access->statement->kind != PARTIQL_SELECT) {
        return absent;
    }
    struct policy_values keys = access_leading_keys(access, arena);
    return one_text(arena, keys.present ? "false" : "true");
}

static struct policy_values dynamodb_value(struct access *access, struct slice key, struct arena *arena)
{
    if (slice_equal(key, SLICE("dynamodb:leadingkeys"))) {
        return access_leading_keys(access, arena);
    }
    if (slice_equal(key, SLICE("dynamodb:attributes"))) {
        return access_attributes(access, arena);
    }
    if (slice_equal(key, SLICE("dynamodb:select"))) {
        return select_value(access, arena);
    }
    if (slice_equal(key, SLICE("dynamodb:returnvalues"))) {
        return access->writes ? text_or(access, "ReturnValues", "NONE", arena) : absent;
    }
    if (slice_equal(key, SLICE("dynamodb:returnconsumedcapacity"))) {
        const struct json_node *node = access_member(access, access->call->nodes, "ReturnConsumedCapacity");
        return node != NULL && node->type == JSON_STRING ? one(arena, node->text) : one_text(arena, "NONE");
    }
    if (slice_equal(key, SLICE("dynamodb:enclosingoperation"))) {
        return access->enclosing != NULL ? one_text(arena, access->enclosing) : absent;
    }
    if (slice_equal(key, SLICE("dynamodb:fulltablescan"))) {
        return full_table_scan(access, arena);
    }
    return absent;
}

struct policy_values access_values(const struct policy_request *request, struct slice key, struct arena *arena)
{
    static const struct slice resource = {"aws:resourcetag/", 16}, wanted = {"aws:requesttag/", 15};
    struct access *access = request->context;
    if (slice_starts_with(key, SLICE("dynamodb:"))) {
        return dynamodb_value(access, key, arena);
    }
    if (slice_starts_with(key, resource)) {
        return resource_tag(access, slice_of(key.data + resource.len, key.len - resource.len), arena);
    }
    if (slice_starts_with(key, wanted)) {
        struct slice name = slice_of(key.data + wanted.len, key.len - wanted.len);
        return request_tags(access, &name, arena);
    }
    if (slice_equal(key, SLICE("aws:tagkeys"))) {
        return request_tags(access, NULL, arena);
    }
    return access_global_value(access, key, arena);
}
