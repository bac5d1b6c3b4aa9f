#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
    char inner[ERR_TEXT_BYTES];
    memcpy(inner, err->text, sizeof inner);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    if (len >= 0 && (size_t)len + 3 < sizeof err->text) {
        size_t room = sizeof err->text - (size_t)len - 3; /* what fits behind ": ", with the NUL */
        snprintf(err->text + len, room + 3, ": %.*s", (int)room, inner);
    }
    return -1;
}
