"""Condition expressions that are refused, and the words for it."""

import re

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, VALIDATION, expect_error, invalid
from support.values import BOOL, L, M, N, NS, NULL, S, SS, unique

PREFIX = "Invalid ConditionExpression: "
V = {":v": N(1)}
T = {":v": S("x")}


@pytest.fixture
def check(raw, hash_table):
    def send(expression, values=None, names=None):
        params = {"TableName": hash_table, "Key": {"pk": S(unique())}, "ConditionExpression": expression}
        if values is not None:
            params["ExpressionAttributeValues"] = values
        if names is not None:
            params["ExpressionAttributeNames"] = names
        return raw("UpdateItem", params)

    return send


SYNTAX = [
    # id, expression, token, near
    case("blank", " ", "<EOF>", " "),
    case("no right side", "a = ", "<EOF>", "= "),
    case("no operator", "a", "<EOF>", "a"),
    case("not alone", "NOT", "<EOF>", "NOT"),
    case("not of a path", "NOT a", "<EOF>", "a"),
    case("double equal", "a == :v", "=", "== :v"),
    case("unequal as in C", "n != :v", "!", "n !="),
    case("two words", "attribute_exists(a) b", "b", ") b"),
    case("open parenthesis", "(a = :v", "<EOF>", ":v"),
    case("closed too often", "a = :v)", ")", ":v)"),
    case("dangling and", "a = :v AND", "<EOF>", "AND"),
    case("path after and", "n = :v AND n", "<EOF>", "n"),
    case("chained equals", "a = :v = :v", "=", ":v = :v"),
    case("chained unequals", "a <> b <> c", "<>", "b <> c"),
    case("function without operands", "attribute_exists()", ")", "()"),
    case("function without parentheses", "attribute_exists a", "a", "attribute_exists a"),
    case("between without and", "a BETWEEN :v", "<EOF>", ":v"),
    case("between without end", "a BETWEEN :v AND", "<EOF>", "AND"),
    case("in nothing", "a IN ()", ")", "()"),
    case("in without parentheses", "a IN :v", ":v", "IN :v"),
    case("negative index", "a[-1] = :v", "-", "[-1"),
    case("value as index", "a[:v] = :v", ":v", "[:v]"),
    case("name as index", "a[#i] = :v", "#i", "[#i]"),
    case("fraction as index", "a[1.5] = :v", ".", "1.5"),
    case("two dots", "a..b = :v", ".", "..b"),
    case("dot first", ".a = :v", ".", ".a"),
    case("dot last", "a. = :v", "=", ". = :v"),
    case("dash in name", "a-b = :v", "-", "a-b"),
    case("digit first", "1a = :v", "1", "1a"),
    case("underscore first", "_a = :v", "_", "_a"),
    case("literal number", "a = 1", "1", "= 1"),
    case("literal string", "a = 'x'", "'", "= 'x"),
    case("quoted string", 'a = "x"', '"', '= "x'),
    case("comment", "n = :v # x", "#", ":v # x"),
    case("semicolon", "a = :v;", ";", ":v;"),
    case("arithmetic", "a+:v = :v", "+", "a+:v"),
    case("colon alone", "a = :", ":", "= :"),
    case("hash alone", "a = #", "#", "= #"),
    case("letter outside ASCII", "é = :v", "é", "é ="),
    case("keyword SET", "SET = :v", "SET", "SET ="),
    case("keyword between", "between = :v", "between", "between ="),
    case("keyword AND", "AND = :v", "AND", "AND ="),
    case("compared comparisons", "(n = :v) = (n = :v)", "=", ") = ("),
]


@pytest.mark.parametrize("expression, token, near", SYNTAX)
def test_syntax_error(check, expression, token, near):
    invalid(check(expression, V), f'{PREFIX}Syntax error; token: "{token}", near: "{near}"')


def operands(function, count):
    return f"Incorrect number of operands for operator or function; operator or function: {function}, number of operands: {count}"


def operand_type(function, kind):
    return f"Incorrect operand type for operator or function; operator or function: {function}, operand type: {kind}"


