#include "api/query_protocol.h"

#include "api/audit.h"
#include "api/authenticate.h"
#include "api/call.h"
#include "api/sts.h"
#include "auth/uri.h"

#include <assert.h>

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"
#define VERSION   "2011-06-15"

/* --- the form ----------------------------------------------------------------------------------------------------- */

/* A plus sign is a blank; one that is meant comes as %2B. */
static struct slice decode_part(struct arena *arena, struct slice text)
{
    if (text.len == 0 || memchr(text.data, '+', text.len) == NULL) {
        return uri_decode(text, arena);
    }
    char *copy = arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = text.data[i] == '+' ? ' ' : text.data[i];
    }
    return uri_decode(slice_of(copy, text.len), arena);
}

static bool find(struct api_call *call, const char *wanted, struct slice *ret_value)
{
    struct slice rest = call->body, name, value;
    while (uri_query_next(&rest, &name, &value)) {
        if (slice_equal(decode_part(&call->arena, name), slice_from_string(wanted))) {
            *ret_value = decode_part(&call->arena, value);
            return true;
        }
    }
    return false;
}

bool query_has(struct api_call *call, const char *wanted)
{
    struct slice rest = call->body, name, value, start = slice_from_string(wanted);
    while (uri_query_next(&rest, &name, &value)) {
        name = decode_part(&call->arena, name);
        if (value.len > 0 && slice_starts_with(name, start) && (name.len == start.len || name.data[start.len] == '.')) {
            return true;
        }
    }
    return false;
}

static bool is_small(const struct api_call *call)
{
    struct slice rest = call->body, name, value;
    unsigned count = 0;
    while (count <= QUERY_PARAMETERS_MAX && uri_query_next(&rest, &name, &value)) {
        count++;
    }
    return call->body.len <= QUERY_BODY_BYTES_MAX && count <= QUERY_PARAMETERS_MAX;
}

static bool read_integer(struct slice text, int64_t *ret_number)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    int64_t number = 0;
    if (text.len == (negative ? 1 : 0) || text.len > 10) {
        return false;
    }
    for (size_t i = negative ? 1 : 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    *ret_number = negative ? -number : number;
    return true;
}

bool query_decode(struct api_call *call, const struct shape *shape, void *ret_request)
{
    memset(ret_request, 0, shape->size);
    for (unsigned i = 0; i < shape->count; i++) {
        const struct shape_member *member = &shape->members[i];
        void *slot = (char *)ret_request + member->offset;
        struct slice value;
        assert(member->kind == SHAPE_STRING || member->kind == SHAPE_INTEGER);
        if (!find(call, member->name, &value)) {
            continue;
        }
        if (member->kind == SHAPE_STRING) {
            *(struct opt_string *)slot = (struct opt_string){.present = true, .text = value};
            continue;
        }
        struct opt_integer *integer = slot;
        integer->present = true;
        if (!read_integer(value, &integer->number)) {
            call_fail(call, ERROR_MALFORMED_INPUT, "%s is not an integer", member->name);
            return false;
        }
    }
    struct slice message;
    if (!shape_check(shape, ret_request, &call->arena, &message)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    return true;
}

/* --- XML ---------------------------------------------------------------------------------------------------------- */

static void append_escaped(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        switch (c) {
        case '&':
            BUFFER_APPEND_LITERAL(out, "&amp;");
            break;
        case '<':
            BUFFER_APPEND_LITERAL(out, "&lt;");
            break;
        case '>':
            BUFFER_APPEND_LITERAL(out, "&gt;");
            break;
        case '"':
            BUFFER_APPEND_LITERAL(out, "&quot;");
            break;
        default:
            buffer_append_byte(out, (c >= ' ' && c <= '~') || c == '\n' || c == '\t' ? c : '?');
            break;
        }
    }
}

void query_element(struct buffer *out, const char *name, struct slice text)
{
    buffer_printf(out, "<%s>", name);
    append_escaped(out, text);
    buffer_printf(out, "</%s>", name);
}

