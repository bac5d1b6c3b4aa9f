/* Row keys and ranges. Layout in rows.h. */
#include "engine/rows.h"

#include "base/big_endian.h"

#include <assert.h>

#include "value/key.h"
#include "value/number.h"

#define HASH_BYTES 8

/* Table id, index id and hash. */
#define HEAD_BYTES_MAX (4 + 4 + HASH_BYTES)

/* The most that a component can take: every byte escaped, and its end; or a number. */
static size_t component_bound(const struct value *value)
{
    return value->type == VALUE_N ? NUMBER_KEY_MAX : 2 * value->bytes.len + 2;
}

static size_t parts_bound(const struct value *const *parts, uint32_t count)
{
    size_t bound = 0;
    for (uint32_t i = 0; i < count; i++) {
        bound += component_bound(parts[i]);
    }
    return bound;
}

/* A buffer over the arena's memory, large enough for what is appended: it never grows, so nothing is allocated aside.
 */
static struct buffer key_buffer(struct arena *arena, size_t bound)
{
    return (struct buffer){.data = arena_alloc(arena, bound), .capacity = bound};
}

static struct slice take(const struct buffer *key, size_t bound)
{
    assert(key->len <= bound && key->capacity == bound);
    return buffer_slice(key);
}

/* The smallest key that is greater than every key with this prefix. */
static struct slice prefix_end(struct arena *arena, struct slice prefix)
{
    struct slice end = arena_copy(arena, prefix);
    char *bytes = (char *)end.data;
    while (end.len > 0 && (unsigned char)bytes[end.len - 1] == 0xff) {
        end.len--;
    }
    assert(end.len > 0); /* a table id in front is never all ones */
    bytes[end.len - 1]++;
    return end;
}

static void append_head(struct buffer *out, const struct table_spec *table, const struct index_spec *index)
{
    buffer_append_u32(out, table->id);
    if (index != NULL) {
        buffer_append_u32(out, index->id);
    }
}

/* Appends hash and hash parts; returns the hash. */
static uint64_t append_partition(struct buffer *out, const struct value *const *parts, uint32_t count)
{
    size_t at = out->len;
    buffer_append_u64(out, 0);
    for (uint32_t i = 0; i < count; i++) {
        key_append(out, parts[i]);
    }
    size_t start = at + HASH_BYTES;
    uint64_t hash = key_hash(slice_of(out->data + start, out->len - start));
    uint64_t big = __builtin_bswap64(hash);
    memcpy(out->data + at, &big, sizeof big);
    return hash;
}

/* The values of key attributes in schema order; false if one is missing, of another type, empty or longer than `max`.
 */
static bool find_parts(const struct item *item, const struct key_attribute *attributes, uint32_t count, size_t max,
                       const struct value **ret_parts)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = item_find(item, attributes[i].name);
        if (value == NULL || value->type != attributes[i].type || value->bytes.len == 0 || value->bytes.len > max) {
            return false;
        }
        ret_parts[i] = value;
    }
    return true;
}

void row_key_of_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                     struct row_key *ret_key)
{
    const struct value *hash[KEY_PARTS_MAX], *range[KEY_PARTS_MAX];
    bool whole = find_parts(item, table->keys.hash, table->keys.hash_count, KEY_HASH_BYTES_MAX, hash) &&
                 find_parts(item, table->keys.range, table->keys.range_count, KEY_RANGE_BYTES_MAX, range);
    assert(whole);
    size_t bound =
        HEAD_BYTES_MAX + parts_bound(hash, table->keys.hash_count) + parts_bound(range, table->keys.range_count);
    struct buffer out = key_buffer(arena, bound);
    append_head(&out, table, NULL);
    ret_key->hash = append_partition(&out, hash, table->keys.hash_count);
    for (int i = 0; i < table->keys.range_count; i++) {
        key_append(&out, range[i]);
    }
    ret_key->bytes = take(&out, bound);
}

bool row_is_in_index(const struct index_spec *index, const struct item *item)
{
    const struct value *parts[KEY_PARTS_MAX];
    return find_parts(item, index->keys.hash, index->keys.hash_count, KEY_HASH_BYTES_MAX, parts) &&
           find_parts(item, index->keys.range, index->keys.range_count, KEY_RANGE_BYTES_MAX, parts);
}

struct slice row_key_collection(const struct table_spec *table, struct slice key)
{
    size_t head = sizeof table->id + HASH_BYTES;
    assert(key.len > head);
    size_t len = key_length(slice_of(key.data + head, key.len - head), table->keys.hash[0].type);
    assert(len > 0);
    return slice_of(key.data, head + len);
}

bool row_key_of_index(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                      const struct item *item, struct row_key *ret_key)
{
    const struct key_schema *keys = &index->keys;
    const struct value *hash[KEY_PARTS_MAX], *range[KEY_PARTS_MAX], *base_hash[KEY_PARTS_MAX],
        *base_range[KEY_PARTS_MAX];
    if (!find_parts(item, keys->hash, keys->hash_count, KEY_HASH_BYTES_MAX, hash) ||
        !find_parts(item, keys->range, keys->range_count, KEY_RANGE_BYTES_MAX, range)) {
        return false;
    }
    bool whole = find_parts(item, table->keys.hash, table->keys.hash_count, KEY_HASH_BYTES_MAX, base_hash) &&
                 find_parts(item, table->keys.range, table->keys.range_count, KEY_RANGE_BYTES_MAX, base_range);
    assert(whole);
    size_t bound = HEAD_BYTES_MAX + parts_bound(hash, keys->hash_count) + parts_bound(range, keys->range_count) +
                   parts_bound(base_hash, table->keys.hash_count) + parts_bound(base_range, table->keys.range_count);
    struct buffer out = key_buffer(arena, bound);
    append_head(&out, table, index);
    ret_key->hash = append_partition(&out, hash, keys->hash_count);
    for (int i = 0; i < keys->range_count; i++) {
        key_append(&out, range[i]);
    }
    key_append(&out, base_hash[0]);
    for (int i = 0; i < table->keys.range_count; i++) {
        key_append(&out, base_range[i]);
    }
    ret_key->bytes = take(&out, bound);
    return true;
}

