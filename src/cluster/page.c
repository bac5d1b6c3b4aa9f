/* One page of a query or scan: rows in key order, from shard to shard, until a limit is reached. */
#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "cluster/private.h"
#include "engine/capacity.h"
#include "value/codec.h"

/* A page that takes longer ends where it is, as if it had reached its bytes: a filter may cost much for each of very
 * many small rows, and the next page goes on. */
#define PAGE_US_MAX 5000000

struct page_cursor {
    uint64_t end_us;     /* monotonic */
    unsigned shard;      /* position of the shard being read */
    unsigned shard_last; /* the last one to read */
    struct store_cursor *rows;
    struct slice stored;       /* the value of the row, plain */
    struct buffer opened;      /* where it is, if it was sealed */
    struct slice lower, upper; /* what is left of the range: narrowed by start_after */
    bool ended;
};

/* The smallest key behind `key`. */
static struct slice successor(struct arena *arena, struct slice key)
{
    char *bytes = arena_alloc(arena, key.len + 1);
    memcpy(bytes, key.data, key.len);
    bytes[key.len] = '\0';
    return slice_of(bytes, key.len + 1);
}

static void begin(struct page *page)
{
    struct page_cursor *cursor = ARENA_NEW(page->arena, struct page_cursor);
    struct cluster *cluster = page->cluster;
    uint64_t first = page->range.hash_first;
    cursor->end_us = env_monotonic_us() + PAGE_US_MAX;
    cursor->lower = page->range.lower;
    cursor->upper = page->range.upper;
    if (page->start_after.len > 0) {
        assert(row_range_contains(&page->range, page->start_after));
        if (page->reverse) {
            cursor->upper = page->start_after;
        } else {
            cursor->lower = successor(page->arena, page->start_after);
            first = row_key_hash(page->start_after, page->index != NULL);
        }
    }
    cursor->shard = cluster_shard_of(cluster, first)->number;
    cursor->shard_last = cluster_shard_of(cluster, page->range.hash_last)->number;
    assert(!page->reverse || cursor->shard == cursor->shard_last); /* only queries go backwards */
    page->cursor = cursor;
    arena_init(&page->scratch, 16384);
}

/* 1: on a row; 0: behind the last one of the last shard; -1: failed. */
static int next_row(struct page *page, struct err *err)
{
    struct page_cursor *cursor = page->cursor;
    for (;;) {
        if (cursor->rows == NULL) {
            cursor->rows = shard_rows(page->cluster->shards[cursor->shard], page->index != NULL, cursor->lower,
                                      cursor->upper, page->reverse);
        }
        int result = store_cursor_next(cursor->rows, err);
        if (result != 0) {
            return result;
        }
        store_cursor_destroy(cursor->rows);
        cursor->rows = NULL;
        if (cursor->shard == cursor->shard_last) {
            return 0;
        }
        cursor->shard++;
    }
}

/* The whole item of an index row. An item that was deleted since the index row was read shows as the row alone. */
static int fetch_base(struct page *page, struct page_row *row, struct err *err)
{
    struct item keys;
    struct row_key key;
    struct stored_item stored;
    if (item_decode_attributes(&page->scratch, row->stored, &keys, err) != 0) {
        return -1;
    }
    row_key_of_item(&page->scratch, &page->table->spec, &keys, &key);
    if (cluster_get(page->cluster, &key, &stored, err) != 0) {
        return -1;
    }
    int failed = 0;
    if (stored_item_exists(&stored)) {
        struct item_header header = {0};
        row->stored = arena_copy(&page->scratch, stored.bytes);
        failed = item_decode_header(row->stored, &header, err);
        row->fetched_size = header.size;
    }
    stored_item_release(&stored);
    return failed;
}

static int read_row(struct page *page, struct page_row *ret_row, struct err *err)
{
    struct item_header header;
    struct page_cursor *cursor = page->cursor;
    if (shard_row_value(page->cluster->shards[cursor->shard], page->index != NULL, cursor->rows, &cursor->opened,
                        &cursor->stored, err) != 0) {
        return -1;
    }
    *ret_row = (struct page_row){.stored = cursor->stored};
    if (item_decode_header(ret_row->stored, &header, err) != 0) {
        return -1;
    }
    ret_row->size = header.size;
    return page->fetch_base ? fetch_base(page, ret_row, err) : 0;
}

static void keep_part(struct page *page, const struct item *item, const struct key_attribute *attribute)
{
    const struct value *value = item_find(item, attribute->name);
    if (value == NULL || item_find(&page->last, attribute->name) != NULL) {
        return;
    }
    struct attribute *kept = &page->last.attributes[page->last.count++];
    kept->name = attribute->name; /* belongs to the table */
    value_copy(page->arena, value, &kept->value);
}

static void keep_parts(struct page *page, const struct item *item, const struct key_schema *keys)
{
    for (int i = 0; i < keys->hash_count; i++) {
        keep_part(page, item, &keys->hash[i]);
    }
    for (int i = 0; i < keys->range_count; i++) {
        keep_part(page, item, &keys->range[i]);
    }
}

/* Keeps the key attributes of the row where the page stops: those of table and index as they were in the row, whatever
 * the base item says by now. */
static int keep_last(struct page *page, struct err *err)
{
    struct item row;
    if (item_decode_attributes(&page->scratch, page->cursor->stored, &row, err) != 0) {
        return -1;
    }
    page->last.attributes = ARENA_ARRAY(page->arena, struct attribute, 4 * KEY_PARTS_MAX);
    page->last.count = 0;
    keep_parts(page, &row, &page->table->spec.keys);
    if (page->index != NULL) {
        keep_parts(page, &row, &page->index->keys);
    }
    page->more = true;
    return 0;
}

/* The row under the cursor. */
static int evaluate_row(struct page *page, struct err *err)
{
    struct page_row row;
    arena_reset(&page->scratch);
    if (read_row(page, &row, err) != 0) {
        return -1;
    }
    page->rows++;
    page->bytes += row.size;
    if (row.fetched_size > 0) {
        page->fetched_blocks += capacity_read_blocks(row.fetched_size);
    }
    if (page->visit(page, &row, &page->scratch, err) != 0) {
        return -1;
    }
    if (page->rows == page->limit || page->bytes >= page->bytes_max || env_monotonic_us() >= page->cursor->end_us) {
        page->cursor->ended = true;
        return keep_last(page, err);
    }
    return 0;
}

enum page_state page_step(struct page *page, uint32_t row_budget, struct err *err)
{
    if (page->cursor == NULL) {
        begin(page);
    }
    for (uint32_t done = 0; !page->cursor->ended; done++) {
        if (row_budget != 0 && done == row_budget) {
            return PAGE_MORE;
        }
        int result = next_row(page, err);
        if (result < 0) {
            return PAGE_FAILED;
        }
        if (result == 0) {
            page->cursor->ended = true;
            break;
        }
        if (evaluate_row(page, err) != 0) {
            return PAGE_FAILED;
        }
    }
    return PAGE_END;
}

void page_finish(struct page *page)
{
    if (page->cursor != NULL) {
        store_cursor_destroy(page->cursor->rows);
        buffer_finish(&page->cursor->opened);
        page->cursor = NULL;
        arena_finish(&page->scratch);
    }
}
