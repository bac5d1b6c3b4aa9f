/* Any text as a number, any two numbers as a sum, any bytes as a number key. */
#include <assert.h>
#include <stdint.h>

#include "value/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct number *a, const struct number *b)
{
    return a->digits == b->digits && a->exponent == b->exponent && a->negative == b->negative;
}

static void check_number(const struct number *number)
{
    char text[NUMBER_TEXT_MAX];
    unsigned char key[NUMBER_KEY_MAX];
    struct number back;
    size_t len = number_format(number, text);
    assert(len > 0 && len <= NUMBER_TEXT_MAX);
    assert(number_parse(slice_of(text, len), &back) == NUMBER_OK && same(number, &back));
    size_t key_len = number_encode_key(number, key);
    assert(number_decode_key(slice_of(key, key_len), &back) == key_len && same(number, &back));
    assert(number_compare(number, &back) == 0);
    size_t bytes = number_size(number);
    assert(bytes >= 1 && bytes <= NUMBER_SIZE_MAX);
}

static void check_pair(const struct number *a, const struct number *b)
{
    unsigned char key_a[NUMBER_KEY_MAX];
    unsigned char key_b[NUMBER_KEY_MAX];
    struct slice in_a = slice_of(key_a, number_encode_key(a, key_a));
    struct slice in_b = slice_of(key_b, number_encode_key(b, key_b));
    int order = slice_compare(in_a, in_b);
    assert((order > 0) - (order < 0) == number_compare(a, b));
    struct number sum;
    struct number back;
    if (number_add(a, b, &sum) == NUMBER_OK) {
        check_number(&sum);
        assert(number_subtract(&sum, b, &back) == NUMBER_OK && same(&back, a));
        assert(number_subtract(&sum, a, &back) == NUMBER_OK && same(&back, b));
    }
    if (number_subtract(a, b, &sum) == NUMBER_OK) {
        check_number(&sum);
        assert((sum.digits == 0) == (number_compare(a, b) == 0));
        assert(sum.negative == (number_compare(a, b) < 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct number number;
    size_t used = number_decode_key(slice_of(data, size), &number);
    if (used != 0) {
        unsigned char key[NUMBER_KEY_MAX];
        assert(number_encode_key(&number, key) == used && memcmp(key, data, used) == 0);
        check_number(&number);
    }
    const uint8_t *blank = size == 0 ? NULL : memchr(data, ' ', size);
    size_t first = blank == NULL ? size : (size_t)(blank - data);
    if (number_parse(slice_of(data, first), &number) != NUMBER_OK) {
        return 0;
    }
    check_number(&number);
    struct number other;
    if (blank != NULL && number_parse(slice_of(blank + 1, size - first - 1), &other) == NUMBER_OK) {
        check_pair(&number, &other);
    }
    return 0;
}
