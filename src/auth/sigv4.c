/* The texts that are signed.
 *
 *   canonical request:  METHOD \n PATH \n QUERY \n NAME:VALUE \n … \n \n NAMES \n HASH OF THE BODY
 *   string to sign:     AWS4-HMAC-SHA256 \n TIME \n SCOPE \n HASH OF THE CANONICAL REQUEST
 *
 * The hash of the body is always that of the body that came. A request that was signed for another one, or for none
 * (UNSIGNED-PAYLOAD, STREAMING-…), does not match. */
#include "auth/sigv4.h"

#include "auth/uri.h"

#include <assert.h>
#include <stdlib.h>

/* --- the query ---------------------------------------------------------------------------------------------------- */

/* Positions in a buffer that grows while they are made. */
struct parameter {
    size_t name_at, name_len, value_at, value_len;
};

static int compare_parameters(const void *a, const void *b, void *context)
{
    const struct parameter *x = a, *y = b;
    const char *text = context;
    int order = slice_compare(slice_of(text + x->name_at, x->name_len), slice_of(text + y->name_at, y->name_len));
    return order != 0
               ? order
               : slice_compare(slice_of(text + x->value_at, x->value_len), slice_of(text + y->value_at, y->value_len));
}

static void append_encoded_again(struct buffer *out, struct slice text, struct arena *arena, size_t *ret_at,
                                 size_t *ret_len)
{
    *ret_at = out->len;
    uri_append_encoded(out, uri_decode(text, arena), false);
    *ret_len = out->len - *ret_at;
}

/* All parameters but the signature, decoded, encoded, sorted. */
static bool append_query(struct buffer *out, struct slice query)
{
    struct parameter parameters[SIGV4_PARAMETERS_MAX];
    size_t count = 0;
    struct slice name, value;
    struct buffer scratch = {0};
    struct arena arena;
    arena_init(&arena, 4096);
    buffer_reserve(&scratch, 1); /* positions need something to start from, even if all names and values are empty */
    while (uri_query_next(&query, &name, &value) && count <= SIGV4_PARAMETERS_MAX) {
        if (slice_equal(name, SLICE("X-Amz-Signature"))) {
            continue;
        }
        if (count < SIGV4_PARAMETERS_MAX) {
            struct parameter *parameter = &parameters[count];
            append_encoded_again(&scratch, name, &arena, &parameter->name_at, &parameter->name_len);
            append_encoded_again(&scratch, value, &arena, &parameter->value_at, &parameter->value_len);
        }
        count++;
    }
    bool fits = count <= SIGV4_PARAMETERS_MAX;
    if (fits && count > 1) {
        qsort_r(parameters, count, sizeof parameters[0], compare_parameters, scratch.data);
    }
    for (size_t i = 0; fits && i < count; i++) {
        if (i > 0) {
            buffer_append_byte(out, '&');
        }
        buffer_append(out, scratch.data + parameters[i].name_at, parameters[i].name_len);
        buffer_append_byte(out, '=');
        buffer_append(out, scratch.data + parameters[i].value_at, parameters[i].value_len);
    }
    arena_finish(&arena);
    buffer_finish(&scratch);
    return fits;
}

/* --- the headers -------------------------------------------------------------------------------------------------- */

/* Without blanks at both ends, and with runs of blanks as one. */
static void append_trimmed(struct buffer *out, struct slice value)
{
    while (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t')) {
        value = slice_of(value.data + 1, value.len - 1);
    }
    while (value.len > 0 && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) {
        value.len--;
    }
    const char *blank = value.len == 0 ? NULL : memchr(value.data, ' ', value.len); /* most have none */
    const char *pair = blank == NULL ? NULL : memmem(value.data, value.len, "  ", 2);
    if (pair == NULL) {
        buffer_append_slice(out, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] != ' ' || value.data[i - 1] != ' ') {
            buffer_append_byte(out, value.data[i]);
        }
    }
}

/* Host and Content-Length are told apart from the others, whatever protocol brought them. */
static void append_value(struct buffer *out, const struct auth_head *head, struct slice name)
{
    if (slice_equal(name, SLICE("host")) || slice_equal(name, SLICE(":authority"))) {
        append_trimmed(out, head->host);
        return;
    }
    if (slice_equal(name, SLICE("content-length"))) {
        buffer_printf(out, "%zu", head->content_length);
        return;
    }
    bool is_first = true;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct auth_header *header = &head->headers[i];
        /* that most differ in their length or last letter is seen without a call */
        if (header->name.len == name.len && name.len > 0 &&
            header->name.data[name.len - 1] == name.data[name.len - 1] &&
            memcmp(header->name.data, name.data, name.len) == 0) {
            if (!is_first) {
                buffer_append_byte(out, ',');
            }
            append_trimmed(out, header->value);
            is_first = false;
        }
    }
}

