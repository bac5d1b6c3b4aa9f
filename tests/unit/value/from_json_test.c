#include "value/from_json.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The item {"v": text}. */
static bool read_v(struct arena *arena, const char *text, struct value_reader *ret_reader, struct item *ret_item)
{
    return read_item(arena, arena_printf(arena, "{\"v\":%s}", text).data, ret_reader, ret_item);
}

static void reads_every_type(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text, *expected; /* NULL: the same */
    } CASES[] = {
        {"{\"S\":\"\"}", NULL},
        {"{\"S\":\"\\u00e9\\n\"}", "{\"S\":\"\xc3\xa9\\n\"}"},
        {"{\"N\":\"+01.50e1\"}", "{\"N\":\"15\"}"},
        {"{\"N\":\"-0\"}", "{\"N\":\"0\"}"},
        {"{\"B\":\"\"}", NULL},
        {"{\"B\":\"/+8=\"}", NULL},
        {"{\"BOOL\":true}", NULL},
        {"{\"BOOL\":false}", NULL},
        {"{\"NULL\":true}", NULL},
        {"{\"M\":{}}", NULL},
        {"{\"L\":[]}", NULL},
        {"{\"M\":{\"b\":{\"L\":[{\"S\":\"x\"},{\"M\":{\"\xc3\xa9\":{\"N\":\"1\"}}}]},\"a\":{\"NULL\":true}}}", NULL},
        {"{\"SS\":[\"b\",\"\",\"a\"]}", NULL},
        {"{\"NS\":[\"2.0\",\"-1\"]}", "{\"NS\":[\"2\",\"-1\"]}"},
        {"{\"BS\":[\"\",\"YQ==\"]}", NULL},
        /* Unknown and null members do not count, the last of a name does. */
        {"{\"X\":1,\"S\":\"a\",\"N\":null}", "{\"S\":\"a\"}"},
        {"{\"S\":\"a\",\"S\":\"b\"}", "{\"S\":\"b\"}"},
        {"{\"s\":\"a\",\"SSS\":[],\"\":2,\"N\":\"1\"}", "{\"N\":\"1\"}"},
        {"{\"M\":{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}}",
         "{\"M\":{\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value value = make_value(arena, CASES[i].text);
        struct buffer out = {0};
        value_append_json(&out, &value);
        assert_slice(buffer_slice(&out),
                     slice_from_string(CASES[i].expected != NULL ? CASES[i].expected : CASES[i].text));
        buffer_finish(&out);
    }
}

