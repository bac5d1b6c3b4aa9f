/* Requests from JSON: what they become, the order and words in which they are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/shape.h"

static struct arena arena;
static struct json_parser *parser;

/* --- a request with a member of every kind ------------------------------------------------------------------------ */

struct part {
    struct opt_string name;
    struct opt_integer size;
};

struct request {
    struct opt_string table;
    struct opt_string index;
    struct opt_integer limit;
    struct opt_integer large;
    struct opt_boolean flag;
    struct opt_enum mode;
    struct part *part;
    SHAPE_LIST_OF(struct part) parts;
    SHAPE_LIST_OF(struct slice) names;
    SHAPE_MAP_OF(struct slice) aliases;
    SHAPE_MAP_OF(SHAPE_LIST_OF(struct part)) groups;
    SHAPE_MAP_OF(struct opt_value) values;
    struct opt_item item;
};

static const struct shape_member part_members[] = {
    {SHAPE_MEMBER(struct part, name, "Name", "name", SHAPE_STRING), .required = true},
    {SHAPE_MEMBER(struct part, size, "Size", "size", SHAPE_LONG), .limit = LIMIT_MIN(1)},
};
static const struct shape part_shape = SHAPE_OF("Part", struct part, part_members);
static const struct shape_member part_element = {.kind = SHAPE_STRUCTURE, .shape = &part_shape};
static const struct shape_member name_element = {.kind = SHAPE_STRING, .limit = LIMIT_RANGE(1, 5)};
static const struct shape_member value_element = {.kind = SHAPE_VALUE};
static const struct shape_member group_element = {
    .kind = SHAPE_LIST, .limit = LIMIT_RANGE(1, 2), .element = &part_element};
static const char *const mode_names[] = {"ON", "OFF", NULL};
static const struct shape_set modes = {mode_names, "[OFF, ON]"};

#define R(field, wire, path, kind) SHAPE_MEMBER(struct request, field, wire, path, kind)
static const struct shape_member members[] = {
    {R(table, "TableName", "tableName", SHAPE_STRING), .required = true, .table_name = true},
    {R(index, "IndexName", "indexName", SHAPE_STRING), .limit = LIMIT_NAME},
    {R(limit, "Limit", "limit", SHAPE_INTEGER), .limit = LIMIT_RANGE(1, 100)},
    {R(large, "Large", "large", SHAPE_LONG)},
    {R(flag, "Flag", "flag", SHAPE_BOOLEAN)},
    {R(mode, "Mode", "mode", SHAPE_ENUM), .set = &modes},
    {R(part, "Part", "part", SHAPE_STRUCTURE), .shape = &part_shape},
    {R(parts, "Parts", "parts", SHAPE_LIST), .limit = LIMIT_RANGE(1, 3), .element = &part_element},
    {R(names, "Names", "names", SHAPE_LIST), .element = &name_element},
    {R(aliases, "Aliases", "aliases", SHAPE_MAP), .element = &name_element, .key_limit = LIMIT_MAX(3)},
    {R(groups, "Groups", "groups", SHAPE_MAP), .table_name = true, .element = &group_element},
    {R(values, "Values", "values", SHAPE_MAP), .element = &value_element},
    {R(item, "Item", "item", SHAPE_ITEM)},
};
static const struct shape shape = SHAPE_OF("Request", struct request, members);

/* --- helpers ------------------------------------------------------------------------------------------------------ */

static struct json_node *parse(const char *text)
{
    size_t len = strlen(text);
    char *padded = arena_zalloc(&arena, len + JSON_PADDING);
    memcpy(padded, text, len);
    struct json_node *nodes;
    assert_int_equal(json_parse(parser, slice_of(padded, len), &arena, &nodes), JSON_OK);
    return nodes;
}

/* The message of the refusal, NULL if there is none. */
static const char *refusal(const char *text, struct request *ret_request)
{
    struct slice message;
    if (!shape_decode(&shape, parse(text), &arena, ret_request, &message) ||
        !shape_check(&shape, ret_request, &arena, &message)) {
        return arena_printf(&arena, "%.*s%c", SLICE_ARG(message), '\0').data;
    }
    return NULL;
}

