/* Policies in AWS's own language: text to tree, and a tree against what somebody wants to do.
 *
 * Source: IAM User Guide, "IAM JSON policy reference"; Developer Guide, "Using IAM policy conditions for fine-grained
 * access control". A tree is immutable and may be read by any number of threads. Evaluating is pure: it asks for the
 * values of condition keys only when a statement needs them.
 *
 * Where AWS leaves open what an operator means for a key with several values and no ForAllValues or ForAnyValue, the
 * safe reading is taken: to allow, all values must fulfil the condition; to deny, one is enough. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"

#define POLICY_BYTES_MAX  (20 * 1024)
#define POLICY_VALUES_MAX 100 /* of one key in a request that are more than one: 100 keys of a batch */

struct policy;

/* A policy of a user or role says what he may do; one of a table also says who. The trust policy of a role says who may
 * take it: it has no Resource, for that is the role. */
enum policy_kind { POLICY_OF_IDENTITY, POLICY_OF_RESOURCE, POLICY_OF_TRUST };

/* -1 with what is wrong. The caller owns the tree. */
int policy_parse(struct slice text, enum policy_kind kind, struct policy **ret_policy, struct err *err) MUST_USE;

/* What is wrong with a text, as far as AWS has words for it. */
enum policy_flaw {
    POLICY_FLAW_NONE,
    POLICY_FLAW_SIZE,
    POLICY_FLAW_JSON,
    POLICY_FLAW_NO_STATEMENTS,
    POLICY_FLAW_NO_RESOURCE,
    POLICY_FLAW_SID_TWICE,
    POLICY_FLAW_PRINCIPAL,
    POLICY_FLAW_OTHER,
};

/* The same, for those who word the error themselves. */
enum policy_flaw policy_check(struct slice text, enum policy_kind kind, struct policy **ret_policy);

/* The one form in which DynamoDB shows a policy that was put: without blanks, members in order, a list of statements,
 * lists of one value as the value, accounts as their root user's ARN. `text` has been parsed well. */
void policy_append_canonical(struct buffer *out, struct slice text);

/* True if a statement allows everybody something, under no condition. */
bool policy_is_unbounded(const struct policy *policy);

void policy_destroy(struct policy *policy); /* NULL is allowed */

/* The values of a condition key: none is not the same as absent. */
struct policy_values {
    bool present;
    const struct slice *items;
    uint32_t count;
};

/* One action on one resource. */
struct policy_request {
    struct slice action;        /* "dynamodb:GetItem" */
    struct slice resource;      /* an ARN, or "*" */
    struct slice principal_arn; /* arn:aws:iam::123456789012:user/alice */
    struct slice role_arn;      /* of a session, whose own ARN is the one above; or empty */
    struct slice account;       /* twelve digits */
    /* An account as Principal means the caller: he is its root user, or its own policies let him. */
    bool is_account;
    /* `key` in lower case: "dynamodb:leadingkeys". What it returns lives in the arena given to policy_evaluate, or
     * longer. */
    struct policy_values (*values)(const struct policy_request *request, struct slice key, struct arena *arena);
    void *context;
};

enum policy_decision { POLICY_SILENT, POLICY_ALLOWS, POLICY_DENIES };

enum policy_decision policy_evaluate(const struct policy *policy, const struct policy_request *request,
                                     struct arena *arena);
