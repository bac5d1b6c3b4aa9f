/* TransactGetItems: several items as of one instant, without a lock.
 *
 * All items are read, and then read again. If no transaction held any of them before its second reading, and each is
 * the same twice, then at the instant between the two readings all of them were what was read. A held item is a
 * conflict; one that changed means another try. Versions tell two states of an item apart, but not one absence from
 * another: for those the shard's count of deletes does. */
#include "cluster/private.h"
#include "engine/transact.h"
#include "value/codec.h"

#define TRIES 8

struct reading {
    uint64_t version; /* 0: there is no such item */
    uint64_t deletes;
};

static int version_of(const struct stored_item *item, uint64_t *ret_version, struct err *err)
{
    struct item_header header = {0};
    int failed = item->bytes.len == 0 ? 0 : item_decode_header(item->bytes, &header, err);
    *ret_version = header.version;
    return failed;
}

static int read_first(struct cluster *cluster, const struct row_key *key, struct stored_item *ret_item,
                      struct reading *ret_reading, struct err *err)
{
    ret_reading->deletes = atomic_load(&cluster_shard_of(cluster, key->hash)->deletes);
    if (cluster_get(cluster, key, ret_item, err) != 0) {
        return -1;
    }
    return version_of(ret_item, &ret_reading->version, err);
}

enum verdict { READ_SAME, READ_CHANGED, READ_HELD };

static int read_again(struct cluster *cluster, const struct row_key *key, const struct reading *first,
                      enum verdict *ret_verdict, struct err *err)
{
    struct shard *shard = cluster_shard_of(cluster, key->hash);
    struct stored_item item;
    uint64_t version;
    bool held;
    if (transact_is_held(shard, key, &held, err) != 0 || shard_get(shard, key, &item, err) != 0) {
        return -1;
    }
    int failed = version_of(&item, &version, err);
    stored_item_release(&item);
    bool same = version == first->version && (version != 0 || atomic_load(&shard->deletes) == first->deletes);
    *ret_verdict = held ? READ_HELD : same ? READ_SAME : READ_CHANGED;
    return failed;
}

static void release_all(struct stored_item *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        stored_item_release(&items[i]);
    }
}

/* A verdict other than READ_SAME is that of item *ret_at. */
static int read_once(struct cluster *cluster, const struct row_key *keys, uint32_t count, struct stored_item *ret_items,
                     enum verdict *ret_verdict, uint32_t *ret_at, struct err *err)
{
    struct reading first[100];
    *ret_verdict = READ_SAME;
    for (uint32_t i = 0; i < count; i++) {
        ret_items[i] = (struct stored_item){0};
    }
    for (uint32_t i = 0; i < count; i++) {
        if (read_first(cluster, &keys[i], &ret_items[i], &first[i], err) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < count && *ret_verdict == READ_SAME; i++) {
        *ret_at = i;
        if (read_again(cluster, &keys[i], &first[i], ret_verdict, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int cluster_transact_get(struct cluster *cluster, const struct row_key *keys, uint32_t count,
                         struct stored_item *ret_items, uint32_t *ret_conflict, struct err *err)
{
    enum verdict verdict = READ_CHANGED;
    uint32_t at = 0;
    for (int i = 0; i < TRIES && verdict == READ_CHANGED; i++) {
        int failed = read_once(cluster, keys, count, ret_items, &verdict, &at, err);
        if (failed != 0 || verdict != READ_SAME) {
            release_all(ret_items, count);
        }
        if (failed != 0) {
            return -1;
        }
    }
    *ret_conflict = verdict == READ_SAME ? count : at;
    return 0;
}
