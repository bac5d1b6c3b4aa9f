/* Decimal numbers of 38 digits in a 128-bit integer.
 *
 * Invariant of every struct number that leaves this file: `digits` < 10^38 without a trailing zero, the leading digit
 * stands between 10^-130 and 10^125, and zero is {0, 0, false}. 38 digits leave room for one doubling in 128 bits
 * (10^38 * 3.4), which is all that addition needs. */
#include "value/number.h"

#include <assert.h>

/* Where the leading digit may stand: 10^LEAD_MIN … 10^LEAD_MAX. */
#define LEAD_MIN (-130)
#define LEAD_MAX 125

/* So many digits fit 64 bits. */
#define DIGITS_64 19

typedef unsigned __int128 u128;

static const uint64_t POWERS[20] = {1ull,
                                    10ull,
                                    100ull,
                                    1000ull,
                                    10000ull,
                                    100000ull,
                                    1000000ull,
                                    10000000ull,
                                    100000000ull,
                                    1000000000ull,
                                    10000000000ull,
                                    100000000000ull,
                                    1000000000000ull,
                                    10000000000000ull,
                                    100000000000000ull,
                                    1000000000000000ull,
                                    10000000000000000ull,
                                    100000000000000000ull,
                                    1000000000000000000ull,
                                    10000000000000000000ull};

/* 10^exponent, exponent 0 … 38. */
static u128 power_of_ten(int exponent)
{
    assert(exponent >= 0 && exponent <= 38);
    return exponent < 20 ? POWERS[exponent] : (u128)POWERS[19] * POWERS[exponent - 19];
}

/* Decimal digits of a number below 10^39; 0 for zero. */
static int count_digits(u128 digits)
{
    uint64_t high = (uint64_t)(digits >> 64);
    if (high == 0 && (uint64_t)digits < 10) {
        return digits != 0;
    }
    int bits = high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)digits);
    int count = bits * 1233 >> 12; /* floor(bits * log10(2)): right or one too small */
    return count + (digits >= power_of_ten(count));
}

/* The power of ten of the leading digit. */
static int lead_of(const struct number *number)
{
    return count_digits(number->digits) + number->exponent - 1;
}

/* Drops trailing zeros of digits that are not zero. */
static void trim(u128 *digits, int64_t *exponent)
{
    u128 kept = *digits;
    while (kept >> 64 != 0 && (uint64_t)kept % 2 == 0 && kept % 10 == 0) {
        kept /= 10;
        ++*exponent;
    }
    if (kept >> 64 == 0) {
        uint64_t low = (uint64_t)kept; /* the same again, many times faster */
        for (; low % 10 == 0; low /= 10) {
            ++*exponent;
        }
        kept = low;
    }
    *digits = kept;
}

/* Trimmed digits into a number, if it is in range. */
static enum number_result check_range(u128 digits, int64_t exponent, bool negative, struct number *ret_number)
{
    if (digits == 0) {
        *ret_number = (struct number){0};
        return NUMBER_OK;
    }
    int count = count_digits(digits);
    if (count > NUMBER_DIGITS_MAX) {
        return NUMBER_IMPRECISE;
    }
    int64_t lead = exponent + count - 1;
    if (lead > LEAD_MAX) {
        return NUMBER_OVERFLOW;
    }
    if (lead < LEAD_MIN) {
        return NUMBER_UNDERFLOW;
    }
    *ret_number = (struct number){digits, (int)exponent, negative};
    return NUMBER_OK;
}

/* What has been read of a mantissa. Zeros wait until a digit behind them makes them significant. */
struct mantissa {
    u128 digits;
    int64_t count;    /* significant digits read, without those that wait */
    int64_t waiting;  /* zeros behind them */
    int64_t fraction; /* digits behind the point */
    bool any;         /* at least one digit, perhaps zero */
};

static const char *read_mantissa(const char *at, const char *end, struct mantissa *ret_mantissa)
{
    struct mantissa m = {0};
    bool point = false;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit > 9) {
            if (*at != '.' || point) {
                break;
            }
            point = true;
            continue;
        }
        m.any = true;
        m.fraction += point;
        if (digit == 0) {
            m.waiting += m.count != 0;
            continue;
        }
        m.count += m.waiting + 1;
        if (m.count <= DIGITS_64) {
            m.digits = (uint64_t)m.digits * POWERS[m.waiting + 1] + digit;
        } else if (m.count <= NUMBER_DIGITS_MAX) {
            m.digits = m.digits * power_of_ten((int)m.waiting + 1) + digit;
        }
        m.waiting = 0;
    }
    *ret_mantissa = m;
    return at;
}

/* The text behind "e". False if it is no exponent of 32 bits. */
static bool read_exponent(const char *at, const char *end, int64_t *ret_exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end) {
        return false;
    }
    int64_t exponent = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit > 9) {
            return false;
        }
        exponent = exponent * 10 + digit;
        if (exponent > INT32_MAX) {
            return false;
        }
    }
    *ret_exponent = negative ? -exponent : exponent;
    return true;
}

