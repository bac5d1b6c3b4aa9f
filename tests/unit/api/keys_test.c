/* Keys against schemas, key conditions against schemas, and the texts of values that are wrong in themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tables.h"
#include "api/attribute_error.h"
#include "api/key_check.h"
#include "api/name_list.h"
#include "api/query_keys.h"

#define INVALID "One or more parameter values were invalid: "

static struct arena arena;
static struct table_spec spec;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    spec = example_spec(&arena, "tab");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void assert_text(struct slice text, const char *expected)
{
    if (!slice_equal(text, slice_from_string(expected))) {
        fail_msg("expected %s\ngot %.*s", expected, SLICE_ARG(text));
    }
}

static struct item item_of(uint32_t count, const char *const *names, const struct value *values)
{
    struct item item = {ARENA_ARRAY(&arena, struct attribute, count), count};
    for (uint32_t i = 0; i < count; i++) {
        item.attributes[i] = (struct attribute){slice_from_string(names[i]), values[i]};
    }
    return item;
}

static struct value long_string(size_t len)
{
    char *bytes = arena_alloc(&arena, len);
    memset(bytes, 'x', len);
    return (struct value){.type = VALUE_S, .bytes = slice_of(bytes, len)};
}

typedef bool check_function(struct arena *, const struct table_spec *, const struct item *, struct slice *);

static void assert_refused(check_function *check, struct item item, const char *expected)
{
    struct slice message = SLICE("");
    assert_false(check(&arena, &spec, &item, &message));
    assert_text(message, expected);
}

static void assert_accepted(check_function *check, struct item item)
{
    struct slice message;
    assert_true(check(&arena, &spec, &item, &message));
}

#define MISMATCH    "The provided key element does not match the schema"
#define NAMES(...)  ((const char *const[]){__VA_ARGS__})
#define VALUES(...) ((const struct value[]){__VA_ARGS__})

static void a_key_has_exactly_the_key_attributes(void **state)
{
    (void)state;
    struct value s = string_value("a"), n = number_value("1");
    assert_accepted(key_check, item_of(2, NAMES("pk", "sk"), VALUES(s, n)));
    assert_accepted(key_check, item_of(2, NAMES("sk", "pk"), VALUES(n, s)));
    assert_refused(key_check, item_of(0, NAMES(""), VALUES(s)), MISMATCH);
    assert_refused(key_check, item_of(1, NAMES("pk"), VALUES(s)), MISMATCH);
    assert_refused(key_check, item_of(2, NAMES("pk", "x"), VALUES(s, n)), MISMATCH);
    assert_refused(key_check, item_of(3, NAMES("pk", "sk", "x"), VALUES(s, n, n)), MISMATCH);
    assert_refused(key_check, item_of(2, NAMES("pk", "sk"), VALUES(s, s)), MISMATCH);
    assert_refused(key_check, item_of(2, NAMES("pk", "sk"), VALUES(n, n)), MISMATCH);
}

static void key_values_are_neither_empty_nor_long(void **state)
{
    (void)state;
    struct value n = number_value("1");
    assert_refused(
        key_check, item_of(2, NAMES("pk", "sk"), VALUES(string_value(""), n)),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        "empty string value. Key: pk");
    assert_accepted(key_check, item_of(2, NAMES("pk", "sk"), VALUES(long_string(2048), n)));
    assert_refused(key_check, item_of(2, NAMES("pk", "sk"), VALUES(long_string(2049), n)),
                   INVALID "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    spec.keys.range[0].type = VALUE_S;
    assert_accepted(key_check, item_of(2, NAMES("pk", "sk"), VALUES(string_value("a"), long_string(1024))));
    assert_refused(key_check, item_of(2, NAMES("pk", "sk"), VALUES(string_value("a"), long_string(1025))),
                   INVALID "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    spec.keys.range[0].type = VALUE_B;
    struct value none = {.type = VALUE_B, .bytes = SLICE("")};
    assert_refused(
        key_check, item_of(2, NAMES("pk", "sk"), VALUES(string_value("a"), none)),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        "empty binary value. Key: sk");
}

static void an_item_names_what_is_wrong_with_its_key(void **state)
{
    (void)state;
    struct value s = string_value("a"), n = number_value("1");
    assert_accepted(key_check_item, item_of(3, NAMES("x", "sk", "pk"), VALUES(s, n, s)));
    assert_refused(key_check_item, item_of(1, NAMES("sk"), VALUES(n)), INVALID "Missing the key pk in the item");
    assert_refused(key_check_item, item_of(1, NAMES("pk"), VALUES(s)), INVALID "Missing the key sk in the item");
    assert_refused(key_check_item, item_of(2, NAMES("pk", "sk"), VALUES(n, n)),
                   INVALID "Type mismatch for key pk expected: S actual: N");
    assert_refused(key_check_item, item_of(2, NAMES("pk", "sk"), VALUES(s, s)),
                   INVALID "Type mismatch for key sk expected: N actual: S");
    /* In a batch it is a key that does not match. */
    assert_refused(key_check_batch_item, item_of(1, NAMES("pk"), VALUES(s)), MISMATCH);
    assert_refused(key_check_batch_item, item_of(2, NAMES("pk", "sk"), VALUES(s, s)), MISMATCH);
    assert_accepted(key_check_batch_item, item_of(3, NAMES("x", "sk", "pk"), VALUES(s, n, s)));
}

