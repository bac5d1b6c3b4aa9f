/* JSON on the way out: strings, base64 and attribute values. Strings of a database are mostly clean, so bytes are
 * copied eight at a time and looked at on the way (json_write.h). */
#include "value/json.h"
#include "value/value.h"

#include "value/base64.h"
#include "value/json_write.h"

static bool must_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
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

/* Without quotes. */
static char *write_escaped(char *at, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (must_escape(byte)) {
            at = put_escape(at, byte);
        } else {
            *at++ = (char)byte;
        }
    }
    return at;
}

char *json_write_escaped(char *at, struct slice text)
{
    *at++ = '"';
    at = write_escaped(at, text);
    *at++ = '"';
    return at;
}

/* Piece by piece. */
static void append_long_string(struct buffer *out, struct slice text)
{
    buffer_append_byte(out, '"');
    while (text.len > 0) {
        size_t len = text.len < JSON_SHORT_MAX ? text.len : JSON_SHORT_MAX;
        char *at = buffer_reserve(out, JSON_STRING_ROOM(len));
        bool clean = json_copy_clean(at, text.data, len);
        char *end = clean ? at + len : write_escaped(at, slice_of(text.data, len));
        out->len += (size_t)(end - at);
        text = slice_of(text.data + len, text.len - len);
    }
    buffer_append_byte(out, '"');
}

void json_append_string(struct buffer *out, struct slice text)
{
    if (text.len > JSON_SHORT_MAX) {
        append_long_string(out, text);
        return;
    }
    char *at = buffer_reserve(out, JSON_STRING_ROOM(text.len));
    out->len += (size_t)(json_write_string(at, text) - at);
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
        struct slice name = attributes[i].name;
        const struct value *value = &attributes[i].value;
        bool has_text = value->type == VALUE_S || value->type == VALUE_N;
        if (has_text && name.len + value->bytes.len <= JSON_SHORT_MAX) {
            json_append_short_attribute(out, i == 0, name, value->type, value->bytes);
            continue;
        }
        if (i != 0) {
            buffer_append_byte(out, ',');
        }
        json_append_string(out, name);
        buffer_append_byte(out, ':');
        value_append_json(out, value);
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
