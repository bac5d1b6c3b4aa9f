/* Which permissions a request needs, and the decision. An explicit denial by any policy, of the caller, his session or
 * the table, wins; otherwise one of the caller or the table must allow, and the session's too, if it has one. */
#include "api/authorize.h"

#include "api/access.h"
#include "api/audit.h"
#include "auth/policy_cache.h"
#include "value/from_json.h"

#include <stdlib.h>

/* --- policies of tables ---------------------------------------------------------------------------------------------
 */

/* Parsed ones by their table's id: one place for each, the newest stays. */
#define TABLE_POLICIES 64u

struct table_policy {
    uint32_t table_id;
    uint64_t revision;
    struct policy *tree; /* NULL: nothing here */
};

void authorize_finish(struct api_loop *loop)
{
    for (unsigned i = 0; loop->table_policies != NULL && i < TABLE_POLICIES; i++) {
        policy_destroy(loop->table_policies[i].tree);
    }
    free(loop->table_policies);
    loop->table_policies = NULL;
}

/* NULL: it cannot be read, although it was put. */
static const struct policy *policy_of_table(struct api_loop *loop, const struct table_spec *spec)
{
    if (loop->table_policies == NULL) {
        loop->table_policies = calloc(TABLE_POLICIES, sizeof loop->table_policies[0]);
        if (loop->table_policies == NULL) {
            abort();
        }
    }
    struct table_policy *place = &loop->table_policies[spec->id % TABLE_POLICIES];
    if (place->tree != NULL && place->table_id == spec->id && place->revision == spec->policy_revision) {
        return place->tree;
    }
    policy_destroy(place->tree);
    *place = (struct table_policy){.table_id = spec->id, .revision = spec->policy_revision};
    struct err err;
    return policy_parse(spec->policy, POLICY_OF_RESOURCE, &place->tree, &err) == 0 ? place->tree : NULL;
}

/* --- decisions ---------------------------------------------------------------------------------------------------- */

/* Sources: IAM User Guide, "Troubleshoot access denied error messages"; DynamoDB's answers. */
static struct slice denial(struct access *access, const char *context)
{
    return arena_printf(&access->call->arena, "User: %s is not authorized to perform: %s on resource: %.*s %s",
                        access->call->caller.arn, access->action, SLICE_ARG(access->resource), context);
}

static struct slice implicit_denial(struct access *access)
{
    audit_denial(access->call, DENIAL_IMPLICIT, SLICE(""));
    struct slice context =
        arena_printf(&access->call->arena, "because no identity-based policy allows the %s action", access->action);
    return denial(access, context.data);
}

static struct slice explicit_denial(struct access *access, const char *context)
{
    audit_denial(access->call, DENIAL_EXPLICIT, SLICE(""));
    return denial(access, context);
}

static struct policy_request request_of(struct access *access)
{
    struct api_call *call = access->call;
    const struct guard_caller *caller = &call->caller;
    return (struct policy_request){
        .action = slice_from_string(access->action),
        .resource = access->resource,
        .principal_arn = slice_from_string(caller->arn),
        .role_arn = caller->role != NULL ? slice_from_string(caller->role->arn) : SLICE(""),
        .account = slice_from_string(call->loop->api->settings.account_id),
        .values = access_values,
        .context = access,
    };
}

static enum policy_decision evaluate(struct api_call *call, const struct policy *policy,
                                     const struct policy_request *request)
{
    return policy_cache_evaluate(call->loop->decisions, policy, request, &call->arena);
}

/* False with the words for it. */
static bool session_allows(struct access *access, const struct policy_request *request, struct slice *ret_denial)
{
    const struct policy *policy = access->call->caller.session_policy;
    enum policy_decision decision = policy != NULL ? evaluate(access->call, policy, request) : POLICY_ALLOWS;
    if (decision == POLICY_DENIES) {
        *ret_denial = explicit_denial(access, "with an explicit deny in a session policy");
    } else if (decision == POLICY_SILENT) {
        struct slice context =
            arena_printf(&access->call->arena, "because no session policy allows the %s action", access->action);
        audit_denial(access->call, DENIAL_IMPLICIT, SLICE(""));
        *ret_denial = denial(access, context.data);
    }
    return decision == POLICY_ALLOWS;
}

