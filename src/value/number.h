/* DynamoDB numbers: up to 38 significant decimal digits, magnitude 1E-130 to 9.99…E+125, exact.
 *
 * Source of the range and precision: Amazon DynamoDB Developer Guide, "Data types", Number. */
#pragma once

#include "base/slice.h"

#define NUMBER_DIGITS_MAX 38
/* The longest canonical text: a sign, "0.", 129 zeros and 38 digits. */
#define NUMBER_TEXT_MAX 176
#define NUMBER_KEY_MAX  24

/* digits * 10^exponent, negated if `negative`. Normal form: `digits` has no trailing zero and at most 38 digits;
 * zero is {0, 0, false}. */
struct number {
    unsigned __int128 digits;
    int exponent;
    bool negative;
};

enum number_result {
    NUMBER_OK,
    NUMBER_MALFORMED, /* not a decimal number */
    NUMBER_OVERFLOW,  /* magnitude above 9.99…E+125 */
    NUMBER_UNDERFLOW, /* magnitude below 1E-130 and not zero */
    NUMBER_IMPRECISE, /* more than 38 significant digits */
};

/* Text as clients send it: optional sign, digits with an optional point on any side of them, optional exponent. Blanks,
 * "NaN" and exponents beyond 32 bits are malformed. Too many digits are told before overflow and underflow. */
enum number_result number_parse(struct slice text, struct number *ret_number);

/* Canonical text as DynamoDB returns it: no exponent, no needless zeros. Returns its length. */
size_t number_format(const struct number *number, char ret_text[NUMBER_TEXT_MAX]);

/* Numeric order: negative, zero or positive. */
int number_compare(const struct number *a, const struct number *b);

/* Exact, or an error and `ret` untouched: a result that needs more than 38 digits is NUMBER_IMPRECISE, whatever its
 * magnitude; then come overflow and underflow. DynamoDB never rounds: 1E50 + 1 fails. */
enum number_result number_add(const struct number *a, const struct number *b, struct number *ret_sum);
enum number_result number_subtract(const struct number *a, const struct number *b, struct number *ret_difference);

/* Bytes whose unsigned order is numeric order; self-delimiting: no encoding is a prefix of another.
 * Returns the length. Format: docs/formats/keys.md. */
size_t number_encode_key(const struct number *number, unsigned char ret_key[NUMBER_KEY_MAX]);

/* The inverse. Returns the bytes consumed, or 0 if they are not a number key. */
size_t number_decode_key(struct slice key, struct number *ret_number);

/* The bytes that DynamoDB counts for a number: one for each pair of digits, pairs counted from the point, from the
 * first to the last that is not 00; plus one; plus one if negative; at most NUMBER_SIZE_MAX. So 120 is 01 20 and counts
 * 3, 0.012 is .01 20. (Measured; the rule of the Developer Guide is only approximate.) */
#define NUMBER_SIZE_MAX 21
size_t number_size(const struct number *number);

/* The same from canonical text, without parsing it. */
size_t number_text_size(struct slice canonical);
