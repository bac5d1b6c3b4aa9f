#include "engine/index.h"

#include <assert.h>

#include "engine/capacity.h"
#include "value/codec.h"
#include "value/key.h"

static bool is_included(const struct index_spec *index, struct slice name)
{
    for (uint32_t i = 0; i < index->include_count; i++) {
        if (slice_equal(index->include[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_projected(const struct table_spec *table, const struct index_spec *index, struct slice name)
{
    return index->projection == PROJECT_ALL || key_schema_has(&table->keys, name) ||
           key_schema_has(&index->keys, name) || is_included(index, name);
}

void index_project(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                   const struct item *item, struct item *ret_projected)
{
    if (index->projection == PROJECT_ALL) {
        *ret_projected = *item;
        return;
    }
    struct item projected = {ARENA_ARRAY(arena, struct attribute, item->count), 0};
    for (uint32_t i = 0; i < item->count; i++) {
        if (is_projected(table, index, item->attributes[i].name)) {
            projected.attributes[projected.count++] = item->attributes[i];
        }
    }
    *ret_projected = projected;
}

/* The size of what index_project makes. */
static size_t projected_size(const struct table_spec *table, const struct index_spec *index, const struct item *item)
{
    size_t size = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        const struct attribute *attribute = &item->attributes[i];
        if (is_projected(table, index, attribute->name)) {
            size += attribute->name.len + value_size(&attribute->value);
        }
    }
    return size;
}

/* One side, old or new, of an item in an index. */
struct index_side {
    bool present;
    struct row_key key;
    struct item projected;
    size_t size;
};

static struct index_side side_of(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                                 const struct item *item)
{
    struct index_side side = {0};
    side.present = item != NULL && row_key_of_index(arena, table, index, item, &side.key);
    if (side.present) {
        index_project(arena, table, index, item, &side.projected);
        side.size = item_size(&side.projected);
    }
    return side;
}

static void put_row(struct batch *batch, const struct index_side *side, uint64_t version)
{
    struct item_header header = {.version = version, .size = (uint32_t)side->size};
    buffer_clear(&batch->encoded);
    item_encode(&batch->encoded, &header, &side->projected);
    batch_write_index_row(batch, &side->key, buffer_slice(&batch->encoded));
}

/* What a write means for one index. */
struct index_change {
    struct index_side old, new;
    bool moves; /* the old row goes, the new one comes; else the row is changed where it is, if `differs` */
    bool differs;
};

static struct index_change change_of(struct arena *arena, const struct table_spec *table,
                                     const struct index_spec *index, const struct item *old, const struct item *new)
{
    struct index_change change = {.old = side_of(arena, table, index, old), .new = side_of(arena, table, index, new)};
    bool stays = change.old.present && change.new.present &&slice_equal(change.old.key.bytes, change.new.key.bytes);
    change.moves = !stays;
    change.differs = stays && !item_equal(&change.old.projected, &change.new.projected);
    return change;
}

/* An index row that moves is a delete and a put, each charged; one that stays the same costs nothing.
 * Source: Amazon DynamoDB Developer Guide, "Provisioned throughput considerations for Global Secondary Indexes". */
static uint32_t units_of(const struct index_change *change)
{
    size_t old = change->old.size, new = change->new.size;
    if (!change->moves) {
        return change->differs ? capacity_write_units(old > new ? old : new) : 0;
    }
    return (change->old.present ? capacity_write_units(old) : 0) +
           (change->new.present ? capacity_write_units(new) : 0);
}

void index_put_row(struct batch *batch, struct arena *arena, const struct table_spec *table,
                   const struct index_spec *index, const struct item *item, uint64_t version)
{
    struct index_side side = side_of(arena, table, index, item);
    if (side.present) {
        put_row(batch, &side, version);
    }
}

void index_count_units(struct arena *arena, const struct table_spec *table, const struct item *old,
                       const struct item *new, uint32_t *ret_units)
{
    for (uint32_t i = 0; i < table->index_count; i++) {
        ret_units[i] = 0;
        if (table->indexes[i].status != INDEX_DELETING) {
            struct index_change change = change_of(arena, table, &table->indexes[i], old, new);
            ret_units[i] = units_of(&change);
        }
    }
}

void index_update(struct batch *batch, const struct table_spec *table, const struct item *old, const struct item *new,
                  uint64_t version, uint32_t *ret_units)
{
    for (uint32_t i = 0; i < table->index_count; i++) {
        ret_units[i] = 0;
        if (table->indexes[i].status == INDEX_DELETING) {
            continue;
        }
        struct index_change change = change_of(&batch->scratch, table, &table->indexes[i], old, new);
        if (change.moves && change.old.present) {
            batch_write_index_row(batch, &change.old.key, SLICE(""));
        }
        if (change.new.present && (change.moves || change.differs)) {
            put_row(batch, &change.new, version);
        }
        ret_units[i] = units_of(&change);
    }
}

struct local_rows index_local_rows(const struct table_spec *table, const struct item *item)
{
    struct local_rows rows = {0};
    for (uint32_t i = 0; i < table->index_count; i++) {
        const struct index_spec *index = &table->indexes[i];
        if (!index->global && row_is_in_index(index, item)) {
            rows.count++;
            rows.bytes += projected_size(table, index, item);
        }
    }
    return rows;
}

/* --- does an item fit? ----------------------------------------------------------------------------------------------
 */

static bool check_part(const struct index_spec *index, const struct key_attribute *attribute, bool is_range,
                       const struct item *item, struct index_flaw *ret_flaw)
{
    const struct value *value = item_find(item, attribute->name);
    if (value == NULL) {
        return true;
    }
    size_t max = is_range ? KEY_RANGE_BYTES_MAX : KEY_HASH_BYTES_MAX;
    struct index_flaw flaw = {.index = index,
                              .attribute = attribute,
                              .is_range = is_range,
                              .actual = value->type,
                              .actual_size = value_size(value)};
    if (value->type != attribute->type) {
        flaw.kind = INDEX_KEY_TYPE;
    } else if (value->bytes.len == 0) {
        flaw.kind = INDEX_KEY_EMPTY;
    } else if (value->type != VALUE_N && value->bytes.len > max) {
        flaw.kind = INDEX_KEY_TOO_LONG;
    } else {
        return true;
    }
    *ret_flaw = flaw;
    return false;
}

bool index_check_item(const struct table_spec *table, const struct item *item, struct index_flaw *ret_flaw)
{
    for (uint32_t i = 0; i < table->index_count; i++) {
        const struct index_spec *index = &table->indexes[i];
        if (index->status == INDEX_DELETING) {
            continue;
        }
        for (int j = 0; j < index->keys.hash_count; j++) {
            if (!check_part(index, &index->keys.hash[j], false, item, ret_flaw)) {
                return false;
            }
        }
        for (int j = 0; j < index->keys.range_count; j++) {
            if (!check_part(index, &index->keys.range[j], true, item, ret_flaw)) {
                return false;
            }
        }
    }
    return true;
}
