#include "http/http2_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    DATA,
    HEADERS,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    PUSH_PROMISE,
    PING,
    GOAWAY,
    WINDOW_UPDATE,
    CONTINUATION,
    UNKNOWN
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static struct http2_meter meter;
static uint64_t now_ms;

static const char *feed(const void *bytes, size_t len)
{
    return http2_meter_feed(&meter, slice_of(bytes, len), now_ms);
}

static void begin(void)
{
    now_ms = 1000;
    http2_meter_init(&meter, now_ms);
    assert_null(feed(preface, sizeof preface - 1));
}

static const char *feed_frame(int type, size_t len)
{
    static unsigned char frame[9 + 20000];
    frame[0] = (unsigned char)(len >> 16);
    frame[1] = (unsigned char)(len >> 8);
    frame[2] = (unsigned char)len;
    frame[3] = (unsigned char)type;
    return feed(frame, 9 + len);
}

/* How many of these frames are taken until the connection must end; -1: a million. */
static int taken(int type, size_t len)
{
    for (int i = 0; i < 1000000; i++) {
        if (feed_frame(type, len) != NULL) {
            return i;
        }
    }
    return -1;
}

static void test_floods(void **state)
{
    (void)state;
    static const struct {
        int type;
        size_t len;
        int min, max;
    } cases[] = {
        {HEADERS, 30, 500, 1000},  {HEADERS, 1000, 100, 200},   {HEADERS, 16000, 1, 10},
        {PING, 8, 1000, 5000},     {SETTINGS, 6, 1000, 5000},   {SETTINGS, 0, 1000, 5000},
        {PRIORITY, 5, 1000, 5000}, {RST_STREAM, 4, 1000, 5000}, {WINDOW_UPDATE, 4, 1000, 5000},
        {DATA, 0, 1000, 5000},     {DATA, 1, 1000, 5000},       {DATA, 16384, -1, -1},
        {DATA, 1000, -1, -1},      {UNKNOWN, 0, 10, 100},       {255, 100, 10, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        int count = taken(cases[i].type, cases[i].len);
        if (count < cases[i].min || count > cases[i].max) {
            fail_msg("%d frames of type %d with %zu bytes", count, cases[i].type, cases[i].len);
        }
    }
}

/* Asking and taking answers never ends, whatever the answers' size and however often windows are widened. */
static void test_requests_go_on(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100, 1000000};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        begin();
        for (int i = 0; i < 100000; i++) {
            assert_null(feed_frame(HEADERS, 2000));
            assert_null(feed_frame(DATA, 10));
            for (size_t sent = 0; sent < sizes[k]; sent += 16384) {
                assert_null(feed_frame(WINDOW_UPDATE, 4));
                assert_null(feed_frame(WINDOW_UPDATE, 4));
            }
            http2_meter_reward(&meter, sizes[k]);
        }
    }
    begin();
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 100; i++) {
            assert_null(feed_frame(HEADERS, 1000));
        }
        for (int i = 0; i < 100; i++) {
            http2_meter_reward(&meter, 100);
        }
    }
}

static void test_time_forgives(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++, now_ms += 10000) {
        for (int k = 0; k < 100; k++) {
            assert_null(feed_frame(HEADERS, 30));
            assert_null(feed_frame(RST_STREAM, 4));
        }
    }
    assert_true(taken(PING, 8) < 5000); /* what was saved has a ceiling */
    begin();
    for (int i = 0; i < 100000; i++, now_ms += 11) { /* time that comes in small pieces counts */
        assert_null(feed_frame(PING, 8));
    }
}

static void test_header_blocks(void **state)
{
    (void)state;
    begin();
    assert_null(feed_frame(HEADERS, 16384));
    assert_non_null(feed_frame(CONTINUATION, 1));
    begin();
    assert_null(feed_frame(HEADERS, 10000));
    assert_null(feed_frame(HEADERS, 10000));
    assert_null(feed_frame(CONTINUATION, 6384));
    assert_non_null(feed_frame(CONTINUATION, 1));
    begin();
    unsigned char huge[9] = {0xff, 0xff, 0xff, HEADERS};
    assert_non_null(feed(huge, sizeof huge));
}

/* However the bytes are cut, the same frames are seen. */
static void test_pieces(void **state)
{
    (void)state;
    unsigned char all[3000];
    size_t len = sizeof preface - 1;
    memcpy(all, preface, len);
    static const struct {
        unsigned char type, bytes;
    } frames[] = {{SETTINGS, 12}, {HEADERS, 200}, {DATA, 0}, {PING, 8}, {DATA, 100}, {UNKNOWN, 3}, {CONTINUATION, 64}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        unsigned char head[9] = {0, 0, frames[i].bytes, frames[i].type};
        memcpy(all + len, head, sizeof head);
        memset(all + len + 9, 0x55, frames[i].bytes);
        len += 9u + frames[i].bytes;
    }
    http2_meter_init(&meter, now_ms);
    assert_null(feed(all, len));
    int credit = meter.credit;
    for (size_t step = 1; step < 50; step++) {
        http2_meter_init(&meter, now_ms);
        for (size_t at = 0; at < len; at += step) {
            assert_null(feed(all + at, len - at < step ? len - at : step));
        }
        assert_int_equal(meter.credit, credit);
        assert_int_equal(meter.head_bytes, 0);
    }
}

static void test_settings_are_seen(void **state)
{
    (void)state;
    begin();
    assert_null(feed_frame(PING, 8));
    assert_false(meter.changes_windows);
    assert_null(feed_frame(SETTINGS, 6));
    assert_true(meter.changes_windows);
    assert_null(feed_frame(PING, 8));
    assert_false(meter.changes_windows);
    unsigned char settings[] = {0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6};
    assert_null(feed(settings, 10));
    assert_true(meter.changes_windows);
    assert_null(feed(settings + 10, 5)); /* its end, in which h2o reads it */
    assert_true(meter.changes_windows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),        cmocka_unit_test(test_requests_go_on),
        cmocka_unit_test(test_time_forgives), cmocka_unit_test(test_header_blocks),
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_settings_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
