/* CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable, tags, time to live. */
#pragma once

#include "api/call.h"
#include "api/table_check.h"
#include "api/table_requests.h"

void create_table_run(struct api_call *call);
void describe_table_run(struct api_call *call);
void list_tables_run(struct api_call *call);
void update_table_run(struct api_call *call);
void delete_table_run(struct api_call *call);
void tag_resource_run(struct api_call *call);
void untag_resource_run(struct api_call *call);
void list_tags_of_resource_run(struct api_call *call);
void update_time_to_live_run(struct api_call *call);
void describe_time_to_live_run(struct api_call *call);

/* A change of the catalog on behalf of a call. Lives in the call's arena. */
struct table_call {
    struct table_change change; /* first */
    struct api_call *call;
    struct table_check check;
    struct slice key; /* KMSMasterKeyId of the request */
    void (*done)(struct table_call *table_call);
};

/* A change of the given kind that comes back to `done`, on the loop. */
void table_call_init(struct table_call *table_call, struct api_call *call, enum table_change_kind kind,
                     struct slice name, void (*done)(struct table_call *table_call));

/* Answers what every change can end in, other than well; true if it has. */
bool table_call_failed(struct table_call *table_call);

/* The table of the change, held by the call. */
struct table *table_call_table(struct table_call *table_call);

/* "Requested resource not found: Table: x not found" */
void table_call_not_found(struct api_call *call, struct slice name);
