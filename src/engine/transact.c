#include "engine/transact.h"

#include <assert.h>

#include "base/big_endian.h"
#include "base/env.h"
#include "engine/capacity.h"
#include "engine/index.h"
#include "engine/shard.h"
#include "engine/ttl.h"
#include "engine/vault.h"
#include "engine/write_steps.h"
#include "engine/write_throttle.h"
#include "value/codec.h"

enum effect_kind { EFFECT_CHECK, EFFECT_PUT, EFFECT_DELETE };

/* Tokens that one step forgets. */
#define EXPIRE_ROWS 500

/* --- rows -----------------------------------------------------------------------------------------------------------
 */

static struct slice row(struct arena *arena, char kind, struct slice rest)
{
    char *bytes = arena_alloc(arena, 1 + rest.len);
    bytes[0] = kind;
    memcpy(bytes + 1, rest.data, rest.len);
    return slice_of(bytes, 1 + rest.len);
}

static struct slice id_slice(const struct transaction_id *id)
{
    return slice_of(id->bytes, sizeof id->bytes);
}

static void put(struct batch *batch, char kind, struct slice rest, struct slice value)
{
    store_batch_put(batch->rows, batch->shard->store, STORE_TRANSACTIONS, row(&batch->scratch, kind, rest), value);
    batch->bytes += rest.len + value.len;
}

static void delete (struct batch *batch, char kind, struct slice rest)
{
    store_batch_delete(batch->rows, batch->shard->store, STORE_TRANSACTIONS, row(&batch->scratch, kind, rest));
}

/* --- tokens ----------------------------------------------------------------------------------------------------------
 */

static void put_token(struct batch *batch, const struct transact_token *token)
{
    if (token->token.len == 0) {
        return;
    }
    uint64_t now = env_time_us();
    struct buffer bytes = {0};
    buffer_append_u64(&bytes, token->payload_hash);
    buffer_append_u64(&bytes, now);
    for (uint32_t i = 0; i < token->count; i++) {
        uint32_t units = token->units[i];
        assert(units <= UINT16_MAX);
        buffer_append_byte(&bytes, (char)(units >> 8));
        buffer_append_byte(&bytes, (char)units);
    }
    put(batch, 't', token->token, buffer_slice(&bytes));
    buffer_clear(&bytes);
    buffer_append_u64(&bytes, now);
    buffer_append_slice(&bytes, token->token);
    put(batch, 'e', buffer_slice(&bytes), SLICE(""));
    buffer_finish(&bytes);
}

#define TOKEN_ROW_BYTES(writes) (16 + 2 * (size_t)(writes))

static enum transact_token_state token_state(const struct transact_token *token, struct slice stored)
{
    if (stored.len < TOKEN_ROW_BYTES(0) || read_u64(stored.data + 8) + TRANSACT_TOKEN_US <= env_time_us()) {
        return TOKEN_NEW;
    }
    if (read_u64(stored.data) != token->payload_hash || stored.len != TOKEN_ROW_BYTES(token->count)) {
        return TOKEN_MISMATCH;
    }
    for (uint32_t i = 0; i < token->count; i++) {
        const unsigned char *units = (const unsigned char *)stored.data + TOKEN_ROW_BYTES(i);
        token->units[i] = (uint32_t)units[0] << 8 | units[1];
    }
    return TOKEN_DONE;
}

int transact_find_token(struct shard *shard, const struct transact_token *token, enum transact_token_state *ret_state,
                        struct err *err)
{
    char key[1 + TRANSACT_TOKEN_BYTES_MAX];
    assert(token->token.len <= TRANSACT_TOKEN_BYTES_MAX);
    key[0] = 't';
    memcpy(key + 1, token->token.data, token->token.len);
    struct store_value value;
    if (store_get(shard->store, STORE_TRANSACTIONS, slice_of(key, 1 + token->token.len), &value, err) != 0) {
        return -1;
    }
    *ret_state = value.pin == NULL ? TOKEN_NEW : token_state(token, value.bytes);
    store_value_release(&value);
    return 0;
}

