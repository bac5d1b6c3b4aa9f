/* Patterns and values.
 *
 * A pattern with variables is expanded first: they are replaced, and its wildcards become bytes that no text can have,
 * so that a star in the value of a variable is a star and nothing else. */
#include "auth/policy_tree.h"

#include "base/buffer.h"
#include "value/number.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#define ANY_TEXT 1 /* stands for * in an expanded pattern */
#define ANY_CHAR 2 /* stands for ? */

/* A pattern longer than this with its variables replaced matches nothing. */
#define EXPANDED_MAX 8192

/* --- wildcards ---------------------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* A text to compare with. Wildcards are none where `any_text` is 0. */
struct pattern {
    struct slice text;
    char any_text, any_char;
    struct buffer expanded; /* what `text` points to, or empty */
};

/* Goes back only as far as the last star that was passed. */
static bool wildcard_matches(const struct pattern *wanted, struct slice pattern, struct slice text, bool ignore_case)
{
    char any_text = wanted->any_text, any_char = wanted->any_char;
    size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == any_text) {
            star = p++;
            star_text = t;
        } else if (p < pattern.len && (pattern.data[p] == any_char || pattern.data[p] == text.data[t] ||
                                       (ignore_case && lower(pattern.data[p]) == lower(text.data[t])))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == any_text) {
        p++;
    }
    return p == pattern.len;
}

bool policy_action_matches(struct slice pattern, struct slice action)
{
    const struct pattern wanted = {.text = pattern, .any_text = '*', .any_char = '?'};
    return wildcard_matches(&wanted, pattern, action, true);
}

/* --- variables ---------------------------------------------------------------------------------------------------- */

/* Appends a text in which nothing is a wildcard. */
static bool append_literal(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ANY_TEXT || text.data[i] == ANY_CHAR) {
            return false;
        }
    }
    buffer_append_slice(out, text);
    return out->len <= EXPANDED_MAX;
}

/* ${key}, ${key, 'default'}, and ${*}, ${?}, ${$} for the characters themselves. `inside` lies between the braces. */
static bool append_variable(const struct policy_match *match, struct slice inside, struct buffer *out)
{
    if (inside.len == 1 && (inside.data[0] == '*' || inside.data[0] == '?' || inside.data[0] == '$')) {
        buffer_append_slice(out, inside);
        return true;
    }
    const char *comma = inside.len == 0 ? NULL : memchr(inside.data, ',', inside.len);
    size_t key_len = comma != NULL ? (size_t)(comma - inside.data) : inside.len;
    char *key = arena_alloc(match->arena, key_len + 1);
    for (size_t i = 0; i < key_len; i++) {
        key[i] = lower(inside.data[i]);
    }
    struct policy_values values = match->request->values(match->request, slice_of(key, key_len), match->arena);
    if (values.present && values.count == 1) {
        return append_literal(out, values.items[0]);
    }
    if (comma == NULL || values.count > 1) {
        return false;
    }
    struct slice otherwise = slice_of(comma + 1, inside.len - key_len - 1);
    while (otherwise.len > 0 && otherwise.data[0] == ' ') {
        otherwise = slice_of(otherwise.data + 1, otherwise.len - 1);
    }
    bool quoted = otherwise.len >= 2 && otherwise.data[0] == '\'' && otherwise.data[otherwise.len - 1] == '\'';
    return quoted && append_literal(out, slice_of(otherwise.data + 1, otherwise.len - 2));
}

static bool expand(const struct policy_match *match, struct slice text, bool wildcards, struct buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '$' && i + 1 < text.len && text.data[i + 1] == '{') {
            const char *end = memchr(text.data + i, '}', text.len - i);
            if (end == NULL) {
                return false;
            }
            size_t start = i + 2, stop = (size_t)(end - text.data);
            if (!append_variable(match, slice_of(text.data + start, stop - start), out)) {
                return false;
            }
            i = stop;
        } else if (wildcards && (c == '*' || c == '?')) {
            buffer_append_byte(out, c == '*' ? ANY_TEXT : ANY_CHAR);
        } else if (!append_literal(out, slice_of(&c, 1))) {
            return false;
        }
    }
    return out->len <= EXPANDED_MAX;
}