static void accept(const char *text, struct request *ret_request)
{
    const char *message = refusal(text, ret_request);
    if (message != NULL) {
        fail_msg("%s: %s", text, message);
    }
}

static void assert_refused(const char *text, const char *expected)
{
    struct request request;
    const char *message = refusal(text, &request);
    if (message == NULL) {
        fail_msg("%s was taken", text);
    }
    assert_string_equal(message, expected);
}

static void assert_text(struct slice text, const char *expected)
{
    assert_true(slice_equal(text, slice_from_string(expected)));
}

/* --- decoding ----------------------------------------------------------------------------------------------------- */

static void test_every_kind(void **state)
{
    (void)state;
    struct request r;
    accept("{\"Unknown\":{\"a\":[1]},\"TableName\":\"abc\",\"IndexName\":\"ind\",\"Limit\":7,\"Large\":-5000000000,"
           "\"Flag\":true,\"Mode\":\"OFF\",\"Part\":{\"Name\":\"p\",\"Size\":1},\"Parts\":[{\"Name\":\"a\"},{\"Name\":"
           "\"b\",\"Size\":2}],\"Names\":[\"x\",\"y\"],\"Aliases\":{\"#a\":\"one\",\"#b\":\"two\"},\"Groups\":{\"tab\":"
           "[{\"Name\":\"g\"}]},\"Values\":{\":v\":{\"N\":\"1.50\"}},\"Item\":{\"k\":{\"S\":\"v\"}}}",
           &r);
    assert_text(r.table.text, "abc");
    assert_true(r.limit.present && r.limit.number == 7);
    assert_true(r.large.number == -5000000000LL);
    assert_true(r.flag.present && r.flag.flag);
    assert_int_equal(r.mode.value, 1);
    assert_text(r.part->name.text, "p");
    assert_int_equal(r.parts.count, 2);
    assert_true(!r.parts.items[0].size.present && r.parts.items[1].size.number == 2);
    assert_text(r.names.items[1], "y");
    assert_text(r.aliases.keys[1], "#b");
    assert_text(r.aliases.items[1], "two");
    assert_text(r.groups.items[0].items[0].name.text, "g");
    assert_text(r.values.items[0].value.bytes, "1.5");
    assert_text(r.item.item.attributes[0].value.bytes, "v");
}

static void test_null_is_absent_and_the_last_one_wins(void **state)
{
    (void)state;
    struct request r;
    accept("{\"TableName\":\"abc\",\"Limit\":null,\"Flag\":true,\"Flag\":false,\"Part\":null,\"Mode\":\"ON\",\"Mode\":"
           "null,\"Aliases\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"},\"Values\":{\":n\":null}}",
           &r);
    assert_false(r.limit.present);
    assert_true(r.flag.present && !r.flag.flag);
    assert_null(r.part);
    assert_false(r.mode.present);
    assert_int_equal(r.aliases.count, 2);
    assert_text(r.aliases.items[0], "3");
    assert_int_equal(r.values.items[0].flaw.kind, FLAW_NULL);
}

static void test_numbers_are_cut_as_java_cuts_them(void **state)
{
    (void)state;
    struct request r;
    accept("{\"TableName\":\"abc\",\"Limit\":1.9,\"Large\":1e300}", &r);
    assert_int_equal(r.limit.number, 1);
    assert_true(r.large.number == INT64_MAX);
    assert_refused("{\"TableName\":\"abc\",\"Limit\":4294967296}",
                   "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have "
                   "value greater than or equal to 1");
}

static void test_many_repeated_keys(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_printf(&text, "{\"TableName\":\"abc\",\"Values\":{\"x\":{\"S\":\"\"}");
    for (int i = 0; i < 50000; i++) {
        buffer_printf(&text, ",\"k%d\":{\"N\":\"%d\"}", i % 25000, i);
    }
    buffer_append(&text, "}}", 3);
    struct request r;
    accept(text.data, &r);
    assert_int_equal(r.values.count, 25001);
    assert_text(r.values.keys[25000], "k24999");
    assert_text(r.values.items[25000].value.bytes, "49999");
    buffer_finish(&text);
}