SEMANTIC = [
    # id, expression, values, message after the prefix
    case("empty", "", V, "The expression can not be empty;"),
    case("redundant parentheses", "((a = :v))", V, "The expression has redundant parentheses;"),
    case("redundant parentheses inside", "(a = :v) AND ((n = :v))", V, "The expression has redundant parentheses;"),
    case("reserved word", "name = :v", V, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word upper case", "NAME = :v", V, "Attribute name is a reserved keyword; reserved keyword: NAME"),
    case("reserved word inside a path", "a.name = :v", V, "Attribute name is a reserved keyword; reserved keyword: name"),
    case("reserved word in a function", "attribute_exists(status)", None,
         "Attribute name is a reserved keyword; reserved keyword: status"),
    case("undefined name", "#n = :v", V,
         "An expression attribute name used in the document path is not defined; attribute name: #n"),
    case("undefined name in a function", "attribute_exists(#n.b)", V,
         "An expression attribute name used in the document path is not defined; attribute name: #n"),
    case("undefined value", "n = :u", V,
         "An expression attribute value used in expression is not defined; attribute value: :u"),
    case("unknown function", "foo(a)", V, "Invalid function name; function: foo"),
    case("functions are case-sensitive", "Attribute_Exists(a)", V, "Invalid function name; function: Attribute_Exists"),
    case("size alone", "size(a)", V,
         "The function is not allowed to be used this way in an expression; function: size"),
    case("attribute_exists as operand", "attribute_exists(a) = :v", V,
         "The function is not allowed to be used this way in an expression; function: attribute_exists"),
    case("if_not_exists", "if_not_exists(a, :v) = :v", V,
         "The function is not allowed in a condition expression; function: if_not_exists"),
    case("list_append", "list_append(a, :v) = :v", V,
         "The function is not allowed in a condition expression; function: list_append"),
    case("attribute_exists of a value", "attribute_exists(:v)", V,
         "Operator or function requires a document path; operator or function: attribute_exists"),
    case("attribute_not_exists of a value", "attribute_not_exists(:v)", V,
         "Operator or function requires a document path; operator or function: attribute_not_exists"),
    case("attribute_exists of size", "attribute_exists(size(a))", V,
         "Operator or function requires a document path; operator or function: attribute_exists"),
    case("attribute_exists of two", "attribute_exists(a, b)", V, operands("attribute_exists", 2)),
    case("size of two", "size(a, b) = :v", V, operands("size", 2)),
    case("begins_with of one", "begins_with(a)", V, operands("begins_with", 1)),
    case("begins_with of three", "begins_with(a, b, c)", V, operands("begins_with", 3)),
    case("contains of one", "contains(a)", V, operands("contains", 1)),
    case("attribute_type of one", "attribute_type(a)", V, operands("attribute_type", 1)),
    case("begins_with number", "begins_with(a, :v)", V, operand_type("begins_with", "N")),
    case("begins_with number first", "begins_with(:v, a)", V, operand_type("begins_with", "N")),
    case("begins_with boolean", "begins_with(a, :v)", {":v": BOOL(True)}, operand_type("begins_with", "BOOL")),
    case("begins_with set", "begins_with(a, :v)", {":v": SS("x")}, operand_type("begins_with", "SS")),
    case("begins_with size", "begins_with(size(a), :v)", T, operand_type("begins_with", "N")),
    case("size of number", "size(:v) = :v", V, operand_type("size", "N")),
    case("size of boolean", "size(:v) = :v", {":v": BOOL(False)}, operand_type("size", "BOOL")),
    case("size of null", "size(:v) = :v", {":v": NULL}, operand_type("size", "NULL")),
    case("size of size", "size(size(a)) = :v", V, operand_type("size", "N")),
    case("attribute_type number", "attribute_type(a, :v)", V, operand_type("attribute_type", "N")),
    case("attribute_type unknown", "attribute_type(a, :v)", {":v": S("STRING")},
         "Invalid attribute type name found; type: STRING, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
         local="prints the types in another order"),
    case("attribute_type lower case", "attribute_type(a, :v)", {":v": S("s")},
         "Invalid attribute type name found; type: s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
         local="prints the types in another order"),
    case("less boolean", "a < :v", {":v": BOOL(True)}, operand_type("<", "BOOL")),
    case("less or equal null", "a <= :v", {":v": NULL}, operand_type("<=", "NULL")),
    case("greater list", "a > :v", {":v": L()}, operand_type(">", "L")),
    case("greater or equal map", "a >= :v", {":v": M()}, operand_type(">=", "M")),
    case("less set", "a < :v", {":v": NS(1)}, operand_type("<", "NS")),
    case("between booleans", "a BETWEEN :v AND :v", {":v": BOOL(True)}, operand_type("BETWEEN", "BOOL")),
    case("itself =", "a = a", None,
         "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"),
    case("itself nested <>", "a.b[0] <> a.b[0]", None,
         "The first operand must be distinct from the remaining operands for this operator or function; operator: <>, first operand: [a, b, [0]]"),
    case("itself contains", "contains(a, a)", None,
         "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [a]"),
    case("itself begins_with", "begins_with(a, a)", None,
         "The first operand must be distinct from the remaining operands for this operator or function; operator: begins_with, first operand: [a]"),
    case("between upside down", "a BETWEEN :v AND :w", {":v": N(5), ":w": N("1")},
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
         "lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"),
    case("between upside down strings", "a BETWEEN :v AND :w", {":v": S("b"), ":w": S("a")},
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
         "lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"),
    case("between two types", "a BETWEEN :v AND :w", {":v": N(5), ":w": S("6")},
         "The BETWEEN operator requires same data type for lower and upper bounds; "
         "lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {S:6}"),
    case("in 101", "n IN (" + ",".join([":v"] * 101) + ")", V,
         "The IN operator is provided with too many operands; number of operands: 101"),
    case("301 operators", "NOT n=:v" + " AND n=:v" * 150, V,
         "The expression contains too many operators; operator count: 301"),
    case("301 nots", "NOT " * 300 + "n=:v", V, "The expression contains too many operators; operator count: 301"),
    case("33 steps", "attribute_exists(m" + ".a" * 32 + ")", V,
         "The document path has too many nesting levels; nesting levels: 33"),
    case("index out of range", "a[99999999999] = :v", V,
         "List index is not within the allowable range; index: [99999999999]"),
]


@pytest.mark.parametrize("expression, values, message", SEMANTIC)
def test_semantic_error(check, expression, values, message):
    invalid(check(expression, values), PREFIX + message)


def test_more_than_4096_bytes(check):
    response = check("n = :v".ljust(4097), V)
    invalid(response, re.compile(re.escape(PREFIX) + "Expression size has exceeded the maximum allowed size;.*"))


def test_size_is_in_bytes_before_substitution(check):
    long_name = "#" + "n" * 100
    expression = " OR ".join([f"{long_name} = :v"] * 41)
    assert len(expression) > 4096
    response = check(expression, V, {long_name: "a"})
    invalid(response, re.compile(re.escape(PREFIX) + "Expression size has exceeded the maximum allowed size;.*"))


UNUSED = [
    case("value", "attribute_exists(a)", V, None, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"),
    case("values", "n = :v", {**V, ":w": N(1), ":x": N(1)}, None,
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w, :x}"),
    case("name", "n = :v", V, {"#n": "n"}, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"),
    case("names", "#n = :v", V, {"#n": "n", "#b": "b", "#a": "a"},
         "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"),
]


@pytest.mark.parametrize("expression, values, names, message", UNUSED)
def test_unused_placeholder(check, expression, values, names, message):
    invalid(check(expression, values, names), message)


PLACEHOLDERS = [
    case("name without hash", V, {"n": "n"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "n"'),
    case("name with dash", V, {"#n-x": "n"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#n-x"'),
    case("name is hash", V, {"#": "n"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
    case("name outside ASCII", V, {"#é": "n"}, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#é"'),
    case("value without colon", {"v": N(1)}, {"#n": "n"},
         'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
    case("value is colon", {":": N(1)}, {"#n": "n"},
         'ExpressionAttributeValues contains invalid key: Syntax error; key: ":"'),
    case("value with dot", {":v.w": N(1)}, {"#n": "n"},
         'ExpressionAttributeValues contains invalid key: Syntax error; key: ":v.w"'),
    case("no names", V, {}, "ExpressionAttributeNames must not be empty"),
    case("no values", {}, {"#n": "n"}, "ExpressionAttributeValues must not be empty"),
    case("empty name", V, {"#n": ""}, "ExpressionAttributeNames contains invalid value: Empty attribute name for key #n"),
    case("value without type", {":v": {}}, {"#n": "n"},
         "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, "
         "must contain exactly one of the supported datatypes for key :v"),
    case("value with two types", {":v": {"N": "1", "S": "a"}}, {"#n": "n"},
         "ExpressionAttributeValues contains invalid value: Supplied AttributeValue has more than one datatypes set, "
         "must contain exactly one of the supported datatypes for key :v"),
    case("value no number", {":v": N("x")}, {"#n": "n"},
         "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :v",
         local="words it in its own way"),
    case("value empty set", {":v": SS()}, {"#n": "n"},
         "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
         "An string set  may not be empty for key :v"),
]


@pytest.mark.parametrize("values, names, message", PLACEHOLDERS)
def test_placeholder_error(check, values, names, message):
    invalid(check("#n = :v", values, names), message)


def test_attribute_type_of_a_path(check):
    response = check("attribute_type(a, b)")
    invalid(response, re.compile(PREFIX + r"Incorrect operand type for operator or function; "
                                          r"operator or function: attribute_type, operand type: \{.*\}"))


@pytest.mark.parametrize("path", ["pk.a", "pk[0]", "#k.a"])
def test_key_attributes_have_no_parts(check, path):
    response = check(f"attribute_not_exists({path})", None, {"#k": "pk"} if "#k" in path else None)
    invalid(response, "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk")


@pytest.mark.parametrize("length, accepted", [(255, True), (256, False)])
def test_placeholder_length(check, length, accepted):
    name, value = "#" + "n" * (length - 1), ":" + "v" * (length - 1)
    for response in (check(f"attribute_not_exists({name})", None, {name: "a"}), check(f"a <> {value}", {value: N(1)})):
        if accepted:
            response.ok()
        else:
            assert "The expression attribute map contains a key that is too long" in invalid(response).message


def test_name_for_a_placeholder_may_be_65535_bytes(check):
    check("attribute_not_exists(#a)", None, {"#a": "n" * 65_535}).ok()
    invalid(check("attribute_not_exists(#a)", None, {"#a": "n" * 65_536}))


def test_large_value_for_a_placeholder(check):
    check("a <> :v", {":v": S("x" * 409_600)}).ok()


def test_names_and_values_of_more_than_2_mb(check):
    values = {f":v{i}": S("x" * 400_000) for i in range(6)}
    invalid(check(" AND ".join(f"a <> {name}" for name in values), values))


def test_names_without_expression(raw, hash_table):
    response = raw("PutItem", TableName=hash_table, Item={"pk": S("x")}, ExpressionAttributeNames={"#a": "a"})
    invalid(response, "ExpressionAttributeNames can only be specified when using expressions")


WITHOUT_EXPRESSION = [
    case("PutItem", "PutItem", "Item", "ConditionExpression is null"),
    case("DeleteItem", "DeleteItem", "Key", "ConditionExpression is null"),
    case("UpdateItem", "UpdateItem", "Key", "UpdateExpression and ConditionExpression are null"),
]


@pytest.mark.parametrize("operation, member, what", WITHOUT_EXPRESSION)
def test_values_without_expression(raw, hash_table, operation, member, what):
    response = raw(operation, {"TableName": hash_table, member: {"pk": S("x")}, "ExpressionAttributeValues": V})
    invalid(response, f"ExpressionAttributeValues can only be specified when using expressions: {what}")


def test_a_refused_expression_leaves_no_trace(raw, client, hash_table):
    key = {"pk": S(unique())}
    invalid(raw("PutItem", TableName=hash_table, Item=key, ConditionExpression="a = "))
    assert "Item" not in client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)


TIMELY = [
    case("4096 bytes of parentheses", "(" * 4096),
    case("parentheses and a comparison", "(" * 2000 + "a=:v" + ")" * 2000),
    case("nots", "NOT " * 1000 + "a=:v"),
    case("dots", "a" + ".a" * 2000 + "=:v"),
    case("indexes", "a" + "[0]" * 1300 + "=:v"),
    case("functions", "size(" * 800 + "a" + ")" * 800 + "=:v"),
    case("commas", "a IN (" + ":v," * 1300 + ":v)"),
    case("ors", "a=:v" + " OR a=:v" * 500),
    case("not parentheses", "NOT(" * 1000 + "a=:v" + ")" * 1000),
]


@pytest.mark.parametrize("expression", TIMELY)
def test_expressions_built_to_hurt_are_refused(check, expression):
    response = check(expression, V)
    expect_error(response, VALIDATION)


def test_redundant_parentheses_are_told_from_needed_ones(check):
    expect_error(check("(NOT (a = :v)) AND (a = :v)", V), CONDITION_FAILED)
