"""Spoils one place of a good request."""

from __future__ import annotations

import copy
from typing import Any, Iterator

from values import Gen

INSTEAD = ("", "x", "NONSENSE", " ", 0, -1, 1, 1.5, 99999, True, None, [], {}, ["x"], {"S": "x"}, {"N": "1"}, {"N": "x"},
           {"S": "x", "N": "1"}, {"SS": []}, {"SS": ["a", "a"]}, {"NULL": False}, {"L": [{}]}, {"Q": "x"}, ":nope", "#nope",
           "diff-none", "a = ", "a = :nope", "SET", "x" * 256)
NAMES = ("", "x", "pk", "sk", "Unknown", "IndexName", "Limit", "Select", "#x", ":x", "ExclusiveStartKey", "Segment",
         "ConditionExpression", "FilterExpression", "Expected", "ConditionalOperator", "ReturnValues", "AttributesToGet")


def places(value: Any, found: list) -> Iterator[list]:
    """Paths to every place inside; requests nest less than 20 deep."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inside:
        here = found + [name]
        yield here
        yield from places(held, here)


# Members whose elements are structures: null instead of one is nothing that a client sends, and DynamoDB Local fails or makes words of its own.
STRUCTURES = ("Keys", "RequestItems", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter", "TransactItems", "Statements",
              "TransactStatements", "ExpressionAttributeNames")


def instead(gen: Gen, way: list) -> Any:
    made = gen.pick(INSTEAD)
    inside_structures = any(name in STRUCTURES for name in way[-2:])
    return copy.deepcopy(made) if made is not None or not inside_structures else ""


def spoil(gen: Gen, request: dict[str, Any]) -> dict[str, Any]:
    request = copy.deepcopy(request)
    *way, last = gen.pick(list(places(request, [])))
    holder: Any = request
    for name in way:
        holder = holder[name]
    how = gen.integer(0, 4)
    if how == 0:
        del holder[last]
    elif how == 1 and isinstance(holder, dict):
        holder[gen.pick(NAMES)] = instead(gen, way)
    elif how == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    elif how == 3 and isinstance(holder[last], str) and holder[last]:
        text = holder[last]
        at = gen.integer(0, len(text) - 1)
        holder[last] = text[:at] + gen.pick(("", "(", ")", ",", "=", " ", "#", ":", "[0]", ".", "'", "?")) + text[at + 1 :]
    else:
        holder[last] = instead(gen, way)
    return request