/* False with the words for it. */
static bool is_allowed(struct access *access, struct slice *ret_denial)
{
    struct api_call *call = access->call;
    const struct identity_policies *policies = call->caller.policies;
    const struct policy_request request = request_of(access);
    bool allowed = false;
    for (unsigned i = 0; i < policies->count; i++) {
        enum policy_decision decision = evaluate(call, policies->items[i].tree, &request);
        if (decision == POLICY_DENIES) {
            *ret_denial = explicit_denial(access, "with an explicit deny in an identity-based policy");
            return false;
        }
        allowed = allowed || decision == POLICY_ALLOWS;
    }
    const struct table *table = access_table(access);
    if (table != NULL && table->spec.policy.len != 0) {
        const struct policy *policy = policy_of_table(call->loop, &table->spec);
        enum policy_decision decision = policy != NULL ? evaluate(call, policy, &request) : POLICY_DENIES;
        if (decision == POLICY_DENIES) {
            *ret_denial = explicit_denial(access, "with an explicit deny in a resource-based policy");
            return false;
        }
        allowed = allowed || decision == POLICY_ALLOWS;
    }
    if (!session_allows(access, &request, ret_denial)) {
        return false;
    }
    if (!allowed || access->unclear) {
        *ret_denial = implicit_denial(access);
        return false;
    }
    return true;
}

static bool may_do_everything(const struct api_call *call)
{
    return call->caller.arn == NULL || guard_caller_is_root(&call->caller);
}

static bool check(struct access *access)
{
    struct slice words;
    if (!is_allowed(access, &words)) {
        call_fail(access->call, ERROR_ACCESS_DENIED, "%.*s", SLICE_ARG(words));
        return false;
    }
    return true;
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static const struct json_node *root_of(const struct api_call *call)
{
    return call->nodes;
}

static struct slice text_member(const struct access *access, const struct json_node *object, const char *name)
{
    const struct json_node *node = access_member(access, object, name);
    return node != NULL && node->type == JSON_STRING ? node->text : SLICE("");
}

/* The resource is a table, or an index of one. `table` is a name or an ARN. */
static void aim(struct access *access, struct slice table, struct slice index)
{
    struct api_call *call = access->call;
    struct slice arn = slice_starts_with(table, SLICE("arn:")) ? table : call_table_arn(call, table);
    const char *slash = arn.len == 0 ? NULL : memchr(arn.data, '/', arn.len);
    access->resource = arn;
    access->table = slash != NULL ? slice_of(slash + 1, (size_t)(arn.data + arn.len - slash) - 1) : SLICE("");
    const char *rest = access->table.len == 0 ? NULL : memchr(access->table.data, '/', access->table.len);
    access->table.len = rest != NULL ? (size_t)(rest - access->table.data) : access->table.len;
    access->index = index;
    if (index.len != 0) {
        access->resource = arena_printf(&call->arena, "%.*s/index/%.*s", SLICE_ARG(arn), SLICE_ARG(index));
    }
}

static struct access access_of(struct api_call *call, const char *action, const struct json_node *body)
{
    return (struct access){.call = call, .action = action, .body = body, .resource = SLICE("*")};
}

static bool check_account(struct api_call *call)
{
    struct access access = access_of(call, call->operation->permission, root_of(call));
    return check(&access);
}

static bool check_member_table(struct api_call *call, const char *member)
{
    struct access access = access_of(call, call->operation->permission, root_of(call));
    aim(&access, text_member(&access, root_of(call), member), SLICE(""));
    return check(&access);
}

static bool check_table(struct api_call *call)
{
    return check_member_table(call, "TableName");
}

static bool check_arn(struct api_call *call)
{
    return check_member_table(call, "ResourceArn");
}

/* Tags and a policy that come with the table are permissions of their own. */
static bool check_create(struct api_call *call)
{
    static const struct {
        const char *member, *action;
    } extras[] = {{"Tags", "dynamodb:TagResource"}, {"ResourcePolicy", "dynamodb:PutResourcePolicy"}};
    struct access access = access_of(call, call->operation->permission, root_of(call));
    aim(&access, text_member(&access, root_of(call), "TableName"), SLICE(""));
    if (!check(&access)) {
        return false;
    }
    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
        access.action = extras[i].action;
        if (access_member(&access, root_of(call), extras[i].member) != NULL && !check(&access)) {
            return false;
        }
    }
    return true;
}

static bool check_item(struct api_call *call, const char *action, const struct json_node *body, enum access_keys keys,
                       bool reads, const char *enclosing)
{
    struct access access = access_of(call, action, body);
    aim(&access, text_member(&access, body, "TableName"), SLICE(""));
    access.keys = keys;
    access.reads = reads;
    access.writes = !reads;
    access.enclosing = enclosing;
    return check(&access);
}

