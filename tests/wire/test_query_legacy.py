"""Query by the legacy parameters KeyConditions, QueryFilter, ConditionalOperator and AttributesToGet."""

from __future__ import annotations

import base64
import re
from decimal import Decimal

import pytest

from support.expect import invalid
from support.reading import put_all, read_all
from support.tables import index, spec
from support.values import NULL, B, L, M, N, S

AWS = pytest.mark.differs_from_dynamodb_local("wording")
INVALID = "One or more parameter values were invalid: "
DETECTED = "1 validation error detected: "
TYPE_MISMATCH = "One or more parameter values were invalid: Condition parameter type does not match schema type"


@pytest.fixture(scope="module")
def table(tables, raw):
    """Ten items in partition "a", sk 0…9: colour alternates, every third has `rare`."""
    name = tables.create(spec("pk", "sk", {"sk": "N"}, lsi=[index("by_l", "pk", "l")]), label="legacy")
    items = []
    for i in range(10):
        item = {"pk": S("a"), "sk": N(i), "l": S(f"l{i}"), "colour": S("red" if i % 2 else "blue"), "doc": M(nest=M(n=N(i)))}
        if i % 3 == 0:
            item["rare"] = NULL
        items.append(item)
    put_all(raw, name, items)
    return name


def condition(operator, *values):
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


PK = {"pk": condition("EQ", S("a"))}


@pytest.fixture(scope="module")
def legacy(raw, table):
    return lambda conditions, **params: raw("Query", {"TableName": table, "KeyConditions": conditions, **params})


@pytest.mark.parametrize(
    "operator, values, count",
    [
        ("EQ", [1], 1), ("LT", [1], 1), ("LE", [1], 2), ("GT", [1], 8), ("GE", [1], 9), ("BETWEEN", [1, 3], 3), ("BETWEEN", [1, 1], 1),
    ],
)  # fmt: skip
def test_legacy_operators(legacy, operator, values, count):
    assert legacy({**PK, "sk": condition(operator, *map(N, values))}).ok()["Count"] == count


def test_legacy_begins_with(legacy):
    reply = legacy({**PK, "l": condition("BEGINS_WITH", S("l"))}, IndexName="by_l")
    assert reply["Count"] == 10


@pytest.mark.parametrize(
    "operator, values, message",
    [
        ("BETWEEN", [1], "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        ("BETWEEN", [1, 2, 3], "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        ("EQ", [], "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"),
        ("EQ", [1, 2], "One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator"),
        ("IN", [1], "Attempted conditional constraint is not an indexable operation"),
        ("CONTAINS", [1], "Attempted conditional constraint is not an indexable operation"),
        ("NOT_CONTAINS", [1], "Attempted conditional constraint is not an indexable operation"),
        pytest.param("NE", [1], "Attempted conditional constraint is not an indexable operation", marks=AWS),
        pytest.param("NULL", [], "Attempted conditional constraint is not an indexable operation", marks=AWS),
        pytest.param("NOT_NULL", [], "Attempted conditional constraint is not an indexable operation", marks=AWS),
        ("BEGINS_WITH", [1], "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        (
            "BETWEEN", [2, 1],
            re.compile("The BETWEEN condition was provided a range where the lower bound is (greater|bigger) than the upper bound"),
        ),
        pytest.param(
            "XX", [1],
            DETECTED + "Value 'XX' at 'keyConditions.sk.member.comparisonOperator' failed to satisfy constraint: "
            "Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]",
            marks=AWS,
        ),
    ],
)  # fmt: skip
def test_legacy_refused(legacy, operator, values, message):
    invalid(legacy({**PK, "sk": condition(operator, *map(N, values))}), message)


@pytest.mark.parametrize(
    "conditions, message",
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        ({**PK, "sk": condition("EQ", N(1)), "x": condition("EQ", N(1))}, "Conditions can be of length 1 or 2 only"),
        ({"sk": condition("EQ", N(1))}, re.compile("Query condition missed key schema element.*")),
        ({**PK, "x": condition("EQ", N(1))}, re.compile("Query condition missed key schema element.*")),
        ({"pk": condition("GT", S("a"))}, "Query key condition not supported"),
        ({"pk": condition("EQ", N(1))}, TYPE_MISMATCH),
        ({"pk": condition("GT", N(1))}, TYPE_MISMATCH),
        ({"pk": condition("IN", S("a"))}, "Query key condition not supported"),
        ({"pk": condition("EQ", N(1)), "x": condition("EQ", N(1))}, TYPE_MISMATCH),
        ({**PK, "sk": condition("EQ", S("a"))}, TYPE_MISMATCH),
        ({**PK, "sk": condition("IN", S("a"))}, TYPE_MISMATCH),
        ({**PK, "sk": condition("EQ", L())}, TYPE_MISMATCH),
        ({**PK, "sk": condition("LT", L())}, INVALID + "ComparisonOperator LT is not valid for L AttributeValue type"),
        ({**PK, "sk": condition("BETWEEN", N(1), S("a"))}, INVALID + "AttributeValues inside AttributeValueList must be of same type"),
        ({"pk": condition("EQ", {})}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"pk": condition("EQ", S(""))}, re.compile("One or more parameter values are not valid. The AttributeValue for a key "
                                                    "attribute cannot contain an empty string value. Key: pk")),
        ({"": condition("EQ", S("a"))}, "Empty attribute name"),
        ({"pk.a": condition("EQ", S("a"))}, re.compile("Query condition missed key schema element.*")),
    ],
)
def test_legacy_refused_as_a_whole(legacy, conditions, message):
    invalid(legacy(conditions), message)


