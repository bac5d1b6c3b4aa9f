/* Table objects: deep copies of a description with a count of who uses them. */
#include "engine/table.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/throughput.h"

static void copy_keys(struct arena *arena, struct key_schema *keys)
{
    for (int i = 0; i < keys->hash_count; i++) {
        keys->hash[i].name = arena_copy(arena, keys->hash[i].name);
    }
    for (int i = 0; i < keys->range_count; i++) {
        keys->range[i].name = arena_copy(arena, keys->range[i].name);
    }
}

static void copy_index(struct arena *arena, struct index_spec *index)
{
    index->name = arena_copy(arena, index->name);
    copy_keys(arena, &index->keys);
    struct slice *include = ARENA_ARRAY(arena, struct slice, index->include_count);
    for (uint32_t i = 0; i < index->include_count; i++) {
        include[i] = arena_copy(arena, index->include[i]);
    }
    index->include = include;
}

void table_spec_copy(struct arena *arena, const struct table_spec *spec, struct table_spec *ret_copy)
{
    struct table_spec copy = *spec;
    copy.name = arena_copy(arena, spec->name);
    copy.kms_key = arena_copy(arena, spec->kms_key);
    copy.table_key = arena_copy(arena, spec->table_key);
    copy.ttl.attribute = arena_copy(arena, spec->ttl.attribute);
    copy.policy = arena_copy(arena, spec->policy);
    copy_keys(arena, &copy.keys);
    copy.attributes = ARENA_ARRAY(arena, struct key_attribute, spec->attribute_count);
    for (uint32_t i = 0; i < spec->attribute_count; i++) {
        copy.attributes[i] = spec->attributes[i];
        copy.attributes[i].name = arena_copy(arena, spec->attributes[i].name);
    }
    copy.indexes = ARENA_ARRAY(arena, struct index_spec, spec->index_count);
    for (uint32_t i = 0; i < spec->index_count; i++) {
        copy.indexes[i] = spec->indexes[i];
        copy_index(arena, &copy.indexes[i]);
    }
    copy.tags = ARENA_ARRAY(arena, struct tag, spec->tag_count);
    for (uint32_t i = 0; i < spec->tag_count; i++) {
        copy.tags[i].key = arena_copy(arena, spec->tags[i].key);
        copy.tags[i].value = arena_copy(arena, spec->tags[i].value);
    }
    *ret_copy = copy;
}

struct table *table_create(const struct table_spec *spec, struct table_state *state)
{
    assert(spec->index_count <= TABLE_INDEXES_MAX && spec->keys.hash_count == 1);
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        abort();
    }
    if (state == NULL) {
        state = calloc(1, sizeof *state);
        if (state == NULL) {
            abort();
        }
    }
    atomic_fetch_add(&state->references, 1);
    table->state = state;
    arena_init(&table->arena, 2048);
    table_spec_copy(&table->arena, spec, &table->spec);
    atomic_init(&table->references, 1);
    return table;
}

struct table *table_acquire(struct table *table)
{
    atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
    return table;
}

struct table *table_newest(struct table *table)
{
    for (struct table *next; (next = atomic_load_explicit(&table->successor, memory_order_acquire)) != NULL;) {
        table = next;
    }
    return table;
}

void table_succeed(struct table *old, struct table *table)
{
    assert(atomic_load(&old->successor) == NULL && old->spec.id == table->spec.id);
    atomic_store_explicit(&old->successor, table_acquire(table), memory_order_release);
}

/* A version that goes lets go of its successor, which may be the last hold on that one, and so on. */
void table_release(struct table *table)
{
    while (table != NULL && atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) == 1) {
        struct table *successor = atomic_load(&table->successor);
        if (atomic_fetch_sub(&table->state->references, 1) == 1) {
            throughput_destroy(table->state->meters);
            free(table->state);
        }
        arena_finish(&table->arena);
        free(table);
        table = successor;
    }
}

/* The slot of an index, or with 0 a free one; 0: there is none. */
static uint32_t find_slot(const struct table_state *state, uint32_t index_id)
{
    uint32_t i = TABLE_INDEXES_MAX;
    while (i > 0 && atomic_load_explicit(&state->counts[i].index_id, memory_order_acquire) != index_id) {
        i--;
    }
    return i;
}

static bool has_count(const struct table_count *counts, uint32_t len, uint32_t index_id)
{
    for (uint32_t i = 1; i < len; i++) {
        if (counts[i].index_id == index_id) {
            return true;
        }
    }
    return false;
}

/* An index keeps its slot, and a slot gets its id last: who finds it by the id never sees another index' count. */
void table_set_counts(struct table_state *state, const struct table_count *counts, uint32_t len)
{
    assert(len >= 1 && len <= 1 + TABLE_INDEXES_MAX && counts[0].index_id == 0);
    for (uint32_t i = 1; i <= TABLE_INDEXES_MAX; i++) {
        if (!has_count(counts, len, atomic_load(&state->counts[i].index_id))) {
            atomic_store(&state->counts[i].index_id, 0);
        }
    }
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = i == 0 ? 0 : find_slot(state, counts[i].index_id);
        if (i > 0 && at == 0) {
            at = find_slot(state, 0);
        }
        struct count_slot *slot = &state->counts[at];
        atomic_store(&slot->rows, counts[i].rows);
        atomic_store(&slot->bytes, counts[i].bytes);
        atomic_store_explicit(&slot->index_id, counts[i].index_id, memory_order_release);
    }
}

struct table_count table_count_of(const struct table_state *state, uint32_t index_id)
{
    struct table_count count = {.index_id = index_id};
    uint32_t at = index_id == 0 ? 0 : find_slot(state, index_id);
    if (index_id == 0 || at > 0) {
        count.rows = atomic_load_explicit(&state->counts[at].rows, memory_order_relaxed);
        count.bytes = atomic_load_explicit(&state->counts[at].bytes, memory_order_relaxed);
    }
    return count;
}

const struct index_spec *table_find_index(const struct table_spec *spec, struct slice name)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (slice_equal(spec->indexes[i].name, name)) {
            return &spec->indexes[i];
        }
    }
    return NULL;
}

bool table_has_local_index(const struct table_spec *spec)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (!spec->indexes[i].global) {
            return true;
        }
    }
    return false;
}

bool key_schema_has(const struct key_schema *keys, struct slice name)
{
    for (int i = 0; i < keys->hash_count; i++) {
        if (slice_equal(keys->hash[i].name, name)) {
            return true;
        }
    }
    for (int i = 0; i < keys->range_count; i++) {
        if (slice_equal(keys->range[i].name, name)) {
            return true;
        }
    }
    return false;
}
