/* NextToken: where a SELECT goes on. Opaque to clients: base64 of {"p":partition,"k":{key}}. */
#pragma once

#include "api/call.h"

/* "NextToken": a token for going on behind `last` in that partition of the plan. */
void partiql_token_append(struct buffer *out, uint32_t partition, const struct item *last);

/* False if the text is no token. Loop thread. */
bool partiql_token_read(struct api_call *call, struct slice token, uint32_t *ret_partition, struct item *ret_last);
