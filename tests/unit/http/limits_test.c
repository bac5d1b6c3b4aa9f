/* The ceilings of a running front: a server with small ones, and raw sockets. */
#include "http/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/front.h"
#include "base/env.h"

#define BODY_MAX      1000000
#define IN_FLIGHT_MAX 3000000
#define CONNECTIONS   20
#define REQUEST_MS    2500
#define IDLE_MS       2500

static struct front front;

static int start(void **state)
{
    (void)state;
    struct http_options options = http_defaults;
    options.connections_max = CONNECTIONS;
    options.body_bytes_max = BODY_MAX;
    options.bytes_in_flight_max = IN_FLIGHT_MAX;
    options.request_ms_max = REQUEST_MS;
    options.idle_ms_max = IDLE_MS;
    front_open(&front);
    return front_start(&front, options);
}

static int stop(void **state)
{
    (void)state;
    front_close(&front);
    return 0;
}

static int dial(void)
{
    return front_dial(&front);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* Sends so many bytes, or as many as the server takes. */
static bool pour(int fd, size_t bytes)
{
    char chunk[50000];
    memset(chunk, ' ', sizeof chunk);
    while (bytes > 0) {
        ssize_t sent = send(fd, chunk, bytes < sizeof chunk ? bytes : sizeof chunk, 0);
        if (sent < 0) {
            return false;
        }
        bytes -= (size_t)sent;
    }
    return true;
}

#define HEAD       "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
#define LIST       HEAD "Content-Length: 2\r\n\r\n{}"
#define LIST_REPLY "{\"TableNames\":[]}"

/* All that comes until the server closes, or until `end` has come. */
static const char *hear(int fd, const char *end)
{
    static char text[100000];
    size_t len = 0;
    for (;;) {
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (got < 0 && errno == EAGAIN) {
            fail_msg("no answer, no end, only '%.*s'", (int)len, text);
        }
        len += got > 0 ? (size_t)got : 0;
        text[len] = '\0';
        if (got <= 0 || (end != NULL && strstr(text, end) != NULL)) {
            return text;
        }
    }
}

static void assert_serves(int fd)
{
    say(fd, LIST);
    assert_non_null(strstr(hear(fd, LIST_REPLY), "200 OK"));
}

static void test_serves_and_keeps_alive(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 3; i++) {
        assert_serves(fd);
    }
    close(fd);
}

static void test_connections(void **state)
{
    (void)state;
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = dial();
        assert_serves(fds[i]);
    }
    int one_too_many = dial();
    assert_string_equal(hear(one_too_many, NULL), "");
    close(one_too_many);
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_serves(fds[i]);
        close(fds[i]);
    }
    usleep(100000);
    int fd = dial();
    assert_serves(fd);
    close(fd);
}

static void test_slow_request_is_cut_off(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"P", "POST / HTTP/1.1\r\nHost: x\r\n", HEAD "Content-Length: 100\r\n\r\n{",
                                             HEAD "Transfer-Encoding: chunked\r\n\r\nffff\r\n{"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        int fd = dial();
        assert_serves(fd);
        uint64_t since_us = env_monotonic_us();
        say(fd, beginnings[i]);
        /* going on does not help */
        bool open = true;
        for (int k = 0; k < 100 && open; k++) {
            usleep(50000);
            open = send(fd, "X", 1, MSG_NOSIGNAL) == 1;
        }
        assert_false(open);
        uint64_t ms = (env_monotonic_us() - since_us) / 1000;
        assert_in_range(ms, REQUEST_MS - 1000, REQUEST_MS + 2000);
        close(fd);
    }
}

static void test_idle_connection_is_cut_off(void **state)
{
    (void)state;
    int fd = dial(), active = dial();
    assert_serves(fd);
    uint64_t since_us = env_monotonic_us();
    struct pollfd poll_idle = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < 50 && poll(&poll_idle, 1, 200) == 0; i++) {
        assert_serves(active); /* used more often than that, a connection stays */
    }
    assert_string_equal(hear(fd, NULL), "");
    /* before the library's own timer, which covers idling and a request together */
    assert_in_range((env_monotonic_us() - since_us) / 1000, IDLE_MS - 100, IDLE_MS + REQUEST_MS - 100);
    assert_serves(active);
    close(fd);
    close(active);
}