int transact_expire_tokens(struct batch *batch, struct err *err)
{
    struct buffer upper = {0};
    buffer_append_byte(&upper, 'e');
    buffer_append_u64(&upper, env_time_us() - TRANSACT_TOKEN_US);
    struct store_cursor *cursor =
        store_cursor_create(batch->shard->store, STORE_TRANSACTIONS, SLICE("e"), buffer_slice(&upper), false);
    int more = 0;
    for (int i = 0; i < EXPIRE_ROWS && (more = store_cursor_next(cursor, err)) == 1; i++) {
        struct slice key = store_cursor_key(cursor);
        if (key.len < 9) {
            continue;
        }
        delete (batch, 'e', slice_of(key.data + 1, key.len - 1));
        delete (batch, 't', slice_of(key.data + 9, key.len - 9));
    }
    store_cursor_destroy(cursor);
    buffer_finish(&upper);
    return more < 0 ? -1 : 0;
}

/* --- one shard
 * ---------------------------------------------------------------------------------------------------------- */

/* Transactional reads and writes cost twice. Source: Developer Guide, "Capacity management for transactions". */
#define THROUGHPUT_FACTOR 2

/* What was prepared costs, whether it is applied or cancelled. */
static void charge_all(struct batch *batch, struct write *const *writes, uint32_t count, const struct write_plan *plans)
{
    for (uint32_t i = 0; i < count; i++) {
        if (throughput_is_on(writes[i]->table)) {
            write_charge(writes[i], batch, &plans[i], THROUGHPUT_FACTOR);
        }
    }
}

/* Every write's result is set, so that all reasons of a cancellation are known. */
static bool prepare_all(struct batch *batch, struct write *const *writes, uint32_t count, struct write_plan *plans)
{
    bool all = true;
    for (uint32_t i = 0; i < count; i++) {
        writes[i]->result = write_prepare(writes[i], batch, &plans[i]);
        all = all && writes[i]->result == WRITE_DONE;
    }
    return all && write_check_collections(batch, writes, plans, count);
}

bool transact_write_all(struct batch *batch, struct write *const *writes, uint32_t count,
                        const struct transact_token *token)
{
    assert(count <= BATCH_COMMAND_ITEMS_MAX);
    struct write_plan *plans = ARENA_ARRAY(&batch->scratch, struct write_plan, count);
    if (!prepare_all(batch, writes, count, plans)) {
        charge_all(batch, writes, count, plans);
        return false;
    }
    assert(token->count == count);
    for (uint32_t i = 0; i < count; i++) {
        write_apply(writes[i], batch, &plans[i]);
        token->units[i] = writes[i]->table_units;
    }
    charge_all(batch, writes, count, plans);
    put_token(batch, token);
    batch->durable = true;
    return true;
}

/* --- several shards
 * -------------------------------------------------------------------------------------------------------- */

static void make_effect(struct write *write, const struct write_plan *plan, struct arena *arena,
                        struct transact_effect *ret_effect)
{
    *ret_effect = (struct transact_effect){.table = table_acquire(write->table)};
    ret_effect->key = (struct row_key){arena_copy(arena, write->key.bytes), write->key.hash};
    if (write->kind == WRITE_CHECK) {
        ret_effect->kind = EFFECT_CHECK;
    } else if (!plan->new_exists) {
        ret_effect->kind = EFFECT_DELETE;
    } else {
        struct buffer out = {0};
        struct item_header header = {.size = (uint32_t)plan->new_size};
        item_encode(&out, &header, &plan->new);
        ret_effect->kind = EFFECT_PUT;
        ret_effect->stored = arena_copy(arena, buffer_slice(&out));
        buffer_finish(&out);
    }
}

