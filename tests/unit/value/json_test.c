#include "value/json.h"

#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct json_node *parse(struct arena *arena, struct slice text)
{
    struct json_node *nodes = NULL;
    if (parse_json(arena, text, &nodes) != JSON_OK) {
        fail_msg("refused %.*s", SLICE_ARG(text));
    }
    return nodes;
}

static void nodes_stand_in_document_order(void **state)
{
    struct json_node *n =
        parse(*state, SLICE(" {\"a\": [1, -2.5, null], \"b\": {}, \"c\": {\"d\": \"x\", \"e\": true}, \"f\": false} "));
    static const struct {
        uint8_t type;
        const char *name;
        uint32_t end, count;
    } EXPECTED[] = {
        {JSON_OBJECT, "", 10, 4}, {JSON_ARRAY, "a", 5, 3},  {JSON_INTEGER, "", 3, 0}, {JSON_DOUBLE, "", 4, 0},
        {JSON_NULL, "", 5, 0},    {JSON_OBJECT, "b", 6, 0}, {JSON_OBJECT, "c", 9, 2}, {JSON_STRING, "d", 8, 0},
        {JSON_TRUE, "e", 9, 0},   {JSON_FALSE, "f", 10, 0},
    };
    for (size_t i = 0; i < COUNT(EXPECTED); i++) {
        assert_int_equal(n[i].type, EXPECTED[i].type);
        assert_slice(n[i].name, slice_from_string(EXPECTED[i].name));
        assert_int_equal(n[i].end, EXPECTED[i].end);
        assert_int_equal(n[i].count, EXPECTED[i].count);
    }
    assert_int_equal(n[2].integer, 1);
    assert_true(n[3].real == -2.5);
    assert_slice(n[7].text, SLICE("x"));
}

static void reads_scalars_at_the_root(void **state)
{
    assert_slice(parse(*state, SLICE("\"x\""))->text, SLICE("x"));
    assert_slice(parse(*state, SLICE("\"\""))->text, SLICE(""));
    assert_int_equal(parse(*state, SLICE("-9223372036854775808"))->integer, INT64_MIN);
    assert_int_equal(parse(*state, SLICE("9223372036854775807"))->integer, INT64_MAX);
    struct json_node *beyond = parse(*state, SLICE("9223372036854775808"));
    assert_int_equal(beyond->type, JSON_DOUBLE);
    assert_true(beyond->real == 9223372036854775808.0);
    assert_int_equal(parse(*state, SLICE("true"))->type, JSON_TRUE);
}

static void unescapes_strings(void **state)
{
    static const struct {
        const char *text;
        struct slice expected;
    } CASES[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", {"\"\\/\b\f\n\r\t", 8}},
        {"\"\\u0041\\u00e9\\u65e5\"", {"A\xc3\xa9\xe6\x97\xa5", 6}},
        {"\"\\ud83d\\ude00\"", {"\xf0\x9f\x98\x80", 4}},
        {"\"a\\u0000b\"", {"a\0b", 3}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        assert_slice(parse(*state, slice_from_string(CASES[i].text))->text, CASES[i].expected);
    }
}

static void refuses_what_is_no_json(void **state)
{
    static const char *const CASES[] = {
        "",
        " ",
        "{",
        "[1,,2]",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "01",
        "+1",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "\"a",
        "\"\\q\"",
        "\"\\u12\"",
        "\"\t\"",
        "\"a\nb\"",
        "[1] 2",
        "{}{}",
        "[1}",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "\"\\ud800\\u0041\"",
        "\xef\xbb\xbf{",
        "// x\n1",
        "[\"\\q\"]",
        "]",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct json_node *nodes;
        if (parse_json(*state, slice_from_string(CASES[i]), &nodes) != JSON_MALFORMED) {
            fail_msg("took %s", CASES[i]);
        }
    }
    struct json_node *nodes;
    assert_int_equal(parse_json(*state, slice_of("[1]\0", 4), &nodes), JSON_MALFORMED);
}

