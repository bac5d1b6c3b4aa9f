/* What ExecuteStatement, BatchExecuteStatement and transactions of statements have in common: a statement with its
 * parameters, compiled and fitted to its table.
 *
 * The functions take an arena and give back a failure instead of failing a call: a batch reports the errors of its
 * statements one by one. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "api/throttle.h"
#include "partiql/partiql.h"

struct statement_parameters {
    SHAPE_LIST_OF(struct opt_value);
};

#define STATEMENT_BYTES_MAX 8192
#define MEMBER_STATEMENT(type)                                                                                         \
    {                                                                                                                  \
        SHAPE_MEMBER(type, statement, "Statement", "statement", SHAPE_STRING),                                         \
            .required = true, .limit = LIMIT_RANGE(1, STATEMENT_BYTES_MAX)                                             \
    }
#define MEMBER_PARAMETERS(type)                                                                                        \
    {                                                                                                                  \
        SHAPE_MEMBER(type, parameters, "Parameters", "parameters", SHAPE_LIST), .limit = LIMIT_MIN(1),                 \
                                                                                .element = &element_value              \
    }

struct partiql_failure {
    enum error_type type;
    struct slice message;
    int code;      /* enum partiql_error_code, if the statement itself is refused; PARTIQL_OK: a parameter */
    bool has_item; /* the item that failed a condition */
    struct item item;
    const struct table_spec *throttled; /* the table, if there was no throughput left: `throttle` says why */
    struct throttle throttle;
};

/* In words; what is left of the call is untouched. Each returns false with a failure. */
bool partiql_prepare(struct arena *arena, struct slice text, const struct statement_parameters *parameters,
                     struct partiql_statement **ret_statement, struct partiql_failure *ret_failure);

/* EXISTS stands in transactions alone. */
bool partiql_refuse_exists(struct arena *arena, const struct partiql_statement *statement,
                           struct partiql_failure *ret_failure);

/* The statement's table; the call holds the reference. Loop thread. */
bool partiql_find_table(struct api_call *call, const struct partiql_statement *statement, struct table **ret_table,
                        struct partiql_failure *ret_failure);

/* Fills in the write of an INSERT, UPDATE, DELETE or EXISTS: kind, key, item, update, condition and what to return. All
 * of it lies in `arena`; write->arena is the caller's to set. */
bool partiql_prepare_write(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                           struct table *table, bool item_on_failure, struct write *write,
                           struct partiql_failure *ret_failure);

/* Why a write that was handed over has failed; false if it has not. */
bool partiql_write_failed(struct arena *arena, const struct partiql_statement *statement, const struct write *write,
                          bool item_on_failure, struct partiql_failure *ret_failure);

/* There is no throughput left for it. */
struct partiql_failure partiql_throttled(const struct table_spec *table, const struct throttle *throttle);

/* The attributes that RETURNING asks for; false if there are none. */
bool partiql_returned(struct arena *arena, const struct partiql_statement *statement, const struct write *write,
                      struct item *ret_shown);

/* The key of the one item that a SELECT reads. */
bool partiql_prepare_get(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                         const struct table *table, struct row_key *ret_key, struct partiql_failure *ret_failure);

/* How a SELECT of any kind is run on a table or index. */
bool partiql_prepare_select(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                            const struct table_spec *table, const struct index_spec *index,
                            struct partiql_plan *ret_plan, struct partiql_failure *ret_failure);

/* Fails the call with it. */
void partiql_fail_call(struct api_call *call, const struct partiql_failure *failure);

/* The key schema as partiql/ knows it. */
struct partiql_keys partiql_keys_of(const struct key_schema *schema);