/* The items in it are sealed one by one, as their tables want it. */
static void encode_part(struct batch *batch, const struct transact_part *part, struct buffer *out)
{
    buffer_append_u32(out, part->home);
    for (uint32_t i = 0; i < part->effect_count; i++) {
        const struct transact_effect *effect = &part->effects[i];
        buffer_append_u32(out, effect->table->spec.id);
        buffer_append_byte(out, (char)effect->kind);
        buffer_append_u64(out, effect->key.hash);
        buffer_append_u32(out, (uint32_t)effect->key.bytes.len);
        buffer_append_slice(out, effect->key.bytes);
        struct slice stored = effect->stored;
        stored = stored.len > 0 ? batch_seal(batch, STORE_TRANSACTIONS, effect->key.bytes, stored) : stored;
        buffer_append_u32(out, (uint32_t)stored.len);
        buffer_append_slice(out, stored);
    }
}

bool transact_prepare(struct batch *batch, const struct transaction_id *id, uint32_t home, struct write *const *writes,
                      uint32_t count, struct arena *arena, struct transact_part *ret_part)
{
    struct write_plan *plans = ARENA_ARRAY(&batch->scratch, struct write_plan, count);
    if (!prepare_all(batch, writes, count, plans)) {
        charge_all(batch, writes, count, plans);
        return false;
    }
    struct transact_part part = {.id = *id, .home = home, .effect_count = count};
    part.effects = ARENA_ARRAY(arena, struct transact_effect, count);
    for (uint32_t i = 0; i < count; i++) {
        size_t larger = plans[i].new_size > plans[i].old_size ? plans[i].new_size : plans[i].old_size;
        make_effect(writes[i], &plans[i], arena, &part.effects[i]);
        writes[i]->table_units = capacity_write_units(larger);
        if (writes[i]->kind != WRITE_CHECK) {
            index_count_units(&batch->scratch, &writes[i]->table->spec, plans[i].old_exists ? &plans[i].old : NULL,
                              plans[i].new_exists ? &plans[i].new : NULL, writes[i]->index_units);
        }
        locks_take(&batch->shard->locks, part.effects[i].key.bytes, id);
        put(batch, 'l', part.effects[i].key.bytes, id_slice(id));
    }
    charge_all(batch, writes, count, plans);
    buffer_clear(&batch->encoded);
    encode_part(batch, &part, &batch->encoded);
    put(batch, 'p', id_slice(id), buffer_slice(&batch->encoded));
    batch->durable = true;
    *ret_part = part;
    return true;
}

void transact_decide(struct batch *batch, const struct transaction_id *id, const struct transact_token *token)
{
    put(batch, 'd', id_slice(id), SLICE(""));
    put_token(batch, token);
    batch->durable = true;
}

/* Nothing changed the item since it was prepared: it is locked. So what it is now is what it was then. */
static int apply_effect(struct batch *batch, const struct transact_effect *effect, struct err *err)
{
    struct stored_item stored;
    struct item old, new;
    struct item_header header;
    struct arena *arena = &batch->scratch;
    const struct table_spec *table = &table_newest(effect->table)->spec; /* it may have changed since */
    if (batch_get_item(batch, &effect->key, &stored, err) != 0) {
        return -1;
    }
    bool old_exists = stored.bytes.len > 0;
    struct slice bytes = arena_copy(arena, stored.bytes);
    stored_item_release(&stored);
    bool new_exists = effect->kind == EFFECT_PUT;
    if ((old_exists && item_decode(arena, bytes, &header, &old, err) != 0) ||
        (new_exists && item_decode(arena, effect->stored, &header, &new, err) != 0)) {
        return -1;
    }
    struct collection_change collection;
    if (collection_prepare(batch, table, effect->key.bytes, old_exists ? &old : NULL, new_exists ? &new : NULL,
                           &collection, err) != 0) {
        return -1;
    }
    uint64_t version = batch_next_version(batch);
    if (new_exists) {
        header.version = version;
        buffer_clear(&batch->encoded);
        item_encode(&batch->encoded, &header, &new);
        batch_put_item(batch, &effect->key, buffer_slice(&batch->encoded));
    } else if (old_exists) {
        batch_delete_item(batch, &effect->key);
    }
    uint32_t units[TABLE_INDEXES_MAX];
    index_update(batch, table, old_exists ? &old : NULL, new_exists ? &new : NULL, version, units);
    collection_apply(batch, &collection);
    if (ttl_is_on(table)) {
        ttl_update(batch, table, &effect->key, old_exists ? &old : NULL, new_exists ? &new : NULL);
    }
    batch_count_write(batch, effect->table->state);
    return 0;
}

