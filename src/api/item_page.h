/* What Query and Scan have in common: which attributes a page shows, running it, and the answer. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "expr/expr.h"

/* In the call's arena; call->state while the page runs. */
struct item_page {
    struct page page; /* first */
    struct api_call *call;
    const struct condition *filter;      /* or NULL */
    const struct projection *projection; /* or NULL: all that the row has */
    bool count_only;
    bool consistent;
    bool no_restart; /* at most one row can match: no LastEvaluatedKey */
    enum return_capacity return_capacity;
    uint32_t matched;
    enum page_state state; /* of the last step */
    struct err err;
};

/* How a request chooses attributes. */
struct item_page_choice {
    struct opt_enum select;
    bool has_projection; /* ProjectionExpression */
    bool has_attributes; /* AttributesToGet */
    bool has_index;
};

/* The rules between Select and the parameters beside it, before any table is known. */
bool item_page_check_choice(struct api_call *call, const struct item_page_choice *choice);

/* A page over a table or the index of that name, with nothing asked of it yet. NULL if there is no such index or it
 * cannot be read consistently: the call has been failed. */
struct item_page *item_page_create(struct api_call *call, struct table *table, const struct opt_string *index,
                                   bool consistent);

/* Sets what the page shows. False if the index cannot give it: the call has been failed. */
bool item_page_choose(struct item_page *item_page, const struct item_page_choice *choice,
                      const struct projection *projection);

/* True if the index keeps the attribute. */
bool item_page_covers(const struct table_spec *table, const struct index_spec *index, struct slice name);

/* The hash of the partition where a page starts: the one that it is charged to. */
uint64_t item_page_hash(const struct page *page);

/* Runs the page and answers, unless there is no throughput left. A page that `may_be_small` begins on the loop and goes
 * to the pool when it proves to be large, so that it never delays a point read; any other goes there at once. */
void item_page_run(struct item_page *item_page, bool may_be_small);
