/* What the files of operations use of a call: its request, tables, the worker pool, and the answer.
 *
 * An operation's run function is called once on the loop's thread and must lead to exactly one call_succeed or
 * call_fail, on that thread. State that outlives run lives in call->arena. */
#pragma once

#include "api/api.h"
#include "api/error.h"
#include "api/json_out.h"
#include "api/operations.h"

/* The decoded request; `type` is the struct of the operation's shape. */
#define CALL_REQUEST(call, type) ((const type *)(call)->request)

/* The table by name or ARN; the call holds the reference until it is reset. NULL if there is none: the call has then
 * been failed with ResourceNotFoundException, or with what is wrong with the ARN. Loop thread. */
struct table *call_table(struct api_call *call, struct slice name_or_arn);

/* False: the key of the encrypted table cannot be used, and its rows can neither be read nor written. Then call_table
 * fails with AccessDeniedException and this message, as users quote it: https://github.com/aws/aws-cdk/issues/18616 */
static inline bool call_table_is_accessible(const struct table *table)
{
    return atomic_load_explicit(&table->state->inaccessible_us, memory_order_relaxed) == 0;
}
#define CALL_KEY_REFUSED                                                                                               \
    "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: The ciphertext refers to a "       \
    "customer master key that does not exist, does not exist in this region, or you are not allowed to access. "       \
    "(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: null; Proxy: null)"

/* The same by name alone and without failing: NULL if there is no such table. */
struct table *call_table_find(struct api_call *call, struct slice name);

/* Keeps a reference until the call is reset. */
void call_hold_table(struct api_call *call, struct table *table);

/* The name inside an ARN of this server's region and account, or the text itself if it is no ARN. False: the ARN
 * belongs to another region or account, or is malformed; the call has been failed. */
bool call_table_name(struct api_call *call, struct slice name_or_arn, struct slice *ret_name);

/* arn:aws:dynamodb:REGION:ACCOUNT:table/NAME, in the call's arena. */
struct slice call_table_arn(struct api_call *call, struct slice name);

/* Runs `work` on a thread of the pool, then `then` on the call's loop. `work` may use the arena and call->out but must
 * not answer; `then` may go to the pool again. One at a time for a call. */
void call_run_on_pool(struct api_call *call, void (*work)(struct api_call *call), void (*then)(struct api_call *call));

/* Before work on the pool that makes a large answer. False: too much is held for others; fail the call with
 * item_fail_store, which says so. */
bool call_may_grow(struct api_call *call) MUST_USE;

/* The call's port, for cluster_submit_write and cluster_change_table. */
static inline struct cluster_port *call_port(struct api_call *call)
{
    return call->loop->port;
}
