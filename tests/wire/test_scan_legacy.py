"""Scan by the legacy parameters ScanFilter and ConditionalOperator."""

from __future__ import annotations

import pytest

from support.expect import invalid
from support.reading import put_all
from support.tables import spec
from support.values import BOOL, SS, L, N, S

COUNT = 60


@pytest.fixture(scope="module")
def ask(tables, raw):
    """Sixty items in fifteen partitions; `colour` alternates; every third has `l`."""
    name = tables.create(spec("pk", "sk", {"sk": "N"}), label="scan-legacy")
    items = []
    for i in range(COUNT):
        item = {"pk": S(f"p{i % 15}"), "sk": N(i), "colour": S("red" if i % 2 else "blue")}
        if i % 3 == 0:
            item["l"] = S(f"l{i:02}")
        items.append(item)
    put_all(raw, name, items)
    return lambda **params: raw("Scan", {"TableName": name, **params})


def test_scan_filter(ask):
    red = {"ComparisonOperator": "EQ", "AttributeValueList": [S("red")]}
    small = {"ComparisonOperator": "LT", "AttributeValueList": [N(10)]}
    assert ask(ScanFilter={"colour": red})["Count"] == 30
    assert ask(ScanFilter={"colour": red, "sk": small})["Count"] == 5
    assert ask(ScanFilter={"colour": red, "sk": small}, ConditionalOperator="AND")["Count"] == 5
    assert ask(ScanFilter={"colour": red, "sk": small}, ConditionalOperator="OR")["Count"] == 35
    assert ask(ScanFilter={})["Count"] == COUNT


@pytest.mark.parametrize(
    "operator, values, count",
    [
        ("EQ", [S("l00")], 1), ("NE", [S("l00")], 59), ("LT", [S("l06")], 2), ("LE", [S("l06")], 3), ("GT", [S("l51")], 2),
        ("GE", [S("l51")], 3), ("NULL", [], 40), ("NOT_NULL", [], 20), ("CONTAINS", [S("5")], 5), ("BEGINS_WITH", [S("l3")], 4),
        ("IN", [S("l00"), S("l03"), S("l04")], 2), ("BETWEEN", [S("l10"), S("l20")], 3), ("NOT_CONTAINS", [S("5")], 15),
    ],
)  # fmt: skip
def test_scan_filter_operators(ask, operator, values, count):
    condition = {"ComparisonOperator": operator, **({"AttributeValueList": values} if values else {})}
    assert ask(ScanFilter={"l": condition})["Count"] == count


def test_conditional_operator_without_filter(ask):
    invalid(ask(ConditionalOperator="AND", ScanFilter={}), "ConditionalOperator cannot be used without Filter or Expected")


INVALID = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    "operator, values, message",
    [
        ("EQ", [], "Invalid number of argument(s) for the EQ ComparisonOperator"),
        ("NULL", [N(1)], "Invalid number of argument(s) for the NULL ComparisonOperator"),
        ("IN", [], "Invalid number of argument(s) for the IN ComparisonOperator"),
        ("BETWEEN", [N(1)], "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
        ("LT", [BOOL(True)], "ComparisonOperator LT is not valid for BOOL AttributeValue type"),
        ("IN", [N(1), L()], "ComparisonOperator IN is not valid for L AttributeValue type"),
        ("CONTAINS", [SS("a")], "ComparisonOperator CONTAINS is not valid for SS AttributeValue type"),
        ("BEGINS_WITH", [N(1)], "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
        ("BETWEEN", [N(1), S("a")], "AttributeValues inside AttributeValueList must be of same type"),
    ],
)  # fmt: skip
def test_scan_filter_refused(ask, operator, values, message):
    invalid(ask(ScanFilter={"l": {"ComparisonOperator": operator, "AttributeValueList": values}}), INVALID + message)


def test_refused_in_the_order_of_the_request(ask):
    bad = {"ComparisonOperator": "NULL", "AttributeValueList": [N(1)]}
    worse = {"ComparisonOperator": "IN", "AttributeValueList": [N(1), S("a")]}
    message = INVALID + "Invalid number of argument(s) for the NULL ComparisonOperator"
    invalid(ask(ScanFilter={"z": bad, "a": worse}), message)
    invalid(ask(ScanFilter={"z": bad}, ConditionalOperator="OR"), message)
    invalid(ask(ScanFilter={"z": bad}, Segment=1), message)


def test_operator_with_one_filter(ask):
    message = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    invalid(ask(ScanFilter={"l": {"ComparisonOperator": "NULL"}}, ConditionalOperator="AND"), message)


def test_filter_on_keys_in_segments(ask):
    ten = {"sk": {"ComparisonOperator": "IN", "AttributeValueList": [N(i) for i in range(10)]}}
    assert sum(ask(ScanFilter=ten, Segment=i, TotalSegments=4)["Count"] for i in range(4)) == 10


def test_more_than_a_hundred_values(ask):
    values = [N(i) for i in range(40, 240)]
    assert ask(ScanFilter={"sk": {"ComparisonOperator": "IN", "AttributeValueList": values}})["Count"] == 20
