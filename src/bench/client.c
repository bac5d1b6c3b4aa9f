/* Sockets and the loop are h2o's, and so is the parser of answers. A connection is
 *
 *   CLOSED -> CONNECTING -> WAITING <-> FREE
 *
 * and goes back to CLOSED when either side closes it. A request that finds it closed connects first. */
#include "bench/client.h"

#include "auth/sign.h"
#include "auth/sigv4.h"
#include "base/buffer.h"
#include "base/env.h"
#include "bench/picohttpparser.h"

#define H2O_USE_LIBUV 0
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <h2o.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define HEADERS_MAX      64
#define ANSWER_BYTES_MAX (64u << 20)
#define CONNECT_MS       5000
#define CALL_MS          60000
/* A connection that could not be made reports it only after a while: else a dead server would keep us busy. */
#define RECONNECT_MS 100

#define DATE_CHARS   8 /* 20150830 */
#define SERVICE      "dynamodb"
#define CONTENT_TYPE "application/x-amz-json-1.0"
#define TARGET       "DynamoDB_20120810."

enum state { STATE_CLOSED, STATE_CONNECTING, STATE_FREE, STATE_WAITING };

struct connection {
    struct client *client;
    struct connection *next;
    client_callback *on_answer;
    void *context;
    enum state state;
    h2o_socket_t *socket;
    h2o_timeout_entry_t failure_timer;
    const char *connect_failure; /* what the timer will tell */
    struct buffer request;
    /* the answer that is coming in */
    size_t seen;     /* bytes that were parsed in vain */
    size_t head_len; /* 0: the head is not complete */
    size_t body_len; /* unless chunked */
    int status;
    bool chunked, last;
    struct phr_chunked_decoder decoder;
    struct buffer body; /* decoded chunks */
};

struct watch {
    h2o_socket_t *socket;
    void (*on_readable)(void *context);
    void *context;
};

struct client {
    const struct bench_options *options;
    struct client_address address;
    h2o_evloop_t *loop;
    h2o_timeout_t reconnect;
    SSL_CTX *tls;
    struct connection *connections;
    struct watch watch;
    uint64_t second; /* that `time` shows */
    char time[SIGV4_TIME_CHARS + 1];
    struct sigv4_key key;
    struct buffer scope; /* that `key` is good for: the date comes first */
    struct buffer scratch;
    struct buffer target;
};

/* --- the endpoint ------------------------------------------------------------------------------------------------ */

static int try_address(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    int error = connect(fd, info->ai_addr, info->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        socklen_t len = sizeof error;
        if (poll(&wait, 1, CONNECT_MS) != 1) {
            error = ETIMEDOUT;
        } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
            error = errno;
        }
    }
    close(fd);
    return error;
}

int client_find(const struct bench_options *options, struct client_address *ret_address, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int code = getaddrinfo(options->host, options->port, &hints, &list);
    if (code != 0) {
        return err_set(err, "cannot find %s: %s", options->host, gai_strerror(code));
    }
    int error = ENOENT;
    for (const struct addrinfo *info = list; info != NULL && error != 0; info = info->ai_next) {
        error = try_address(info);
        if (error == 0) {
            memcpy(&ret_address->address, info->ai_addr, info->ai_addrlen);
            ret_address->len = info->ai_addrlen;
        }
    }
    freeaddrinfo(list);
    return error == 0 ? 0 : err_set(err, "cannot connect to %s: %s", options->authority, strerror(error));
}

struct client *client_create(const struct bench_options *options, const struct client_address *address)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        abort();
    }
    client->options = options;
    client->address = *address;
    client->loop = h2o_evloop_create();
    h2o_timeout_init(client->loop, &client->reconnect, RECONNECT_MS);
    if (options->tls) {
        client->tls = SSL_CTX_new(TLS_client_method());
        if (client->tls == NULL) {
            abort();
        }
        SSL_CTX_set_verify(client->tls, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_default_verify_paths(client->tls);
        X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(client->tls);
        if (X509_VERIFY_PARAM_set1_ip_asc(verify, options->host) != 1) {
            X509_VERIFY_PARAM_set1_host(verify, options->host, 0);
        }
    }
    return client;
}

static void close_socket(struct connection *connection)
{
    if (connection->socket != NULL) {
        h2o_socket_close(connection->socket);
        connection->socket = NULL;
    }
    connection->state = STATE_CLOSED;
}