/* False: a variable has no value, so nothing matches. The pattern is to be finished all the same. */
static bool pattern_make(const struct policy_match *match, struct slice text, bool wildcards,
                         struct pattern *ret_pattern)
{
    bool has_variables = match->policy->has_variables && text.len > 2 && memmem(text.data, text.len, "${", 2) != NULL;
    *ret_pattern = (struct pattern){.text = text, .any_text = wildcards ? '*' : 0, .any_char = wildcards ? '?' : 0};
    if (!has_variables) {
        return true;
    }
    bool good = expand(match, text, wildcards, &ret_pattern->expanded);
    ret_pattern->text = buffer_slice(&ret_pattern->expanded);
    ret_pattern->any_text = wildcards ? ANY_TEXT : 0;
    ret_pattern->any_char = wildcards ? ANY_CHAR : 0;
    return good;
}

static void pattern_finish(struct pattern *pattern)
{
    buffer_finish(&pattern->expanded);
}

/* --- ARNs --------------------------------------------------------------------------------------------------------- */

static struct slice cut_part(struct slice *rest, bool last)
{
    const char *colon = last || rest->len == 0 ? NULL : memchr(rest->data, ':', rest->len);
    struct slice part = slice_of(rest->data, colon != NULL ? (size_t)(colon - rest->data) : rest->len);
    size_t used = part.len + (colon != NULL ? 1 : 0);
    *rest = slice_of(rest->data + used, rest->len - used);
    return part;
}

static bool arn_matches(const struct pattern *wanted, struct slice arn)
{
    struct slice pattern = wanted->text;
    if (pattern.len == 1 && pattern.data[0] == wanted->any_text) {
        return true;
    }
    for (int i = 0; i < 6; i++) {
        bool cut_short = i < 5 && (pattern.len == 0 || memchr(pattern.data, ':', pattern.len) == NULL);
        if (cut_short && pattern.len > 0 && pattern.data[pattern.len - 1] == wanted->any_text) {
            return wildcard_matches(wanted, pattern, arn, false);
        }
        if (cut_short || arn.len == 0) {
            return false;
        }
        struct slice part = cut_part(&arn, i == 5);
        if (!wildcard_matches(wanted, cut_part(&pattern, i == 5), part, false)) {
            return false;
        }
    }
    return true;
}

