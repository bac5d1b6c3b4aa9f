/* AWS's Security Token Service, as much of it as makes temporary credentials for this server: AssumeRole,
 * GetSessionToken, GetCallerIdentity. https://docs.aws.amazon.com/STS/latest/APIReference/ */
#pragma once

#include "api/api.h"

struct sts_action {
    const char *name;
    bool gives_credentials;
    void (*run)(struct api_call *call); /* answers at once; the caller is known. Loop thread */
};

extern const struct sts_action sts_actions[];
extern const unsigned sts_action_count;

/* NULL: there is none of this name. */
const struct sts_action *sts_find(struct slice name);
