/* RFC 9113, 4.1: a frame is 24 bits of length, 8 of type, 8 of flags, 32 of stream, and the payload. */
#include "http/http2_meter.h"

#include <string.h>

#define PREFACE_BYTES 24u

enum { DATA = 0, HEADERS = 1, SETTINGS = 4, CONTINUATION = 9, TYPES = 10 };

/* 100 streams at once, each with 1,000 bytes of headers. */
#define CREDIT_MAX           4000
#define CREDIT_PER_SECOND    100
#define CREDIT_PER_ANSWER    100
#define ANSWER_BYTES_A_POINT 4096 /* a large answer needs WINDOW_UPDATE frames */

#define STREAM_COST          4
#define HEADER_BYTES_A_POINT 32
#define CONTINUATION_COST    4
#define SMALL_DATA_BYTES     64 /* body frames below that cost what others do */
#define FRAME_COST           1
#define UNKNOWN_COST         100 /* h2o writes a line on standard error for each */

void http2_meter_init(struct http2_meter *meter, uint64_t now_ms)
{
    *meter = (struct http2_meter){.preface_left = PREFACE_BYTES, .credit = CREDIT_MAX, .credited_ms = now_ms};
}

static void earn(struct http2_meter *meter, uint64_t points)
{
    uint64_t room = (uint64_t)(CREDIT_MAX - meter->credit);
    meter->credit += (int)(points < room ? points : room);
}

void http2_meter_reward(struct http2_meter *meter, size_t bytes)
{
    earn(meter, CREDIT_PER_ANSWER + bytes / ANSWER_BYTES_A_POINT);
}

static void pass_time(struct http2_meter *meter, uint64_t now_ms)
{
    uint64_t points = (now_ms - meter->credited_ms) * CREDIT_PER_SECOND / 1000;
    if (points > 0) {
        earn(meter, points);
        meter->credited_ms = now_ms;
    }
}

static int cost(unsigned type, uint32_t length)
{
    switch (type) {
    case DATA:
        return length < SMALL_DATA_BYTES ? FRAME_COST : 0;
    case HEADERS:
        return STREAM_COST + (int)(length / HEADER_BYTES_A_POINT);
    case CONTINUATION:
        return CONTINUATION_COST + (int)(length / HEADER_BYTES_A_POINT);
    default:
        return type < TYPES ? FRAME_COST : UNKNOWN_COST;
    }
}

/* A frame's head is complete. */
static const char *begin_frame(struct http2_meter *meter)
{
    const unsigned char *head = meter->head;
    uint32_t length = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    unsigned type = head[3];
    meter->payload_left = length;
    if (type == HEADERS) {
        meter->block_bytes = 0;
    }
    if (type == HEADERS || type == CONTINUATION) {
        meter->block_bytes += length;
        if (meter->block_bytes > HTTP2_HEADER_BYTES_MAX) {
            return "too many bytes of headers";
        }
    }
    meter->credit -= cost(type, length);
    return meter->credit < 0 ? "too many frames for the requests" : NULL;
}

const char *http2_meter_feed(struct http2_meter *meter, struct slice bytes, uint64_t now_ms)
{
    const char *at = bytes.data, *end = bytes.data + bytes.len;
    pass_time(meter, now_ms);
    meter->changes_windows = meter->ends_frame = false;
    size_t skipped = bytes.len < meter->preface_left ? bytes.len : meter->preface_left;
    meter->preface_left -= (unsigned)skipped;
    at += skipped;
    while (at < end) {
        size_t there = (size_t)(end - at);
        if (meter->head_bytes < HTTP2_FRAME_HEAD_BYTES) {
            size_t missing = HTTP2_FRAME_HEAD_BYTES - meter->head_bytes;
            size_t taken = there < missing ? there : missing;
            memcpy(meter->head + meter->head_bytes, at, taken);
            meter->head_bytes += (unsigned)taken;
            at += taken;
            const char *refusal = taken == missing ? begin_frame(meter) : NULL;
            if (refusal != NULL) {
                return refusal;
            }
        } else {
            size_t taken = there < meter->payload_left ? there : meter->payload_left;
            meter->payload_left -= (uint32_t)taken;
            at += taken;
        }
        if (meter->head_bytes == HTTP2_FRAME_HEAD_BYTES) {
            meter->changes_windows = meter->changes_windows || meter->head[3] == SETTINGS;
            if (meter->payload_left == 0) {
                meter->head_bytes = 0;
                meter->ends_frame = true;
            }
        }
    }
    return NULL;
}
