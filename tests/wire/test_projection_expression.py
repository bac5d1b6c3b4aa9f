"""Projection expressions, with GetItem."""

import re

import pytest

from support.cases import case
from support.expect import invalid
from support.values import BOOL, L, M, N, S, SS, normal, unique

PREFIX = "Invalid ProjectionExpression: "
ITEM = {
    "a": S("x"),
    "n": N(1),
    "l": L(S("zero"), M(k=N(3), j=N(4)), L(N(10), N(11)), S("three")),
    "m": M(a=N(1), b=M(c=S("deep"), d=BOOL(True)), l=L(S("p"), S("q"))),
    "ss": SS("a", "b"),
    "name": S("reserved"),
    "with.dot": S("dot"),
}


@pytest.fixture(scope="module")
def key(client, hash_table):
    key = {"pk": S(unique("projection"))}
    client.put_item(TableName=hash_table, Item={**key, **ITEM})
    return key


@pytest.fixture
def get(raw, hash_table, key):
    def run(expression, names=None, key=key):
        params = {"TableName": hash_table, "Key": key, "ProjectionExpression": expression, "ConsistentRead": True}
        if names is not None:
            params["ExpressionAttributeNames"] = names
        return raw("GetItem", params)

    return run


SHOWN = [
    case("one", "a", None, {"a": ITEM["a"]}),
    case("two", "a, n", None, {"a": ITEM["a"], "n": ITEM["n"]}),
    case("no blanks", "a,n", None, {"a": ITEM["a"], "n": ITEM["n"]}),
    case("many blanks", "  a\t,\nn ", None, {"a": ITEM["a"], "n": ITEM["n"]}),
    case("set", "ss", None, {"ss": ITEM["ss"]}),
    case("member", "m.a", None, {"m": M(a=N(1))}),
    case("two members", "m.a, m.b.c", None, {"m": M(a=N(1), b=M(c=S("deep")))}),
    case("siblings", "m.b.c, m.b.d", None, {"m": M(b=M(c=S("deep"), d=BOOL(True)))}),
    case("element", "l[0]", None, {"l": L(S("zero"))}),
    case("later element closes up", "l[3]", None, {"l": L(S("three"))}),
    case("elements in the list's order", "l[3], l[0]", None, {"l": L(S("zero"), S("three"))}),
    case("member of element", "l[1].k", None, {"l": L(M(k=N(3)))}),
    case("element of element", "l[2][1]", None, {"l": L(L(N(11)))}),
    case("element and member of another", "l[0], l[1].j", None, {"l": L(S("zero"), M(j=N(4)))}),
    case("element in map", "m.l[1]", None, {"m": M(l=L(S("q")))}),
    case("absent", "q", None, {}),
    case("absent member", "m.q", None, {}),
    case("absent and present", "q, a, m.q", None, {"a": ITEM["a"]}),
    case("past the end", "l[9]", None, {}),
    case("member of string", "a.b", None, {}),
    case("element of string", "a[0]", None, {}),
    case("element of map", "m[0]", None, {}),
    case("member of list", "l.k", None, {}),
    case("element of set", "ss[0]", None, {}),
    case("name", "#n", {"#n": "name"}, {"name": ITEM["name"]}),
    case("name with dot", "#d", {"#d": "with.dot"}, {"with.dot": ITEM["with.dot"]}),
    case("name in path", "#m.#b.c", {"#m": "m", "#b": "b"}, {"m": M(b=M(c=S("deep")))}),
    case("name with index", "#l[0]", {"#l": "l"}, {"l": L(S("zero"))}),
]


@pytest.mark.parametrize("expression, names, expected", SHOWN)
def test_projection(get, expression, names, expected):
    assert normal(get(expression, names)["Item"]) == normal(expected)


def test_key_is_shown_only_if_asked_for(get, key):
    assert get("pk, a")["Item"] == {**key, "a": ITEM["a"]}


def test_missing_item_has_no_item(get):
    assert "Item" not in get("a", key={"pk": S(unique())}).ok()


SYNTAX = [
    case("dangling comma", "a,", "<EOF>", ","),
    case("two commas", "a,,n", ",", ",,n"),
    case("no comma", "a n", "n", "a n"),
    case("function", "size(a)", "(", "size(a"),
    case("value", ":v", ":v", ":v"),
    case("parentheses", "(a)", "(", "(a"),
    case("operator", "a = n", "=", "a = n"),
    case("star", "*", "*", "*"),
    case("dot last", "a.", "<EOF>", "."),
    case("name as index", "l[#i]", "#i", "[#i]"),
]


@pytest.mark.parametrize("expression, token, near", SYNTAX)
def test_syntax_error(get, expression, token, near):
    invalid(get(expression), f'{PREFIX}Syntax error; token: "{token}", near: "{near}"')


def overlap(kind, one, two):
    return f"Two document paths {kind} with each other; must remove or rewrite one of these paths; path one: [{one}], path two: [{two}]"


SEMANTIC = [
    case("empty", "", None, "The expression can not be empty;"),
    case("twice", "a, a", None, overlap("overlap", "a", "a")),
    case("twice by name", "a, #a", {"#a": "a"}, overlap("overlap", "a", "a")),
    case("map and member", "m.a, m", None, overlap("overlap", "m, a", "m")),
    case("element and member of it", "l[0], l[0].x", None, overlap("overlap", "l, [0]", "l, [0], x")),
    case("member and element", "m.b, m[0]", None, overlap("conflict", "m, b", "m, [0]")),
    case("reserved word", "name", None, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word inside", "m.date", None, "Attribute name is a reserved keyword; reserved keyword: date"),
    case("undefined name", "#a", None,
         "An expression attribute name used in the document path is not defined; attribute name: #a"),
    case("33 steps", "m" + ".a" * 32, None, "The document path has too many nesting levels; nesting levels: 33"),
    case("index out of range", "l[99999999999]", None, "List index is not within the allowable range; index: [99999999999]"),
]


@pytest.mark.parametrize("expression, names, message", SEMANTIC)
def test_semantic_error(get, expression, names, message):
    invalid(get(expression, names), PREFIX + message)


@pytest.mark.parametrize("expression", ["pk.a", "a, pk[0]"])
def test_key_attributes_have_no_parts(get, expression):
    invalid(get(expression),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk")


def test_unused_name(get):
    message = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"
    invalid(get("n", {"#a": "a"}), message)


def test_names_without_expression(raw, hash_table, key):
    response = raw("GetItem", TableName=hash_table, Key=key, ExpressionAttributeNames={"#a": "a"})
    invalid(response, "ExpressionAttributeNames can only be specified when using expressions")


def test_beside_attributes_to_get(raw, hash_table, key):
    response = raw("GetItem", TableName=hash_table, Key=key, ProjectionExpression="a", AttributesToGet=["a"])
    message = ("Can not use both expression and non-expression parameters in the same request: "
               "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}")
    invalid(response, message)


def test_4096_bytes(get):
    assert get("a".ljust(4096))["Item"] == {"a": ITEM["a"]}
    invalid(get("a".ljust(4097)), re.compile(re.escape(PREFIX) + "Expression size has exceeded the maximum allowed size;.*"))


@pytest.mark.parametrize("word", ["in", "SET", "add", "REMOVE", "delete", "between", "AND", "or", "Not"])
def test_keyword_of_expressions(get, word):
    invalid(get(word), f'{PREFIX}Syntax error; token: "{word}", near: "{word}"')