void client_destroy(struct client *client)
{
    if (client == NULL) {
        return;
    }
    for (struct connection *connection = client->connections, *next; connection != NULL; connection = next) {
        next = connection->next;
        h2o_timeout_unlink(&connection->failure_timer);
        close_socket(connection);
        buffer_finish(&connection->request);
        buffer_finish(&connection->body);
        free(connection);
    }
    if (client->watch.socket != NULL) {
        h2o_socket_close(client->watch.socket);
    }
    h2o_evloop_run(client->loop, 0); /* closed sockets are freed in the loop's next turn */
    h2o_timeout_dispose(client->loop, &client->reconnect);
    h2o_evloop_destroy(client->loop);
    SSL_CTX_free(client->tls);
    crypto_wipe(&client->key, sizeof client->key);
    buffer_finish(&client->scope);
    buffer_finish(&client->scratch);
    buffer_finish(&client->target);
    free(client);
}

void client_run(struct client *client, int wait_ms)
{
    if (h2o_evloop_run(client->loop, wait_ms) != 0 && errno != EINTR) {
        abort(); /* epoll itself failed */
    }
}

static void on_watched(h2o_socket_t *socket, const char *error)
{
    struct watch *watch = socket->data;
    if (error == NULL) {
        watch->on_readable(watch->context);
    }
}

