/* TLS on a connection, with h2o's sockets over OpenSSL. Three things h2o 2.2.5 leaves out:
 *
 *   - A handshake that fails closes the socket, and the alert that says why stays in a buffer. The last bytes that
 * OpenSSL wrote are kept here, and sent when they were an alert.
 *   - A client may end its side of TLS and go on sending: h2o would collect that without looking at it.
 * secure_is_ended.
 *   - Its time for the handshake; connections_sweep has it. */
#include "http/private.h"

#include <string.h>
#include <sys/socket.h>

static struct connection *connection_of_ssl(const SSL *ssl)
{
    h2o_socket_t *socket = BIO_get_data(SSL_get_rbio(ssl)); /* where h2o keeps it */
    return socket->on_close.data;
}

/* Sees every write of a handshake. */
static long on_bio(BIO *bio, int operation, const char *bytes, size_t len, int number, long argument, int result,
                   size_t *processed)
{
    (void)number;
    (void)argument;
    (void)processed;
    if (operation == BIO_CB_WRITE) {
        h2o_socket_t *socket = BIO_get_data(bio);
        struct connection *connection = socket->on_close.data;
        connection->alert_len = len <= ALERT_BYTES_MAX ? (unsigned)len : 0;
        memcpy(connection->alert, bytes, connection->alert_len);
    }
    return result;
}

static void on_progress(const SSL *ssl, int where, int value)
{
    (void)value;
    struct connection *connection = connection_of_ssl(ssl);
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && connection->ssl == NULL) {
        connection->ssl = (SSL *)(uintptr_t)ssl;
        BIO_set_callback_ex(SSL_get_rbio(ssl), on_bio);
    }
    if (where == SSL_CB_WRITE_ALERT) {
        connection->alerted = true;
    }
}

void connection_prepare_tls(SSL_CTX *context)
{
    SSL_CTX_set_info_callback(context, on_progress);
}

static void give_up(struct connection *connection)
{
    if (connection->alerted && connection->alert_len > 0) {
        int fd = h2o_socket_get_fd(connection->socket);
        ssize_t sent = send(fd, connection->alert, connection->alert_len, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* the client is told as well as can be */
        linger_after_close(connection);
    }
    h2o_socket_close(connection->socket);
}

static void begin_http(struct connection *connection)
{
    h2o_socket_t *socket = connection->socket;
    h2o_accept_ctx_t *accept = &connection->loop->accept;
    struct timeval now = *h2o_get_timestamp(accept->ctx, NULL, NULL);
    if (connection->http2) {
        h2o_http2_accept(accept, socket, now);
    } else {
        h2o_http1_accept(accept, socket, now);
    }
}

static void on_handshake(h2o_socket_t *socket, const char *err)
{
    struct connection *connection = socket->on_close.data;
    connection->handshaking = false;
    connection->request_since_ms = 0;
    if (err != NULL) {
        connection_go_on(connection, give_up);
        return;
    }
    BIO_set_callback_ex(SSL_get_rbio(connection->ssl), NULL);
    h2o_iovec_t protocol = h2o_socket_ssl_get_selected_protocol(socket);
    connection->http2 = h2o_memis(protocol.base, protocol.len, H2O_STRLIT("h2"));
    connection->idle_since_ms = connection->loop->now_ms;
    http2_meter_init(&connection->meter, connection->loop->now_ms);
    size_t early = socket->input->size; /* came with the handshake's last bytes */
    if (early > 0 && !connection_admits(connection, early)) {
        connection_go_on(connection, give_up);
        return;
    }
    connection_go_on(connection, begin_http);
}

void secure_accept(struct connection *connection)
{
    connection->handshaking = true;
    connection->request_since_ms = connection->loop->now_ms;
    h2o_socket_ssl_handshake(connection->socket, connection->tls, NULL, on_handshake);
}

void secure_last_words(struct connection *connection, struct slice bytes)
{
    if (!h2o_socket_is_writing(connection->socket)) {
        /* into h2o's buffer, which it sends together with TLS's own end when it closes the socket */
        (void)SSL_write(connection->ssl, bytes.data, (int)bytes.len);
    }
}

bool secure_is_ended(const struct connection *connection)
{
    return connection->ssl != NULL && (SSL_get_shutdown(connection->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}