void transact_cancel(struct batch *batch, const struct transact_part *part)
{
    for (uint32_t i = 0; i < part->effect_count; i++) {
        delete (batch, 'l', part->effects[i].key.bytes);
    }
    delete (batch, 'p', id_slice(&part->id));
}

int transact_apply(struct batch *batch, const struct transact_part *part, struct err *err)
{
    for (uint32_t i = 0; i < part->effect_count; i++) {
        const struct transact_effect *effect = &part->effects[i];
        bool is_there = effect->table != NULL && !atomic_load(&effect->table->state->dropped);
        if (is_there && effect->kind != EFFECT_CHECK && apply_effect(batch, effect, err) != 0) {
            batch->broken = true;
            return -1;
        }
    }
    transact_cancel(batch, part); /* what was prepared is done with, either way */
    batch->durable = true;
    return 0;
}

void transact_unlock(struct shard *shard, const struct transact_part *part)
{
    for (uint32_t i = 0; i < part->effect_count; i++) {
        locks_release(&shard->locks, part->effects[i].key.bytes);
    }
}

void transact_part_finish(struct transact_part *part)
{
    for (uint32_t i = 0; i < part->effect_count; i++) {
        table_release(part->effects[i].table);
    }
    part->effect_count = 0;
}

void transact_forget(struct batch *batch, const struct transaction_id *id)
{
    delete (batch, 'd', id_slice(id));
}

/* --- after a start
 * ------------------------------------------------------------------------------------------------------------ */

/* Cuts `len` bytes off the front; false if there are not as many. */
static bool cut(struct slice *from, size_t len, struct slice *ret_bytes)
{
    if (from->len < len) {
        return false;
    }
    *ret_bytes = slice_of(from->data, len);
    *from = slice_of(from->data + len, from->len - len);
    return true;
}

static bool parse_effect(struct slice *from, struct catalog *catalog, struct transact_effect *ret_effect)
{
    struct slice head, len;
    if (!cut(from, 17, &head)) {
        return false;
    }
    *ret_effect = (struct transact_effect){.kind = (uint8_t)head.data[4], .key.hash = read_u64(head.data + 5)};
    ret_effect->table = catalog_acquire_id(catalog, read_u32(head.data));
    return cut(from, read_u32(head.data + 13), &ret_effect->key.bytes) && cut(from, 4, &len) &&
           cut(from, read_u32(len.data), &ret_effect->stored);
}

bool transact_parse_part(struct arena *arena, struct slice key, struct slice value, struct catalog *catalog,
                         struct transact_part *ret_part)
{
    struct slice rest = arena_copy(arena, value), home;
    if (key.len != 1 + TRANSACTION_ID_BYTES || !cut(&rest, 4, &home)) {
        return false;
    }
    *ret_part = (struct transact_part){.home = read_u32(home.data)};
    memcpy(ret_part->id.bytes, key.data + 1, TRANSACTION_ID_BYTES);
    ret_part->effects = ARENA_ARRAY(arena, struct transact_effect, BATCH_COMMAND_ITEMS_MAX);
    while (rest.len > 0) {
        if (ret_part->effect_count == BATCH_COMMAND_ITEMS_MAX ||
            !parse_effect(&rest, catalog, &ret_part->effects[ret_part->effect_count])) {
            return false;
        }
        ret_part->effect_count++;
    }
    return true;
}

