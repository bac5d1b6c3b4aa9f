/* The smaller parts of table requests. */
#include "api/table_check.h"

#include <stdarg.h>
#include <stdio.h>

bool table_refuse(struct table_check *check, enum error_type error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(check->arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    check->error = error;
    check->message = slice_of(text, (size_t)len);
    return false;
}

bool table_check_class(struct table_check *check, struct slice text, enum table_class *ret_class)
{
    if (slice_equal(text, SLICE("STANDARD"))) {
        *ret_class = CLASS_STANDARD;
        return true;
    }
    if (slice_equal(text, SLICE("STANDARD_INFREQUENT_ACCESS"))) {
        *ret_class = CLASS_STANDARD_INFREQUENT_ACCESS;
        return true;
    }
    return table_refuse(check, ERROR_VALIDATION,
                        "Invalid table-class parameter provided. Please try again with a valid table-class value: "
                        "[STANDARD, STANDARD_INFREQUENT_ACCESS].");
}

bool table_check_encryption(struct table_check *check, const struct encryption_request *request, bool *ret_encrypted,
                            struct slice *ret_key)
{
    bool disabled = request->enabled.present && !request->enabled.flag;
    bool is_kms = request->type.present && request->type.value == 1;
    if (disabled && (request->type.present || request->key.present)) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "%s can not be specified if Enabled is false",
                            request->type.present ? "SSEType" : "KMSMasterKeyId");
    }
    if (request->type.present && !is_kms) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "SSEType AES256 is not supported");
    }
    if (request->key.present && !is_kms) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
    }
    *ret_encrypted = is_kms || (request->enabled.present && request->enabled.flag);
    *ret_key = request->key.text;
    return true;
}
