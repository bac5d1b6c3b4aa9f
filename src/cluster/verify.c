/* The order of things: folder and lock, files, shards for reading, catalog, rows; and what is said of each finding. */
#include "cluster/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/env.h"
#include "cluster/verify_private.h"
#include "engine/ttl.h"
#include "store/files.h"
#include "value/codec.h"
#include "value/key.h"

#define TEXT_BYTES    1024
#define PROGRESS_ROWS 10000
#define CACHE_BYTES   (64u << 20)

const char *verify_kind_name(enum verify_kind kind)
{
    static const char *const names[VERIFY_KINDS] = {
        [VERIFY_FILE] = "file",
        [VERIFY_CATALOG] = "catalog",
        [VERIFY_ROW] = "row",
        [VERIFY_INDEX_MISSING] = "index_missing",
        [VERIFY_INDEX_SURPLUS] = "index_surplus",
        [VERIFY_INDEX_DIFFERS] = "index_differs",
        [VERIFY_COLLECTION] = "collection",
        [VERIFY_EXPIRY] = "expiry",
        [VERIFY_COUNT] = "count",
        [VERIFY_OUTBOX] = "outbox",
        [VERIFY_TRANSACTION] = "transaction",
    };
    return names[kind];
}

/* --- findings ------------------------------------------------------------------------------------------------------
 */

/* Reads components of the schema's parts behind `key` into the item; false if they are none. */
static bool read_parts(struct arena *arena, struct slice *key, const struct key_attribute *parts, int count,
                       struct item *item)
{
    for (int i = 0; i < count && key->len > 0; i++) {
        struct value value;
        size_t len = key_read(arena, *key, parts[i].type, &value);
        if (len == 0) {
            return false;
        }
        if (item_find(item, parts[i].name) == NULL) {
            item->attributes[item->count++] = (struct attribute){parts[i].name, value};
        }
        *key = slice_of(key->data + len, key->len - len);
    }
    return true;
}

static void append_hexadecimal(struct buffer *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buffer_printf(out, "%02x", (unsigned char)bytes.data[i]);
    }
}

/* The key attributes that the row key says; the key itself where it says none. */
static void append_key(struct buffer *out, const struct verify_place *place)
{
    struct arena arena;
    arena_init(&arena, 4096);
    struct attribute attributes[4 * KEY_PARTS_MAX];
    struct item item = {attributes, 0};
    bool readable = false;
    if (place->state != NULL) {
        const struct table_spec *table = &place->state->table->spec;
        size_t in_items = 4 + 8, in_index = in_items + 4;
        bool of_index =
            place->position > 0 && place->key.len > in_index &&
            memcmp(place->key.data + 4, &(uint32_t){__builtin_bswap32(table->indexes[place->position - 1].id)}, 4) == 0;
        size_t head = of_index ? in_index : in_items;
        const struct key_schema *keys = of_index ? &table->indexes[place->position - 1].keys : &table->keys;
        if (place->key.len > head) {
            struct slice rest = slice_of(place->key.data + head, place->key.len - head);
            readable = read_parts(&arena, &rest, keys->hash, keys->hash_count, &item) &&
                       read_parts(&arena, &rest, keys->range, keys->range_count, &item) &&
                       (!of_index || (read_parts(&arena, &rest, table->keys.hash, 1, &item) &&
                                      read_parts(&arena, &rest, table->keys.range, table->keys.range_count, &item))) &&
                       rest.len == 0;
        }
    }
    if (readable) {
        item_append_json(out, &item);
    } else {
        append_hexadecimal(out, place->key);
    }
    arena_finish(&arena);
}

static void append_item(struct buffer *out, struct slice stored)
{
    struct item_header header;
    struct err err;
    size_t before = out->len;
    if (stored.len > 0 && item_stored_append_json(out, stored, &header, &err) != 0) {
        out->len = before; /* it is damaged itself */
    }
}

void verify_find(struct verify *verify, enum verify_kind kind, const struct verify_place *place, const char *format,
                 ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct verify_finding finding = {.kind = kind, .shard = -1, .text = text};
    struct buffer key = {0}, item = {0};
    if (place->shard != NULL) {
        finding.shard = (int)place->shard->number;
    }
    if (place->state != NULL) {
        finding.table = place->state->table->spec.name;
        place->state->findings[place->position]++;
    }
    if (place->position > 0) {
        finding.index = place->state->table->spec.indexes[place->position - 1].name;
    }
    if (place->key.len > 0) {
        append_key(&key, place);
        finding.key = buffer_slice(&key);
    }
    if (verify->options->show_items) {
        append_item(&item, place->stored);
        finding.item = buffer_slice(&item);
    }
    verify->totals.findings++;
    verify->options->found(verify->options->context, &finding);
    buffer_finish(&key);
    buffer_finish(&item);
}