bool policy_arn_matches(const struct policy_match *match, struct slice pattern, struct slice arn)
{
    struct pattern wanted;
    bool matches = pattern_make(match, pattern, true, &wanted) && arn_matches(&wanted, arn);
    pattern_finish(&wanted);
    return matches;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

static bool string_matches(const struct policy_match *match, enum policy_operator comparison, struct slice wanted,
                           struct slice value)
{
    struct pattern pattern;
    bool like = comparison == OPERATOR_STRING_LIKE;
    bool matches = pattern_make(match, wanted, like, &pattern);
    if (matches && like) {
        matches = wildcard_matches(&pattern, pattern.text, value, false);
    } else if (matches && comparison == OPERATOR_STRING_EQUALS) {
        matches = slice_equal(pattern.text, value);
    } else if (matches) {
        matches = equal_ignoring_case(pattern.text, value);
    }
    pattern_finish(&pattern);
    return matches;
}

/* `order` is of the request's value against the policy's. */
static bool order_fits(enum policy_operator comparison, enum policy_operator equals, int order)
{
    switch (comparison - equals) {
    case 0:
        return order == 0;
    case 1:
        return order < 0;
    case 2:
        return order <= 0;
    case 3:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool number_matches(enum policy_operator comparison, struct slice wanted, struct slice value)
{
    struct number a, b;
    return number_parse(value, &a) == NUMBER_OK && number_parse(wanted, &b) == NUMBER_OK &&
           order_fits(comparison, OPERATOR_NUMERIC_EQUALS, number_compare(&a, &b));
}

/* 2026-11-25, 2026-11-25T22:41Z, 2026-11-25T22:41:13Z, or seconds since 1970. */
static bool read_date(struct slice text, int64_t *ret_time_s)
{
    char copy[40];
    if (text.len == 0 || text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "0123456789") == text.len && text.len <= 12) {
        *ret_time_s = strtoll(copy, NULL, 10);
        return true;
    }
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {0};
        const char *end = strptime(copy, forms[i], &tm);
        if (end != NULL && *end == '\0') {
            *ret_time_s = timegm(&tm);
            return true;
        }
    }
    return false;
}

static bool date_matches(enum policy_operator comparison, struct slice wanted, struct slice value)
{
    int64_t a, b;
    return read_date(value, &a) && read_date(wanted, &b) &&
           order_fits(comparison, OPERATOR_DATE_EQUALS, (a > b) - (a < b));
}

/* An address of 16 bytes; those of IPv4 are mapped. *ret_bits counts from the front. */
static bool read_network(struct slice text, unsigned char ret_address[16], unsigned *ret_bits)
{
    char copy[64];
    if (text.len == 0 || text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *slash = strchr(copy, '/');
    unsigned long bits = 128;
    if (slash != NULL) {
        char *end;
        *slash = '\0';
        bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end != '\0') {
            return false;
        }
    }
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        bits = slash == NULL ? 128 : bits + 96;
        memset(ret_address, 0, 10);
        memset(ret_address + 10, 0xff, 2);
        memcpy(ret_address + 12, &v4, 4);
    } else if (inet_pton(AF_INET6, copy, ret_address) != 1) {
        return false;
    }
    *ret_bits = (unsigned)bits;
    return bits <= 128;
}

static bool address_matches(struct slice wanted, struct slice value)
{
    unsigned char network[16], address[16];
    unsigned bits, all;
    if (!read_network(wanted, network, &bits) || !read_network(value, address, &all) || all != 128) {
        return false;
    }
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(network, address, whole) == 0 &&
           (rest == 0 || ((network[whole] ^ address[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

bool policy_value_matches(const struct policy_match *match, enum policy_operator comparison, struct slice wanted,
                          struct slice value)
{
    switch (comparison) {
    case OPERATOR_STRING_EQUALS:
    case OPERATOR_STRING_EQUALS_IGNORE_CASE:
    case OPERATOR_STRING_LIKE:
        return string_matches(match, comparison, wanted, value);
    case OPERATOR_NUMERIC_EQUALS:
    case OPERATOR_NUMERIC_LESS_THAN:
    case OPERATOR_NUMERIC_LESS_THAN_EQUALS:
    case OPERATOR_NUMERIC_GREATER_THAN:
    case OPERATOR_NUMERIC_GREATER_THAN_EQUALS:
        return number_matches(comparison, wanted, value);
    case OPERATOR_DATE_EQUALS:
    case OPERATOR_DATE_LESS_THAN:
    case OPERATOR_DATE_LESS_THAN_EQUALS:
    case OPERATOR_DATE_GREATER_THAN:
    case OPERATOR_DATE_GREATER_THAN_EQUALS:
        return date_matches(comparison, wanted, value);
    case OPERATOR_BOOL:
        return equal_ignoring_case(wanted, value);
    case OPERATOR_BINARY_EQUALS:
        return slice_equal(wanted, value);
    case OPERATOR_IP_ADDRESS:
        return address_matches(wanted, value);
    case OPERATOR_ARN_LIKE:
        return policy_arn_matches(match, wanted, value);
    case OPERATOR_NULL:
        break;
    }
    return false;
}
