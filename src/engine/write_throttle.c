#include "engine/write_throttle.h"

#include "engine/index.h"

bool write_admit(struct write *write)
{
    return write->is_free || throughput_admit(write->table, NULL, THROUGHPUT_WRITE, write->key.hash, &write->throttle);
}

/* The partition of an index that gets the new row, or loses the old one: rows that move are charged to where they go.
 */
static bool index_hash(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                       const struct write_plan *plan, uint64_t *ret_hash)
{
    struct row_key key;
    if ((plan->new_exists && row_key_of_index(arena, table, index, &plan->new, &key)) ||
        (plan->old_exists && row_key_of_index(arena, table, index, &plan->old, &key))) {
        *ret_hash = key.hash;
        return true;
    }
    return false;
}

bool write_admit_indexes(struct write *write, struct batch *batch, const struct write_plan *plan)
{
    const struct table_spec *table = &write->table->spec;
    uint32_t units[TABLE_INDEXES_MAX];
    if (write->is_free || write->kind == WRITE_CHECK || table->index_count == 0) {
        return true;
    }
    index_count_units(&batch->scratch, table, plan->old_exists ? &plan->old : NULL,
                      plan->new_exists ? &plan->new : NULL, units);
    for (uint32_t i = 0; i < table->index_count; i++) {
        const struct index_spec *index = &table->indexes[i];
        uint64_t hash;
        if (units[i] > 0 && index->global && index_hash(&batch->scratch, table, index, plan, &hash) &&
            !throughput_admit(write->table, index, THROUGHPUT_WRITE, hash, &write->throttle)) {
            return false;
        }
    }
    return true;
}

void write_charge(const struct write *write, struct batch *batch, const struct write_plan *plan, unsigned factor)
{
    const struct table_spec *table = &write->table->spec;
    double units = (double)factor * write->table_units;
    if (write->is_free || (write->result != WRITE_DONE && write->result != WRITE_CONDITION_FAILED)) {
        return;
    }
    for (uint32_t i = 0; i < table->index_count; i++) {
        const struct index_spec *index = &table->indexes[i];
        uint64_t hash;
        if (!index->global) {
            units += write->index_units[i];
        } else if (write->index_units[i] > 0 && index_hash(&batch->scratch, table, index, plan, &hash)) {
            throughput_charge(write->table, index, THROUGHPUT_WRITE, hash, write->index_units[i]);
        }
    }
    throughput_charge(write->table, NULL, THROUGHPUT_WRITE, write->key.hash, units);
}
