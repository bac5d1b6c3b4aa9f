/* Integers as stored: big-endian, so that byte order is numeric order. No alignment is asked for. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t read_u32(const char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return be32toh(number);
}

static inline uint64_t read_u64(const char *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return be64toh(number);
}

static inline void write_u32(char *at, uint32_t number)
{
    number = htobe32(number);
    memcpy(at, &number, sizeof number);
}

static inline void write_u64(char *at, uint64_t number)
{
    number = htobe64(number);
    memcpy(at, &number, sizeof number);
}
