/* The text of GET /metrics: what the layers count, asked for and summed when somebody wants to see it. The names are an
 * interface: docs/operations/monitoring.md lists them. */
#pragma once

#include "http/http.h"
#include "server/audit_log.h"

#include <stdatomic.h>

struct metrics {
    _Atomic(struct http_server *) http; /* NULL: not yet running */
    struct cluster *cluster;
    const struct audit_log *audit_log; /* or NULL */
    uint64_t started_us;               /* monotonic */
};

/* Any thread. */
void metrics_print(const struct metrics *metrics, struct buffer *out);
