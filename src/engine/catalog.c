#include "engine/catalog.h"

#include "base/big_endian.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/shard.h"
#include "engine/throughput.h"

#define TABLE_PREFIX  SLICE("table/")
#define DROP_PREFIX   SLICE("drop/")
#define COUNTS_PREFIX SLICE("counts/")
#define NEXT_ID_KEY   SLICE("table_id")
#define CLEAN_KEY     SLICE("clean")
#define COUNT_BYTES   20 /* of one table_count */

void catalog_init(struct catalog *catalog)
{
    *catalog = (struct catalog){.next_id = 1};
    pthread_rwlock_init(&catalog->lock, NULL);
    catalog->by_name = calloc(TABLES_MAX + 1, sizeof(struct table *));
    catalog->by_id = calloc(TABLES_MAX + 1, sizeof(struct table *));
    if (catalog->by_name == NULL || catalog->by_id == NULL) {
        abort();
    }
}

void catalog_finish(struct catalog *catalog)
{
    for (uint32_t i = 0; i < catalog->count; i++) {
        table_release(catalog->by_name[i]);
    }
    free(catalog->by_name);
    free(catalog->by_id);
    pthread_rwlock_destroy(&catalog->lock);
}

/* --- the registry ----------------------------------------------------------------------------------------------------
 */

