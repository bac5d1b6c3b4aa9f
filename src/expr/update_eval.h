/* Between the two halves of applying an update: what each action comes to, and the new item built from that. Private
 * to expr/. */
#pragma once

#include "expr/path_tree.h"

enum outcome_kind {
    OUTCOME_KEEP,   /* nothing changes */
    OUTCOME_SET,    /* the path gets `value` */
    OUTCOME_REMOVE, /* the path is gone */
};

struct outcome {
    enum outcome_kind kind;
    struct value value;
};

/* The outcomes by action, all computed from `base`, the item before the update (VALUE_M). `exists` is false if there
 * was none and `base` is the key alone. */
int update_evaluate(const struct update *update, const struct value *base, bool exists, struct arena *arena,
                    struct outcome *ret_outcomes, struct expr_error *ret_error);
