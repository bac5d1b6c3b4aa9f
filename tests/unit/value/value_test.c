#include "value/value.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void sizes_as_dynamodb_counts(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text;
        size_t size;
        unsigned depth;
    } CASES[] = {
        {"{\"S\":\"\"}", 0, 1},
        {"{\"S\":\"a\xc3\xa9\"}", 3, 1},
        {"{\"B\":\"YWJj\"}", 3, 1},
        {"{\"BOOL\":false}", 1, 1},
        {"{\"NULL\":true}", 1, 1},
        {"{\"N\":\"-1.5\"}", 4, 1},
        {"{\"L\":[]}", 3, 1},
        {"{\"M\":{}}", 3, 1},
        {"{\"L\":[{\"S\":\"\"},{\"S\":\"\"}]}", 5, 2},
        {"{\"M\":{\"ab\":{\"S\":\"c\"}}}", 7, 2},
        {"{\"L\":[{\"L\":[]}]}", 7, 2},
        {"{\"L\":[{\"S\":\"\"},{\"M\":{\"a\":{\"L\":[{\"S\":\"\"}]}}}]}", 14, 4},
        {"{\"SS\":[\"a\",\"bc\"]}", 3, 1},
        {"{\"NS\":[\"1\",\"200\"]}", 4, 1},
        {"{\"BS\":[\"YQ==\",\"\"]}", 1, 1},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value value = make_value(arena, CASES[i].text);
        if (value_size(&value) != CASES[i].size || value_depth(&value) != CASES[i].depth) {
            fail_msg("%s: size %zu, depth %u", CASES[i].text, value_size(&value), value_depth(&value));
        }
    }
    struct value_reader reader;
    struct item item;
    assert_true(read_item(arena, "{\"key\":{\"S\":\"abc\"},\"n\":{\"N\":\"12\"}}", &reader, &item));
    assert_int_equal(item_size(&item), 3 + 3 + 1 + 2);
}

static void finds_by_name(void **state)
{
    struct arena *arena = *state;
    struct value map = make_value(arena, "{\"M\":{\"a\":{\"S\":\"x\"},\"ab\":{\"S\":\"y\"}}}");
    assert_slice(value_member(&map, SLICE("ab"))->bytes, SLICE("y"));
    assert_null(value_member(&map, SLICE("b")));
    struct value scalar = make_value(arena, "{\"S\":\"a\"}");
    assert_null(value_member(&scalar, SLICE("a")));
    struct item item = {map.attributes, map.count};
    assert_slice(item_find(&item, SLICE("a"))->bytes, SLICE("x"));
    assert_null(item_find(&item, SLICE("")));
}

static void equality_ignores_the_order_of_sets_and_maps(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *a, *b;
        bool equal;
    } CASES[] = {
        {"{\"S\":\"1\"}", "{\"N\":\"1\"}", false},
        {"{\"N\":\"1.0\"}", "{\"N\":\"1e0\"}", true},
        {"{\"BOOL\":true}", "{\"BOOL\":false}", false},
        {"{\"NULL\":true}", "{\"NULL\":true}", true},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"a\"]}", true},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"c\"]}", false},
        {"{\"SS\":[\"a\"]}", "{\"SS\":[\"b\",\"a\"]}", false},
        {"{\"SS\":[\"1\"]}", "{\"NS\":[\"1\"]}", false},
        {"{\"NS\":[\"1\",\"20\"]}", "{\"NS\":[\"2e1\",\"1.00\"]}", true},
        {"{\"L\":[{\"SS\":[\"a\",\"b\"]}]}", "{\"L\":[{\"SS\":[\"b\",\"a\"]}]}", true},
        {"{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}", "{\"L\":[{\"S\":\"b\"},{\"S\":\"a\"}]}", false},
        {"{\"L\":[{\"S\":\"a\"}]}", "{\"L\":[]}", false},
        {"{\"M\":{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"}}}", "{\"M\":{\"b\":{\"N\":\"2\"},\"a\":{\"S\":\"1\"}}}",
         true},
        {"{\"M\":{\"a\":{\"S\":\"1\"}}}", "{\"M\":{\"b\":{\"S\":\"1\"}}}", false},
        {"{\"M\":{}}", "{\"L\":[]}", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value a = make_value(arena, CASES[i].a);
        struct value b = make_value(arena, CASES[i].b);
        if (value_equal(&a, &b) != CASES[i].equal || value_equal(&b, &a) != CASES[i].equal) {
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
        }
    }
}

/* A set of the numbers from `first` on, in an order that `step` (coprime to `count`) decides. */
static struct value number_set(struct arena *arena, uint32_t first, uint32_t count, uint32_t step)
{
    struct value set = {.type = VALUE_NS, .count = count, .elements = ARENA_ARRAY(arena, struct value, count)};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = first + (uint32_t)((uint64_t)i * step % count);
        set.elements[i] = (struct value){.type = VALUE_N, .bytes = arena_printf(arena, "%u", number)};
    }
    return set;
}

