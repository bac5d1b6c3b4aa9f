/* The legacy parameters as the trees that expressions compile to: Expected, QueryFilter and ScanFilter as conditions,
 * KeyConditions as key terms, AttributeUpdates as updates. (AttributesToGet: projection_of_names of expr/expr.h.)
 *
 * Names are those of top-level attributes: dots and brackets in them stand for themselves. What is built shares names
 * and values with the caller. Callers have checked what DynamoDB refuses: numbers of arguments and types of values.
 *
 * Source: Amazon DynamoDB Developer Guide, "Legacy conditional parameters". */
#pragma once

#include "expr/expr.h"

enum legacy_comparison {
    LEGACY_EQ,
    LEGACY_NE,
    LEGACY_IN,
    LEGACY_LE,
    LEGACY_LT,
    LEGACY_GE,
    LEGACY_GT,
    LEGACY_BETWEEN,
    LEGACY_NOT_NULL, /* the attribute exists */
    LEGACY_NULL,     /* it does not */
    LEGACY_CONTAINS,
    LEGACY_NOT_CONTAINS, /* false for an attribute that does not exist, unlike NOT contains(...) */
    LEGACY_BEGINS_WITH,
};

/* What is asked of one attribute. */
struct legacy_test {
    struct slice name;
    enum legacy_comparison comparison;
    const struct value *values; /* one; two for BETWEEN; any number for IN; none for NULL and NOT_NULL */
    uint32_t count;
};

/* All tests hold, or, with `any`, at least one. There is at least one test. The tree is as deep as the logarithm of
 * their number. */
struct condition *condition_of_tests(struct arena *arena, const struct legacy_test *tests, uint32_t count, bool any);

/* KEY_NOT_INDEXABLE for what no key order can answer; the term has then the first value, if there is one. */
void key_term_of_test(const struct legacy_test *test, struct key_term *ret_term);

enum legacy_action { LEGACY_ADD, LEGACY_PUT, LEGACY_DELETE };

/* What happens to one attribute. */
struct legacy_change {
    struct slice name;
    enum legacy_action action;
    const struct value *value; /* ADD: a number, set or list; DELETE: a set, or NULL for the whole attribute */
};

/* Names differ. There is at least one change. */
struct update *update_of_changes(struct arena *arena, const struct legacy_change *changes, uint32_t count);
