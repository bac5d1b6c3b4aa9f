#include "value/key.h"

#include "base/hash.h"
#include "support.h"

static struct slice key_of(struct arena *arena, const struct value *value)
{
    struct buffer out = {0};
    key_append(&out, value);
    struct slice key = arena_copy(arena, buffer_slice(&out));
    buffer_finish(&out);
    return key;
}

static struct value text_value(enum value_type type, struct slice bytes)
{
    return (struct value){.type = (uint8_t)type, .bytes = bytes};
}

/* The bytes of docs/formats/keys.md: they are on disk, never change them. */
static void layout_is_frozen(void **state)
{
    struct arena *arena = *state;
    static const struct {
        enum value_type type;
        struct slice bytes, key;
    } CASES[] = {
        {VALUE_S, {"", 0}, {"\x00\x01", 2}},
        {VALUE_S, {"ab", 2}, {"ab\x00\x01", 4}},
        {VALUE_S,
         {"a\0b", 3},
         {"a\x00\xff"
          "b\x00\x01",
          6}},
        {VALUE_B, {"\0\0", 2}, {"\x00\xff\x00\xff\x00\x01", 6}},
        {VALUE_B, {"\x00\x01\xff", 3}, {"\x00\xff\x01\xff\x00\x01", 6}},
        {VALUE_N, {"0", 1}, {"\x02", 1}},
        {VALUE_N, {"1.25", 4}, {"\x03\x82\x19\x64", 4}},
        {VALUE_N, {"-1", 2}, {"\x01\x7d\xeb", 3}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct value value = text_value(CASES[i].type, CASES[i].bytes);
        assert_slice(key_of(arena, &value), CASES[i].key);
    }
    assert_true(key_hash(SLICE("ab\0\1")) == hash_bytes(SLICE("ab\0\1")));
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Bytes with many of those that the escapes are made of. */
static struct slice awkward_bytes(struct arena *arena, struct dice *dice)
{
    static const char BYTES[] = {0, 0, 1, 2, 'a', (char)0xfe, (char)0xff};
    uint32_t len = dice_below(dice, 6);
    char *bytes = arena_alloc(arena, 8);
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = BYTES[dice_below(dice, sizeof BYTES)];
    }
    return slice_of(bytes, len);
}

static struct value random_key(struct arena *arena, struct dice *dice, enum value_type type)
{
    return type == VALUE_N ? random_scalar(arena, dice, VALUE_N) : text_value(type, awkward_bytes(arena, dice));
}

static void order_is_that_of_values(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    for (int i = 0; i < 100000; i++) {
        enum value_type type = (enum value_type)(VALUE_S + dice_below(&dice, 3));
        struct value a = random_key(arena, &dice, type);
        struct value b = random_key(arena, &dice, type);
        struct slice in_a = key_of(arena, &a);
        struct slice in_b = key_of(arena, &b);
        int order = sign(value_compare(&a, &b));
        assert_int_equal(sign(slice_compare(in_a, in_b)), order);
        if (order != 0) { /* what follows cannot turn the order round */
            assert_false(slice_starts_with(in_a, in_b));
        }
        if (type != VALUE_N) {
            struct buffer prefix = {0};
            key_append_prefix(&prefix, &b);
            assert_int_equal(slice_starts_with(in_a, buffer_slice(&prefix)), slice_starts_with(a.bytes, b.bytes));
            buffer_finish(&prefix);
        }
        arena_reset(arena);
    }
}

static void reads_what_it_wrote(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    for (int i = 0; i < 50000; i++) {
        enum value_type type = (enum value_type)(VALUE_S + dice_below(&dice, 3));
        struct value value = random_key(arena, &dice, type);
        struct buffer out = {0};
        key_append(&out, &value);
        size_t len = out.len;
        for (size_t cut = 0; cut < len; cut++) { /* nothing shorter is a component */
            struct value none;
            assert_int_equal(key_read(arena, slice_of(out.data, cut), type, &none), 0);
        }
        struct slice tail = awkward_bytes(arena, &dice); /* another component follows */
        buffer_append_slice(&out, tail);
        struct value back;
        assert_int_equal(key_read(arena, buffer_slice(&out), type, &back), len);
        assert_true(value_equal(&value, &back));
        buffer_finish(&out);
        arena_reset(arena);
    }
}

static void refuses_what_it_did_not_write(void **state)
{
    static const struct {
        enum value_type type;
        struct slice key;
    } CASES[] = {
        {VALUE_S, {"", 0}},          {VALUE_S, {"abc", 3}},          {VALUE_S, {"abc\x00", 4}},
        {VALUE_S, {"a\x00\x02", 3}}, {VALUE_B, {"\x00\xff", 2}},     {VALUE_B, {"\x00\x00\x01", 3}},
        {VALUE_N, {"", 0}},          {VALUE_N, {"\x05\x82\x14", 3}}, {VALUE_N, {"\x03\x82\x15", 3}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct value none;
        assert_int_equal(key_read(*state, CASES[i].key, CASES[i].type, &none), 0);
    }
}

static int setup(void **state)
{
    static struct arena arena;
    arena_init(&arena, 4096);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_finish(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void length_of_the_first_component(void **state)
{
    (void)state;
    struct buffer key = {0};
    struct value string = {.type = VALUE_S, .bytes = slice_of("a\0b", 3)},
                 number = {.type = VALUE_N, .bytes = SLICE("-1.5")};
    key_append(&key, &string);
    size_t first = key.len;
    key_append(&key, &number);
    assert_int_equal(key_length(buffer_slice(&key), VALUE_S), first);
    assert_int_equal(key_length(slice_of(key.data + first, key.len - first), VALUE_N), key.len - first);
    assert_int_equal(key_length(slice_of(key.data, first - 1), VALUE_B), 0);
    assert_int_equal(key_length(SLICE(""), VALUE_N), 0);
    buffer_finish(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layout_is_frozen),
        TEST(order_is_that_of_values),
        TEST(reads_what_it_wrote),
        TEST(refuses_what_it_did_not_write),
        TEST(length_of_the_first_component),
    };
    return cmocka_run_group_tests_name("value/key", tests, NULL, NULL);
}
