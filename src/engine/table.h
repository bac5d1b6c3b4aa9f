/* What a table is: its description as kept in the catalog, and the object that requests hold while they use it. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"
#include "value/value.h"

#define TABLE_NAME_MAX           255
#define TABLES_MAX               2500 /* of an account in a region; source: Amazon DynamoDB Developer Guide, quotas */
#define TABLE_INDEXES_MAX        25   /* 20 global and 5 local */
#define TABLE_GLOBAL_INDEXES_MAX 20
#define TABLE_LOCAL_INDEXES_MAX  5
#define KEY_PARTS_MAX            4
/* Switches to PAY_PER_REQUEST in 24 hours. Source: Developer Guide, "Considerations when switching capacity modes". */
#define ON_DEMAND_SWITCHES_MAX 4

struct key_attribute {
    struct slice name;
    enum value_type type; /* S, N or B */
};

/* A table and a local index have one hash part and at most one range part; a global index up to four of each. */
struct key_schema {
    struct key_attribute hash[KEY_PARTS_MAX];
    struct key_attribute range[KEY_PARTS_MAX];
    uint8_t hash_count;
    uint8_t range_count;
};

enum projection_type { PROJECT_ALL, PROJECT_KEYS_ONLY, PROJECT_INCLUDE };

/* Units per second; 0 where not set (on-demand tables). For OnDemandThroughput -1 is "no maximum". */
struct throughput {
    int64_t read;
    int64_t write;
};

/* Stored: never change a number. A local index is always active. */
enum index_status {
    INDEX_ACTIVE = 0,
    INDEX_CREATING = 1, /* kept up by every write, but not yet filled with the items from before: not to be read */
    INDEX_DELETING = 2, /* no longer kept up; its rows are being removed */
};

struct index_spec {
    uint32_t id; /* within the table, never used twice */
    enum index_status status;
    struct slice name;
    bool global;
    struct key_schema keys;
    enum projection_type projection;
    struct slice *include; /* NonKeyAttributes, for PROJECT_INCLUDE */
    uint32_t include_count;
    struct throughput provisioned; /* global, when the table is provisioned */
    struct throughput on_demand;   /* global: OnDemandThroughput; {0,0} when not given */
    struct throughput warm;        /* WarmThroughput; {0,0} when not given */
};

enum billing_mode { BILLING_PROVISIONED, BILLING_PAY_PER_REQUEST };
enum table_class { CLASS_STANDARD, CLASS_STANDARD_INFREQUENT_ACCESS };
enum stream_view { STREAM_NONE, STREAM_KEYS_ONLY, STREAM_NEW_IMAGE, STREAM_OLD_IMAGE, STREAM_NEW_AND_OLD_IMAGES };

struct tag {
    struct slice key;
    struct slice value;
};

/* Time to live. */
struct ttl_spec {
    uint64_t generation;    /* one more with every change; 0: it was never on */
    struct slice attribute; /* empty: it is off */
};

struct table_spec {
    uint32_t id; /* never used twice in a data folder */
    struct slice name;
    char uuid[ENV_UUID_BYTES]; /* TableId */
    uint64_t created_us;
    struct key_schema keys;
    struct key_attribute *attributes; /* AttributeDefinitions, in the order given */
    uint32_t attribute_count;
    struct index_spec *indexes; /* local and global, in the order given */
    uint32_t index_count;
    uint32_t next_index_id;
    enum billing_mode billing;
    uint64_t on_demand_since_us;                            /* when it last became PAY_PER_REQUEST, or 0 */
    uint64_t on_demand_switches_us[ON_DEMAND_SWITCHES_MAX]; /* by UpdateTable: the last ones, oldest first; 0: none */
    bool billing_given; /* BillingMode was once set by the client: then it is shown */
    struct throughput provisioned;
    uint64_t last_increase_us, last_decrease_us;
    uint32_t decreases_today;
    struct throughput on_demand;
    struct throughput warm;
    enum stream_view stream;
    uint64_t stream_label_us; /* when the stream was enabled: its label; kept after it is disabled, or 0 */
    enum table_class class;
    uint64_t class_changed_us;
    bool deletion_protection;
    bool encrypted;       /* SSESpecification Enabled: rows are sealed (engine/vault.h) */
    struct slice kms_key; /* what wraps the table's key: its id. In a request: as the client calls it */
    struct slice
        table_key; /* wrapped; kept when encryption is turned off, for rows from before. Empty: it never was on */
    struct tag *tags;
    uint32_t tag_count;
    struct ttl_spec ttl;
    bool collections_kept;    /* every item collection has had its size row from the first (engine/collection.h) */
    struct slice policy;      /* resource policy, as it is shown; empty: none */
    uint64_t policy_revision; /* when it was put or removed, milliseconds since 1970, one more if need be; 0: never */
};

struct meters;

/* What a table or one of its indexes was last counted to hold. Versions of a table differ in their indexes, so a count
 * goes by the index' id, not by its place. */
struct table_count {
    uint32_t index_id; /* 0: the table itself */
    uint64_t rows;
    uint64_t bytes;
};

/* Shared by all versions of a table's description. */
struct table_state {
    atomic_uint references;
    struct meters *meters;                /* engine/throughput.h; NULL: requests are not throttled */
    atomic_uint_fast64_t inaccessible_us; /* since when its key cannot be used; 0: it can, or it has none */
    atomic_bool dropped;                  /* set before the data is removed: writers refuse from then on */
    atomic_uint_fast64_t writes;          /* items written since the last count began */
    struct count_slot {
        atomic_uint index_id; /* 0: free. The first one is the table's */
        atomic_uint_fast64_t rows, bytes;
    } counts[1 + TABLE_INDEXES_MAX];
};

/* One version of a table, immutable once published. */
struct table {
    struct table_spec spec;
    _Atomic(struct table *) successor; /* the next version, kept alive by this one; NULL: this is the newest */
    struct table_state *state;
    struct arena arena; /* everything spec points to */
    atomic_uint references;
};

/* Deep copy into the arena. */
void table_spec_copy(struct arena *arena, const struct table_spec *spec, struct table_spec *ret_copy);

/* Makes a table object of a spec (deep copy). `state` is shared if given, else made. One reference is the caller's. */
struct table *table_create(const struct table_spec *spec, struct table_state *state);
struct table *table_acquire(struct table *table);

/* The newest version, as long as the caller holds `table`. Writers use it, whatever the request looked up: an index
 * that was added since must get its rows. */
struct table *table_newest(struct table *table);

/* Makes `table` the successor of `old`. */
void table_succeed(struct table *old, struct table *table);
void table_release(struct table *table);

/* Replaces all counts: first that of the table, then at most one for each index. One thread at a time. */
void table_set_counts(struct table_state *state, const struct table_count *counts, uint32_t len);

/* The count of an index, or with 0 of the table; zeros if it was never counted. Any thread, also meanwhile. */
struct table_count table_count_of(const struct table_state *state, uint32_t index_id);

/* The index by name, or NULL. */
const struct index_spec *table_find_index(const struct table_spec *spec, struct slice name);

/* True if the table has item collections, whose size is limited. */
bool table_has_local_index(const struct table_spec *spec);

/* True if the name is a key attribute of the schema. */
bool key_schema_has(const struct key_schema *keys, struct slice name);

/* A catalog row: the description as a stored item (value/codec.h). Attribute names: docs/formats/catalog.md. */
void table_spec_encode(const struct table_spec *spec, struct buffer *out);
int table_spec_decode(struct arena *arena, struct slice stored, struct table_spec *ret_spec, struct err *err) MUST_USE;
