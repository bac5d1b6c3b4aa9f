"""Update expressions that are refused, and the words for it."""

import re

import pytest

from support.cases import case
from support.expect import invalid
from support.values import B, BOOL, BS, L, M, N, NS, NULL, S, SS, unique

PREFIX = "Invalid UpdateExpression: "
V = {":v": N(1)}
BAD_PATH = "The document path provided in the update expression is invalid for update"
ABSENT = "The provided expression refers to an attribute that does not exist in the item"
BAD_TYPE = "An operand in the update expression has an incorrect data type"
ITEM = {
    "s": S("abc"),
    "n": N("5"),
    "l": L(N(1), S("two"), M(k=N(3))),
    "m": M(a=N(1), b=M(c=S("deep"))),
    "ss": SS("a", "b"),
}


@pytest.fixture(scope="module")
def key(client, hash_table):
    key = {"pk": S(unique("update-errors"))}
    client.put_item(TableName=hash_table, Item={**key, **ITEM})
    return key


@pytest.fixture
def check(raw, client, hash_table, key):
    """Sends an update that must be refused, and sees that the item is as before."""

    def send(expression, values=None, names=None):
        params = {"TableName": hash_table, "Key": key, "UpdateExpression": expression}
        if values is not None:
            params["ExpressionAttributeValues"] = values
        if names is not None:
            params["ExpressionAttributeNames"] = names
        response = raw("UpdateItem", params)
        assert client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["n"] == N("5"), response.body
        return response

    return send


SYNTAX = [
    case("SET alone", "SET", "<EOF>", "SET"),
    case("REMOVE alone", "REMOVE", "<EOF>", "REMOVE"),
    case("no operator", "SET a", "<EOF>", "a"),
    case("no right side", "SET a =", "<EOF>", "="),
    case("dangling comma", "SET a = :v,", "<EOF>", ","),
    case("dangling comma in REMOVE", "REMOVE a,", "<EOF>", ","),
    case("no comma", "SET a = :v b = :v", "b", ":v b ="),
    case("no clause", "a = :v", "a", "a ="),
    case("clause run together", "SETa=:v", "SETa", "SETa="),
    case("three operands", "SET n = n + :v + :v", "+", ":v + :v"),
    case("sum in a function", "SET n = if_not_exists(n + :v, :v)", "+", "n + :v"),
    case("times", "SET a = n * :v", "*", "n * :v"),
    case("minus sign", "SET a = -:v", "-", "= -:v"),
    case("literal", "SET a = 1", "1", "= 1"),
    case("double equal", "SET a == :v", "=", "== :v"),
    case("semicolon", "SET a = :v;", ";", ":v;"),
    case("value on the left", "SET :v = :v", ":v", "SET :v ="),
    case("ADD with =", "ADD n = :v", "=", "n = :v"),
    case("ADD without value", "ADD n", "<EOF>", "n"),
    case("ADD a path", "ADD n s", "s", "n s"),
    case("DELETE without value", "DELETE ss", "<EOF>", "ss"),
    case("DELETE a path", "DELETE ss s", "s", "ss s"),
    case("value as index", "SET l[:v] = :v", ":v", "[:v]"),
    case("name as index", "SET l[#i] = :v", "#i", "[#i]"),
]


@pytest.mark.parametrize("expression, token, near", SYNTAX)
def test_syntax_error(check, expression, token, near):
    invalid(check(expression, V), f'{PREFIX}Syntax error; token: "{token}", near: "{near}"')


def overlap(kind, one, two):
    return f"Two document paths {kind} with each other; must remove or rewrite one of these paths; path one: [{one}], path two: [{two}]"


def operands(function, count):
    return f"Incorrect number of operands for operator or function; operator or function: {function}, number of operands: {count}"


def operand_type(function, kind):
    return f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}"


def clause_type(clause, kind):
    return (f"Incorrect operand type for operator or function; operator: {clause}, operand type: {kind}, "
            f"typeSet: ALLOWED_FOR_{clause}_OPERAND")


