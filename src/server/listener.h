/* The sockets that the server listens on. */
#pragma once

#include "http/http.h"
#include "server/config.h"

struct listeners {
    int fds[HTTP_LISTENERS_MAX];
    unsigned count;
    char address[NI_MAXHOST + 8]; /* "127.0.0.1:8000", "[::1]:8000": of the first, with the port that it got */
};

/* Binds to every address that the host has: "localhost" often has two. Refuses others than loopback addresses, unless
 * the configuration allows them. Clients may connect from here on; they are answered later. */
int listeners_open(const struct config *config, struct listeners *ret_listeners, struct err *err) MUST_USE;
/* The same for metrics: any address, since an operator named it. */
int listeners_open_metrics(const struct config *config, struct listeners *ret_listeners, struct err *err) MUST_USE;
void listeners_close(struct listeners *listeners);
