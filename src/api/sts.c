#include "api/sts.h"

#include "api/access.h"
#include "api/audit.h"
#include "api/query_protocol.h"
#include "base/env.h"

#include <stdio.h>

#define ASSUME "sts:AssumeRole"

#define DURATION_S_MIN 900
/* Of a role that another role's session takes; and of the root user's sessions. */
#define CHAINED_S_MAX      3600
#define ROOT_S_MAX         3600
#define USER_S_MAX         129600
#define USER_S_DEFAULT     43200
#define EXTERNAL_ID_MAX    1224
#define EXTERNAL_ID_OTHERS "+=,.@:/-"

struct assume_role_request {
    struct opt_string role_arn, session_name, policy, external_id;
    struct opt_integer duration_s;
};

struct session_token_request {
    struct opt_integer duration_s;
};

static bool is_of_words(struct slice text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\0' || (strchr(IDENTITIES_KEY_CHARS, c) == NULL && strchr(others, c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_session_name(struct slice text)
{
    return is_of_words(text, "+=,.@-");
}

static bool is_external_id(struct slice text)
{
    return is_of_words(text, EXTERNAL_ID_OTHERS);
}

/* Source: the service model. */
static const struct shape_member assume_members[] = {
    {SHAPE_MEMBER(struct assume_role_request, role_arn, "RoleArn", "roleArn", SHAPE_STRING), .required = true,
     .limit = LIMIT_RANGE(20, 2048)},
    {SHAPE_MEMBER(struct assume_role_request, session_name, "RoleSessionName", "roleSessionName", SHAPE_STRING),
     .required = true,
     .limit = {.has_min = true,
               .min = 2,
               .has_max = true,
               .max = IDENTITIES_NAME_CHARS_MAX,
               .pattern = "[\\w+=,.@-]*",
               .matches = is_session_name}},
    {SHAPE_MEMBER(struct assume_role_request, policy, "Policy", "policy", SHAPE_STRING), .limit = LIMIT_MIN(1)},
    {SHAPE_MEMBER(struct assume_role_request, duration_s, "DurationSeconds", "durationSeconds", SHAPE_INTEGER),
     .limit = LIMIT_RANGE(DURATION_S_MIN, IDENTITIES_SESSION_S_MAX)},
    {SHAPE_MEMBER(struct assume_role_request, external_id, "ExternalId", "externalId", SHAPE_STRING),
     .limit = {.has_min = true,
               .min = 2,
               .has_max = true,
               .max = EXTERNAL_ID_MAX,
               .pattern = "[\\w+=,.@:\\/-]*",
               .matches = is_external_id}},
};
static const struct shape assume_shape = SHAPE_OF("AssumeRoleRequest", struct assume_role_request, assume_members);

static const struct shape_member token_members[] = {
    {SHAPE_MEMBER(struct session_token_request, duration_s, "DurationSeconds", "durationSeconds", SHAPE_INTEGER),
     .limit = LIMIT_RANGE(DURATION_S_MIN, USER_S_MAX)},
};
static const struct shape token_shape = SHAPE_OF("GetSessionTokenRequest", struct session_token_request, token_members);

/* Parameters that would mean something, and cannot here. False: the call has been failed. */
static bool check_unsupported(struct api_call *call)
{
    static const struct {
        const char *name, *why;
    } unsupported[] = {
        {"SerialNumber", "this server has no multi-factor authentication"},
        {"TokenCode", "this server has no multi-factor authentication"},
        {"PolicyArns", "this server has no managed policies; Policy takes the text of one"},
        {"Tags", "this server has no session tags"},
        {"TransitiveTagKeys", "this server has no session tags"},
        {"SourceIdentity", "this server has no source identities"},
        {"ProvidedContexts", "this server has no context providers"},
    };
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        if (query_has(call, unsupported[i].name)) {
            call_fail(call, ERROR_VALIDATION, "%s is not supported: %s", unsupported[i].name, unsupported[i].why);
            return false;
        }
    }
    return true;
}

/* --- credentials -------------------------------------------------------------------------------------------------- */

static void append_credentials(struct api_call *call, struct session *session, int64_t duration_s, struct buffer *out)
{
    struct buffer token = {0};
    session->issued_s = (int64_t)(env_time_us() / 1000000);
    session->expires_s = session->issued_s + duration_s;
    session_make_key(session);
    session_append_token(session, call->loop->api->guard->session_key, &token);
    BUFFER_APPEND_LITERAL(out, "<Credentials>");
    query_element(out, "AccessKeyId", slice_from_string(session->key_id));
    query_element(out, "SecretAccessKey", slice_from_string(session->secret));
    query_element(out, "SessionToken", buffer_slice(&token));
    query_element(out, "Expiration", access_time_text(&call->arena, session->expires_s));
    BUFFER_APPEND_LITERAL(out, "</Credentials>");
    crypto_wipe(session->secret, sizeof session->secret);
    buffer_finish(&token);
}

