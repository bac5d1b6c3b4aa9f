"""What condition expressions decide, on one item that holds every type. UpdateItem without an update expression evaluates
the condition and leaves the item as it is."""

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, expect_error
from support.values import B, BOOL, BS, L, M, N, NS, NULL, S, SS, unique

ITEM = {
    "s": S("abc"),
    "blank": S(""),
    "uni": S("grün"),
    "n": N("5"),
    "n2": N("5.0"),
    "neg": N("-7"),
    "big": N("99999999999999999999999999999999999999"),
    "b": B(b"\x01\x02"),
    "t": BOOL(True),
    "f": BOOL(False),
    "z": NULL,
    "l": L(N(1), S("two"), M(k=N(3)), L(N(10), N(11))),
    "m": M(a=N(1), b=M(c=S("deep")), e=S(""), l=L(S("x"), M(y=S("z")))),
    "ss": SS("a", "b", "cc"),
    "ns": NS(1, 2, "3.5"),
    "bs": BS(b"\x01", b"\x02"),
    "lset": L(SS("a", "b")),
    "with.dot": S("dot"),
    "name": S("reserved"),
}


@pytest.fixture(scope="module")
def key(client, hash_table):
    key = {"pk": S(unique("condition"))}
    client.put_item(TableName=hash_table, Item={**key, **ITEM})
    return key


@pytest.fixture(scope="module")
def holds(raw, hash_table, key):
    def check(expression, values=None, names=None, key=key):
        params = {"TableName": hash_table, "Key": key, "ConditionExpression": expression}
        if values:
            params["ExpressionAttributeValues"] = values
        if names:
            params["ExpressionAttributeNames"] = names
        response = raw("UpdateItem", params)
        if response.status == 200:
            return True
        expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
        return False

    return check


ORDER = [
    # id, expression, values, holds
    case("equal string", "s = :v", {":v": S("abc")}, True),
    case("equal string other", "s = :v", {":v": S("abd")}, False),
    case("equal empty string", "blank = :v", {":v": S("")}, True),
    case("equal number", "n = :v", {":v": N("5")}, True),
    case("equal number other spelling", "n = :v", {":v": N("0.50e1")}, True),
    case("equal numbers stored in two spellings", "n = n2", None, True),
    case("equal number and string", "n = :v", {":v": S("5")}, False),
    case("unequal number and string", "n <> :v", {":v": S("5")}, True),
    case("equal binary", "b = :v", {":v": B(b"\x01\x02")}, True),
    case("equal true", "t = :v", {":v": BOOL(True)}, True),
    case("equal false", "f = :v", {":v": BOOL(True)}, False),
    case("equal null", "z = :v", {":v": NULL}, True),
    case("null unequal string", "z = :v", {":v": S("")}, False),
    case("equal list", "l = :v", {":v": L(N("1.0"), S("two"), M(k=N(3)), L(N(10), N(11)))}, True),
    case("equal list other order", "l = :v", {":v": L(S("two"), N(1), M(k=N(3)), L(N(10), N(11)))}, False),
    case("equal list shorter", "l = :v", {":v": L(N(1))}, False),
    case("equal map", "m.b = :v", {":v": M(c=S("deep"))}, True),
    case("equal map with more", "m.b = :v", {":v": M(c=S("deep"), d=S(""))}, False),
    case("equal map any order", "m = :v", {":v": M(l=L(S("x"), M(y=S("z"))), e=S(""), b=M(c=S("deep")), a=N(1))}, True),
    case("equal string set any order", "ss = :v", {":v": SS("cc", "b", "a")}, True),
    case("equal string set subset", "ss = :v", {":v": SS("a", "b")}, False),
    case("equal number set", "ns = :v", {":v": NS("3.50", "1", "2.0")}, True),
    case("equal binary set", "bs = :v", {":v": BS(b"\x02", b"\x01")}, True),
    case("equal set nested, any order", "lset = :v", {":v": L(SS("b", "a"))}, True),
    case("set unequal list", "ss = :v", {":v": L(S("a"), S("b"), S("cc"))}, False),
    case("less number", "n < :v", {":v": N("5.0000000001")}, True),
    case("less number equal", "n < :v", {":v": N("5")}, False),
    case("less or equal", "n <= :v", {":v": N("5")}, True),
    case("greater", "n > :v", {":v": N("-5")}, True),
    case("greater or equal", "n >= :v", {":v": N("5.1")}, False),
    case("numbers order by value, not by text", "n < :v", {":v": N("10")}, True),
    case("negative numbers", "neg < :v", {":v": N("-6.999")}, True),
    case("38 digits, last one", "big > :v", {":v": N("99999999999999999999999999999999999998")}, True),
    case("tiny and zero", "n > :v", {":v": N("1e-130")}, True),
    case("huge", "n < :v", {":v": N("9.9e125")}, True),
    case("strings order by bytes", "s < :v", {":v": S("abd")}, True),
    case("strings: upper before lower", "s > :v", {":v": S("ABC")}, True),
    case("strings: prefix before longer", "s < :v", {":v": S("abca")}, True),
    case("strings order by UTF-8", "uni > :v", {":v": S("grz")}, True),
    case("binary is unsigned", "b < :v", {":v": B(b"\xff")}, True),
    case("string not less than number", "s < :v", {":v": N(10)}, False),
    case("string not greater or equal number", "s >= :v", {":v": N(10)}, False),
    case("two attributes of other types", "s < n", None, False),
    case("two attributes", "neg < n", None, True),
    case("two values", ":v < :w", {":v": N(1), ":w": N(2)}, True),
    case("value on the left", ":v < n", {":v": N(1)}, True),
    case("attribute in a list and number", "l[0] = :v", {":v": N(1)}, True),
    case("number against boolean attribute", "t > :v", {":v": N(0)}, False),
    case("between", "n BETWEEN :v AND :w", {":v": N(1), ":w": N(5)}, True),
    case("between low end", "n BETWEEN :v AND :w", {":v": N(5), ":w": N(6)}, True),
    case("between not", "n BETWEEN :v AND :w", {":v": N(6), ":w": N(7)}, False),
    case("between attributes", "n BETWEEN neg AND big", None, True),
    case("between value and attributes", ":v BETWEEN neg AND n", {":v": N(0)}, True),
    case("between attributes of other type", "n BETWEEN s AND big", None, False),
    case("between attributes upside down", "n BETWEEN big AND neg", None, False),
    case("between other type", "s BETWEEN :v AND :w", {":v": N(1), ":w": N(9)}, False),
    case("between lower case", "n between :v and :w", {":v": N(1), ":w": N(9)}, True),
    case("between strings", "s BETWEEN :v AND :w", {":v": S("abb"), ":w": S("abd")}, True),
    case("in", "n IN (:v, :w)", {":v": N(1), ":w": N("5.00")}, True),
    case("in not", "n IN (:v, :w)", {":v": N(1), ":w": S("5")}, False),
    case("in attributes", "n IN (s, n2)", None, True),
    case("in one", "s in (:v)", {":v": S("abc")}, True),
    case("in sets", "ss IN (:v)", {":v": SS("cc", "b", "a")}, True),
    case("in boolean", "t IN (:v)", {":v": BOOL(True)}, True),
]


