/* Who calls: the signature of a request, and the errors for those that are not signed well. */
#pragma once

#include "api/api.h"

/* For api.authenticate of a server with `--auth sigv4` (api.guard is set): true and call->caller, or the call has been
 * failed with DynamoDB's error. Loop thread. */
bool call_authenticate(struct api_call *call);
