/* The wording of what is wrong with a PartiQL statement. */
#pragma once

#include "partiql/partiql.h"

/* The text of a ValidationException, in the arena or static. */
struct slice partiql_error_text(struct arena *arena, struct slice statement, const struct partiql_error *error);
