/* UpdateTable: the answer. It shows some members as they were before the change, because DynamoDB's does. */
#include "api/table_update.h"

#include "api/describe.h"

/* Changes that make the table's status UPDATING; the others leave it ACTIVE. */
static bool changes_status(const struct update_table_request *request)
{
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        if (request->indexes.items[i].update == NULL) {
            return true;
        }
    }
    return request->billing.present || request->provisioned != NULL || request->stream != NULL ||
           request->class.present;
}

/* The description to print: the new one, but throughputs, warm throughput and class as they were. */
static struct table_spec shown_spec(struct update_call *update, const struct table_spec *after)
{
    const struct table_spec *before = &update->before;
    struct table_spec shown = *after;
    shown.warm = before->warm;
    shown.class = before->class;
    shown.class_changed_us = before->class_changed_us;
    if (before->billing == after->billing) {
        shown.provisioned = before->provisioned;
        shown.decreases_today = before->decreases_today;
    }
    shown.indexes = ARENA_ARRAY(&update->table_call.call->arena, struct index_spec, after->index_count);
    for (uint32_t i = 0; i < after->index_count; i++) {
        shown.indexes[i] = after->indexes[i];
        if (i >= before->index_count) {
            continue;
        }
        shown.indexes[i].warm = before->indexes[i].warm;
        if (before->billing == after->billing) {
            shown.indexes[i].provisioned = before->indexes[i].provisioned;
        }
    }
    return shown;
}

static void updated(struct table_call *table_call)
{
    struct update_call *update = (struct update_call *)table_call;
    struct api_call *call = table_call->call;
    if (table_call_failed(table_call)) {
        return;
    }
    const struct update_table_request *request = update->request;
    const struct table *table = table_call_table(table_call);
    struct table_spec shown = shown_spec(update, &table->spec);
    const struct describe_options options = {
        .status = changes_status(request) ? "UPDATING" : NULL,
        .index_status = "UPDATING",
        .index_mask = update->changed_indexes,
        .warm_status = request->warm != NULL ? "UPDATING" : "ACTIVE",
        .encryption_status = request->encryption != NULL ? "UPDATING" : "ENABLED",
        .hide_on_demand_since = request->billing.present,
    };
    json_object_begin(&call->out);
    json_name(&call->out, "TableDescription");
    describe_table(call, &call->out, table, &shown, &options);
    json_object_end(&call->out);
    call_succeed(call);
}

void update_table_run(struct api_call *call)
{
    const struct update_table_request *request = CALL_REQUEST(call, struct update_table_request);
    struct slice name;
    if (!call_table_name(call, request->name.text, &name)) {
        return;
    }
    struct update_call *update = ARENA_NEW(&call->arena, struct update_call);
    table_call_init(&update->table_call, call, TABLE_UPDATE, name, updated);
    update->request = request;
    if (!table_update_check(&update->table_call.check, request)) {
        call_fail(call, update->table_call.check.error, "%.*s", SLICE_ARG(update->table_call.check.message));
        return;
    }
    update->table_call.change.apply = table_update_apply;
    if (request->encryption != NULL) {
        update->table_call.key = request->encryption->key.text;
    }
    cluster_change_table(call_port(call), &update->table_call.change);
}
