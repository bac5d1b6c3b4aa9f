/* Source of the texts: answers of DynamoDB as SDKs and issues show them, and "Troubleshoot Signature Version 4 signing"
 * (IAM User Guide). The blanks at the end of sentences are AWS's. */
#include "api/authenticate.h"

#include "api/audit.h"
#include "api/call.h"
#include "auth/rate_limit.h"
#include "base/env.h"
#include "base/hash.h"

#include <arpa/inet.h>

/* The service that a request must be signed for. */
static struct slice service_of(const struct api_call *call)
{
    return call->is_query ? SLICE("sts") : SLICE("dynamodb");
}

static void fail_header_incomplete(struct api_call *call, const struct sigv4 *claims)
{
    call_fail(call, ERROR_INCOMPLETE_SIGNATURE, "%s%s%s%sAuthorization=%.*s",
              claims->missing & SIGV4_PART_CREDENTIAL ? "Authorization header requires 'Credential' parameter. " : "",
              claims->missing & SIGV4_PART_SIGNATURE ? "Authorization header requires 'Signature' parameter. " : "",
              claims->missing & SIGV4_PART_SIGNED_HEADERS ? "Authorization header requires 'SignedHeaders' parameter. "
                                                          : "",
              claims->missing & SIGV4_PART_DATE
                  ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                  : "",
              SLICE_ARG(claims->authorization));
}

static void fail_query_incomplete(struct api_call *call, const struct sigv4 *claims)
{
#define MUST_INCLUDE(name) "AWS query-string parameters must include '" name "'. "
    call_fail(call, ERROR_INCOMPLETE_SIGNATURE, "%s%s%s%s%sRe-examine the query-string parameters.",
              claims->missing & SIGV4_PART_ALGORITHM ? MUST_INCLUDE("X-Amz-Algorithm") : "",
              claims->missing & SIGV4_PART_CREDENTIAL ? MUST_INCLUDE("X-Amz-Credential") : "",
              claims->missing & SIGV4_PART_SIGNATURE ? MUST_INCLUDE("X-Amz-Signature") : "",
              claims->missing & SIGV4_PART_SIGNED_HEADERS ? MUST_INCLUDE("X-Amz-SignedHeaders") : "",
              claims->missing & SIGV4_PART_DATE ? MUST_INCLUDE("X-Amz-Date") : "");
#undef MUST_INCLUDE
}

static void fail_time(struct api_call *call, enum sigv4_result result, const struct sigv4 *claims)
{
    const char *text = result == SIGV4_EXPIRED ? "Signature expired: %.16s is now earlier than %.16s (%.16s - %u %s)"
                                               : "Signature not yet current: %.16s is still later than %.16s (%.16s + "
                                                 "%u %s)";
    uint32_t seconds = result == SIGV4_EXPIRED ? claims->valid_s : SIGV4_SKEW_S;
    bool minutes = seconds % 60 == 0;
    struct slice message = arena_printf(&call->arena, text, claims->time, claims->limit, claims->now,
                                        minutes ? seconds / 60 : seconds, minutes ? "min." : "sec.");
    call_fail(call, ERROR_INVALID_SIGNATURE, "%.*s", SLICE_ARG(message));
}

static void fail_scope(struct api_call *call, const struct sigv4 *claims)
{
    struct buffer text = {0};
    if (claims->wrong & SIGV4_SCOPE_REGION) {
        buffer_printf(&text, "Credential should be scoped to a valid region, not '%.*s'. ",
                      SLICE_ARG(claims->signer->scope_region));
    }
    if (claims->wrong & SIGV4_SCOPE_SERVICE) {
        buffer_printf(&text, "Credential should be scoped to correct service: '%.*s'. ", SLICE_ARG(service_of(call)));
    }
    if (claims->wrong & SIGV4_SCOPE_END) {
        buffer_printf(&text, "Credential should be scoped with a valid terminator: 'aws4_request', not '%.*s'. ",
                      SLICE_ARG(claims->signer->scope_end));
    }
    if (claims->wrong & SIGV4_SCOPE_DATE) {
        buffer_printf(&text,
                      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                      "'%.*s' != '%.8s', from '%.16s'.",
                      SLICE_ARG(claims->signer->scope_date), claims->time, claims->time);
    }
    call_fail(call, ERROR_INVALID_SIGNATURE, "%.*s", SLICE_ARG(buffer_slice(&text)));
    buffer_finish(&text);
}

