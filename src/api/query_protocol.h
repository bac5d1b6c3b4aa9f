/* The query protocol, which AWS's Security Token Service speaks: the request is a form ("Action=AssumeRole&Version=…"),
 * the answer XML. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 *
 * Calls of it have call->is_query set and no operation of operations.c. */
#pragma once

#include "api/error.h"
#include "api/shape.h"

#define QUERY_BODY_BYTES_MAX (64u * 1024)
#define QUERY_PARAMETERS_MAX 256

/* Runs a call: signature, form, action. Answers at once. Loop thread. */
void query_call_start(struct api_call *call);

/* Decodes the form into the struct of a shape with strings and integers alone; what the shape does not have is ignored,
 * and of a name that is repeated the first counts. False: the call has been failed, also for constraints. */
bool query_decode(struct api_call *call, const struct shape *shape, void *ret_request);

/* Answers 200: <ACTIONResponse>, <ACTIONResult>, what `body` has, and the request's id. */
void query_succeed(struct api_call *call, const char *action, const struct buffer *body);

/* The error as XML; called by call_fail. */
void query_fail(struct api_call *call, enum error_type type, struct slice message);

/* <name>text</name>, escaped. What is not printable ASCII is shown as a question mark. */
void query_element(struct buffer *out, const char *name, struct slice text);

/* A parameter has a value whose name is `name` or begins with `name` and a dot ("Tags.member.1.Key"). */
bool query_has(struct api_call *call, const char *name);
