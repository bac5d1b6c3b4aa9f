/* The legacy parameters of requests: what is wrong with them, and the trees that they compile to. An operation has
 * either these or expressions (expressions_check_style saw to that).
 *
 * Functions fail the call and return false when something is wrong. Attributes are looked at in the order of the
 * request, each wholly before the next. Source of wording and order: DynamoDB's own answers, November 2026. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "expr/expr.h"

/* Expected, and QueryFilter or ScanFilter, joined as ConditionalOperator says. *ret_condition is NULL if there are no
 * conditions. */
bool legacy_read_expected(struct api_call *call, const struct legacy_expectations *expected,
                          const struct opt_enum *conditional_operator, struct condition **ret_condition);
bool legacy_read_filter(struct api_call *call, const struct legacy_conditions *filter,
                        const struct opt_enum *conditional_operator, struct condition **ret_condition);

/* ConditionalOperator needs at least two conditions to join. */
bool legacy_check_operator(struct api_call *call, const struct opt_enum *conditional_operator,
                           uint32_t condition_count);

/* KeyConditions. Whether they fit the keys is for query_keys_resolve. */
bool legacy_read_key_conditions(struct api_call *call, const struct legacy_conditions *conditions,
                                struct key_term ret_terms[KEY_TERMS_MAX], uint32_t *ret_count);

/* AttributeUpdates; *ret_update is NULL if there are none. */
bool legacy_read_updates(struct api_call *call, const struct legacy_updates *updates, struct update **ret_update);

/* The name of an attribute: not empty, not too long. */
bool legacy_check_name(struct api_call *call, struct slice name);

/* The key is not among what is updated, and no set is taken from a local index's key. */
bool legacy_check_targets(struct api_call *call, const struct table_spec *table, const struct legacy_updates *updates);

/* Fails the call if this is how the write ended, in the words that AttributeUpdates have for it; false if they have
 * none of their own. */
bool legacy_update_failed(struct api_call *call, const struct write *write);
