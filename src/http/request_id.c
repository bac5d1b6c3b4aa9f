#include "http/request_id.h"

#include "base/env.h"

#include <string.h>

#define PAIRS_A_WORD 6 /* of ten bits each */

void request_ids_init(struct request_ids *ids)
{
    do {
        env_random(ids->state, sizeof ids->state);
    } while ((ids->state[0] | ids->state[1] | ids->state[2] | ids->state[3]) == 0); /* zero would stay zero */
    static const char digits[32] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    for (int i = 0; i < 1024; i++) {
        ids->pairs[i][0] = digits[i & 31];
        ids->pairs[i][1] = digits[i >> 5];
    }
}

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* xoshiro256**: a period of 2^256 - 1. */
static uint64_t next_word(uint64_t state[4])
{
    uint64_t word = rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return word;
}

void request_ids_next(struct request_ids *ids, char ret_text[REQUEST_ID_CHARS])
{
    uint64_t bits = 0;
    for (int i = 0; i < REQUEST_ID_CHARS / 2; i++, bits >>= 10) {
        if (i % PAIRS_A_WORD == 0) {
            bits = next_word(ids->state);
        }
        memcpy(ret_text + 2 * i, ids->pairs[bits & 1023], 2);
    }
    ret_text[REQUEST_ID_CHARS - 1] = (bits & 1) != 0 ? 'G' : '0'; /* one bit, and four of padding */
}
