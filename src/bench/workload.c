#include "bench/workload.h"

#include <assert.h>
#include <string.h>

#define YCSB_ITEMS 10000, 1000, 10 /* YCSB's items: ten fields of about 100 bytes */
#define ITEMS      10000, 400, 1

static const struct workload workloads[] = {
    {"get", "GetItem", KEYS_UNIFORM, 0, ITEMS, {[OPERATION_GET] = 100}},
    {"get-hot", "GetItem, of a few items", KEYS_HOT, 100, ITEMS, {[OPERATION_GET] = 100}},
    {"put", "PutItem, of whole items that are there already", KEYS_UNIFORM, 0, ITEMS, {[OPERATION_PUT] = 100}},
    {"update", "UpdateItem, adding to a counter of one item", KEYS_HOT, 1, ITEMS, {[OPERATION_COUNT] = 100}},
    {"query", "Query, 100 items of one partition", KEYS_UNIFORM, 0, ITEMS, {[OPERATION_QUERY] = 100}},
    {"transact", "TransactWriteItems, four puts", KEYS_UNIFORM, 0, ITEMS, {[OPERATION_TRANSACT] = 100}},
    {"scan", "Scan of the whole table, page after page", KEYS_UNIFORM, 0, ITEMS, {[OPERATION_SCAN] = 100}},
    {"mixed",
     "half GetItem; puts, updates, transactions and short Scans",
     KEYS_ZIPFIAN,
     0,
     ITEMS,
     {[OPERATION_GET] = 50,
      [OPERATION_PUT] = 20,
      [OPERATION_UPDATE] = 20,
      [OPERATION_TRANSACT] = 5,
      [OPERATION_RANGE] = 5}},
    {"ycsb-a",
     "half reads, half updates",
     KEYS_ZIPFIAN,
     0,
     YCSB_ITEMS,
     {[OPERATION_GET] = 50, [OPERATION_UPDATE] = 50}},
    {"ycsb-b", "95 % reads, 5 % updates", KEYS_ZIPFIAN, 0, YCSB_ITEMS, {[OPERATION_GET] = 95, [OPERATION_UPDATE] = 5}},
    {"ycsb-c", "reads", KEYS_ZIPFIAN, 0, YCSB_ITEMS, {[OPERATION_GET] = 100}},
    {"ycsb-d",
     "95 % reads of the latest items, 5 % new items",
     KEYS_LATEST,
     0,
     YCSB_ITEMS,
     {[OPERATION_GET] = 95, [OPERATION_INSERT] = 5}},
    {"ycsb-e",
     "95 % Scans of up to 100 items, 5 % new items",
     KEYS_ZIPFIAN,
     0,
     YCSB_ITEMS,
     {[OPERATION_RANGE] = 95, [OPERATION_INSERT] = 5}},
    {"ycsb-f",
     "half reads, half reads with an update of what was read",
     KEYS_ZIPFIAN,
     0,
     YCSB_ITEMS,
     {[OPERATION_GET] = 50, [OPERATION_MODIFY] = 50}},
};
#define WORKLOADS (sizeof workloads / sizeof workloads[0])

const char *operation_name(enum operation operation)
{
    static const char *const names[OPERATIONS] = {
        [OPERATION_GET] = "GetItem",        [OPERATION_PUT] = "PutItem",
        [OPERATION_UPDATE] = "UpdateItem",  [OPERATION_COUNT] = "UpdateItem ADD",
        [OPERATION_INSERT] = "PutItem new", [OPERATION_MODIFY] = "GetItem+UpdateItem",
        [OPERATION_QUERY] = "Query",        [OPERATION_TRANSACT] = "TransactWriteItems",
        [OPERATION_SCAN] = "Scan",          [OPERATION_RANGE] = "Scan short",
    };
    return names[operation];
}

const char *key_choice_name(enum key_choice keys)
{
    static const char *const names[] = {"default", "uniform", "zipfian", "latest", "hot"};
    return names[keys];
}

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < WORKLOADS; i++) {
        if (strcmp(workloads[i].name, name) == 0) {
            return &workloads[i];
        }
    }
    return NULL;
}

const struct workload *workload_list(size_t *ret_count)
{
    *ret_count = WORKLOADS;
    return workloads;
}

bool workload_has_lists(const struct workload *workload)
{
    return workload->percent[OPERATION_QUERY] > 0;
}

enum operation workload_operation(const struct workload *workload, unsigned percent)
{
    assert(percent < 100);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        if (percent < workload->percent[i]) {
            return (enum operation)i;
        }
        percent -= workload->percent[i];
    }
    assert(!"the percents of a workload are 100");
    return OPERATION_GET;
}
