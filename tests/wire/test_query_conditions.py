"""Query: the rules of KeyConditionExpression and KeyConditions, and what each broken one is told."""

from __future__ import annotations

import re

import pytest

from support.expect import NOT_FOUND, NOT_FOUND_TEXT, expect_error, invalid
from support.reading import put_all
from support.tables import index, spec
from support.values import B, N, S

AWS = pytest.mark.differs_from_dynamodb_local("wording")
BAD = "Invalid KeyConditionExpression: "


@pytest.fixture(scope="module")
def table(tables, raw):
    name = tables.create(
        spec("pk", "sk", {"sk": "N"}, lsi=[index("by_l", "pk", "l")], gsi=[index("by_g", "g", "r"), index("by_h", "g")]),
        label="conditions",
    )
    put_all(raw, name, [{"pk": S("a"), "sk": N(i), "l": S(f"l{i}"), "g": S("g"), "r": S(f"r{i}")} for i in range(5)])
    return name


@pytest.fixture(scope="module")
def ask(raw, table):
    """ask(expression, more parameters): the reply to a Query, with the values that the expression names."""
    values = {":p": S("a"), ":s": N(1), ":t": N(3), ":x": S("x"), ":g": S("g")}

    def query(expression, **params):
        used = {k: v for k, v in values.items() if re.search(k + r"\b", expression)}
        given = {"TableName": table, "KeyConditionExpression": expression}
        if used:
            given["ExpressionAttributeValues"] = used
        given.update(params)
        return raw("Query", {k: v for k, v in given.items() if v is not None})

    return query


@pytest.mark.parametrize(
    "expression, count",
    [
        ("pk = :p", 5),
        (":p = pk", 5),
        ("(pk = :p)", 5),
        ("pk=:p", 5),
        ("  pk\t=\n:p\r\n", 5),
        ("pk = :p AND sk = :s", 1),
        ("pk = :p and sk = :s", 1),
        ("pk = :p aNd sk = :s", 1),
        ("sk = :s AND pk = :p", 1),
        ("sk > :s AND :p = pk", 3),
        ("(pk = :p) AND (sk >= :s)", 4),
        ("(pk = :p AND sk <= :s)", 2),
        ("pk = :p AND (sk < :t)", 3),
        ("pk = :p AND sk BETWEEN :s AND :t", 3),
        ("pk = :p AND sk between :s and :t", 3),
        ("pk = :p AND (sk BETWEEN :s AND :t)", 3),
        ("sk BETWEEN :s AND :t AND pk = :p", 3),
        ("(sk BETWEEN :s AND :t) AND (pk = :p)", 3),
        ("pk = :p AND sk BETWEEN :s AND :s", 1),
    ],
)
def test_accepted(ask, expression, count):
    reply = ask(expression).ok()
    assert (reply["Count"], reply["ScannedCount"], len(reply["Items"])) == (count, count, count)
    assert "LastEvaluatedKey" not in reply


def test_names_by_placeholder(ask):
    reply = ask("#a = :p AND #b > :s", ExpressionAttributeNames={"#a": "pk", "#b": "sk"}).ok()
    assert reply["Count"] == 3


def test_same_placeholder_twice(raw, tables):
    name = tables.create(spec("pk", "sk"), label="twice")
    put_all(raw, name, [{"pk": S("a"), "sk": S("a")}, {"pk": S("a"), "sk": S("b")}])
    reply = raw("Query", TableName=name, KeyConditionExpression="pk = :a AND sk = :a", ExpressionAttributeValues={":a": S("a")})
    assert reply["Items"] == [{"pk": S("a"), "sk": S("a")}]


