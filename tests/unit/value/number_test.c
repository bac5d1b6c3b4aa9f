#include "value/number.h"

#include "support.h"

struct parse_case {
    const char *text;
    enum number_result result;
    const char *canonical;
    size_t size;
};

struct sum_case {
    const char *a, *b;
    enum number_result sum_result;
    const char *sum;
    enum number_result difference_result;
    const char *difference;
    int order;
};

#include "number_cases.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ONES_38      "11111111111111111111111111111111111111"
#define ZEROS_124                                                                                                      \
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "000000000000"

/* What DynamoDB accepts and how it shows it again. */
static const struct parse_case WRITTEN_CASES[] = {
    {"0", NUMBER_OK, "0", 1},
    {"-0", NUMBER_OK, "0", 1},
    {"+0.000", NUMBER_OK, "0", 1},
    {"0e999", NUMBER_OK, "0", 1},
    {"0.0e-9999", NUMBER_OK, "0", 1},
    {"+1", NUMBER_OK, "1", 2},
    {"007", NUMBER_OK, "7", 2},
    {"-007", NUMBER_OK, "-7", 3},
    {"1.", NUMBER_OK, "1", 2},
    {".5", NUMBER_OK, "0.5", 2},
    {"-.5", NUMBER_OK, "-0.5", 3},
    {"1.e5", NUMBER_OK, "100000", 2},
    {"1.5E2", NUMBER_OK, "150", 3},
    {"1E+5", NUMBER_OK, "100000", 2},
    {"1e-5", NUMBER_OK, "0.00001", 2},
    {"1e00000000000000000005", NUMBER_OK, "100000", 2},
    {"10e-131", NUMBER_OK, "0.00000" ZEROS_124 "1", 2},
    {"1e125", NUMBER_OK, "10" ZEROS_124, 2},
    {ONES_38, NUMBER_OK, ONES_38, 20},
    {"-" ONES_38 "0", NUMBER_OK, "-" ONES_38 "0", 21},
    {"0.000" ONES_38, NUMBER_OK, "0.000" ONES_38, 21},
    {ONES_38 "1", NUMBER_IMPRECISE, "", 0},
    {ONES_38 "1e200", NUMBER_IMPRECISE, "", 0},
    {ONES_38 "1e-200", NUMBER_IMPRECISE, "", 0},
    {"1" ZEROS_124 ".1", NUMBER_IMPRECISE, "", 0},
    {"1e126", NUMBER_OVERFLOW, "", 0},
    {"-1e126", NUMBER_OVERFLOW, "", 0},
    {"1e2147483647", NUMBER_OVERFLOW, "", 0},
    {"1e-131", NUMBER_UNDERFLOW, "", 0},
    {ONES_38 "e-168", NUMBER_UNDERFLOW, "", 0},
    {"1e-2147483647", NUMBER_UNDERFLOW, "", 0},
    /* Sizes as DynamoDB measures them: pairs of digits from the point. */
    {"100", NUMBER_OK, "100", 2},
    {"120", NUMBER_OK, "120", 3},
    {"1230", NUMBER_OK, "1230", 3},
    {"12345.1", NUMBER_OK, "12345.1", 5},
    {"0.01", NUMBER_OK, "0.01", 2},
    {"0.012", NUMBER_OK, "0.012", 3},
    {"0.0012", NUMBER_OK, "0.0012", 2},
    {"-123", NUMBER_OK, "-123", 4},
    {"-1.1111111111111111111111111111111111111", NUMBER_OK, "-1.1111111111111111111111111111111111111", 21},
};

static const char *const MALFORMED[] = {
    "",
    ".",
    "-",
    "+",
    " 1",
    "1 ",
    "e5",
    ".e5",
    "1e",
    "1e+",
    "1e+-5",
    "--1",
    "+-1",
    "1.2.3",
    "NaN",
    "Inf",
    "Infinity",
    "-Infinity",
    "0x10",
    "1_0",
    "1,0",
    "1d",
    "1L",
    "1e1.5",
    "1ee5",
    "1e5 ",
    "\xd9\xa1",
    "1e2147483648",
    "1e99999999999",
    "0e99999999999",
    "1e-99999999999",
};

