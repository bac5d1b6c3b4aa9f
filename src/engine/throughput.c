#include "engine/throughput.h"

#include <assert.h>
#include <stdlib.h>

#include "base/env.h"

/* Buckets count in millionths of a unit: a rate per second is then a whole number per microsecond. */
#define MICRO            1000000
#define PARTITION_HOLD_S 1
/* More than any bucket holds: it is cut to that when it is first looked at. */
#define FULL (INT64_MAX / 4)
/* No bucket needs longer to fill; keeps products small. */
#define ELAPSED_US_MAX (1000ull * MICRO)

struct bucket {
    atomic_int_fast64_t tokens;     /* millionths; negative: in debt */
    atomic_uint_fast64_t filled_us; /* monotonic: what was earned until then is in `tokens` */
};

struct meter {
    atomic_uint index_id; /* 0: the table's, or unused */
    struct bucket whole[2];
    struct bucket partitions[2][PARTITIONS_MAX];
};

struct meters {
    struct meter table;
    _Atomic(struct meter *) indexes[TABLE_INDEXES_MAX]; /* in no order; once made, a meter stays and is used again */
};

/* --- one bucket --------------------------------------------------------------------------------------------------- */

static void bucket_reset(struct bucket *bucket, uint64_t now_us)
{
    atomic_store(&bucket->filled_us, now_us);
    atomic_store(&bucket->tokens, FULL);
}

/* Adds `change` within what a bucket may hold or owe, and returns what is in it then. */
static int64_t bucket_add(struct bucket *bucket, int64_t change, int64_t hold)
{
    int64_t before = atomic_load_explicit(&bucket->tokens, memory_order_relaxed);
    int64_t after;
    do {
        int64_t had = before > hold ? hold : before;
        after = had + change;
        after = after > hold ? hold : after < -hold ? -hold : after;
    } while (after != before && !atomic_compare_exchange_weak(&bucket->tokens, &before, after));
    return after;
}

/* Whoever moves `filled_us` adds what was earned meanwhile: no interval counts twice. */
static int64_t bucket_fill(struct bucket *bucket, int64_t rate, int64_t hold_s, uint64_t now_us)
{
    uint64_t filled_us = atomic_load_explicit(&bucket->filled_us, memory_order_relaxed);
    uint64_t elapsed_us = 0;
    if (now_us > filled_us && atomic_compare_exchange_strong(&bucket->filled_us, &filled_us, now_us)) {
        elapsed_us = now_us - filled_us < ELAPSED_US_MAX ? now_us - filled_us : ELAPSED_US_MAX;
    }
    return bucket_add(bucket, (int64_t)elapsed_us * rate, rate * hold_s * MICRO);
}

/* --- which buckets, at which rate --------------------------------------------------------------------------------- */

/* What a request is charged to. */
struct target {
    struct meter *meter;            /* NULL: an index that is no more */
    const struct index_spec *index; /* NULL: the table */
    enum throttle_limit limit;
    int64_t rate; /* units per second */
};

static struct meter *find_meter(struct meters *meters, uint32_t index_id)
{
    for (unsigned i = 0; i < TABLE_INDEXES_MAX; i++) {
        struct meter *meter = atomic_load_explicit(&meters->indexes[i], memory_order_acquire);
        if (meter != NULL && atomic_load_explicit(&meter->index_id, memory_order_acquire) == index_id) {
            return meter;
        }
    }
    return NULL;
}

static int64_t units_of(const struct throughput *throughput, enum throughput_kind kind)
{
    return kind == THROUGHPUT_READ ? throughput->read : throughput->write;
}

static struct target target_of(const struct table *table, const struct index_spec *index, enum throughput_kind kind)
{
    const struct table_spec *spec = &table->spec;
    struct target target = {.index = index != NULL && index->global ? index : NULL};
    index = target.index;
    target.meter = index == NULL ? &table->state->meters->table : find_meter(table->state->meters, index->id);
    if (spec->billing == BILLING_PROVISIONED) {
        target.limit = THROTTLE_PROVISIONED;
        target.rate = units_of(index == NULL ? &spec->provisioned : &index->provisioned, kind);
        return target;
    }
    int64_t most = units_of(index == NULL ? &spec->on_demand : &index->on_demand, kind);
    target.limit = most > 0 ? THROTTLE_MAX_ON_DEMAND : THROTTLE_ACCOUNT;
    target.rate = most > 0 ? most : THROUGHPUT_TABLE_UNITS_MAX;
    return target;
}

static uint64_t partition_count(const struct table *table, const struct index_spec *index)
{
    const struct throughput *warm = index == NULL ? &table->spec.warm : &index->warm;
    uint64_t bytes = table_count_of(table->state, index == NULL ? 0 : index->id).bytes;
    uint64_t per_unit = PARTITION_READ_UNITS / PARTITION_WRITE_UNITS;
    uint64_t by_units =
        ((uint64_t)warm->read + (uint64_t)warm->write * per_unit + PARTITION_READ_UNITS - 1) / PARTITION_READ_UNITS;
    uint64_t by_bytes = (bytes + PARTITION_BYTES - 1) / PARTITION_BYTES;
    uint64_t count = by_units > by_bytes ? by_units : by_bytes;
    return count < 1 ? 1 : count > PARTITIONS_MAX ? PARTITIONS_MAX : count;
}

