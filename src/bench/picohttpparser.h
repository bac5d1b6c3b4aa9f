/* The two functions of picohttpparser that read answers. libh2o has and exports them, but Debian's package leaves out
 * their header. https://github.com/h2o/picohttpparser */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct phr_header {
    const char *name; /* NULL: the line continues the value before */
    size_t name_len;
    const char *value;
    size_t value_len;
};

/* Length of the head, -1 if it is malformed, -2 if more must come. `last_len` is what was there at the last call. */
int phr_parse_response(const char *buf, size_t len, int *minor_version, int *status, const char **msg, size_t *msg_len,
                       struct phr_header *headers, size_t *num_headers, size_t last_len);

/* Zeroed to begin with; consume_trailer takes the lines behind the last chunk too. */
struct phr_chunked_decoder {
    size_t bytes_left_in_chunk;
    char consume_trailer;
    char _hex_count;
    char _state;
};

/* Decodes in place; *bufsz becomes what was decoded. Bytes left behind the body, -1 malformed, -2 if more must come. */
ssize_t phr_decode_chunked(struct phr_chunked_decoder *decoder, char *buf, size_t *bufsz);
