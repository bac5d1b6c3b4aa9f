/* Base64 with the standard alphabet and padding. */
#pragma once

#include "base/slice.h"
#include "value/from_json.h"

static inline size_t base64_encoded_len(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/* Writes base64_encoded_len() characters and returns the place behind them. */
char *base64_encode(char *at, struct slice bytes);

/* Room that decoding may need. */
static inline size_t base64_decoded_max(size_t characters)
{
    return characters / 4 * 3;
}

/* Strict: no blanks, padding required, no stray bits. Writes at most base64_decoded_max() bytes. */
enum base64_result base64_decode(struct slice text, char *bytes, size_t *ret_len);
