/* What TLS connections are made with: certificate, key, protocols and ciphers, as one OpenSSL context that never
 * changes. New files make a new context; connections keep the one that they began with. */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct tls_files {
    const char *certificate; /* PEM: the server's, then those between it and the root. NULL: no TLS */
    const char *key;         /* PEM, without a passphrase; not readable by everybody */
    const char *client_ca;   /* PEM: who signs clients' certificates. NULL: clients need none */
};

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* TLS 1.2 and 1.3 for HTTP/2 and HTTP/1.1. Errors name the file. The caller gives the context to http_options or
 * http_server_use_tls, or frees it with SSL_CTX_free. */
int tls_context_create(const struct tls_files *files, struct ssl_ctx_st **ret_context, struct err *err) MUST_USE;

/* The certificate's subject, as "CN = db.example.org", cut to fit, and the seconds since 1970 between which it is good.
 */
struct tls_certificate {
    char subject[128];
    int64_t good_from_s, good_until_s;
};
void tls_describe(struct ssl_ctx_st *context, struct tls_certificate *ret_certificate);