static void test_body_over_the_limit(void **state)
{
    (void)state;
    char head[300];
    snprintf(head, sizeof head, HEAD "Content-Length: %d\r\n\r\n", 20 * BODY_MAX);
    int fd = dial();
    say(fd, head);
    assert_true(pour(fd, 20 * BODY_MAX)); /* the server takes all, so that its answer arrives */
    assert_non_null(strstr(hear(fd, NULL), "RequestEntityTooLarge"));
    close(fd);

    fd = dial();
    snprintf(head, sizeof head, HEAD "Content-Length: %d\r\n\r\n", BODY_MAX + 1);
    say(fd, head);
    assert_non_null(strstr(hear(fd, NULL), "413 Request Entity Too Large"));
    close(fd);

    fd = dial();
    say(fd, HEAD "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        say(fd, "61a80\r\n"); /* 400,000 */
        assert_true(pour(fd, 400000));
        say(fd, "\r\n");
    }
    assert_non_null(strstr(hear(fd, NULL), "413 Request Entity Too Large"));
    close(fd);

    fd = dial();
    snprintf(head, sizeof head, HEAD "Content-Length: %d\r\n\r\n{}", BODY_MAX);
    say(fd, head);
    assert_true(pour(fd, BODY_MAX - 2));
    assert_non_null(strstr(hear(fd, LIST_REPLY), "200 OK"));
    close(fd);
}

/* Bodies that are not complete count too, with and without an interim answer. */
static void test_bytes_in_flight(void **state)
{
    (void)state;
    static const char *const extras[] = {"", "Expect: 100-continue\r\n"};
    for (size_t k = 0; k < 2; k++) {
        int fds[8];
        for (int i = 0; i < 8; i++) {
            char head[300];
            snprintf(head, sizeof head, HEAD "%sContent-Length: 900000\r\n\r\n", extras[k]);
            fds[i] = dial();
            say(fds[i], head);
            if (k == 1) {
                assert_non_null(strstr(hear(fds[i], "\r\n\r\n"), "100 Continue"));
            }
            pour(fds[i], 899999);
        }
        int refused = 0;
        for (int i = 0; i < 8; i++) {
            struct pollfd poll_one = {.fd = fds[i], .events = POLLIN};
            if (poll(&poll_one, 1, 100) == 1) {
                assert_non_null(strstr(hear(fds[i], NULL), "503 Service Unavailable"));
                refused++;
            }
        }
        assert_in_range(refused, 4, 7);
        for (int i = 0; i < 8; i++) {
            close(fds[i]);
        }
        usleep(200000);
        int fd = dial();
        assert_serves(fd);
        close(fd);
    }
}

static void test_stop_answers_what_is_in_flight(void **state)
{
    (void)state;
    int idle = dial(), half = dial(), busy = dial();
    assert_serves(idle);
    say(half, HEAD "Content-Length: 2\r\n\r\n{");
    usleep(100000);
    say(busy, LIST);
    pid_t child = fork(); /* goes on sending while this process waits for the stop */
    if (child == 0) {
        usleep(300000);
        say(half, "}");
        _exit(0);
    }
    uint64_t since_us = env_monotonic_us();
    http_server_stop(front.server, 5000);
    front.server = NULL;
    assert_in_range((env_monotonic_us() - since_us) / 1000, 200, 3000);
    assert_string_equal(hear(idle, NULL), "");
    assert_non_null(strstr(hear(half, NULL), LIST_REPLY));
    assert_non_null(strstr(hear(busy, NULL), LIST_REPLY));
    close(idle);
    close(half);
    close(busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serves_and_keeps_alive),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_slow_request_is_cut_off),
        cmocka_unit_test(test_idle_connection_is_cut_off),
        cmocka_unit_test(test_body_over_the_limit),
        cmocka_unit_test(test_bytes_in_flight),
        cmocka_unit_test(test_stop_answers_what_is_in_flight),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
