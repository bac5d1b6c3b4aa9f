/* Keys against a table's schema: what clients read when they do not fit.
 *
 * The functions take an arena instead of a call because batches word their errors the same way. Each returns true if
 * all is well, else false with the text of a ValidationException. */
#pragma once

#include "api/call.h"

/* A Key parameter: exactly the key attributes, of the right types, not empty, not too long. The partition key is looked
 * at whole before the sort key. */
bool key_check(struct arena *arena, const struct table_spec *table, const struct item *key, struct slice *ret_message);

/* True if the item has all key attributes, of the right types, not empty, not too long. */
bool key_fits(const struct table_spec *table, const struct item *item);

/* The key attributes of an item to be put, the index keys in it, and its size with its rows in local indexes. */
bool key_check_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                    struct slice *ret_message);

/* The same for an item in a batch, which tells every mismatch as that of a Key. */
bool key_check_batch_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                          struct slice *ret_message);

/* One key attribute's value, of the right type: not empty, not too long. `index` is NULL for the table's own keys. */
bool key_check_value(struct arena *arena, const struct index_spec *index, const struct key_attribute *attribute,
                     bool is_range, const struct value *value, struct slice *ret_message);

/* An update must not touch a key attribute of its table. */
bool key_check_targets(struct arena *arena, const struct table_spec *table, const struct update *update,
                       struct slice *ret_message);

/* In a transaction most of what key_check (of a Key) or key_check_item (of an item) finds wrong cancels it. True if it
 * fails the request as such: an empty value, or an item's index key that is too long. */
bool key_fails_request(const struct table_spec *table, const struct item *item, bool is_key);

/* Why an index refuses an item: one that is put, or the result of an update. */
struct slice key_index_flaw_text(struct arena *arena, const struct index_flaw *flaw, bool is_update);
