#include "http/encoding.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <strings.h>

/* Level 1 is twice as fast as 6 and gives up a tenth: the client is usually near. */
#define GZIP_LEVEL 1

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Cuts off what stands before the next `separator`, without blanks around it. */
static struct slice take_until(struct slice *rest, char separator)
{
    const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    struct slice part = *rest;
    if (end != NULL) {
        part.len = (size_t)(end - rest->data);
        *rest = slice_of(end + 1, rest->len - part.len - 1);
    } else {
        *rest = slice_of(rest->data + rest->len, 0);
    }
    return trim(part);
}

static bool is_word(struct slice text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}

/* "q=0", "q=0.000": refused. */
static bool is_zero_quality(struct slice parameter)
{
    struct slice name = take_until(&parameter, '=');
    parameter = trim(parameter);
    if (!is_word(name, "q") || parameter.len == 0) {
        return false;
    }
    for (size_t i = 0; i < parameter.len; i++) {
        if (parameter.data[i] != '0' && parameter.data[i] != '.') {
            return false;
        }
    }
    return true;
}

bool accepts_gzip(struct slice accept_encoding)
{
    bool any = false;
    while (accept_encoding.len > 0) {
        struct slice coding = take_until(&accept_encoding, ',');
        struct slice name = take_until(&coding, ';');
        bool refused = false;
        while (coding.len > 0) {
            refused |= is_zero_quality(take_until(&coding, ';'));
        }
        if (is_word(name, "gzip") || is_word(name, "x-gzip")) {
            return !refused; /* says more than "*" */
        }
        if (is_word(name, "*")) {
            any = !refused;
        }
    }
    return any;
}

struct libdeflate_compressor *gzip_compressor_create(void)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
    if (compressor == NULL) {
        abort();
    }
    return compressor;
}

void gzip_compressor_destroy(struct libdeflate_compressor *compressor)
{
    if (compressor != NULL) {
        libdeflate_free_compressor(compressor);
    }
}

bool gzip_compress(struct libdeflate_compressor *compressor, struct slice bytes, struct buffer *out)
{
    buffer_clear(out);
    /* room for less than the original: what does not get smaller is not worth it */
    char *room = buffer_reserve(out, bytes.len);
    out->len = libdeflate_gzip_compress(compressor, bytes.data, bytes.len, room, bytes.len);
    return out->len > 0;
}
