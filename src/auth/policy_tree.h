/* A policy as a tree. Private to auth/policy*.c. Everything lives in the policy's arena. */
#pragma once

#include "auth/policy.h"

struct text_list {
    struct slice *items;
    uint32_t count;
};

enum policy_operator {
    OPERATOR_STRING_EQUALS,
    OPERATOR_STRING_EQUALS_IGNORE_CASE,
    OPERATOR_STRING_LIKE,
    OPERATOR_NUMERIC_EQUALS,
    OPERATOR_NUMERIC_LESS_THAN,
    OPERATOR_NUMERIC_LESS_THAN_EQUALS,
    OPERATOR_NUMERIC_GREATER_THAN,
    OPERATOR_NUMERIC_GREATER_THAN_EQUALS,
    OPERATOR_DATE_EQUALS,
    OPERATOR_DATE_LESS_THAN,
    OPERATOR_DATE_LESS_THAN_EQUALS,
    OPERATOR_DATE_GREATER_THAN,
    OPERATOR_DATE_GREATER_THAN_EQUALS,
    OPERATOR_BOOL,
    OPERATOR_BINARY_EQUALS,
    OPERATOR_IP_ADDRESS,
    OPERATOR_ARN_LIKE, /* ArnEquals is the same */
    OPERATOR_NULL,
};

enum policy_quantifier { QUANTIFIER_NONE, QUANTIFIER_ALL, QUANTIFIER_ANY };

struct policy_condition {
    enum policy_operator comparison;
    bool negated;   /* …NotEquals, …NotLike, NotIpAddress */
    bool if_exists; /* …IfExists */
    enum policy_quantifier quantifier;
    struct slice key; /* in lower case */
    struct text_list values;
};

struct policy_principal {
    bool everybody;            /* "*" */
    struct text_list accounts; /* twelve digits */
    struct text_list arns;     /* of users */
};

struct policy_statement {
    bool denies;
    bool has_principal, not_principal;
    struct policy_principal principal;
    bool not_action, not_resource;
    struct text_list actions;
    struct text_list resources;
    struct policy_condition *conditions;
    uint32_t condition_count;
};

struct policy {
    uint64_t serial; /* no two policies of this process have the same; not 0 */
    struct arena arena;
    bool has_variables; /* version 2012-10-17 */
    struct policy_statement *statements;
    uint32_t statement_count;
};

/* --- policy_match.c --- */

/* What a pattern is compared with, and where its variables come from. */
struct policy_match {
    const struct policy *policy;
    const struct policy_request *request;
    struct arena *arena;
};

/* Actions: * and ?, whatever the case. No variables. */
bool policy_action_matches(struct slice pattern, struct slice action);

/* Six parts between colons; * and ? stay within a part, but for a star at the end of an ARN that is cut short. */
bool policy_arn_matches(const struct policy_match *match, struct slice pattern, struct slice arn);

/* One value of the request against one value of the policy. Both that cannot be read as what is compared
 * never match. OPERATOR_NULL is not asked here. */
bool policy_value_matches(const struct policy_match *match, enum policy_operator comparison, struct slice wanted,
                          struct slice value);
