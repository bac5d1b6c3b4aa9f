/* UpdateTable in two steps: what the request alone tells is checked on the loop, what depends on the table on the
 * catalog's writer thread, against its newest description. */
#pragma once

#include "api/table_operations.h"

struct update_call {
    struct table_call table_call; /* first */
    const struct update_table_request *request;
    struct table_spec before; /* valid after a change */
    uint32_t changed_indexes; /* by position in spec.indexes */
};

/* The loop's step. */
bool table_update_check(struct table_check *check, const struct update_table_request *request);

/* The writer's step: table_change.apply. */
bool table_update_apply(struct table_change *change, struct table_spec *spec, struct arena *arena);