static void finish(struct api_call *call, const char *action, struct buffer *body)
{
    query_succeed(call, action, body);
    crypto_wipe(body->data, body->len);
    buffer_finish(body);
}

/* --- AssumeRole --------------------------------------------------------------------------------------------------- */

struct assume {
    struct access access; /* first: it is the policies' context */
    const struct assume_role_request *request;
};

static struct policy_values assume_values(const struct policy_request *policy_request, struct slice key,
                                          struct arena *arena)
{
    struct assume *assume = policy_request->context;
    const struct opt_string *text = slice_equal(key, SLICE("sts:externalid"))        ? &assume->request->external_id
                                    : slice_equal(key, SLICE("sts:rolesessionname")) ? &assume->request->session_name
                                                                                     : NULL;
    if (text == NULL) {
        return access_global_value(&assume->access, key, arena);
    }
    return text->present ? (struct policy_values){.present = true, .items = &text->text, .count = 1}
                         : (struct policy_values){0};
}

static enum policy_decision own_policies(struct api_call *call, const struct policy_request *request)
{
    const struct guard_caller *caller = &call->caller;
    enum policy_decision decision = POLICY_SILENT;
    for (unsigned i = 0; i < caller->policies->count && decision != POLICY_DENIES; i++) {
        enum policy_decision one = policy_evaluate(caller->policies->items[i].tree, request, &call->arena);
        decision = one != POLICY_SILENT ? one : decision;
    }
    return decision;
}

/* Nobody denies it, the role trusts the caller, and so does his session's policy, if it has one. Where the role trusts
 * the whole account, it is the caller's own policies that say who in it may. */
static bool may_assume(struct api_call *call, const struct assume_role_request *request,
                       const struct identity_role *role)
{
    const struct guard_caller *caller = &call->caller;
    struct assume assume = {.access = {.call = call, .action = ASSUME}, .request = request};
    struct policy_request asked = {
        .action = SLICE(ASSUME),
        .resource = slice_from_string(role->arn),
        .principal_arn = slice_from_string(caller->arn),
        .role_arn = caller->role != NULL ? slice_from_string(caller->role->arn) : SLICE(""),
        .account = slice_from_string(call->loop->api->settings.account_id),
        .values = assume_values,
        .context = &assume,
    };
    enum policy_decision own = own_policies(call, &asked);
    asked.is_account = own == POLICY_ALLOWS;
    return own != POLICY_DENIES && role->trust_tree != NULL &&
           (caller->session_policy == NULL ||
            policy_evaluate(caller->session_policy, &asked, &call->arena) == POLICY_ALLOWS) &&
           policy_evaluate(role->trust_tree, &asked, &call->arena) == POLICY_ALLOWS;
}

/* arn:aws:iam::ACCOUNT:role/NAME; NULL: there is no such role, or it is disabled. */
static const struct identity_role *find_role(struct api_call *call, struct slice arn)
{
    const char *slash = arn.len == 0 ? NULL : memchr(arn.data, '/', arn.len);
    if (slash == NULL) {
        return NULL;
    }
    struct slice name = slice_of(slash + 1, arn.len - (size_t)(slash + 1 - arn.data));
    const struct identity_role *role = identities_find_role(call->loop->guard.identities, name);
    return role != NULL && role->enabled && slice_equal(slice_from_string(role->arn), arn) ? role : NULL;
}

static bool check_policy(struct api_call *call, struct slice text)
{
    struct policy *policy;
    struct err err;
    if (text.len > SESSION_POLICY_BYTES_MAX) {
        call_fail(call, ERROR_PACKED_POLICY_TOO_LARGE, "The session policy has %zu bytes, more than %d", text.len,
                  SESSION_POLICY_BYTES_MAX);
        return false;
    }
    if (policy_parse(text, POLICY_OF_IDENTITY, &policy, &err) != 0) {
        call_fail(call, ERROR_MALFORMED_POLICY, "%s", err.text);
        return false;
    }
    policy_destroy(policy);
    return true;
}

