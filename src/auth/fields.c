#include "auth/fields.h"

void fields_append_text(struct buffer *out, struct slice text)
{
    buffer_append_varint(out, (uint32_t)text.len);
    buffer_append_slice(out, text);
}

static struct slice behind(struct slice text, size_t len)
{
    return slice_of(text.data + len, text.len - len);
}

bool fields_take_byte(struct slice *rest, unsigned char *ret_byte)
{
    if (rest->len == 0) {
        return false;
    }
    *ret_byte = (unsigned char)rest->data[0];
    *rest = behind(*rest, 1);
    return true;
}

bool fields_take_varint(struct slice *rest, uint32_t max, uint32_t *ret_number)
{
    uint64_t number = 0;
    unsigned char byte;
    for (unsigned shift = 0; shift < 35 && fields_take_byte(rest, &byte); shift += 7) {
        number |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret_number = (uint32_t)number;
            return number <= max;
        }
    }
    return false;
}

bool fields_take_u64(struct slice *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    unsigned char byte;
    for (unsigned i = 0; i < 8; i++) {
        if (!fields_take_byte(rest, &byte)) {
            return false;
        }
        number = number << 8 | byte;
    }
    *ret_number = number;
    return true;
}

bool fields_take_slice(struct slice *rest, uint32_t max, struct slice *ret_text)
{
    uint32_t len;
    if (!fields_take_varint(rest, max, &len) || len > rest->len) {
        return false;
    }
    *ret_text = slice_of(rest->data, len);
    *rest = behind(*rest, len);
    return true;
}

bool fields_take_text(struct slice *rest, uint32_t min, uint32_t max, char *ret_text)
{
    struct slice text;
    if (!fields_take_slice(rest, max, &text) || text.len < min ||
        (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)) {
        return false;
    }
    if (text.len > 0) {
        memcpy(ret_text, text.data, text.len);
    }
    ret_text[text.len] = '\0';
    return true;
}
