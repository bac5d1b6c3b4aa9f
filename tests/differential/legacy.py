"""The parameters from before there were expressions."""

from __future__ import annotations

from typing import Any

from tables import Index, Table
from values import USUAL, Gen

ONE = ("EQ", "NE", "LT", "LE", "GT", "GE", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")
ALL = ONE + ("IN", "BETWEEN", "NULL", "NOT_NULL")
KEY = ("EQ", "LT", "LE", "GT", "GE", "BEGINS_WITH", "BETWEEN")


def comparison(gen: Gen, name: str, operators: tuple[str, ...] = ALL) -> dict[str, Any]:
    operator = gen.pick(operators)
    kind = None if gen.chance(10) else USUAL.get(name, "S")
    count = {"IN": gen.integer(1, 3), "BETWEEN": 2, "NULL": 0, "NOT_NULL": 0}.get(operator, 1)
    if gen.chance(3):
        count = gen.integer(0, 3)
    found: dict[str, Any] = {"ComparisonOperator": operator}
    if count:
        found["AttributeValueList"] = [gen.value(kind) for _ in range(count)]
    return found


def expected(gen: Gen, table: Table) -> dict[str, Any]:
    def one(name: str) -> dict[str, Any]:
        how = gen.integer(0, 2)
        if how == 0:
            return {"Exists": False}
        return {"Value": gen.usual(name)} if how == 1 else comparison(gen, name)

    names = gen.several(lambda: gen.attribute(table), 1, 2)
    return {name: one(name) for name in names}


def conditional_operator(gen: Gen, request: dict[str, Any]) -> None:
    if gen.chance(25):
        request["ConditionalOperator"] = gen.pick(("AND", "OR"))


def attribute_updates(gen: Gen, table: Table) -> dict[str, Any]:
    def one(name: str) -> dict[str, Any]:
        action = gen.pick(("PUT", "ADD", "DELETE"))
        if action == "ADD" and gen.chance(50):
            name = gen.pick(("n", "u", "v", "w", "y"))
        update: dict[str, Any] = {} if action == "PUT" and gen.chance(20) else {"Action": action}
        if action != "DELETE" or gen.chance(60):
            update["Value"] = gen.usual(name)
        return update

    return {name: one(name) for name in gen.several(lambda: gen.attribute(table), 1, 3)}


def filters(gen: Gen, table: Table) -> dict[str, Any]:
    return {name: comparison(gen, name) for name in gen.several(lambda: gen.attribute(table), 1, 2)}


def key_conditions(gen: Gen, table: Table, index: Index | None) -> dict[str, Any]:
    place = index or table

    def values(name: str, count: int) -> list[dict[str, Any]]:
        return [gen.index_value(table, name) for _ in range(count)]

    conditions = {place.hash: {"ComparisonOperator": "EQ", "AttributeValueList": values(place.hash, 1)}}
    if place.range and gen.chance(60):
        operator = gen.pick(KEY)
        count = 2 if operator == "BETWEEN" else 1
        conditions[place.range] = {"ComparisonOperator": operator, "AttributeValueList": values(place.range, count)}
    return conditions


def attributes_to_get(gen: Gen, table: Table) -> list[str]:
    return list(dict.fromkeys(gen.several(lambda: gen.attribute(table), 1, 3)))