static struct slice format(const struct number *number, char text[NUMBER_TEXT_MAX])
{
    return slice_of(text, number_format(number, text));
}

static void check_parse(const struct parse_case *c)
{
    struct number number;
    char text[NUMBER_TEXT_MAX];
    enum number_result result = number_parse(slice_from_string(c->text), &number);
    if (result != c->result) {
        fail_msg("%s: result %d, expected %d", c->text, result, c->result);
    }
    if (result == NUMBER_OK) {
        assert_slice(format(&number, text), slice_from_string(c->canonical));
        if (number_size(&number) != c->size) {
            fail_msg("%s: size %zu, expected %zu", c->text, number_size(&number), c->size);
        }
        assert_int_equal(number_text_size(slice_from_string(c->canonical)), c->size);
    }
}

static void parses_and_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(WRITTEN_CASES); i++) {
        check_parse(&WRITTEN_CASES[i]);
    }
    for (size_t i = 0; i < COUNT(PARSE_CASES); i++) {
        check_parse(&PARSE_CASES[i]);
    }
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(MALFORMED); i++) {
        struct number number;
        if (number_parse(slice_from_string(MALFORMED[i]), &number) != NUMBER_MALFORMED) {
            fail_msg("took \"%s\"", MALFORMED[i]);
        }
    }
    struct number number;
    assert_int_equal(number_parse(slice_of("1\0", 2), &number), NUMBER_MALFORMED);
}

static struct number parse(const char *text)
{
    struct number number;
    assert_int_equal(number_parse(slice_from_string(text), &number), NUMBER_OK);
    return number;
}

static void check_sum(enum number_result result, const struct number *sum, enum number_result expected,
                      const char *text)
{
    char found[NUMBER_TEXT_MAX];
    assert_int_equal(result, expected);
    if (result == NUMBER_OK) {
        assert_slice(format(sum, found), slice_from_string(text));
    }
}

static void adds_and_compares_as_decimal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(SUM_CASES); i++) {
        const struct sum_case *c = &SUM_CASES[i];
        struct number a = parse(c->a);
        struct number b = parse(c->b);
        struct number result;
        check_sum(number_add(&a, &b, &result), &result, c->sum_result, c->sum);
        check_sum(number_subtract(&a, &b, &result), &result, c->difference_result, c->difference);
        assert_int_equal(number_compare(&a, &b), c->order);
    }
}

static void never_rounds(void **state)
{
    (void)state;
    struct number one = parse("1");
    struct number result = parse("77");
    struct number a = parse("1e50");
    assert_int_equal(number_add(&a, &one, &result), NUMBER_IMPRECISE);
    assert_int_equal((int)result.digits, 77);
    a = parse("1e38");
    check_sum(number_subtract(&a, &one, &result), &result, NUMBER_OK, "99999999999999999999999999999999999999");
    assert_int_equal(number_add(&a, &one, &result), NUMBER_IMPRECISE);
    a = parse("99999999999999999999999999999999999999");
    check_sum(number_add(&a, &one, &result), &result, NUMBER_OK, "100000000000000000000000000000000000000");
    a = parse("9e125");
    struct number b = parse("1e125");
    assert_int_equal(number_add(&a, &b, &result), NUMBER_OVERFLOW);
    a = parse("1.1e-130");
    b = parse("1e-130");
    assert_int_equal(number_subtract(&a, &b, &result), NUMBER_UNDERFLOW);
    a = parse("3.5e38");
    assert_int_equal(number_add(&a, &one, &result), NUMBER_IMPRECISE);
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static struct slice encode(const struct number *number, unsigned char key[NUMBER_KEY_MAX])
{
    return slice_of(key, number_encode_key(number, key));
}

static void check_same(const struct number *a, const struct number *b)
{
    assert_true(a->digits == b->digits);
    assert_int_equal(a->exponent, b->exponent);
    assert_int_equal(a->negative, b->negative);
}

static void keys_are_exact_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct slice key;
    } CASES[] = {
        {"0", {"\x02", 1}},
        {"1", {"\x03\x82\x14", 3}},
        {"-1", {"\x01\x7d\xeb", 3}},
        {"1.25", {"\x03\x82\x19\x64", 4}},
        {"1e125", {"\x03\xff\x14", 3}},
        {"1e-130", {"\x03\x00\x14", 3}},
        {"1001", {"\x03\x85\x15\x02", 4}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct number number = parse(CASES[i].text);
        unsigned char key[NUMBER_KEY_MAX];
        struct slice found = encode(&number, key);
        assert_int_equal(found.len, CASES[i].key.len);
        assert_memory_equal(found.data, CASES[i].key.data, found.len);
    }
}

