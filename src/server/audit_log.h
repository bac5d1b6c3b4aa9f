/* The file that the audit log goes to, and the thread that writes it.
 *
 * Loops hand over whole lines and go on; what waits for the thread has a ceiling. Above it, or while the file cannot be
 * written, lines are lost, counted, and the loss is logged; or, if strict, nothing is lost and what would need a line
 * is refused. */
#pragma once

#include "api/audit.h"
#include "base/err.h"

struct audit_log;

struct audit_log_options {
    const char *path; /* "-": standard output */
    enum audit_level level;
    bool strict;
};

/* Opens the file, with mode 0600 if it is new, and appends to it. A FIFO is fine too. `path` must outlive it. */
int audit_log_start(const struct audit_log_options *options, struct audit_log **ret_log, struct err *err) MUST_USE;

/* For struct api. Lives as long as the log. */
const struct audit *audit_log_sink(const struct audit_log *log);

/* Opens the file anew, after it was renamed: what is handed over from here on goes to the new one. If that fails, the
 * old one stays. Does not wait. Any thread. */
void audit_log_reopen(struct audit_log *log);

/* After the loops have ended: writes what waits, for some seconds at most. NULL is allowed. */
void audit_log_stop(struct audit_log *log);

struct audit_log_stats {
    uint64_t written_lines, lost_lines, failures, queue_bytes;
};
void audit_log_stats(const struct audit_log *log, struct audit_log_stats *ret_stats);
