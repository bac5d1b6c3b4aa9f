/* CreateTable. The table can be used as soon as the answer is sent; the answer still says CREATING, as DynamoDB's does,
 * since clients wait for what comes after it. */
#include "api/describe.h"
#include "api/resource_policy.h"
#include "api/table_operations.h"

static bool build_stream(struct table_check *check, const struct stream_request *request, struct table_spec *spec)
{
    if (request->enabled.flag && !request->view.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Table is being created with a stream enabled, UpdateViewType is required");
    }
    if (!request->enabled.flag && request->view.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID
                            "Table is being created with a stream disabled, UpdateViewType should not be specified");
    }
    if (request->enabled.flag) {
        spec->stream = (enum stream_view)(request->view.value + 1);
        spec->stream_label_us = env_time_us();
    }
    return true;
}

/* What would change where the data is, is refused rather than forgotten. */
static bool check_unsupported(struct table_check *check, const struct create_table_request *request)
{
    if (request->global_source.present) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "GlobalTableSourceArn is not supported by this server");
    }
    return true;
}

static bool build_spec(struct table_check *check, const struct create_table_request *request, struct table_spec *spec)
{
    if (!table_check_schema(check, request, spec) || !table_check_throughput(check, request, spec)) {
        return false;
    }
    if (spec->billing == BILLING_PAY_PER_REQUEST) {
        spec->on_demand_since_us = env_time_us();
    }
    if (request->stream != NULL && !build_stream(check, request->stream, spec)) {
        return false;
    }
    if (request->encryption != NULL &&
        !table_check_encryption(check, request->encryption, &spec->encrypted, &spec->kms_key)) {
        return false;
    }
    if (request->class.present && !table_check_class(check, request->class.text, &spec->class)) {
        return false;
    }
    spec->deletion_protection = request->deletion_protection.present && request->deletion_protection.flag;
    return table_check_tags(check, &request->tags) && table_add_tags(check, &request->tags, spec, check->arena) &&
           check_unsupported(check, request) &&
           (!request->resource_policy.present || resource_policy_set(check, request->resource_policy.text, spec));
}

static void created(struct table_call *table_call)
{
    struct api_call *call = table_call->call;
    if (table_call_failed(table_call)) {
        return;
    }
    const struct create_table_request *request = CALL_REQUEST(call, struct create_table_request);
    const struct table *table = table_call_table(table_call);
    const struct describe_options options = {
        .status = "CREATING",
        .index_status = "CREATING",
        .index_mask = UINT32_MAX,
        .warm_status = "UPDATING",
        .hide_warm = request->warm == NULL,
        .hide_index_warm = true,
        .hide_on_demand_since = true,
    };
    json_object_begin(&call->out);
    json_name(&call->out, "TableDescription");
    describe_table(call, &call->out, table, &table->spec, &options);
    json_object_end(&call->out);
    call_succeed(call);
}

void create_table_run(struct api_call *call)
{
    const struct create_table_request *request = CALL_REQUEST(call, struct create_table_request);
    struct slice name;
    if (!call_table_name(call, request->name.text, &name)) {
        return;
    }
    struct table_call *table_call = ARENA_NEW(&call->arena, struct table_call);
    struct table_spec *spec = ARENA_NEW(&call->arena, struct table_spec);
    table_call_init(table_call, call, TABLE_CREATE, name, created);
    spec->name = name;
    if (!build_spec(&table_call->check, request, spec)) {
        call_fail(call, table_call->check.error, "%.*s", SLICE_ARG(table_call->check.message));
        return;
    }
    table_call->change.spec = spec;
    table_call->key = spec->kms_key;
    cluster_change_table(call_port(call), &table_call->change);
}
