"""Requests with several flaws: takes away, one by one, those that DynamoDB Local tells and that only a look at the table or the item can
find, until it tells one of the request alone.

DynamoDB tells the flaws of the request alone first; DynamoDB Local looks its tables up before it looks at the rest of the request."""

from __future__ import annotations

import base64
import copy
import itertools
import re
from typing import Any, Callable

from tables import BY_NAME, TABLES, Table

REPAIRS_MAX = 5
COUNTER = itertools.count()
KEY_FLAWS = re.compile(
    "Invalid attribute value type|.*Type mismatch for (key|Index Key).*|The number of conditions on the keys is invalid"
    "|One of the required keys was not given a value|Hash primary key values must be under .*|.*size of all range keys.*|.*Size of hashkey .*|.*for a key attribute cannot contain an empty.*"
    "|The provided key element does not match the schema|.*Missing the key .*", re.DOTALL)
FILTER_FLAWS = re.compile(
    "Filter Expression can only contain non-primary key attributes.*|QueryFilter can only contain non-primary key attributes.*"
    "|.*does not project one or more filter attributes.*", re.DOTALL)
PROJECTION_FLAWS = re.compile(".*(does not project \\[|Select type ALL_ATTRIBUTES is not supported).*", re.DOTALL)
NESTED_KEY = re.compile("Key attributes must be scalars; list random access .* are not allowed: (?:Index)?Key: (.*)")
UPDATED_KEY = re.compile(".*Cannot update attribute (.*). This attribute is part of the key")


def good(value: Any, kind: str) -> dict:
    """The value if it can be one of a key of this type, else one that can."""
    right = isinstance(value, dict) and list(value) == [kind] and value[kind] not in ("", None) and len(value[kind]) <= 1000
    return value if right else another(kind)


def another(kind: str) -> dict:
    """A value that no other key has."""
    number = next(COUNTER)
    return {"S": {"S": f"good {number}"}, "N": {"N": str(1000 + number)}, "B": {"B": base64.b64encode(str(number).encode()).decode()}}[kind]


def with_key(table: Table, item: Any, whole: bool) -> dict:
    """The item or key with good values where the table and its indexes want others."""
    made = dict(item) if isinstance(item, dict) and not whole else {}
    for name in table.keys:
        made[name] = good(item.get(name) if isinstance(item, dict) else None, table.type(name))
    for index in table.indexes:
        for name in (index.hash, index.range):
            if name in made:
                made[name] = good(made[name], table.type(name))
    return made


def keys(request: dict) -> None:
    if "RequestItems" in request:
        for name, requests in request["RequestItems"].items():
            table = BY_NAME.get(name)
            if table and isinstance(requests, dict):
                requests["Keys"] = [with_key(table, key, True) for key in requests["Keys"]]
            for write in requests if table and isinstance(requests, list) else ():
                if "PutRequest" in write:
                    write["PutRequest"]["Item"] = with_key(table, write["PutRequest"]["Item"], False)
                if "DeleteRequest" in write:
                    write["DeleteRequest"]["Key"] = with_key(table, write["DeleteRequest"]["Key"], True)
    if "KeyConditions" in request or "KeyConditionExpression" in request:
        key_conditions(request)
    for action in request.get("TransactItems", [{"": request}]):
        for part in action.values():
            table = BY_NAME.get(part.get("TableName"))
            if table and "Item" in part:
                part["Item"] = with_key(table, part["Item"], False)
            if table and "Key" in part:
                part["Key"] = with_key(table, part["Key"], True)


def smaller(request: dict) -> None:
    """Items that are too large only with their rows in local indexes."""
    for action in request.get("TransactItems", [{"": request}]):
        for part in action.values():
            for value in part.get("Item", {}).values():
                if len(value.get("S", "")) > 1000:
                    value["S"] = "x"


def prune(request: dict) -> None:
    """Drops the names and values that no expression uses any more."""
    words = " ".join(held for name, held in request.items() if name.endswith("Expression") and isinstance(held, str))
    for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        held = request.pop(member, None)
        used = {name: value for name, value in (held or {}).items() if re.search(re.escape(name) + r"(?!\w)", words)}
        if used:
            request[member] = used


def without(*members: str) -> Callable[[dict], None]:
    def drop(request: dict) -> None:
        for member in members:
            request.pop(member, None)
        prune(request)

    return drop


