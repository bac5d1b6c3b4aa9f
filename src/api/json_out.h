/* JSON on its way out, appended to a buffer. Commas place themselves: a value, name or opening bracket that does not
 * follow '{', '[' or ':' gets one in front (a string ends in a quote, so the last byte tells).
 *
 * Names are ASCII literals that need no escapes. */
#pragma once

#include "value/json.h"

/* The comma in front of something that is appended by other means: json_element(out); value_append_json(out, v). */
static inline void json_element(struct buffer *out)
{
    if (out->len != 0) {
        char last = out->data[out->len - 1];
        if (last != '{' && last != '[' && last != ':') {
            buffer_append_byte(out, ',');
        }
    }
}

static inline void json_object_begin(struct buffer *out)
{
    json_element(out);
    buffer_append_byte(out, '{');
}

static inline void json_object_end(struct buffer *out)
{
    buffer_append_byte(out, '}');
}

static inline void json_array_begin(struct buffer *out)
{
    json_element(out);
    buffer_append_byte(out, '[');
}

static inline void json_array_end(struct buffer *out)
{
    buffer_append_byte(out, ']');
}

static inline void json_string(struct buffer *out, struct slice text)
{
    json_element(out);
    json_append_string(out, text);
}

void json_integer(struct buffer *out, int64_t number);
void json_boolean(struct buffer *out, bool flag);
/* 0.5 as 0.5, 3 as 3.0: capacity units. */
void json_double(struct buffer *out, double number);
/* Microseconds as seconds with a fraction of milliseconds, as DynamoDB prints times. */
void json_time(struct buffer *out, uint64_t time_us);

/* "name": and whatever is appended next. */
static inline void json_name(struct buffer *out, const char *name)
{
    json_element(out);
    buffer_append_byte(out, '"');
    buffer_append(out, name, strlen(name));
    buffer_append(out, "\":", 2);
}

/* A name that comes from a client. */
static inline void json_name_slice(struct buffer *out, struct slice name)
{
    json_string(out, name);
    buffer_append_byte(out, ':');
}

static inline void json_member_object_begin(struct buffer *out, const char *name)
{
    json_name(out, name);
    buffer_append_byte(out, '{');
}

static inline void json_member_array_begin(struct buffer *out, const char *name)
{
    json_name(out, name);
    buffer_append_byte(out, '[');
}

static inline void json_member_string(struct buffer *out, const char *name, struct slice text)
{
    json_name(out, name);
    json_append_string(out, text);
}

static inline void json_member_text(struct buffer *out, const char *name, const char *text)
{
    json_member_string(out, name, slice_from_string(text));
}

static inline void json_member_integer(struct buffer *out, const char *name, int64_t number)
{
    json_name(out, name);
    json_integer(out, number);
}

static inline void json_member_double(struct buffer *out, const char *name, double number)
{
    json_name(out, name);
    json_double(out, number);
}

static inline void json_member_boolean(struct buffer *out, const char *name, bool flag)
{
    json_name(out, name);
    json_boolean(out, flag);
}

static inline void json_member_time(struct buffer *out, const char *name, uint64_t time_us)
{
    json_name(out, name);
    json_time(out, time_us);
}