static void index_keys_have_types_and_sizes(void **state)
{
    (void)state;
    struct value s = string_value("a"), n = number_value("1");
    check_function *const checks[] = {key_check_item, key_check_batch_item};
    for (int i = 0; i < 2; i++) {
        assert_refused(checks[i], item_of(3, NAMES("pk", "sk", "note"), VALUES(s, n, n)),
                       INVALID "Type mismatch for Index Key note Expected: S Actual: N IndexName: by_note");
        assert_refused(checks[i], item_of(3, NAMES("pk", "sk", "owner"), VALUES(s, n, string_value(""))),
                       "One or more parameter values are not valid. A value specified for a secondary index key is not "
                       "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                       "IndexName: by_owner, IndexKey: owner");
        assert_refused(checks[i], item_of(3, NAMES("pk", "sk", "owner"), VALUES(s, n, long_string(2049))),
                       INVALID "Size limit exceeded for Index Key owner Actual Size: 2049 bytes Max Size: 2048 bytes "
                               "IndexName: by_owner");
        assert_refused(checks[i], item_of(3, NAMES("pk", "sk", "note"), VALUES(s, n, long_string(1025))),
                       INVALID "Size limit exceeded for Index Key note Actual Size: 1025 bytes Max Size: 1024 bytes "
                               "IndexName: by_note");
    }
    struct index_flaw flaw = {.kind = INDEX_KEY_TYPE, .index = &spec.indexes[1], .attribute = &spec.attributes[3]};
    assert_text(key_index_flaw_text(&arena, &flaw, true),
                "The update expression attempted to update the secondary index key to unsupported type");
    flaw.kind = INDEX_KEY_EMPTY;
    assert_text(key_index_flaw_text(&arena, &flaw, true),
                "One or more parameter values are not valid. The update expression attempted to update a secondary "
                "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an "
                "empty string value.");
}

/* --- key conditions -------------------------------------------------------------------------------------------- */

static struct key_term term(const char *name, enum key_operator how, struct value operand)
{
    return (struct key_term){slice_from_string(name), how, operand, operand};
}

static void assert_resolves(const struct key_schema *keys, const struct key_term *terms, uint32_t count,
                            uint32_t range_count)
{
    struct query_keys resolved;
    struct slice message;
    assert_true(query_keys_resolve(&arena, keys, NULL, terms, count, &resolved, &message));
    assert_int_equal(resolved.range_count, range_count);
    for (unsigned i = 0; i < keys->hash_count; i++) {
        assert_int_equal(resolved.hash[i].type, keys->hash[i].type);
    }
    for (unsigned i = 0; i < range_count; i++) {
        assert_true(slice_equal(resolved.range[i].name, keys->range[i].name));
    }
}

static void assert_unresolved(const struct key_schema *keys, const struct key_term *terms, uint32_t count,
                              const char *expected)
{
    struct query_keys resolved;
    struct slice message;
    assert_false(query_keys_resolve(&arena, keys, NULL, terms, count, &resolved, &message));
    assert_text(message, expected);
}

#define UNSUPPORTED "Query key condition not supported"
#define WRONG_TYPE  INVALID "Condition parameter type does not match schema type"
#define MISSED      "Query condition missed key schema element: "
#define TERMS(...)  ((const struct key_term[]){__VA_ARGS__})

static void key_conditions_of_one_hash_and_one_range_part(void **state)
{
    (void)state;
    const struct key_schema *keys = &spec.keys;
    struct value s = string_value("a"), n = number_value("1");
    struct key_term pk = term("pk", KEY_EQ, s), x = term("x", KEY_EQ, s);
    assert_resolves(keys, &pk, 1, 0);
    assert_resolves(keys, TERMS(pk, term("sk", KEY_BETWEEN, n)), 2, 1);
    assert_resolves(keys, TERMS(term("sk", KEY_LT, n), pk), 2, 1);
    assert_unresolved(keys, TERMS(x), 1, MISSED "pk");
    assert_unresolved(keys, TERMS(term("sk", KEY_EQ, n)), 1, MISSED "pk");
    assert_unresolved(keys, TERMS(pk, x), 2, MISSED "sk");
    assert_unresolved(keys, TERMS(pk, term("sk", KEY_EQ, n), x), 3, "Conditions can be of length 1 or 2 only");
    assert_unresolved(keys, TERMS(term("pk", KEY_LE, s)), 1, UNSUPPORTED);
    assert_unresolved(keys, TERMS(term("pk", KEY_EQ, n)), 1, WRONG_TYPE);
    assert_unresolved(keys, TERMS(pk, term("sk", KEY_GT, s)), 2, WRONG_TYPE);
    assert_unresolved(keys, TERMS(term("pk", KEY_EQ, string_value(""))), 1,
                      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                      "contain an empty string value. Key: pk");
    struct key_schema hash_only = key_schema_of("pk", NULL, VALUE_S);
    assert_unresolved(&hash_only, TERMS(pk, x), 2, UNSUPPORTED);
}

static void key_conditions_of_several_parts(void **state)
{
    (void)state;
    struct value s = string_value("a");
    struct key_schema keys = {.hash_count = 2, .range_count = 3};
    keys.hash[0] = (struct key_attribute){SLICE("h1"), VALUE_S};
    keys.hash[1] = (struct key_attribute){SLICE("h2"), VALUE_S};
    keys.range[0] = (struct key_attribute){SLICE("r1"), VALUE_S};
    keys.range[1] = (struct key_attribute){SLICE("r2"), VALUE_S};
    keys.range[2] = (struct key_attribute){SLICE("r3"), VALUE_S};
    struct key_term h1 = term("h1", KEY_EQ, s), h2 = term("h2", KEY_EQ, s), r1 = term("r1", KEY_EQ, s),
                    r2 = term("r2", KEY_GE, s);
    assert_resolves(&keys, TERMS(h2, h1), 2, 0);
    assert_resolves(&keys, TERMS(r1, h2, h1), 3, 1);
    assert_resolves(&keys, TERMS(r2, r1, h2, h1), 4, 2);
    assert_unresolved(&keys, TERMS(h1), 1, MISSED "h2");
    assert_unresolved(&keys, TERMS(h1, r1), 2, MISSED "h2");
    assert_unresolved(&keys, TERMS(h1, h2, r2), 3, MISSED "r1");
    assert_unresolved(&keys, TERMS(h1, h2, r1, term("r3", KEY_EQ, s)), 4, MISSED "r2");
    assert_unresolved(&keys, TERMS(h1, h2, r2, term("r1", KEY_LT, s)), 4, UNSUPPORTED);
    assert_unresolved(&keys, TERMS(h1, term("h2", KEY_BEGINS_WITH, s)), 2, UNSUPPORTED);
}

/* --- texts ----------------------------------------------------------------------------------------------------- */

static void every_flaw_has_its_text(void **state)
{
    (void)state;
    static const struct {
        struct value_flaw flaw;
        const char *text;
    } cases[] = {
        {{FLAW_EMPTY_SET, VALUE_SS, {0}}, INVALID "An string set  may not be empty"},
        {{FLAW_EMPTY_SET, VALUE_NS, {0}}, INVALID "An number set  may not be empty"},
        {{FLAW_EMPTY_SET, VALUE_BS, {0}}, INVALID "Binary sets should not be empty"},
        {{FLAW_DUPLICATE_IN_SET, VALUE_SS, {"[a, a]", 6}}, INVALID "Input collection [a, a] contains duplicates."},
        {{FLAW_DUPLICATE_IN_SET, VALUE_NS, {"[1, 1]", 6}}, "Input collection contains duplicates"},
        {{FLAW_DUPLICATE_IN_SET, VALUE_BS, {"[YQ==, YQ==]", 12}},
         INVALID "Input collection [YQ==, YQ==]of type BS contains duplicates."},
        {{FLAW_NULL_FALSE, VALUE_NULL, {0}}, INVALID "Null attribute value types must have the value of true"},
        {{FLAW_EMPTY_NUMBER, VALUE_N, {0}}, "The parameter cannot be converted to a numeric value"},
        {{FLAW_NUMBER_MALFORMED, VALUE_N, {"1x", 2}}, "The parameter cannot be converted to a numeric value: 1x"},
        {{FLAW_NUMBER_IMPRECISE, VALUE_N, {0}}, "Attempting to store more than 38 significant digits in a Number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_text(attribute_flaw_text(&arena, &cases[i].flaw), cases[i].text);
    }
    for (enum value_flaw_kind kind = FLAW_EMPTY; kind <= FLAW_NAME_TOO_LONG; kind++) {
        const struct value_flaw flaw = {.kind = kind, .type = VALUE_SS};
        assert_true(attribute_flaw_text(&arena, &flaw).len > 0);
    }
}

static void names_are_listed_in_two_orders(void **state)
{
    (void)state;
    struct name_list list = {.arena = &arena};
    assert_text(name_list_sorted(&list), "");
    name_list_add(&list, SLICE("inc"));
    name_list_add(&list, SLICE("zzz"));
    name_list_add(&list, SLICE("x"));
    name_list_add(&list, SLICE("zzz"));
    assert_text(name_list_sorted(&list), "inc, x, zzz");
    name_list_add(&list, SLICE("m"));
    name_list_add(&list, SLICE("li")); /* shares its bucket with m */
    assert_text(name_list_hashed(&list), "x, zzz, li, m, inc");
    for (int i = 0; i < 100; i++) {
        name_list_add(&list, arena_printf(&arena, "n%d", i));
    }
    assert_int_equal(name_list_sorted(&list).len, 3 + 2 + 1 + 1 + 3 + 10 * 2 + 90 * 3 + 104 * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_has_exactly_the_key_attributes, setup, teardown),
        cmocka_unit_test_setup_teardown(key_values_are_neither_empty_nor_long, setup, teardown),
        cmocka_unit_test_setup_teardown(an_item_names_what_is_wrong_with_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(index_keys_have_types_and_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(key_conditions_of_one_hash_and_one_range_part, setup, teardown),
        cmocka_unit_test_setup_teardown(key_conditions_of_several_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(every_flaw_has_its_text, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_listed_in_two_orders, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