static void fail_incomplete(struct api_call *call, enum sigv4_result result, const struct sigv4 *claims)
{
    switch (result) {
    case SIGV4_NO_PAIR:
        call_fail(call, ERROR_INCOMPLETE_SIGNATURE,
                  "'%.*s' not a valid key=value pair (missing equal-sign) in Authorization header: '%.*s'.",
                  SLICE_ARG(claims->detail), SLICE_ARG(claims->authorization));
        break;
    case SIGV4_HEADER_INCOMPLETE:
        fail_header_incomplete(call, claims);
        break;
    case SIGV4_QUERY_INCOMPLETE:
        fail_query_incomplete(call, claims);
        break;
    case SIGV4_DATE_MALFORMED:
        call_fail(call, ERROR_INCOMPLETE_SIGNATURE,
                  "Date must be in ISO-8601 'basic format'. Got '%.*s'. See http://en.wikipedia.org/wiki/ISO_8601",
                  SLICE_ARG(claims->date));
        break;
    case SIGV4_EXPIRES_MALFORMED:
        call_fail(call, ERROR_INCOMPLETE_SIGNATURE,
                  "X-Amz-Expires must be a number of seconds from 1 to %d. Got '%.*s'.", SIGV4_EXPIRES_S_MAX,
                  SLICE_ARG(claims->detail));
        break;
    case SIGV4_ALGORITHM_UNKNOWN:
        call_fail(call, ERROR_INCOMPLETE_SIGNATURE,
                  "Unsupported AWS 'algorithm': '%.*s' (only AWS4-HMAC-SHA256 for now). ",
                  SLICE_ARG(claims->signer->algorithm));
        break;
    default:
        call_fail(call, ERROR_INCOMPLETE_SIGNATURE,
                  "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
                  "'%.*s'",
                  SLICE_ARG(claims->signer->credential));
        break;
    }
}

static void fail_signature(struct api_call *call, enum sigv4_result result, const struct sigv4 *claims)
{
    switch (result) {
    case SIGV4_MISSING:
        call_fail(call, ERROR_MISSING_TOKEN, "Request is missing Authentication Token");
        break;
    case SIGV4_TWICE:
        call_fail(call, ERROR_INVALID_SIGNATURE,
                  "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
        break;
    case SIGV4_EXPIRED:
    case SIGV4_NOT_YET:
        fail_time(call, result, claims);
        break;
    case SIGV4_HOST_UNSIGNED:
        call_fail(call, ERROR_INVALID_SIGNATURE,
                  "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        break;
    case SIGV4_TARGET_UNSIGNED:
        call_fail(call, ERROR_INVALID_SIGNATURE, "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
        break;
    case SIGV4_SCOPE_WRONG:
        fail_scope(call, claims);
        break;
    case SIGV4_KEY_UNKNOWN:
        call_fail(call, ERROR_UNRECOGNIZED_CLIENT, "The security token included in the request is invalid.");
        break;
    case SIGV4_TOKEN_INVALID:
        call_fail(call, ERROR_UNRECOGNIZED_CLIENT, "The security token included in the request is invalid");
        break;
    case SIGV4_TOKEN_EXPIRED:
        call_fail(call, ERROR_EXPIRED_TOKEN, "The security token included in the request is expired");
        break;
    case SIGV4_MISMATCH:
        call_fail(call, ERROR_INVALID_SIGNATURE,
                  "The request signature we calculated does not match the signature you provided. Check your AWS "
                  "Secret Access Key and signing method. Consult the service documentation for details.");
        break;
    default:
        fail_incomplete(call, result, claims);
        break;
    }
}

/* --- how often ----------------------------------------------------------------------------------------------------
 */

/* An address of IPv4, or the half of one of IPv6 that says which network it is: the rest is the client's to choose. */
static uint64_t hash_peer(const struct auth_head *head)
{
    char text[AUTH_PEER_CHARS];
    struct in6_addr v6;
    if (head->peer == NULL || !head->peer(head->context, text)) {
        return 0;
    }
    if (inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
        return hash_bytes(slice_of(&v6, sizeof v6 / 2));
    }
    return hash_bytes(slice_from_string(text));
}

/* True, and the call has been failed, if there is no token. Source of the text: Developer Guide, "Error handling with
 * DynamoDB". */
static bool is_throttled(struct api_call *call, struct rate_limit *limit, uint64_t key, enum throttled_by by)
{
    if (rate_limit_take(limit, key, env_monotonic_us())) {
        return false;
    }
    metric_add(&call->loop->metrics.throttled[by], 1);
    if (by == THROTTLED_BY_IDENTITY_RATE) {
        audit_denial(call, DENIAL_THROTTLED, SLICE(""));
    }
    call_fail(call, ERROR_THROTTLING, "Rate of requests exceeds the allowed throughput.");
    return true;
}

bool call_authenticate(struct api_call *call)
{
    struct sigv4 claims;
    enum sigv4_result result = guard_check(&call->loop->guard, &call->head, call->body, env_time_s(), service_of(call),
                                           &call->arena, &claims, &call->caller);
    const struct api *api = call->loop->api;
    if (result != SIGV4_OK) {
        /* only the failures: a good signature counts for nothing here, so nobody is locked out by his neighbours */
        if (api->failure_rate != NULL &&
            is_throttled(call, api->failure_rate, hash_peer(&call->head), THROTTLED_BY_FAILURE_RATE)) {
            return false;
        }
        audit_denial(call, DENIAL_UNAUTHENTICATED, claims.signer->access_key);
        fail_signature(call, result, &claims);
        return false;
    }
    /* sessions count for the user that they began with: he could have any number of them */
    return api->identity_rate == NULL ||
           !is_throttled(call, api->identity_rate, hash_bytes(slice_from_string(call->caller.key->user->arn)),
                         THROTTLED_BY_IDENTITY_RATE);
}
