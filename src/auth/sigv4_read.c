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
    for (size_t i = 0; i < head->header_count; i++) {
        if (slice_equal(head->headers[i].name, name)) {
            *ret_value = head->headers[i].value;
            return true;
        }
    }
    return false;
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

static bool read_time(const struct sigv4_seen *seen, struct sigv4 *claims)
{
    if (seen != NULL && claims->date.len == SIGV4_TIME_CHARS &&
        memcmp(claims->date.data, seen->time, SIGV4_TIME_CHARS) == 0) {
        memcpy(claims->time, seen->time, SIGV4_TIME_CHARS);
        claims->time_s = seen->time_s;
        return true;
    }
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

static enum sigv4_result read_words(struct sigv4 *claims, struct sigv4_signer *signer)
{
    struct words words = words_of(claims->authorization);
    signer->algorithm = next_word(&words);
    for (struct slice word = next_word(&words); word.len > 0; word = next_word(&words)) {
        if (!word_value(word, SLICE("Credential="), &signer->credential) &&
            !word_value(word, SLICE("SignedHeaders="), &signer->signed_headers) &&
            !word_value(word, SLICE("Signature="), &claims->signature) && memchr(word.data, '=', word.len) == NULL) {
            claims->detail = word;
            return SIGV4_NO_PAIR;
        }
    }
    claims->missing |= signer->credential.len == 0 ? SIGV4_PART_CREDENTIAL : 0;
    claims->missing |= claims->signature.len == 0 ? SIGV4_PART_SIGNATURE : 0;
    claims->missing |= signer->signed_headers.len == 0 ? SIGV4_PART_SIGNED_HEADERS : 0;
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

static bool begins_as(const struct sigv4_seen *seen, struct slice authorization)
{
    return seen != NULL && seen->len != 0 && authorization.len == seen->len + SHA256_HEX &&
           memcmp(authorization.data, seen->text, seen->len) == 0 && is_one_word(authorization.data + seen->len);
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

bool sigv4_remember(struct sigv4_seen *seen, const struct sigv4 *claims)
{
    memcpy(seen->time, claims->time, sizeof seen->time);
    seen->time_s = claims->time_s;
    if (claims->was_seen) {
        return true;
    }
    struct slice text = claims->authorization;
    size_t len = text.len - SHA256_HEX;
    if (claims->presigned || claims->signature.len != SHA256_HEX || claims->signature.data != text.data + len ||
        len > sizeof seen->text) {
        return false;
    }
    const struct sigv4_signer *signer = claims->signer;
    memcpy(seen->text, text.data, len);
    seen->len = len;
    seen->signer = *signer;
#define MOVE(member) seen->signer.member = slice_of(seen->text + (signer->member.data - text.data), signer->member.len)
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
    return true;
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

static enum sigv4_result read_query(const struct auth_head *head, struct arena *arena, struct sigv4 *claims,
                                    struct sigv4_signer *signer)
{
    struct slice expires = {NULL, 0};
    const struct {
        struct slice name;
        struct slice *value;
        unsigned part;
    } parameters[] = {
        {SLICE("X-Amz-Algorithm"), &signer->algorithm, SIGV4_PART_ALGORITHM},
        {SLICE("X-Amz-Credential"), &signer->credential, SIGV4_PART_CREDENTIAL},
        {SLICE("X-Amz-Signature"), &claims->signature, SIGV4_PART_SIGNATURE},
        {SLICE("X-Amz-SignedHeaders"), &signer->signed_headers, SIGV4_PART_SIGNED_HEADERS},
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
static bool split_credential(struct sigv4_signer *signer)
{
    struct slice *const parts[] = {&signer->access_key, &signer->scope_date, &signer->scope_region,
                                   &signer->scope_service, &signer->scope_end};
    struct slice rest = signer->credential;
    for (size_t i = 0; i < 5; i++) {
        const char *slash = rest.len == 0 ? NULL : memchr(rest.data, '/', rest.len);
        bool last = i == 4;
        if (last != (slash == NULL)) {
            return false;
        }
        *parts[i] = slice_of(rest.data, last ? rest.len : (size_t)(slash - rest.data));
        rest = last ? rest : slice_of(slash + 1, rest.len - parts[i]->len - 1);
        if (i == 0) {
            signer->scope = rest;
        }
    }
    return true;
}

/* What comes beside the Authorization header; the first header of each name. */
struct special {
    struct slice amz_date, date, token;
};

/* Names are of different lengths, so each header is compared with one of them at most. */
static void find_special(const struct auth_head *head, struct special *ret_special)
{
    static const struct slice none = {NULL, 0};
    ret_special->amz_date = ret_special->date = ret_special->token = none;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct auth_header *header = &head->headers[i];
        struct slice *place = NULL;
#define PLACE(literal, member)                                                                                         \
    case sizeof literal - 1:                                                                                           \
        place = memcmp(header->name.data, literal, sizeof literal - 1) == 0 ? &ret_special->member : NULL;             \
        break
        switch (header->name.len) {
            PLACE("x-amz-date", amz_date);
            PLACE("date", date);
            PLACE("x-amz-security-token", token);
        default:
            break;
        }
#undef PLACE
        if (place != NULL && place->data == NULL) {
            *place = header->value;
        }
    }
}

/* Where the claims stand, or why they stand nowhere. */
static enum sigv4_result find_claims(const struct auth_head *head, struct slice authorization, bool *ret_presigned)
{
    struct slice unused;
    bool in_header = slice_starts_with(authorization, SLICE("AWS4-"));
    *ret_presigned = head->query.len != 0 && uri_query_find(head->query, SLICE("X-Amz-Algorithm"), &unused);
    return in_header && *ret_presigned ? SIGV4_TWICE : !in_header && !*ret_presigned ? SIGV4_MISSING : SIGV4_OK;
}

static enum sigv4_result read_anew(const struct auth_head *head, struct arena *arena, struct sigv4 *claims,
                                   struct sigv4_signer *signer)
{
    enum sigv4_result result = claims->presigned ? read_query(head, arena, claims, signer) : read_words(claims, signer);
    if (result == SIGV4_OK && claims->missing == 0) {
        find_signed(signer->signed_headers, &signer->host_is_signed, &signer->target_is_signed);
        signer->has_scope = split_credential(signer);
    }
    return result;
}

enum sigv4_result sigv4_read(const struct auth_head *head, struct slice authorization, const struct sigv4_seen *seen,
                             struct arena *arena, struct sigv4 *ret_claims)
{
    struct sigv4 *claims = ret_claims;
    struct special special;
    find_special(head, &special);
    claims->authorization = authorization;
    claims->date = special.amz_date.data != NULL ? special.amz_date : special.date;
    claims->token = special.token;
    claims->signature = claims->detail = (struct slice){NULL, 0};
    claims->missing = claims->wrong = 0;
    claims->valid_s = SIGV4_SKEW_S;
    claims->was_seen = begins_as(seen, authorization);
    enum sigv4_result result = find_claims(head, authorization, &claims->presigned);
    if (claims->was_seen && result == SIGV4_OK) {
        claims->signer = &seen->signer;
        claims->signature = slice_of(authorization.data + seen->len, SHA256_HEX);
    } else {
        claims->was_seen = false;
        struct sigv4_signer *signer = ARENA_NEW(arena, struct sigv4_signer);
        claims->signer = signer;
        result = result == SIGV4_OK ? read_anew(head, arena, claims, signer) : result;
    }
    if (result == SIGV4_OK && !claims->presigned) {
        claims->missing |= claims->date.data == NULL ? SIGV4_PART_DATE : 0;
        result = claims->missing == 0 ? SIGV4_OK : SIGV4_HEADER_INCOMPLETE;
    }
    return result == SIGV4_OK && !read_time(seen, claims) ? SIGV4_DATE_MALFORMED : result;
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
    const struct sigv4_signer *signer = claims->signer;
    struct slice target;
    if (!signer->host_is_signed) {
        return SIGV4_HOST_UNSIGNED;
    }
    /* it says which operation is meant: whoever saw a signed read go by could make a deletion of it */
    if (!signer->target_is_signed && auth_head_find(head, SLICE("x-amz-target"), &target)) {
        return SIGV4_TARGET_UNSIGNED;
    }
    if (!slice_equal(signer->algorithm, SLICE(SIGV4_ALGORITHM))) {
        return SIGV4_ALGORITHM_UNKNOWN;
    }
    if (!signer->has_scope) {
        return SIGV4_CREDENTIAL_MALFORMED;
    }
    claims->wrong |= slice_equal(signer->scope_region, region) ? 0 : SIGV4_SCOPE_REGION;
    claims->wrong |= slice_equal(signer->scope_service, service) ? 0 : SIGV4_SCOPE_SERVICE;
    claims->wrong |= slice_equal(signer->scope_end, SLICE(SIGV4_TERMINATOR)) ? 0 : SIGV4_SCOPE_END;
    claims->wrong |= slice_equal(signer->scope_date, slice_of(claims->time, 8)) ? 0 : SIGV4_SCOPE_DATE;
    return claims->wrong == 0 ? SIGV4_OK : SIGV4_SCOPE_WRONG;
}
