/* Conditions that parse and are refused all the same. */
#include "support.h"

static void names_and_functions_where_they_may_not_stand(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"abort = :v", RESERVED("abort")},
        {"a = abort", RESERVED("abort")},
        {"a.abort = :v", RESERVED("abort")},
        {"a.b.ABORT=:v", RESERVED("ABORT")},
        {"Abort = :v", RESERVED("Abort")},
        {"size = :v", RESERVED("size")},
        {"#abort = :v", "false"},
        {"abort(a)", UNKNOWN("abort")},
        {"foo(a)", UNKNOWN("foo")},
        {"foo(a)=:v", UNKNOWN("foo")},
        {"Size(a)=:v", UNKNOWN("Size")},
        {"BEGINS_WITH(a,:s)", UNKNOWN("BEGINS_WITH")},
        {"a = foo(b)", UNKNOWN("foo")},
        {"size(foo(a))=:v", UNKNOWN("foo")},
        {"size(a)", MISPLACED("size")},
        {"not size(a)", MISPLACED("size")},
        {"(size(a)) or a=:v", MISPLACED("size")},
        {"begins_with(a,:s)=:v", MISPLACED("begins_with")},
        {"a = begins_with(a,:s)", MISPLACED("begins_with")},
        {"a=(begins_with(a,b))", MISPLACED("begins_with")},
        {"begins_with(a,b) between a and c", MISPLACED("begins_with")},
        {"begins_with(a,b) in (c)", MISPLACED("begins_with")},
        {"a in (begins_with(a,b))", MISPLACED("begins_with")},
        {"size(begins_with(a,b))=:v", MISPLACED("begins_with")},
        {"attribute_exists(a) = :v", MISPLACED("attribute_exists")},
        {"if_not_exists(a,:v)", NO_CONDITION("if_not_exists")},
        {"if_not_exists(a,:v)=:v", NO_CONDITION("if_not_exists")},
        {"list_append(a,:v)=:v", NO_CONDITION("list_append")},
        {"a=if_not_exists(a,:v)", NO_CONDITION("if_not_exists")},
        {"size(if_not_exists(a,:v))=:v", NO_CONDITION("if_not_exists")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void the_leftmost_of_these_is_reported(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"foo(a) and abort=:v", UNKNOWN("foo")},
        {"abort=:v and foo(a)", RESERVED("abort")},
        {"size(a) and foo(b)", MISPLACED("size")},
        {"foo(b) and size(a)", UNKNOWN("foo")},
        {"foo(abort)", UNKNOWN("foo")},
        {"abort = a[99999999999]", RESERVED("abort")},
        {"a[99999999999] = abort", INDEX_RANGE("99999999999")},
        {"a[0].abort[99999999999]=:v", RESERVED("abort")},
        {"a[99999999999].abort=:v", INDEX_RANGE("99999999999")},
        {"if_not_exists(foo(a),:v)", NO_CONDITION("if_not_exists")},
        {"size(begins_with(foo(a),b))=:v", MISPLACED("begins_with")},
        {"begins_with(contains(a,b),foo(b))", MISPLACED("contains")},
        {"abort = :v x", SYNTAX("x", ":v x")},
        {"((abort = :v))", REDUNDANT},
        {"abort=:v and ((a=:v))", REDUNDANT},
        {"size(a,b)=:v and abort=:v", RESERVED("abort")},
        {"a = :undefined and foo(a)", UNKNOWN("foo")},
        {"#undefined[99999999999] = :v", INDEX_RANGE("99999999999")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void operands_are_counted(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"size(a,b)=:v", OPERANDS("size", "2")},
        {"begins_with(a)", OPERANDS("begins_with", "1")},
        {"begins_with(a,b,c)", OPERANDS("begins_with", "3")},
        {"contains(a)", OPERANDS("contains", "1")},
        {"contains(a,:s,:s)", OPERANDS("contains", "3")},
        {"contains(a,a,a)", OPERANDS("contains", "3")},
        {"attribute_exists(a,b)", OPERANDS("attribute_exists", "2")},
        {"attribute_not_exists(a,b)", OPERANDS("attribute_not_exists", "2")},
        {"attribute_type(a)", OPERANDS("attribute_type", "1")},
        {"size(:v,a)=:v", OPERANDS("size", "2")},
        {"attribute_exists(:v,:v)", OPERANDS("attribute_exists", "2")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void operands_have_types(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"size(:v)=:v", TYPE_OF("size", "N")},
        {"size(:t)=:v", TYPE_OF("size", "BOOL")},
        {"size(:nl)=:v", TYPE_OF("size", "NULL")},
        {"size(size(a))=:v", TYPE_OF("size", "N")},
        {"size(:s)=:v", "false"},
        {"size(:l)=:v", "false"},
        {"begins_with(a,:v)", TYPE_OF("begins_with", "N")},
        {"begins_with(:v,a)", TYPE_OF("begins_with", "N")},
        {"begins_with(a,:ss)", TYPE_OF("begins_with", "SS")},
        {"begins_with(:nl,a)", TYPE_OF("begins_with", "NULL")},
        {"begins_with(size(a),:s)", TYPE_OF("begins_with", "N")},
        {"begins_with(a,size(b))", TYPE_OF("begins_with", "N")},
        {"begins_with(:l,:v)", TYPE_OF("begins_with", "L")},
        {"a < :l", TYPE_OF("<", "L")},
        {"a <= :t", TYPE_OF("<=", "BOOL")},
        {"a > :m", TYPE_OF(">", "M")},
        {"a >= :bs", TYPE_OF(">=", "BS")},
        {"a < :nl", TYPE_OF("<", "NULL")},
        {":l < a", TYPE_OF("<", "L")},
        {"a < :ss", TYPE_OF("<", "SS")},
        {":v < :ns", TYPE_OF("<", "NS")},
        {"a = :l", "false"},
        {"a <> :t", "true"},
        {"a between :l and :l", TYPE_OF("BETWEEN", "L")},
        {"a between :v and :l", TYPE_OF("BETWEEN", "L")},
        {"a between b and :ss", TYPE_OF("BETWEEN", "SS")},
        {":m between a and b", TYPE_OF("BETWEEN", "M")},
        {"a between :l and a", TYPE_OF("BETWEEN", "L")},
        {"attribute_exists(:v)", NEEDS_PATH("attribute_exists")},
        {"attribute_not_exists(:s)", NEEDS_PATH("attribute_not_exists")},
        {"attribute_exists(size(a))", NEEDS_PATH("attribute_exists")},
        {"attribute_type(a,:v)", TYPE_OF("attribute_type", "N")},
        {"attribute_type(a,:b)", TYPE_OF("attribute_type", "B")},
        {"attribute_type(a,:ss)", TYPE_OF("attribute_type", "SS")},
        {"attribute_type(a,b)", TYPE_OF("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")},
        {"attribute_type(a,size(b))", TYPE_OF("attribute_type", "N")},
        {"attribute_type(a,:x)",
         "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"attribute_type(:x,:x)",
         "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
        {"contains(:v,:s)", "false"},
        {"contains(:t,a)", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void bounds_are_in_order(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"a between :v and :s", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
                                "operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:hel}"},
        {"a between :s and :v", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
                                "operand: AttributeValue: {S:hel}, upper bound operand: AttributeValue: {N:1}"},
        {"a between :5 and :v",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
         "AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
        {"a between :x and :s",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
         "AttributeValue: {S:x}, upper bound operand: AttributeValue: {S:hel}"},
        {"a between :v and :v", "false"},
        {"a between :v and :5", "false"},
        {"a between :b and :v",
         "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
         "AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=1 cap=1]}, upper bound operand: AttributeValue: {N:1}"},
        {"size(a) between :5 and :v",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
         "AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void a_path_is_not_compared_with_itself(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"a=a", SAME("=", "[a]")},
        {"a<>a", SAME("<>", "[a]")},
        {"a<a", SAME("<", "[a]")},
        {"#n=n", SAME("=", "[n]")},
        {"#n=#n", SAME("=", "[n]")},
        {"a=(a)", SAME("=", "[a]")},
        {"(a)=(a)", SAME("=", "[a]")},
        {"m.x=m.x", SAME("=", "[m, x]")},
        {"l[0]=l[0]", SAME("=", "[l, [0]]")},
        {"l[0]=l[2]", "false"},
        {"m=m.x", "false"},
        {":v=:v", "true"},
        {"size(a)=size(a)", "false"},
        {"n in (n)", SAME("IN", "[n]")},
        {"n in (s,n)", SAME("IN", "[n]")},
        {"n in (s,s)", "false"},
        {"n between n and :5", SAME("BETWEEN", "[n]")},
        {"n between :5 and n", SAME("BETWEEN", "[n]")},
        {"n between s and s", "false"},
        {"begins_with(s,s)", SAME("begins_with", "[s]")},
        {"contains(s,s)", SAME("contains", "[s]")},
        {"attribute_type(s,s)", SAME("attribute_type", "[s]")},
        {"#dot = :v", "false"},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

static void placeholders_must_be_defined(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"#u = :v", UNDEFINED_NAME("#u")},
        {"a = :u", UNDEFINED_VALUE(":u")},
        {"#u = :u", UNDEFINED_NAME("#u")},
        {":u = #u", UNDEFINED_VALUE(":u")},
        {"a = #u.b", UNDEFINED_NAME("#u")},
        {"size(:u,b)=:v", UNDEFINED_VALUE(":u")},
        {"a in (a,:u)", UNDEFINED_VALUE(":u")},
        {"contains(#u,size(:v))", UNDEFINED_NAME("#u")},
        {"contains(a,size(:v)) or #u=:v", TYPE_OF("size", "N")},
        {"begins_with(a,:v) and a = :u", TYPE_OF("begins_with", "N")},
        {"a = :u and begins_with(a,:v)", UNDEFINED_VALUE(":u")},
        {"a between :s and :v and a = :u",
         "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
         "AttributeValue: {S:hel}, upper bound operand: AttributeValue: {N:1}"},
        {"a=a and a between :s and :v", SAME("=", "[a]")},
    };
    CHECK_TABLE(bench, run_condition, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_and_functions_where_they_may_not_stand),
        TEST(the_leftmost_of_these_is_reported),
        TEST(operands_are_counted),
        TEST(operands_have_types),
        TEST(bounds_are_in_order),
        TEST(a_path_is_not_compared_with_itself),
        TEST(placeholders_must_be_defined),
    };
    return cmocka_run_group_tests_name("expr/condition_check", tests, NULL, NULL);
}
