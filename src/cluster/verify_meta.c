/* The rows about rows: the catalog, progress of background work, outboxes, transactions. */
#include "base/big_endian.h"
#include "cluster/verify_private.h"
#include "engine/transact.h"
#include "engine/ttl.h"
#include "value/codec.h"

static bool is_prefix(struct slice key, const char *prefix, size_t rest)
{
    struct slice text = slice_from_string(prefix);
    return slice_starts_with(key, text) && key.len == text.len + rest;
}

/* --- the family "default" ------------------------------------------------------------------------------------------
 */

static void check_description(struct verify *verify, struct verify_place *place)
{
    struct table_spec spec;
    struct err err;
    size_t prefix = sizeof "table/" - 1;
    struct slice name = slice_of(place->key.data + prefix, place->key.len - prefix);
    if (table_spec_decode(&verify->arena, place->stored, &spec, &err) != 0) {
        verify_find(verify, VERIFY_CATALOG, place, "the description of table %.*s: %s", SLICE_ARG(name), err.text);
    } else if (!slice_equal(spec.name, name)) {
        verify_find(verify, VERIFY_CATALOG, place, "the description of table %.*s is that of %.*s", SLICE_ARG(name),
                    SLICE_ARG(spec.name));
    } else if (verify->cluster.catalog.next_id <= spec.id) {
        verify_find(verify, VERIFY_CATALOG, place, "table %.*s has number %u, and that is still to be given away",
                    SLICE_ARG(name), spec.id);
    }
}

static void check_meta_row(struct verify *verify, struct verify_place *place)
{
    struct slice key = place->key, stored = place->stored;
    bool is_system = place->shard == cluster_system_shard(&verify->cluster), good;
    if (slice_starts_with(key, SLICE("table/"))) {
        good = is_system;
        check_description(verify, place);
    } else if (slice_starts_with(key, SLICE("ttl/"))) {
        good = is_prefix(key, "ttl/", 4) && stored.len >= 9;
    } else if (slice_starts_with(key, SLICE("backfill/"))) {
        good = is_prefix(key, "backfill/", 8);
    } else if (slice_starts_with(key, SLICE("outbox/"))) {
        good = (slice_equal(key, SLICE("outbox/next")) || is_prefix(key, "outbox/seen/", 4)) && stored.len == 8;
    } else if (slice_equal(key, SLICE("table_id"))) {
        good = is_system && stored.len == 4;
    } else {
        good = is_system &&
               (slice_equal(key, SLICE("clean")) || is_prefix(key, "drop/", 4) || is_prefix(key, "counts/", 4));
    }
    if (!good) {
        verify_find(verify, VERIFY_CATALOG, place, "a row of an unknown kind, or not of the length it must have");
    }
}

void verify_meta(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        struct shard *shard = verify->cluster.shards[i];
        struct err err;
        int more;
        struct store_cursor *rows = store_cursor_create(shard->store, STORE_META, SLICE(""), SLICE(""), false);
        while ((more = store_cursor_next(rows, &err)) == 1) {
            struct verify_place place = {
                .shard = shard, .key = store_cursor_key(rows), .stored = store_cursor_value(rows)};
            check_meta_row(verify, &place);
            arena_reset(&verify->arena);
            verify_step(verify, "catalog");
        }
        if (more < 0) {
            verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard}, "the catalog cannot be read: %s",
                        err.text);
        }
        store_cursor_destroy(rows);
    }
}

/* --- counts --------------------------------------------------------------------------------------------------------
 */