int verify_open(struct verify *verify, enum store_family family, struct slice key, struct slice *stored,
                struct err *err)
{
    if (!row_is_sealed(*stored)) {
        return 0;
    }
    struct buffer opened = {0};
    int failed = vault_open(verify->cluster.vault, family, key, *stored, &opened, err);
    if (failed == 0) {
        *stored = arena_copy(&verify->arena, buffer_slice(&opened));
    }
    buffer_finish(&opened);
    return failed;
}

void verify_step(struct verify *verify, const char *what)
{
    if (++verify->totals.rows % PROGRESS_ROWS == 0) {
        verify->options->progress(verify->options->context, what, verify->totals.rows);
    }
}

/* --- tables --------------------------------------------------------------------------------------------------------
 */

struct verify_state *verify_state_of(struct verify *verify, uint32_t table_id)
{
    uint32_t low = 0, high = verify->state_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (verify->states[middle].table->spec.id < table_id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < verify->state_count && verify->states[low].table->spec.id == table_id;
    return found ? &verify->states[low] : NULL;
}

bool verify_is_dropped(const struct verify *verify, uint32_t table_id)
{
    for (uint32_t i = 0; i < verify->dropped_count; i++) {
        if (verify->dropped[i] == table_id) {
            return true;
        }
    }
    return false;
}

static void remember_drop(void *context, uint32_t table_id)
{
    struct verify *verify = context;
    verify->dropped = realloc(verify->dropped, (verify->dropped_count + 1) * sizeof *verify->dropped);
    if (verify->dropped == NULL) {
        abort();
    }
    verify->dropped[verify->dropped_count++] = table_id;
}

static void make_states(struct verify *verify)
{
    struct catalog *catalog = &verify->cluster.catalog;
    verify->state_count = catalog_count(catalog);
    verify->states = calloc(verify->state_count + 1, sizeof *verify->states);
    if (verify->states == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < verify->state_count; i++) {
        struct verify_state *state = &verify->states[i];
        state->table = table_acquire(catalog->by_id[i]);
        tables_take_key(&verify->cluster, state->table);
        for (unsigned shard = 0; shard < verify->cluster.shard_count; shard++) {
            struct ttl_progress progress;
            struct err err;
            state->filled[shard] = ttl_progress_read(verify->cluster.shards[shard], state->table->spec.id,
                                                     &verify->arena, &progress, &err) == 0 &&
                                   progress.done && progress.generation == state->table->spec.ttl.generation;
            arena_reset(&verify->arena);
        }
    }
}

static void tell_tables(const struct verify *verify)
{
    for (uint32_t i = 0; i < verify->state_count; i++) {
        const struct verify_state *state = &verify->states[i];
        const struct table_spec *spec = &state->table->spec;
        for (uint32_t j = 0; j <= spec->index_count; j++) {
            struct verify_table table = {.name = spec->name,
                                         .index = j == 0 ? SLICE("") : spec->indexes[j - 1].name,
                                         .rows = state->rows[j],
                                         .bytes = state->bytes[j],
                                         .findings = state->findings[j]};
            verify->options->table(verify->options->context, &table);
        }
    }
}

/* --- the folder ----------------------------------------------------------------------------------------------------
 */

struct file_visit {
    struct verify *verify;
    struct shard *shard;
};

static void visit_file(void *context, const char *file, uint64_t bytes, const struct err *err)
{
    struct file_visit *visit = context;
    visit->verify->totals.files++;
    visit->verify->totals.file_bytes += bytes;
    if (err != NULL) {
        struct verify_place place = {.shard = visit->shard};
        bool is_named = strstr(err->text, file) != NULL;
        verify_find(visit->verify, VERIFY_FILE, &place, "%s%s%s", is_named ? "" : file, is_named ? "" : ": ",
                    err->text);
    }
    visit->verify->options->progress(visit->verify->options->context, "files", visit->verify->totals.files);
}

/* A first start that was cut off has left shards without a store. */
static bool is_begun(const char *path, const struct keyring *keyring)
{
    char current[4096 + 32];
    struct err err;
    snprintf(current, sizeof current, "%s/CURRENT", path);
    return access(current, F_OK) == 0 || store_check_logs(path, keyring, &err) != 0;
}

static bool has_row(struct shard *shard, enum store_family family, struct slice lower, struct slice upper)
{
    struct err err;
    struct store_cursor *rows = store_cursor_create(shard->store, family, lower, upper, false);
    bool has = store_cursor_next(rows, &err) != 0;
    store_cursor_destroy(rows);
    return has;
}

/* Where one shard has no store no other can hold anything. */
static void check_first_start(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        struct shard *shard = verify->cluster.shards[i];
        if (shard != NULL && (has_row(shard, STORE_META, SLICE("table/"), SLICE("table0")) ||
                              has_row(shard, STORE_ITEMS, SLICE(""), SLICE("")))) {
            verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard},
                        "it holds data, but another shard's files are missing");
        }
    }
}

