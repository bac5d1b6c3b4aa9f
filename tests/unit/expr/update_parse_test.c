/* Updates that are refused before any item is read. */
#include "support.h"

static void clauses(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"", "The expression can not be empty;"},
        {" ", SYNTAX("<EOF>", " ")},
        {"foo", SYNTAX("foo", "foo")},
        {"a = :v", SYNTAX("a", "a =")},
        {"SETT a = :v", SYNTAX("SETT", "SETT a")},
        {"SET", SYNTAX("<EOF>", "SET")},
        {"SET a", SYNTAX("<EOF>", "a")},
        {"SET a =", SYNTAX("<EOF>", "=")},
        {"SET a = :v,", SYNTAX("<EOF>", ",")},
        {"SET a = :v, b", SYNTAX("<EOF>", "b")},
        {"SET a = :v,, b = :v", SYNTAX(",", ",, b")},
        {"SET ,a = :v", SYNTAX(",", "SET ,a")},
        {"SET a = :v, SET b = :v", SYNTAX("SET", ", SET b")},
        {"SET REMOVE a", SYNTAX("REMOVE", "SET REMOVE a")},
        {"REMOVE", SYNTAX("<EOF>", "REMOVE")},
        {"REMOVE a,", SYNTAX("<EOF>", ",")},
        {"REMOVE a b", SYNTAX("b", "a b")},
        {"REMOVE SET a = :v", SYNTAX("SET", "REMOVE SET a")},
        {"SET a = :v REMOVE", SYNTAX("<EOF>", "REMOVE")},
        {"ADD", SYNTAX("<EOF>", "ADD")},
        {"ADD a", SYNTAX("<EOF>", "a")},
        {"ADD a b", SYNTAX("b", "a b")},
        {"ADD a = :v", SYNTAX("=", "a = :v")},
        {"ADD a, :v", SYNTAX(",", "a, :v")},
        {"ADD a :v,", SYNTAX("<EOF>", ",")},
        {"ADD a :v b :v", SYNTAX("b", ":v b :v")},
        {"ADD a :v + :v", SYNTAX("+", ":v + :v")},
        {"ADD a (:v)", SYNTAX("(", "a (:v")},
        {"ADD a size(b)", SYNTAX("size", "a size(")},
        {"DELETE a = :ss", SYNTAX("=", "a = :ss")},
        {"DELETE a b", SYNTAX("b", "a b")},
        {"SET a = :v;", SYNTAX(";", ":v;")},
        {"SET set = :v", SYNTAX("set", "SET set =")},
        {"SET a = set", SYNTAX("set", "= set")},
        {"SET a = :v SET b = :v", ONCE("SET")},
        {"SET a = :v REMOVE b SET c = :v", ONCE("SET")},
        {"REMOVE a REMOVE b ADD c :v ADD d :v", ONCE("REMOVE")},
        {"ADD a :v ADD b :v", ONCE("ADD")},
        {"DELETE a :ss delete b :ss", ONCE("DELETE")},
        {"SET a=foo(b) SET b = :v", UNKNOWN("foo")},
        {"SET abort=:v SET b = :v", RESERVED("abort")},
        {"SET a=:v SET b = :v x", SYNTAX("x", ":v x")},
        {"SET a=:v SET b = ((a))", REDUNDANT},
        {"SET a=:v SET b = :u", ONCE("SET")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void targets_are_paths(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET :v = a", SYNTAX(":v", "SET :v =")},
        {"SET (a) = n", SYNTAX("(", "SET (a")},
        {"SET foo(a) = :v", SYNTAX("(", "foo(a")},
        {"SET size(a) = :v", SYNTAX("(", "size(a")},
        {"REMOVE :v", SYNTAX(":v", "REMOVE :v")},
        {"REMOVE size(a)", SYNTAX("(", "size(a")},
        {"REMOVE (a)", SYNTAX("(", "REMOVE (a")},
        {"ADD (a) :v", SYNTAX("(", "ADD (a")},
        {"SET abort = :v", RESERVED("abort")},
        {"REMOVE abort", RESERVED("abort")},
        {"ADD abort :v", RESERVED("abort")},
        {"DELETE a.abort :ss", RESERVED("abort")},
        {"SET a[99999999999] = :v", INDEX_RANGE("99999999999")},
        {"REMOVE a.:v", UNDEFINED_NAME(":v")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void values(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET a = n + f + n", SYNTAX("+", "f + n")},
        {"SET a = n * f", SYNTAX("*", "n * f")},
        {"SET a += :v", SYNTAX("+", "a +=")},
        {"SET a = -:v", SYNTAX("-", "= -:v")},
        {"SET a = n +", SYNTAX("<EOF>", "+")},
        {"SET a = n + + f", SYNTAX("+", "+ + f")},
        {"SET a = n - -f", SYNTAX("-", "- -f")},
        {"SET a = n = f", SYNTAX("=", "n = f")},
        {"SET a = n AND f", SYNTAX("AND", "n AND f")},
        {"SET a = NOT n", SYNTAX("NOT", "= NOT n")},
        {"SET a = n < f", SYNTAX("<", "n < f")},
        {"SET a = n IN (f)", SYNTAX("IN", "n IN (")},
        {"SET a = n-1", SYNTAX("1", "-1")},
        {"SET a = ()", SYNTAX(")", "()")},
        {"SET a = (n + f) + n", SYNTAX("+", ") + n")},
        {"SET a = n + (f + n)", SYNTAX("+", "f + n")},
        {"SET a = ((n + f))", REDUNDANT},
        {"SET a = ((n))", REDUNDANT},
        {"SET a = size(s)", NO_UPDATE("size")},
        {"SET a = begins_with(s,:s)", NO_UPDATE("begins_with")},
        {"SET a = attribute_exists(s)", NO_UPDATE("attribute_exists")},
        {"SET a = foo(s)", UNKNOWN("foo")},
        {"SET a = IF_NOT_EXISTS(b,:v)", UNKNOWN("IF_NOT_EXISTS")},
        {"SET a = if_not_exists()", SYNTAX(")", "()")},
        {"SET a = if_not_exists(b)", OPERANDS("if_not_exists", "1")},
        {"SET a = if_not_exists(b,n,f)", OPERANDS("if_not_exists", "3")},
        {"SET a = if_not_exists(:v,b)", NEEDS_PATH("if_not_exists")},
        {"SET a = if_not_exists(if_not_exists(c,:v),b)", NEEDS_PATH("if_not_exists")},
        {"SET a = if_not_exists(b + :v, :v)", SYNTAX("+", "b + :v")},
        {"SET a = if_not_exists(b, c + :v)", SYNTAX("+", "c + :v")},
        {"SET a = if_not_exists(b,b)", SAME("if_not_exists", "[b]")},
        {"SET a = list_append(l)", OPERANDS("list_append", "1")},
        {"SET a = list_append(l,b+c)", SYNTAX("+", "b+c")},
        {"SET a = list_append(l,(b+c))", SYNTAX("+", "b+c")},
        {"SET a = list_append(list_append(l,l),l)", MISPLACED("list_append")},
        {"SET a = list_append(l,l)+n", MISPLACED("list_append")},
        {"SET a = if_not_exists(a, list_append(l,l))", MISPLACED("list_append")},
        {"SET a = n + foo(b)", UNKNOWN("foo")},
        {"SET a = n + size(s)", NO_UPDATE("size")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void types_the_request_tells(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET a = n + :s", TYPE_OF("+", "S")},
        {"SET a = :s - n", TYPE_OF("-", "S")},
        {"SET a = :l + :s", TYPE_OF("+", "L")},
        {"SET a = n + :ss", TYPE_OF("+", "SS")},
        {"SET a = list_append(l,:v)", TYPE_OF("list_append", "N")},
        {"SET a = list_append(:m,l)", TYPE_OF("list_append", "M")},
        {"SET a = list_append(:s,:v)", TYPE_OF("list_append", "S")},
        {"SET a = list_append(if_not_exists(a,:s),:v)", TYPE_OF("list_append", "N")},
        {"ADD a :s", ACTION_TYPE("ADD", "STRING")},
        {"ADD a :b", ACTION_TYPE("ADD", "BINARY")},
        {"ADD a :l", ACTION_TYPE("ADD", "LIST")},
        {"ADD a :m", ACTION_TYPE("ADD", "MAP")},
        {"ADD a :t", ACTION_TYPE("ADD", "BOOLEAN")},
        {"ADD a :nl", ACTION_TYPE("ADD", "NULL")},
        {"DELETE a :v", ACTION_TYPE("DELETE", "NUMBER")},
        {"DELETE a :s", ACTION_TYPE("DELETE", "STRING")},
        {"DELETE a :b", ACTION_TYPE("DELETE", "BINARY")},
        {"DELETE a :l", ACTION_TYPE("DELETE", "LIST")},
        {"DELETE a :m", ACTION_TYPE("DELETE", "MAP")},
        {"DELETE a :t", ACTION_TYPE("DELETE", "BOOLEAN")},
        {"DELETE a :nl", ACTION_TYPE("DELETE", "NULL")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void redundant_parentheses_or_a_syntax_error(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET a = ((n)) c", REDUNDANT},
        {"SET a = ((n)), c", REDUNDANT},
        {"SET a=(((n)) ", SYNTAX("<EOF>", ") ")},
        {"SET a=(((n)) + f", REDUNDANT},
        {"SET a=if_not_exists(a,((n)) c", SYNTAX("c", ") c")},
        {"SET a=n+((f)) c", REDUNDANT},
        {"SET a=:v ADD c ((d))", SYNTAX("(", "c ((")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void paths_exclude_each_other(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"REMOVE a, a", OVERLAP("[a]", "[a]")},
        {"SET a = :v, a.b = :v", OVERLAP("[a]", "[a, b]")},
        {"SET a.b = :v, a = :v", OVERLAP("[a, b]", "[a]")},
        {"SET a=:v REMOVE a", OVERLAP("[a]", "[a]")},
        {"REMOVE a SET a=:v", OVERLAP("[a]", "[a]")},
        {"REMOVE a.b ADD a :v", OVERLAP("[a, b]", "[a]")},
        {"ADD a :v DELETE a :ss", OVERLAP("[a]", "[a]")},
        {"SET a[0] = :v, a.b = :v", CONFLICT("[a, [0]]", "[a, b]")},
        {"SET a.b = :v, a[0] = :v", CONFLICT("[a, b]", "[a, [0]]")},
        {"SET a[0]=:v, a[0].b = :v", OVERLAP("[a, [0]]", "[a, [0], b]")},
        {"SET a.b=:v, a.b.c.d = :v", OVERLAP("[a, b]", "[a, b, c, d]")},
        {"SET a.b.c=:v, a[0].c=:v", CONFLICT("[a, b, c]", "[a, [0], c]")},
        {"SET a.b=:v, a.c[0] =:v, a.c.d = :v", CONFLICT("[a, c, [0]]", "[a, c, d]")},
        {"SET a.b[0] = :v, a.b.c = :v, a.b = :v", OVERLAP("[a, b, c]", "[a, b]")},
        {"REMOVE l[0], l[0]", OVERLAP("[l, [0]]", "[l, [0]]")},
        {"SET z=:v, z=:v, b=:v, b=:v", OVERLAP("[b]", "[b]")},
        {"SET #n = :v, n = :v", OVERLAP("[n]", "[n]")},
        {"SET #dot = :v, a.b = :v", INVALID_PATH},
        {"SET a = :v, A = :v", "a = 1, A = 1"},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void the_last_action_is_looked_at_first(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET #x1 = :v, #x2 = :v", UNDEFINED_NAME("#x2")},
        {"SET a = #x1, b = #x2", UNDEFINED_NAME("#x2")},
        {"SET a = :u1, b = :u2", UNDEFINED_VALUE(":u2")},
        {"SET a = :u1, a = :v", OVERLAP("[a]", "[a]")},
        {"SET a = :u1, #x1 = :v", UNDEFINED_NAME("#x1")},
        {"SET #x1=:v, a=:v, a=:v", OVERLAP("[a]", "[a]")},
        {"SET a=:v,a=:v,#x1=:v", UNDEFINED_NAME("#x1")},
        {"SET #x1=:v ADD #x2 :v", UNDEFINED_NAME("#x2")},
        {"ADD #x2 :v SET #x1=:v", UNDEFINED_NAME("#x1")},
        {"ADD b :s SET c = :u1", UNDEFINED_VALUE(":u1")},
        {"SET c = :u1 ADD b :s", ACTION_TYPE("ADD", "STRING")},
        {"ADD a :s DELETE b :v", ACTION_TYPE("DELETE", "NUMBER")},
        {"ADD a :s, b :t", ACTION_TYPE("ADD", "BOOLEAN")},
        {"SET a=:s+:s, b = :l + :l", TYPE_OF("+", "L")},
        {"SET a = :u1 + :s", UNDEFINED_VALUE(":u1")},
        {"SET a = :s + :u1", UNDEFINED_VALUE(":u1")},
        {"SET a = :v ADD a :s", OVERLAP("[a]", "[a]")},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clauses),
        TEST(targets_are_paths),
        TEST(values),
        TEST(types_the_request_tells),
        TEST(redundant_parentheses_or_a_syntax_error),
        TEST(paths_exclude_each_other),
        TEST(the_last_action_is_looked_at_first),
    };
    return cmocka_run_group_tests_name("expr/update_parse", tests, NULL, NULL);
}