/* After a clean stop every count that is stored is that of the table; indexes may have been on their way. */
void verify_counts(struct verify *verify)
{
    for (uint32_t i = 0; i < verify->state_count && verify->was_clean; i++) {
        struct verify_state *state = &verify->states[i];
        struct table_count count = table_count_of(state->table->state, 0);
        bool counted = atomic_load(&state->table->state->writes) == 0;
        if (counted && !state->incomplete && (count.rows != state->rows[0] || count.bytes != state->bytes[0])) {
            verify_find(verify, VERIFY_COUNT, &(struct verify_place){.state = state},
                        "the table has %llu items of %llu bytes, and was counted to have %llu of %llu",
                        (unsigned long long)state->rows[0], (unsigned long long)state->bytes[0],
                        (unsigned long long)count.rows, (unsigned long long)count.bytes);
        }
    }
}

/* --- outboxes ------------------------------------------------------------------------------------------------------
 */

static uint64_t seen_from(struct shard *receiver, unsigned sender)
{
    struct buffer key = {0};
    struct store_value value = {0};
    struct err err;
    BUFFER_APPEND_LITERAL(&key, "outbox/seen/");
    buffer_append_u32(&key, sender);
    uint64_t seen = 0;
    if (store_get(receiver->store, STORE_META, buffer_slice(&key), &value, &err) == 0) {
        seen = value.bytes.len == 8 ? read_u64(value.bytes.data) : 0;
        store_value_release(&value);
    }
    buffer_finish(&key);
    return seen;
}

static int check_outbox(struct verify *verify, struct shard *sender, struct err *err)
{
    struct verify_place place = {.shard = sender};
    uint64_t seen[CLUSTER_SHARDS_MAX], after = 0;
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        seen[i] = seen_from(verify->cluster.shards[i], sender->number);
    }
    for (struct outbox_row *rows;; arena_reset(&verify->arena)) {
        if (outbox_read(sender, after, &verify->arena, &rows, err) != 0) {
            return -1;
        }
        if (rows == NULL) {
            return 0;
        }
        for (const struct outbox_row *row = rows; row != NULL; row = row->next) {
            after = row->sequence;
            if (row->sequence >= sender->outbox_next) {
                verify_find(verify, VERIFY_OUTBOX, &place, "outbox row %llu has a number that is still to be given",
                            (unsigned long long)row->sequence);
            }
            if (row->key.bytes.len <= 16 || row_key_hash(row->key.bytes, true) != row->key.hash) {
                verify_find(verify, VERIFY_OUTBOX, &place, "outbox row %llu is damaged",
                            (unsigned long long)row->sequence);
            } else if (row->sequence > seen[cluster_shard_of(&verify->cluster, row->key.hash)->number]) {
                pending_rows_put(verify->pending, row->key.bytes, row->stored);
            }
            verify_step(verify, "outboxes");
        }
    }
}

void verify_outboxes(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        struct shard *sender = verify->cluster.shards[i];
        struct err err;
        if (check_outbox(verify, sender, &err) != 0) {
            verify_find(verify, VERIFY_OUTBOX, &(struct verify_place){.shard = sender}, "%s", err.text);
        }
    }
    verify->totals.waiting = pending_rows_count(verify->pending);
}

/* --- transactions --------------------------------------------------------------------------------------------------
 */

static bool has_row(struct verify *verify, struct shard *shard, struct slice key, struct slice *ret_stored)
{
    struct store_value value = {0};
    struct err err;
    if (store_get(shard->store, STORE_TRANSACTIONS, key, &value, &err) != 0 || value.pin == NULL) {
        return false;
    }
    *ret_stored = arena_copy(&verify->arena, value.bytes);
    store_value_release(&value);
    return true;
}

static struct slice joined(struct verify *verify, char kind, struct slice rest)
{
    char *bytes = arena_alloc(&verify->arena, 1 + rest.len);
    bytes[0] = kind;
    memcpy(bytes + 1, rest.data, rest.len);
    return slice_of(bytes, 1 + rest.len);
}

/* "e", the time that stands behind the hash in the row of a token, and the token. */
static struct slice time_row(struct verify *verify, struct slice stored, struct slice token)
{
    char *bytes = arena_alloc(&verify->arena, 8 + token.len);
    memcpy(bytes, stored.data + 8, 8);
    memcpy(bytes + 8, token.data, token.len);
    return joined(verify, 'e', slice_of(bytes, 8 + token.len));
}

