/* The ceilings of a running front with TLS: a server with small ones, and OpenSSL as the client, which speaks HTTP/2 by
 * the byte. */
#include "http/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/front.h"
#include "base/env.h"

#define BODY_MAX      1000000
#define IN_FLIGHT_MAX 3000000
#define HANDSHAKE_MS  1500
#define REQUEST_MS    2500
#define ANSWER_MS     2500
#define IDLE_MS       5000
#define PATIENCE_MS   20000
#define HEARD_MAX     100000

static struct front front;
static SSL_CTX *client;

/* A key and a certificate that it signed itself. */
static SSL_CTX *make_context(void)
{
    char certificate_path[200], key_path[200];
    snprintf(certificate_path, sizeof certificate_path, "%s/certificate", front.folder);
    snprintf(key_path, sizeof key_path, "%s/key", front.folder);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    umask(077);
    FILE *file = fopen(certificate_path, "w");
    assert_true(PEM_write_X509(file, certificate));
    fclose(file);
    file = fopen(key_path, "w");
    assert_true(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);

    struct tls_files files = {.certificate = certificate_path, .key = key_path};
    SSL_CTX *context;
    struct err err;
    if (tls_context_create(&files, &context, &err) != 0) {
        fail_msg("%s", err.text);
    }
    struct tls_certificate about;
    tls_describe(context, &about);
    assert_string_equal(about.subject, "CN = test");
    assert_in_range(about.good_until_s - about.good_from_s, 3600, 3700);
    return context;
}

static int start(void **state)
{
    (void)state;
    front_open(&front);
    struct http_options options = http_defaults;
    options.tls = make_context();
    options.body_bytes_max = BODY_MAX;
    options.bytes_in_flight_max = IN_FLIGHT_MAX;
    options.handshake_ms_max = HANDSHAKE_MS;
    options.request_ms_max = REQUEST_MS;
    options.answer_ms_max = ANSWER_MS;
    options.idle_ms_max = IDLE_MS;
    client = SSL_CTX_new(TLS_client_method());
    return front_start(&front, options);
}

static int stop(void **state)
{
    (void)state;
    front_close(&front);
    SSL_CTX_free(client);
    return 0;
}