static bool check_get(struct api_call *call)
{
    return check_item(call, call->operation->permission, root_of(call), ACCESS_KEY, true, NULL);
}

static bool check_put(struct api_call *call)
{
    return check_item(call, call->operation->permission, root_of(call), ACCESS_ITEM, false, NULL);
}

static bool check_change(struct api_call *call)
{
    return check_item(call, call->operation->permission, root_of(call), ACCESS_KEY, false, NULL);
}

static bool check_page(struct api_call *call, enum access_keys keys)
{
    struct access access = access_of(call, call->operation->permission, root_of(call));
    aim(&access, text_member(&access, access.body, "TableName"), text_member(&access, access.body, "IndexName"));
    access.keys = keys;
    access.reads = true;
    return check(&access);
}

static bool check_query(struct api_call *call)
{
    return check_page(call, ACCESS_CONDITION);
}

static bool check_scan(struct api_call *call)
{
    return check_page(call, ACCESS_NO_KEYS);
}

/* RequestItems: {TABLE: …}. */
static bool check_batch(struct api_call *call, enum access_keys keys)
{
    struct access shared = access_of(call, call->operation->permission, NULL);
    const struct json_node *tables = access_member(&shared, root_of(call), "RequestItems");
    const struct json_node *body = tables + 1;
    for (uint32_t i = 0; i < tables->count; i++, body = call->nodes + body->end) {
        struct access access = access_of(call, call->operation->permission, body);
        aim(&access, body->name, SLICE(""));
        access.keys = keys;
        access.reads = keys == ACCESS_KEY_LIST;
        if (!check(&access)) {
            return false;
        }
    }
    return true;
}

static bool check_batch_get(struct api_call *call)
{
    return check_batch(call, ACCESS_KEY_LIST);
}

static bool check_batch_write(struct api_call *call)
{
    return check_batch(call, ACCESS_WRITES);
}

/* TransactItems: [{KIND: …}]. */
static bool check_transaction(struct api_call *call)
{
    static const struct {
        const char *kind, *action;
        enum access_keys keys;
        bool reads;
    } kinds[] = {
        {"Get", "dynamodb:GetItem", ACCESS_KEY, true},
        {"Put", "dynamodb:PutItem", ACCESS_ITEM, false},
        {"Update", "dynamodb:UpdateItem", ACCESS_KEY, false},
        {"Delete", "dynamodb:DeleteItem", ACCESS_KEY, false},
        {"ConditionCheck", "dynamodb:ConditionCheckItem", ACCESS_KEY, false},
    };
    struct access shared = access_of(call, call->operation->permission, NULL);
    const struct json_node *items = access_member(&shared, root_of(call), "TransactItems");
    const struct json_node *item = items + 1;
    for (uint32_t i = 0; i < items->count; i++, item = call->nodes + item->end) {
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            const struct json_node *body = access_member(&shared, item, kinds[k].kind);
            if (body != NULL &&
                !check_item(call, kinds[k].action, body, kinds[k].keys, kinds[k].reads, call->operation->name)) {
                return false;
            }
        }
    }
    return true;
}

/* --- statements --------------------------------------------------------------------------------------------------- */

/* NULL: it cannot be read, and running it will say why. */
static const struct partiql_statement *compile(struct access *access)
{
    struct arena *arena = &access->call->arena;
    const struct json_node *parameters = access_member(access, access->body, "Parameters");
    uint32_t count = parameters != NULL ? parameters->count : 0;
    struct value *values = ARENA_ARRAY(arena, struct value, count);
    struct value_reader reader = {.nodes = access->call->nodes, .arena = arena};
    const struct json_node *node = parameters + 1;
    for (uint32_t i = 0; i < count; i++, node = access->call->nodes + node->end) {
        if (!value_read(&reader, node, &values[i]) || reader.flaw.kind != FLAW_NONE) {
            return NULL;
        }
    }
    struct partiql_statement *statement;
    struct partiql_error error;
    struct slice text = text_member(access, access->body, "Statement");
    return partiql_compile(arena, text, values, count, &statement, &error) == 0 ? statement : NULL;
}