/* Each item of a prepared transaction is held by it. */
static void check_prepared(struct verify *verify, const struct verify_place *place)
{
    struct transact_part part;
    if (!transact_parse_part(&verify->arena, place->key, place->stored, &verify->cluster.catalog, &part)) {
        verify_find(verify, VERIFY_TRANSACTION, place, "a prepared transaction is damaged");
        return;
    }
    verify->totals.prepared++;
    if (part.home >= verify->cluster.shard_count) {
        verify_find(verify, VERIFY_TRANSACTION, place, "a prepared transaction of shard %u, which is not there",
                    part.home);
    }
    for (uint32_t i = 0; i < part.effect_count; i++) {
        const struct transact_effect *effect = &part.effects[i];
        struct slice holder;
        struct item_header header;
        struct err err;
        if (!has_row(verify, place->shard, joined(verify, 'l', effect->key.bytes), &holder) ||
            !slice_equal(holder, slice_of(part.id.bytes, sizeof part.id.bytes))) {
            verify_find(verify, VERIFY_TRANSACTION, place, "an item of a prepared transaction is not held by it");
        }
        struct slice stored = effect->stored;
        if (stored.len > 0 && (verify_open(verify, STORE_TRANSACTIONS, effect->key.bytes, &stored, &err) != 0 ||
                               item_decode_header(stored, &header, &err) != 0)) {
            verify_find(verify, VERIFY_TRANSACTION, place, "an item of a prepared transaction: %s", err.text);
        }
    }
    transact_part_finish(&part);
}

static void check_transaction_row(struct verify *verify, const struct verify_place *place)
{
    struct slice rest = slice_of(place->key.data + 1, place->key.len - 1), other;
    switch (place->key.data[0]) {
    case 'p':
        check_prepared(verify, place);
        return;
    case 'l':
        if (place->stored.len != TRANSACTION_ID_BYTES ||
            !has_row(verify, place->shard, joined(verify, 'p', place->stored), &other)) {
            verify_find(verify, VERIFY_TRANSACTION, place, "an item is held by a transaction that is not there");
        }
        return;
    case 'd':
        if (rest.len != TRANSACTION_ID_BYTES || place->stored.len != 0) {
            verify_find(verify, VERIFY_TRANSACTION, place, "the decision of a transaction is damaged");
        }
        return;
    case 't':
        if (place->stored.len < 16 || place->stored.len % 2 != 0 ||
            !has_row(verify, place->shard, time_row(verify, place->stored, rest), &other)) {
            verify_find(verify, VERIFY_TRANSACTION, place, "a token is damaged, or would never be forgotten");
        }
        return;
    case 'e':
        if (rest.len <= 8 || place->stored.len != 0) {
            verify_find(verify, VERIFY_TRANSACTION, place, "the time of a token is damaged");
        }
        return;
    default:
        verify_find(verify, VERIFY_TRANSACTION, place, "a row of an unknown kind");
    }
}

void verify_transactions(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        struct shard *shard = verify->cluster.shards[i];
        struct err err;
        int more;
        struct store_cursor *rows = store_cursor_create(shard->store, STORE_TRANSACTIONS, SLICE(""), SLICE(""), false);
        while ((more = store_cursor_next(rows, &err)) == 1) {
            struct verify_place place = {
                .shard = shard, .key = store_cursor_key(rows), .stored = store_cursor_value(rows)};
            if (place.key.len > 0) {
                check_transaction_row(verify, &place);
            }
            arena_reset(&verify->arena);
            verify_step(verify, "transactions");
        }
        if (more < 0) {
            verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard}, "transactions cannot be read: %s",
                        err.text);
        }
        store_cursor_destroy(rows);
    }
}
