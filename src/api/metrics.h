/* What each event loop counts about the calls it served. Summed by whoever shows them. */
#pragma once

#include "base/metric.h"

struct operation;

/* At least as many as there are; checked when a loop begins. */
#define API_OPERATIONS_MAX 48
#define API_ERRORS_MAX     32

struct operation_metrics {
    struct histogram duration_us; /* from the whole request's arrival to its answer, also of those that failed */
    struct metric errors[API_ERRORS_MAX]; /* by enum error_type */
    struct metric request_bytes;          /* of bodies */
    struct metric response_bytes;         /* of bodies, before they are compressed */
};

enum throttled_by { THROTTLED_BY_IDENTITY_RATE, THROTTLED_BY_FAILURE_RATE, THROTTLED_KINDS };

struct api_metrics {
    struct metric in_flight; /* calls begun and not yet answered */
    struct metric throttled[THROTTLED_KINDS];
    struct operation_metrics operations[API_OPERATIONS_MAX + 1]; /* api_metrics_operation; the last: no known one */
};

/* The name of a place in `operations`, and of one in `errors`; NULL behind the last. */
const char *api_metrics_operation(unsigned i);
const char *api_metrics_error(unsigned i);
