/* Looks through a data folder that no server uses, and changes nothing in it: whether every file and row can be read
 * and is where it belongs, and whether what is kept twice is the same both times. What a crash may leave behind is no
 * finding: rows of dropped tables, index rows on their way, transactions that the next start finishes. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

enum verify_kind {
    VERIFY_FILE,          /* a file, or part of one, cannot be read or is not what was written */
    VERIFY_CATALOG,       /* a description of the folder or of its tables */
    VERIFY_ROW,           /* a row that cannot be decoded, is of nothing that is known, or is not where it belongs */
    VERIFY_INDEX_MISSING, /* an item has no row in an index */
    VERIFY_INDEX_SURPLUS, /* an index has a row of no item */
    VERIFY_INDEX_DIFFERS, /* its row is not what the item says */
    VERIFY_COLLECTION,    /* the size of an item collection */
    VERIFY_EXPIRY,        /* an item that expires would not */
    VERIFY_COUNT,         /* the number of items */
    VERIFY_OUTBOX,
    VERIFY_TRANSACTION,
    VERIFY_KINDS,
};

/* "index_missing", … */
const char *verify_kind_name(enum verify_kind kind);

/* What does not apply is empty or, for the shard, negative. Valid during the call. */
struct verify_finding {
    enum verify_kind kind;
    int shard;
    struct slice table, index;
    struct slice key;  /* the key attributes in DynamoDB's JSON, or the row's key in hexadecimal digits */
    struct slice item; /* with show_items: what is stored, in JSON */
    const char *text;  /* what is wrong; names the file where it is one */
};

struct verify_table {
    struct slice name;
    struct slice index; /* empty: the table itself; its indexes follow it */
    uint64_t rows, bytes;
    uint64_t findings;
};

struct verify_totals {
    unsigned shards;
    uint64_t files, file_bytes; /* of tables */
    uint64_t rows;              /* of all families */
    uint64_t findings;
    uint64_t waiting;      /* index rows that the next start delivers */
    uint64_t prepared;     /* transactions that it finishes */
    uint64_t dropped_rows; /* rows of dropped tables and indexes that it removes */
    bool rows_were_read;   /* false: a shard cannot be opened, so only files were looked at */
};

struct verify_options {
    const char *data_dir;
    const char *key_file; /* of an encrypted folder or table; NULL: not told */
    size_t cache_bytes;
    bool show_items;
    void (*found)(void *context, const struct verify_finding *finding);
    void (*table)(void *context, const struct verify_table *table); /* at the end, each table and index */
    void (*progress)(void *context, const char *what, uint64_t rows);
    void *context;
};

/* 0: looked through; ret_totals->findings says whether it is whole. -1: there is no such folder, or a server uses it.
 */
int verify_folder(const struct verify_options *options, struct verify_totals *ret_totals, struct err *err) MUST_USE;
