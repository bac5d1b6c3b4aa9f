#include "bench/progress.h"

#include "base/env.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_CHARS 30
#define REDRAW_US 100000

void progress_start(struct progress *progress, const char *label, const char *unit)
{
    *progress = (struct progress){.label = label, .unit = unit, .started_us = env_monotonic_us()};
}

void progress_show(struct progress *progress, double share, uint64_t count)
{
    uint64_t now = env_monotonic_us();
    if (now < progress->drawn_us + REDRAW_US || !isatty(STDERR_FILENO)) {
        return;
    }
    progress->drawn_us = now;
    static const char full[] = "##############################", empty[] = "------------------------------";
    share = share > 1 ? 1 : share;
    int filled = (int)(share * BAR_CHARS);
    double seconds = (double)(now - progress->started_us) / 1e6;
    fprintf(stderr, "\r%-10s [%.*s%.*s] %3d %%  %.0f %s/s \033[K", progress->label, filled, full, BAR_CHARS - filled,
            empty, (int)(share * 100), seconds > 0 ? (double)count / seconds : 0, progress->unit);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->drawn_us != 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}