static void keeps_the_first_flaw(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text;
        enum value_flaw_kind kind;
        enum value_type type;
        const char *flaw_text;
    } CASES[] = {
        {"{}", FLAW_EMPTY, 0, ""},
        {"null", FLAW_NULL, 0, "v"},
        {"{\"X\":\"a\"}", FLAW_EMPTY, 0, ""},
        {"{\"S\":null}", FLAW_EMPTY, 0, ""},
        {"{\"L\":[null]}", FLAW_NULL, 0, ""},
        {"{\"M\":{\"a\":null}}", FLAW_NULL, 0, "a"},
        {"{\"S\":\"a\",\"N\":\"1\"}", FLAW_SEVERAL_TYPES, 0, ""},
        {"{\"NULL\":false}", FLAW_NULL_FALSE, VALUE_NULL, ""},
        {"{\"SS\":[]}", FLAW_EMPTY_SET, VALUE_SS, ""},
        {"{\"NS\":[]}", FLAW_EMPTY_SET, VALUE_NS, ""},
        {"{\"L\":[{\"BS\":[]}]}", FLAW_EMPTY_SET, VALUE_BS, ""},
        {"{\"SS\":[\"a\",\"b\",\"a\"]}", FLAW_DUPLICATE_IN_SET, VALUE_SS, "[a, b, a]"},
        {"{\"SS\":[\"\",\"\"]}", FLAW_DUPLICATE_IN_SET, VALUE_SS, "[, ]"},
        {"{\"NS\":[\"1\",\"2\",\"1.0\"]}", FLAW_DUPLICATE_IN_SET, VALUE_NS, "[1, 2, 1.0]"},
        {"{\"BS\":[\"YQ==\",\"YQ==\"]}", FLAW_DUPLICATE_IN_SET, VALUE_BS, "[YQ==, YQ==]"},
        {"{\"SS\":[\"a\",null,\"a\"]}", FLAW_DUPLICATE_IN_SET, VALUE_SS, "[a, null, a]"},
        {"{\"SS\":[\"a\",null]}", FLAW_NULL_IN_SET, VALUE_SS, ""},
        {"{\"BS\":[null]}", FLAW_NULL_IN_SET, VALUE_BS, ""},
        {"{\"NS\":[\"1\",null]}", FLAW_EMPTY_NUMBER, VALUE_N, ""},
        {"{\"N\":\"\"}", FLAW_EMPTY_NUMBER, VALUE_N, ""},
        {"{\"N\":\"1x\"}", FLAW_NUMBER_MALFORMED, VALUE_N, "1x"},
        {"{\"NS\":[\"y\",\"1\",\"1\"]}", FLAW_NUMBER_MALFORMED, VALUE_N, "y"},
        {"{\"NS\":[\"y\",\"z\"]}", FLAW_NUMBER_MALFORMED, VALUE_N, "y"},
        {"{\"N\":\"1e126\"}", FLAW_NUMBER_OVERFLOW, VALUE_N, "1e126"},
        {"{\"N\":\"1e-131\"}", FLAW_NUMBER_UNDERFLOW, VALUE_N, "1e-131"},
        {"{\"N\":\"1e38\"}", FLAW_NONE, 0, ""},
        {"{\"N\":\"100000000000000000000000000000000000001\"}", FLAW_NUMBER_IMPRECISE, VALUE_N,
         "100000000000000000000000000000000000001"},
        /* In document order. */
        {"{\"L\":[{\"N\":\"x\"},{\"SS\":[]},{\"NULL\":false}]}", FLAW_NUMBER_MALFORMED, VALUE_N, "x"},
        {"{\"L\":[{\"NULL\":false},{\"N\":\"x\"}]}", FLAW_NULL_FALSE, VALUE_NULL, ""},
        {"{\"L\":[{\"S\":\"a\",\"N\":\"1\"},{\"N\":\"x\"}]}", FLAW_SEVERAL_TYPES, 0, ""},
        /* Of several types, the contents come first, in the model's order. */
        {"{\"S\":\"a\",\"N\":\"x\"}", FLAW_NUMBER_MALFORMED, VALUE_N, "x"},
        {"{\"NULL\":false,\"N\":\"x\"}", FLAW_NUMBER_MALFORMED, VALUE_N, "x"},
        {"{\"NS\":[\"x\"],\"SS\":[]}", FLAW_EMPTY_SET, VALUE_SS, ""},
        {"{\"L\":[{\"N\":\"x\"}],\"S\":\"a\"}", FLAW_NUMBER_MALFORMED, VALUE_N, "x"},
        /* Names come last. */
        {"{\"M\":{\"\":{\"S\":\"x\"}}}", FLAW_EMPTY_NAME, VALUE_M, ""},
        {"{\"L\":[{\"M\":{\"\":{\"S\":\"x\"}}},{\"N\":\"x\"}]}", FLAW_NUMBER_MALFORMED, VALUE_N, "x"},
        {"{\"M\":{\"\":{\"SS\":[\"a\",\"a\"]}}}", FLAW_DUPLICATE_IN_SET, VALUE_SS, "[a, a]"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value_reader reader;
        struct item item;
        assert_true(read_v(arena, CASES[i].text, &reader, &item));
        if (reader.flaw.kind != CASES[i].kind || reader.flaw.type != CASES[i].type) {
            fail_msg("%s: flaw %d of type %d", CASES[i].text, reader.flaw.kind, reader.flaw.type);
        }
        assert_slice(reader.flaw.text, slice_from_string(CASES[i].flaw_text));
    }
}

