#include "engine/vault.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/big_endian.h"
#include "base/env.h"
#include "crypto/sha256.h"

#define FIRST_KEY 1 /* a table has one key for its life; rows carry a number, so that there can be more */

struct vault_table {
    uint32_t id;
    bool seals;
    bool usable; /* else its key could not be unwrapped */
    struct row_secret secret;
};

struct vault {
    struct key_service *service;
    atomic_uint sealing; /* tables whose rows are sealed */
    pthread_rwlock_t lock;
    struct vault_table *tables; /* sorted by id */
    unsigned count, capacity;
};

struct vault *vault_create(struct key_service *service)
{
    struct vault *vault = calloc(1, sizeof *vault);
    if (vault == NULL) {
        abort();
    }
    vault->service = service;
    pthread_rwlock_init(&vault->lock, NULL);
    return vault;
}

void vault_destroy(struct vault *vault)
{
    if (vault == NULL) {
        return;
    }
    if (vault->tables != NULL) {
        crypto_wipe(vault->tables, vault->capacity * sizeof *vault->tables);
    }
    free(vault->tables);
    pthread_rwlock_destroy(&vault->lock);
    free(vault);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

/* A wrapped key is good for one table. */
static struct slice context_of(struct arena *arena, const struct table_spec *spec)
{
    return arena_printf(arena, "table key %s", spec->uuid);
}

enum key_result vault_wrap(struct vault *vault, struct table_spec *spec, struct arena *arena, struct err *err)
{
    char id[KEY_NAME_BYTES];
    unsigned char key[SEAL_KEY_BYTES];
    struct buffer wrapped = {0};
    struct key_service *service = vault->service;
    struct slice context = context_of(arena, spec);
    enum key_result result = service->find(service, spec->kms_key, id, err);
    if (result == KEY_OK && spec->table_key.len == 0) {
        env_random(key, sizeof key);
    } else if (result == KEY_OK) {
        result = service->unwrap(service, context, spec->table_key, key, err);
    }
    if (result == KEY_OK) {
        result = service->wrap(service, id, context, key, &wrapped, err);
        crypto_wipe(key, sizeof key);
    }
    if (result == KEY_OK) {
        spec->table_key = arena_copy(arena, buffer_slice(&wrapped));
        spec->kms_key = arena_copy(arena, slice_from_string(id));
    }
    buffer_finish(&wrapped);
    return result;
}

bool vault_is_key(struct vault *vault, struct slice name, struct slice id)
{
    char found[KEY_NAME_BYTES];
    struct err unused;
    return vault->service->find(vault->service, name, found, &unused) == KEY_OK &&
           slice_equal(slice_from_string(found), id);
}

/* The first table whose id is not below. */
static unsigned position_of(const struct vault *vault, uint32_t id)
{
    unsigned low = 0, high = vault->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (vault->tables[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct vault_table *find_table(const struct vault *vault, struct slice key)
{
    uint32_t id = key.len < sizeof id ? 0 : read_u32(key.data);
    unsigned at = position_of(vault, id);
    return at < vault->count && vault->tables[at].id == id ? &vault->tables[at] : NULL;
}

/* Not by realloc: it may leave a copy of the keys behind. */
static void grow(struct vault *vault)
{
    unsigned capacity = vault->capacity == 0 ? 16 : 2 * vault->capacity;
    struct vault_table *larger = calloc(capacity, sizeof *larger);
    if (larger == NULL) {
        abort();
    }
    if (vault->count > 0) {
        memcpy(larger, vault->tables, vault->count * sizeof *larger);
        crypto_wipe(vault->tables, vault->count * sizeof *larger);
    }
    free(vault->tables);
    vault->tables = larger;
    vault->capacity = capacity;
}

static struct vault_table *add_table(struct vault *vault, uint32_t id)
{
    unsigned at = position_of(vault, id);
    if (at < vault->count && vault->tables[at].id == id) {
        return &vault->tables[at];
    }
    if (vault->count == vault->capacity) {
        grow(vault);
    }
    memmove(&vault->tables[at + 1], &vault->tables[at], (vault->count - at) * sizeof vault->tables[0]);
    vault->tables[at] = (struct vault_table){.id = id};
    vault->count++;
    return &vault->tables[at];
}

enum key_result vault_publish(struct vault *vault, const struct table_spec *spec, struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    struct arena arena;
    if (spec->table_key.len == 0) {
        return KEY_OK;
    }
    arena_init(&arena, 256);
    enum key_result result =
        vault->service->unwrap(vault->service, context_of(&arena, spec), spec->table_key, key, err);
    arena_finish(&arena);
    pthread_rwlock_wrlock(&vault->lock);
    struct vault_table *table = add_table(vault, spec->id);
    bool did_seal = table->seals;
    table->seals = spec->encrypted;
    if (result == KEY_OK && !table->usable) {
        row_secret_set(&table->secret, FIRST_KEY, key);
        table->usable = true;
    }
    atomic_fetch_add(&vault->sealing, (unsigned)table->seals - (unsigned)did_seal);
    pthread_rwlock_unlock(&vault->lock);
    crypto_wipe(key, sizeof key);
    return result;
}

void vault_forget(struct vault *vault, uint32_t table_id)
{
    pthread_rwlock_wrlock(&vault->lock);
    unsigned at = position_of(vault, table_id);
    if (at < vault->count && vault->tables[at].id == table_id) {
        atomic_fetch_sub(&vault->sealing, vault->tables[at].seals);
        memmove(&vault->tables[at], &vault->tables[at + 1], (vault->count - at - 1) * sizeof vault->tables[0]);
        vault->count--;
        crypto_wipe(&vault->tables[vault->count], sizeof vault->tables[0]);
    }
    pthread_rwlock_unlock(&vault->lock);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

bool vault_is_sealing(const struct vault *vault)
{
    return vault != NULL && atomic_load_explicit(&vault->sealing, memory_order_acquire) != 0;
}

/* Stored: never change one. */
static char kind_of(enum store_family family)
{
    assert(family == STORE_ITEMS || family == STORE_INDEX || family == STORE_TRANSACTIONS);
    return family == STORE_ITEMS ? 'i' : family == STORE_INDEX ? 'x' : 't';
}

enum vault_sealed vault_seal(struct vault *vault, struct row_run *run, enum store_family family, struct slice key,
                             struct slice plain, struct buffer *out)
{
    pthread_rwlock_rdlock(&vault->lock);
    const struct vault_table *table = find_table(vault, key);
    enum vault_sealed result = table == NULL || !table->seals ? VAULT_PLAIN
                               : table->usable                ? VAULT_SEALED
                                                              : VAULT_UNUSABLE;
    if (result == VAULT_SEALED) {
        row_seal(&table->secret, run, kind_of(family), key, plain, out);
    }
    pthread_rwlock_unlock(&vault->lock);
    return result;
}

int vault_open(struct vault *vault, enum store_family family, struct slice key, struct slice sealed, struct buffer *out,
               struct err *err)
{
    if (vault == NULL) {
        return err_set(err, "a row is encrypted, and there are no keys");
    }
    pthread_rwlock_rdlock(&vault->lock);
    const struct vault_table *table = find_table(vault, key);
    bool usable = table != NULL && table->usable;
    bool good = usable && row_open(&table->secret, kind_of(family), key, sealed, out);
    pthread_rwlock_unlock(&vault->lock);
    uint32_t id = key.len < sizeof id ? 0 : read_u32(key.data);
    return good     ? 0
           : usable ? err_set(err, "an encrypted row of table %u is damaged", id)
                    : err_set(err, "a row of table %u is encrypted with a key that cannot be used", id);
}
