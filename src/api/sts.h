/* AWS's Security Token Service, as much of it as makes temporary credentials for this server: AssumeRole,
 * GetSessionToken, GetCallerIdentity. https://docs.aws.amazon.com/STS/latest/APIReference/ */
#pragma once

#include "api/api.h"

/* What runs an action, or NULL. Each answers at once; the caller is known. Loop thread. */
void (*sts_find(struct slice action))(struct api_call *call);
