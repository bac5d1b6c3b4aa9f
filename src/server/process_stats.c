/* Source: proc(5). */
#include "server/process_stats.h"

#include "base/env.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;
    if (folder == NULL) {
        return 0;
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count > 3 ? count - 3 : 0; /* ".", ".." and the folder's own */
}

/* The numbers behind the program's name, which may have blanks: threads, start in ticks since boot, bytes, pages. */
static void read_stat(struct process_stats *stats)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL) {
        return;
    }
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *rest = strrchr(text, ')');
    uint64_t threads, start_ticks, bytes, pages;
    if (rest == NULL || sscanf(rest + 1,
                               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
                               " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                               &threads, &start_ticks, &bytes, &pages) != 4) {
        return;
    }
    stats->threads = threads;
    stats->virtual_bytes = bytes;
    stats->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    struct timespec up;
    if (clock_gettime(CLOCK_BOOTTIME, &up) == 0) {
        uint64_t up_us = (uint64_t)up.tv_sec * 1000000 + (uint64_t)up.tv_nsec / 1000;
        stats->started_us = env_time_us() - up_us + start_ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    }
}

static uint64_t us_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

void process_stats_read(struct process_stats *ret_stats)
{
    *ret_stats = (struct process_stats){.open_files = count_files()};
    read_stat(ret_stats);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        ret_stats->cpu_us = us_of(usage.ru_utime) + us_of(usage.ru_stime);
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        ret_stats->open_files_max = limit.rlim_cur;
    }
}
