#include "api/attribute_error.h"

#include <assert.h>

#define INVALID "One or more parameter values were invalid: "

static struct slice empty_set_text(enum value_type type)
{
    switch (type) {
    case VALUE_SS:
        return SLICE(INVALID "An string set  may not be empty");
    case VALUE_NS:
        return SLICE(INVALID "An number set  may not be empty");
    default:
        return SLICE(INVALID "Binary sets should not be empty");
    }
}

static struct slice duplicate_text(struct arena *arena, const struct value_flaw *flaw)
{
    switch (flaw->type) {
    case VALUE_SS:
        return arena_printf(arena, INVALID "Input collection %.*s contains duplicates.", SLICE_ARG(flaw->text));
    case VALUE_NS:
        return SLICE("Input collection contains duplicates");
    default:
        return arena_printf(arena, INVALID "Input collection %.*sof type BS contains duplicates.",
                            SLICE_ARG(flaw->text));
    }
}

struct slice attribute_flaw_text(struct arena *arena, const struct value_flaw *flaw)
{
    switch (flaw->kind) {
    case FLAW_NONE:
        break;
    case FLAW_EMPTY:
        return SLICE("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
    case FLAW_NULL:
        return arena_printf(arena, "The supplied Item contains a null AttributeValue%s%.*s%s",
                            flaw->text.data == NULL ? "" : ": ", SLICE_ARG(flaw->text),
                            flaw->text.data == NULL ? "" : " is null");
    case FLAW_SEVERAL_TYPES:
        return SLICE("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
                     "supported datatypes");
    case FLAW_NULL_FALSE:
        return SLICE(INVALID "Null attribute value types must have the value of true");
    case FLAW_EMPTY_SET:
        return empty_set_text(flaw->type);
    case FLAW_DUPLICATE_IN_SET:
        return duplicate_text(arena, flaw);
    case FLAW_NULL_IN_SET:
        return flaw->type == VALUE_SS ? SLICE(INVALID "An string set may not have a null string as a member")
                                      : SLICE("The supplied Item contains a null AttributeValue");
    case FLAW_EMPTY_NUMBER:
        return SLICE("The parameter cannot be converted to a numeric value");
    case FLAW_NUMBER_MALFORMED:
        return arena_printf(arena, "The parameter cannot be converted to a numeric value: %.*s", SLICE_ARG(flaw->text));
    case FLAW_NUMBER_OVERFLOW:
        return SLICE("Number overflow. Attempting to store a number with magnitude larger than supported range");
    case FLAW_NUMBER_UNDERFLOW:
        return SLICE("Number underflow. Attempting to store a number with magnitude smaller than supported range");
    case FLAW_NUMBER_IMPRECISE:
        return SLICE("Attempting to store more than 38 significant digits in a Number");
    case FLAW_TOO_DEEP:
        return SLICE("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
                     "supported limit");
    case FLAW_EMPTY_NAME:
        return SLICE("Empty attribute name");
    case FLAW_NAME_TOO_LONG:
        return SLICE("Attribute name is too large, must be less than 65536 bytes");
    }
    assert(!"an attribute value without a flaw has no text");
    return SLICE("");
}

bool attribute_check(struct api_call *call, const struct value_flaw *flaw)
{
    if (flaw->kind == FLAW_NONE) {
        return true;
    }
    struct slice text = attribute_flaw_text(&call->arena, flaw);
    call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(text));
    return false;
}