@pytest.mark.parametrize("expression, values, expected", ORDER)
def test_comparison(holds, expression, values, expected):
    assert holds(expression, values) is expected


ABSENT = [
    case("= value", "q = :v", {":v": S("x")}, False),
    case("<> value", "q <> :v", {":v": S("x")}, True),
    case("< value", "q < :v", {":v": S("x")}, False),
    case(">= value", "q >= :v", {":v": S("x")}, False),
    case("not <", "NOT q < :v", {":v": S("x")}, True),
    case("two absent =", "q = r", None, False),
    case("two absent <>", "q <> r", None, True),
    case("two absent <", "q < r", None, False),
    case("between", "q BETWEEN :v AND :v", {":v": S("x")}, False),
    case("in", "q IN (:v)", {":v": S("x")}, False),
    case("begins_with", "begins_with(q, :v)", {":v": S("x")}, False),
    case("contains", "contains(q, :v)", {":v": S("x")}, False),
    case("size =", "size(q) = :v", {":v": N(0)}, False),
    case("size <>", "size(q) <> :v", {":v": N(0)}, True),
    case("attribute_type", "attribute_type(q, :v)", {":v": S("S")}, False),
    case("member of absent map", "q.x.y = :v", {":v": S("x")}, False),
    case("member of a string", "s.x <> :v", {":v": S("x")}, True),
    case("index of a map", "m[0] = :v", {":v": N(1)}, False),
    case("index past the end", "l[7] = :v", {":v": N(1)}, False),
    case("index of a set", "attribute_exists(ss[0])", None, False),
    case("absent is not null", "q = :v", {":v": NULL}, False),
]


@pytest.mark.parametrize("expression, values, expected", ABSENT)
def test_absent_attribute(holds, expression, values, expected):
    assert holds(expression, values) is expected