SEMANTIC = [
    case("empty", "", V, "The expression can not be empty;"),
    case("SET twice", "SET a = :v SET b = :v", V, 'The "SET" section can only be used once in an update expression;'),
    case("set twice", "set a = :v set b = :v", V, 'The "SET" section can only be used once in an update expression;'),
    case("REMOVE twice", "REMOVE a ADD b :v REMOVE c", V,
         'The "REMOVE" section can only be used once in an update expression;'),
    case("ADD twice", "ADD a :v ADD b :v", V, 'The "ADD" section can only be used once in an update expression;'),
    case("DELETE twice", "DELETE a :v DELETE b :v", {":v": SS("x")},
         'The "DELETE" section can only be used once in an update expression;'),
    case("same path", "SET a = :v, a = :v", V, overlap("overlap", "a", "a")),
    case("same path in two clauses", "SET a = :v REMOVE a", V, overlap("overlap", "a", "a")),
    case("same path by name", "SET a = :v, #a = :v", V, overlap("overlap", "a", "a")),
    case("map and member", "SET m.a = :v, m = :v", V, overlap("overlap", "m, a", "m")),
    case("member and map", "ADD n :v REMOVE n.a", V, overlap("overlap", "n", "n, a")),
    case("same element", "SET l[0] = :v, l[0] = :v", V, overlap("overlap", "l, [0]", "l, [0]")),
    case("list and element", "REMOVE l SET l[0] = :v", V, None),
    case("member and element", "SET m.a = :v, m[0] = :v", V, overlap("conflict", "m, a", "m, [0]")),
    case("member and element deep", "SET l[0].a = :v, l[0][1] = :v", V, overlap("conflict", "l, [0], a", "l, [0], [1]")),
    case("reserved word", "SET name = :v", V, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word right", "SET a = name", None, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word removed", "REMOVE name", None, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word inside", "SET m.items = :v", V, "Attribute name is a reserved keyword; reserved keyword: items"),
    case("undefined name", "SET #n = :v", V,
         "An expression attribute name used in the document path is not defined; attribute name: #n"),
    case("undefined value", "SET a = :w", V,
         "An expression attribute value used in expression is not defined; attribute value: :w"),
    case("unknown function", "SET l = foo(l)", None, "Invalid function name; function: foo"),
    case("functions are case-sensitive", "SET l = List_Append(l, l)", None, "Invalid function name; function: List_Append"),
    case("size", "SET l = size(l)", None, "The function is not allowed in an update expression; function: size"),
    case("attribute_exists", "SET l = attribute_exists(l)", None,
         "The function is not allowed in an update expression; function: attribute_exists"),
    case("list_append in a sum", "SET l = list_append(l, :v) + :v", {":v": L()},
         "The function is not allowed to be used this way in an expression; function: list_append"),
    case("if_not_exists of a value", "SET n = if_not_exists(:v, :v)", V,
         "Operator or function requires a document path; operator or function: if_not_exists"),
    case("if_not_exists of one", "SET n = if_not_exists(q)", None, operands("if_not_exists", 1)),
    case("list_append of one", "SET l = list_append(l)", None, operands("list_append", 1)),
    case("list_append of three", "SET l = list_append(l, l, l)", None, operands("list_append", 3)),
    case("list_append number", "SET l = list_append(l, :v)", V, operand_type("list_append", "N")),
    case("list_append set", "SET l = list_append(:v, l)", {":v": SS("x")}, operand_type("list_append", "SS")),
    *[case(f"plus {kind}", "SET n = n + :v", {":v": value}, operand_type("+", kind)) for kind, value in [
        ("S", S("1")), ("B", B(b"1")), ("BOOL", BOOL(True)), ("NULL", NULL), ("L", L()), ("M", M()), ("NS", NS(1))]],
    case("minus string", "SET n = n - :v", {":v": S("1")}, operand_type("-", "S")),
    *[case(f"ADD {kind}", "ADD q :v", {":v": value}, clause_type("ADD", kind)) for kind, value in [
        ("STRING", S("1")), ("BINARY", B(b"1")), ("BOOLEAN", BOOL(True)), ("NULL", NULL), ("LIST", L()), ("MAP", M())]],
    *[case(f"DELETE {kind}", "DELETE q :v", {":v": value}, clause_type("DELETE", kind)) for kind, value in [
        ("STRING", S("1")), ("NUMBER", N(1)), ("BINARY", B(b"1")), ("BOOLEAN", BOOL(True)), ("LIST", L()), ("MAP", M())]],
    case("33 steps", "SET m" + ".a" * 32 + " = :v", V, "The document path has too many nesting levels; nesting levels: 33"),
    case("index out of range", "SET l[99999999999] = :v", V,
         "List index is not within the allowable range; index: [99999999999]"),
]


@pytest.mark.parametrize("expression, values, message", SEMANTIC)
def test_semantic_error(check, expression, values, message):
    names = {"#a": "a"} if "#a" in expression else None
    if message is None:
        invalid(check(expression, values, names), re.compile(re.escape(PREFIX) + "Two document paths overlap .*"))
    else:
        invalid(check(expression, values, names), PREFIX + message)


AGAINST_THE_ITEM = [
    case("member of absent", "SET q.x = :v", V, BAD_PATH),
    case("element of absent", "SET q[0] = :v", V, BAD_PATH),
    case("member of absent member", "SET m.x.y = :v", V, BAD_PATH),
    case("member of string", "SET s.x = :v", V, BAD_PATH),
    case("element of string", "SET s[0] = :v", V, BAD_PATH),
    case("member of list", "SET l.x = :v", V, BAD_PATH),
    case("element of map", "SET m[0] = :v", V, BAD_PATH),
    case("member of element past the end", "SET l[9].x = :v", V, BAD_PATH),
    case("member of set", "SET ss.x = :v", V, BAD_PATH),
    case("REMOVE member of absent", "REMOVE q.x", None, BAD_PATH),
    case("REMOVE element of absent", "REMOVE q[0]", None, BAD_PATH),
    case("REMOVE member of absent member", "REMOVE m.q.r", None, BAD_PATH),
    case("REMOVE member of string", "REMOVE s.x", None, BAD_PATH),
    case("REMOVE element of map", "REMOVE m[0]", None, BAD_PATH),
    case("ADD member of absent", "ADD q.x :v", V, BAD_PATH),
    case("DELETE member of absent", "DELETE q.x :v", {":v": SS("x")}, BAD_PATH),
    case("copy of absent", "SET a = q", None, ABSENT),
    case("itself absent", "SET q = q", None, ABSENT),
    case("copy of absent member", "SET a = m.nope", None, ABSENT),
    case("copy past the end", "SET a = l[9]", None, ABSENT),
    case("sum with absent", "SET n = q + :v", V, ABSENT),
    case("sum with absent on the right", "SET n = :v - q", V, ABSENT),
    case("list_append with absent", "SET l = list_append(q, l)", None, ABSENT),
    case("if_not_exists both absent", "SET n = if_not_exists(q, r)", None, ABSENT),
    case("sum with string", "SET n = s + :v", V, BAD_TYPE),
    case("sum with string on the right", "SET n = n + s", None, BAD_TYPE),
    case("sum of if_not_exists with string", "SET n = if_not_exists(s, :v) + :v", V, BAD_TYPE),
    case("list_append to string", "SET l = list_append(s, l)", None, BAD_TYPE),
    case("list_append to set", "SET l = list_append(l, ss)", None, BAD_TYPE),
    case("ADD to string", "ADD s :v", V, BAD_TYPE),
    case("ADD number to list", "ADD l :v", V, BAD_TYPE),
    case("ADD number to set", "ADD ss :v", V, BAD_TYPE),
    case("ADD set to number", "ADD n :v", {":v": NS(1)}, BAD_TYPE),
    case("ADD set of another type", "ADD ss :v", {":v": NS(1)}, BAD_TYPE),
    case("DELETE from string", "DELETE s :v", {":v": SS("a")}, BAD_TYPE),
    case("DELETE set of another type", "DELETE ss :v", {":v": BS(b"a")}, BAD_TYPE),
]


@pytest.mark.parametrize("expression, values, message", AGAINST_THE_ITEM)
def test_error_against_the_item(check, expression, values, message):
    invalid(check(expression, values), message)


MISSING_ITEM = [
    case("SET member", "SET q.x = :v", V, BAD_PATH),
    case("SET element", "SET q[0] = :v", V, BAD_PATH),
    case("ADD member", "ADD q.x :v", V, BAD_PATH),
    case("copy", "SET a = q", None, ABSENT),
    case("sum", "SET n = n + :v", V, ABSENT),
]


@pytest.mark.parametrize("expression, values, message", MISSING_ITEM)
def test_error_on_a_missing_item_does_not_make_it(raw, client, hash_table, expression, values, message):
    key = {"pk": S(unique())}
    params = {"TableName": hash_table, "Key": key, "UpdateExpression": expression}
    if values:
        params["ExpressionAttributeValues"] = values
    invalid(raw("UpdateItem", params), message)
    assert "Item" not in client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)


