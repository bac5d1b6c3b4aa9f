/* TagResource, UntagResource, ListTagsOfResource. Tags are part of a table's description. A change can be read at once;
 * DynamoDB's answers are some seconds behind. */
#include "api/audit.h"
#include "api/table_limits.h"
#include "api/table_operations.h"

/* --- the resource --------------------------------------------------------------------------------------------------
 */

enum { ARN_PREFIX, ARN_PARTITION, ARN_SERVICE, ARN_REGION, ARN_ACCOUNT, ARN_RESOURCE, ARN_PARTS };

/* Parts that are missing are empty; the last one may have colons. */
static void split_arn(struct slice arn, struct slice ret_parts[ARN_PARTS])
{
    for (int i = 0; i < ARN_PARTS; i++) {
        const char *colon = i == ARN_RESOURCE || arn.len == 0 ? NULL : memchr(arn.data, ':', arn.len);
        size_t len = colon == NULL ? arn.len : (size_t)(colon - arn.data);
        ret_parts[i] = slice_of(arn.data, len);
        size_t skip = colon == NULL ? len : len + 1;
        arn = slice_of(arn.data + skip, arn.len - skip);
    }
}

static bool refuse_arn(struct api_call *call, const char *what, struct slice arn)
{
    call_fail(call, ERROR_VALIDATION, "%s%.*s", what, SLICE_ARG(arn));
    return false;
}

static bool deny_arn(struct api_call *call, struct slice arn)
{
    audit_denial(call, DENIAL_IMPLICIT, SLICE(""));
    call_fail(call, ERROR_ACCESS_DENIED, "User is not authorized to perform: %s on resource: %.*s",
              call->operation->permission, SLICE_ARG(arn));
    return false;
}

/* The name of the table. What is wrong with an ARN is told in DynamoDB's order, and only tables can have tags. */
static bool table_of_arn(struct api_call *call, struct slice arn, struct slice *ret_name)
{
    const struct api_settings *settings = &call->loop->api->settings;
    struct slice part[ARN_PARTS];
    split_arn(arn, part);
    if (!slice_starts_with(arn, SLICE("arn:"))) {
        return refuse_arn(call, INVALID "ARNs must start with 'arn:': ", arn);
    }
    if (!slice_equal(part[ARN_SERVICE], SLICE("dynamodb"))) {
        return deny_arn(call, arn);
    }
    struct slice name = part[ARN_RESOURCE];
    if (!slice_starts_with(name, SLICE("table/"))) {
        return refuse_arn(call, INVALID "Provided Arn is not a DynamoDB resource arn: ", arn);
    }
    name = slice_of(name.data + 6, name.len - 6);
    const char *slash = name.len == 0 ? NULL : memchr(name.data, '/', name.len);
    if (slash != NULL && slice_starts_with(slice_of(slash, (size_t)(name.data + name.len - slash)), SLICE("/index/"))) {
        return refuse_arn(call,
                          INVALID "Invalid resource arn provided, only table or stream is accepted. Provided resource "
                                  "arn: ",
                          arn);
    }
    if (slash != NULL) {
        return refuse_arn(call, INVALID "Provided Arn is not a DynamoDB resource arn: ", arn);
    }
    if (!slice_equal(part[ARN_ACCOUNT], slice_from_string(settings->account_id))) {
        return deny_arn(call, arn);
    }
    if (!slice_equal(part[ARN_PARTITION], SLICE("aws")) ||
        !slice_equal(part[ARN_REGION], slice_from_string(settings->region)) || !shape_matches_name(name) ||
        name.len < 3 || name.len > TABLE_NAME_MAX) {
        return refuse_arn(call, "Invalid TableArn: Invalid ResourceArn provided as input ", arn);
    }
    *ret_name = name;
    return true;
}

/* The service's spelling. Source: https://github.com/turbot/steampipe-plugin-aws/issues/1516 */
static void resource_not_found(struct api_call *call, struct slice arn)
{
    call_fail(call, ERROR_RESOURCE_NOT_FOUND, "Requested resource not found: ResourcArn: %.*s not found",
              SLICE_ARG(arn));
}

static void fail_check(struct api_call *call, const struct table_check *check)
{
    call_fail(call, check->error, "%.*s", SLICE_ARG(check->message));
}

/* --- TagResource, UntagResource ------------------------------------------------------------------------------------
 */

