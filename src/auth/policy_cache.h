/* Decisions that were made before. One is kept when nothing was asked for it but what the request says by itself:
 * action, resource and principal. As soon as evaluating has asked for the value of a condition key, the next request is
 * evaluated anew. A policy never changes: a new one is another one, with a serial of its own, so nothing is ever kept
 * too long.
 *
 * One for each event loop; used on its thread only. */
#pragma once

#include "auth/policy.h"

struct policy_cache;

/* Memory for some hundred decisions, of which each has one place: the newest stays. */
struct policy_cache *policy_cache_create(void);
void policy_cache_destroy(struct policy_cache *cache); /* NULL is allowed */

/* What policy_evaluate says. `role_arn`, `account` and `is_account` must follow from the principal's ARN. */
enum policy_decision policy_cache_evaluate(struct policy_cache *cache, const struct policy *policy,
                                           const struct policy_request *request, struct arena *arena);