/* How long it may be and shall be, or 0: the call has been failed. */
static int64_t assume_duration(struct api_call *call, const struct assume_role_request *request,
                               const struct identity_role *role)
{
    bool chained = call->caller.role != NULL;
    int64_t duration_s = request->duration_s.present ? request->duration_s.number : IDENTITIES_SESSION_S_DEFAULT;
    if (duration_s > role->session_s_max) {
        call_fail(call, ERROR_VALIDATION,
                  "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
        return 0;
    }
    if (chained && duration_s > CHAINED_S_MAX) {
        call_fail(call, ERROR_VALIDATION,
                  "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
        return 0;
    }
    return duration_s;
}

static void answer_assumed(struct api_call *call, const struct assume_role_request *request,
                           const struct identity_role *role, int64_t duration_s)
{
    struct slice name = request->session_name.text;
    struct session session = {.is_role = true, .created_us = role->created_us};
    snprintf(session.issuer, sizeof session.issuer, "%s", call->caller.key->id);
    snprintf(session.name, sizeof session.name, "%s", role->name);
    snprintf(session.session_name, sizeof session.session_name, "%.*s", SLICE_ARG(name));
    session.policy = request->policy.present ? request->policy.text : SLICE("");
    char id[IDENTITIES_UNIQUE_ID_CHARS + 1];
    identities_role_id(role, id);
    struct buffer body = {0};
    BUFFER_APPEND_LITERAL(&body, "<AssumedRoleUser>");
    query_element(&body, "AssumedRoleId", arena_printf(&call->arena, "%s:%.*s", id, SLICE_ARG(name)));
    query_element(&body, "Arn",
                  arena_printf(&call->arena, "arn:aws:sts::%s:assumed-role/%s/%.*s",
                               call->loop->api->settings.account_id, role->name, SLICE_ARG(name)));
    BUFFER_APPEND_LITERAL(&body, "</AssumedRoleUser>");
    append_credentials(call, &session, duration_s, &body);
    if (request->policy.present) {
        size_t percent = (session.policy.len * 100 + SESSION_POLICY_BYTES_MAX - 1) / SESSION_POLICY_BYTES_MAX;
        query_element(&body, "PackedPolicySize", arena_printf(&call->arena, "%zu", percent));
    }
    finish(call, "AssumeRole", &body);
}

static void assume_role_run(struct api_call *call)
{
    struct assume_role_request request;
    if (!query_decode(call, &assume_shape, &request) || !check_unsupported(call) ||
        (request.policy.present && !check_policy(call, request.policy.text))) {
        return;
    }
    if (guard_caller_is_root(&call->caller)) {
        call_fail(call, ERROR_ACCESS_DENIED, "Roles may not be assumed by root accounts.");
        return;
    }
    const struct identity_role *role = find_role(call, request.role_arn.text);
    if (role == NULL || !may_assume(call, &request, role)) {
        audit_denial(call, DENIAL_IMPLICIT, SLICE(""));
        call_fail(call, ERROR_ACCESS_DENIED, "User: %s is not authorized to perform: " ASSUME " on resource: %.*s",
                  call->caller.arn, SLICE_ARG(request.role_arn.text));
        return;
    }
    int64_t duration_s = assume_duration(call, &request, role);
    if (duration_s > 0) {
        answer_assumed(call, &request, role, duration_s);
    }
}

/* --- the others --------------------------------------------------------------------------------------------------- */

/* No policy is asked, as with AWS: the session can do no more than who asks for it. */
static void get_session_token_run(struct api_call *call)
{
    struct session_token_request request;
    const struct guard_caller *caller = &call->caller;
    if (!query_decode(call, &token_shape, &request) || !check_unsupported(call)) {
        return;
    }
    if (caller->session != NULL) {
        call_fail(call, ERROR_ACCESS_DENIED, "Cannot call GetSessionToken with session credentials");
        return;
    }
    bool is_root = guard_caller_is_root(caller);
    int64_t duration_s = request.duration_s.present ? request.duration_s.number : USER_S_DEFAULT;
    duration_s = is_root && duration_s > ROOT_S_MAX ? ROOT_S_MAX : duration_s;
    struct session session = {.created_us = caller->user->created_us, .policy = SLICE("")};
    snprintf(session.issuer, sizeof session.issuer, "%s", caller->key->id);
    snprintf(session.name, sizeof session.name, "%s", caller->user->name);
    struct buffer body = {0};
    append_credentials(call, &session, duration_s, &body);
    finish(call, "GetSessionToken", &body);
}

static void get_caller_identity_run(struct api_call *call)
{
    const char *account = call->loop->api->settings.account_id;
    struct buffer body = {0};
    query_element(&body, "Arn", slice_from_string(call->caller.arn));
    query_element(&body, "UserId", access_user_id(&call->caller, account, &call->arena));
    query_element(&body, "Account", slice_from_string(account));
    finish(call, "GetCallerIdentity", &body);
}

const struct sts_action sts_actions[] = {
    {"AssumeRole", true, assume_role_run},
    {"GetSessionToken", true, get_session_token_run},
    {"GetCallerIdentity", false, get_caller_identity_run},
};
const unsigned sts_action_count = sizeof sts_actions / sizeof sts_actions[0];

const struct sts_action *sts_find(struct slice name)
{
    for (unsigned i = 0; i < sts_action_count; i++) {
        if (slice_equal(name, slice_from_string(sts_actions[i].name))) {
            return &sts_actions[i];
        }
    }
    return NULL;
}
