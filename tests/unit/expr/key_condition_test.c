/* Key conditions taken apart. */
#include "support.h"

static void terms(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"pk = :x", "pk = 'x'"},
        {"pk=:x and sk=:s", "pk = 'x', sk = 'hel'"},
        {"sk=:s and pk=:x", "sk = 'hel', pk = 'x'"},
        {"(pk=:x) and (sk<:s)", "pk = 'x', sk < 'hel'"},
        {"(pk=:x and sk<=:s)", "pk = 'x', sk <= 'hel'"},
        {"pk=:x AND sk>:s", "pk = 'x', sk > 'hel'"},
        {"pk=:x and sk >= :s", "pk = 'x', sk >= 'hel'"},
        {"pk=:x and sk between :s and :x", "pk = 'x', sk BETWEEN 'hel' 'x'"},
        {"pk=:x and begins_with(sk,:s)", "pk = 'x', sk begins_with 'hel'"},
        {":x = pk", "pk = 'x'"},
        {":x = pk and :s < sk", "pk = 'x', sk > 'hel'"},
        {":x = pk and :s >= sk", "pk = 'x', sk <= 'hel'"},
        {"(pk)=(:x)", "pk = 'x'"},
        {"#n = :x and #dot = :s", "n = 'x', a.b = 'hel'"},
        {"a=:v and b=:v and c=:v and d=:v", "a = 1, b = 1, c = 1, d = 1"},
    };
    CHECK_TABLE(bench, run_key_condition, ROWS);
}

static void refused(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"", "The expression can not be empty;"},
        {"pk", SYNTAX("<EOF>", "pk")},
        {"abort = :x", RESERVED("abort")},
        {"((pk = :x))", REDUNDANT},
        {"pk=:x or sk=:s", "Invalid operator used in KeyConditionExpression: OR"},
        {"not pk=:x", "Invalid operator used in KeyConditionExpression: NOT"},
        {"pk=:x and not sk=:s", "Invalid operator used in KeyConditionExpression: NOT"},
        {"pk<>:x", "Invalid operator used in KeyConditionExpression: <>"},
        {"pk in (:x)", "Invalid operator used in KeyConditionExpression: IN"},
        {"pk=:x and contains(sk,:s)", "Invalid operator used in KeyConditionExpression: contains"},
        {"pk=:x and attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"},
        {"pk=:x and attribute_type(sk,:S)", "Invalid operator used in KeyConditionExpression: attribute_type"},
        {"size(pk)=:v", "KeyConditionExpressions cannot contain nested operations"},
        {"pk=:x and sk=size(sk)", "KeyConditionExpressions cannot contain nested operations"},
        {"pk=:x and :x=size(:x)", "KeyConditionExpressions cannot contain nested operations"},
        {"pk=:x and sk between :v and size(sk)", "KeyConditionExpressions cannot contain nested operations"},
        {"pk=:x and begins_with(:s,sk)", "Invalid condition in KeyConditionExpression: begins_with operator must have "
                                         "the key attribute as its first operand"},
        {"begins_with(:s,:x) and pk=:x", "Invalid condition in KeyConditionExpression: begins_with operator must have "
                                         "the key attribute as its first operand"},
        {"pk=:x and :s between sk and :x", "Invalid condition in KeyConditionExpression: BETWEEN operator must have "
                                           "the key attribute as its first operand"},
        {"pk=sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"pk=:x and sk between a and b",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"pk=:x and sk between pk and :x",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {":x=:x", "Invalid condition in KeyConditionExpression: No key attribute specified"},
        {"pk=:x and pk=:x", "KeyConditionExpressions must only contain one condition per key"},
        {"pk=:x and sk>:s and sk<:x", "KeyConditionExpressions must only contain one condition per key"},
        {"pk=:x and begins_with(pk,:s)", "KeyConditionExpressions must only contain one condition per key"},
        {"a.b=:v", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"pk=:x and a[0]=:v", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"pk=:x and begins_with(a.b,:s)", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"a=:v and b=:v and c=:v and d=:v and e=:v and f=:v and g=:v and h=:v and i=:v",
         "Conditions can be of length 1 or 2 only"},
    };
    CHECK_TABLE(bench, run_key_condition, ROWS);
}

static void of_several_the_leftmost_is_reported(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"pk=:x and a.b <> :v", "Invalid operator used in KeyConditionExpression: <>"},
        {"size(a) = :v and pk <> :x", "KeyConditionExpressions cannot contain nested operations"},
        {"pk <> :x and size(a)=:v", "Invalid operator used in KeyConditionExpression: <>"},
        {"a=b and c<>:v",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"a=b.c and pk=:x",
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
        {"pk=:x and b.c = a.d", "KeyConditionExpressions cannot have conditions on nested attributes"},
        {"pk=:x and pk=:x and not a=:v", "KeyConditionExpressions must only contain one condition per key"},
        {"pk=:x and pk=:x or a=:v", "Invalid operator used in KeyConditionExpression: OR"},
        {"pk=:x and :v between a.b and c", "Invalid condition in KeyConditionExpression: BETWEEN operator must have "
                                           "the key attribute as its first operand"},
    };
    CHECK_TABLE(bench, run_key_condition, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(terms),
        TEST(refused),
        TEST(of_several_the_leftmost_is_reported),
    };
    return cmocka_run_group_tests_name("expr/key_condition", tests, NULL, NULL);
}
