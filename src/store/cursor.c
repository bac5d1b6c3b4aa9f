/* Cursors: a RocksDB iterator with its bounds, moved with one verb. */
#include <assert.h>
#include <stdlib.h>

#include "store/private.h"

struct store_cursor {
    rocksdb_iterator_t *iterator; /* NULL: the family is not there */
    rocksdb_readoptions_t *options;
    struct err *damage; /* NULL: it can be read */
    bool started;
    bool reverse;
    size_t lower_len;
    size_t upper_len;
    char bounds[]; /* lower, then upper: RocksDB keeps pointers to them */
};

struct store_cursor *store_cursor_create(struct store *store, enum store_family family, struct slice lower,
                                         struct slice upper, bool reverse)
{
    struct store_cursor *cursor = malloc(sizeof *cursor + lower.len + upper.len + 1);
    if (cursor == NULL) {
        abort();
    }
    *cursor = (struct store_cursor){.reverse = reverse, .lower_len = lower.len, .upper_len = upper.len};
    if (lower.len != 0) {
        memcpy(cursor->bounds, lower.data, lower.len);
    }
    if (upper.len != 0) {
        memcpy(cursor->bounds + lower.len, upper.data, upper.len);
    }
    cursor->options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_iterate_lower_bound(cursor->options, cursor->bounds, lower.len);
    if (upper.len != 0) {
        rocksdb_readoptions_set_iterate_upper_bound(cursor->options, cursor->bounds + lower.len, upper.len);
    }
    struct err err;
    if (store->is_partial && damage_touches(store, family, lower, upper, &err)) {
        cursor->damage = malloc(sizeof err);
        if (cursor->damage == NULL) {
            abort();
        }
        *cursor->damage = err;
    } else if (store->families[family] != NULL) {
        cursor->iterator = rocksdb_create_iterator_cf(store->db, cursor->options, store->families[family]);
    }
    return cursor;
}

void store_cursor_destroy(struct store_cursor *cursor)
{
    if (cursor != NULL) {
        if (cursor->iterator != NULL) {
            rocksdb_iter_destroy(cursor->iterator);
        }
        rocksdb_readoptions_destroy(cursor->options);
        free(cursor->damage);
        free(cursor);
    }
}

static void move(struct store_cursor *cursor)
{
    if (cursor->started) {
        if (cursor->reverse) {
            rocksdb_iter_prev(cursor->iterator);
        } else {
            rocksdb_iter_next(cursor->iterator);
        }
    } else if (cursor->reverse) {
        rocksdb_iter_seek_to_last(cursor->iterator);
    } else {
        rocksdb_iter_seek(cursor->iterator, cursor->bounds, cursor->lower_len);
    }
    cursor->started = true;
}

int store_cursor_next(struct store_cursor *cursor, struct err *err)
{
    if (cursor->damage != NULL) {
        *err = *cursor->damage;
        return -1;
    }
    if (cursor->iterator == NULL) {
        return 0;
    }
    assert(!cursor->started || rocksdb_iter_valid(cursor->iterator));
    move(cursor);
    if (rocksdb_iter_valid(cursor->iterator)) {
        return 1;
    }
    char *message = NULL;
    rocksdb_iter_get_error(cursor->iterator, &message);
    return message == NULL ? 0 : store_err(err, "read failed", message);
}

struct slice store_cursor_key(const struct store_cursor *cursor)
{
    struct slice key;
    key.data = rocksdb_iter_key(cursor->iterator, &key.len);
    return key;
}

struct slice store_cursor_value(const struct store_cursor *cursor)
{
    struct slice value;
    value.data = rocksdb_iter_value(cursor->iterator, &value.len);
    return value;
}