static struct bucket *partition_of(const struct table *table, const struct target *target, enum throughput_kind kind,
                                   uint64_t hash)
{
    return &target->meter->partitions[kind][(hash >> 32) * partition_count(table, target->index) >> 32];
}

static int64_t partition_rate(enum throughput_kind kind)
{
    return kind == THROUGHPUT_READ ? PARTITION_READ_UNITS : PARTITION_WRITE_UNITS;
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

bool throughput_admit(const struct table *table, const struct index_spec *index, enum throughput_kind kind,
                      uint64_t hash, struct throttle *ret_throttle)
{
    struct target target = target_of(table, index, kind);
    if (target.meter == NULL) {
        return true;
    }
    uint64_t now_us = env_monotonic_us();
    bool whole = bucket_fill(&target.meter->whole[kind], target.rate, THROUGHPUT_BURST_S, now_us) > 0;
    struct bucket *partition = partition_of(table, &target, kind, hash);
    if (whole && bucket_fill(partition, partition_rate(kind), PARTITION_HOLD_S, now_us) > 0) {
        return true;
    }
    *ret_throttle = (struct throttle){
        .limit = whole ? THROTTLE_KEY_RANGE : target.limit,
        .kind = kind,
        .on_demand = table->spec.billing == BILLING_PAY_PER_REQUEST,
        .index = target.index,
    };
    return false;
}

void throughput_charge(const struct table *table, const struct index_spec *index, enum throughput_kind kind,
                       uint64_t hash, double units)
{
    struct target target = target_of(table, index, kind);
    assert(units >= 0);
    if (target.meter == NULL) {
        return;
    }
    int64_t taken = (int64_t)(units * MICRO);
    bucket_add(&target.meter->whole[kind], -taken, target.rate * THROUGHPUT_BURST_S * MICRO);
    /* A partition has no five minutes to owe: one large page stops it for as long as the page is worth. */
    bucket_add(partition_of(table, &target, kind, hash), -taken, partition_rate(kind) * PARTITION_HOLD_S * MICRO);
}

/* --- versions of a table ------------------------------------------------------------------------------------------ */

static void meter_reset(struct meter *meter, uint32_t index_id, uint64_t now_us)
{
    for (int kind = THROUGHPUT_READ; kind <= THROUGHPUT_WRITE; kind++) {
        bucket_reset(&meter->whole[kind], now_us);
        for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
            bucket_reset(&meter->partitions[kind][i], now_us);
        }
    }
    atomic_store_explicit(&meter->index_id, index_id, memory_order_release);
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void settle(const struct table *table, const struct index_spec *index, uint64_t now_us)
{
    for (int kind = THROUGHPUT_READ; kind <= THROUGHPUT_WRITE; kind++) {
        struct target target = target_of(table, index, kind);
        if (target.meter != NULL) {
            bucket_fill(&target.meter->whole[kind], target.rate, THROUGHPUT_BURST_S, now_us);
        }
    }
}

static bool has_index(const struct table_spec *spec, uint32_t index_id)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].id == index_id) {
            return true;
        }
    }
    return false;
}

/* In the first place that is empty or belongs to an index that is no more. */
static void add_meter(struct meters *meters, const struct table_spec *spec, uint32_t index_id, uint64_t now_us)
{
    for (unsigned i = 0; i < TABLE_INDEXES_MAX; i++) {
        struct meter *meter = atomic_load(&meters->indexes[i]);
        if (meter == NULL) {
            meter = allocate(sizeof *meter);
            meter_reset(meter, index_id, now_us);
            atomic_store_explicit(&meters->indexes[i], meter, memory_order_release);
            return;
        }
        if (!has_index(spec, atomic_load(&meter->index_id))) {
            meter_reset(meter, index_id, now_us);
            return;
        }
    }
    assert(!"a table has no more indexes than places");
}

void throughput_publish(const struct table *old, struct table *table)
{
    uint64_t now_us = env_monotonic_us();
    struct table_state *state = table->state;
    if (state->meters == NULL) {
        state->meters = allocate(sizeof *state->meters);
        meter_reset(&state->meters->table, 0, now_us);
    } else if (old != NULL) {
        settle(old, NULL, now_us);
        for (uint32_t i = 0; i < old->spec.index_count; i++) {
            settle(old, &old->spec.indexes[i], now_us);
        }
    }
    for (uint32_t i = 0; i < table->spec.index_count; i++) {
        const struct index_spec *index = &table->spec.indexes[i];
        if (index->global && find_meter(state->meters, index->id) == NULL) {
            add_meter(state->meters, &table->spec, index->id, now_us);
        }
    }
}

void throughput_destroy(struct meters *meters)
{
    if (meters == NULL) {
        return;
    }
    for (unsigned i = 0; i < TABLE_INDEXES_MAX; i++) {
        free(atomic_load(&meters->indexes[i]));
    }
    free(meters);
}
