/* The claims of a signed request: from the Authorization header,
 *
 *   AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=host;x-amz-date, Signature=HEX
 *
 * or, when it was presigned, from the query: X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires,
 * X-Amz-SignedHeaders, X-Amz-Signature, X-Amz-Security-Token. */
#include "auth/sigv4.h"

#include "auth/uri.h"

#include <stdlib.h>
#include <time.h>

bool auth_head_find(const struct auth_head *head, struct slice name, struct slice *ret_value)
{
    size_t at = 0;
    return head->header(head->headers, name, &at, ret_value);
}

/* --- times -------------------------------------------------------------------------------------------------------- */

void sigv4_time_text(int64_t time_s, char ret_text[SIGV4_TIME_CHARS])
{
    struct tm tm;
    time_t time = (time_t)time_s;
    char text[64] = "00000000T000000Z";
    if (gmtime_r(&time, &tm) != NULL) {
        strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
    }
    memcpy(ret_text, text, SIGV4_TIME_CHARS);
}

/* Without signs and blanks, which strtol and strptime would take. */
static bool read_digits(struct slice text, size_t at, size_t count, int *ret_number)
{
    int number = 0;
    for (size_t i = at; i < at + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    *ret_number = number;
    return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. Years begin in March here, so that the leap day is a year's
 * last; 153 days are five months from March on. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t from_march = month > 2 ? month - 3 : month + 9, years = month > 2 ? year : year - 1;
    return years * 365 + years / 4 - years / 100 + years / 400 + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

static bool read_iso(struct slice text, int64_t *ret_time_s)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour, minute, second;
    if (text.len != SIGV4_TIME_CHARS || text.data[8] != 'T' || text.data[15] != 'Z' ||
        !read_digits(text, 0, 4, &year) || !read_digits(text, 4, 2, &month) || !read_digits(text, 6, 2, &day) ||
        !read_digits(text, 9, 2, &hour) || !read_digits(text, 11, 2, &minute) || !read_digits(text, 13, 2, &second)) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap) ||
        hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *ret_time_s = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* The form of HTTP's own Date header: "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool read_http_date(struct slice text, int64_t *ret_time_s)
{
    char copy[40];
    if (text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    struct tm tm = {0};
    const char *end = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (end == NULL || *end != '\0') {
        return false;
    }
    *ret_time_s = (int64_t)timegm(&tm);
    return true;
}

static bool read_time(struct sigv4 *claims)
{
    if (read_iso(claims->date, &claims->time_s)) {
        memcpy(claims->time, claims->date.data, SIGV4_TIME_CHARS);
        return true;
    }
    if (claims->presigned || !read_http_date(claims->date, &claims->time_s)) {
        return false;
    }
    sigv4_time_text(claims->time_s, claims->time);
    return true;
}

/* --- the Authorization header ------------------------------------------------------------------------------------- */

/* How far the character is, or `len`. */
static size_t distance(const char *text, size_t len, char c)
{
    const char *found = len == 0 ? NULL : memchr(text, c, len);
    return found != NULL ? (size_t)(found - text) : len;
}

/* Words are separated by commas and blanks. That there is hardly ever a tab is asked once, not for each word. */
struct words {
    struct slice rest;
    bool has_tabs;
};

static struct words words_of(struct slice text)
{
    return (struct words){.rest = text, .has_tabs = distance(text.data, text.len, '\t') < text.len};
}

static struct slice next_word(struct words *words)
{
    struct slice rest = words->rest;
    while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == ',' || rest.data[0] == '\t')) {
        rest = slice_of(rest.data + 1, rest.len - 1);
    }
    size_t len = distance(rest.data, rest.len, ',');
    len = distance(rest.data, len, ' ');
    len = words->has_tabs ? distance(rest.data, len, '\t') : len;
    words->rest = slice_of(rest.data + len, rest.len - len);
    return slice_of(rest.data, len);
}

