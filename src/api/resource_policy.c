/* PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy. A policy is part of its table's description and is
 * effective with the next request; DynamoDB takes minutes, and refuses a second change within 15 seconds.
 *
 * Source: API reference; answers of the service for the forms of ARNs and for documents that are refused. */
#include "api/resource_policy.h"

#include "api/authorize.h"
#include "api/table_operations.h"
#include "auth/policy.h"

struct policy_request_members {
    struct opt_string arn; /* first in every request of this file */
    struct opt_string policy;
    struct opt_string expected;
    struct opt_boolean confirm;
};

#define MEMBER_POLICY_ARN                                                                                              \
    {                                                                                                                  \
        SHAPE_MEMBER(struct policy_request_members, arn, "ResourceArn", "resourceArn", SHAPE_STRING),                  \
            .required = true, .limit = LIMIT_RANGE(1, 1283)                                                            \
    }
#define MEMBER_EXPECTED_REVISION                                                                                       \
    {                                                                                                                  \
        SHAPE_MEMBER(struct policy_request_members, expected, "ExpectedRevisionId", "expectedRevisionId",              \
                     SHAPE_STRING),                                                                                    \
            .limit = LIMIT_RANGE(1, 255)                                                                               \
    }

static const struct shape_member put_members[] = {
    MEMBER_POLICY_ARN,
    {SHAPE_MEMBER(struct policy_request_members, policy, "Policy", "policy", SHAPE_STRING), .required = true},
    MEMBER_EXPECTED_REVISION,
    {SHAPE_MEMBER(struct policy_request_members, confirm, "ConfirmRemoveSelfResourceAccess",
                  "confirmRemoveSelfResourceAccess", SHAPE_BOOLEAN)},
};
const struct shape put_resource_policy_shape =
    SHAPE_OF("PutResourcePolicyInput", struct policy_request_members, put_members);

static const struct shape_member get_members[] = {MEMBER_POLICY_ARN};
const struct shape get_resource_policy_shape =
    SHAPE_OF("GetResourcePolicyInput", struct policy_request_members, get_members);

static const struct shape_member delete_members[] = {MEMBER_POLICY_ARN, MEMBER_EXPECTED_REVISION};
const struct shape delete_resource_policy_shape =
    SHAPE_OF("DeleteResourcePolicyInput", struct policy_request_members, delete_members);

/* --- the table ---------------------------------------------------------------------------------------------------- */

/* arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME. */
static bool table_of_arn(struct api_call *call, struct slice arn, struct slice *ret_name)
{
    const struct api_settings *settings = &call->loop->api->settings;
    struct slice parts[6] = {{0}};
    struct slice rest = arn;
    for (int i = 0; i < 6; i++) {
        const char *colon = i == 5 || rest.len == 0 ? NULL : memchr(rest.data, ':', rest.len);
        size_t len = colon != NULL ? (size_t)(colon - rest.data) : rest.len;
        parts[i] = slice_of(rest.data, len);
        size_t used = len + (colon != NULL ? 1 : 0);
        rest = slice_of(rest.data + used, rest.len - used);
    }
    struct slice name = parts[5];
    bool is_table = slice_starts_with(name, SLICE("table/"));
    name = is_table ? slice_of(name.data + 6, name.len - 6) : name;
    const char *slash = name.len == 0 ? NULL : memchr(name.data, '/', name.len);
    if (!slice_starts_with(arn, SLICE("arn:"))) {
        call_fail(call, ERROR_VALIDATION, INVALID "ARNs must start with 'arn:': %.*s", SLICE_ARG(arn));
    } else if (slash != NULL &&
               slice_starts_with(slice_of(slash, (size_t)(name.data + name.len - slash)), SLICE("/index/"))) {
        call_fail(call, ERROR_VALIDATION,
                  INVALID "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: "
                          "%.*s",
                  SLICE_ARG(arn));
    } else if (!slice_equal(parts[2], SLICE("dynamodb")) || !is_table || slash != NULL || !shape_matches_name(name)) {
        call_fail(call, ERROR_VALIDATION, INVALID "Provided Arn is not a DynamoDB resource arn: %.*s", SLICE_ARG(arn));
    } else if (!slice_equal(parts[1], SLICE("aws")) || !slice_equal(parts[3], slice_from_string(settings->region))) {
        call_fail(call, ERROR_VALIDATION, INVALID "Invalid resource Arn: %.*s", SLICE_ARG(arn));
    } else if (!slice_equal(parts[4], slice_from_string(settings->account_id))) {
        call_fail(call, ERROR_VALIDATION,
                  "This action is only supported by accounts that match the resource owner’s account.");
    } else {
        *ret_name = name;
        return true;
    }
    return false;
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static bool refuse_document(struct table_check *check, enum policy_flaw flaw)
{
#define DOCUMENT INVALID "Invalid policy document: "
    static const char *const texts[] = {
        [POLICY_FLAW_SIZE] = INVALID "Maximum policy size of 20480 bytes exceeded",
        [POLICY_FLAW_JSON] = DOCUMENT "This policy contains invalid Json",
        [POLICY_FLAW_NO_STATEMENTS] = DOCUMENT "Could not parse the policy: Statement is empty!",
        [POLICY_FLAW_NO_RESOURCE] = DOCUMENT "Missing required field Resource",
        [POLICY_FLAW_SID_TWICE] = DOCUMENT "The Statement Ids in the policy are not unique",
        [POLICY_FLAW_PRINCIPAL] = INVALID "Invalid principal in policy document.",
        [POLICY_FLAW_OTHER] = DOCUMENT "Syntax errors in policy.",
    };
#undef DOCUMENT
    return table_refuse(check, ERROR_VALIDATION, "%s", texts[flaw]);
}

/* The document as it is kept and shown, in the check's arena, and its tree, which the caller destroys. */
static bool read_document(struct table_check *check, struct slice text, struct slice *ret_document,
                          struct policy **ret_policy)
{
    enum policy_flaw flaw = policy_check(text, POLICY_OF_RESOURCE, ret_policy);
    if (flaw != POLICY_FLAW_NONE) {
        return refuse_document(check, flaw);
    }
    if (policy_is_unbounded(*ret_policy)) {
        policy_destroy(*ret_policy);
        return table_refuse(check, ERROR_VALIDATION,
                            "Resource-based policy grants unbounded access in one or more elements. Please revise the "
                            "policy to ensure least-privilege form of access");
    }
    struct buffer canonical = {0};
    policy_append_canonical(&canonical, text);
    *ret_document = arena_copy(check->arena, buffer_slice(&canonical));
    buffer_finish(&canonical);
    return true;
}

static uint64_t next_revision(const struct table_spec *spec)
{
    uint64_t now_ms = env_time_us() / 1000;
    return now_ms > spec->policy_revision ? now_ms : spec->policy_revision + 1;
}

bool resource_policy_set(struct table_check *check, struct slice text, struct table_spec *spec)
{
    struct policy *policy;
    if (!read_document(check, text, &spec->policy, &policy)) {
        return false;
    }
    policy_destroy(policy);
    spec->policy_revision = next_revision(spec);
    return true;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

struct policy_call {
    struct table_call table_call; /* first */
    struct slice document;        /* empty: to be removed */
    struct opt_string expected;
    uint64_t revision; /* to be shown; 0: none */
    struct arena *arena;
};

#define NOT_FOUND "Resource-based policy not found for the provided ResourceArn: "

static bool refuse_revision(struct policy_call *policy_call, struct slice text)
{
    policy_call->table_call.check.error = ERROR_POLICY_NOT_FOUND;
    policy_call->table_call.check.message = text;
    return false;
}

static bool check_revision(struct policy_call *policy_call, const struct table_spec *spec)
{
    struct arena *arena = policy_call->arena;
    struct slice expected = policy_call->expected.text;
    struct slice current = arena_printf(arena, "%llu", (unsigned long long)spec->policy_revision);
    bool exists = spec->policy.len != 0;
    if (!policy_call->expected.present) {
        return true;
    }
    if (policy_call->document.len != 0 && slice_equal(expected, SLICE("NO_POLICY"))) {
        return !exists ||
               refuse_revision(policy_call,
                               arena_printf(arena,
                                            NOT_FOUND "Requested policy update expecting none to be present for table "
                                                      "%.*s, but a policy exists with revision id %.*s.",
                                            SLICE_ARG(spec->name), SLICE_ARG(current)));
    }
    if (!exists) {
        return refuse_revision(policy_call,
                               arena_printf(arena,
                                            NOT_FOUND "Requested update for policy with revision id %.*s, but table "
                                                      "%.*s has no associated resource-based policy.",
                                            SLICE_ARG(expected), SLICE_ARG(spec->name)));
    }
    return slice_equal(expected, current) ||
           refuse_revision(policy_call,
                           arena_printf(arena,
                                        NOT_FOUND "Requested update for policy with revision id %.*s, but the policy "
                                                  "associated to target table %.*s has revision id %.*s.",
                                        SLICE_ARG(expected), SLICE_ARG(spec->name), SLICE_ARG(current)));
}

/* On the writer's thread; the call waits, so its arena is free to use. */
static bool apply(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    struct policy_call *policy_call = (struct policy_call *)change;
    if (!check_revision(policy_call, spec)) {
        return false;
    }
    bool removes = policy_call->document.len == 0;
    if (slice_equal(spec->policy, policy_call->document)) {
        policy_call->revision = spec->policy_revision; /* nothing changes; of what was removed, when */
        return true;
    }
    policy_call->revision = removes ? spec->policy_revision : next_revision(spec);
    spec->policy_revision = removes ? next_revision(spec) : policy_call->revision;
    spec->policy = arena_copy(arena, policy_call->document);
    return true;
}

static void changed(struct table_call *table_call)
{
    struct policy_call *policy_call = (struct policy_call *)table_call;
    struct api_call *call = table_call->call;
    if (table_call_failed(table_call)) {
        return;
    }
    json_object_begin(&call->out);
    if (policy_call->revision != 0) {
        struct slice revision = arena_printf(&call->arena, "%llu", (unsigned long long)policy_call->revision);
        json_member_string(&call->out, "RevisionId", revision);
    }
    json_object_end(&call->out);
    call_succeed(call);
}

static struct policy_call *policy_call_create(struct api_call *call, struct slice name)
{
    const struct policy_request_members *request = CALL_REQUEST(call, struct policy_request_members);
    struct policy_call *policy_call = ARENA_NEW(&call->arena, struct policy_call);
    table_call_init(&policy_call->table_call, call, TABLE_UPDATE, name, changed);
    policy_call->table_call.change.apply = apply;
    policy_call->expected = request->expected;
    policy_call->arena = &call->arena;
    return policy_call;
}

void put_resource_policy_run(struct api_call *call)
{
    const struct policy_request_members *request = CALL_REQUEST(call, struct policy_request_members);
    struct slice name;
    struct policy *policy;
    if (!table_of_arn(call, request->arn.text, &name)) {
        return;
    }
    if (call_table_find(call, name) == NULL) {
        table_call_not_found(call, name);
        return;
    }
    struct policy_call *policy_call = policy_call_create(call, name);
    struct table_check *check = &policy_call->table_call.check;
    if (!read_document(check, request->policy.text, &policy_call->document, &policy)) {
        call_fail(call, check->error, "%.*s", SLICE_ARG(check->message));
        return;
    }
    bool locks_out = !request->confirm.flag && authorize_locks_out(call, policy, request->arn.text);
    policy_destroy(policy);
    if (locks_out) {
        call_fail(call, ERROR_ACCESS_DENIED,
                  "The new resource policy will not allow you to update the resource policy in the future.");
        return;
    }
    cluster_change_table(call_port(call), &policy_call->table_call.change);
}

void delete_resource_policy_run(struct api_call *call)
{
    const struct policy_request_members *request = CALL_REQUEST(call, struct policy_request_members);
    struct slice name;
    if (table_of_arn(call, request->arn.text, &name)) {
        cluster_change_table(call_port(call), &policy_call_create(call, name)->table_call.change);
    }
}

void get_resource_policy_run(struct api_call *call)
{
    const struct policy_request_members *request = CALL_REQUEST(call, struct policy_request_members);
    struct slice name;
    if (!table_of_arn(call, request->arn.text, &name)) {
        return;
    }
    const struct table *table = call_table_find(call, name);
    if (table == NULL) {
        table_call_not_found(call, name);
        return;
    }
    if (table->spec.policy.len == 0) {
        call_fail(call, ERROR_POLICY_NOT_FOUND, NOT_FOUND "%.*s", SLICE_ARG(request->arn.text));
        return;
    }
    json_object_begin(&call->out);
    json_member_string(&call->out, "Policy", table->spec.policy);
    json_member_string(&call->out, "RevisionId",
                       arena_printf(&call->arena, "%llu", (unsigned long long)table->spec.policy_revision));
    json_object_end(&call->out);
    call_succeed(call);
}