static void refuses_bytes_that_are_no_key(void **state)
{
    (void)state;
    static const struct slice CASES[] = {
        {"", 0},                 /* nothing */
        {"\x00", 1},             /* no sign */
        {"\x04\x82\x14", 3},     /* no sign */
        {"\x03", 1},             /* no place */
        {"\x03\x82", 2},         /* no digits */
        {"\x03\x82\x15", 3},     /* digits that do not end */
        {"\x03\x82\x12", 3},     /* a leading zero */
        {"\x03\x82\x15\x00", 4}, /* a last pair of zeros */
        {"\x03\x82\xc8", 3},     /* a pair above 99 */
        {"\x03\x82\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x14",
         22}, /* 40 digits */
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct number number;
        assert_int_equal(number_decode_key(CASES[i], &number), 0);
    }
}

/* Properties of numbers that nobody thought of. */
static void holds_for_random_numbers(void **state)
{
    struct dice *dice = *state;
    for (int i = 0; i < 200000; i++) {
        struct number a = random_number(dice);
        struct number b = dice_below(dice, 4) == 0 ? a : random_number(dice);
        struct number back;
        char text[NUMBER_TEXT_MAX];
        assert_int_equal(number_parse(format(&a, text), &back), NUMBER_OK);
        check_same(&a, &back);
        assert_int_equal(number_text_size(format(&a, text)), number_size(&a));

        unsigned char key_a[NUMBER_KEY_MAX + 1];
        unsigned char key_b[NUMBER_KEY_MAX];
        struct slice in_a = encode(&a, key_a);
        struct slice in_b = encode(&b, key_b);
        assert_int_equal(sign(slice_compare(in_a, in_b)), number_compare(&a, &b));
        key_a[in_a.len] = (unsigned char)dice_below(dice, 256); /* another component follows */
        assert_int_equal(number_decode_key(slice_of(key_a, in_a.len + 1), &back), in_a.len);
        check_same(&a, &back);
        if (number_compare(&a, &b) != 0) {
            assert_false(slice_starts_with(in_a, in_b)); /* self-delimiting */
        }

        struct number sum;
        struct number mirrored;
        enum number_result result = number_add(&a, &b, &sum);
        assert_int_equal(number_add(&b, &a, &mirrored), result);
        if (result == NUMBER_OK) {
            check_same(&sum, &mirrored);
            assert_int_equal(number_subtract(&sum, &b, &back), NUMBER_OK);
            check_same(&a, &back);
        }
    }
}

int main(void)
{
    struct dice dice = dice_create();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_formats),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(adds_and_compares_as_decimal),
        cmocka_unit_test(never_rounds),
        cmocka_unit_test(keys_are_exact_bytes),
        cmocka_unit_test(refuses_bytes_that_are_no_key),
        cmocka_unit_test_prestate(holds_for_random_numbers, &dice),
    };
    return cmocka_run_group_tests_name("value/number", tests, NULL, NULL);
}
