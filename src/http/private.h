/* What the files of http/ share. One thread owns a loop with its connections and requests; only the budget, the counts
 * of connections and the mailbox are touched by others.
 *
 * A request's way:
 *   connection.c   accepts, watches what a client sends and how long it takes
 *   secure.c       TLS: the handshake, and what h2o leaves out at a connection's end
 *   http2.c        HTTP/2: what h2o leaves unbounded
 *   route.c        the path and method: an API call, or a short answer
 *   request.c      the request object around a call; lives until the client has the answer AND the call has ended
 *   answer.c       headers, checksum and body of an answer
 *   loop.c         the thread: its turns, and their end */
#pragma once

#include "http/encoding.h"
#include "http/http.h"
#include "http/http2_meter.h"
#include "http/request_id.h"

#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <h2o/http1.h>
#include <h2o/http2.h>

#include <openssl/ssl.h>
#include <stdatomic.h>

/* simdjson reads this far behind a body (api.h). */
#define BODY_PADDING 64

/* Buffers up to here are not counted in the budget: the ceiling on connections bounds them. */
#define UNCOUNTED_BYTES 16384u

/* Memory held for clients, in all loops. */
struct budget {
    atomic_size_t used;
    size_t max;
};

struct http_server {
    struct http_options options;
    struct api *api;
    h2o_globalconf_t config;
    h2o_iovec_t health; /* what GET / answers */
    struct budget budget;
    atomic_uint connections;
    atomic_uint calls; /* begun, and not answered at once */
    struct loop *loops;
    unsigned loop_count; /* running */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ready_count; /* under lock */
    SSL_CTX *tls;         /* of new connections, under lock; NULL: plain HTTP */
    unsigned drain_ms;
};

struct loop {
    struct http_server *server;
    unsigned index;
    pthread_t thread;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_multithread_receiver_t receiver;
    h2o_multithread_message_t wake; /* linked from a wake until the mailbox is emptied */
    struct cluster_port port;
    struct api_loop api;
    struct request_ids ids;
    struct libdeflate_compressor *compressor; /* made when it is first needed */
    uint64_t now_ms;                          /* monotonic, as of the last turn's end or the newest connection */
    uint64_t clock_us;                        /* monotonic, as last looked at in this turn; 0: not yet */
    uint64_t sweep_at_ms;

    h2o_socket_t *listeners[HTTP_LISTENERS_MAX]; /* of the first loop; NULL when closed */
    uint64_t accept_again_ms;                    /* the system ran out of descriptors: accepting pauses until then */
    atomic_uint connection_count;                /* with those on their way here */
    h2o_linklist_t connections;
    h2o_linklist_t unwatched; /* connections that may have begun to read again in this turn */
    h2o_linklist_t lingering;

    unsigned calls;          /* begun and not yet answered */
    struct request *retired; /* used objects, until the turn's end */
    struct request *spare;   /* clean objects */
    unsigned spare_count;

    struct metric connections_accepted, connections_refused, requests_refused; /* http.h */

    struct task stop_task;
    bool stopping;
    uint64_t stop_at_ms; /* clients that are slower are cut off */
};

#define ALERT_BYTES_MAX 64

/* A client's connection. Found from h2o's socket through `on_close.data`. */
struct connection {
    h2o_linklist_t link;
    h2o_linklist_t unwatched;
    struct loop *loop;
    h2o_socket_t *socket;
    h2o_socket_cb read;     /* h2o's callback, which ours wraps */
    size_t charged;         /* bytes taken from the budget for input */
    size_t http2_bytes;     /* of requests that h2o collects: bytes received, and now and then what they really hold */
    size_t http2_new_bytes; /* received, and on their way from the input to requests */
    uint64_t request_since_ms; /* an incomplete request, frame or handshake began to arrive; 0: none */
    uint64_t idle_since_ms;    /* no request since; valid while `requests` is 0 */
    uint64_t answer_since_ms;  /* an answer has been waiting to be taken since; 0: none */
    unsigned requests;         /* received and not yet done with */
    unsigned unsent;           /* of those, answered but not yet taken by the client */
    int fd;                    /* on the way to its loop */
    int linger_fd;             /* -1, or a duplicate that outlives the socket */
    bool http2;
    bool handshaking;
    bool late;    /* a stream took too long: to be cut off */
    bool reading; /* inside h2o's callback: closing must not free us */
    bool closed;
    struct task arrive;

    /* the client's address as text, once somebody has asked for it */
    char peer[AUTH_PEER_CHARS];
    SSL_CTX *tls;                         /* a reference; NULL: plain HTTP */
    SSL *ssl;                             /* h2o's; NULL before the handshake's first bytes */
    struct http2_meter meter;             /* with http2 */
    unsigned char alert[ALERT_BYTES_MAX]; /* what OpenSSL wrote last in the handshake, if it was short */
    unsigned alert_len;
    bool alerted; /* it was an alert */
};

