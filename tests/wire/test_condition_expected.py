"""Expected and ConditionalOperator, the forerunners of condition expressions."""

import re

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, expect_error, invalid
from support.values import B, BOOL, L, M, N, NULL, S, SS, unique

INVALID = "One or more parameter values were invalid: "
ITEM = {"s": S("abc"), "n": N(5), "b": B(b"\x01\x02"), "t": BOOL(True), "z": NULL, "l": L(N(1), S("x")), "m": M(a=N(1)),
        "ss": SS("a", "b")}


@pytest.fixture(scope="module")
def key(client, hash_table):
    key = {"pk": S(unique("expected"))}
    client.put_item(TableName=hash_table, Item={**key, **ITEM})
    return key


@pytest.fixture
def check(raw, hash_table, key):
    def send(expected, operator=None, key=key):
        params = {"TableName": hash_table, "Key": key}
        if expected is not None:
            params["Expected"] = expected
        if operator:
            params["ConditionalOperator"] = operator
        return raw("UpdateItem", params)

    return send


def op(name, *values):
    return {"ComparisonOperator": name, "AttributeValueList": list(values)} if values else {"ComparisonOperator": name}


DECIDES = [
    # id, attribute, condition, holds
    case("value", "n", {"Value": N("5.0")}, True),
    case("value other", "n", {"Value": N(6)}, False),
    case("value of absent", "q", {"Value": N(6)}, False),
    case("exists", "n", {"Value": N(5), "Exists": True}, True),
    case("exists not", "q", {"Exists": False}, True),
    case("exists not, but does", "n", {"Exists": False}, False),
    case("value with operator", "n", {"Value": N(6), "ComparisonOperator": "LT"}, True),
    case("EQ", "n", op("EQ", N(5)), True),
    case("EQ list", "l", op("EQ", L(N(1), S("x"))), True),
    case("EQ map", "m", op("EQ", M(a=N(1))), True),
    case("EQ set", "ss", op("EQ", SS("b", "a")), True),
    case("EQ other type", "n", op("EQ", S("5")), False),
    case("EQ absent", "q", op("EQ", S("5")), False),
    case("NE", "n", op("NE", N(6)), True),
    case("NE same", "n", op("NE", N("5")), False),
    case("LT", "n", op("LT", N(6)), True),
    case("LT not", "n", op("LT", N(5)), False),
    case("LE", "n", op("LE", N(5)), True),
    case("GT", "n", op("GT", N(4)), True),
    case("GE", "n", op("GE", N("5.1")), False),
    case("LT other type", "s", op("LT", N(6)), False),
    case("BETWEEN", "n", op("BETWEEN", N(5), N(9)), True),
    case("BETWEEN not", "n", op("BETWEEN", N(6), N(9)), False),
    case("IN", "n", op("IN", N(1), N(5)), True),
    case("IN not", "n", op("IN", N(1), N(2)), False),
    case("NULL", "q", op("NULL"), True),
    case("NULL not", "n", op("NULL"), False),
    case("NULL asks for absence, not for null", "z", op("NULL"), False),
    case("NOT_NULL", "n", op("NOT_NULL"), True),
    case("NOT_NULL not", "q", op("NOT_NULL"), False),
    case("CONTAINS substring", "s", op("CONTAINS", S("bc")), True),
    case("CONTAINS element of set", "ss", op("CONTAINS", S("a")), True),
    case("CONTAINS element of list", "l", op("CONTAINS", S("x")), True),
    case("CONTAINS not", "s", op("CONTAINS", S("x")), False),
    case("NOT_CONTAINS", "s", op("NOT_CONTAINS", S("x")), True),
    case("NOT_CONTAINS not", "s", op("NOT_CONTAINS", S("bc")), False),
    case("BEGINS_WITH", "s", op("BEGINS_WITH", S("ab")), True),
    case("BEGINS_WITH not", "s", op("BEGINS_WITH", S("bc")), False),
    case("BEGINS_WITH binary", "b", op("BEGINS_WITH", B(b"\x01")), True),
    case("BEGINS_WITH empty", "s", op("BEGINS_WITH", S("")), True),
    case("NE absent", "q", op("NE", S("5")), True),
    case("NE other type", "n", op("NE", S("5")), True),
    case("NOT_CONTAINS of absent", "q", op("NOT_CONTAINS", S("x")), False),
    case("NOT_CONTAINS of a number", "n", op("NOT_CONTAINS", S("5")), True),
    case("NOT_CONTAINS of a map", "m", op("NOT_CONTAINS", S("a")), True),
    case("CONTAINS of other type", "ss", op("CONTAINS", N(1)), False),
    case("IN of the same twice", "s", op("IN", S("abc"), S("abc")), True),
    case("IN of 250", "n", op("IN", *map(N, range(-244, 6))), True),
    case("IN of 250 others", "n", op("IN", *map(N, range(6, 256))), False),
    case("Value beside BEGINS_WITH", "s", {"Value": S("ab"), "ComparisonOperator": "BEGINS_WITH"}, True),
    case("NULL with an empty list", "q", {"ComparisonOperator": "NULL", "AttributeValueList": []}, True),
    case("a dot is literal", "m.a", op("NULL"), True),
    case("brackets are literal", "l[0]", op("NULL"), True),
    case("reserved word", "name", op("NULL"), True),
    case("key attribute", "pk", op("NOT_NULL"), True),
]


