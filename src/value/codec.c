/* The stored form of an item. Layout, as in docs/formats/items.md:
 *
 *   byte 0        format version
 *   bytes 1-4     checksum of everything behind it, big-endian
 *   bytes 5-12    item version, big-endian
 *   bytes 13-16   item size, big-endian
 *   then          attributes
 *
 *   attributes    varint count, then for each: varint length and bytes of the name, value
 *   value         one type byte, then
 *     S, N, B     varint length and bytes; numbers as canonical text
 *     BOOL        one byte, 0 or 1
 *     NULL        nothing
 *     M           block of attributes
 *     L           block of: varint count, values
 *     SS, NS, BS  block of: varint count, for each varint length and bytes
 *   block         length in bytes, 32 bits big-endian, then as many bytes: a reader can step over it
 *
 * Readers believe nothing: every length is checked against the bytes that are left, nesting against VALUE_DEPTH_MAX. */
#include "value/codec.h"

#include <assert.h>

#include "base/big_endian.h"
#include "base/hash.h"
#include "value/json.h"
#include "value/json_write.h"

#define FORMAT       1
#define CHECKSUM_AT  1
#define VERSION_AT   5
#define SIZE_AT      13
#define HEADER_BYTES 17
#define BLOCK_BYTES  4

static void write_bytes(struct buffer *out, struct slice bytes)
{
    assert(bytes.len <= UINT32_MAX);
    buffer_append_varint(out, (uint32_t)bytes.len);
    buffer_append_slice(out, bytes);
}

/* Starts a block; returns its place for block_end. */
static size_t block_begin(struct buffer *out)
{
    size_t at = out->len;
    buffer_append_u32(out, 0);
    return at;
}

static void block_end(struct buffer *out, size_t at)
{
    size_t len = out->len - at - BLOCK_BYTES;
    assert(len <= UINT32_MAX);
    write_u32(out->data + at, (uint32_t)len);
}

static void write_value(struct buffer *out, const struct value *value, unsigned level);

static void write_attributes(struct buffer *out, const struct attribute *attributes, uint32_t count, unsigned level)
{
    buffer_append_varint(out, count);
    for (uint32_t i = 0; i < count; i++) {
        write_bytes(out, attributes[i].name);
        write_value(out, &attributes[i].value, level);
    }
}

static void write_value(struct buffer *out, const struct value *value, unsigned level)
{
    assert(level <= VALUE_DEPTH_MAX);
    buffer_append_byte(out, (char)value->type);
    size_t block;
    switch ((enum value_type)value->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        write_bytes(out, value->bytes);
        return;
    case VALUE_BOOL:
        buffer_append_byte(out, value->boolean);
        return;
    case VALUE_NULL:
        return;
    case VALUE_M:
        block = block_begin(out);
        write_attributes(out, value->attributes, value->count, level + 1);
        block_end(out, block);
        return;
    case VALUE_L:
        block = block_begin(out);
        buffer_append_varint(out, value->count);
        for (uint32_t i = 0; i < value->count; i++) {
            write_value(out, &value->elements[i], level + 1);
        }
        block_end(out, block);
        return;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        block = block_begin(out);
        buffer_append_varint(out, value->count);
        for (uint32_t i = 0; i < value->count; i++) {
            write_bytes(out, value->elements[i].bytes);
        }
        block_end(out, block);
        return;
    }
    assert(!"a value without a type");
}

void item_encode(struct buffer *out, const struct item_header *header, const struct item *item)
{
    size_t start = out->len;
    buffer_append_byte(out, FORMAT);
    buffer_append_u32(out, 0);
    buffer_append_u64(out, header->version);
    buffer_append_u32(out, header->size);
    write_attributes(out, item->attributes, item->count, 1);
    struct slice guarded = slice_of(out->data + start + VERSION_AT, out->len - start - VERSION_AT);
    write_u32(out->data + start + CHECKSUM_AT, hash_checksum(guarded));
}

