/* The TableDescription of DescribeTable, CreateTable, UpdateTable and DeleteTable. */
#pragma once

#include "api/call.h"
#include "engine/table.h"

/* How a description differs from what DescribeTable says of a table at rest. */
struct describe_options {
    const char *status;            /* of the table; NULL: UPDATING while an index is being deleted, else ACTIVE */
    const char *index_status;      /* of the active global indexes in `index_mask` */
    uint32_t index_mask;           /* by position in spec.indexes; one being created is not backfilling yet */
    const char *warm_status;       /* NULL: "ACTIVE" */
    const char *encryption_status; /* NULL: "ENABLED" */
    bool hide_warm;                /* answers that come before it is known */
    bool hide_index_warm;
    bool hide_on_demand_since;
};

/* {"AttributeDefinitions":…}; `spec` may be other than the table's own, which gives the counts. */
void describe_table(struct api_call *call, struct buffer *out, const struct table *table, const struct table_spec *spec,
                    const struct describe_options *options);

/* What is left to say of a deleted table. */
void describe_deleted_table(struct api_call *call, struct buffer *out, const struct table *table);

/* The ARN of a key for tables, by its id or as a client calls it. In the call's arena. */
struct slice describe_key_arn(struct api_call *call, struct slice key);
