/* UpdateTimeToLive, DescribeTimeToLive. A change is complete at once; DynamoDB takes up to an hour, and until then
 * refuses a second one. */
#include "api/table_operations.h"

static bool apply(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    (void)arena;
    struct table_call *table_call = (struct table_call *)change;
    const struct time_to_live_request *wanted =
        CALL_REQUEST(table_call->call, struct update_time_to_live_request)->specification;
    struct table_check *check = &table_call->check;
    bool is_on = spec->ttl.attribute.len > 0;
    if (is_on && !slice_equal(spec->ttl.attribute, wanted->attribute.text)) {
        return table_refuse(check, ERROR_VALIDATION,
                            "TimeToLive is active on a different AttributeName: current AttributeName is %.*s",
                            SLICE_ARG(spec->ttl.attribute));
    }
    if (is_on == wanted->enabled.flag) {
        return table_refuse(check, ERROR_VALIDATION, "TimeToLive is already %s", is_on ? "enabled" : "disabled");
    }
    spec->ttl.attribute = is_on ? SLICE("") : wanted->attribute.text;
    spec->ttl.generation++;
    return true;
}

static void updated(struct table_call *table_call)
{
    struct api_call *call = table_call->call;
    if (table_call_failed(table_call)) {
        return;
    }
    const struct time_to_live_request *done = CALL_REQUEST(call, struct update_time_to_live_request)->specification;
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_object_begin(out, "TimeToLiveSpecification");
    json_member_string(out, "AttributeName", done->attribute.text);
    json_member_boolean(out, "Enabled", done->enabled.flag);
    json_object_end(out);
    json_object_end(out);
    call_succeed(call);
}

void update_time_to_live_run(struct api_call *call)
{
    struct slice name;
    if (!call_table_name(call, CALL_REQUEST(call, struct update_time_to_live_request)->name.text, &name)) {
        return;
    }
    struct table_call *table_call = ARENA_NEW(&call->arena, struct table_call);
    table_call_init(table_call, call, TABLE_UPDATE, name, updated);
    table_call->change.apply = apply;
    cluster_change_table(call_port(call), &table_call->change);
}

void describe_time_to_live_run(struct api_call *call)
{
    struct slice name;
    if (!call_table_name(call, CALL_REQUEST(call, struct name_request)->name.text, &name)) {
        return;
    }
    struct table *table = call_table_find(call, name);
    if (table == NULL) {
        table_call_not_found(call, name);
        return;
    }
    struct slice attribute = table->spec.ttl.attribute;
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_object_begin(out, "TimeToLiveDescription");
    if (attribute.len > 0) {
        json_member_string(out, "AttributeName", attribute);
    }
    json_member_text(out, "TimeToLiveStatus", attribute.len > 0 ? "ENABLED" : "DISABLED");
    json_object_end(out);
    json_object_end(out);
    call_succeed(call);
}
