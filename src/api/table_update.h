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

/* --- its parts ---------------------------------------------------------------------------------------------------- */

/* The one action of an entry. */
static inline const struct index_request *table_update_action(const struct index_update_request *entry)
{
    return entry->update != NULL ? entry->update : entry->create != NULL ? entry->create : entry->delete;
}

/* Whether the table takes the change while one of its indexes is being created or deleted. */
bool table_update_admit(struct table_check *check, const struct update_table_request *request,
                        const struct table_spec *spec);

/* A global index by name; NULL: refused. `verb`: what it is wanted for. */
struct index_spec *table_update_find_index(struct table_check *check, struct table_spec *spec, struct slice name,
                                           const char *verb);

/* After the table's billing mode was changed. They leave the index CREATING, or DELETING. */
bool table_update_create_index(struct table_check *check, const struct update_table_request *request,
                               const struct index_request *create, struct table_spec *spec, uint32_t *ret_position);
bool table_update_delete_index(struct table_check *check, const struct index_request *delete, struct table_spec *spec,
                               uint32_t *ret_position);
