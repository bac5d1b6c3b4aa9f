/* JSON on the way out: strings, base64 and attribute values. Strings of a database are mostly clean, so bytes are
 * copied sixteen at a time and looked at on the way. */
#include "value/json.h"
#include "value/value.h"

#include "value/base64.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The longest escape: \u001F. */
#define ESCAPE_MAX 6
/* A step of the copy writes whole runs: room behind the text for one. */
#define STEP 16

static bool must_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* True if one of eight bytes is below 0x20, a quote or a backslash. */
static inline bool any_dirty(uint64_t run)
{
    const uint64_t ones = 0x0101010101010101ull;
    const uint64_t highs = 0x8080808080808080ull;
    uint64_t quote = run ^ (ones * '"');
    uint64_t backslash = run ^ (ones * '\\');
    return (((run - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~run & highs) != 0;
}

/* Copies 4 … 16 bytes, most names among them, as two words that may overlap. False if some byte is not clean. */
static inline bool copy_short(char *out, const char *text, size_t len)
{
    if (len >= 8) {
        uint64_t first;
        uint64_t last;
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + len - sizeof last, sizeof last);
        memcpy(out, &first, sizeof first);
        memcpy(out + len - sizeof last, &last, sizeof last);
        return !any_dirty(first) && !any_dirty(last);
    }
    uint32_t first;
    uint32_t last;
    memcpy(&first, text, sizeof first);
    memcpy(&last, text + len - sizeof last, sizeof last);
    memcpy(out, &first, sizeof first);
    memcpy(out + len - sizeof last, &last, sizeof last);
    return !any_dirty((uint64_t)last << 32 | first);
}

/* Copies clean bytes from `text` to `out` and returns how many. Reads within `len`; may write STEP bytes behind what it
 * says it copied. */
static size_t copy_clean(char *out, const char *text, size_t len)
{
    size_t done = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; len - done >= STEP; done += STEP) {
        __m128i run = _mm_loadu_si128((const __m128i *)(text + done));
        __m128i is_control = _mm_cmpeq_epi8(_mm_max_epu8(run, control), control);
        __m128i dirty =
            _mm_or_si128(is_control, _mm_or_si128(_mm_cmpeq_epi8(run, quote), _mm_cmpeq_epi8(run, backslash)));
        _mm_storeu_si128((__m128i *)(out + done), run);
        int mask = _mm_movemask_epi8(dirty);
        if (mask != 0) {
            return done + (size_t)__builtin_ctz((unsigned)mask);
        }
    }
#else
    while (len - done >= STEP && copy_short(out + done, text + done, STEP)) {
        done += STEP;
    }
#endif
    size_t rest = len - done;
    if (rest >= 4 && rest < STEP && copy_short(out + done, text + done, rest)) {
        return len;
    }
    while (done < len && !must_escape((unsigned char)text[done])) {
        out[done] = text[done];
        done++;
    }
    return done;
}

static char *put_escape(char *out, unsigned char byte)
{
    static const char HEX[] = "0123456789ABCDEF";
    static const char SHORT[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    *out++ = '\\';
    if (byte >= 0x20) {
        *out++ = (char)byte;
    } else if (SHORT[byte] != 0) {
        *out++ = SHORT[byte];
    } else {
        memcpy(out, "u00", 3);
        out[3] = HEX[byte >> 4];
        out[4] = HEX[byte & 15];
        out += 5;
    }
    return out;
}

void json_append_string(struct buffer *out, struct slice text)
{
    char *at = buffer_reserve(out, text.len + ESCAPE_MAX + STEP + 2);
    *at++ = '"';
    size_t done = copy_clean(at, text.data, text.len);
    at += done;
    while (done < text.len) {
        at = put_escape(at, (unsigned char)text.data[done++]);
        out->len = (size_t)(at - out->data);
        at = buffer_reserve(out, text.len - done + ESCAPE_MAX + STEP + 2);
        size_t run = copy_clean(at, text.data + done, text.len - done);
        at += run;
        done += run;
    }
    *at++ = '"';
    out->len = (size_t)(at - out->data);
}

void json_append_base64(struct buffer *out, struct slice bytes)
{
    char *at = buffer_reserve(out, base64_encoded_len(bytes.len) + 2);
    *at++ = '"';
    at = base64_encode(at, bytes);
    *at++ = '"';
    out->len = (size_t)(at - out->data);
}

/* A scalar of type S, N or B; numbers are canonical text and need no escape. */
static void append_scalar(struct buffer *out, const struct value *value)
{
    if (value->type == VALUE_S) {
        json_append_string(out, value->bytes);
    } else if (value->type == VALUE_B) {
        json_append_base64(out, value->bytes);
    } else {
        char *at = buffer_reserve(out, value->bytes.len + 2);
        *at = '"';
        memcpy(at + 1, value->bytes.data, value->bytes.len);
        at[value->bytes.len + 1] = '"';
        out->len += value->bytes.len + 2;
    }
}

static void append_attributes(struct buffer *out, const struct attribute *attributes, uint32_t count)
{
    buffer_append_byte(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0) {
            buffer_append_byte(out, ',');
        }
        json_append_string(out, attributes[i].name);
        buffer_append_byte(out, ':');
        value_append_json(out, &attributes[i].value);
    }
    buffer_append_byte(out, '}');
}

static void append_elements(struct buffer *out, const struct value *value)
{
    buffer_append_byte(out, '[');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i != 0) {
            buffer_append_byte(out, ',');
        }
        if (value->type == VALUE_L) {
            value_append_json(out, &value->elements[i]);
        } else {
            append_scalar(out, &value->elements[i]);
        }
    }
    buffer_append_byte(out, ']');
}

void value_append_json(struct buffer *out, const struct value *value)
{
    BUFFER_APPEND_LITERAL(out, "{\"");
    buffer_append_slice(out, value_type_name(value->type));
    BUFFER_APPEND_LITERAL(out, "\":");
    switch ((enum value_type)value->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        append_scalar(out, value);
        break;
    case VALUE_BOOL:
        buffer_append_slice(out, value->boolean ? SLICE("true") : SLICE("false"));
        break;
    case VALUE_NULL:
        BUFFER_APPEND_LITERAL(out, "true");
        break;
    case VALUE_M:
        append_attributes(out, value->attributes, value->count);
        break;
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        append_elements(out, value);
        break;
    }
    buffer_append_byte(out, '}');
}

void item_append_json(struct buffer *out, const struct item *item)
{
    append_attributes(out, item->attributes, item->count);
}