/* Returns whether the shard can be read. */
static bool open_shard(struct verify *verify, unsigned number, bool *any_unbegun)
{
    struct cluster *cluster = &verify->cluster;
    char path[4096 + 16];
    struct err err;
    snprintf(path, sizeof path, "%s/shard-%03u", cluster->options.data_dir, number);
    const struct keyring *keyring = cluster->encrypted ? cluster->keyring : NULL;
    struct shard_options options = {
        .path = path,
        .number = number,
        .slot_first = number * SLOTS / cluster->shard_count,
        .slot_last = (number + 1) * SLOTS / cluster->shard_count - 1,
        .store = {.read_only = true, .cache = cluster->cache, .keyring = keyring},
        .vault = cluster->vault,
        .item_cache_bytes = 65536,
    };
    if (!is_begun(path, keyring)) {
        *any_unbegun = true;
        return false;
    }
    struct shard unopened = {.number = number};
    struct file_visit visit = {verify, &unopened};
    bool opened = shard_open(&options, &cluster->shards[number], &err) == 0;
    if (!opened) {
        verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = &unopened}, "%s", err.text);
    }
    if (store_check_tables(path, keyring, opened ? cluster->shards[number]->store : NULL, visit_file, &visit, &err) !=
        0) {
        verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = &unopened}, "%s", err.text);
    }
    return opened;
}

static void read_rows(struct verify *verify)
{
    struct err err;
    if (catalog_load(&verify->cluster.catalog, cluster_system_shard(&verify->cluster), remember_drop, verify, &err) !=
        0) {
        verify_find(verify, VERIFY_CATALOG, &(struct verify_place){0}, "%s", err.text);
        return;
    }
    struct store_value clean = {0};
    verify->was_clean =
        store_get(cluster_system_shard(&verify->cluster)->store, STORE_META, SLICE("clean"), &clean, &err) == 0 &&
        clean.pin != NULL;
    store_value_release(&clean);
    verify->totals.rows_were_read = true;
    make_states(verify);
    verify_meta(verify);
    verify_transactions(verify);
    verify_outboxes(verify);
    verify_items(verify);
    verify_indexes(verify);
    verify_collections(verify);
    verify_expiry(verify);
    verify_counts(verify);
    tell_tables(verify);
}

static void finish(struct verify *verify)
{
    for (uint32_t i = 0; i < verify->state_count; i++) {
        table_release(verify->states[i].table);
    }
    free(verify->states);
    free(verify->dropped);
    pending_rows_destroy(verify->pending);
    arena_finish(&verify->arena);
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        shard_close(verify->cluster.shards[i]);
    }
    catalog_finish(&verify->cluster.catalog);
    vault_destroy(verify->cluster.vault);
    verify->cluster.key_service->destroy(verify->cluster.key_service);
    store_cache_destroy(verify->cluster.cache);
    folder_close(&verify->cluster);
}

int verify_folder(const struct verify_options *options, struct verify_totals *ret_totals, struct err *err)
{
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL) {
        abort();
    }
    verify->options = options;
    verify->cluster.options.data_dir = options->data_dir;
    verify->cluster.options.key_file = options->key_file;
    if (folder_open_existing(&verify->cluster, err) != 0) {
        free(verify);
        return -1;
    }
    verify->now_seconds = env_time_us() / 1000000;
    verify->pending = pending_rows_create();
    arena_init(&verify->arena, 1 << 20);
    catalog_init(&verify->cluster.catalog);
    verify->cluster.key_service = key_service_of_folder(options->data_dir, options->key_file, &verify->cluster.keyring);
    verify->cluster.vault = vault_create(verify->cluster.key_service);
    verify->cluster.cache = store_cache_create(options->cache_bytes != 0 ? options->cache_bytes : CACHE_BYTES);
    verify->totals.shards = verify->cluster.shard_count;
    bool all_open = true, any_unbegun = false;
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        all_open = open_shard(verify, i, &any_unbegun) && all_open;
    }
    if (any_unbegun) {
        check_first_start(verify);
    }
    if (all_open) {
        read_rows(verify);
    }
    finish(verify);
    *ret_totals = verify->totals;
    free(verify);
    return 0;
}