void query_succeed(struct api_call *call, const char *action, const struct buffer *body)
{
    struct buffer *out = &call->out;
    buffer_printf(out, "<%sResponse xmlns=\"" NAMESPACE "\"><%sResult>", action, action);
    buffer_append_slice(out, buffer_slice(body));
    buffer_printf(out, "</%sResult><ResponseMetadata>", action);
    query_element(out, "RequestId", call->id);
    buffer_printf(out, "</ResponseMetadata></%sResponse>", action);
    call_succeed(call);
}

/* Source: "Common errors" of the API reference of AWS STS, and what SDKs log. The fault is always the sender's, but for
 * what is missing here. */
static const struct {
    enum error_type type;
    const char *code;
    unsigned status;
} codes[] = {
    {ERROR_VALIDATION, "ValidationError", 400},
    {ERROR_MALFORMED_INPUT, "MalformedInput", 400},
    {ERROR_MALFORMED_POLICY, "MalformedPolicyDocument", 400},
    {ERROR_PACKED_POLICY_TOO_LARGE, "PackedPolicyTooLarge", 400},
    {ERROR_UNKNOWN_OPERATION, "InvalidAction", 400},
    {ERROR_ACCESS_DENIED, "AccessDenied", 403},
    {ERROR_MISSING_TOKEN, "MissingAuthenticationToken", 403},
    {ERROR_INCOMPLETE_SIGNATURE, "IncompleteSignature", 400},
    {ERROR_INVALID_SIGNATURE, "SignatureDoesNotMatch", 403},
    {ERROR_UNRECOGNIZED_CLIENT, "InvalidClientTokenId", 403},
    {ERROR_EXPIRED_TOKEN, "ExpiredToken", 403},
    {ERROR_THROTTLING, "Throttling", 400},
    {ERROR_UNAVAILABLE, "ServiceUnavailable", 503},
};

void query_fail(struct api_call *call, enum error_type type, struct slice message)
{
    const char *code = "InternalFailure";
    unsigned status = 500;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].type == type) {
            code = codes[i].code;
            status = codes[i].status;
        }
    }
    struct buffer *out = &call->out;
    buffer_clear(out);
    BUFFER_APPEND_LITERAL(out, "<ErrorResponse xmlns=\"" NAMESPACE "\"><Error>");
    query_element(out, "Type", status < 500 ? SLICE("Sender") : SLICE("Receiver"));
    query_element(out, "Code", slice_from_string(code));
    query_element(out, "Message", message);
    BUFFER_APPEND_LITERAL(out, "</Error>");
    query_element(out, "RequestId", call->id);
    BUFFER_APPEND_LITERAL(out, "</ErrorResponse>");
    call->status = status;
    call->respond(call);
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

void query_call_start(struct api_call *call)
{
    struct api *api = call->loop->api;
    struct slice action = SLICE(""), version = SLICE("");
    assert(api->authenticate != NULL);
    if (!api->authenticate(call)) {
        return;
    }
    if (!is_small(call)) {
        call_fail(call, ERROR_MALFORMED_INPUT, "The form has more than %u bytes or %d parameters", QUERY_BODY_BYTES_MAX,
                  QUERY_PARAMETERS_MAX);
        return;
    }
    find(call, "Action", &action);
    find(call, "Version", &version);
    const struct sts_action *found = slice_equal(version, SLICE(VERSION)) ? sts_find(action) : NULL;
    if (found == NULL) {
        call_fail(call, ERROR_UNKNOWN_OPERATION, "Could not find operation %.*s for version %.*s",
                  (int)(action.len < 64 ? action.len : 64), action.data, (int)(version.len < 64 ? version.len : 64),
                  version.data);
        return;
    }
    call->action = found;
    if (api->audit == NULL || audit_admit_query(call, found->gives_credentials)) {
        found->run(call);
    }
}
