/* Request identifiers as AWS writes them: 52 characters of base 32 (0-9, A-V), 256 bits, the last bit padded. Unique,
 * not secret. */
#pragma once

#include <stdint.h>

#define REQUEST_ID_CHARS 52

struct request_ids {
    uint64_t state[4];
    char pairs[1024][2]; /* the digits of ten bits, the low five first */
};

/* Seeds from the system's randomness. */
void request_ids_init(struct request_ids *ids);

/* Not terminated. */
void request_ids_next(struct request_ids *ids, char ret_text[REQUEST_ID_CHARS]);
