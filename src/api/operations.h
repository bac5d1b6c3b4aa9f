/* The one table of operations: dispatch, decoding, permissions and the list of what is supported come from it. */
#pragma once

#include "api/api.h"
#include "api/shape.h"

/* The part of the X-Amz-Target header before the dot. */
#define TARGET_DYNAMODB "DynamoDB_20120810"
#define TARGET_STREAMS  "DynamoDBStreams_20120810"

struct operation {
    const char *name;          /* "GetItem" */
    struct slice target;       /* the whole X-Amz-Target header: "DynamoDB_20120810.GetItem" */
    const char *permission;    /* "dynamodb:GetItem" */
    bool is_write;             /* changes data or tables */
    const struct shape *shape; /* of the request; shape->size is the request struct's */
    /* call->request is decoded and within its constraints. Answers through call_succeed or call_fail, now or later.
     * Loop thread. */
    void (*run)(struct api_call *call);
};

extern const struct operation operations[];
extern const unsigned operation_count;

/* By the whole X-Amz-Target header, or NULL. */
const struct operation *operation_find(struct slice target);
