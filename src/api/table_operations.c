/* The operations on tables that need little; CreateTable and UpdateTable have files of their own. */
#include "api/table_operations.h"

#include "api/describe.h"
#include "api/table_limits.h"

/* --- changes of the catalog --------------------------------------------------------------------------------------- */

static void back_on_loop(struct task *task)
{
    struct table_call *table_call = (struct table_call *)task;
    if (table_call->change.table != NULL) {
        call_hold_table(table_call->call, table_call->change.table);
    }
    table_call->done(table_call);
}

void table_call_init(struct table_call *table_call, struct api_call *call, enum table_change_kind kind,
                     struct slice name, void (*done)(struct table_call *table_call))
{
    *table_call = (struct table_call){
        .change = {.kind = kind, .name = name},
        .call = call,
        .check = {.arena = &call->arena, .region = call->loop->api->settings.region},
        .done = done,
    };
    table_call->change.command.task.run = back_on_loop;
}

void table_call_not_found(struct api_call *call, struct slice name)
{
    call_fail(call, ERROR_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found", SLICE_ARG(name));
}

/* DynamoDB hands on what KMS says; the first of the two as users quote it:
 * https://github.com/aws-solutions/generative-ai-application-builder-on-aws/issues/29 */
static void fail_key(struct table_call *table_call, const char *exception, const char *what)
{
    struct slice arn = describe_key_arn(table_call->call, table_call->key);
    call_fail(table_call->call, ERROR_VALIDATION,
              "KMS validation error: com.amazonaws.services.kms.model.%s: Key '%.*s' %s (Service: AWSKMS; Status Code: "
              "400; Error Code: %s; Request ID: null; Proxy: null)",
              exception, SLICE_ARG(arn), what, exception);
}

bool table_call_failed(struct table_call *table_call)
{
    struct api_call *call = table_call->call;
    const struct table_change *change = &table_call->change;
    if (change->command.failed) {
        call_fail(call, ERROR_INTERNAL, "Internal server error");
        return true;
    }
    switch (change->result) {
    case TABLE_CHANGE_DONE:
        return false;
    case TABLE_CHANGE_EXISTS:
        call_fail(call, ERROR_RESOURCE_IN_USE, "Table already exists: %.*s", SLICE_ARG(change->name));
        break;
    case TABLE_CHANGE_NOT_FOUND:
        table_call_not_found(call, change->name);
        break;
    case TABLE_CHANGE_PROTECTED:
        call_fail(call, ERROR_VALIDATION,
                  "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
                  "protection first.");
        break;
    case TABLE_CHANGE_TOO_MANY:
        call_fail(call, ERROR_LIMIT_EXCEEDED, "Subscriber limit exceeded: There is a limit of %u tables per subscriber",
                  (unsigned)TABLES_MAX);
        break;
    case TABLE_CHANGE_REFUSED:
        call_fail(call, table_call->check.error, "%.*s", SLICE_ARG(table_call->check.message));
        break;
    case TABLE_CHANGE_KEY_NOT_FOUND:
        fail_key(table_call, "NotFoundException", "does not exist");
        break;
    case TABLE_CHANGE_KEY_DISABLED:
        fail_key(table_call, "DisabledException", "is disabled");
        break;
    case TABLE_CHANGE_KEY_FAILED:
        call_fail(call, ERROR_INTERNAL, "Internal server error");
        break;
    }
    return true;
}

struct table *table_call_table(struct table_call *table_call)
{
    return table_call->change.table;
}

/* --- DescribeTable, ListTables ------------------------------------------------------------------------------------ */

void describe_table_run(struct api_call *call)
{
    const struct name_request *request = CALL_REQUEST(call, struct name_request);
    struct slice name;
    if (!call_table_name(call, request->name.text, &name)) {
        return;
    }
    struct table *table = call_table_find(call, name);
    if (table == NULL) {
        table_call_not_found(call, name);
        return;
    }
    json_object_begin(&call->out);
    json_name(&call->out, "Table");
    describe_table(call, &call->out, table, &table->spec, &(struct describe_options){0});
    json_object_end(&call->out);
    call_succeed(call);
}

void list_tables_run(struct api_call *call)
{
    const struct list_tables_request *request = CALL_REQUEST(call, struct list_tables_request);
    uint32_t max = request->limit.present ? (uint32_t)request->limit.number : TABLES_PAGE_MAX;
    struct slice names[TABLES_PAGE_MAX];
    bool more = false;
    uint32_t count =
        cluster_table_names(call->loop->api->cluster, &call->arena, request->after.text, max, names, &more);
    struct buffer *out = &call->out;
    json_object_begin(out);
    if (more) {
        json_member_string(out, "LastEvaluatedTableName", names[count - 1]);
    }
    json_member_array_begin(out, "TableNames");
    for (uint32_t i = 0; i < count; i++) {
        json_string(out, names[i]);
    }
    json_array_end(out);
    json_object_end(out);
    call_succeed(call);
}

/* --- DeleteTable -------------------------------------------------------------------------------------------------- */

/* table_change.apply: however ACTIVE the table says it is. */
static bool check_indexes(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    (void)arena;
    struct table_call *table_call = (struct table_call *)change;
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].status != INDEX_ACTIVE) {
            return table_refuse(&table_call->check, ERROR_RESOURCE_IN_USE,
                                "Attempt to change a resource which is still in use: Cannot delete table while indexes "
                                "are being created, updated, or deleted.");
        }
    }
    return true;
}

static void deleted(struct table_call *table_call)
{
    struct api_call *call = table_call->call;
    if (table_call_failed(table_call)) {
        return;
    }
    json_object_begin(&call->out);
    json_name(&call->out, "TableDescription");
    describe_deleted_table(call, &call->out, table_call_table(table_call));
    json_object_end(&call->out);
    call_succeed(call);
}

void delete_table_run(struct api_call *call)
{
    const struct name_request *request = CALL_REQUEST(call, struct name_request);
    struct slice name;
    if (!call_table_name(call, request->name.text, &name)) {
        return;
    }
    struct table_call *table_call = ARENA_NEW(&call->arena, struct table_call);
    table_call_init(table_call, call, TABLE_DELETE, name, deleted);
    table_call->change.apply = check_indexes;
    cluster_change_table(call_port(call), &table_call->change);
}