/* The rest of a word that begins with `start`. */
static bool word_value(struct slice word, struct slice start, struct slice *ret_value)
{
    if (!slice_starts_with(word, start)) {
        return false;
    }
    *ret_value = slice_of(word.data + start.len, word.len - start.len);
    return true;
}

static enum sigv4_result read_words(struct sigv4 *claims)
{
    struct words words = words_of(claims->authorization);
    claims->algorithm = next_word(&words);
    claims->missing = SIGV4_PART_CREDENTIAL | SIGV4_PART_SIGNATURE | SIGV4_PART_SIGNED_HEADERS;
    for (struct slice word = next_word(&words); word.len > 0; word = next_word(&words)) {
        if (!word_value(word, SLICE("Credential="), &claims->credential) &&
            !word_value(word, SLICE("SignedHeaders="), &claims->signed_headers) &&
            !word_value(word, SLICE("Signature="), &claims->signature) && memchr(word.data, '=', word.len) == NULL) {
            claims->detail = word;
            return SIGV4_NO_PAIR;
        }
    }
    claims->missing &= claims->credential.len != 0 ? ~(unsigned)SIGV4_PART_CREDENTIAL : ~0u;
    claims->missing &= claims->signature.len != 0 ? ~(unsigned)SIGV4_PART_SIGNATURE : ~0u;
    claims->missing &= claims->signed_headers.len != 0 ? ~(unsigned)SIGV4_PART_SIGNED_HEADERS : ~0u;
    return SIGV4_OK;
}

