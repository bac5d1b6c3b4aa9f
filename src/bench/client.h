/* An HTTP/1.1 client that signs: connections that stay open, one request at a time on each. Built for load: one thread
 * makes a few microseconds of work of a request.
 *
 * A client and its connections belong to one thread, and their callbacks run inside client_run. */
#pragma once

#include "base/err.h"
#include "base/slice.h"
#include "bench/options.h"

#include <sys/socket.h>

struct client;
struct connection;

struct client_answer {
    const char *failure; /* what happened instead of an answer; NULL: nothing, there is one */
    int status;
    struct slice body; /* as long as the callback runs */
};

typedef void client_callback(struct connection *connection, const struct client_answer *answer, void *context);

/* Where the endpoint is: found once, for all threads. */
struct client_address {
    struct sockaddr_storage address;
    socklen_t len;
};

/* Looks the host up and connects once, to say early and in words why it cannot be reached. */
int client_find(const struct bench_options *options, struct client_address *ret_address, struct err *err) MUST_USE;

/* `options` must stay. */
struct client *client_create(const struct bench_options *options, const struct client_address *address);
/* Closes all connections; their callbacks do not run. */
void client_destroy(struct client *client);

/* Waits at most `wait_ms` for something to happen and runs its callbacks. */
void client_run(struct client *client, int wait_ms);

/* Calls back when `fd` is readable, until client_destroy, which closes it. */
void client_watch(struct client *client, int fd, void (*on_readable)(void *context), void *context);

/* Connects when it first sends. Lives until client_destroy. */
struct connection *client_add_connection(struct client *client, client_callback *on_answer, void *context);

/* Signs and sends; the connection is free, that is, has answered what it was asked. `operation` is the name of one of
 * DynamoDB's. `body` is copied. The callback may send again. */
void connection_send(struct connection *connection, const char *operation, struct slice body);

/* Sends on a connection of its own and waits for the answer, at most a minute. *ret_body is a copy that ends in a NUL
 * and belongs to the caller. */
int client_call(struct client *client, const char *operation, struct slice body, int *ret_status, char **ret_body,
                struct err *err) MUST_USE;