/* Both requests begin with the ARN. */
static void changed(struct table_call *table_call)
{
    struct api_call *call = table_call->call;
    if (!table_call->change.command.failed && table_call->change.result == TABLE_CHANGE_NOT_FOUND) {
        resource_not_found(call, CALL_REQUEST(call, struct list_tags_request)->arn.text);
    } else if (!table_call_failed(table_call)) {
        call_succeed(call); /* with an empty body */
    }
}

static void change_tags(struct api_call *call, struct table_call *table_call,
                        bool (*apply)(struct table_change *change, struct table_spec *spec, struct arena *arena))
{
    table_call->change.apply = apply;
    cluster_change_table(call_port(call), &table_call->change);
}

static bool add_tags(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    struct table_call *table_call = (struct table_call *)change;
    const struct tag_resource_request *request = CALL_REQUEST(table_call->call, struct tag_resource_request);
    return table_add_tags(&table_call->check, &request->tags, spec, arena);
}

void tag_resource_run(struct api_call *call)
{
    const struct tag_resource_request *request = CALL_REQUEST(call, struct tag_resource_request);
    struct slice name;
    if (!table_of_arn(call, request->arn.text, &name)) {
        return;
    }
    if (request->tags.count == 0) {
        call_fail(call, ERROR_VALIDATION, "Atleast one Tag needs to be provided as Input.");
        return;
    }
    struct table_call *table_call = ARENA_NEW(&call->arena, struct table_call);
    table_call_init(table_call, call, TABLE_UPDATE, name, changed);
    if (!table_check_tags(&table_call->check, &request->tags)) {
        fail_check(call, &table_call->check);
        return;
    }
    change_tags(call, table_call, add_tags);
}

static bool is_among(const struct untag_resource_request *request, struct slice key)
{
    for (uint32_t i = 0; i < request->keys.count; i++) {
        if (slice_equal(request->keys.items[i], key)) {
            return true;
        }
    }
    return false;
}

/* In place: what stays moves up. */
static bool remove_tags(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    (void)arena;
    struct table_call *table_call = (struct table_call *)change;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < spec->tag_count; i++) {
        if (!is_among(CALL_REQUEST(table_call->call, struct untag_resource_request), spec->tags[i].key)) {
            spec->tags[kept++] = spec->tags[i];
        }
    }
    spec->tag_count = kept;
    return true;
}

/* Too many keys are too many tags, although they are to be removed. */
static bool check_keys(struct table_check *check, const struct untag_resource_request *request)
{
    for (uint32_t i = 0; i < request->keys.count; i++) {
        if (!table_check_tag_key(check, true, request->keys.items[i])) {
            return false;
        }
    }
    return request->keys.count <= TAGS_MAX || table_refuse_tag_count(check);
}

void untag_resource_run(struct api_call *call)
{
    const struct untag_resource_request *request = CALL_REQUEST(call, struct untag_resource_request);
    struct slice name;
    if (!table_of_arn(call, request->arn.text, &name)) {
        return;
    }
    if (request->keys.count == 0) {
        call_fail(call, ERROR_VALIDATION, "Atleast one Tag Key needs to be provided as Input.");
        return;
    }
    struct table_call *table_call = ARENA_NEW(&call->arena, struct table_call);
    table_call_init(table_call, call, TABLE_UPDATE, name, changed);
    if (!check_keys(&table_call->check, request)) {
        fail_check(call, &table_call->check);
        return;
    }
    change_tags(call, table_call, remove_tags);
}

/* --- ListTagsOfResource --------------------------------------------------------------------------------------------
 */

/* All tags fit one page, here and in DynamoDB: there is never a NextToken that could be sent back. */
void list_tags_of_resource_run(struct api_call *call)
{
    const struct list_tags_request *request = CALL_REQUEST(call, struct list_tags_request);
    struct slice name;
    if (!table_of_arn(call, request->arn.text, &name)) {
        return;
    }
    struct table *table = call_table_find(call, name);
    if (table == NULL) {
        resource_not_found(call, request->arn.text);
        return;
    }
    if (request->next_token.present) {
        call_fail(call, ERROR_VALIDATION, INVALID "NextToken is invalid");
        return;
    }
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_array_begin(out, "Tags");
    for (uint32_t i = 0; i < table->spec.tag_count; i++) {
        json_object_begin(out);
        json_member_string(out, "Key", table->spec.tags[i].key);
        json_member_string(out, "Value", table->spec.tags[i].value);
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
    call_succeed(call);
}
