/* One item's write: put, update or delete, with its condition, on the shard's writer thread. */
#pragma once

#include "engine/command.h"
#include "engine/rows.h"
#include "engine/throughput.h"
#include "expr/expr.h"

enum write_kind { WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK /* condition only; in transactions */ };

enum write_result {
    WRITE_DONE,
    WRITE_CONDITION_FAILED,
    WRITE_TABLE_GONE,     /* dropped since the request looked it up */
    WRITE_UPDATE_INVALID, /* `expr_error` says why */
    WRITE_ITEM_TOO_LARGE,
    WRITE_ITEM_TOO_DEEP,
    WRITE_INDEX_KEY_INVALID, /* `index_flaw` says which and why */
    WRITE_COLLECTION_FULL,   /* the item collection would grow beyond its limit */
    WRITE_CONFLICT,          /* a transaction under way holds the item */
    WRITE_THROTTLED,         /* `throttle` says by what */
    WRITE_STORE_FAILED,      /* a read failed; the reason was logged */
};

/* Why an item does not fit an index. */
enum index_flaw_kind { INDEX_KEY_TYPE, INDEX_KEY_EMPTY, INDEX_KEY_TOO_LONG };
struct index_flaw {
    enum index_flaw_kind kind;
    const struct index_spec *index;
    const struct key_attribute *attribute; /* the key attribute and the type it should have */
    bool is_range;
    enum value_type actual;
    size_t actual_size; /* bytes of the value */
};

/* False with a flaw if a key attribute of an index is present but of the wrong type, empty or too long. */
bool index_check_item(const struct table_spec *table, const struct item *item, struct index_flaw *ret_flaw);

/* Request fields are set by the caller and not changed; all memory is the request's arena, which the writer thread
 * uses alone until the task runs. */
struct write {
    struct command command; /* first */
    enum write_kind kind;
    struct table *table; /* a reference is held by the request; the writer moves on to the newest version */
    struct row_key key;
    struct item key_item;              /* the key attributes */
    struct item item;                  /* WRITE_PUT: the new item, key included */
    const struct update *update;       /* WRITE_UPDATE; NULL: only make sure that the item exists */
    const struct condition *condition; /* or NULL */
    bool want_old;                     /* return the item as it was (also after a failed condition) */
    bool want_new;
    bool want_capacity;
    bool is_free; /* takes no throughput */
    struct arena *arena;

    enum write_result result;
    struct expr_error expr_error;
    struct index_flaw index_flaw;
    struct throttle throttle;
    bool had_old;    /* valid if want_old or want_new */
    struct item old; /* if want_old and had_old */
    struct item new; /* if want_new and done, except for deletes */
    /* if want_capacity or throughput_is_on, and done or condition failed: write units, by table and by position in
     * spec.indexes */
    uint32_t table_units;
    uint32_t index_units[TABLE_INDEXES_MAX];
};

/* Prepares `write->command`; task.run and reply_to are the caller's. */
void write_init(struct write *write);
