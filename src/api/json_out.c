#include "api/json_out.h"

#include <inttypes.h>
#include <stdio.h>

void json_integer(struct buffer *out, int64_t number)
{
    char text[24], *end = text + sizeof text, *at = end;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        *--at = '-';
    }
    json_element(out);
    buffer_append(out, at, (size_t)(end - at));
}

void json_boolean(struct buffer *out, bool flag)
{
    json_element(out);
    if (flag) {
        BUFFER_APPEND_LITERAL(out, "true");
    } else {
        BUFFER_APPEND_LITERAL(out, "false");
    }
}

/* Capacity units are multiples of a half far below 2^53, so one digit behind the point is exact. */
void json_double(struct buffer *out, double number)
{
    char text[48];
    int len = snprintf(text, sizeof(text), "%.1f", number);
    json_element(out);
    buffer_append(out, text, (size_t)len);
}

void json_time(struct buffer *out, uint64_t time_us)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%" PRIu64 ".%03u", time_us / 1000000, (unsigned)(time_us % 1000000 / 1000));
    json_element(out);
    buffer_append(out, text, (size_t)len);
}
