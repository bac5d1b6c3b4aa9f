/* Requests as text, for tests of signatures: "METHOD PATH?QUERY", then a line "name: value" for each header. */
#pragma once

#include "auth/sigv4.h"

static inline struct slice signed_head_line(struct slice *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    struct slice line = slice_of(rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len);
    size_t used = line.len + (end != NULL ? 1 : 0);
    *rest = slice_of(rest->data + used, rest->len - used);
    return line;
}

/* `headers` is a struct slice of all header lines; `at` counts bytes. */
static inline bool signed_head_next(const void *headers, struct slice name, size_t *at, struct slice *ret_value)
{
    const struct slice *all = headers;
    struct slice rest = slice_of(all->data + *at, all->len - *at);
    while (rest.len > 0) {
        struct slice line = signed_head_line(&rest);
        *at = all->len - rest.len;
        if (line.len > name.len && line.data[name.len] == ':' && memcmp(line.data, name.data, name.len) == 0) {
            *ret_value = slice_of(line.data + name.len + 1, line.len - name.len - 1);
            while (ret_value->len > 0 && ret_value->data[0] == ' ') {
                *ret_value = slice_of(ret_value->data + 1, ret_value->len - 1);
            }
            return true;
        }
    }
    return false;
}

/* Borrows the text and `ret_headers`. */
static inline struct auth_head signed_head_read(struct slice text, struct slice *ret_headers)
{
    struct slice first = signed_head_line(&text);
    *ret_headers = text;
    const char *blank = first.len == 0 ? NULL : memchr(first.data, ' ', first.len);
    size_t method_len = blank != NULL ? (size_t)(blank - first.data) : first.len;
    struct slice path = slice_of(first.data + method_len, first.len - method_len);
    path = blank != NULL ? slice_of(path.data + 1, path.len - 1) : path;
    const char *mark = path.len == 0 ? NULL : memchr(path.data, '?', path.len);
    size_t path_len = mark != NULL ? (size_t)(mark - path.data) : path.len;
    return (struct auth_head){
        .method = slice_of(first.data, method_len),
        .path = slice_of(path.data, path_len),
        .query = mark != NULL ? slice_of(mark + 1, path.len - path_len - 1) : slice_of(path.data + path.len, 0),
        .headers = ret_headers,
        .header = signed_head_next,
    };
}