static struct slice with_component(struct arena *arena, struct slice prefix, const struct value *value, bool whole)
{
    size_t bound = prefix.len + component_bound(value);
    struct buffer out = key_buffer(arena, bound);
    buffer_append_slice(&out, prefix);
    if (whole) {
        key_append(&out, value);
    } else {
        key_append_prefix(&out, value);
    }
    return take(&out, bound);
}

/* Narrows the rows that start with `prefix` to those whose next component satisfies the term. Components are
 * self-delimiting, so "<= x" ends behind every row that starts with x. */
static void narrow(struct arena *arena, struct slice prefix, const struct key_term *term, struct row_range *range)
{
    bool whole = term->operator!= KEY_BEGINS_WITH;
    struct slice at = with_component(arena, prefix, &term->operand, whole);
    range->lower = prefix;
    range->upper = prefix_end(arena, prefix);
    switch (term->operator) {
    case KEY_EQ:
    case KEY_BEGINS_WITH:
        range->lower = at;
        range->upper = prefix_end(arena, at);
        break;
    case KEY_LT:
        range->upper = at;
        break;
    case KEY_LE:
        range->upper = prefix_end(arena, at);
        break;
    case KEY_GT:
        range->lower = prefix_end(arena, at);
        break;
    case KEY_GE:
        range->lower = at;
        break;
    case KEY_BETWEEN:
        range->lower = at;
        range->upper = prefix_end(arena, with_component(arena, prefix, &term->operand_upper, true));
        break;
    case KEY_NOT_INDEXABLE:
        assert(!"a condition on keys that a range of rows can answer");
        break;
    }
}

void row_range_of_query(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                        const struct value *hash, const struct key_term *range, uint32_t range_count,
                        struct row_range *ret_range)
{
    const struct key_schema *keys = index == NULL ? &table->keys : &index->keys;
    assert(range_count <= keys->range_count);
    const struct value *parts[KEY_PARTS_MAX];
    for (int i = 0; i < keys->hash_count; i++) {
        parts[i] = &hash[i];
    }
    size_t bound = HEAD_BYTES_MAX + parts_bound(parts, keys->hash_count);
    for (uint32_t i = 0; i + 1 < range_count; i++) {
        bound += component_bound(&range[i].operand);
    }
    struct buffer out = key_buffer(arena, bound);
    append_head(&out, table, index);
    uint64_t key_hash_value = append_partition(&out, parts, keys->hash_count);
    for (uint32_t i = 0; i + 1 < range_count; i++) {
        assert(range[i].operator== KEY_EQ);
        key_append(&out, &range[i].operand);
    }
    struct slice prefix = take(&out, bound);
    *ret_range = (struct row_range){.hash_first = key_hash_value, .hash_last = key_hash_value};
    if (range_count == 0) {
        ret_range->lower = prefix;
        ret_range->upper = prefix_end(arena, prefix);
    } else {
        narrow(arena, prefix, &range[range_count - 1], ret_range);
    }
}

void row_range_of_collection(struct arena *arena, const struct index_spec *index, struct slice collection,
                             struct row_range *ret_range)
{
    uint64_t hash = row_key_hash(collection, false);
    struct slice lower = collection;
    if (index != NULL) {
        assert(!index->global);
        struct buffer out = key_buffer(arena, collection.len + sizeof index->id);
        buffer_append(&out, collection.data, sizeof index->id);
        buffer_append_u32(&out, index->id);
        buffer_append(&out, collection.data + sizeof index->id, collection.len - sizeof index->id);
        lower = buffer_slice(&out);
    }
    *ret_range = (struct row_range){lower, prefix_end(arena, lower), hash, hash};
}

void row_range_of_scan(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                       uint32_t segment, uint32_t segments, struct row_range *ret_range)
{
    assert(segments > 0 && segment < segments);
    unsigned __int128 space = (unsigned __int128)1 << 64;
    uint64_t first = (uint64_t)(space * segment / segments);
    unsigned __int128 end = space * (segment + 1) / segments;
    struct buffer lower = key_buffer(arena, HEAD_BYTES_MAX), upper = key_buffer(arena, HEAD_BYTES_MAX);
    append_head(&lower, table, index);
    append_head(&upper, table, index);
    if (end == space) {
        ret_range->upper = prefix_end(arena, take(&lower, HEAD_BYTES_MAX));
    } else {
        buffer_append_u64(&upper, (uint64_t)end);
        ret_range->upper = take(&upper, HEAD_BYTES_MAX);
    }
    buffer_append_u64(&lower, first);
    ret_range->lower = take(&lower, HEAD_BYTES_MAX);
    ret_range->hash_first = first;
    ret_range->hash_last = (uint64_t)(end - 1);
}

bool row_range_contains(const struct row_range *range, struct slice key)
{
    return slice_compare(key, range->lower) >= 0 && slice_compare(key, range->upper) < 0;
}

uint64_t row_key_hash(struct slice key, bool is_index)
{
    size_t at = is_index ? 8 : 4;
    assert(key.len >= at + HASH_BYTES);
    return read_u64(key.data + at);
}
