#include "http/request_id.h"

#include "base/env.h"

#define DIGITS_A_WORD 12 /* of five bits each */

void request_ids_init(struct request_ids *ids)
{
    do {
        env_random(ids->state, sizeof ids->state);
    } while ((ids->state[0] | ids->state[1] | ids->state[2] | ids->state[3]) == 0); /* zero would stay zero */
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
    static const char digits[32] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    uint64_t bits = 0;
    for (int i = 0; i < REQUEST_ID_CHARS; i++, bits >>= 5) {
        if (i % DIGITS_A_WORD == 0) {
            bits = next_word(ids->state);
        }
        ret_text[i] = digits[bits & 31];
    }
    ret_text[REQUEST_ID_CHARS - 1] = (bits >> 4 & 1) != 0 ? 'G' : '0'; /* one bit is left, and four of padding */
}