/* Words end at blanks and commas. A signature's length is looked at, sixteen letters at a time. */
static bool is_one_word(const char text[SHA256_HEX])
{
    typedef unsigned char vector __attribute__((vector_size(16)));
    _Static_assert(SHA256_HEX == 4 * sizeof(vector), "four of them");
    vector letters[4];
    memcpy(letters, text, sizeof letters);
    vector ends = (vector)(letters[0] <= ',') | (vector)(letters[1] <= ',') | (vector)(letters[2] <= ',') |
                  (vector)(letters[3] <= ',');
    uint64_t halves[2];
    memcpy(halves, &ends, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

static bool was_seen(const struct sigv4_seen *seen, struct sigv4 *claims)
{
    struct slice text = claims->authorization;
    if (seen->len == 0 || text.len != seen->len + SHA256_HEX || memcmp(text.data, seen->text, seen->len) != 0 ||
        !is_one_word(text.data + seen->len)) {
        return false;
    }
    *claims = seen->claims;
    claims->authorization = text;
    claims->signature = slice_of(text.data + seen->len, SHA256_HEX);
    return true;
}

/* The access key's last letters, which differ most, say it: "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/…". */
unsigned sigv4_seen_place(struct slice authorization, unsigned count)
{
    uint64_t letters = 0;
    if (authorization.len >= 48) {
        memcpy(&letters, authorization.data + 40, sizeof letters);
    }
    return (unsigned)((letters * 0x9E3779B97F4A7C15u) >> 32) % count;
}

void sigv4_remember(struct sigv4_seen *seen, const struct sigv4 *claims)
{
    struct slice text = claims->authorization;
    size_t len = text.len - SHA256_HEX;
    if (claims->presigned || claims->signature.len != SHA256_HEX || claims->signature.data != text.data + len ||
        len > sizeof seen->text) {
        return;
    }
    memcpy(seen->text, text.data, len);
    seen->len = len;
    seen->claims = (struct sigv4){
        .was_seen = true,
        .has_scope = claims->has_scope,
        .host_is_signed = claims->host_is_signed,
        .target_is_signed = claims->target_is_signed,
    };
#define MOVE(member) seen->claims.member = slice_of(seen->text + (claims->member.data - text.data), claims->member.len)
    MOVE(algorithm);
    MOVE(credential);
    MOVE(signed_headers);
    MOVE(access_key);
    MOVE(scope);
    MOVE(scope_date);
    MOVE(scope_region);
    MOVE(scope_service);
    MOVE(scope_end);
#undef MOVE
}

static enum sigv4_result read_header(const struct auth_head *head, const struct sigv4_seen *seen, unsigned seen_count,
                                     struct sigv4 *claims)
{
    if (!was_seen(&seen[sigv4_seen_place(claims->authorization, seen_count)], claims)) {
        enum sigv4_result result = read_words(claims);
        if (result != SIGV4_OK) {
            return result;
        }
    }
    if (!auth_head_find(head, SLICE("x-amz-date"), &claims->date) &&
        !auth_head_find(head, SLICE("date"), &claims->date)) {
        claims->missing |= SIGV4_PART_DATE;
    }
    auth_head_find(head, SLICE("x-amz-security-token"), &claims->token);
    claims->valid_s = SIGV4_SKEW_S;
    return claims->missing == 0 ? SIGV4_OK : SIGV4_HEADER_INCOMPLETE;
}

/* --- the query ---------------------------------------------------------------------------------------------------- */

static bool read_expires(struct slice text, uint32_t *ret_seconds)
{
    int seconds;
    if (text.len == 0 || text.len > 6 || !read_digits(text, 0, text.len, &seconds) || seconds < 1 ||
        seconds > SIGV4_EXPIRES_S_MAX) {
        return false;
    }
    *ret_seconds = (uint32_t)seconds;
    return true;
}

static enum sigv4_result read_query(const struct auth_head *head, struct arena *arena, struct sigv4 *claims)
{
    struct slice expires = {NULL, 0};
    const struct {
        struct slice name;
        struct slice *value;
        unsigned part;
    } parameters[] = {
        {SLICE("X-Amz-Algorithm"), &claims->algorithm, SIGV4_PART_ALGORITHM},
        {SLICE("X-Amz-Credential"), &claims->credential, SIGV4_PART_CREDENTIAL},
        {SLICE("X-Amz-Signature"), &claims->signature, SIGV4_PART_SIGNATURE},
        {SLICE("X-Amz-SignedHeaders"), &claims->signed_headers, SIGV4_PART_SIGNED_HEADERS},
        {SLICE("X-Amz-Date"), &claims->date, SIGV4_PART_DATE},
        {SLICE("X-Amz-Security-Token"), &claims->token, 0},
        {SLICE("X-Amz-Expires"), &expires, 0},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        struct slice value = {NULL, 0};
        uri_query_find(head->query, parameters[i].name, &value);
        *parameters[i].value = uri_decode(value, arena);
        claims->missing |= value.len == 0 ? parameters[i].part : 0;
    }
    claims->valid_s = SIGV4_SKEW_S;
    if (claims->missing != 0) {
        return SIGV4_QUERY_INCOMPLETE;
    }
    if (expires.len != 0 && !read_expires(expires, &claims->valid_s)) {
        claims->detail = expires;
        return SIGV4_EXPIRES_MALFORMED;
    }
    return SIGV4_OK;
}

/* --- both -------------------------------------------------------------------------------------------------------- */

/* That most differ in their first letter is seen without a call. */
static bool is_name(struct slice text, struct slice name)
{
    return text.len == name.len && (text.data[0] | 0x20) == name.data[0] &&
           strncasecmp(text.data, name.data, name.len) == 0;
}

/* What the list, separated by semicolons, has of the two that must be in it; as AWS does, whatever the case. */
static void find_signed(struct slice list, bool *ret_host, bool *ret_target)
{
    *ret_host = *ret_target = false;
    for (size_t at = 0; at < list.len;) {
        struct slice name = slice_of(list.data + at, distance(list.data + at, list.len - at, ';'));
        *ret_host |= is_name(name, SLICE("host")) || is_name(name, SLICE(":authority"));
        *ret_target |= is_name(name, SLICE("x-amz-target"));
        at += name.len + 1;
    }
}

/* KEY/DATE/REGION/SERVICE/END. */
static bool split_credential(struct sigv4 *claims)
{
    struct slice *const parts[] = {&claims->access_key, &claims->scope_date, &claims->scope_region,
                                   &claims->scope_service, &claims->scope_end};
    struct slice rest = claims->credential;
    for (size_t i = 0; i < 5; i++) {
        const char *slash = rest.len == 0 ? NULL : memchr(rest.data, '/', rest.len);
        bool last = i == 4;
        if (last != (slash == NULL)) {
            return false;
        }
        *parts[i] = slice_of(rest.data, last ? rest.len : (size_t)(slash - rest.data));
        rest = last ? rest : slice_of(slash + 1, rest.len - parts[i]->len - 1);
        if (i == 0) {
            claims->scope = rest;
        }
    }
    return true;
}

enum sigv4_result sigv4_read(const struct auth_head *head, const struct sigv4_seen *seen, unsigned seen_count,
                             struct arena *arena, struct sigv4 *ret_claims)
{
    struct sigv4 *claims = ret_claims;
    *claims = (struct sigv4){0};
    struct slice unused;
    bool in_header = auth_head_find(head, SLICE("authorization"), &claims->authorization) &&
                     slice_starts_with(claims->authorization, SLICE("AWS4-"));
    claims->presigned = head->query.len != 0 && uri_query_find(head->query, SLICE("X-Amz-Algorithm"), &unused);
    if (in_header && claims->presigned) {
        return SIGV4_TWICE;
    }
    if (!in_header && !claims->presigned) {
        return SIGV4_MISSING;
    }
    enum sigv4_result result =
        in_header ? read_header(head, seen, seen_count, claims) : read_query(head, arena, claims);
    if (result == SIGV4_OK && !read_time(claims)) {
        result = SIGV4_DATE_MALFORMED;
    }
    if (result == SIGV4_OK && !claims->was_seen) {
        find_signed(claims->signed_headers, &claims->host_is_signed, &claims->target_is_signed);
        claims->has_scope = split_credential(claims);
    }
    return result;
}

/* --- what can be said without the key ----------------------------------------------------------------------------- */

static enum sigv4_result check_time(struct sigv4 *claims, int64_t now_s)
{
    if (claims->time_s < now_s - (int64_t)claims->valid_s) {
        sigv4_time_text(now_s, claims->now);
        sigv4_time_text(now_s - (int64_t)claims->valid_s, claims->limit);
        return SIGV4_EXPIRED;
    }
    if (claims->time_s > now_s + SIGV4_SKEW_S) {
        sigv4_time_text(now_s, claims->now);
        sigv4_time_text(now_s + SIGV4_SKEW_S, claims->limit);
        return SIGV4_NOT_YET;
    }
    return SIGV4_OK;
}

enum sigv4_result sigv4_check(const struct auth_head *head, struct sigv4 *claims, int64_t now_s, struct slice region,
                              struct slice service)
{
    enum sigv4_result result = check_time(claims, now_s);
    if (result != SIGV4_OK) {
        return result;
    }
    struct slice target;
    if (!claims->host_is_signed) {
        return SIGV4_HOST_UNSIGNED;
    }
    /* it says which operation is meant: whoever saw a signed read go by could make a deletion of it */
    if (!claims->target_is_signed && auth_head_find(head, SLICE("x-amz-target"), &target)) {
        return SIGV4_TARGET_UNSIGNED;
    }
    if (!slice_equal(claims->algorithm, SLICE(SIGV4_ALGORITHM))) {
        return SIGV4_ALGORITHM_UNKNOWN;
    }
    if (!claims->has_scope) {
        return SIGV4_CREDENTIAL_MALFORMED;
    }
    claims->wrong |= slice_equal(claims->scope_region, region) ? 0 : SIGV4_SCOPE_REGION;
    claims->wrong |= slice_equal(claims->scope_service, service) ? 0 : SIGV4_SCOPE_SERVICE;
    claims->wrong |= slice_equal(claims->scope_end, SLICE(SIGV4_TERMINATOR)) ? 0 : SIGV4_SCOPE_END;
    claims->wrong |= slice_equal(claims->scope_date, slice_of(claims->time, 8)) ? 0 : SIGV4_SCOPE_DATE;
    return claims->wrong == 0 ? SIGV4_OK : SIGV4_SCOPE_WRONG;
}
