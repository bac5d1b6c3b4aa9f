#include "api/legacy.h"

bool legacy_refuse(struct api_call *call, const char *parameter, bool in_use, const char *expression)
{
    if (in_use) {
        call_fail(call, ERROR_VALIDATION, "The legacy parameter %s is not supported yet: use %s", parameter,
                  expression);
    }
    return !in_use;
}

bool legacy_check_operator(struct api_call *call, bool has_operator, bool has_conditions)
{
    if (has_operator && !has_conditions) {
        call_fail(call, ERROR_VALIDATION, "ConditionalOperator cannot be used without Filter or Expected");
        return false;
    }
    return true;
}
