/* Token buckets that make throughput real: what `--throttle on` adds to a table.
 *
 * Everything with a throughput of its own (a table together with its local indexes, each global index) has a bucket for
 * reads and one for writes. It fills at the units per second of the description and holds up to five minutes of them. A
 * request is admitted while there is anything left, and afterwards charged with what it has really consumed: so a
 * bucket may be in debt, by at most five minutes; and requests that are admitted side by side may together take more
 * than was left.
 *
 * The same again for each partition, whatever the description says: 3,000 read and 1,000 write units per second, and no
 * more than one second of them at once. A partition is one of n equal ranges of the hash space,
 *
 *     n = max(ceil(RCU / 3000 + WCU / 1000), ceil(bytes / 10 GB)), at most 64,
 *
 * where RCU and WCU are the warm throughput, which is the highest ever asked for: partitions do not merge again.
 *
 * Buckets start full and are not stored. They belong to the state that all versions of a table share; rates come from
 * the version at hand, so a change counts from its publication on. Any thread, without locks: two atomics for each
 * bucket.
 *
 * Sources: Amazon DynamoDB Developer Guide, "Burst and adaptive capacity", "Partitions and data distribution",
 * "Maximum throughput for on-demand tables"; Elhemali et al., "Amazon DynamoDB", USENIX ATC 2022. docs/decisions/0012
 * has the choices. */
#pragma once

#include "engine/table.h"

#define THROUGHPUT_BURST_S         300
#define THROUGHPUT_TABLE_UNITS_MAX 40000 /* of an on-demand table without a maximum: the account's quota */
#define PARTITION_READ_UNITS       3000
#define PARTITION_WRITE_UNITS      1000
#define PARTITION_BYTES            (10ull << 30)
#define PARTITIONS_MAX             64

enum throughput_kind { THROUGHPUT_READ, THROUGHPUT_WRITE };

enum throttle_limit {
    THROTTLE_PROVISIONED,   /* the provisioned units */
    THROTTLE_MAX_ON_DEMAND, /* OnDemandThroughput */
    THROTTLE_ACCOUNT,       /* the account's quota for an on-demand table */
    THROTTLE_KEY_RANGE,     /* a partition's ceiling */
};

/* Why a request was not admitted. */
struct throttle {
    enum throttle_limit limit;
    enum throughput_kind kind;
    bool on_demand;                 /* the table's billing mode */
    const struct index_spec *index; /* NULL: the table. Belongs to the version of the table that was asked */
};

struct meters;

/* False unless the server throttles: then none of the others need be called. */
static inline bool throughput_is_on(const struct table *table)
{
    return table->state->meters != NULL;
}

/* True if there is something left for a request of this kind on the table, or on `index` if that is not NULL (a local
 * one is the table's). `hash` is that of the row's partition key. Otherwise *ret_throttle says what has run out. Takes
 * nothing. */
bool throughput_admit(const struct table *table, const struct index_spec *index, enum throughput_kind kind,
                      uint64_t hash, struct throttle *ret_throttle);

/* Takes what a request has consumed. */
void throughput_charge(const struct table *table, const struct index_spec *index, enum throughput_kind kind,
                       uint64_t hash, double units);

/* Before `table` becomes visible: gives it meters, or meters to its new indexes. `old` is the version it succeeds, or
 * NULL; what that has earned so far is settled at its own rates. By the catalog's writer alone. */
void throughput_publish(const struct table *old, struct table *table);

/* NULL is allowed. */
void throughput_destroy(struct meters *meters);