FUNCTIONS = [
    case("exists", "attribute_exists(s)", None, True),
    case("exists null", "attribute_exists(z)", None, True),
    case("exists empty", "attribute_exists(blank)", None, True),
    case("exists not", "attribute_exists(q)", None, False),
    case("exists nested", "attribute_exists(m.b.c)", None, True),
    case("exists nested not", "attribute_exists(m.b.d)", None, False),
    case("exists in list", "attribute_exists(l[3][1])", None, True),
    case("exists in list in map", "attribute_exists(m.l[1].y)", None, True),
    case("exists past list", "attribute_exists(l[4])", None, False),
    case("not_exists", "attribute_not_exists(q)", None, True),
    case("not_exists not", "attribute_not_exists(s)", None, False),
    case("not_exists nested", "attribute_not_exists(m.b.d)", None, True),
    *[
        case(f"type {kind} of {name}", f"attribute_type({name}, :v)", {":v": S(kind)}, kind == own)
        for name, own in [("s", "S"), ("n", "N"), ("b", "B"), ("t", "BOOL"), ("z", "NULL"), ("l", "L"), ("m", "M"),
                          ("ss", "SS"), ("ns", "NS"), ("bs", "BS")]
        for kind in ([own, "S" if own != "S" else "N"])
    ],
    case("type nested", "attribute_type(l[2].k, :v)", {":v": S("N")}, True),
    case("begins_with", "begins_with(s, :v)", {":v": S("ab")}, True),
    case("begins_with all", "begins_with(s, :v)", {":v": S("abc")}, True),
    case("begins_with longer", "begins_with(s, :v)", {":v": S("abcd")}, False),
    case("begins_with empty", "begins_with(s, :v)", {":v": S("")}, True),
    case("begins_with binary", "begins_with(b, :v)", {":v": B(b"\x01")}, True),
    case("begins_with binary of string", "begins_with(s, :v)", {":v": B(b"ab")}, False),
    case("begins_with number attribute", "begins_with(n, :v)", {":v": S("5")}, False),
    case("begins_with two attributes", "begins_with(s, blank)", None, True),
    case("begins_with value first", "begins_with(:v, s)", {":v": S("abcdef")}, True),
    case("contains substring", "contains(s, :v)", {":v": S("bc")}, True),
    case("contains substring not", "contains(s, :v)", {":v": S("cb")}, False),
    case("contains in string set", "contains(ss, :v)", {":v": S("cc")}, True),
    case("contains in string set is no substring", "contains(ss, :v)", {":v": S("c")}, False),
    case("contains in number set", "contains(ns, :v)", {":v": N("3.50")}, True),
    case("contains in number set, string", "contains(ns, :v)", {":v": S("1")}, False),
    case("contains in binary set", "contains(bs, :v)", {":v": B(b"\x02")}, True),
    case("contains in binary", "contains(b, :v)", {":v": B(b"\x02")}, True),
    case("contains in list", "contains(l, :v)", {":v": S("two")}, True),
    case("contains in list, number", "contains(l, :v)", {":v": N("1.0")}, True),
    case("contains in list, map", "contains(l, :v)", {":v": M(k=N(3))}, True),
    case("contains in list not", "contains(l, :v)", {":v": N(3)}, False),
    case("contains in map", "contains(m, :v)", {":v": S("a")}, False),
    case("contains in number", "contains(n, :v)", {":v": N(5)}, False),
    case("contains value first", "contains(:v, s)", {":v": S("xxabcxx")}, True),
    case("contains value list", "contains(:v, n)", {":v": L(N("5.0"))}, True),
    case("size of string", "size(s) = :v", {":v": N(3)}, True),
    case("size of string counts characters", "size(uni) = :v", {":v": N(4)}, True),
    case("size of empty", "size(blank) = :v", {":v": N(0)}, True),
    case("size of binary", "size(b) = :v", {":v": N(2)}, True),
    case("size of string set", "size(ss) = :v", {":v": N(3)}, True),
    case("size of number set", "size(ns) = :v", {":v": N(3)}, True),
    case("size of binary set", "size(bs) = :v", {":v": N(2)}, True),
    case("size of list", "size(l) = :v", {":v": N(4)}, True),
    case("size of map", "size(m) = :v", {":v": N(4)}, True),
    case("size of nested", "size(m.b.c) = :v", {":v": N(4)}, True),
    case("size of number", "size(n) >= :v", {":v": N(0)}, False),
    case("size of boolean", "size(t) >= :v", {":v": N(0)}, False),
    case("size of null", "size(z) >= :v", {":v": N(0)}, False),
    case("size of value", "size(:v) = :n", {":v": S("four"), ":n": N(4)}, True),
    case("size against string", "size(s) = :v", {":v": S("3")}, False),
    case("size on the right", ":v < size(l)", {":v": N(3)}, True),
    case("size between", "size(s) BETWEEN :v AND :w", {":v": N(3), ":w": N(4)}, True),
    case("size in", "size(s) IN (:v, :w)", {":v": N(2), ":w": N(3)}, True),
    case("two sizes", "size(s) = size(ss)", None, True),
]