static int open_effects(struct shard *shard, struct transact_part *part, struct arena *arena, struct err *err)
{
    struct buffer opened = {0};
    int failed = 0;
    for (uint32_t i = 0; i < part->effect_count && failed == 0; i++) {
        struct transact_effect *effect = &part->effects[i];
        if (effect->table != NULL && row_is_sealed(effect->stored)) {
            buffer_clear(&opened);
            if (vault_open(shard->vault, STORE_TRANSACTIONS, effect->key.bytes, effect->stored, &opened, err) != 0) {
                failed = err_wrap(err, "table %.*s", SLICE_ARG(effect->table->spec.name));
            }
            effect->stored = arena_copy(arena, buffer_slice(&opened));
        }
    }
    buffer_finish(&opened);
    return failed == 0 ? 0 : err_wrap(err, "shard %u: a prepared transaction", shard->number);
}

int transact_load(struct shard *shard, struct catalog *catalog, struct arena *arena,
                  void (*visit)(void *context, struct shard *shard, struct transact_part *part), void *context,
                  struct err *err)
{
    struct store_cursor *cursor = store_cursor_create(shard->store, STORE_TRANSACTIONS, SLICE("p"), SLICE("q"), false);
    int more;
    while ((more = store_cursor_next(cursor, err)) == 1) {
        struct transact_part *part = ARENA_NEW(arena, struct transact_part);
        if (!transact_parse_part(arena, store_cursor_key(cursor), store_cursor_value(cursor), catalog, part)) {
            more = err_set(err, "shard %u: a prepared transaction is damaged", shard->number);
            break;
        }
        if (open_effects(shard, part, arena, err) != 0) {
            transact_part_finish(part);
            more = -1;
            break;
        }
        for (uint32_t i = 0; i < part->effect_count; i++) {
            locks_take(&shard->locks, part->effects[i].key.bytes, &part->id);
        }
        visit(context, shard, part);
    }
    store_cursor_destroy(cursor);
    return more;
}

int transact_is_decided(struct shard *shard, const struct transaction_id *id, bool *ret_decided, struct err *err)
{
    char key[1 + TRANSACTION_ID_BYTES] = {'d'};
    memcpy(key + 1, id->bytes, TRANSACTION_ID_BYTES);
    struct store_value value;
    if (store_get(shard->store, STORE_TRANSACTIONS, slice_of(key, sizeof key), &value, err) != 0) {
        return -1;
    }
    *ret_decided = value.pin != NULL;
    store_value_release(&value);
    return 0;
}

int transact_forget_all(struct batch *batch, struct err *err)
{
    struct store_cursor *cursor =
        store_cursor_create(batch->shard->store, STORE_TRANSACTIONS, SLICE("d"), SLICE("e"), false);
    int more;
    while ((more = store_cursor_next(cursor, err)) == 1) {
        store_batch_delete(batch->rows, batch->shard->store, STORE_TRANSACTIONS, store_cursor_key(cursor));
    }
    store_cursor_destroy(cursor);
    return more;
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------------------------
 */

int transact_is_held(struct shard *shard, const struct row_key *key, bool *ret_held, struct err *err)
{
    *ret_held = false;
    if (atomic_load(&shard->locks.count) == 0) {
        return 0;
    }
    struct buffer bytes = {0};
    buffer_append_byte(&bytes, 'l');
    buffer_append_slice(&bytes, key->bytes);
    struct store_value value;
    int failed = store_get(shard->store, STORE_TRANSACTIONS, buffer_slice(&bytes), &value, err);
    if (failed == 0) {
        *ret_held = value.pin != NULL;
        store_value_release(&value);
    }
    buffer_finish(&bytes);
    return failed;
}