static void refuses_wrong_json_types(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text;
        enum value_shape_error error;
        unsigned culprit; /* its node; 1 is the value itself */
        enum base64_result base64;
    } CASES[] = {
        {"\"a\"", SHAPE_EXPECTED_STRUCTURE, 1, 0},
        {"1", SHAPE_EXPECTED_STRUCTURE, 1, 0},
        {"[]", SHAPE_EXPECTED_STRUCTURE, 1, 0},
        {"{\"S\":1}", SHAPE_EXPECTED_STRING, 2, 0},
        {"{\"S\":{}}", SHAPE_EXPECTED_STRING, 2, 0},
        {"{\"N\":1}", SHAPE_EXPECTED_STRING, 2, 0},
        {"{\"N\":true}", SHAPE_EXPECTED_STRING, 2, 0},
        {"{\"B\":[]}", SHAPE_EXPECTED_BLOB, 2, 0},
        {"{\"BOOL\":\"true\"}", SHAPE_EXPECTED_BOOLEAN, 2, 0},
        {"{\"NULL\":1}", SHAPE_EXPECTED_BOOLEAN, 2, 0},
        {"{\"SS\":\"a\"}", SHAPE_EXPECTED_LIST, 2, 0},
        {"{\"SS\":[\"a\",1]}", SHAPE_EXPECTED_STRING, 4, 0},
        {"{\"BS\":[{}]}", SHAPE_EXPECTED_BLOB, 3, 0},
        {"{\"L\":{}}", SHAPE_EXPECTED_LIST, 2, 0},
        {"{\"L\":[\"a\"]}", SHAPE_EXPECTED_STRUCTURE, 3, 0},
        {"{\"M\":[]}", SHAPE_EXPECTED_MAP, 2, 0},
        {"{\"M\":{\"a\":1}}", SHAPE_EXPECTED_STRUCTURE, 3, 0},
        {"{\"L\":[{\"N\":\"x\"},{\"S\":1}]}", SHAPE_EXPECTED_STRING, 6, 0},
        {"{\"B\":\"YQ\"}", SHAPE_BAD_BASE64, 2, BASE64_LENGTH},
        {"{\"B\":\"YQ=\"}", SHAPE_BAD_BASE64, 2, BASE64_LENGTH},
        {"{\"B\":\"a\"}", SHAPE_BAD_BASE64, 2, BASE64_LENGTH},
        {"{\"B\":\"====\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"Y===\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"YQ==YQ==\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"-_8=\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"Y Q=\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"\xc3\xa9YQ\"}", SHAPE_BAD_BASE64, 2, BASE64_CHARACTER},
        {"{\"B\":\"YR==\"}", SHAPE_BAD_BASE64, 2, BASE64_TRAILING_BITS},
        {"{\"BS\":[\"YWI=\",\"YWJ=\"]}", SHAPE_BAD_BASE64, 4, BASE64_TRAILING_BITS},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct value_reader reader;
        struct item item;
        assert_false(read_v(arena, CASES[i].text, &reader, &item));
        if (reader.error != CASES[i].error || reader.culprit != reader.nodes + CASES[i].culprit) {
            fail_msg("%s: error %d at node %td", CASES[i].text, reader.error, reader.culprit - reader.nodes);
        }
        assert_int_equal(reader.base64, CASES[i].base64);
    }
    struct value_reader reader;
    struct item item;
    assert_false(read_item(arena, "[]", &reader, &item));
    assert_int_equal(reader.error, SHAPE_EXPECTED_MAP);
}

static const char *wrapped(struct arena *arena, unsigned wraps, const char *open, const char *inner, const char *close)
{
    struct slice text = slice_from_string(inner);
    for (unsigned i = 0; i < wraps; i++) {
        text = arena_printf(arena, "%s%.*s%s", open, SLICE_ARG(text), close);
    }
    return arena_printf(arena, "%.*s", SLICE_ARG(text)).data;
}

