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

#define SIGNED_HEAD_HEADERS 200

/* A request and its headers. `head` points into the struct: it is not to be moved. */
struct signed_head {
    struct auth_head head;
    struct auth_header headers[SIGNED_HEAD_HEADERS];
};

/* Borrows the text. Lines that are too many, or no headers, are left out. */
static inline const struct auth_head *signed_head_read(struct slice text, struct signed_head *ret_head)
{
    struct slice first = signed_head_line(&text);
    const char *blank = first.len == 0 ? NULL : memchr(first.data, ' ', first.len);
    size_t method_len = blank != NULL ? (size_t)(blank - first.data) : first.len;
    struct slice path = slice_of(first.data + method_len, first.len - method_len);
    path = blank != NULL ? slice_of(path.data + 1, path.len - 1) : path;
    const char *mark = path.len == 0 ? NULL : memchr(path.data, '?', path.len);
    size_t path_len = mark != NULL ? (size_t)(mark - path.data) : path.len;
    struct auth_head *head = &ret_head->head;
    *head = (struct auth_head){
        .method = slice_of(first.data, method_len),
        .path = slice_of(path.data, path_len),
        .query = mark != NULL ? slice_of(mark + 1, path.len - path_len - 1) : slice_of(path.data + path.len, 0),
        .host = SLICE(""),
        .headers = ret_head->headers,
    };
    while (text.len > 0 && head->header_count < SIGNED_HEAD_HEADERS) {
        struct slice line = signed_head_line(&text);
        const char *colon = line.len == 0 ? NULL : memchr(line.data, ':', line.len);
        if (colon == NULL) {
            continue;
        }
        struct slice name = slice_of(line.data, (size_t)(colon - line.data));
        struct slice value = slice_of(colon + 1, line.len - name.len - 1);
        while (value.len > 0 && value.data[0] == ' ') {
            value = slice_of(value.data + 1, value.len - 1);
        }
        if (slice_equal(name, SLICE("host"))) {
            head->host = value;
        } else {
            ret_head->headers[head->header_count++] = (struct auth_header){name, value};
        }
    }
    return head;
}
