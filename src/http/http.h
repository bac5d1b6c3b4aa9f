/* The HTTP front: event loops on h2o that turn requests into calls of api/ and answers into bytes.
 *
 * The first loop accepts and gives each connection to the loop with the fewest. A loop answers what it received, on its
 * own thread. Every resource that a client can use up has a ceiling in http_options. */
#pragma once

#include "api/api.h"
#include "base/err.h"
#include "http/tls.h"

#define HTTP_LISTENERS_MAX 8

/* Where GET /metrics and GET /health/ready come from. Called on the loops' threads. */
struct http_monitor {
    void (*metrics)(void *context, struct buffer *out); /* Prometheus' text format */
    const char *(*unready)(void *context);              /* NULL: ready; otherwise why not, a constant line */
    void *context;
};

struct http_options {
    int listeners[HTTP_LISTENERS_MAX]; /* listening TCP sockets, not blocking; taken over */
    unsigned listener_count;
    unsigned threads;
    struct ssl_ctx_st *tls;             /* from tls_context_create, taken over; NULL: plain HTTP */
    unsigned connections_max;           /* more are closed as they arrive */
    unsigned requests_max;              /* calls that wait for something; above it new requests get 503 */
    size_t body_bytes_max;              /* of one request; larger ones get 413 */
    size_t bytes_in_flight_max;         /* bodies and answers held for all clients; above it new requests get 503 */
    unsigned handshake_ms_max;          /* for TLS's, from the connection's start */
    unsigned request_ms_max;            /* from a request's first byte to its last */
    unsigned answer_ms_max;             /* for a client to take an answer */
    unsigned pressed_ms_max;            /* the same while large requests are refused for want of memory */
    unsigned idle_ms_max;               /* between an answer and the next request */
    const struct http_monitor *monitor; /* NULL: no metrics, and ready until it stops. Must outlive the server */
    bool serves_api;                    /* POST / */
    bool serves_metrics;                /* GET /metrics, to everybody who connects */
};

/* The values a server uses unless it is told otherwise: the API without metrics; no listeners, one thread. */
extern const struct http_options http_defaults;

struct http_server;

/* Starts the loops; requests are answered when this returns. SIGPIPE must be ignored, and the signals that the caller
 * waits for must be blocked already: the threads inherit the mask. `api` must live as long as the server. */
int http_server_start(const struct http_options *options, struct api *api, struct http_server **ret_server,
                      struct err *err) MUST_USE;

/* From here on new connections begin with this context, which is taken over; others keep theirs. Only when the server
 * was started with one. Any thread. */
void http_server_use_tls(struct http_server *server, struct ssl_ctx_st *context);

/* Stops accepting, lets what is in flight finish, for `drain_ms` at most where it is a client that is slow, and ends
 * the threads. Afterwards nothing of it waits in a mailbox; what it counted can still be read. NULL is allowed, here
 * and below. */
void http_server_drain(struct http_server *server, unsigned drain_ms);
/* Frees a server that was drained. */
void http_server_destroy(struct http_server *server);
/* Both. */
void http_server_stop(struct http_server *server, unsigned drain_ms);

/* What was counted, until http_server_destroy. Any thread. */
struct http_stats {
    uint64_t connections; /* open */
    uint64_t connections_accepted, connections_refused;
    uint64_t bytes_in_flight;
    uint64_t requests_refused; /* for want of memory, or too many in flight: answered 503 */
};
void http_server_stats(const struct http_server *server, struct http_stats *ret_stats);
/* Of each loop, counted by its calls. */
unsigned http_server_loops(const struct http_server *server);
const struct api_metrics *http_server_metrics(const struct http_server *server, unsigned loop);
