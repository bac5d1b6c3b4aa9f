/* The legacy parameters beside AttributesToGet are decoded, so that the two styles are told apart as DynamoDB does, and
 * then refused: see docs/compatibility.md. */
#pragma once

#include "api/call.h"

/* True if the parameter is not in use; else fails the call and names the expression that does the same. */
bool legacy_refuse(struct api_call *call, const char *parameter, bool in_use, const char *expression);

/* ConditionalOperator joins the conditions of another legacy parameter; alone it is an error. */
bool legacy_check_operator(struct api_call *call, bool has_operator, bool has_conditions);
