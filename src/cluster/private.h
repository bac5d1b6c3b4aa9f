/* What the files of cluster/ share. */
#pragma once

#include "cluster/cluster.h"
#include "engine/catalog.h"
#include "engine/outbox.h"
#include "engine/shard.h"
#include "engine/vault.h"

/* Delivers one shard's outbox: one run at a time, so that order is kept. */
struct courier {
    struct cluster *cluster;
    struct shard *sender;
    pthread_mutex_t lock;
    bool busy;      /* a run is under way */
    bool poked;     /* rows may have come since it began */
    bool stalled;   /* the last run failed: cluster_step tries again */
    uint64_t after; /* delivered up to this number; the owner of `busy` uses it */
    struct delivery_run *run;
};

struct cluster {
    struct cluster_options options;
    int lock_fd;
    struct keyring *keyring; /* NULL: the folder has none */
    bool encrypted;          /* its files are */
    struct key_service *key_service;
    struct vault *vault; /* keys of encrypted tables */
    struct store_cache *cache;
    struct shard *shards[CLUSTER_SHARDS_MAX];
    struct courier couriers[CLUSTER_SHARDS_MAX];
    unsigned shard_count;
    struct catalog catalog;
    struct counting *counting;         /* the state of the counting step */
    uint64_t counting_at_us;           /* when it wants to be called again */
    uint64_t watch_at_us;              /* when to look next whether the stores can be written */
    struct expiry *expiry;             /* of the step that expires items */
    struct transactions *transactions; /* those under way */
    struct index_jobs *index_jobs;     /* indexes being filled or removed */
    atomic_bool closing;
};

/* The system shard keeps the catalog. */
static inline struct shard *cluster_system_shard(struct cluster *cluster)
{
    return cluster->shards[0];
}

static inline struct shard *cluster_shard_of(const struct cluster *cluster, uint64_t hash)
{
    uint32_t number = (uint32_t)((uint64_t)SLOT_OF_HASH(hash) * cluster->shard_count / SLOTS);
    while (!shard_owns(cluster->shards[number], hash)) {
        number += SLOT_OF_HASH(hash) > cluster->shards[number]->slot_last ? 1 : -1;
    }
    return cluster->shards[number];
}

/* One command for a shard's writer. */
void cluster_submit(struct shard *shard, struct command *command);

/* folder.c: makes and locks the data folder, reads or writes its format file, settles the number of shards, and opens
 * its keys. */
int folder_open(struct cluster *cluster, struct err *err) MUST_USE;
/* Only locks and reads: nothing is made. */
int folder_open_existing(struct cluster *cluster, struct err *err) MUST_USE;
void folder_close(struct cluster *cluster);
/* Refused while a server uses the folder. */
int folder_lock(const char *folder, int *ret_fd, struct err *err) MUST_USE;
struct folder_format {
    unsigned shards;
    bool encrypted; /* its files are */
};
/* 1: read; 0: there is none; -1: unusable. */
int folder_read_format(const char *folder, struct folder_format *ret_format, struct err *err) MUST_USE;

/* tables.c: takes up the table's key before the table is published, and remembers since when it cannot be used. */
void tables_take_key(struct cluster *cluster, struct table *table);

/* delivery.c */
void courier_init(struct courier *courier, struct cluster *cluster, struct shard *sender);
void courier_finish(struct courier *courier);
/* Rows may be waiting. Any thread. */
void courier_poke(struct courier *courier);
/* True if everything that was in the outbox when this was called has been delivered. Any thread. */
bool courier_is_idle(struct courier *courier);

/* tables.c: removes the rows of a dropped table from every shard, then its drop row. */
void tables_drop_rows(struct cluster *cluster, uint32_t table_id);

/* The change as a background job makes it. `finished` runs on the system shard's writer thread: it calls
 * tables_finish_change, which makes a good change visible, and releases change->table. */
void tables_change(struct cluster *cluster, struct table_change *change, void (*finished)(struct command *command));
void tables_finish_change(struct table_change *change);

/* index_jobs.c: fills indexes that are CREATING and removes those that are DELETING. */
struct index_jobs *index_jobs_create(void);
void index_jobs_destroy(struct index_jobs *jobs);
/* Returns the microseconds until it wants to be called again. */
uint64_t index_jobs_step(struct cluster *cluster);

/* counting.c */
struct counting *counting_create(void);
void counting_destroy(struct counting *counting);
/* Returns the microseconds until it wants to be called again. */
uint64_t counting_step(struct cluster *cluster);

/* expiry.c */
struct expiry *expiry_create(void);
void expiry_destroy(struct expiry *expiry, unsigned shards);
/* Returns the microseconds until it wants to be called again. */
uint64_t expiry_step(struct cluster *cluster);

/* port.c: for the end of the turn; nobody is answered. Loop thread. */
void port_submit_silent(struct cluster_port *port, struct shard *shard, struct command *command);

/* transactions.c */
struct transactions *transactions_create(void);
void transactions_destroy(struct transactions *transactions);
void transactions_step(struct cluster *cluster);

/* transactions_recover.c: finishes, one way or the other, what was prepared before a crash. Before the writers run. */
int transactions_recover(struct cluster *cluster, struct err *err) MUST_USE;
