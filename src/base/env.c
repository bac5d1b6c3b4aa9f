#include "base/env.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static atomic_uint_fast64_t stopped_us; /* 0: they go */

static uint64_t clock_us(clockid_t clock)
{
    uint64_t stopped = atomic_load_explicit(&stopped_us, memory_order_relaxed);
    if (stopped != 0) {
        return stopped;
    }
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) {
        abort();
    }
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

uint64_t env_time_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

int64_t env_time_s(void)
{
    return (int64_t)(clock_us(CLOCK_REALTIME_COARSE) / 1000000);
}

uint64_t env_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

void env_stop_clocks(uint64_t us)
{
    atomic_store(&stopped_us, us);
}

void env_random(void *bytes, size_t len)
{
    unsigned char *at = bytes;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0) {
            abort(); /* the kernel always has randomness once it has started */
        }
        at += got;
        len -= (size_t)got;
    }
}

void env_uuid(char ret_text[ENV_UUID_BYTES])
{
    unsigned char b[16];
    env_random(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(ret_text, ENV_UUID_BYTES, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