@pytest.mark.parametrize("attribute, condition, holds", DECIDES)
def test_condition(check, attribute, condition, holds):
    response = check({attribute: condition})
    if holds:
        response.ok()
    else:
        expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)


TRUE, FALSE = {"Value": N(5)}, {"Value": S("no")}


@pytest.mark.parametrize("operator, second, holds", [
    (None, TRUE, True), (None, FALSE, False), ("AND", FALSE, False), ("OR", FALSE, True), ("AND", TRUE, True),
])
def test_several_conditions(check, operator, second, holds):
    response = check({"n": TRUE, "s": {"Value": S("abc")} if second is TRUE else second}, operator)
    assert response.status == (200 if holds else 400), response.body


@pytest.mark.parametrize("operation, member", [("PutItem", "Item"), ("DeleteItem", "Key"), ("UpdateItem", "Key")])
def test_each_operation_takes_it(raw, client, hash_table, operation, member):
    item = {"pk": S(unique("expected")), "a": N(1)}
    client.put_item(TableName=hash_table, Item=item)
    params = {"TableName": hash_table, member: {"pk": item["pk"]}}
    expect_error(raw(operation, {**params, "Expected": {"a": {"Value": N(2)}}}), CONDITION_FAILED, CONDITION_FAILED_TEXT)
    raw(operation, {**params, "Expected": {"a": {"Value": N(1)}}}).ok()


