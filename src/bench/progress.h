/* A line on standard error that says how far something is, if that is a terminal. */
#pragma once

#include <stdint.h>

/* The line: "get  [####----] 42 %  61234 requests/s". */
struct progress {
    const char *label, *unit;
    uint64_t started_us, drawn_us;
};

void progress_start(struct progress *progress, const char *label, const char *unit);
/* Draws the line anew, at most ten times a second. `share` is 0 to 1, `count` how many units that were. */
void progress_show(struct progress *progress, double share, uint64_t count);
/* Wipes the line. */
void progress_end(struct progress *progress);
