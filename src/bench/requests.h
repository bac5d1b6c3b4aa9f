/* What the load generator says: the bodies of its requests, and its tables.
 *
 * An item's key is its number: {"pk": "user000000000042"}. In tables of lists, 100 items share a partition:
 * {"pk": "list000000000000", "sk": "00000042"}. The rest of an item is fields "field0", "field1", … of random letters,
 * as long as it takes to make the size that was asked for. */
#pragma once

#include "base/buffer.h"
#include "bench/keys.h"
#include "bench/options.h"

/* One per thread. */
struct requests {
    const struct bench_options *options;
    char table[256];
    bool lists;
    struct random random;
    struct buffer letters; /* values are pieces of it */
};

void requests_init(struct requests *requests, const struct bench_options *options, uint64_t seed);
void requests_finish(struct requests *requests);

/* Replaces `body`. Each returns the operation's name in the protocol. `item` is its number. OPERATION_MODIFY is a
 * GetItem; the update behind it is asked for as OPERATION_UPDATE. */
const char *requests_write(struct requests *requests, enum operation operation, uint64_t item, struct buffer *body);

/* A page of a Scan that follows the last one; `start_key` is the JSON of its LastEvaluatedKey, or empty. */
const char *requests_scan(struct requests *requests, struct slice start_key, struct buffer *body);

#define BATCH_ITEMS 25
/* BatchWriteItem of `count` items (at most BATCH_ITEMS) from `first` on. */
const char *requests_load(struct requests *requests, uint64_t first, unsigned count, struct buffer *body);

const char *requests_create_table(struct requests *requests, struct buffer *body);
const char *requests_describe_table(struct requests *requests, struct buffer *body);

/* The item that says that a table is full: written last. */
const char *requests_put_mark(struct requests *requests, struct buffer *body);
const char *requests_get_mark(struct requests *requests, struct buffer *body);
