#include "base/log.h"

#include "base/env.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A line is one write(2), so that lines of several threads, or of several processes, do not mix. */
#define LINE_BYTES_MAX 2048

static atomic_int lowest_level = LOG_INFO;
static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

/* "2026-11-22T14:05:07.042Z LEVEL ". Returns its length. */
static int format_head(char *line, size_t size, enum log_level level)
{
    uint64_t now_us = env_time_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    return snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ %s ", utc.tm_year + 1900, utc.tm_mon + 1,
                    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (unsigned)(now_us / 1000 % 1000),
                    level_names[level]);
}

void log_write(enum log_level level, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed)) {
        return;
    }
    int errno_before = errno;
    char line[LINE_BYTES_MAX];
    size_t len = (size_t)format_head(line, sizeof line, level);
    size_t text_begin = len;
    va_list arguments;
    va_start(arguments, format);
    int text_len = vsnprintf(line + len, sizeof line - 1 - len, format, arguments);
    va_end(arguments);
    if (text_len > 0) {
        len += (size_t)text_len;
    }
    if (len > sizeof line - 2) {
        len = sizeof line - 2; /* cut; the NUL stands there */
    }
    /* One line per event: what a client sent must not be able to forge another. */
    for (size_t i = text_begin; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = ' ';
        }
    }
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* nowhere to report it */
    errno = errno_before;
}