/* Bytes still to read. All readers below return false at the first thing that cannot be, and leave what follows. */
struct reader {
    const char *at;
    const char *end;
};

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static inline bool read_varint(struct reader *r, uint32_t *ret_number)
{
    if (r->at < r->end && *r->at >= 0) { /* one byte, nearly always */
        *ret_number = (uint32_t)*r->at++;
        return true;
    }
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 35 && r->at < r->end; shift += 7) {
        uint8_t byte = (uint8_t)*r->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = (uint32_t)number;
            return number <= UINT32_MAX;
        }
    }
    return false;
}

static inline bool read_bytes(struct reader *r, struct slice *ret_bytes)
{
    uint32_t len;
    if (!read_varint(r, &len) || len > left(r)) {
        return false;
    }
    *ret_bytes = slice_of(r->at, len);
    r->at += len;
    return true;
}

static bool read_type(struct reader *r, enum value_type *ret_type)
{
    if (r->at == r->end || *r->at < VALUE_S || *r->at > VALUE_BS) {
        return false;
    }
    *ret_type = (enum value_type) * r->at++;
    return true;
}

static bool read_truth(struct reader *r, bool *ret_truth)
{
    if (r->at == r->end || (*r->at != 0 && *r->at != 1)) {
        return false;
    }
    *ret_truth = *r->at++ == 1;
    return true;
}

/* A count of things that take at least `bytes_each`: more than fit are refused before memory is taken for them. */
static bool read_count(struct reader *r, size_t bytes_each, uint32_t *ret_count)
{
    return read_varint(r, ret_count) && *ret_count <= left(r) / bytes_each;
}

/* Steps over a block, whose inside is for `ret_block`. */
static bool read_block(struct reader *r, struct reader *ret_block)
{
    if (left(r) < BLOCK_BYTES) {
        return false;
    }
    uint32_t len = read_u32(r->at);
    r->at += BLOCK_BYTES;
    if (len > left(r)) {
        return false;
    }
    *ret_block = (struct reader){r->at, r->at + len};
    r->at += len;
    return true;
}

/* The least that an attribute (name length, type), a value (type) and an element of a set (length) take. */
enum { ATTRIBUTE_BYTES_MIN = 2, VALUE_BYTES_MIN = 1, ELEMENT_BYTES_MIN = 1 };

static bool decode_value(struct arena *arena, struct reader *r, unsigned level, struct value *ret_value);

/* All that is left of a reader. */
static bool decode_attributes(struct arena *arena, struct reader *r, unsigned level, struct attribute **ret_attributes,
                              uint32_t *ret_count)
{
    uint32_t count;
    if (!read_count(r, ATTRIBUTE_BYTES_MIN, &count)) {
        return false;
    }
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!read_bytes(r, &attributes[i].name) || !decode_value(arena, r, level, &attributes[i].value)) {
            return false;
        }
    }
    *ret_attributes = attributes;
    *ret_count = count;
    return r->at == r->end;
}

static bool decode_list(struct arena *arena, struct reader *r, unsigned level, struct value *ret_value)
{
    if (!read_count(r, VALUE_BYTES_MIN, &ret_value->count)) {
        return false;
    }
    ret_value->elements = ARENA_ARRAY(arena, struct value, ret_value->count);
    for (uint32_t i = 0; i < ret_value->count; i++) {
        if (!decode_value(arena, r, level, &ret_value->elements[i])) {
            return false;
        }
    }
    return r->at == r->end;
}

static bool decode_set(struct arena *arena, struct reader *r, struct value *ret_value)
{
    if (!read_count(r, ELEMENT_BYTES_MIN, &ret_value->count)) {
        return false;
    }
    uint8_t scalar = (uint8_t)(ret_value->type - VALUE_SS + VALUE_S);
    ret_value->elements = ARENA_ARRAY(arena, struct value, ret_value->count);
    for (uint32_t i = 0; i < ret_value->count; i++) {
        ret_value->elements[i] = (struct value){.type = scalar};
        if (!read_bytes(r, &ret_value->elements[i].bytes)) {
            return false;
        }
    }
    return r->at == r->end;
}