enum number_result number_parse(struct slice text, struct number *ret_number)
{
    const char *at = text.data;
    const char *end = at + text.len;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    struct mantissa m;
    at = read_mantissa(at, end, &m);
    int64_t exponent = 0;
    if (!m.any || (at < end && ((*at != 'e' && *at != 'E') || !read_exponent(at + 1, end, &exponent)))) {
        return NUMBER_MALFORMED;
    }
    if (m.count > NUMBER_DIGITS_MAX) {
        return NUMBER_IMPRECISE;
    }
    return check_range(m.digits, exponent - m.fraction + m.waiting, negative, ret_number);
}

/* Writes exactly `count` digits, most significant first. */
static void write_digits(u128 digits, int count, char *ret_text)
{
    while (count > 0) {
        uint64_t low = (uint64_t)digits;
        if (count > DIGITS_64) {
            low = (uint64_t)(digits % POWERS[DIGITS_64]);
            digits /= POWERS[DIGITS_64];
        }
        for (int i = 0; i < DIGITS_64 && count > 0; i++) {
            ret_text[--count] = (char)('0' + low % 10);
            low /= 10;
        }
    }
}

size_t number_format(const struct number *number, char ret_text[NUMBER_TEXT_MAX])
{
    char *at = ret_text;
    if (number->digits == 0) {
        *at = '0';
        return 1;
    }
    if (number->negative) {
        *at++ = '-';
    }
    int count = count_digits(number->digits);
    int whole = count + number->exponent; /* digits in front of the point */
    if (whole <= 0) {
        *at++ = '0';
        *at++ = '.';
        memset(at, '0', (size_t)-whole);
        at += -whole;
        write_digits(number->digits, count, at);
        at += count;
    } else if (number->exponent >= 0) {
        write_digits(number->digits, count, at);
        memset(at + count, '0', (size_t)number->exponent);
        at += whole;
    } else {
        write_digits(number->digits, count, at + 1);
        memmove(at, at + 1, (size_t)whole);
        at[whole] = '.';
        at += count + 1;
    }
    assert(at <= ret_text + NUMBER_TEXT_MAX);
    return (size_t)(at - ret_text);
}

/* Order of the magnitudes of two numbers that are not zero. */
static int compare_magnitude(const struct number *a, const struct number *b)
{
    int count_a = count_digits(a->digits);
    int count_b = count_digits(b->digits);
    int lead_a = count_a + a->exponent;
    int lead_b = count_b + b->exponent;
    if (lead_a != lead_b) {
        return lead_a < lead_b ? -1 : 1;
    }
    u128 digits_a = a->digits;
    u128 digits_b = b->digits;
    if (count_a < count_b) {
        digits_a *= power_of_ten(count_b - count_a);
    } else {
        digits_b *= power_of_ten(count_a - count_b);
    }
    return (digits_a > digits_b) - (digits_a < digits_b);
}

int number_compare(const struct number *a, const struct number *b)
{
    int sign_a = a->digits == 0 ? 0 : a->negative ? -1 : 1;
    int sign_b = b->digits == 0 ? 0 : b->negative ? -1 : 1;
    if (sign_a != sign_b) {
        return sign_a < sign_b ? -1 : 1;
    }
    return sign_a == 0 ? 0 : sign_a * compare_magnitude(a, b);
}

enum number_result number_add(const struct number *a, const struct number *b, struct number *ret_sum)
{
    if (a->digits == 0 || b->digits == 0) {
        *ret_sum = a->digits == 0 ? *b : *a;
        return NUMBER_OK;
    }
    if (a->exponent < b->exponent) {
        const struct number *swapped = a;
        a = b;
        b = swapped;
    }
    /* `a` is brought to the exponent of `b`. If that makes it 2 * 10^38 or more, the result needs more than 38 digits:
     * `b` is below 10^38 and its last digit is not zero, so nothing that is left can be trimmed. */
    int shift = a->exponent - b->exponent;
    if (count_digits(a->digits) + shift > NUMBER_DIGITS_MAX + 1) {
        return NUMBER_IMPRECISE;
    }
    u128 digits_a = a->digits;
    if (shift > 0) {
        if (digits_a >= 2 * power_of_ten(NUMBER_DIGITS_MAX) / power_of_ten(shift)) {
            return NUMBER_IMPRECISE;
        }
        digits_a *= power_of_ten(shift);
    }
    bool negative = a->negative;
    u128 digits = digits_a + b->digits;
    if (a->negative != b->negative) {
        negative = digits_a >= b->digits ? a->negative : b->negative;
        digits = digits_a >= b->digits ? digits_a - b->digits : b->digits - digits_a;
    }
    int64_t exponent = b->exponent;
    if (shift == 0 && digits != 0) { /* else the last digit is that of `b` */
        trim(&digits, &exponent);
    }
    return check_range(digits, exponent, negative, ret_sum);
}