KEYS = [
    case("SET", "SET pk = :v", V),
    case("SET to itself", "SET pk = pk", None),
    case("REMOVE", "REMOVE pk", None),
    case("ADD", "ADD pk :v", V),
    case("DELETE", "DELETE pk :v", {":v": SS("x")}),
]


@pytest.mark.parametrize("expression, values", KEYS)
def test_key_attributes_cannot_be_updated(check, expression, values):
    message = "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
    invalid(check(expression, values), message)


def test_sort_key_cannot_be_updated(raw, range_table):
    key = {"pk": S(unique()), "sk": S("s")}
    response = raw("UpdateItem", TableName=range_table, Key=key, UpdateExpression="SET sk = :v",
                   ExpressionAttributeValues={":v": S("t")})
    invalid(response, "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key")


UNUSED = [
    case("value", "SET a = :v", {**V, ":w": N(2)}, None,
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"),
    case("name", "SET a = :v", V, {"#n": "n"}, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"),
]


@pytest.mark.parametrize("expression, values, names, message", UNUSED)
def test_unused_placeholder(check, expression, values, names, message):
    invalid(check(expression, values, names), message)


def test_update_and_condition_share_placeholders(client, hash_table, key):
    client.update_item(
        TableName=hash_table, Key=key, UpdateExpression="SET #a = :v", ConditionExpression="#b = :w",
        ExpressionAttributeNames={"#a": "q", "#b": "n"}, ExpressionAttributeValues={":v": N(1), ":w": N(5)},
    )


def test_more_than_4096_bytes(check):
    response = check("SET a = :v".ljust(4097), V)
    invalid(response, re.compile(re.escape(PREFIX) + "Expression size has exceeded the maximum allowed size;.*"))


def test_301_operators(check):
    response = check("SET " + ",".join(f"a{i}=:v+:v" for i in range(301)), V)
    invalid(response, PREFIX + "The expression contains too many operators; operator count: 301")


def test_wrong_update_expression_is_named_before_the_condition(check, raw, hash_table, key):
    response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET", ConditionExpression="a =")
    assert invalid(response).message.startswith(("Invalid UpdateExpression: ", "Invalid ConditionExpression: "))