def rename(name: str) -> Callable[[dict], None]:
    """Updates another attribute instead."""
    def change(request: dict) -> None:
        for action in request.get("TransactItems", [{"Update": request}]):
            part = action.get("Update", {})
            if name in part.get("AttributeUpdates", {}):
                part["AttributeUpdates"]["zzz"] = part["AttributeUpdates"].pop(name)
            if "UpdateExpression" in part:
                part["UpdateExpression"] = re.sub(rf"(?<![#:\w]){name}\b", "zzz", part["UpdateExpression"])
            names = part.get("ExpressionAttributeNames", {})
            names.update({placeholder: "zzz" for placeholder, attribute in names.items() if attribute == name})

    return change


def rename_everywhere(name: str) -> Callable[[dict], None]:
    """Speaks of parts of another attribute instead of parts of a key."""
    def change(request: dict) -> None:
        for member in [member for member in request if member.endswith("Expression") and isinstance(request[member], str)]:
            request[member] = re.sub(rf"(?<![#:\w]){name}(?=[.\[])", "zzz", request[member])
            for placeholder, attribute in request.get("ExpressionAttributeNames", {}).items():
                if attribute == name:
                    request[member] = re.sub(rf"{placeholder}(?=[.\[])", "zzz", request[member])
        prune(request)

    return change


def key_conditions(request: dict) -> None:
    table = BY_NAME[request["TableName"]]
    for name, condition in request.get("KeyConditions", {}).items():
        values = condition.get("AttributeValueList", [])
        condition["AttributeValueList"] = [good(value, table.type(name)) for value in values]
    for placeholder, name, kind in compared(request, table):
        value = request["ExpressionAttributeValues"][placeholder]
        request["ExpressionAttributeValues"][placeholder] = good(value, kind)


def compared(request: dict, table: Table) -> list[tuple[str, str, str]]:
    """The values of a key condition, with the attribute that each is compared with."""
    found = []
    for part in re.split(r"\bAND\b(?! :)", request.get("KeyConditionExpression", "")):
        name = re.search(r"[#\w]+", re.sub(r"begins_with\(", "", part.strip()))
        if name:
            attribute = request.get("ExpressionAttributeNames", {}).get(name[0], name[0])
            found += [(value, attribute, table.type(attribute)) for value in re.findall(r":\w+", part)]
    return found


def repair(message: str) -> Callable[[dict], None] | None:
    if KEY_FLAWS.fullmatch(message):
        return keys
    if FILTER_FLAWS.fullmatch(message):
        return without("FilterExpression", "QueryFilter", "ConditionalOperator")
    if PROJECTION_FLAWS.fullmatch(message):
        return without("ProjectionExpression", "AttributesToGet", "Select")
    if NESTED_KEY.fullmatch(message):
        return rename_everywhere(NESTED_KEY.fullmatch(message)[1])
    if UPDATED_KEY.fullmatch(message):
        return rename(UPDATED_KEY.fullmatch(message)[1])
    return {
        "Item size has exceeded the maximum allowed size": smaller,
        "Consistent read cannot be true when querying a GSI": without("ConsistentRead"),
        "Consistent read cannot be true when scanning a GSI": without("ConsistentRead"),
        "One or more parameter values were invalid: Condition parameter type does not match schema type": key_conditions,
        "The conditional request failed": without("ConditionExpression", "Expected", "ConditionalOperator"),
    }.get(message)


def told_first(operation: str, request: Any, message: str, wanted: Callable[[str], bool], send: Callable) -> bool:
    """True if DynamoDB Local, having told `message`, tells what is wanted when all that only the table or the item shows is mended."""
    request = copy.deepcopy(request)
    if message.startswith("The table does not have the specified index"):
        return any(wanted(send(operation, {**request, "IndexName": index.name}).message)
                   for table in TABLES if table.name == request.get("TableName") for index in table.indexes)
    if message == "Cannot do operations on a non-existent table":
        return any(wanted(send(operation, {**request, "TableName": table.name}).message) for table in TABLES) \
            if "TableName" in request else False
    for _ in range(REPAIRS_MAX):
        mend = repair(message)
        before = copy.deepcopy(request)
        if mend is None:
            return False
        mend(request)
        if request == before:
            return False
        message = send(operation, request).message
        if wanted(message):
            return True
    return False