void client_watch(struct client *client, int fd, void (*on_readable)(void *context), void *context)
{
    assert(client->watch.socket == NULL);
    h2o_socket_t *socket = h2o_evloop_socket_create(client->loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    client->watch = (struct watch){socket, on_readable, context};
    socket->data = &client->watch;
    h2o_socket_read_start(socket, on_watched);
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

/* Brings the time, and once a day the key, up to date. */
static void update_time(struct client *client)
{
    uint64_t second = env_time_us() / 1000000;
    if (second == client->second) {
        return;
    }
    client->second = second;
    time_t now = (time_t)second;
    struct tm parts;
    strftime(client->time, sizeof client->time, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
    struct slice date = slice_of(client->time, DATE_CHARS);
    if (!slice_starts_with(buffer_slice(&client->scope), date)) {
        const struct bench_options *options = client->options;
        buffer_clear(&client->scope);
        buffer_printf(&client->scope, "%.*s/%s/" SERVICE "/" SIGV4_TERMINATOR, SLICE_ARG(date), options->region);
        unsigned char key[SHA256_BYTES];
        sigv4_signing_key(slice_from_string(options->secret_key), date, slice_from_string(options->region),
                          SLICE(SERVICE), key);
        sigv4_key_set(&client->key, key);
        crypto_wipe(key, sizeof key);
    }
}

static void append_authorization(struct client *client, struct slice body, struct buffer *out)
{
    const struct bench_options *options = client->options;
    struct sign_header headers[5];
    size_t count = 0;
    headers[count++] = (struct sign_header){SLICE("content-type"), SLICE(CONTENT_TYPE)};
    headers[count++] = (struct sign_header){SLICE("host"), slice_from_string(options->authority)};
    headers[count++] = (struct sign_header){SLICE("x-amz-date"), slice_of(client->time, SIGV4_TIME_CHARS)};
    if (options->session_token != NULL) {
        headers[count++] =
            (struct sign_header){SLICE("x-amz-security-token"), slice_from_string(options->session_token)};
    }
    headers[count++] = (struct sign_header){SLICE("x-amz-target"), buffer_slice(&client->target)};
    char signature[SHA256_HEX];
    struct sign_request request = {.method = SLICE("POST"), .headers = headers, .header_count = count, .body = body};
    sign_request(&request, &client->key, slice_of(client->time, SIGV4_TIME_CHARS), buffer_slice(&client->scope),
                 &client->scratch, signature);

    BUFFER_APPEND_LITERAL(out, "\r\nAuthorization: " SIGV4_ALGORITHM " Credential=");
    buffer_append_slice(out, slice_from_string(options->access_key));
    buffer_append_byte(out, '/');
    buffer_append_slice(out, buffer_slice(&client->scope));
    BUFFER_APPEND_LITERAL(out, ", SignedHeaders=");
    for (size_t i = 0; i < count; i++) {
        buffer_append(out, ";", i != 0);
        buffer_append_slice(out, headers[i].name);
    }
    BUFFER_APPEND_LITERAL(out, ", Signature=");
    buffer_append(out, signature, sizeof signature);
}

static void write_request(struct connection *connection, const char *operation, struct slice body)
{
    struct client *client = connection->client;
    struct buffer *out = &connection->request;
    update_time(client);
    buffer_clear(&client->target);
    BUFFER_APPEND_LITERAL(&client->target, TARGET);
    buffer_append_slice(&client->target, slice_from_string(operation));

    buffer_clear(out);
    BUFFER_APPEND_LITERAL(out, "POST / HTTP/1.1\r\nHost: ");
    buffer_append_slice(out, slice_from_string(client->options->authority));
    BUFFER_APPEND_LITERAL(out, "\r\nContent-Type: " CONTENT_TYPE "\r\nX-Amz-Target: ");
    buffer_append_slice(out, buffer_slice(&client->target));
    BUFFER_APPEND_LITERAL(out, "\r\nX-Amz-Date: ");
    buffer_append(out, client->time, SIGV4_TIME_CHARS);
    if (client->options->session_token != NULL) {
        BUFFER_APPEND_LITERAL(out, "\r\nX-Amz-Security-Token: ");
        buffer_append_slice(out, slice_from_string(client->options->session_token));
    }
    append_authorization(client, body, out);
    buffer_printf(out, "\r\nContent-Length: %zu\r\n\r\n", body.len);
    buffer_append_slice(out, body);
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

static void fail(struct connection *connection, const char *text)
{
    close_socket(connection);
    struct client_answer answer = {.failure = text};
    connection->on_answer(connection, &answer, connection->context);
}

static bool is_header(const struct phr_header *header, struct slice name)
{
    return header->name != NULL && header->name_len == name.len && strncasecmp(header->name, name.data, name.len) == 0;
}

static bool is_value(const struct phr_header *header, struct slice value)
{
    return header->value_len == value.len && strncasecmp(header->value, value.data, value.len) == 0;
}

/* NULL, or what is wrong with the head. */
static const char *read_head(struct connection *connection)
{
    h2o_buffer_t *input = connection->socket->input;
    struct phr_header headers[HEADERS_MAX];
    size_t count = HEADERS_MAX, message_len;
    const char *message;
    int minor, len = phr_parse_response(input->bytes, input->size, &minor, &connection->status, &message, &message_len,
                                        headers, &count, connection->seen);
    connection->seen = input->size;
    if (len == -2) {
        return input->size < ANSWER_BYTES_MAX ? NULL : "an answer without end";
    }
    if (len < 0) {
        return "an answer that is not HTTP";
    }
    bool has_length = false;
    connection->last = minor == 0;
    for (size_t i = 0; i < count; i++) {
        if (is_header(&headers[i], SLICE("content-length"))) {
            connection->body_len = h2o_strtosize(headers[i].value, headers[i].value_len);
            has_length = connection->body_len <= ANSWER_BYTES_MAX;
        } else if (is_header(&headers[i], SLICE("transfer-encoding"))) {
            connection->chunked = is_value(&headers[i], SLICE("chunked"));
        } else if (is_header(&headers[i], SLICE("connection"))) {
            connection->last = is_value(&headers[i], SLICE("close"));
        }
    }
    if (!has_length && !connection->chunked) {
        return "an answer of unknown length";
    }
    connection->head_len = (size_t)len;
    return NULL;
}

/* 1: the body is there; 0: more must come; -1: it is malformed. */
static int read_chunks(struct connection *connection)
{
    h2o_buffer_t **input = &connection->socket->input;
    size_t bytes = (*input)->size - connection->head_len;
    buffer_append(&connection->body, (*input)->bytes + connection->head_len, bytes);
    (*input)->size -= bytes;
    connection->body.len -= bytes;
    size_t decoded = bytes;
    ssize_t left = phr_decode_chunked(&connection->decoder, connection->body.data + connection->body.len, &decoded);
    connection->body.len += decoded;
    return left == -2 && connection->body.len <= ANSWER_BYTES_MAX ? 0 : left == 0 ? 1 : -1;
}

static void deliver(struct connection *connection)
{
    size_t len = connection->head_len + (connection->chunked ? 0 : connection->body_len);
    struct slice body = connection->chunked
                            ? buffer_slice(&connection->body)
                            : slice_of(connection->socket->input->bytes + connection->head_len, connection->body_len);
    struct client_answer answer = {.status = connection->status, .body = body};
    h2o_socket_t *socket = connection->socket;
    if (connection->last || h2o_socket_is_writing(socket)) {
        connection->socket = NULL; /* a callback that sends again connects anew */
        connection->state = STATE_CLOSED;
        connection->on_answer(connection, &answer, connection->context);
        h2o_socket_close(socket);
        return;
    }
    connection->state = STATE_FREE;
    connection->on_answer(connection, &answer, connection->context);
    h2o_buffer_consume(&socket->input, len); /* nothing is read before the loop's next turn */
}

static void on_readable(h2o_socket_t *socket, const char *error)
{
    struct connection *connection = socket->data;
    if (error != NULL || connection->state != STATE_WAITING) {
        if (connection->state == STATE_WAITING) {
            fail(connection, "the connection was closed before the answer");
        } else {
            close_socket(connection);
        }
        return;
    }
    if (connection->head_len == 0) {
        const char *wrong = read_head(connection);
        if (wrong != NULL) {
            fail(connection, wrong);
            return;
        }
        if (connection->head_len == 0) {
            return;
        }
    }
    int ready = connection->chunked ? read_chunks(connection)
                                    : socket->input->size >= connection->head_len + connection->body_len;
    if (ready > 0) {
        deliver(connection);
    } else if (ready < 0) {
        fail(connection, "an answer with malformed chunks");
    }
}

/* --- connections ------------------------------------------------------------------------------------------------- */

static void on_written(h2o_socket_t *socket, const char *error)
{
    if (error != NULL) {
        struct connection *connection = socket->data;
        fail(connection, "the connection was closed while the request was sent");
    }
}

static void begin_request(struct connection *connection)
{
    connection->state = STATE_WAITING;
    connection->seen = connection->head_len = connection->body_len = 0;
    connection->chunked = connection->last = false;
    connection->decoder = (struct phr_chunked_decoder){.consume_trailer = 1};
    buffer_clear(&connection->body);
    h2o_iovec_t bytes = h2o_iovec_init(connection->request.data, connection->request.len);
    h2o_socket_write(connection->socket, &bytes, 1, on_written);
}

static void on_failure_timer(h2o_timeout_entry_t *entry)
{
    struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, failure_timer, entry);
    fail(connection, connection->connect_failure);
}

static void fail_later(struct connection *connection, const char *text)
{
    close_socket(connection);
    connection->connect_failure = text;
    connection->state = STATE_CONNECTING;
    connection->failure_timer = (h2o_timeout_entry_t){.cb = on_failure_timer};
    h2o_timeout_link(connection->client->loop, &connection->client->reconnect, &connection->failure_timer);
}

static void on_secured(h2o_socket_t *socket, const char *error)
{
    struct connection *connection = socket->data;
    if (error != NULL) {
        bool was_connected = connection->client->tls != NULL && error != h2o_socket_error_conn_fail;
        fail_later(connection, was_connected ? "the TLS handshake failed" : "cannot connect");
        return;
    }
    h2o_socket_read_start(socket, on_readable);
    begin_request(connection);
}

static void on_connected(h2o_socket_t *socket, const char *error)
{
    struct connection *connection = socket->data;
    if (error == NULL && connection->client->tls != NULL) {
        h2o_socket_ssl_handshake(socket, connection->client->tls, connection->client->options->host, on_secured);
        return;
    }
    on_secured(socket, error);
}

static void begin_connect(struct connection *connection)
{
    struct client *client = connection->client;
    connection->state = STATE_CONNECTING;
    connection->socket = h2o_socket_connect(client->loop, (struct sockaddr *)&client->address.address,
                                            client->address.len, on_connected);
    if (connection->socket == NULL) {
        fail_later(connection, "cannot connect");
        return;
    }
    connection->socket->data = connection;
}

struct connection *client_add_connection(struct client *client, client_callback *on_answer, void *context)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        abort();
    }
    connection->client = client;
    connection->on_answer = on_answer;
    connection->context = context;
    connection->next = client->connections;
    client->connections = connection;
    return connection;
}

void connection_send(struct connection *connection, const char *operation, struct slice body)
{
    assert(connection->state == STATE_CLOSED || connection->state == STATE_FREE);
    write_request(connection, operation, body);
    if (connection->state == STATE_FREE) {
        begin_request(connection);
    } else {
        begin_connect(connection);
    }
}

struct call {
    bool done;
    const char *failure;
    int status;
    char *body;
};

static void on_call_answer(struct connection *connection, const struct client_answer *answer, void *context)
{
    (void)connection;
    struct call *call = context;
    call->done = true;
    call->failure = answer->failure;
    call->status = answer->status;
    call->body = calloc(1, answer->body.len + 1);
    if (call->body == NULL) {
        abort();
    }
    if (answer->failure == NULL) {
        memcpy(call->body, answer->body.data, answer->body.len);
    }
}

int client_call(struct client *client, const char *operation, struct slice body, int *ret_status, char **ret_body,
                struct err *err)
{
    struct call call = {0};
    struct connection *connection = client_add_connection(client, on_call_answer, &call);
    connection_send(connection, operation, body);
    uint64_t until = env_monotonic_us() + CALL_MS * UINT64_C(1000);
    while (!call.done && env_monotonic_us() < until) {
        client_run(client, 100);
    }
    h2o_timeout_unlink(&connection->failure_timer);
    close_socket(connection); /* nothing calls back any more */
    if (!call.done || call.failure != NULL) {
        free(call.body);
        return err_set(err, "%s to %s: %s", operation, client->options->authority,
                       call.done ? call.failure : "no answer in a minute");
    }
    *ret_status = call.status;
    *ret_body = call.body;
    return 0;
}
