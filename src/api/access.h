/* A part of a request as policies see it: one action on one resource, and the condition keys. Private to authorize.c
 * and access_*.c.
 *
 * Parts are read from the request's JSON, not from the operations' own structs: so one file can say for all operations
 * which permissions they need. Sources: Service Authorization Reference, "Amazon DynamoDB"; Developer Guide, "Using IAM
 * policy conditions for fine-grained access control". */
#pragma once

#include "api/call.h"
#include "partiql/partiql.h"

/* Where the partition keys of a part stand. */
enum access_keys {
    ACCESS_NO_KEYS,
    ACCESS_KEY,       /* body.Key */
    ACCESS_ITEM,      /* body.Item */
    ACCESS_KEY_LIST,  /* body.Keys */
    ACCESS_WRITES,    /* body is a list of PutRequest and DeleteRequest */
    ACCESS_CONDITION, /* body.KeyConditionExpression or body.KeyConditions */
    ACCESS_STATEMENT, /* statement */
};

struct access {
    struct api_call *call;
    const char *action;           /* "dynamodb:PutItem" */
    struct slice resource;        /* "*" or an ARN */
    struct slice table, index;    /* names; empty: none */
    const struct json_node *body; /* with the members of this part */
    enum access_keys keys;
    bool reads, writes;    /* items: Select, or ReturnValues, is a condition key */
    const char *enclosing; /* the transaction that this is a part of, or NULL */
    const struct partiql_statement *statement;

    /* A policy asked for what cannot be told: the request is refused, whatever the policies say. */
    bool unclear;
};

/* policy_request.values; the request's context is the access. */
struct policy_values access_values(const struct policy_request *request, struct slice key, struct arena *arena);

/* aws:… about the caller and the request; of the access only its call is needed. */
struct policy_values access_global_value(struct access *access, struct slice key, struct arena *arena);

/* As aws:userid and GetCallerIdentity have it. */
struct slice access_user_id(const struct guard_caller *caller, const char *account, struct arena *arena);

/* 2026-01-31T12:34:56Z */
struct slice access_time_text(struct arena *arena, int64_t time_s);

/* dynamodb:LeadingKeys and dynamodb:Attributes. */
struct policy_values access_leading_keys(struct access *access, struct arena *arena);
struct policy_values access_attributes(struct access *access, struct arena *arena);

/* The part's table, held by the call; NULL if there is none. */
struct table *access_table(struct access *access);

/* A member of an object of the request, or NULL; null counts as absent. */
const struct json_node *access_member(const struct access *access, const struct json_node *object, const char *name);

/* Placeholders of the part's expressions. False: they cannot be read. */
struct expr_symbols;
bool access_symbols(const struct access *access, struct arena *arena, struct expr_symbols *ret_symbols);