enum number_result number_subtract(const struct number *a, const struct number *b, struct number *ret_difference)
{
    struct number minus_b = *b;
    minus_b.negative = b->digits != 0 && !b->negative;
    return number_add(a, &minus_b, ret_difference);
}

/* The pair of digits that a power of ten falls into: pairs are counted from the point. The offset is even and keeps the
 * division from rounding towards zero: powers go down to LEAD_MIN - NUMBER_DIGITS_MAX + 1. */
static int pair_of(int power)
{
    return (power - LEAD_MIN + 2 * NUMBER_DIGITS_MAX) / 2;
}

/* The size of a number by its leading and last digit's powers of ten. */
static size_t size_of(int lead, int last, bool negative)
{
    size_t size = 1 + (size_t)(pair_of(lead) - pair_of(last) + 1) + negative;
    return size < NUMBER_SIZE_MAX ? size : NUMBER_SIZE_MAX;
}

size_t number_size(const struct number *number)
{
    return number->digits == 0 ? 1 : size_of(lead_of(number), number->exponent, number->negative);
}

size_t number_text_size(struct slice canonical)
{
    assert(canonical.len > 0 && canonical.len <= NUMBER_TEXT_MAX);
    bool negative = canonical.data[0] == '-';
    const char *at = canonical.data + negative;
    const char *end = canonical.data + canonical.len;
    const char *point = memchr(at, '.', (size_t)(end - at));
    if (point == NULL) {
        if (*at == '0') {
            return 1;
        }
        const char *last = end - 1;
        while (*last == '0') {
            last--;
        }
        return size_of((int)(end - at) - 1, (int)(end - last) - 1, negative);
    }
    const char *lead = at;
    if (*at == '0') {
        for (lead = point + 1; *lead == '0'; lead++) {
        }
    }
    return size_of((int)(point - lead) - (lead < point), (int)(point - end) + 1, negative);
}

/* The key: a sign byte, the leading digit's place as LEAD_MIN … LEAD_MAX in one byte, then the digits in pairs, each
 * pair * 2, + 1 if another pair follows. Behind the sign byte a negative number's bytes are complemented. */
enum { SIGN_NEGATIVE = 1, SIGN_ZERO = 2, SIGN_POSITIVE = 3 };
enum { PAIRS_MAX = NUMBER_DIGITS_MAX / 2 };

size_t number_encode_key(const struct number *number, unsigned char ret_key[NUMBER_KEY_MAX])
{
    if (number->digits == 0) {
        ret_key[0] = SIGN_ZERO;
        return 1;
    }
    char text[NUMBER_DIGITS_MAX + 1];
    int count = count_digits(number->digits);
    assert(count <= NUMBER_DIGITS_MAX);
    write_digits(number->digits, count, text);
    text[count] = '0'; /* an odd count is filled up to a pair */
    unsigned char flip = number->negative ? 0xff : 0;
    ret_key[0] = number->negative ? SIGN_NEGATIVE : SIGN_POSITIVE;
    ret_key[1] = (unsigned char)(lead_of(number) - LEAD_MIN) ^ flip;
    size_t len = 2;
    for (int i = 0; i < count; i += 2) {
        int pair = (text[i] - '0') * 10 + (text[i + 1] - '0');
        ret_key[len++] = (unsigned char)(pair * 2 + (i + 2 < count)) ^ flip;
    }
    assert(len <= NUMBER_KEY_MAX);
    return len;
}

size_t number_decode_key(struct slice key, struct number *ret_number)
{
    const unsigned char *bytes = (const unsigned char *)key.data;
    if (key.len == 0 || bytes[0] < SIGN_NEGATIVE || bytes[0] > SIGN_POSITIVE) {
        return 0;
    }
    if (bytes[0] == SIGN_ZERO) {
        *ret_number = (struct number){0};
        return 1;
    }
    bool negative = bytes[0] == SIGN_NEGATIVE;
    unsigned char flip = negative ? 0xff : 0;
    u128 digits = 0;
    unsigned byte = 0;
    size_t pairs = 0;
    do {
        if (pairs == PAIRS_MAX || key.len < pairs + 3) {
            return 0;
        }
        byte = (unsigned char)(bytes[pairs + 2] ^ flip);
        if (byte >= 200 || (pairs == 0 && byte < 20)) {
            return 0;
        }
        digits = digits * 100 + byte / 2;
        pairs++;
    } while (byte & 1);
    if (byte == 0) {
        return 0; /* a last pair of zeros is not normal form */
    }
    int64_t lead = (int64_t)(unsigned char)(bytes[1] ^ flip) + LEAD_MIN;
    int64_t exponent = lead - 2 * (int64_t)pairs + 1;
    trim(&digits, &exponent);
    return check_range(digits, exponent, negative, ret_number) == NUMBER_OK ? pairs + 2 : 0;
}
