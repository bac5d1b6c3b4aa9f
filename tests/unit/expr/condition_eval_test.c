/* Conditions against items. */
#include "support.h"

static void comparisons(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"n = :5", "true"},       {"n = :v", "false"},     {"n <> :v", "true"},   {"n <> :5", "false"},
        {"n < :9", "true"},       {"n < :5", "false"},     {"n <= :5", "true"},   {"n > :v", "true"},
        {"n >= :5", "true"},      {"n > :9", "false"},     {":9 > n", "true"},    {"f < n", "true"},
        {"f < l[0]", "true"},     {"s > :s", "true"},      {"s < :x", "true"},    {"b > :b", "true"},
        {"b < :s", "false"},      {"s < n", "false"},      {"n = :s", "false"},   {"n <> :s", "true"},
        {"t = :t", "true"},       {"nu = :nl", "true"},    {"ss = :sab", "true"}, {"ss = :ss", "false"},
        {"ns = :ns", "false"},    {"l = :l", "false"},     {"m.z = :m", "true"},  {"m.z <> :m", "false"},
        {"t < n", "false"},       {"l < l[0]", "false"},   {"l[0] = :v", "true"}, {"l[3].p = :v", "true"},
        {"l[3].q = :v", "false"}, {"m.y[1] > :v", "true"}, {"m.#x = :v", "true"}, {"#m.#x = l[0]", "true"},
        {"#dot = a.b", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void what_is_missing_equals_nothing(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"zz = yy", "false"},
        {"zz <> yy", "true"},
        {"zz < yy", "false"},
        {"zz = :v", "false"},
        {"zz <> :v", "true"},
        {":v <> zz", "true"},
        {"not zz = :v", "true"},
        {"zz < :v", "false"},
        {"zz >= :v", "false"},
        {"n.x = :v", "false"},
        {"n[0] = :v", "false"},
        {"l.a <> :v", "true"},
        {"m[0] <> :v", "true"},
        {"l[9] = :v", "false"},
        {"zz in (yy)", "false"},
        {"zz in (:v)", "false"},
        {"n in (zz,:5)", "true"},
        {"zz between :v and :9", "false"},
        {"n between zz and :9", "false"},
        {"n between :v and zz", "false"},
        {"size(zz) = :v", "false"},
        {"size(zz) <> :v", "true"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void between_and_in(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"n between :v and :9", "true"}, {"n between :5 and :5", "true"},  {"n between :9 and :9", "false"},
        {"n between s and :9", "false"}, {"f between :v and :9", "false"}, {"s between :s and :x", "true"},
        {"n in (:v,:5)", "true"},        {"n in (:v,:9)", "false"},        {"n in (:s,:l,:5)", "true"},
        {"n in (size(s))", "true"},      {"ss in (:sab)", "true"},         {"size(s) between :v and :9", "true"},
        {"size(s) in (:5)", "true"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void sizes(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"size(s) = :5", "true"},       {"size(e) < :v", "true"},       {"size(b) > :v", "true"},
        {"size(l) > :v", "true"},       {"size(m) > :v", "true"},       {"size(el) < :v", "true"},
        {"size(em) < :v", "true"},      {"size(ss) > :v", "true"},      {"size(ns) = size(ss)", "true"},
        {"size(n) = :v", "false"},      {"size(n) <> :v", "true"},      {"size(t) = :v", "false"},
        {"size(nu) = :v", "false"},     {"size(:s) < size(s)", "true"}, {"size(u) < :5", "true"},
        {"size(u) >= size(l)", "true"}, {"size(l) >= size(u)", "true"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void contains_begins_with_and_types(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"contains(s,:s)", "true"},
        {"contains(s,:x)", "false"},
        {"contains(s,:v)", "false"},
        {"contains(s,:e)", "true"},
        {"contains(:s,e)", "true"},
        {"contains(b,:b)", "true"},
        {"contains(b,:s)", "false"},
        {"contains(ss,:x)", "false"},
        {"contains(:ss,s)", "false"},
        {"contains(ss,:ss)", "false"},
        {"contains(ns,:v)", "true"},
        {"contains(ns,:5)", "false"},
        {"contains(bs,:b)", "false"},
        {"contains(l,:v)", "true"},
        {"contains(l,:5)", "false"},
        {"contains(l,l[1])", "true"},
        {"contains(:l,:x)", "true"},
        {"contains(m,:x)", "false"},
        {"contains(n,:v)", "false"},
        {"contains(zz,:v)", "false"},
        {"contains(s,zz)", "false"},
        {"contains(l,size(zz))", "false"},
        {"begins_with(s,:s)", "true"},
        {"begins_with(s,:x)", "false"},
        {"begins_with(s,:e)", "true"},
        {"begins_with(:s,e)", "true"},
        {"begins_with(b,:b)", "true"},
        {"begins_with(b,:s)", "false"},
        {"begins_with(n,:s)", "false"},
        {"begins_with(zz,:s)", "false"},
        {"begins_with(s,n)", "false"},
        {"attribute_exists(s)", "true"},
        {"attribute_exists(zz)", "false"},
        {"attribute_not_exists(zz)", "true"},
        {"attribute_not_exists(s)", "false"},
        {"attribute_exists(m.x)", "true"},
        {"attribute_exists(m.q)", "false"},
        {"attribute_exists(l[3])", "true"},
        {"attribute_exists(l[4])", "false"},
        {"attribute_exists(n.q)", "false"},
        {"attribute_exists(nu)", "true"},
        {"attribute_type(s,:S)", "true"},
        {"attribute_type(n,:S)", "false"},
        {"attribute_type(n,:N)", "true"},
        {"attribute_type(zz,:S)", "false"},
        {"attribute_type(nu,:NULL)", "true"},
        {"attribute_type(ns,:NS)", "true"},
        {"attribute_type(:v,:N)", "true"},
        {"attribute_type(size(s),:N)", "true"},
        {"attribute_type(size(zz),:N)", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void precedence(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"n=:v or n=:5 and zz=:v", "false"},
        {"(n=:5 or n=:v) and zz=:v", "false"},
        {"n=:5 or n=:v and zz=:v", "true"},
        {"not n=:v and n=:5", "true"},
        {"not n=:5 or n=:5", "true"},
        {"not (n=:5 or n=:v)", "false"},
        {"not not n=:5", "true"},
        {"n=:5 and not s=:s or zz=:v", "true"},
        {"n between :v and :9 and s=:s or n=:5", "true"},
        {"N = :5", "false"},
        {"n = :5 AnD s > :s Or zz = :v", "true"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void an_item_that_is_not_there(void **state)
{
    struct bench *bench = *state;
    bench->exists = false;
    static const struct expectation ROWS[] = {
        {"n = :5", "false"},
        {"n <> :5", "true"},
        {"attribute_exists(pk)", "false"},
        {"attribute_not_exists(pk)", "true"},
        {"not attribute_exists(pk)", "true"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comparisons),
        TEST(what_is_missing_equals_nothing),
        TEST(between_and_in),
        TEST(sizes),
        TEST(contains_begins_with_and_types),
        TEST(precedence),
        TEST(an_item_that_is_not_there),
    };
    return cmocka_run_group_tests_name("expr/condition_eval", tests, NULL, NULL);
}