static int dial(void)
{
    int fd = front_dial(&front), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static SSL *secure(const char *protocol)
{
    SSL *ssl = SSL_new(client);
    SSL_set_fd(ssl, dial());
    unsigned char list[20] = {(unsigned char)strlen(protocol)};
    memcpy(list + 1, protocol, list[0]);
    assert_int_equal(SSL_set_alpn_protos(ssl, list, 1u + list[0]), 0);
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

static void hang_up(SSL *ssl)
{
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

static bool send_bytes(SSL *ssl, const void *bytes, size_t len)
{
    return SSL_write(ssl, bytes, (int)len) == (int)len;
}

/* All that comes until the server closes, or until `end` has come. */
static const char *hear(SSL *ssl, const char *end)
{
    static char text[HEARD_MAX];
    memset(text, 0, sizeof text);
    size_t len = 0;
    for (;;) {
        int got = SSL_read(ssl, text + len, (int)(sizeof text - 1 - len));
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            fail_msg("no answer, no end, only %zu bytes", len);
        }
        len += got > 0 ? (size_t)got : 0;
        text[len] = '\0';
        if (got <= 0 || (end != NULL && memmem(text, len, end, strlen(end)) != NULL)) {
            return text;
        }
    }
}

#define HEAD       "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
#define LIST       HEAD "Content-Length: 2\r\n\r\n{}"
#define LIST_REPLY "{\"TableNames\":[]}"

static void assert_serves(SSL *ssl)
{
    assert_true(send_bytes(ssl, LIST, sizeof LIST - 1));
    assert_non_null(strstr(hear(ssl, LIST_REPLY), "200 OK"));
}

static void assert_serves_soon(void)
{
    const char *text = "";
    for (int i = 0; i < PATIENCE_MS / 50 && strstr(text, "200 OK") == NULL; i++) {
        usleep(50000);
        SSL *ssl = secure("http/1.1");
        assert_true(send_bytes(ssl, LIST, sizeof LIST - 1));
        text = hear(ssl, "}");
        hang_up(ssl);
    }
    assert_non_null(strstr(text, "200 OK"));
}

/* --- HTTP/2 by the byte --- */

enum { DATA, HEADERS, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE };
enum { END_STREAM = 1, END_HEADERS = 4 };

static bool send_frame(SSL *ssl, unsigned type, unsigned flags, unsigned stream, const void *payload, size_t len)
{
    static unsigned char frame[9 + 16384];
    unsigned char head[9] = {(unsigned char)(len >> 16),
                             (unsigned char)(len >> 8),
                             (unsigned char)len,
                             (unsigned char)type,
                             (unsigned char)flags,
                             0,
                             0,
                             0,
                             (unsigned char)stream};
    memcpy(frame, head, sizeof head);
    memcpy(frame + sizeof head, payload, len);
    return send_bytes(ssl, frame, sizeof head + len);
}

static bool ping(SSL *ssl)
{
    return send_frame(ssl, PING, 0, 0, "12345678", 8);
}

/* `window` is what the server may send on a stream. */
static SSL *secure2(unsigned window)
{
    SSL *ssl = secure("h2");
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_true(send_bytes(ssl, preface, sizeof preface - 1));
    unsigned char settings[6] = {0,
                                 4,
                                 (unsigned char)(window >> 24),
                                 (unsigned char)(window >> 16),
                                 (unsigned char)(window >> 8),
                                 (unsigned char)window};
    assert_true(send_frame(ssl, SETTINGS, 0, 0, settings, sizeof settings));
    return ssl;
}

/* :method POST, :path /, :scheme https, and x-amz-target as a literal (RFC 7541). */
static const char call_head[] = "\x83\x84\x87\x00\x0cx-amz-target\x1c"
                                "DynamoDB_20120810.ListTables";

static bool send_call_head(SSL *ssl, unsigned stream)
{
    return send_frame(ssl, HEADERS, END_HEADERS, stream, call_head, sizeof call_head - 1);
}

/* Something is sent every 100 ms, which must not keep the connection; true if it ends between these times. */
static bool ends_between(SSL *ssl, bool (*keep)(SSL *ssl), unsigned ms_min, unsigned ms_max)
{
    uint64_t since_us = env_monotonic_us();
    while (keep(ssl) && (env_monotonic_us() - since_us) / 1000 < PATIENCE_MS) {
        usleep(100000);
    }
    uint64_t ms = (env_monotonic_us() - since_us) / 1000;
    hang_up(ssl);
    return ms >= ms_min && ms <= ms_max;
}

/* --- tests --- */

static void test_handshake_has_its_time(void **state)
{
    (void)state;
    static const char *const beginnings[] = {"", "\x16", "\x16\x03\x01\x02\x00\x01\x00"};
    static const size_t lens[] = {0, 1, 7};
    for (size_t i = 0; i < 3; i++) {
        int fd = dial();
        uint64_t since_us = env_monotonic_us();
        assert_int_equal(send(fd, beginnings[i], lens[i], 0), (ssize_t)lens[i]);
        bool open = true;
        char byte;
        while (open && (env_monotonic_us() - since_us) / 1000 < PATIENCE_MS) {
            usleep(100000);
            open = recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
            if (open && i == 2) {
                send(fd, "\0", 1, MSG_NOSIGNAL); /* one byte after the other */
            }
        }
        assert_in_range((env_monotonic_us() - since_us) / 1000, HANDSHAKE_MS - 200, HANDSHAKE_MS + 2500);
        close(fd);
    }
}

static bool send_x(SSL *ssl)
{
    return send_bytes(ssl, "X", 1);
}

static void test_slow_requests(void **state)
{
    (void)state;
    SSL *ssl = secure("http/1.1");
    assert_serves(ssl);
    assert_true(send_bytes(ssl, "POST / HTTP/1.1\r\nX: ", 20));
    assert_true(ends_between(ssl, send_x, REQUEST_MS - 1000, REQUEST_MS + 3000));

    ssl = secure2(65535); /* a stream without its body */
    assert_true(send_call_head(ssl, 1));
    assert_true(ends_between(ssl, ping, REQUEST_MS - 1000, REQUEST_MS + 3000));

    ssl = secure2(65535); /* half a header block */
    assert_true(send_frame(ssl, HEADERS, 0, 1, call_head, 3));
    hear(ssl, NULL);
    hang_up(ssl);

    ssl = secure2(65535); /* half a frame */
    assert_true(send_bytes(ssl, "\0\0\x64\0\0\0\0\0\1", 9));
    assert_true(ends_between(ssl, send_x, REQUEST_MS - 1000, REQUEST_MS + 3000));

    ssl = secure("h2"); /* half a preface */
    assert_true(send_bytes(ssl, "PRI", 3));
    hear(ssl, NULL);
    hang_up(ssl);
}

static void test_answers_that_are_not_taken(void **state)
{
    (void)state;
    static const char get[] = "\x82\x84\x87"; /* GET / */
    SSL *ssl = secure2(0);
    assert_true(send_frame(ssl, HEADERS, END_HEADERS | END_STREAM, 1, get, 3));
    assert_true(ends_between(ssl, ping, ANSWER_MS - 1000, ANSWER_MS + 3000));

    ssl = secure2(0);
    assert_true(send_call_head(ssl, 1) && send_frame(ssl, DATA, END_STREAM, 1, "{}", 2));
    assert_true(ends_between(ssl, ping, ANSWER_MS - 1000, ANSWER_MS + 3000));

    ssl = secure2(0); /* an answer that h2o gives by itself: a header's name has a blank */
    static const char bad[] = "\x82\x84\x87\x00\x03"
                              "b d\x01x";
    assert_true(send_frame(ssl, HEADERS, END_HEADERS | END_STREAM, 1, bad, sizeof bad - 1));
    assert_true(ends_between(ssl, ping, ANSWER_MS - 1000, ANSWER_MS + 3000));
}

static void test_pings_do_not_keep(void **state)
{
    (void)state;
    SSL *ssl = secure2(65535);
    assert_true(send_call_head(ssl, 1) && send_frame(ssl, DATA, END_STREAM, 1, "{}", 2));
    assert_non_null(hear(ssl, LIST_REPLY));
    assert_true(ends_between(ssl, ping, IDLE_MS - 1000, IDLE_MS + 3000));
}

static void test_body_over_the_limit(void **state)
{
    (void)state;
    SSL *ssl = secure("http/1.1");
    char head[300];
    int len = snprintf(head, sizeof head, HEAD "Content-Length: %d\r\n\r\n", BODY_MAX + 1);
    assert_true(send_bytes(ssl, head, (size_t)len));
    assert_non_null(strstr(hear(ssl, NULL), "413 Request Entity Too Large"));
    hang_up(ssl);
}

static bool pour(SSL *ssl, size_t bytes)
{
    static char chunk[10000];
    while (bytes > 0) {
        size_t len = bytes < sizeof chunk ? bytes : sizeof chunk;
        if (!send_bytes(ssl, chunk, len)) {
            return false;
        }
        bytes -= len;
    }
    return true;
}

/* The refusal comes through TLS, in the middle of a body. */
static void test_bytes_in_flight(void **state)
{
    (void)state;
    SSL *all[8];
    for (int i = 0; i < 8; i++) {
        all[i] = secure("http/1.1");
        static const char head[] = HEAD "Content-Length: 900000\r\n\r\n";
        assert_true(send_bytes(all[i], head, sizeof head - 1));
        pour(all[i], 899999);
    }
    int refused = 0;
    for (int i = 0; i < 8; i++) {
        struct pollfd poll_one = {.fd = SSL_get_fd(all[i]), .events = POLLIN};
        SSL_set_mode(all[i], SSL_MODE_AUTO_RETRY);
        if (poll(&poll_one, 1, 100) == 1) {
            char byte;
            struct timeval now = {.tv_usec = 1000};
            setsockopt(SSL_get_fd(all[i]), SOL_SOCKET, SO_RCVTIMEO, &now, sizeof now);
            if (SSL_peek(all[i], &byte, 1) == 1) {
                assert_non_null(strstr(hear(all[i], NULL), "503 Service Unavailable"));
                refused++;
            }
        }
    }
    assert_in_range(refused, 4, 7);
    for (int i = 0; i < 8; i++) {
        hang_up(all[i]);
    }
}

/* Bodies on the streams of one connection. */
static void test_bytes_in_flight_of_streams(void **state)
{
    (void)state;
    static char piece[16000];
    SSL *ssl = secure2(65535);
    bool open = true;
    size_t sent = 0;
    for (unsigned stream = 1; open && stream < 100; stream += 2) {
        open = send_call_head(ssl, stream);
        for (int i = 0; open && i < 50; i++) {
            open = send_frame(ssl, DATA, 0, stream, piece, sizeof piece);
            sent += sizeof piece;
            /* one after the other has arrived: nothing is on its way, and what is counted is in streams */
            open = open && ping(ssl) && memmem(hear(ssl, "12345678"), HEARD_MAX, "12345678", 8) != NULL;
        }
    }
    assert_false(open);
    assert_in_range(sent, IN_FLIGHT_MAX / 2, IN_FLIGHT_MAX + 100000);
    hang_up(ssl);

    assert_serves_soon(); /* what it held is given back */
}

/* Streams that are reset give back what they held: a client may do that as often as it likes. */
static void test_reset_bodies_are_forgotten(void **state)
{
    (void)state;
    static char piece[16000];
    SSL *ssl = secure2(65535);
    for (unsigned stream = 1; stream < 60; stream += 2) {
        assert_true(send_call_head(ssl, stream));
        for (int i = 0; i < 20; i++) {
            assert_true(send_frame(ssl, DATA, 0, stream, piece, sizeof piece));
        }
        assert_true(send_frame(ssl, 3 /* RST_STREAM */, 0, stream, "\0\0\0\x8", 4));
        if (stream % 10 == 9) {
            usleep(1200000); /* the sweep, once a second, sees what is left */
            stream += 2;
            assert_true(send_call_head(ssl, stream) && send_frame(ssl, DATA, END_STREAM, stream, "{}", 2));
            assert_non_null(memmem(hear(ssl, LIST_REPLY), 1000, LIST_REPLY, sizeof LIST_REPLY - 1));
        }
    }
    hang_up(ssl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_has_its_time),     cmocka_unit_test(test_slow_requests),
        cmocka_unit_test(test_answers_that_are_not_taken), cmocka_unit_test(test_pings_do_not_keep),
        cmocka_unit_test(test_body_over_the_limit),        cmocka_unit_test(test_bytes_in_flight),
        cmocka_unit_test(test_bytes_in_flight_of_streams), cmocka_unit_test(test_reset_bodies_are_forgotten),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
