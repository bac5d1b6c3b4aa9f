#include "api/capacity_json.h"

#include "base/log.h"

#define BYTES_PER_GB (1ull << 30)

/* The place of an index in another version of its table. */
static uint32_t position_in(const struct table_spec *table, uint32_t index_id)
{
    uint32_t position = 0;
    while (position < table->index_count && table->indexes[position].id != index_id) {
        position++;
    }
    return position;
}

void capacity_of_write(const struct write *write, struct capacity_used *used)
{
    const struct table_spec *table = &write->table->spec;
    used->table += write->table_units;
    if (used->table_spec == NULL) {
        used->table_spec = table;
    }
    for (uint32_t i = 0; i < table->index_count; i++) {
        uint32_t position = used->table_spec == table ? i : position_in(used->table_spec, table->indexes[i].id);
        if (position < used->table_spec->index_count && write->index_units[i] != 0) {
            used->index[position] += write->index_units[i];
            used->index_touched[position] = true;
        }
    }
}

static double total(const struct table_spec *table, const struct capacity_used *used)
{
    double units = used->table;
    for (uint32_t i = 0; i < table->index_count; i++) {
        units += used->index[i];
    }
    return units;
}

/* CapacityUnits, and the same again under the name of `split` if there is one. */
static void append_unit_members(struct buffer *out, const char *split, double units)
{
    if (split != NULL) {
        json_member_double(out, split, units);
    }
    json_member_double(out, "CapacityUnits", units);
}

static void append_units(struct buffer *out, const char *split, double units)
{
    buffer_append_byte(out, '{');
    append_unit_members(out, split, units);
    buffer_append_byte(out, '}');
}

/* The touched indexes of one kind; no member if there are none. */
static void append_indexes(struct buffer *out, const char *name, const char *split, bool global,
                           const struct table_spec *table, const struct capacity_used *used)
{
    bool open = false;
    for (uint32_t i = 0; i < table->index_count; i++) {
        if (!used->index_touched[i] || table->indexes[i].global != global) {
            continue;
        }
        if (!open) {
            json_member_object_begin(out, name);
            open = true;
        }
        json_name_slice(out, table->indexes[i].name);
        append_units(out, split, used->index[i]);
    }
    if (open) {
        json_object_end(out);
    }
}

static void append(struct buffer *out, enum return_capacity mode, const char *split, const struct table_spec *table,
                   const struct capacity_used *used)
{
    json_object_begin(out);
    json_member_string(out, "TableName", table->name);
    append_unit_members(out, split, total(table, used));
    if (mode == CAPACITY_INDEXES) {
        json_name(out, "Table");
        append_units(out, split, used->table);
        append_indexes(out, "LocalSecondaryIndexes", split, false, table, used);
        append_indexes(out, "GlobalSecondaryIndexes", split, true, table, used);
    }
    json_object_end(out);
}

void capacity_append(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                     const struct capacity_used *used)
{
    append(out, mode, NULL, table, used);
}

void capacity_append_transact(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                              const struct capacity_used *used, bool is_read)
{
    append(out, mode, is_read ? "ReadCapacityUnits" : "WriteCapacityUnits", table, used);
}

void capacity_append_member(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                            const struct capacity_used *used)
{
    if (mode != CAPACITY_NONE) {
        json_name(out, "ConsumedCapacity");
        capacity_append(out, mode, table, used);
    }
}

void metrics_append(struct buffer *out, struct cluster *cluster, const struct table_spec *table,
                    const struct value *hash)
{
    uint64_t bytes = 0;
    struct err err;
    if (cluster_collection_size(cluster, table, hash, &bytes, &err) != 0) {
        log_error("the size of an item collection cannot be told: %s", err.text);
    }
    double lower = (double)(bytes / BYTES_PER_GB);
    json_object_begin(out);
    json_member_object_begin(out, "ItemCollectionKey");
    json_name_slice(out, table->keys.hash[0].name);
    value_append_json(out, hash);
    json_object_end(out);
    json_member_array_begin(out, "SizeEstimateRangeGB");
    json_double(out, lower);
    json_double(out, lower + 1);
    json_array_end(out);
    json_object_end(out);
}