MIXED = "Can not use both expression and non-expression parameters in the same request: "


@pytest.mark.parametrize(
    "params, message",
    [
        (
            {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("a")}},
            MIXED + "Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}",
        ),
        (
            {"QueryFilter": {"x": condition("EQ", S("a"))}, "ProjectionExpression": "pk"},
            MIXED + "Non-expression parameters: {QueryFilter} Expression parameters: {ProjectionExpression}",
        ),
    ],
)
def test_legacy_mixed_with_expressions(legacy, params, message):
    invalid(legacy(PK, **params), message)


def test_legacy_key_conditions_with_filter_and_projection(legacy):
    """KeyConditions is older than KeyConditionExpression and goes together with the other expressions."""
    values = {":l": S("l1")}
    reply = legacy(PK, FilterExpression="l = :l", ProjectionExpression="sk", ExpressionAttributeValues=values)
    assert reply["Items"] == [{"sk": N(1)}]


def test_substitutions_without_expressions(legacy):
    invalid(legacy(PK, ExpressionAttributeNames={"#a": "a"}), "ExpressionAttributeNames can only be specified when using expressions")
    invalid(
        legacy(PK, ExpressionAttributeValues={":a": S("a")}),
        re.compile("ExpressionAttributeValues can only be specified when using expressions.*"),
    )


SORTED = {
    "S": (sorted(["a", "aa", "b", "\u00e9", "\uffff", "\U00010000", "~"], key=str.encode), S, lambda v: v["S"]),
    "N": ([Decimal(n) for n in ("-1E10", "-2", "-1.5", "0", "1E-10", "1", "9", "10", "1E30")], N, lambda v: Decimal(v["N"])),
    "B": ([b"\x00", b"\x00\x00", b"\x7f", b"\x80", b"\xff", b"\xff\x00"], B, lambda v: base64.b64decode(v["B"])),
}


@pytest.mark.parametrize("kind", list(SORTED))
def test_order_of_every_type(tables, raw, kind):
    values, make, parse = SORTED[kind]
    name = tables.create(spec("pk", "sk", {"sk": kind}), label="legacy-order")
    put_all(raw, name, [{"pk": S("a"), "sk": make(v)} for v in reversed(values)])
    for at, pivot in enumerate(values):
        for operator, expected in (
            ("EQ", values[at : at + 1]), ("LT", values[:at]), ("LE", values[: at + 1]), ("GT", values[at + 1 :]), ("GE", values[at:]),
        ):  # fmt: skip
            for forward in (True, False):
                conditions = {**PK, "sk": condition(operator, make(pivot))}
                items = read_all(raw, "Query", TableName=name, KeyConditions=conditions, ScanIndexForward=forward)
                assert [parse(i["sk"]) for i in items] == (expected if forward else expected[::-1]), (operator, pivot)


def test_query_filter(raw, table):
    def legacy(filters, **params):
        conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}
        return raw("Query", {"TableName": table, "KeyConditions": conditions, "QueryFilter": filters, **params})

    red = {"ComparisonOperator": "EQ", "AttributeValueList": [S("red")]}
    rare = {"ComparisonOperator": "NOT_NULL"}
    assert legacy({"colour": red})["Count"] == 5
    assert legacy({"colour": red, "rare": rare})["Count"] == 2
    assert legacy({"colour": red, "rare": rare}, ConditionalOperator="AND")["Count"] == 2
    assert legacy({}, Select="COUNT")["Count"] == 10
    invalid(
        legacy({"sk": {"ComparisonOperator": "EQ", "AttributeValueList": [N(1)]}}),
        "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk",
    )


