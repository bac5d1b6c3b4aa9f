/* What a client does on an HTTP/2 connection, measured before h2o sees it. h2o bounds the streams that are open at a
 * time, and little else: streams may be opened and reset, and frames sent that no request needs, as fast as the network
 * brings them, and a header block of a few bytes may unfold into hundreds of times its size.
 *
 * So each connection has a credit. A stream costs some when it opens, by the size of its headers, and so does each
 * frame that carries neither headers nor a body worth the name; an answer that the client took gives more than its
 * request cost, and time gives a little. Who asks and reads answers never runs out. */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP2_FRAME_HEAD_BYTES 9
/* One header block with its CONTINUATION frames, compressed. */
#define HTTP2_HEADER_BYTES_MAX 16384u

struct http2_meter {
    unsigned preface_left; /* bytes of the connection's preface to come */
    unsigned char head[HTTP2_FRAME_HEAD_BYTES];
    unsigned head_bytes; /* of them, received; HTTP2_FRAME_HEAD_BYTES: within the payload */
    uint32_t payload_left;
    uint32_t block_bytes; /* of the header block that arrives */
    int credit;
    uint64_t credited_ms;
    /* Of the bytes that were fed last: */
    bool changes_windows; /* they had some of a SETTINGS frame in them */
    bool ends_frame;
};

void http2_meter_init(struct http2_meter *meter, uint64_t now_ms);

/* The next bytes from the client, in order. NULL, or why the connection must end, as a text for it. */
const char *http2_meter_feed(struct http2_meter *meter, struct slice bytes, uint64_t now_ms);

/* The client has taken a whole answer of so many bytes. */
void http2_meter_reward(struct http2_meter *meter, size_t bytes);