static void test_wrong_json_types(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"TableName\":1}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"TableName\":1.5}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"TableName\":true}", "TRUE_VALUE cannot be converted to String"},
        {"{\"TableName\":[]}", "Start of list found where not expected"},
        {"{\"TableName\":{}}", "Start of structure or map found where not expected"},
        {"{\"Limit\":\"1\"}", "STRING_VALUE cannot be converted to Integer"},
        {"{\"Limit\":false}", "FALSE_VALUE cannot be converted to Integer"},
        {"{\"Large\":\"1\"}", "STRING_VALUE cannot be converted to Long"},
        {"{\"Flag\":\"true\"}", "Unexpected token received from parser"},
        {"{\"Flag\":1}", "NUMBER_VALUE cannot be converted to Boolean"},
        {"{\"Mode\":2}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"Part\":\"x\"}", "Unexpected value type in payload"},
        {"{\"Part\":[]}", "Start of list found where not expected"},
        {"{\"Parts\":\"x\"}", "Unexpected field type"},
        {"{\"Parts\":{}}", "Start of structure or map found where not expected"},
        {"{\"Parts\":[1]}", "Unexpected value type in payload"},
        {"{\"Aliases\":[]}", "Start of list found where not expected"},
        {"{\"Aliases\":{\"a\":1}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"Item\":{\"a\":\"x\"}}", "Unexpected value type in payload"},
        {"{\"Item\":{\"a\":{\"S\":1}}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"Item\":{\"a\":{\"N\":1}}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"Item\":{\"a\":{\"B\":\"abcde\"}}}",
         "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
        {"{\"Item\":{\"a\":{\"L\":{}}}}", "Start of structure or map found where not expected"},
        {"{\"Item\":{\"a\":{\"BOOL\":\"x\"}}}", "Unexpected token received from parser"},
        /* the first in the document, before any constraint */
        {"{\"Limit\":0,\"Flag\":1,\"Mode\":3}", "NUMBER_VALUE cannot be converted to Boolean"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_refused(cases[i].text, cases[i].message);
    }
}

/* --- constraints -------------------------------------------------------------------------------------------------- */

#define ONE    "1 validation error detected: "
#define FAILED " failed to satisfy constraint: "

static void test_constraints_of_scalars(void **state)
{
    (void)state;
    assert_refused("{}", ONE "Value null at 'tableName'" FAILED "Member must not be null");
    assert_refused("{\"TableName\":\"abc\",\"Limit\":101}",
                   ONE "Value '101' at 'limit'" FAILED "Member must have value less than or equal to 100");
    assert_refused("{\"TableName\":\"abc\",\"Mode\":\"off\"}",
                   ONE "Value 'off' at 'mode'" FAILED "Member must satisfy enum value set: [OFF, ON]");
    assert_refused("{\"TableName\":\"abc\",\"IndexName\":\"a!\",\"Limit\":0}",
                   "3 validation errors detected: Value 'a!' at 'indexName'" FAILED
                   "Member must have length greater than or equal to 3; Value 'a!' at 'indexName'" FAILED
                   "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '0' at 'limit'" FAILED
                   "Member must have value greater than or equal to 1");
}

static void test_a_table_name_is_reported_alone(void **state)
{
    (void)state;
    struct request r;
    assert_refused("{\"TableName\":\"ab\",\"Limit\":0}",
                   ONE "Value 'ab' at 'tableName'" FAILED "Member must have length greater than or equal to 3");
    assert_refused("{\"TableName\":\"abc\",\"Groups\":{\"a\":[{\"Name\":\"n\"}]},\"Limit\":0}",
                   ONE "Value '{a=[Part(name=n)]}' at 'groups'" FAILED
                       "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member "
                       "must have length greater than or equal to 3, Member must satisfy regular expression pattern: "
                       "[a-zA-Z0-9_.-]+]");
    accept("{\"TableName\":\"arn:aws:dynamodb:us-east-1:1:table/a\",\"Groups\":{\"arn:x:table/a\":[{\"Name\":\"n\"}]}}",
           &r);
}