static struct slice nested(struct arena *arena, unsigned depth, const char *open, const char *inner, const char *close)
{
    struct buffer text = {0};
    for (unsigned i = 0; i < depth; i++) {
        buffer_append(&text, open, strlen(open));
    }
    buffer_append(&text, inner, strlen(inner));
    for (unsigned i = 0; i < depth; i++) {
        buffer_append(&text, close, strlen(close));
    }
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static void depth_has_a_ceiling(void **state)
{
    struct json_node *nodes;
    for (unsigned depth = 1; depth < 300; depth++) {
        enum json_result expected = depth <= JSON_DEPTH_MAX ? JSON_OK : JSON_TOO_DEEP;
        assert_int_equal(parse_json(*state, nested(*state, depth, "[", "", "]"), &nodes), expected);
        assert_int_equal(parse_json(*state, nested(*state, depth, "{\"a\":", "1", "}"), &nodes), expected);
    }
    assert_int_equal(parse_json(*state, nested(*state, 1000000, "[", "", "]"), &nodes), JSON_TOO_DEEP);
    assert_int_equal(parse_json(*state, nested(*state, 1000000, "[", "", ""), &nodes), JSON_MALFORMED);
}

/* After a large document the parser gives its buffers back and still works; strings outlive the text. */
static void large_documents(void **state)
{
    struct arena *arena = *state;
    enum { MANY = 60000 };
    struct buffer text = {0};
    buffer_append_byte(&text, '[');
    for (int i = 0; i < MANY; i++) {
        buffer_printf(&text, "%s\"%d\"", i == 0 ? "" : ",", i);
    }
    buffer_append_byte(&text, ']');
    struct json_node *nodes = parse(arena, buffer_slice(&text));
    buffer_finish(&text);
    struct json_node *other = parse(arena, SLICE("{\"a\":\"b\"}"));
    assert_slice(other[1].text, SLICE("b"));
    assert_int_equal(nodes[0].count, MANY);
    assert_int_equal(nodes[0].end, MANY + 1);
    for (int i = 0; i < MANY; i++) {
        assert_slice(nodes[i + 1].text, arena_printf(arena, "%d", i));
    }
}

static void last_member_of_a_name_counts(void **state)
{
    struct json_node *nodes = parse(*state, SLICE("{\"a\":{\"b\":5},\"b\":1,\"c\":[{\"b\":7}],\"b\":2}"));
    assert_int_equal(json_member(nodes, &nodes[0], SLICE("b"))->integer, 2);
    assert_int_equal(json_member(nodes, json_member(nodes, nodes, SLICE("a")), SLICE("b"))->integer, 5);
    assert_null(json_member(nodes, &nodes[0], SLICE("d")));
    assert_null(json_member(nodes, json_member(nodes, nodes, SLICE("c")), SLICE("b")));
}

static void escapes_what_json_must(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        const char *expected;
    } CASES[] = {
        {{NULL, 0}, "\"\""},
        {{"abc", 3}, "\"abc\""},
        {{"\"\\/", 3}, "\"\\\"\\\\/\""},
        {{"\b\f\n\r\t\0\x1f\x7f", 8}, "\"\\b\\f\\n\\r\\t\\u0000\\u001F\x7f\""},
        {{"\xc3\xa9\xf0\x9f\x98\x80", 6}, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {{"0123456789abcdef", 16}, "\"0123456789abcdef\""},
        {{"0123456789abcde\"0123456789abcdef\n", 33}, "\"0123456789abcde\\\"0123456789abcdef\\n\""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buffer out = {0};
        json_append_string(&out, CASES[i].text);
        assert_slice(buffer_slice(&out), slice_from_string(CASES[i].expected));
        buffer_finish(&out);
    }
}

/* Each byte at each place of a string of each length comes back. */
static void escaping_inverts_at_every_place(void **state)
{
    struct arena *arena = *state;
    for (size_t len = 1; len < 40; len++) {
        for (size_t place = 0; place < len; place++) {
            for (unsigned byte = 0; byte < 0x80; byte += byte < 0x24 || byte == 0x5b || byte == 0x5c ? 1 : 7) {
                char text[40];
                memset(text, 'x', sizeof text);
                text[place] = (char)byte;
                struct buffer out = {0};
                json_append_string(&out, slice_of(text, len));
                assert_slice(parse(arena, buffer_slice(&out))->text, slice_of(text, len));
                buffer_finish(&out);
            }
            arena_reset(arena);
        }
    }
}

static void writes_base64(void **state)
{
    (void)state;
    static const struct {
        struct slice bytes;
        const char *expected;
    } CASES[] = {
        {{NULL, 0}, "\"\""},         {{"f", 1}, "\"Zg==\""},        {{"fo", 2}, "\"Zm8=\""},
        {{"foo", 3}, "\"Zm9v\""},    {{"foob", 4}, "\"Zm9vYg==\""}, {{"\xfb\xff\xbe", 3}, "\"+/++\""},
        {{"\0\0\0", 3}, "\"AAAA\""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buffer out = {0};
        json_append_base64(&out, CASES[i].bytes);
        assert_slice(buffer_slice(&out), slice_from_string(CASES[i].expected));
        buffer_finish(&out);
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
        TEST(nodes_stand_in_document_order),
        TEST(reads_scalars_at_the_root),
        TEST(unescapes_strings),
        TEST(refuses_what_is_no_json),
        TEST(depth_has_a_ceiling),
        TEST(large_documents),
        TEST(last_member_of_a_name_counts),
        TEST(escapes_what_json_must),
        TEST(escaping_inverts_at_every_place),
        TEST(writes_base64),
    };
    return cmocka_run_group_tests_name("value/json", tests, NULL, NULL);
}