static struct access access_of_statement(struct api_call *call, const struct partiql_statement *statement)
{
    static const char *const actions[] = {
        [PARTIQL_SELECT] = "dynamodb:PartiQLSelect", [PARTIQL_INSERT] = "dynamodb:PartiQLInsert",
        [PARTIQL_UPDATE] = "dynamodb:PartiQLUpdate", [PARTIQL_DELETE] = "dynamodb:PartiQLDelete",
        [PARTIQL_EXISTS] = "dynamodb:PartiQLSelect",
    };
    struct access access = access_of(call, actions[statement->kind], root_of(call));
    access.statement = statement;
    access.keys = ACCESS_STATEMENT;
    access.reads = statement->kind == PARTIQL_SELECT;
    aim(&access, statement->table, statement->index);
    return access;
}

bool authorize_statement(struct api_call *call, const struct partiql_statement *statement, struct slice *ret_denial)
{
    if (may_do_everything(call)) {
        return true;
    }
    struct access access = access_of_statement(call, statement);
    return is_allowed(&access, ret_denial);
}

static bool check_statement(struct api_call *call, const struct json_node *body, const char *enclosing)
{
    struct access shared = access_of(call, call->operation->permission, body);
    const struct partiql_statement *statement = compile(&shared);
    if (statement == NULL) {
        return true;
    }
    struct access access = access_of_statement(call, statement);
    access.enclosing = enclosing;
    return check(&access);
}

static bool check_execute(struct api_call *call)
{
    return check_statement(call, root_of(call), NULL);
}

static bool check_execute_transaction(struct api_call *call)
{
    struct access shared = access_of(call, call->operation->permission, NULL);
    const struct json_node *list = access_member(&shared, root_of(call), "TransactStatements");
    const struct json_node *body = list + 1;
    for (uint32_t i = 0; i < list->count; i++, body = call->nodes + body->end) {
        if (body->type == JSON_OBJECT && !check_statement(call, body, call->operation->name)) {
            return false;
        }
    }
    return true;
}

/* Each statement of a batch fails alone: the operation asks authorize_statement. */
static bool check_execute_batch(struct api_call *call)
{
    (void)call;
    return true;
}

/* --- operations --------------------------------------------------------------------------------------------------- */

static const struct rule {
    const char *operation;
    bool (*check)(struct api_call *call);
} rules[] = {
    {"CreateTable", check_create},
    {"DeleteTable", check_table},
    {"DescribeTable", check_table},
    {"ListTables", check_account},
    {"UpdateTable", check_table},
    {"TagResource", check_arn},
    {"UntagResource", check_arn},
    {"ListTagsOfResource", check_arn},
    {"PutResourcePolicy", check_arn},
    {"GetResourcePolicy", check_arn},
    {"DeleteResourcePolicy", check_arn},
    {"UpdateTimeToLive", check_table},
    {"DescribeTimeToLive", check_table},
    {"PutItem", check_put},
    {"GetItem", check_get},
    {"UpdateItem", check_change},
    {"DeleteItem", check_change},
    {"Query", check_query},
    {"Scan", check_scan},
    {"BatchGetItem", check_batch_get},
    {"BatchWriteItem", check_batch_write},
    {"TransactWriteItems", check_transaction},
    {"TransactGetItems", check_transaction},
    {"ExecuteStatement", check_execute},
    {"BatchExecuteStatement", check_execute_batch},
    {"ExecuteTransaction", check_execute_transaction},
    {"DescribeLimits", check_account},
    {"DescribeEndpoints", check_account},
};

bool authorize_locks_out(struct api_call *call, const struct policy *policy, struct slice table_arn)
{
    if (may_do_everything(call)) {
        return false;
    }
    struct access access = access_of(call, "dynamodb:PutResourcePolicy", root_of(call));
    aim(&access, table_arn, SLICE(""));
    const struct policy_request request = request_of(&access);
    return policy_evaluate(policy, &request, &call->arena) == POLICY_DENIES;
}

static const struct rule *find_rule(const char *operation)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].operation, operation) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

bool authorize_knows(const char *operation)
{
    return find_rule(operation) != NULL;
}

bool call_authorize(struct api_call *call)
{
    if (may_do_everything(call)) {
        return true;
    }
    const struct rule *rule = find_rule(call->operation->name);
    if (rule == NULL) {
        struct access access = access_of(call, call->operation->permission, root_of(call));
        call_fail(call, ERROR_ACCESS_DENIED, "%.*s", SLICE_ARG(implicit_denial(&access)));
        return false;
    }
    return rule->check(call);
}