FILTERS_REFUSED = [
    ({"x": condition("EQ")}, "Invalid number of argument(s) for the EQ ComparisonOperator"),
    ({"x": condition("LT", L())}, "ComparisonOperator LT is not valid for L AttributeValue type"),
    ({"x": condition("IN", N(1), S("a"))}, "AttributeValues inside AttributeValueList must be of same type"),
    ({"x": condition("NULL", N(1)), "colour": condition("EQ")}, "Invalid number of argument(s) for the NULL ComparisonOperator"),
]


@pytest.mark.parametrize("filters, message", FILTERS_REFUSED)
def test_query_filter_refused(legacy, filters, message):
    invalid(legacy(PK, QueryFilter=filters), INVALID + message)


def test_query_filter_on_an_index(legacy):
    colour, l1 = {"colour": condition("EQ", S("red"))}, condition("EQ", S("l1"))
    assert legacy({**PK, "l": l1}, IndexName="by_l", QueryFilter=colour)["Count"] == 1
    assert legacy({**PK, "l": l1}, IndexName="by_l", QueryFilter={"sk": condition("NE", N(1))})["Count"] == 0
    message = "QueryFilter can only contain non-primary key attributes: Primary key attribute: l"
    invalid(legacy(PK, IndexName="by_l", QueryFilter={"l": l1}), message)


def test_pages(raw, table):
    params = {"TableName": table, "KeyConditions": PK, "QueryFilter": {"colour": condition("EQ", S("red"))}, "Limit": 3}
    first = raw("Query", params).ok()
    assert (first["Count"], first["ScannedCount"], first["LastEvaluatedKey"]) == (1, 3, {"pk": S("a"), "sk": N(2)})
    assert [int(item["sk"]["N"]) for item in read_all(raw, "Query", **params)] == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("operator", ["AND", "OR"])
def test_operator_with_one_filter(legacy, operator):
    message = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    invalid(legacy(PK, QueryFilter={"x": condition("NULL")}, ConditionalOperator=operator), message)


@pytest.mark.differs_from_dynamodb_local("ignores ConditionalOperator OR of one false condition")
def test_query_filter_or(raw, table):
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}
    filters = {"colour": {"ComparisonOperator": "EQ", "AttributeValueList": [S("red")]}, "rare": {"ComparisonOperator": "NOT_NULL"}}
    reply = raw("Query", TableName=table, KeyConditions=conditions, QueryFilter=filters, ConditionalOperator="OR")
    assert [int(i["sk"]["N"]) for i in reply["Items"]] == [0, 1, 3, 5, 6, 7, 9]


@pytest.mark.parametrize("params", [{}, {"QueryFilter": {}}])
def test_conditional_operator_without_filter(raw, table, params):
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}
    reply = raw("Query", {"TableName": table, "KeyConditions": conditions, "ConditionalOperator": "OR", **params})
    invalid(reply, "ConditionalOperator cannot be used without Filter or Expected")


@pytest.mark.parametrize(
    "select, message",
    [
        ("COUNT", "Cannot specify the AttributesToGet when choosing to get only the Count"),
        ("ALL_ATTRIBUTES", "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"),
    ],
)
def test_select_refused_with_attributes_to_get(raw, table, select, message):
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}
    for names in (["pk"], ["pk", "pk"]):  # Select comes first
        invalid(raw("Query", TableName=table, KeyConditions=conditions, AttributesToGet=names, Select=select), message)
        invalid(raw("Scan", TableName=table, AttributesToGet=names, Select=select), message)


def test_attributes_to_get(raw, table):
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [S("a")]}}
    ask = lambda *names, **more: raw("Query", TableName=table, KeyConditions=conditions, AttributesToGet=list(names), **more)  # noqa: E731
    assert ask("sk", "colour", "absent")["Items"][1] == {"sk": N(1), "colour": S("red")}
    reply = ask("absent").ok()
    assert reply["Items"] == [{}] * 10 and reply["Count"] == 10
    assert ask("sk", Select="SPECIFIC_ATTRIBUTES")["Items"][2] == {"sk": N(2)}
    assert ask("doc.nest")["Items"][0] == {}, "AttributesToGet has no paths"
    invalid(ask("sk", "sk"), re.compile(".*(Duplicate value in attribute name|two attributes with the same name).*"))
