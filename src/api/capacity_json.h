/* ConsumedCapacity and ItemCollectionMetrics on their way out.
 * Source: Amazon DynamoDB API reference, "ConsumedCapacity", "ItemCollectionMetrics". */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"

/* Units of one request on one table. An index is named in the answer if the request touched it. */
struct capacity_used {
    double table;
    double index[TABLE_INDEXES_MAX]; /* by position in the table's indexes */
    bool index_touched[TABLE_INDEXES_MAX];
    const struct table_spec *table_spec; /* the version whose positions count; NULL: that of the first write */
};

/* What a write has cost. Writes of one request may have seen different versions of their table: an index that `used`
 * does not know is left out. */
void capacity_of_write(const struct write *write, struct capacity_used *used);

/* The object, without a member's name: batches have a list of them. `mode` is TOTAL or INDEXES. */
void capacity_append(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                     const struct capacity_used *used);

/* The same of a transaction, which tells apart what was read and what was written. */
void capacity_append_transact(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                              const struct capacity_used *used, bool is_read);

/* "ConsumedCapacity": the object; nothing for NONE. */
void capacity_append_member(struct buffer *out, enum return_capacity mode, const struct table_spec *table,
                            const struct capacity_used *used);

/* The object for the collection of a partition key value, which was just written to. The table has a local index. The
 * estimate is a range that holds the true size. */
void metrics_append(struct buffer *out, struct cluster *cluster, const struct table_spec *table,
                    const struct value *hash);
