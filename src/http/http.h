/* The HTTP front: event loops on h2o that turn requests into calls of api/ and answers into bytes.
 *
 * The first loop accepts and gives each connection to the loop with the fewest. A loop answers what it received, on its
 * own thread. Every resource that a client can use up has a ceiling in http_options. */
#pragma once

#include "api/api.h"
#include "base/err.h"

#define HTTP_LISTENERS_MAX 8

struct http_options {
    int listeners[HTTP_LISTENERS_MAX]; /* listening TCP sockets, not blocking; taken over */
    unsigned listener_count;
    unsigned threads;
    unsigned connections_max;   /* more are closed as they arrive */
    size_t body_bytes_max;      /* of one request; larger ones get 413 */
    size_t bytes_in_flight_max; /* bodies and answers held for all clients; above it new requests get 503 */
    unsigned request_ms_max;    /* from a request's first byte to its last */
    unsigned answer_ms_max;     /* for a client to take an answer */
    unsigned idle_ms_max;       /* between an answer and the next request */
};

/* The values a server uses unless it is told otherwise; no listeners, one thread. */
extern const struct http_options http_defaults;

struct http_server;

/* Starts the loops; requests are answered when this returns. SIGPIPE must be ignored, and the signals that the caller
 * waits for must be blocked already: the threads inherit the mask. `api` must live as long as the server. */
int http_server_start(const struct http_options *options, struct api *api, struct http_server **ret_server,
                      struct err *err) MUST_USE;

/* Stops accepting, lets what is in flight finish, for `drain_ms` at most where it is a client that is slow, ends the
 * threads and frees. Afterwards nothing of it waits in a mailbox. NULL is allowed. */
void http_server_stop(struct http_server *server, unsigned drain_ms);