static bool decode_value(struct arena *arena, struct reader *r, unsigned level, struct value *ret_value)
{
    enum value_type type;
    struct reader block;
    if (level > VALUE_DEPTH_MAX || !read_type(r, &type)) {
        return false;
    }
    *ret_value = (struct value){.type = (uint8_t)type};
    switch (type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        return read_bytes(r, &ret_value->bytes);
    case VALUE_BOOL:
        return read_truth(r, &ret_value->boolean);
    case VALUE_NULL:
        return true;
    case VALUE_M:
        return read_block(r, &block) &&
               decode_attributes(arena, &block, level + 1, &ret_value->attributes, &ret_value->count);
    case VALUE_L:
        return read_block(r, &block) && decode_list(arena, &block, level + 1, ret_value);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        break;
    }
    return read_block(r, &block) && decode_set(arena, &block, ret_value);
}

int item_decode_header(struct slice stored, struct item_header *ret_header, struct err *err)
{
    if (stored.len < HEADER_BYTES) {
        return err_set(err, "stored item of %zu bytes is shorter than its header", stored.len);
    }
    if ((uint8_t)stored.data[0] != FORMAT) {
        return err_set(err, "stored item has format %u, this program reads %u", (uint8_t)stored.data[0], FORMAT);
    }
    uint32_t expected = read_u32(stored.data + CHECKSUM_AT);
    uint32_t found = hash_checksum(slice_of(stored.data + VERSION_AT, stored.len - VERSION_AT));
    if (expected != found) {
        return err_set(err, "stored item of %zu bytes is damaged: checksum %08x, expected %08x", stored.len, found,
                       expected);
    }
    ret_header->version = read_u64(stored.data + VERSION_AT);
    ret_header->size = read_u32(stored.data + SIZE_AT);
    return 0;
}

static int malformed(struct slice stored, struct err *err)
{
    return err_set(err, "stored item of %zu bytes is malformed though its checksum is right", stored.len);
}

static struct reader body_of(struct slice stored)
{
    return (struct reader){stored.data + HEADER_BYTES, stored.data + stored.len};
}

int item_decode_attributes(struct arena *arena, struct slice stored, struct item *ret_item, struct err *err)
{
    struct reader r = body_of(stored);
    struct item item;
    if (!decode_attributes(arena, &r, 1, &item.attributes, &item.count)) {
        return malformed(stored, err);
    }
    *ret_item = item;
    return 0;
}

int item_decode(struct arena *arena, struct slice stored, struct item_header *ret_header, struct item *ret_item,
                struct err *err)
{
    struct item_header header;
    if (item_decode_header(stored, &header, err) != 0 || item_decode_attributes(arena, stored, ret_item, err) != 0) {
        return -1;
    }
    *ret_header = header;
    return 0;
}

static bool print_value(struct buffer *out, struct reader *r, unsigned level);

/* An attribute whose value is a short string or number, as nearly all are. Takes nothing and returns false if it is
 * something else. */
static inline bool print_short(struct buffer *out, struct reader *r, bool is_first, struct slice name)
{
    struct reader ahead = *r;
    enum value_type type;
    struct slice bytes;
    if (!read_type(&ahead, &type) || (type != VALUE_S && type != VALUE_N) || !read_bytes(&ahead, &bytes) ||
        name.len + bytes.len > JSON_SHORT_MAX) {
        return false;
    }
    json_append_short_attribute(out, is_first, name, type, bytes);
    *r = ahead;
    return true;
}