static void test_constraints_of_containers(void **state)
{
    (void)state;
    assert_refused("{\"TableName\":\"abc\",\"Part\":{}}",
                   ONE "Value null at 'part.name'" FAILED "Member must not be null");
    assert_refused("{\"TableName\":\"abc\",\"Parts\":[]}",
                   ONE "Value '[]' at 'parts'" FAILED "Member must have length greater than or equal to 1");
    assert_refused("{\"TableName\":\"abc\",\"Parts\":[{\"Name\":\"a\"},{\"Size\":0}]}",
                   "2 validation errors detected: Value null at 'parts.2.member.name'" FAILED
                   "Member must not be null; Value '0' at 'parts.2.member.size'" FAILED
                   "Member must have value greater than or equal to 1");
    assert_refused("{\"TableName\":\"abc\",\"Parts\":[{\"Name\":\"a\",\"Size\":1},{\"Name\":\"b\"},{\"Name\":\"c\"},"
                   "{\"Name\":\"d\"}]}",
                   ONE "Value '[Part(name=a, size=1), Part(name=b), Part(name=c), Part(name=d)]' at 'parts'" FAILED
                       "Member must have length less than or equal to 3");
    assert_refused("{\"TableName\":\"abc\",\"Names\":[\"fine\",\"too long\"]}",
                   ONE "Value '[fine, too long]' at 'names'" FAILED
                       "Member must satisfy constraint: [Member must have length less than or equal to 5, Member must "
                       "have length greater than or equal to 1]");
    assert_refused("{\"TableName\":\"abc\",\"Aliases\":{\"long\":\"x\"}}",
                   ONE "Value '{long=x}' at 'aliases'" FAILED
                       "Map keys must satisfy constraint: [Member must have length less than or equal to 3]");
    assert_refused("{\"TableName\":\"abc\",\"Groups\":{\"tab\":[]}}",
                   ONE "Value '{tab=[]}' at 'groups'" FAILED
                       "Map value must satisfy constraint: [Member must have length less than or equal to 2, Member "
                       "must have length greater than or equal to 1]");
    assert_refused("{\"TableName\":\"abc\",\"Groups\":{\"tab\":[{}]}}",
                   ONE "Value null at 'groups.tab.member.1.member.name'" FAILED "Member must not be null");
    assert_refused("{\"TableName\":\"abc\",\"Groups\":{\"tab\":null}}",
                   ONE "Value '{tab=null}' at 'groups'" FAILED
                       "Map value must satisfy constraint: [Member must have length less than or equal to 2, Member "
                       "must have length greater than or equal to 1]");
}

static void test_lengths_are_utf16_units(void **state)
{
    (void)state;
    struct request r;
    accept("{\"TableName\":\"abc\",\"Names\":[\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"]}", &r);
    assert_non_null(
        refusal("{\"TableName\":\"abc\",\"Names\":[\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\"]}", &r));
}

static void test_at_most_ten_are_listed(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_printf(&text, "{\"TableName\":\"abc\",\"Groups\":{");
    for (int i = 0; i < 20; i++) {
        buffer_printf(&text, "%s\"tab%d\":[{}]", i == 0 ? "" : ",", i);
    }
    buffer_append(&text, "}}", 3);
    struct request r;
    const char *message = refusal(text.data, &r);
    assert_true(strncmp(message, "10 validation errors detected: ", 31) == 0);
    assert_non_null(strstr(message, "tab9.member"));
    assert_null(strstr(message, "tab10.member"));
    buffer_finish(&text);
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    struct buffer text = {0};
    buffer_printf(&text, "{\"TableName\":\"abc\",\"Mode\":\"");
    for (int i = 0; i < 100000; i++) {
        buffer_append(&text, "\xc3\xa4", 2);
    }
    buffer_append(&text, "\"}", 3);
    struct request r;
    const char *message = refusal(text.data, &r);
    assert_true(strlen(message) < 70000);
    assert_non_null(strstr(message, "\xc3\xa4' at 'mode'"));
    buffer_finish(&text);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    parser = json_parser_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&arena);
    json_parser_destroy(parser);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_kind),
        TEST(test_null_is_absent_and_the_last_one_wins),
        TEST(test_numbers_are_cut_as_java_cuts_them),
        TEST(test_many_repeated_keys),
        TEST(test_wrong_json_types),
        TEST(test_constraints_of_scalars),
        TEST(test_a_table_name_is_reported_alone),
        TEST(test_constraints_of_containers),
        TEST(test_lengths_are_utf16_units),
        TEST(test_at_most_ten_are_listed),
        TEST(test_long_values_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