static void nesting_has_a_limit(void **state)
{
    struct arena *arena = *state;
    struct value_reader reader;
    struct item item;
    for (unsigned wraps = 1; wraps < 50; wraps++) {
        enum value_flaw_kind expected = wraps < VALUE_DEPTH_MAX ? FLAW_NONE : FLAW_TOO_DEEP;
        assert_true(read_v(arena, wrapped(arena, wraps, "{\"L\":[", "{\"S\":\"x\"}", "]}"), &reader, &item));
        assert_int_equal(reader.flaw.kind, expected);
        assert_true(read_v(arena, wrapped(arena, wraps, "{\"M\":{\"a\":", "{\"SS\":[\"x\"]}", "}}"), &reader, &item));
        assert_int_equal(reader.flaw.kind, expected);
        assert_int_equal(value_depth(&item.attributes[0].value), wraps + 1);
    }
    /* Met on the way down, before what stands deeper. */
    assert_true(read_v(arena, wrapped(arena, 33, "{\"L\":[", "{\"N\":\"x\"}", "]}"), &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_TOO_DEEP);
    assert_true(read_v(arena, wrapped(arena, 33, "{\"L\":[{\"N\":\"x\"},", "{\"S\":\"\"}", "]}"), &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_NUMBER_MALFORMED);
    /* A wrong JSON type still counts: it is told before any flaw. */
    assert_false(read_v(arena, wrapped(arena, 40, "{\"L\":[", "{\"S\":1}", "]}"), &reader, &item));
}

static void names_have_a_limit(void **state)
{
    struct arena *arena = *state;
    for (size_t len = ATTRIBUTE_NAME_BYTES_MAX; len <= ATTRIBUTE_NAME_BYTES_MAX + 1; len++) {
        char *name = arena_alloc(arena, len + 1);
        memset(name, 'n', len);
        name[len] = 0;
        struct value_reader reader;
        struct item item;
        assert_true(read_item(arena, arena_printf(arena, "{\"%s\":{\"S\":\"\"}}", name).data, &reader, &item));
        assert_int_equal(reader.flaw.kind, len > ATTRIBUTE_NAME_BYTES_MAX ? FLAW_NAME_TOO_LONG : FLAW_NONE);
    }
}

/* One reader over several values keeps the first flaw. */
static void a_reader_reads_on(void **state)
{
    struct arena *arena = *state;
    struct json_node *nodes;
    assert_int_equal(parse_json(arena, SLICE("[{\"N\":\"x\"},{\"SS\":[]}]"), &nodes), JSON_OK);
    struct value_reader reader = {.nodes = nodes, .arena = arena};
    struct value value;
    assert_true(value_read(&reader, &nodes[1], &value));
    assert_true(value_read(&reader, &nodes[nodes[1].end], &value));
    assert_int_equal(value.type, VALUE_SS);
    assert_int_equal(reader.flaw.kind, FLAW_NUMBER_MALFORMED);
}

/* As many elements and members as a request can bring: quadratic work would take minutes. */
static void large_sets_and_maps_are_quick(void **state)
{
    struct arena *arena = *state;
    enum { MANY = 100000 };
    uint64_t start = env_monotonic_us();
    struct buffer set = {0};
    struct buffer map = {0};
    BUFFER_APPEND_LITERAL(&set, "{\"v\":{\"NS\":[\"100000.0\"");
    BUFFER_APPEND_LITERAL(&map, "{\"v\":{\"M\":{\"1\":{\"NULL\":true}");
    for (int i = 0; i < MANY; i++) {
        buffer_printf(&set, ",\"%d\"", i);
        buffer_printf(&map, ",\"%d\":{\"N\":\"%d\"}", i, i);
    }
    buffer_printf(&map, "}}}%c", 0);
    struct value_reader reader;
    struct item item;
    buffer_printf(&set, "]}}%c", 0);
    assert_true(read_item(arena, set.data, &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_NONE);
    assert_int_equal(item.attributes[0].value.count, MANY + 1);
    set.len -= 4; /* once more with a duplicate */
    buffer_printf(&set, ",\"1e5\"]}}%c", 0);
    assert_true(read_item(arena, set.data, &reader, &item));
    assert_int_equal(reader.flaw.kind, FLAW_DUPLICATE_IN_SET);
    assert_true(read_item(arena, map.data, &reader, &item));
    assert_int_equal(item.attributes[0].value.count, MANY);
    assert_slice(item.attributes[0].value.attributes[0].name, SLICE("0"));
    assert_slice(item.attributes[0].value.attributes[1].value.bytes, SLICE("1"));
    assert_true(env_monotonic_us() - start < 10 * 1000000);
    buffer_finish(&set);
    buffer_finish(&map);
}

static void random_items_survive_json(void **state)
{
    struct arena *arena = *state;
    struct dice dice = dice_create();
    for (int i = 0; i < 3000; i++) {
        struct item item = random_item(arena, &dice);
        struct buffer out = {0};
        item_append_json(&out, &item);
        struct json_node *nodes;
        assert_int_equal(parse_json(arena, buffer_slice(&out), &nodes), JSON_OK);
        struct value_reader reader = {.nodes = nodes, .arena = arena};
        struct item back;
        assert_true(item_read(&reader, nodes, &back));
        assert_int_equal(reader.flaw.kind, FLAW_NONE);
        assert_true(item_equal(&item, &back));
        struct buffer again = {0};
        item_append_json(&again, &back);
        assert_slice(buffer_slice(&again), buffer_slice(&out));
        buffer_finish(&out);
        buffer_finish(&again);
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
        TEST(reads_every_type),
        TEST(keeps_the_first_flaw),
        TEST(refuses_wrong_json_types),
        TEST(nesting_has_a_limit),
        TEST(names_have_a_limit),
        TEST(a_reader_reads_on),
        TEST(large_sets_and_maps_are_quick),
        TEST(random_items_survive_json),
    };
    return cmocka_run_group_tests_name("value/from_json", tests, NULL, NULL);
}
