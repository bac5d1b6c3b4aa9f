/* What a caller may do: policies, asked for each part of a decoded request. */
#pragma once

#include "api/call.h"

/* True if every part of the request is allowed; otherwise the call has been failed with AccessDeniedException. A server
 * without a guard, and the root user, may do everything. The request is decoded and within its constraints; nothing of
 * it has been run. Loop thread. */
bool call_authorize(struct api_call *call);

/* The same for one statement of a batch, without failing the call: false with the words for it. */
struct partiql_statement;
bool authorize_statement(struct api_call *call, const struct partiql_statement *statement, struct slice *ret_denial);

/* True if the policy, put to the table of this ARN, would deny the caller to put another one. */
struct policy;
bool authorize_locks_out(struct api_call *call, const struct policy *policy, struct slice table_arn);

/* Frees what a loop has parsed. */
void authorize_finish(struct api_loop *loop);

/* True if there is a rule for the operation: one without a rule is denied. For tests. */
bool authorize_knows(const char *operation);
