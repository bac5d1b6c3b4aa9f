/* Time and randomness: the only places where the process asks the outside world for either. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Wall clock, microseconds since 1970. May step. */
uint64_t env_time_us(void);
/* The same in seconds, up to some milliseconds late: for a fifth of the cost. */
int64_t env_time_s(void);

/* Monotonic clock, microseconds since some start. */
uint64_t env_monotonic_us(void);

/* For tests: both clocks stand at `us` until told otherwise; 0: they go again. Any thread. */
void env_stop_clocks(uint64_t us);

/* Fills with bytes fit for tokens and identifiers. */
void env_random(void *bytes, size_t len);

/* A random UUID (version 4) as 36 characters and a NUL. */
#define ENV_UUID_BYTES 37
void env_uuid(char ret_text[ENV_UUID_BYTES]);
