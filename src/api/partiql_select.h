/* SELECT on its own: queries or a scan over a table or index, a page at a time. */
#pragma once

#include "api/partiql_prepare.h"

struct partiql_select_options {
    struct slice text;
    bool consistent;
    uint32_t limit;                 /* 0: none */
    const struct opt_string *token; /* NextToken */
    enum return_capacity return_capacity;
};

/* Runs the statement and answers the call. */
void partiql_select_run(struct api_call *call, const struct partiql_statement *statement, struct table *table,
                        const struct partiql_select_options *options);
