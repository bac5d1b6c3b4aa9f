/* The server's TLS certificate, and its changes while the server runs. */
#pragma once

#include "http/http.h"
#include "server/config.h"

/* *ret_context is NULL without --tls-cert. Logs when the certificate is not good now, or not for much longer. */
int certificate_load(const struct config *config, struct ssl_ctx_st **ret_context, struct err *err) MUST_USE;

/* New connections get what the files have now. With bad files all stays as it is; the log says why. */
void certificate_reload(const struct config *config, struct http_server *server);
