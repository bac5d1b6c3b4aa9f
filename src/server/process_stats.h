/* What the system knows of this process. */
#pragma once

#include <stdint.h>

struct process_stats {
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_files, open_files_max;
    uint64_t threads;
    uint64_t cpu_us;     /* user and system time */
    uint64_t started_us; /* since 1970 */
};

/* What cannot be read is 0. */
void process_stats_read(struct process_stats *ret_stats);