static bool print_attributes(struct buffer *out, struct reader *r, unsigned level)
{
    uint32_t count;
    if (!read_varint(r, &count)) {
        return false;
    }
    buffer_append_byte(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        struct slice name;
        if (!read_bytes(r, &name)) {
            return false;
        }
        if (print_short(out, r, i == 0, name)) {
            continue;
        }
        if (i != 0) {
            buffer_append_byte(out, ',');
        }
        json_append_string(out, name);
        buffer_append_byte(out, ':');
        if (!print_value(out, r, level)) {
            return false;
        }
    }
    buffer_append_byte(out, '}');
    return r->at == r->end;
}

static bool print_scalar(struct buffer *out, struct reader *r, enum value_type type)
{
    struct slice bytes;
    if (!read_bytes(r, &bytes)) {
        return false;
    }
    if (type == VALUE_S) {
        json_append_string(out, bytes);
    } else if (type == VALUE_B) {
        json_append_base64(out, bytes);
    } else {
        char *at = buffer_reserve(out, bytes.len + 2);
        *at = '"';
        memcpy(at + 1, bytes.data, bytes.len);
        at[bytes.len + 1] = '"';
        out->len += bytes.len + 2;
    }
    return true;
}

/* A list or a set. */
static bool print_elements(struct buffer *out, struct reader *r, enum value_type type, unsigned level)
{
    uint32_t count;
    if (!read_varint(r, &count)) {
        return false;
    }
    buffer_append_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0) {
            buffer_append_byte(out, ',');
        }
        if (!(type == VALUE_L ? print_value(out, r, level) : print_scalar(out, r, type - VALUE_SS + VALUE_S))) {
            return false;
        }
    }
    buffer_append_byte(out, ']');
    return r->at == r->end;
}

/* The beginning of a value. Eight bytes are written, whatever its length: one move instead of a call. */
static inline void print_opening(struct buffer *out, enum value_type type)
{
    static const struct {
        char text[9];
        uint8_t len;
    } OPENINGS[] = {
        [VALUE_S] = {"{\"S\":", 5},       [VALUE_N] = {"{\"N\":", 5},       [VALUE_B] = {"{\"B\":", 5},
        [VALUE_BOOL] = {"{\"BOOL\":", 8}, [VALUE_NULL] = {"{\"NULL\":", 8}, [VALUE_M] = {"{\"M\":", 5},
        [VALUE_L] = {"{\"L\":", 5},       [VALUE_SS] = {"{\"SS\":", 6},     [VALUE_NS] = {"{\"NS\":", 6},
        [VALUE_BS] = {"{\"BS\":", 6},
    };
    memcpy(buffer_reserve(out, 8), OPENINGS[type].text, 8);
    out->len += OPENINGS[type].len;
}

static bool print_value(struct buffer *out, struct reader *r, unsigned level)
{
    enum value_type type;
    struct reader block;
    bool truth = true;
    if (level > VALUE_DEPTH_MAX || !read_type(r, &type)) {
        return false;
    }
    print_opening(out, type);
    bool good = false;
    switch (type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        good = print_scalar(out, r, type);
        break;
    case VALUE_BOOL:
        good = read_truth(r, &truth);
        buffer_append_slice(out, truth ? SLICE("true") : SLICE("false"));
        break;
    case VALUE_NULL:
        good = true;
        BUFFER_APPEND_LITERAL(out, "true");
        break;
    case VALUE_M:
        good = read_block(r, &block) && print_attributes(out, &block, level + 1);
        break;
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        good = read_block(r, &block) && print_elements(out, &block, type, level + 1);
        break;
    }
    buffer_append_byte(out, '}');
    return good;
}

int item_attributes_append_json(struct buffer *out, struct slice stored, struct err *err)
{
    struct reader r = body_of(stored);
    size_t start = out->len;
    if (!print_attributes(out, &r, 1)) {
        out->len = start;
        return malformed(stored, err);
    }
    return 0;
}

int item_stored_append_json(struct buffer *out, struct slice stored, struct item_header *ret_header, struct err *err)
{
    struct item_header header;
    if (item_decode_header(stored, &header, err) != 0 || item_attributes_append_json(out, stored, err) != 0) {
        return -1;
    }
    *ret_header = header;
    return 0;
}
