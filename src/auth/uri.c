#include "auth/uri.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void uri_append_encoded(struct buffer *out, struct slice text, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            buffer_append_byte(out, c);
        } else {
            const char escape[3] = {'%', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15]};
            buffer_append(out, escape, sizeof escape);
        }
    }
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

struct slice uri_decode(struct slice text, struct arena *arena)
{
    if (text.len == 0 || memchr(text.data, '%', text.len) == NULL) {
        return text;
    }
    char *decoded = arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = text.data[i] == '%' && i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
        if (low >= 0) {
            decoded[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            decoded[len++] = text.data[i];
        }
    }
    return slice_of(decoded, len);
}

bool uri_query_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
    while (rest->len > 0) {
        const char *end = memchr(rest->data, '&', rest->len);
        struct slice pair = slice_of(rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len);
        size_t used = pair.len + (end != NULL ? 1 : 0);
        *rest = slice_of(rest->data + used, rest->len - used);
        if (pair.len == 0) {
            continue;
        }
        const char *equals = memchr(pair.data, '=', pair.len);
        size_t name_len = equals != NULL ? (size_t)(equals - pair.data) : pair.len;
        *ret_name = slice_of(pair.data, name_len);
        *ret_value = equals != NULL ? slice_of(equals + 1, pair.len - name_len - 1) : slice_of(pair.data + pair.len, 0);
        return true;
    }
    return false;
}

bool uri_query_find(struct slice query, struct slice name, struct slice *ret_value)
{
    struct slice found, value;
    while (uri_query_next(&query, &found, &value)) {
        if (slice_equal(found, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