/* The first position whose name is not below `name`. */
static uint32_t name_position(const struct catalog *catalog, struct slice name)
{
    uint32_t low = 0, high = catalog->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (slice_compare(catalog->by_name[middle]->spec.name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t id_position(const struct catalog *catalog, uint32_t id)
{
    uint32_t low = 0, high = catalog->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (catalog->by_id[middle]->spec.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct catalog *catalog, uint32_t position, struct slice name)
{
    return position < catalog->count && slice_equal(catalog->by_name[position]->spec.name, name);
}

struct table *catalog_acquire(struct catalog *catalog, struct slice name)
{
    pthread_rwlock_rdlock(&catalog->lock);
    uint32_t position = name_position(catalog, name);
    struct table *table = is_at(catalog, position, name) ? table_acquire(catalog->by_name[position]) : NULL;
    pthread_rwlock_unlock(&catalog->lock);
    return table;
}

struct table *catalog_acquire_at(struct catalog *catalog, uint32_t position)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct table *table = position < catalog->count ? table_acquire(catalog->by_name[position]) : NULL;
    pthread_rwlock_unlock(&catalog->lock);
    return table;
}

struct table *catalog_acquire_id(struct catalog *catalog, uint32_t id)
{
    pthread_rwlock_rdlock(&catalog->lock);
    uint32_t position = id_position(catalog, id);
    bool has = position < catalog->count && catalog->by_id[position]->spec.id == id;
    struct table *table = has ? table_acquire(catalog->by_id[position]) : NULL;
    pthread_rwlock_unlock(&catalog->lock);
    return table;
}

uint32_t catalog_count(struct catalog *catalog)
{
    pthread_rwlock_rdlock(&catalog->lock);
    uint32_t count = catalog->count;
    pthread_rwlock_unlock(&catalog->lock);
    return count;
}

uint32_t catalog_names(struct catalog *catalog, struct arena *arena, struct slice after, uint32_t max,
                       struct slice *ret_names, bool *ret_more)
{
    pthread_rwlock_rdlock(&catalog->lock);
    uint32_t position = after.len == 0 ? 0 : name_position(catalog, after);
    if (after.len > 0 && is_at(catalog, position, after)) {
        position++;
    }
    uint32_t found = 0;
    while (found < max && position < catalog->count) {
        ret_names[found++] = arena_copy(arena, catalog->by_name[position++]->spec.name);
    }
    *ret_more = position < catalog->count;
    pthread_rwlock_unlock(&catalog->lock);
    return found;
}

static void insert(struct table **array, uint32_t count, uint32_t position, struct table *table)
{
    memmove(&array[position + 1], &array[position], (count - position) * sizeof(struct table *));
    array[position] = table;
}

static void take_out(struct table **array, uint32_t count, uint32_t position)
{
    memmove(&array[position], &array[position + 1], (count - position - 1) * sizeof(struct table *));
}

void catalog_publish(struct catalog *catalog, struct table *table)
{
    pthread_rwlock_wrlock(&catalog->lock);
    uint32_t by_name = name_position(catalog, table->spec.name);
    uint32_t by_id = id_position(catalog, table->spec.id);
    struct table *old = NULL;
    if (is_at(catalog, by_name, table->spec.name)) {
        old = catalog->by_name[by_name];
        assert(old->spec.id == table->spec.id && catalog->by_id[by_id] == old);
    }
    if (catalog->throttle) {
        throughput_publish(old, table);
    }
    if (old != NULL) {
        table_succeed(old, table);
        catalog->by_name[by_name] = table;
        catalog->by_id[by_id] = table;
    } else {
        assert(catalog->count < TABLES_MAX);
        insert(catalog->by_name, catalog->count, by_name, table);
        insert(catalog->by_id, catalog->count, by_id, table);
        catalog->count++;
    }
    atomic_fetch_add(&catalog->generation, 1);
    pthread_rwlock_unlock(&catalog->lock);
    table_release(old);
}

void catalog_remove(struct catalog *catalog, struct slice name)
{
    pthread_rwlock_wrlock(&catalog->lock);
    uint32_t position = name_position(catalog, name);
    struct table *old = NULL;
    if (is_at(catalog, position, name)) {
        old = catalog->by_name[position];
        atomic_store(&old->state->dropped, true);
        take_out(catalog->by_name, catalog->count, position);
        take_out(catalog->by_id, catalog->count, id_position(catalog, old->spec.id));
        catalog->count--;
    }
    atomic_fetch_add(&catalog->generation, 1);
    pthread_rwlock_unlock(&catalog->lock);
    table_release(old);
}

/* --- its rows
 * ----------------------------------------------------------------------------------------------------------- */

static void put_row(struct batch *batch, struct slice prefix, struct slice rest, struct slice value)
{
    struct slice key = arena_printf(&batch->memory, "%.*s%.*s", SLICE_ARG(prefix), SLICE_ARG(rest));
    store_batch_put(batch->rows, batch->shard->store, STORE_META, key, value);
    batch->durable = true;
}

/* prefix and big-endian id. */
static struct slice id_key(struct arena *arena, struct slice prefix, uint32_t id)
{
    char *bytes = arena_alloc(arena, prefix.len + sizeof id);
    memcpy(bytes, prefix.data, prefix.len);
    uint32_t big = __builtin_bswap32(id);
    memcpy(bytes + prefix.len, &big, sizeof big);
    return slice_of(bytes, prefix.len + sizeof id);
}

void catalog_write_table(struct batch *batch, const struct table_spec *spec)
{
    buffer_clear(&batch->encoded);
    table_spec_encode(spec, &batch->encoded);
    put_row(batch, TABLE_PREFIX, spec->name, buffer_slice(&batch->encoded));
}

void catalog_write_next_id(struct batch *batch, uint32_t next_id)
{
    uint32_t big = __builtin_bswap32(next_id);
    put_row(batch, NEXT_ID_KEY, SLICE(""), slice_of(&big, sizeof big));
}

void catalog_write_drop(struct batch *batch, const struct table_spec *spec)
{
    struct store *store = batch->shard->store;
    struct slice table_key = arena_printf(&batch->memory, "%.*s%.*s", SLICE_ARG(TABLE_PREFIX), SLICE_ARG(spec->name));
    store_batch_delete(batch->rows, store, STORE_META, table_key);
    store_batch_delete(batch->rows, store, STORE_META, id_key(&batch->memory, COUNTS_PREFIX, spec->id));
    store_batch_put(batch->rows, store, STORE_META, id_key(&batch->memory, DROP_PREFIX, spec->id), SLICE(""));
    batch->durable = true;
}

void catalog_write_dropped(struct batch *batch, uint32_t table_id)
{
    struct slice key = id_key(&batch->memory, DROP_PREFIX, table_id);
    store_batch_delete(batch->rows, batch->shard->store, STORE_META, key);
}

void catalog_write_counts(struct batch *batch, const struct table *table)
{
    struct buffer *out = &batch->encoded;
    buffer_clear(out);
    for (uint32_t i = 0; i <= table->spec.index_count; i++) {
        struct table_count count = table_count_of(table->state, i == 0 ? 0 : table->spec.indexes[i - 1].id);
        buffer_append_u32(out, count.index_id);
        buffer_append_u64(out, count.rows);
        buffer_append_u64(out, count.bytes);
    }
    struct slice key = id_key(&batch->memory, COUNTS_PREFIX, table->spec.id);
    store_batch_put(batch->rows, batch->shard->store, STORE_META, key, buffer_slice(out));
}

void catalog_write_clean(struct catalog *catalog, struct batch *batch, bool clean)
{
    if (!clean) {
        store_batch_delete(batch->rows, batch->shard->store, STORE_META, CLEAN_KEY);
        return;
    }
    for (uint32_t i = 0; i < catalog->count; i++) {
        const struct table *table = catalog->by_name[i];
        if (atomic_load(&table->state->writes) != 0) {
            store_batch_delete(batch->rows, batch->shard->store, STORE_META,
                               id_key(&batch->memory, COUNTS_PREFIX, table->spec.id));
        }
    }
    put_row(batch, CLEAN_KEY, SLICE(""), SLICE("1"));
}

/* --- loading
 * --------------------------------------------------------------------------------------------------------------- */

static int load_clean(struct shard *system, bool *ret_clean, struct err *err)
{
    struct store_value value;
    if (store_get(system->store, STORE_META, CLEAN_KEY, &value, err) != 0) {
        return -1;
    }
    *ret_clean = value.pin != NULL;
    store_value_release(&value);
    return 0;
}

/* False if the bytes are not the counts of the table and all of its indexes, as after a change of those. */
static bool read_counts(const struct table_spec *spec, struct slice bytes,
                        struct table_count ret_counts[1 + TABLE_INDEXES_MAX])
{
    if (bytes.len != COUNT_BYTES * (1 + (size_t)spec->index_count)) {
        return false;
    }
    for (uint32_t i = 0; i <= spec->index_count; i++) {
        const char *at = bytes.data + COUNT_BYTES * (size_t)i;
        ret_counts[i] = (struct table_count){read_u32(at), read_u64(at + 4), read_u64(at + 12)};
        if (ret_counts[i].index_id != (i == 0 ? 0 : spec->indexes[i - 1].id)) {
            return false;
        }
    }
    return true;
}

static int load_counts(struct table *table, struct shard *system, bool clean, struct err *err)
{
    struct arena arena;
    arena_init(&arena, 256);
    struct store_value value;
    int failed = store_get(system->store, STORE_META, id_key(&arena, COUNTS_PREFIX, table->spec.id), &value, err);
    arena_finish(&arena);
    if (failed != 0) {
        return -1;
    }
    struct table_count counts[1 + TABLE_INDEXES_MAX];
    bool counted = value.pin != NULL && read_counts(&table->spec, value.bytes, counts);
    if (counted) {
        table_set_counts(table->state, counts, 1 + table->spec.index_count);
    }
    atomic_store(&table->state->writes, counted && clean ? 0 : 1); /* 1: the counting step will count it */
    store_value_release(&value);
    return 0;
}

static int load_row(struct catalog *catalog, struct shard *system, bool clean, struct slice key, struct slice value,
                    void (*visit_drop)(void *context, uint32_t table_id), void *context, struct err *err)
{
    if (slice_equal(key, NEXT_ID_KEY) && value.len == sizeof(uint32_t)) {
        catalog->next_id = read_u32(value.data);
        return 0;
    }
    if (slice_starts_with(key, DROP_PREFIX) && key.len == DROP_PREFIX.len + sizeof(uint32_t)) {
        visit_drop(context, read_u32(key.data + DROP_PREFIX.len));
        return 0;
    }
    if (!slice_starts_with(key, TABLE_PREFIX)) {
        return 0;
    }
    struct arena arena;
    arena_init(&arena, 4096);
    struct table_spec spec;
    struct table *table = NULL;
    int failed = table_spec_decode(&arena, value, &spec, err);
    if (failed == 0) {
        table = table_create(&spec, NULL);
        failed = load_counts(table, system, clean, err);
    }
    if (failed == 0) {
        catalog_publish(catalog, table);
    } else {
        table_release(table);
    }
    arena_finish(&arena);
    return failed;
}

int catalog_load(struct catalog *catalog, struct shard *system, void (*visit_drop)(void *context, uint32_t table_id),
                 void *context, struct err *err)
{
    bool clean;
    if (load_clean(system, &clean, err) != 0) {
        return err_wrap(err, "catalog");
    }
    struct store_cursor *cursor = store_cursor_create(system->store, STORE_META, SLICE(""), SLICE(""), false);
    int more;
    while ((more = store_cursor_next(cursor, err)) == 1) {
        if (load_row(catalog, system, clean, store_cursor_key(cursor), store_cursor_value(cursor), visit_drop, context,
                     err) != 0) {
            more = -1;
            break;
        }
    }
    store_cursor_destroy(cursor);
    return more < 0 ? err_wrap(err, "catalog") : 0;
}
