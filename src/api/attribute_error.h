/* What clients read about attribute values that are wrong in themselves, whatever table they are meant for. */
#pragma once

#include "api/call.h"

/* The text of a flaw; memory of the arena or static. */
struct slice attribute_flaw_text(struct arena *arena, const struct value_flaw *flaw);

/* True if there is no flaw; else fails the call with its text. */
bool attribute_check(struct api_call *call, const struct value_flaw *flaw);