/* As many elements as an item of 400 KB can hold: quadratic work would take minutes. */
static void large_sets_and_maps_are_quick(void **state)
{
    struct arena *arena = *state;
    uint64_t start = env_monotonic_us();
    enum { MANY = 100000 };
    struct value a = number_set(arena, 0, MANY, 1);
    struct value b = number_set(arena, 0, MANY, 7919);
    struct value shifted = number_set(arena, 1, MANY, 7919);
    assert_true(value_equal(&a, &b));
    assert_false(value_equal(&a, &shifted));

    struct value result;
    value_set_union(arena, &a, &shifted, &result);
    assert_int_equal(result.count, MANY + 1);
    assert_slice(result.elements[MANY].bytes, SLICE("100000"));
    value_set_difference(arena, &a, &shifted, &result);
    assert_int_equal(result.count, 1);
    assert_slice(result.elements[0].bytes, SLICE("0"));

    struct item forwards = {ARENA_ARRAY(arena, struct attribute, MANY), MANY};
    struct item backwards = {ARENA_ARRAY(arena, struct attribute, MANY), MANY};
    for (uint32_t i = 0; i < MANY; i++) {
        struct value value = {.type = VALUE_NULL};
        forwards.attributes[i] = backwards.attributes[MANY - 1 - i] = (struct attribute){a.elements[i].bytes, value};
    }
    assert_true(item_equal(&forwards, &backwards));
    backwards.attributes[5].value.type = VALUE_BOOL;
    assert_false(item_equal(&forwards, &backwards));
    backwards.attributes[5].value.type = VALUE_NULL;
    backwards.attributes[5].name = SLICE("other");
    assert_false(item_equal(&forwards, &backwards));
    assert_true(env_monotonic_us() - start < 10 * 1000000);
}

static void joins_and_subtracts_sets(void **state)
{
    struct arena *arena = *state;
    struct value a = make_value(arena, "{\"SS\":[\"c\",\"a\",\"b\"]}");
    struct value b = make_value(arena, "{\"SS\":[\"d\",\"b\",\"\"]}");
    struct value result;
    struct buffer out = {0};
    value_set_union(arena, &a, &b, &result);
    value_append_json(&out, &result);
    assert_slice(buffer_slice(&out), SLICE("{\"SS\":[\"c\",\"a\",\"b\",\"d\",\"\"]}"));
    buffer_clear(&out);
    value_set_difference(arena, &a, &b, &a); /* the result may take an operand's place */
    value_append_json(&out, &a);
    assert_slice(buffer_slice(&out), SLICE("{\"SS\":[\"c\",\"a\"]}"));
    value_set_difference(arena, &a, &a, &result);
    assert_int_equal(result.count, 0);
    value_set_union(arena, &result, &b, &result);
    assert_true(value_equal(&result, &b));
    buffer_finish(&out);
}

static void knows_what_a_set_holds(void **state)
{
    struct arena *arena = *state;
    struct value set = make_value(arena, "{\"NS\":[\"1\",\"20\"]}");
    struct value number = make_value(arena, "{\"N\":\"2e1\"}");
    struct value text = make_value(arena, "{\"S\":\"20\"}");
    assert_true(value_set_contains(&set, &number));
    assert_false(value_set_contains(&set, &text));
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void orders_scalars(void **state)
{
    struct arena *arena = *state;
    static const char *const ASCENDING[][6] = {
        {"{\"S\":\"\"}", "{\"S\":\"a\"}", "{\"S\":\"ab\"}", "{\"S\":\"b\"}", "{\"S\":\"\x7f\"}",
         "{\"S\":\"\xc3\xa9\"}"},
        {"{\"B\":\"\"}", "{\"B\":\"AA==\"}", "{\"B\":\"AAA=\"}", "{\"B\":\"AAE=\"}", "{\"B\":\"fw==\"}",
         "{\"B\":\"gA==\"}"},
        {"{\"N\":\"-10\"}", "{\"N\":\"-9.5\"}", "{\"N\":\"-9\"}", "{\"N\":\"0\"}", "{\"N\":\"0.5\"}", "{\"N\":\"5\"}"},
    };
    for (size_t t = 0; t < COUNT(ASCENDING); t++) {
        for (size_t i = 0; i < 6; i++) {
            for (size_t j = 0; j < 6; j++) {
                struct value a = make_value(arena, ASCENDING[t][i]);
                struct value b = make_value(arena, ASCENDING[t][j]);
                assert_int_equal(sign(value_compare(&a, &b)), (i > j) - (i < j));
            }
        }
    }
}

static void orders_random_numbers_as_number_compare(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    for (int i = 0; i < 50000; i++) {
        struct value a = random_scalar(arena, &dice, VALUE_N);
        struct value b = random_scalar(arena, &dice, VALUE_N);
        struct number in_a;
        struct number in_b;
        assert_int_equal(number_parse(a.bytes, &in_a), NUMBER_OK);
        assert_int_equal(number_parse(b.bytes, &in_b), NUMBER_OK);
        assert_int_equal(sign(value_compare(&a, &b)), number_compare(&in_a, &in_b));
        arena_reset(arena);
    }
}

/* Copies live on without what they were copied from. */
static void copies_deeply(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    for (int i = 0; i < 300; i++) {
        struct arena other;
        struct buffer before = {0};
        struct buffer after = {0};
        struct item copy;
        struct value copied;
        arena_init(&other, 1024);
        struct item item = random_item(&other, &dice);
        struct value map = {.type = VALUE_M, .count = item.count, .attributes = item.attributes};
        item_copy(arena, &item, &copy);
        value_copy(arena, &map, &copied);
        assert_true(item_equal(&item, &copy));
        assert_true(value_equal(&map, &copied));
        assert_int_equal(item_size(&item), item_size(&copy));
        item_append_json(&before, &item);
        arena_finish(&other);
        item_append_json(&after, &copy);
        assert_slice(buffer_slice(&after), buffer_slice(&before));
        buffer_finish(&before);
        buffer_finish(&after);
        arena_reset(arena);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sizes_as_dynamodb_counts),
        TEST(finds_by_name),
        TEST(equality_ignores_the_order_of_sets_and_maps),
        TEST(large_sets_and_maps_are_quick),
        TEST(joins_and_subtracts_sets),
        TEST(knows_what_a_set_holds),
        TEST(orders_scalars),
        TEST(orders_random_numbers_as_number_compare),
        TEST(copies_deeply),
    };
    return cmocka_run_group_tests_name("value/value", tests, NULL, NULL);
}