REFUSED = [
    case("exists without value", {"n": {"Exists": True}},
         INVALID + "Value must be provided when Exists is true for Attribute: n"),
    case("nothing", {"n": {}}, INVALID + "Value must be provided when Exists is null for Attribute: n"),
    case("absent with value", {"n": {"Exists": False, "Value": N(1)}},
         INVALID + "Value cannot be used when Exists is false for Attribute: n"),
    case("exists and operator", {"n": {"Exists": True, **op("EQ", N(5))}},
         INVALID + "Exists and ComparisonOperator cannot be used together for Attribute: n"),
    case("list without operator", {"n": {"AttributeValueList": [N(5)]}},
         INVALID + "AttributeValueList can only be used with a ComparisonOperator for Attribute: n"),
    case("operator alone", {"n": {"ComparisonOperator": "EQ"}},
         INVALID + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: n"),
    *[case(f"{name} with {len(values)}", {"n": {"ComparisonOperator": name, "AttributeValueList": list(values)}},
           INVALID + f"Invalid number of argument(s) for the {name} ComparisonOperator")
      for name, values in [("EQ", ()), ("EQ", (N(1), N(2))), ("BETWEEN", (N(1),)), ("BETWEEN", (N(1), N(2), N(3))), ("IN", ()),
                           ("NULL", (N(1),)), ("NOT_NULL", (N(1),)), ("BEGINS_WITH", (S("a"), S("b")))]],
    *[case(f"{name} {kind}", {"n": op(name, value)},
           INVALID + f"ComparisonOperator {name} is not valid for {kind} AttributeValue type")
      for name, kind, value in [("LT", "SS", SS("a")), ("LT", "BOOL", BOOL(True)), ("GE", "L", L()), ("CONTAINS", "SS", SS("a")),
                                ("BEGINS_WITH", "N", N(1)), ("IN", "L", L()), ("LE", "NULL", NULL), ("GT", "M", M())]],
    case("value and list", {"n": {"ComparisonOperator": "EQ", "Value": N(5), "AttributeValueList": [N(5)]}},
         INVALID + "Value and AttributeValueList cannot be used together for Attribute: n"),
    case("BETWEEN of types", {"n": op("BETWEEN", N(1), S("2"))},
         INVALID + "AttributeValues inside AttributeValueList must be of same type"),
    case("IN of types", {"n": op("IN", N(1), S("2"), L())},
         INVALID + "AttributeValues inside AttributeValueList must be of same type"),
    case("IN with a list", {"n": op("IN", N(1), L())}, INVALID + "ComparisonOperator IN is not valid for L AttributeValue type"),
    case("empty value", {"n": {"Value": {}}},
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    case("empty set", {"n": op("EQ", SS())}, INVALID + "An string set  may not be empty"),
    case("empty name", {"": op("NULL")}, "Empty attribute name"),
    case("the first of two", {"z": op("LT", L()), "a": {}}, INVALID + "ComparisonOperator LT is not valid for L AttributeValue type"),
    case("BETWEEN upside down", {"n": op("BETWEEN", N(9), N(1))},
         "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"),
]


@pytest.mark.parametrize("expected, message", REFUSED)
def test_refused(check, expected, message):
    invalid(check(expected), message)


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_unknown_operator(check):
    invalid(check({"n": op("X", N(1))}), re.compile(
        r"1 validation error detected: Value 'X' at 'expected\.n\.member\.comparisonOperator' failed to satisfy constraint: "
        r"Member must satisfy enum value set: \[.*\]"))


def test_operator_without_conditions(check):
    invalid(check(None, "OR"), "ConditionalOperator cannot be used without Filter or Expected")


def test_operator_with_one_condition(check):
    invalid(check({"n": TRUE}, "OR"), "ConditionalOperator can only be used when Filter or Expected has two or more elements")


def test_no_conditions_hold(check):
    check({}).ok()


def test_many_conditions(check):
    absent = {f"absent{i}": {"Exists": False} for i in range(400)}
    check(absent).ok()
    expect_error(check({**absent, "n": {"Exists": False}}), CONDITION_FAILED, CONDITION_FAILED_TEXT)
    check({**absent, "n": {"Exists": False}}, "OR").ok()


@pytest.mark.parametrize("operation, member", [("PutItem", "Item"), ("DeleteItem", "Key"), ("UpdateItem", "Key")])
def test_failure_shows_the_item(raw, hash_table, key, operation, member):
    params = {"TableName": hash_table, member: key, "Expected": {"n": {"Value": N(6)}}}
    response = raw(operation, {**params, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert response.json["Item"] == raw("GetItem", TableName=hash_table, Key=key)["Item"]
    assert "Item" not in raw(operation, params).json


SIZES = [
    # id, conditions of so many bytes
    case("value", lambda size: {"n": {"Value": S("x" * (size - 1))}}),
    case("values", lambda size: {"n": op("NE", S("x" * 200000)), "nn": op("NE", S("x" * (size - 200003)))}),
    case("one list", lambda size: {"n": op("BETWEEN", S("x" * 200000), S("y" * (size - 200001)))}),
    case("names", lambda size: {**{f"{i:060000}": op("NULL") for i in range(6)}, "x" * (size - 360000): {"Exists": False}}),
]


@pytest.mark.parametrize("make", SIZES)
def test_all_names_and_values_are_no_larger_than_an_item(check, make):
    assert check(make(409600)).message in (None, CONDITION_FAILED_TEXT)
    invalid(check(make(409601)), "Item size has exceeded the maximum allowed size")
    invalid(check({**make(409601), "z": {}}), "Item size has exceeded the maximum allowed size")
    invalid(check({"z": {}, **make(409601)}), INVALID + "Value must be provided when Exists is null for Attribute: z")