@pytest.mark.parametrize(
    "expression, message",
    [
        ("", BAD + "The expression can not be empty;"),
        ("pk > :p", "Query key condition not supported"),
        ("pk < :p AND sk = :s", "Query key condition not supported"),
        ("pk BETWEEN :p AND :x", "Query key condition not supported"),
        ("begins_with(pk, :p)", "Query key condition not supported"),
        ("pk = :p AND sk <> :s", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk <> :p", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = :p OR sk = :s", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk = :p AND NOT sk = :s", "Invalid operator used in KeyConditionExpression: NOT"),
        ("pk = :p AND sk IN (:s, :t)", "Invalid operator used in KeyConditionExpression: IN"),
        ("pk = :p AND attribute_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("pk = :p AND attribute_not_exists(sk)", "Invalid operator used in KeyConditionExpression: attribute_not_exists"),
        ("pk = :p AND contains(sk, :s)", "Invalid operator used in KeyConditionExpression: contains"),
        ("size(pk) = :s", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = :p AND size(sk) = :s", "KeyConditionExpressions cannot contain nested operations"),
        ("pk = :p AND sk = :s AND sk = :t", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p AND sk > :s AND sk < :t", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p AND pk = :x", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :p AND sk > :s AND l = :x", "Conditions can be of length 1 or 2 only"),
        (
            "pk = pk",
            BAD + "The first operand must be distinct from the remaining operands for this operator or function; "
            "operator: =, first operand: [pk]",
        ),
        ("((pk = :p)) AND sk = :s", BAD + "The expression has redundant parentheses;"),
        ("pk = :p AND ((sk = :s))", BAD + "The expression has redundant parentheses;"),
        (
            "pk.a = :p",
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
        (
            "pk[0] = :p",
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
        (
            "pk = :p AND begins_with(sk, :s)",
            BAD + "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
        ),
        (
            "pk = :p AND begins_with(sk, :s, :t)",
            BAD + "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 3",
        ),
        ("pk = :p AND begins_With(sk, :s)", BAD + "Invalid function name; function: begins_With"),
        ("pk = :p AND", BAD + 'Syntax error; token: "<EOF>", near: "AND"'),
        ("pk = :p sk = :s", BAD + 'Syntax error; token: "sk", near: ":p sk ="'),
        ("pk = :p, sk = :s", BAD + 'Syntax error; token: ",", near: ":p, sk"'),
        ("foo", BAD + 'Syntax error; token: "<EOF>", near: "foo"'),
        ("select = :p", BAD + "Attribute name is a reserved keyword; reserved keyword: select"),
        ("pk = :undefined", BAD + "An expression attribute value used in expression is not defined; attribute value: :undefined"),
        ("#pk = :p", BAD + "An expression attribute name used in the document path is not defined; attribute name: #pk"),
    ],
)
def test_refused(ask, expression, message):
    invalid(ask(expression), message)


@pytest.mark.parametrize(
    "expression, message",
    [
        pytest.param("sk = :s", "Query condition missed key schema element: pk", marks=AWS),
        pytest.param("l = :x", "Query condition missed key schema element: pk", marks=AWS),
        pytest.param("pk = :p AND l = :x", "Query condition missed key schema element: sk", marks=AWS),
    ],
)
def test_key_attribute_missing(ask, expression, message):
    invalid(ask(expression), message)


@pytest.mark.parametrize("expression", ["sk = :s", "l = :x", "pk = :p AND l = :x"])
def test_key_attribute_missing_in_short(ask, expression):
    invalid(ask(expression), re.compile("Query condition missed key schema element.*"))


NO_CONDITION = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."


def test_no_condition(raw, table):
    invalid(raw("Query", TableName=table), NO_CONDITION)
    invalid(raw("Query", TableName=table, QueryFilter={"a": {"ComparisonOperator": "LT"}}), NO_CONDITION)


TYPE_MISMATCH = "One or more parameter values were invalid: Condition parameter type does not match schema type"


@pytest.mark.parametrize("value", [N(1), B(b"a"), {"BOOL": True}, {"NULL": True}, {"SS": ["a"]}, {"L": []}, {"M": {}}])
def test_hash_value_type(ask, value):
    invalid(ask("pk = :p", ExpressionAttributeValues={":p": value}), TYPE_MISMATCH)


@pytest.mark.parametrize("sign", ["=", ">", "<="])
@pytest.mark.parametrize("value", [S("1"), B(b"1")])
def test_range_value_type(ask, value, sign):
    invalid(ask(f"pk = :p AND sk {sign} :s", ExpressionAttributeValues={":p": S("a"), ":s": value}), TYPE_MISMATCH)


def test_empty_key_values(ask, raw, range_table):
    text = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: "
    invalid(ask("pk = :p", ExpressionAttributeValues={":p": S("")}), text + "pk")
    reply = raw("Query", TableName=range_table, KeyConditionExpression="pk = :p AND sk = :s",
                ExpressionAttributeValues={":p": S("a"), ":s": S("")})  # fmt: skip
    invalid(reply, text + "sk")


@pytest.mark.parametrize("value", ["", "a", "1 ", " 1", "1E", "NaN", "Infinity", "0x10", "1,5", "--1", "1e126", "1e-131"])
def test_bad_numbers(ask, value):
    invalid(ask("pk = :p AND sk = :s", ExpressionAttributeValues={":p": S("a"), ":s": N(value)}))


@AWS
def test_number_with_39_digits(ask):
    values = {":p": S("a"), ":s": N("1" * 39)}
    invalid(
        ask("pk = :p AND sk = :s", ExpressionAttributeValues=values),
        "ExpressionAttributeValues contains invalid value: Attempting to store more than 38 significant digits in a Number for key :s",
    )


@pytest.mark.parametrize(
    "low, high, message",
    [
        (
            N(2), N(1),
            BAD + "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
        ),
        (
            S("2"), N(1),
            BAD + "The BETWEEN operator requires same data type for lower and upper bounds; "
            "lower bound operand: AttributeValue: {S:2}, upper bound operand: AttributeValue: {N:1}",
        ),
    ],
)  # fmt: skip
def test_between_bounds(ask, low, high, message):
    reply = ask("pk = :p AND sk BETWEEN :l AND :h", ExpressionAttributeValues={":p": S("a"), ":l": low, ":h": high})
    invalid(reply, message)


def test_unused_value_and_name(ask):
    invalid(
        ask("pk = :p", ExpressionAttributeValues={":p": S("a"), ":s": N(1)}),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:s}",
    )
    invalid(
        ask("#p = :p", ExpressionAttributeNames={"#p": "pk", "#q": "x"}),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#q}",
    )


def test_empty_substitutions(ask):
    invalid(ask("pk = :p", ExpressionAttributeValues={}), "ExpressionAttributeValues must not be empty")
    invalid(ask("pk = :p", ExpressionAttributeNames={}), "ExpressionAttributeNames must not be empty")


def test_value_in_filter_only_counts_as_used(ask):
    reply = ask("pk = :p", FilterExpression="l = :l", ExpressionAttributeValues={":p": S("a"), ":l": S("l1")}).ok()
    assert (reply["Count"], reply["ScannedCount"]) == (1, 5)


def test_expression_of_4096_bytes(ask):
    assert ask("pk = :p" + " " * (4096 - 7)).ok()["Count"] == 5
    invalid(
        ask("pk = :p" + " " * (4097 - 7)),
        re.compile(BAD + "Expression size has exceeded the maximum allowed size; expression size: 4097"),
    )


# --- tables and indexes ---------------------------------------------------------------------------------------------


@pytest.mark.differs_from_dynamodb_local("another text for missing tables")
def test_missing_table(raw):
    reply = raw("Query", TableName="stator-wire-missing", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": S("a")})
    expect_error(reply, NOT_FOUND, NOT_FOUND_TEXT)


def test_missing_table_type(raw):
    reply = raw("Query", TableName="stator-wire-missing", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": S("a")})
    expect_error(reply, NOT_FOUND)


def test_table_by_arn(raw, table, ask):
    arn = raw("DescribeTable", TableName=table)["Table"]["TableArn"]
    assert ask("pk = :p", TableName=arn)["Count"] == 5
    assert ask("g = :g", TableName=arn, IndexName="by_g")["Count"] == 5
    expect_error(ask("pk = :p", TableName=arn + "x"), NOT_FOUND)


def test_missing_index(ask):
    invalid(ask("pk = :p", IndexName="no_such_index"), "The table does not have the specified index: no_such_index")


@pytest.mark.parametrize("table_name", ["stator-wire-missing"])
def test_missing_table_before_missing_index(ask, table_name):
    expect_error(ask("pk = :p", IndexName="no_such_index", TableName=table_name), NOT_FOUND)


@pytest.mark.parametrize(
    "which, expression",
    [
        ("by_g", "pk = :p"),
        ("by_g", "g = :g AND sk = :s"),
        ("by_l", "pk = :p AND sk = :s"),
        ("by_g", "r = :x"),
    ],
)
def test_index_has_its_own_keys(ask, which, expression):
    invalid(ask(expression, IndexName=which), re.compile("Query condition missed key schema element.*"))


def test_second_condition_without_sort_key(ask):
    invalid(ask("g = :g AND r = :x", IndexName="by_h"))


def test_conditions_on_index_keys(ask):
    assert ask("g = :g AND r > :r", IndexName="by_g", ExpressionAttributeValues={":g": S("g"), ":r": S("r2")}).ok()["Count"] == 2
    assert ask("pk = :p AND l = :l", IndexName="by_l", ExpressionAttributeValues={":p": S("a"), ":l": S("l2")}).ok()["Count"] == 1
    assert ask("g = :g", IndexName="by_h").ok()["Count"] == 5


# --- constraints of the request ---------------------------------------------------------------------------------------

DETECTED = "1 validation error detected: "


@pytest.mark.differs_from_dynamodb_local("constraint errors have no common form")
@pytest.mark.parametrize(
    "params, message",
    [
        ({"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        ({"Limit": -1}, "Value '-1' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        (
            {"Select": "x"},
            "Value 'x' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
            "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        ),
        (
            {"ReturnConsumedCapacity": "x"},
            "Value 'x' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: "
            "[INDEXES, TOTAL, NONE]",
        ),
        (
            {"ConditionalOperator": "x"},
            "Value 'x' at 'conditionalOperator' failed to satisfy constraint: Member must satisfy enum value set: [OR, AND]",
        ),
        (
            {"IndexName": "ab"},
            "Value 'ab' at 'indexName' failed to satisfy constraint: Member must have length greater than or equal to 3",
        ),
        (
            {"IndexName": "a" * 256},
            f"Value '{'a' * 256}' at 'indexName' failed to satisfy constraint: Member must have length less than or equal to 255",
        ),
        (
            {"IndexName": "abc$"},
            "Value 'abc$' at 'indexName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            {"AttributesToGet": []},
            "Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
    ],
)
def test_constraints(ask, params, message):
    invalid(ask("pk = :p", **params), DETECTED + message)


@pytest.mark.parametrize(
    "params", [{"Limit": 0}, {"Select": "x"}, {"IndexName": "ab"}, {"IndexName": "a" * 256}, {"IndexName": "abc$"}]
)
def test_constraints_are_errors(ask, params):
    invalid(ask("pk = :p", **params))


@pytest.mark.differs_from_dynamodb_local("reports one constraint at a time")
def test_all_constraints_are_reported_together(ask):
    reply = invalid(ask("pk = :p", Limit=0, Select="x", ReturnConsumedCapacity="y"))
    assert reply.message.startswith("3 validation errors detected: Value '")
    for part in (
        "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        "Value 'x' at 'select' failed to satisfy constraint: Member must satisfy enum value set: ",
        "Value 'y' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: ",
    ):
        assert part in reply.message
    assert reply.message.count("; ") == 2


@pytest.mark.differs_from_dynamodb_local("constraint errors have no common form")
def test_constraints_come_before_expressions(ask):
    invalid(ask("", Limit=0), re.compile(".*at 'limit' failed.*"))


def test_missing_table_name(ask):
    invalid(ask("pk = :p", TableName=None))


@pytest.mark.differs_from_dynamodb_local("looks for the table first")
def test_expression_errors_come_before_the_table(ask):
    invalid(ask("pk = ", TableName="stator-wire-missing"))


def test_table_comes_before_key_schema(ask):
    expect_error(ask("zz = :p", TableName="stator-wire-missing"), NOT_FOUND)


# --- mixed styles -------------------------------------------------------------------------------------------------------

MIXED = "Can not use both expression and non-expression parameters in the same request: "


@pytest.mark.parametrize(
    "params, parameter",
    [({"AttributesToGet": ["a"]}, "AttributesToGet"), ({"QueryFilter": {"x": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}}, "QueryFilter"),
     ({"ConditionalOperator": "AND"}, "ConditionalOperator")],
)  # fmt: skip
def test_expression_mixed_with_legacy(ask, params, parameter):
    invalid(
        ask("pk = :p", **params),
        MIXED + f"Non-expression parameters: {{{parameter}}} Expression parameters: {{KeyConditionExpression}}",
    )