/* In strictly ascending order, as they must be signed: so each counts once, and the text is never much longer than the
 * head of the request. */
static bool append_headers(struct buffer *out, const struct auth_head *head, struct slice names)
{
    struct slice rest = names, last = {NULL, 0};
    for (unsigned count = 0;; count++) {
        const char *end = rest.len == 0 ? NULL : memchr(rest.data, ';', rest.len);
        struct slice name = slice_of(rest.data, end != NULL ? (size_t)(end - rest.data) : rest.len);
        if (count == SIGV4_HEADERS_MAX || (count > 0 && slice_compare(last, name) >= 0)) {
            return false;
        }
        buffer_append_slice(out, name);
        buffer_append_byte(out, ':');
        append_value(out, head, name);
        buffer_append_byte(out, '\n');
        if (end == NULL) {
            return true;
        }
        last = name;
        rest = slice_of(end + 1, rest.len - name.len - 1);
    }
}

bool sigv4_append_canonical(const struct auth_head *head, const struct sigv4 *claims, struct slice payload,
                            struct buffer *out)
{
    buffer_append_slice(out, head->method);
    buffer_append_byte(out, '\n');
    uri_append_encoded(out, head->path, true);
    buffer_append_byte(out, '\n');
    if (head->query.len != 0 && !append_query(out, head->query)) {
        return false;
    }
    buffer_append_byte(out, '\n');
    if (!append_headers(out, head, claims->signer->signed_headers)) {
        return false;
    }
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, claims->signer->signed_headers);
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, payload);
    return true;
}

/* --- the signature ------------------------------------------------------------------------------------------------ */

void sigv4_signing_key(struct slice secret, struct slice date, struct slice region, struct slice service,
                       unsigned char ret_key[SHA256_BYTES])
{
    struct buffer first = {0};
    BUFFER_APPEND_LITERAL(&first, "AWS4");
    buffer_append_slice(&first, secret);
    unsigned char key[SHA256_BYTES];
    crypto_hmac(buffer_slice(&first), date, key);
    crypto_hmac(slice_of(key, sizeof key), region, key);
    crypto_hmac(slice_of(key, sizeof key), service, key);
    crypto_hmac(slice_of(key, sizeof key), SLICE(SIGV4_TERMINATOR), ret_key);
    crypto_wipe(key, sizeof key);
    crypto_wipe(first.data, first.len);
    buffer_finish(&first);
}

void sigv4_key_set(struct sigv4_key *key, const unsigned char bytes[SHA256_BYTES])
{
    *key = (struct sigv4_key){.first = {0}};
    crypto_key_set(&key->key, slice_of(bytes, SHA256_BYTES));
}

void sigv4_sign(struct sigv4_key *key, struct slice time, struct slice scope, struct buffer *canonical,
                char ret_signature[SHA256_HEX])
{
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX];
    crypto_sha256_begun(&key->canonical, buffer_slice(canonical), hash);
    crypto_hex(hash, sizeof hash, hex);

    buffer_clear(canonical); /* the string to sign takes its place */
    BUFFER_APPEND_LITERAL(canonical, SIGV4_ALGORITHM "\n");
    buffer_append_slice(canonical, time);
    buffer_append_byte(canonical, '\n');
    buffer_append_slice(canonical, scope);
    buffer_append_byte(canonical, '\n');
    buffer_append(canonical, hex, sizeof hex);
    assert(canonical->len > CRYPTO_BLOCK_BYTES);
    if (memcmp(key->first, canonical->data, CRYPTO_BLOCK_BYTES) != 0) {
        memcpy(key->first, canonical->data, CRYPTO_BLOCK_BYTES);
        crypto_key_begin(&key->key, key->first, &key->begun);
    }
    struct slice rest = slice_of(canonical->data + CRYPTO_BLOCK_BYTES, canonical->len - CRYPTO_BLOCK_BYTES);
    crypto_key_hmac(&key->begun, rest, hash);
    crypto_hex(hash, sizeof hash, ret_signature);
}

bool sigv4_signature(const struct auth_head *head, const struct sigv4 *claims, struct slice body, struct sigv4_key *key,
                     struct buffer *canonical, char ret_signature[SHA256_HEX])
{
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX];
    crypto_sha256(body, hash);
    crypto_hex(hash, sizeof hash, hex);
    buffer_clear(canonical);
    if (!sigv4_append_canonical(head, claims, slice_of(hex, sizeof hex), canonical)) {
        return false;
    }
    sigv4_sign(key, slice_of(claims->time, sizeof claims->time), claims->signer->scope, canonical, ret_signature);
    return true;
}
