/* A server from its start to its end. */
#pragma once

#include "server/config.h"

/* Serves until SIGTERM or SIGINT, then finishes what is in flight. Another signal while it does ends the process at
 * once. To be called on the main thread, before there are others. Returns -1 when it cannot start. */
int serve(const struct config *config, struct err *err) MUST_USE;
