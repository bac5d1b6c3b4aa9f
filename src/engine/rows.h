/* The keys of stored rows: from items to bytes and back, and the ranges that queries and scans read.
 *
 *   items:  table id u32, hash u64, partition key, sort key
 *   index:  table id u32, index id u32, hash u64, index hash parts, index range parts, base partition key, base sort
 * key
 *
 * Integers are big-endian; keys are value/key.h components; hash is key_hash of the encoded hash parts of that table or
 * index. A local index has the table's hash, so its rows stand on the item's own shard. */
#pragma once

#include "base/buffer.h"
#include "engine/table.h"
#include "expr/expr.h"

struct row_key {
    struct slice bytes; /* as above */
    uint64_t hash;
};

/* The key of an item's row, in the arena. `item` has the key attributes, already checked: present, right type, size. */
void row_key_of_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                     struct row_key *ret_key);

/* The key of an index row; false if the item lacks one of the index' key attributes, or has it in another type,
 * empty or too long: it is not in the index then. */
bool row_key_of_index(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                      const struct item *item, struct row_key *ret_key);

/* True if the item has all key attributes of the index, as they must be: then it has a row in it. */
bool row_is_in_index(const struct index_spec *index, const struct item *item);

/* The part of an item's row key that all items of its partition key value begin with. Points into `key`. */
struct slice row_key_collection(const struct table_spec *table, struct slice key);

/* Rows [lower, upper) of a family, and the hash of the partition (queries) or the first and last hash (scans). */
struct row_range {
    struct slice lower;
    struct slice upper;
    uint64_t hash_first;
    uint64_t hash_last; /* inclusive */
};

/* One partition narrowed by conditions on the range parts. `hash` has as many values as the schema has hash parts, in
 * its order. `range` has at most as many terms as range parts, in schema order; all but the last are KEY_EQ. */
void row_range_of_query(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                        const struct value *hash, const struct key_term *range, uint32_t range_count,
                        struct row_range *ret_range);

/* The rows of such a collection in the table or in a local index. */
void row_range_of_collection(struct arena *arena, const struct index_spec *index, struct slice collection,
                             struct row_range *ret_range);

/* Segment `segment` of `segments` equal parts of the hash space; 0 of 1 is all. */
void row_range_of_scan(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                       uint32_t segment, uint32_t segments, struct row_range *ret_range);

/* True if a row's key is inside the range. */
bool row_range_contains(const struct row_range *range, struct slice key);

/* The hash inside a row's key. */
uint64_t row_key_hash(struct slice key, bool is_index);
