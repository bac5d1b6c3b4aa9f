/* The wording of what is wrong with an expression. */
#pragma once

#include "expr/expr.h"

/* The text of a ValidationException, in the arena or static. `kind` is the parameter the expression came in; it does
 * not matter for errors of placeholders, of key conditions and of applying an update. */
struct slice expr_error_text(struct arena *arena, enum expr_kind kind, const struct expr_error *error);
