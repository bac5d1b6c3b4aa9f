/* What is no sentence of the grammar, and what DynamoDB shows of it. */
#include "support.h"

static void tokens_and_what_is_shown_around_them(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {" ", SYNTAX("<EOF>", " ")},
        {"a", SYNTAX("<EOF>", "a")},
        {"a b", SYNTAX("b", "a b")},
        {"a =", SYNTAX("<EOF>", "=")},
        {"= a", SYNTAX("=", "= a")},
        {"a = ", SYNTAX("<EOF>", "= ")},
        {"a x b", SYNTAX("x", "a x b")},
        {"aaa bbb ccc", SYNTAX("bbb", "aaa bbb ccc")},
        {"  = a", SYNTAX("=", "  = a")},
        {"  a  =  ", SYNTAX("<EOF>", "=  ")},
        {"  a  b  c  ", SYNTAX("b", "a  b  c")},
        {" \n a   x\t\tb", SYNTAX("x", "a   x\t\tb")},
        {"a ! b", SYNTAX("!", "a ! b")},
        {"a @ b", SYNTAX("@", "a @ b")},
        {"a ~ b ~", SYNTAX("~", "a ~ b")},
        {"~~ a", SYNTAX("~", "~~")},
        {"a == :v", SYNTAX("=", "== :v")},
        {"a != :v", SYNTAX("!", "a !=")},
        {"a < > :v", SYNTAX(">", "< > :v")},
        {"a > = :v", SYNTAX("=", "> = :v")},
        {"a => :v", SYNTAX(">", "=> :v")},
        {"a = 1", SYNTAX("1", "= 1")},
        {"a = :v;", SYNTAX(";", ":v;")},
        {"a=:v-  ", SYNTAX("-", ":v-  ")},
        {"a=:v  -  b", SYNTAX("-", ":v  -  b")},
        {"\"a\" = :v", SYNTAX("\"", "\"a")},
        {"'a' = :v", SYNTAX("'", "'a")},
        {"a-b = :v", SYNTAX("-", "a-b")},
        {"_a = :v", SYNTAX("_", "_a")},
        {"1a = :v", SYNTAX("1", "1a")},
        {"$a = :v", SYNTAX("$", "$a")},
        {"a+b=:v", SYNTAX("+", "a+b")},
        {"aé = :v", SYNTAX("é", "aé =")},
        {"é = :v", SYNTAX("é", "é =")},
        {"あ = :v", SYNTAX("あ", "あ =")},
        {"😀 = :v", SYNTAX("😀", "😀 =")},
        {"a\001b", SYNTAX("\001", "a\001b")},
        {"a \177 b", SYNTAX("\177", "a \177 b")},
        {"a\014=:v", SYNTAX("\014", "a\014=")},
        {"#=:v", SYNTAX("#", "#=")},
        {":=:v", SYNTAX(":", ":=")},
        {"a=:", SYNTAX(":", "=:")},
        {"a=#", SYNTAX("#", "=#")},
        {"#é=:v", SYNTAX("#", "#é")},
        {"#a-b=:v", SYNTAX("-", "#a-b")},
        {"#a#b=:v", SYNTAX("#b", "#a#b=")},
        {"a = :v # c", SYNTAX("#", ":v # c")},
        {"a = :v -- c", SYNTAX("-", ":v --")},
        {"a=:v\"x", SYNTAX("\"", ":v\"x")},
        {"a\n=\t\n:v", "false"},
        {"a1_B = :v", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void paths_have_names_and_indexes(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"a..b = :v", SYNTAX(".", "..b")},
        {"a.b. = :v", SYNTAX("=", ". = :v")},
        {".a=:v", SYNTAX(".", ".a")},
        {"a.=:v", SYNTAX("=", ".=:v")},
        {"a.", SYNTAX("<EOF>", ".")},
        {"a.[0] = :v", SYNTAX("[", ".[0")},
        {"a[0 = :v", SYNTAX("=", "0 = :v")},
        {"a[x] = :v", SYNTAX("x", "[x]")},
        {"a[-1]=:v", SYNTAX("-", "[-1")},
        {"a[0]]=:v", SYNTAX("]", "]]=")},
        {"[0]=:v", SYNTAX("[", "[0")},
        {"a[] = :v", SYNTAX("]", "[] =")},
        {"a[0].= :v", SYNTAX("=", ".= :v")},
        {"a[:v]=:v", SYNTAX(":v", "[:v]")},
        {"a[#n]=:v", SYNTAX("#n", "[#n]")},
        {"a[00]=:v", SYNTAX("0", "00]")},
        {"a[01]=:v", SYNTAX("1", "01]")},
        {"a[1.5]=:v", SYNTAX(".", "1.5")},
        {"a[1e2]=:v", SYNTAX("e2", "1e2]")},
        {"a[0]b=:v", SYNTAX("b", "]b=")},
        {"a[0] b=:v", SYNTAX("b", "] b=")},
        {"a.b c = :v", SYNTAX("c", "b c =")},
        {"a._b=:v", SYNTAX("_", "._b")},
        {"a.1b=:v", SYNTAX("1", ".1b")},
        {"a.0", SYNTAX("0", ".0")},
        {"a.#", SYNTAX("#", ".#")},
        {"a.:", SYNTAX(":", ".:")},
        {"a.:x = :v", UNDEFINED_NAME(":x")},
        {"a.:xx = :v", UNDEFINED_NAME(":xx")},
        {"a[2147483647] = :v", "false"},
        {"a[2147483648] = :v", INDEX_RANGE("2147483648")},
        {"a[99999999999999999999999]=:v", INDEX_RANGE("99999999999999999999999")},
        {"l [ 0 ] = :v", "true"},
        {"m . x = :v", "true"},
        {"a=:v.b", SYNTAX(".", ":v.b")},
        {"a=:v[0]", SYNTAX("[", ":v[0")},
        {"(a).b=:v", SYNTAX(".", ").b")},
        {"(a)[0]=:v", SYNTAX("[", ")[0")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void keywords_are_no_names(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"and=:v", SYNTAX("and", "and=")},
        {"or=:v", SYNTAX("or", "or=")},
        {"not=:v", SYNTAX("=", "not=:v")},
        {"in=:v", SYNTAX("in", "in=")},
        {"between=:v", SYNTAX("between", "between=")},
        {"set=:v", SYNTAX("set", "set=")},
        {"REMOVE=:v", SYNTAX("REMOVE", "REMOVE=")},
        {"add=:v", SYNTAX("add", "add=")},
        {"Delete=:v", SYNTAX("Delete", "Delete=")},
        {"a.and=:v", SYNTAX("and", ".and=")},
        {"a.set=:v", SYNTAX("set", ".set=")},
        {"a = in", SYNTAX("in", "= in")},
        {"a between :v", SYNTAX("<EOF>", ":v")},
        {"between a and b", SYNTAX("between", "between a")},
        {"not", SYNTAX("<EOF>", "not")},
        {"and", SYNTAX("and", "and")},
        {"not and", SYNTAX("and", "not and")},
        {"NOT a", SYNTAX("<EOF>", "a")},
        {"a = :v AND AND b = :v", SYNTAX("AND", "AND AND b")},
        {"a = :v and", SYNTAX("<EOF>", "and")},
        {"a = :v or or", SYNTAX("or", "or or")},
        {"a = not b", SYNTAX("not", "= not b")},
        {"a=:v not b=:v", SYNTAX("not", ":v not b")},
        {"a not in (:v)", SYNTAX("not", "a not in")},
        {"a not between :v and :v", SYNTAX("not", "a not between")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void operators_need_operands(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"a = b = c", SYNTAX("=", "b = c")},
        {"a < b < c", SYNTAX("<", "b < c")},
        {"(a = :v) = :v", SYNTAX("=", ") = :v")},
        {"a = (b = c)", SYNTAX("=", "b = c")},
        {"a = (b and c)", SYNTAX("and", "b and c")},
        {"(a and b)=:v", SYNTAX("and", "a and b")},
        {"(a) and b=:v", SYNTAX("and", ") and b")},
        {"not (a)", SYNTAX("<EOF>", ")")},
        {"a=:v (b=:v)", SYNTAX("(", ":v (b")},
        {"(a=:v)(b=:v)", SYNTAX("(", ")(b")},
        {"a in :v", SYNTAX(":v", "in :v")},
        {"a in ()", SYNTAX(")", "()")},
        {"a in (:v,)", SYNTAX(")", ",)")},
        {"a in (:v :v)", SYNTAX(":v", ":v :v)")},
        {"a in (b=c)", SYNTAX("=", "b=c")},
        {"a in (:v),(:v)", SYNTAX(",", "),(")},
        {"a in", SYNTAX("<EOF>", "in")},
        {"a in (", SYNTAX("<EOF>", "(")},
        {"a in (:v", SYNTAX("<EOF>", ":v")},
        {"a between :v and", SYNTAX("<EOF>", "and")},
        {"a between :v or :v", SYNTAX("or", ":v or :v")},
        {"a between b and c and d", SYNTAX("<EOF>", "d")},
        {"a between (b and c) and d", SYNTAX("and", "b and c")},
        {"a = :v :x", SYNTAX(":x", ":v :x")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void parentheses(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"(n = :5)", "true"},
        {"((n = :5))", REDUNDANT},
        {"(((n = :5)))", REDUNDANT},
        {"(n = :5) and (n = :5)", "true"},
        {"((n = :5) and (n = :5))", "true"},
        {"((n = :5) and n = :5)", "true"},
        {"((n = :5 and n = :5))", REDUNDANT},
        {"(((n = :5) and n = :5))", REDUNDANT},
        {"not ((n = :5))", REDUNDANT},
        {"(not (n = :5))", "false"},
        {"((not n = :5))", REDUNDANT},
        {"(n) = :5", "true"},
        {"((n)) = :5", REDUNDANT},
        {"n = (:5)", "true"},
        {"n = ((:5))", REDUNDANT},
        {"(size(s)) = :5", "true"},
        {"size((s)) = :5", "true"},
        {"size(((s))) = :5", REDUNDANT},
        {"n in ((:5))", "true"},
        {"n in (((:5)))", REDUNDANT},
        {"(n) between (:v) and (:9)", "true"},
        {"n between ((:v)) and :9", REDUNDANT},
        {"begins_with((s),(:s))", "true"},
        {"((begins_with(s,:s)))", REDUNDANT},
        {"()", SYNTAX(")", "()")},
        {"(a", SYNTAX("<EOF>", "a")},
        {"((((a", SYNTAX("<EOF>", "a")},
        {"(a = :v", SYNTAX("<EOF>", ":v")},
        {"a = :v)", SYNTAX(")", ":v)")},
        {"(a = :v))", SYNTAX(")", "))")},
        {"((a = :v)", SYNTAX("<EOF>", ")")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void redundant_parentheses_or_a_syntax_error(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"((a)) x", SYNTAX("x", ") x")},
        {"((a)) and b=c", SYNTAX("and", ") and b")},
        {"((a))", SYNTAX("<EOF>", ")")},
        {"((a)) < ", REDUNDANT},
        {"((a)) in", REDUNDANT},
        {"((a)) = b c", REDUNDANT},
        {"((a=:v)) x", REDUNDANT},
        {"((a=:v) x", SYNTAX("x", ") x")},
        {"(((a=:v))", REDUNDANT},
        {"size(((a)) x", SYNTAX("x", ") x")},
        {"size(((a))) x", REDUNDANT},
        {"(size(((a))) x", SYNTAX("x", ") x")},
        {"((size(a))) x", REDUNDANT},
        {"((contains(a,b))) = x y", REDUNDANT},
        {"not ((b)) c", SYNTAX("c", ") c")},
        {"a=b or not ((b)) c", SYNTAX("c", ") c")},
        {"a=((b)) x", REDUNDANT},
        {"a=b and ((a=:v)) and c d", REDUNDANT},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void functions_are_called_with_operands(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"size()", SYNTAX(")", "()")},
        {"size(a", SYNTAX("<EOF>", "a")},
        {"size()=:v", SYNTAX(")", "()=")},
        {"begins_with(,a)", SYNTAX(",", "(,a")},
        {"begins_with(a,)", SYNTAX(")", ",)")},
        {"begins_with(a,,b)", SYNTAX(",", ",,b")},
        {"begins_with(a b)", SYNTAX("b", "a b)")},
        {"begins_with a", SYNTAX("a", "begins_with a")},
        {"size(a=b)", SYNTAX("=", "a=b")},
        {"size(a and b)", SYNTAX("and", "a and b")},
        {"size(not a)", SYNTAX("not", "(not a")},
        {"a.b(c)", SYNTAX("(", "b(c")},
        {"#n(a)", SYNTAX("(", "#n(a")},
        {":v(a)", SYNTAX("(", ":v(a")},
        {"size[0](a)", SYNTAX("(", "](a")},
        {"set(a)=:v", SYNTAX("set", "set(")},
        {"in(a)", SYNTAX("in", "in(")},
        {"a = :v and size (s) = :5", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens_and_what_is_shown_around_them),
        TEST(paths_have_names_and_indexes),
        TEST(keywords_are_no_names),
        TEST(operators_need_operands),
        TEST(parentheses),
        TEST(redundant_parentheses_or_a_syntax_error),
        TEST(functions_are_called_with_operands),
    };
    return cmocka_run_group_tests_name("expr/syntax", tests, NULL, NULL);
}