@pytest.mark.parametrize("expression, values, expected", FUNCTIONS)
def test_function(holds, expression, values, expected):
    assert holds(expression, values) is expected


V = {":v": N(1), ":w": N(5)}
LOGIC = [
    case("and", "n = :w AND l[0] = :v", V, True),
    case("and false", "n = :w AND n = :v", V, False),
    case("or", "n = :v OR n = :w", V, True),
    case("not", "NOT n = :v OR n = :w", V, True),
    case("and binds tighter than or", "n = :w OR n = :w AND n = :v", V, True),
    case("parentheses win", "(n = :w OR n = :w) AND n = :v", V, False),
    case("not binds tightest", "NOT n = :w AND n = :v", V, False),
    case("not binds tighter than or", "NOT n = :v AND n = :v OR n = :w", V, True),
    case("not of parentheses", "NOT (n = :v AND n = :w)", V, True),
    case("not not", "NOT NOT n = :w AND NOT n = :v", V, True),
    case("not in", "NOT n IN (:v) AND n = :w", V, True),
    case("not between", "NOT n BETWEEN :v AND :w", V, False),
    case("lower case", "not n = :v and n = :w or n = :v", V, True),
    case("mixed case", "nOt n = :v AnD n = :w", V, True),
    case("no blanks", "n=:w AND(l[0]=:v)", V, True),
    case("many blanks", "  n\t=\n :w   AND  l [ 0 ] = :v ", V, True),
    case("operand in parentheses", "(n) = :w AND n <> (:v)", V, True),
    case("parentheses around each", "(n = :w) AND (n <> :v)", V, True),
    case("nested parentheses", "(n = :w AND (n <> :v OR n = :v))", V, True),
    case("deep alternation", "(n = :v OR (n = :w AND (n = :v OR (n = :w AND (n = :v OR n = :w)))))", V, True),
]


@pytest.mark.parametrize("expression, values, expected", LOGIC)
def test_logic(holds, expression, values, expected):
    assert holds(expression, values) is expected


NAMES = [
    case("reserved word", "#n = :v", {"#n": "name"}, S("reserved"), True),
    case("dot is literal", "#d = :v", {"#d": "with.dot"}, S("dot"), True),
    case("dot is no path", "attribute_exists(#d) AND s <> :v", {"#d": "m.b"}, S("x"), False),
    case("each step", "#m.#b.#c = :v", {"#m": "m", "#b": "b", "#c": "c"}, S("deep"), True),
    case("some steps", "m.#b.c = :v", {"#b": "b"}, S("deep"), True),
    case("with index", "#l[1] = :v", {"#l": "l"}, S("two"), True),
    case("digits", "#1 = :v", {"#1": "s"}, S("abc"), True),
    case("underscore", "#_x_1 = :v", {"#_x_1": "s"}, S("abc"), True),
    case("used twice", "#s = :v AND begins_with(#s, :v)", {"#s": "s"}, S("abc"), True),
    case("two names of one attribute", "#a = :v AND #b = :v", {"#a": "s", "#b": "s"}, S("abc"), True),
]


@pytest.mark.parametrize("expression, names, value, expected", NAMES)
def test_name_substitution(holds, expression, names, value, expected):
    assert holds(expression, {":v": value}, names) is expected


MISSING_ITEM = [
    case("attribute_not_exists key", "attribute_not_exists(pk)", None, True),
    case("attribute_exists key", "attribute_exists(pk)", None, False),
    case("equal", "n = :v", {":v": N(5)}, False),
    case("unequal", "n <> :v", {":v": N(5)}, True),
    case("less", "n < :v", {":v": N(5)}, False),
    case("not less", "NOT n < :v", {":v": N(5)}, True),
]


@pytest.mark.parametrize("expression, values, expected", MISSING_ITEM)
def test_condition_on_a_missing_item(holds, expression, values, expected):
    assert holds(expression, values, key={"pk": S(unique())}) is expected


def test_key_attributes_can_be_tested(holds, key):
    assert holds("pk = :v AND size(pk) > :n", {":v": key["pk"], ":n": N(1)})


def test_hundred_operands_of_in_are_accepted(holds):
    assert holds("n IN (" + ", ".join([":v"] * 99 + [":w"]) + ")", V)


def test_300_operators_are_accepted(holds):
    # 150 comparisons, 149 ANDs and one NOT.
    assert holds("NOT n=:v" + " AND n=:w" * 149, V)


def test_4096_bytes_are_accepted(holds):
    expression = "n = :w".ljust(4096)
    assert len(expression) == 4096
    assert holds(expression, {":w": N(5)})


def test_a_path_of_32_steps_is_accepted(holds):
    assert not holds("attribute_exists(m" + ".a" * 31 + ")")
