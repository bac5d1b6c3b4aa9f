/* The workloads: which operations, in which mix, on which keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum operation {
    OPERATION_GET,      /* GetItem */
    OPERATION_PUT,      /* PutItem of an item that is there already */
    OPERATION_UPDATE,   /* UpdateItem: one field gets a new value */
    OPERATION_COUNT,    /* UpdateItem: adds one to a counter */
    OPERATION_INSERT,   /* PutItem of a new item */
    OPERATION_MODIFY,   /* GetItem, then UpdateItem of the same item: counted as one */
    OPERATION_QUERY,    /* Query of one list */
    OPERATION_TRANSACT, /* TransactWriteItems of four puts */
    OPERATION_SCAN,     /* Scan, page after page */
    OPERATION_RANGE,    /* Scan of a few items from a key on */
    OPERATIONS
};

/* Its name in reports. */
const char *operation_name(enum operation operation);

enum key_choice {
    KEYS_DEFAULT, /* as the workload has it */
    KEYS_UNIFORM, /* all items alike */
    KEYS_ZIPFIAN, /* YCSB's, theta 0.99, scrambled */
    KEYS_LATEST,  /* YCSB's: Zipfian, and the newest are the most popular */
    KEYS_HOT,     /* a few items, all alike */
};

const char *key_choice_name(enum key_choice keys);

struct workload {
    const char *name;
    const char *help;
    enum key_choice keys;
    unsigned hot_items; /* for KEYS_HOT */
    unsigned items, item_bytes, fields;
    unsigned percent[OPERATIONS]; /* 100 together */
};

/* NULL if there is none of this name. */
const struct workload *workload_find(const char *name);

/* All of them, in the order of the help. */
const struct workload *workload_list(size_t *ret_count);

/* Its items stand in lists: their key has a second part, and each list has this many. */
#define LIST_ITEMS 100
bool workload_has_lists(const struct workload *workload);

/* The operation that `percent`, 0 to 99, falls on. */
enum operation workload_operation(const struct workload *workload, unsigned percent);
