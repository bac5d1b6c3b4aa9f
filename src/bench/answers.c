#include "bench/answers.h"

#include <stdio.h>
#include <stdlib.h>

/* What stands behind `"name":`; empty if there is no such member. */
static struct slice value_of(struct slice body, struct slice name)
{
    const char *end = body.data + body.len;
    for (const char *at = body.data; at != NULL && at < end;) {
        at = memmem(at, (size_t)(end - at), name.data, name.len);
        if (at == NULL) {
            break;
        }
        const char *behind = at + name.len;
        bool quoted = at > body.data && at[-1] == '"' && behind < end && *behind == '"';
        at = behind;
        if (!quoted) {
            continue;
        }
        for (behind++; behind < end && strchr(" \t\r\n", *behind) != NULL; behind++) {
        }
        if (behind == end || *behind != ':') {
            continue;
        }
        for (behind++; behind < end && strchr(" \t\r\n", *behind) != NULL; behind++) {
        }
        return slice_of(behind, (size_t)(end - behind));
    }
    return slice_of(NULL, 0);
}

struct slice answer_text(struct slice body, struct slice name)
{
    struct slice value = value_of(body, name);
    if (value.len == 0 || value.data[0] != '"') {
        return slice_of(NULL, 0);
    }
    size_t len = 1;
    while (len < value.len && value.data[len] != '"') {
        len += value.data[len] == '\\' ? 2 : 1;
    }
    return len < value.len ? slice_of(value.data + 1, len - 1) : slice_of(NULL, 0);
}

struct slice answer_error_type(struct slice body)
{
    struct slice type = answer_text(body, SLICE("__type"));
    const char *hash = type.len != 0 ? memrchr(type.data, '#', type.len) : NULL;
    return hash == NULL ? type : slice_of(hash + 1, type.len - (size_t)(hash + 1 - type.data));
}

struct slice answer_error_message(struct slice body)
{
    struct slice message = answer_text(body, SLICE("message"));
    return message.len != 0 ? message : answer_text(body, SLICE("Message"));
}

uint64_t answer_count(struct slice body)
{
    struct slice value = value_of(body, SLICE("Count"));
    uint64_t count = 0;
    for (size_t i = 0; i < value.len && value.data[i] >= '0' && value.data[i] <= '9'; i++) {
        count = count * 10 + (uint64_t)(value.data[i] - '0');
    }
    return count;
}

struct slice answer_object(struct slice body, struct slice name)
{
    struct slice value = value_of(body, name);
    size_t depth = 0;
    for (size_t i = 0; i < value.len && value.data[0] == '{'; i++) {
        depth += value.data[i] == '{';
        depth -= value.data[i] == '}';
        if (depth == 0) {
            return slice_of(value.data, i + 1);
        }
    }
    return slice_of(NULL, 0);
}