/* One HTTP request that is an API call. */
struct request {
    struct api_call call;
    struct loop *loop;
    struct request *next;          /* retired or spare */
    h2o_req_t *req;                /* NULL: the client is gone */
    struct connection *connection; /* valid while req is */
    size_t charged;                /* bytes taken from the budget for the answer */
    bool encrypted;                /* the connection has TLS */
    bool counts_all;               /* one connection may have a hundred such: small ones count too */
    uint64_t started_us;           /* the loop's clock when all of it had come */
    struct buffer packed;          /* the answer as gzip */
    struct task task;              /* packing on the pool, and back */
    bool answered;                 /* respond was called and its work is done */
    bool counted;                  /* in the server's calls */
    bool json_1_1;
    bool gzip;
    char id[REQUEST_ID_CHARS];
    char checksum[11];
};

/* Lives in h2o's memory for a request, of any kind, and tells us when that ends. */
struct request_guard {
    h2o_req_t *req;
    struct connection *connection;
    struct request *request; /* NULL if it is no API call */
};

/* --- budget.c --- */

/* False, and nothing taken, if that would exceed the ceiling. */
bool budget_take(struct budget *budget, size_t bytes);
/* Less than a quarter is left: that is for small requests. */
bool budget_is_full(struct budget *budget);
void budget_take_anyway(struct budget *budget, size_t bytes);
void budget_give(struct budget *budget, size_t bytes);
bool budget_is_spent(struct budget *budget);

/* --- connection.c --- */

/* Takes a new connection's descriptor; `loop` is the accepting one. */
void connection_accept(struct loop *loop, int fd);
struct connection *connection_of(h2o_req_t *req);

/* h2o begins, or goes on, to read: `begin` hands the connection to it, and may close it. False: it is gone. */
bool connection_go_on(struct connection *connection, void (*begin)(struct connection *connection));

/* Notes what is new in the input and whether it may be handled. False: the client has been told that it may not. */
bool connection_admits(struct connection *connection, size_t new_bytes);

/* A request has been received whole; its answer is about to be sent; h2o is done with it. */
void connection_request_begins(struct connection *connection, h2o_req_t *req);
void connection_answer_begins(struct connection *connection);
void connection_request_ends(struct connection *connection);

/* Takes over the reading of connections that h2o has turned to again. At the end of a turn. */
void connections_watch(struct loop *loop);

/* Cuts off who is too slow or idle for too long; when stopping, who is idle. */
void connections_sweep(struct loop *loop);

/* --- secure.c --- */

/* What the context of all connections needs to find them again. */
void connection_prepare_tls(SSL_CTX *context);

/* Starts the handshake, and HTTP when it is done. */
void secure_accept(struct connection *connection);

/* Bytes that go out with the connection's end, which the caller brings about at once. */
void secure_last_words(struct connection *connection, struct slice bytes);

/* The client has ended its side in TLS, and may send anything behind it. */
bool secure_is_ended(const struct connection *connection);

/* --- http2.c --- */

/* Before h2o reads more. */
void http2_protect(struct connection *connection);
/* GOAWAY, with a reason for people; the caller ends the connection. */
void http2_refuse(struct connection *connection, const char *reason);
/* GOAWAY to all clients; requests go on. */
void http2_stop(struct loop *loop);
/* Finds connections with a stream that is late, and counts what unfinished requests hold. */
void http2_sweep(struct loop *loop);

/* --- linger.c --- */

/* When the connection closes, goes on reading and discarding for a while, so that a client that is still sending can
 * read the answer that was sent: closing with unread input would destroy it on the way. */
void linger_after_close(struct connection *connection);
void linger_begin(struct loop *loop, int fd);
void lingering_sweep(struct loop *loop);

/* --- route.c --- */

void route_register(struct http_server *server);
void route_finish(struct http_server *server);

/* --- request.c --- */

/* To be called once for each request. */
struct request_guard *request_guard_create(h2o_req_t *req);

/* No more calls may begin. */
static inline bool requests_are_many(struct http_server *server)
{
    return atomic_load_explicit(&server->calls, memory_order_relaxed) >= server->options.requests_max;
}

/* Runs the API call that the request is. */
void request_start(struct loop *loop, h2o_req_t *req, struct request_guard *guard);

/* Makes used objects ready for use again. At the end of a turn. */
void requests_recycle(struct loop *loop);
void requests_free(struct loop *loop);

/* --- answer.c --- */

/* Answers that never reach the API: method, path, transport. `body` must live as long as the
 * request. */
void answer_short(struct loop *loop, h2o_req_t *req, int status, const char *content_type, h2o_iovec_t body);
void answer_preflight(struct loop *loop, h2o_req_t *req);
void answer_overload(struct loop *loop, h2o_req_t *req);
void answer_busy(struct loop *loop, h2o_req_t *req);

/* Answers with the call's status and body. */
void answer_call(struct request *request);

/* Replaces the answer that h2o makes by itself to a request that it cannot read. To be called by a filter. */
void answer_refusal(struct loop *loop, h2o_req_t *req, h2o_ostream_t **slot);

/* The whole answer, with its head, for a connection that h2o is not able to answer on. */
extern const struct slice answer_overload_raw;

/* --- loop.c --- */

static inline struct loop *loop_of(h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct loop, context, req->conn->ctx);
}

void *loop_run(void *loop);
void loop_update_now(struct loop *loop);
