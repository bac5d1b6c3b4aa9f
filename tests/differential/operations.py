"""Random requests of every operation on items."""

from __future__ import annotations

from typing import Any, Callable

import legacy
import malformed
import partiql
from expressions import UNITS, Expressions
from tables import Table
from values import Gen

RETURNED = ("NONE", "ALL_OLD", "ALL_OLD") * 8 + ("ALL_NEW",)
UPDATED = ("ALL_NEW", "NONE", "ALL_OLD", "UPDATED_OLD", "UPDATED_NEW")
Request = dict[str, Any]


def options(gen: Gen, request: Request, metrics: bool = False) -> Request:
    if gen.chance(30):
        request["ReturnConsumedCapacity"] = gen.pick(UNITS)
    if metrics and gen.chance(10):
        request["ReturnItemCollectionMetrics"] = "SIZE"
    return request


def conditional(gen: Gen, table: Table, request: Request, made: Expressions, returned: tuple[str, ...]) -> Request:
    """What puts, updates and deletes share."""
    if gen.chance(40):
        request["ReturnValues"] = gen.pick(returned)
    old = gen.chance(12) and "UpdateExpression" not in request
    if old:
        request["Expected"] = legacy.expected(gen, table)
        legacy.conditional_operator(gen, request)
    elif gen.chance(40) and "AttributeUpdates" not in request:
        request["ConditionExpression"] = made.condition()
        if gen.chance(20):
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return made.symbols.attach(options(gen, request, metrics=True))


def put(gen: Gen) -> Request:
    table = gen.table()
    return conditional(gen, table, {"TableName": table.name, "Item": gen.item(table)}, Expressions(gen, table), RETURNED)


def delete(gen: Gen) -> Request:
    table = gen.table()
    return conditional(gen, table, {"TableName": table.name, "Key": gen.key(table)}, Expressions(gen, table), RETURNED)


def update(gen: Gen) -> Request:
    table = gen.table()
    made = Expressions(gen, table)
    request: Request = {"TableName": table.name, "Key": gen.key(table)}
    if gen.chance(12):
        request["AttributeUpdates"] = legacy.attribute_updates(gen, table)
    elif not gen.chance(3):
        request["UpdateExpression"] = made.update()
    return conditional(gen, table, request, made, UPDATED)


def projection(gen: Gen, table: Table, request: Request, made: Expressions) -> None:
    if gen.chance(25):
        request["ProjectionExpression"] = made.projection()
    elif gen.chance(6) and not made.symbols.names and not made.symbols.values:
        request["AttributesToGet"] = legacy.attributes_to_get(gen, table)


def get(gen: Gen) -> Request:
    table = gen.table()
    made = Expressions(gen, table)
    request: Request = {"TableName": table.name, "Key": gen.key(table)}
    projection(gen, table, request, made)
    if gen.chance(40):
        request["ConsistentRead"] = gen.chance(60)
    return made.symbols.attach(options(gen, request))


def reading(gen: Gen, table: Table, request: Request, made: Expressions, old: bool, old_filter: str) -> Request:
    """What queries and scans share."""
    if gen.chance(35):
        if old:
            request[old_filter] = legacy.filters(gen, table)
            legacy.conditional_operator(gen, request)
        elif gen.chance(97):
            request["FilterExpression"] = made.condition()
    if old and gen.chance(30):
        request["AttributesToGet"] = legacy.attributes_to_get(gen, table)
    elif not old and gen.chance(30):
        request["ProjectionExpression"] = made.projection()
    if gen.chance(12):
        request["Select"] = gen.pick(("COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"))
    if gen.chance(35):
        request["Limit"] = gen.integer(1, 4)
    if gen.chance(20):
        request["ConsistentRead"] = gen.chance(40)
    return made.symbols.attach(options(gen, request))


def query(gen: Gen) -> Request:
    table = gen.table()
    made = Expressions(gen, table)
    index = gen.index(table)
    request: Request = {"TableName": table.name}
    if index:
        request["IndexName"] = index.name
    place = index or table
    old = gen.chance(15)
    if old:
        request["KeyConditions"] = legacy.key_conditions(gen, table, index)
    else:
        request["KeyConditionExpression"] = made.key_condition(place.hash, place.range)
    if gen.chance(30):
        request["ScanIndexForward"] = gen.chance(40)
    return reading(gen, table, request, made, old, "QueryFilter")


def scan(gen: Gen) -> Request:
    table = gen.table()
    made = Expressions(gen, table)
    request: Request = {"TableName": table.name}
    index = gen.index(table, 35)
    if index:
        request["IndexName"] = index.name
    if gen.chance(15):
        request["TotalSegments"] = gen.integer(1, 4)
        request["Segment"] = 0
    elif gen.chance(1):
        request[gen.pick(("Segment", "TotalSegments"))] = gen.integer(0, 3)
    return reading(gen, table, request, made, gen.chance(15), "ScanFilter")


def batch_write(gen: Gen) -> Request:
    tables: dict[str, list] = {}
    for _ in range(gen.integer(1, 5)):
        table = gen.table()
        made = {"PutRequest": {"Item": gen.item(table)}} if gen.chance(60) else {"DeleteRequest": {"Key": gen.key(table)}}
        tables.setdefault(table.name, []).append(made)
    return options(gen, {"RequestItems": tables}, metrics=True)


def batch_get(gen: Gen) -> Request:
    tables: dict[str, Request] = {}
    for _ in range(gen.integer(1, 2)):
        table = gen.table()
        made = Expressions(gen, table)
        keys: list = []
        for _ in range(gen.integer(1, 4)):
            key = gen.key(table)
            if key not in keys or gen.chance(3):
                keys.append(key)
        request: Request = {"Keys": keys}
        projection(gen, table, request, made)
        if gen.chance(25):
            request["ConsistentRead"] = gen.chance(60)
        tables[table.name] = made.symbols.attach(request)
    return options(gen, {"RequestItems": tables})


def transact_get(gen: Gen) -> Request:
    def one() -> Request:
        table = gen.table()
        made = Expressions(gen, table)
        request: Request = {"TableName": table.name, "Key": gen.key(table)}
        if gen.chance(20):
            request["ProjectionExpression"] = made.projection()
        return {"Get": made.symbols.attach(request)}

    return options(gen, {"TransactItems": gen.several(one, 1, 4)})


def transact_write(gen: Gen) -> Request:
    def one() -> Request:
        table = gen.table()
        made = Expressions(gen, table)
        kind = gen.pick(("Put", "Delete", "Update", "ConditionCheck"))
        request: Request = {"TableName": table.name}
        if kind == "Put":
            request["Item"] = gen.item(table)
        else:
            request["Key"] = gen.key(table)
        if kind == "Update":
            request["UpdateExpression"] = made.update()
        if kind == "ConditionCheck" or gen.chance(25):
            request["ConditionExpression"] = made.condition(2)
            if gen.chance(30):
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return {kind: made.symbols.attach(request)}

    request = options(gen, {"TransactItems": gen.several(one, 1, 4)}, metrics=True)
    if gen.chance(15):
        request["ClientRequestToken"] = gen.token()
    return request


def execute_statement(gen: Gen) -> Request:
    request = partiql.statement(gen, writes=True, reads=True)
    if gen.chance(15):
        request["Limit"] = gen.integer(1, 3)
    if gen.chance(15):
        request["ConsistentRead"] = gen.chance(50)
    if gen.chance(10):
        request["ReturnValuesOnConditionCheckFailure"] = gen.pick(("ALL_OLD", "NONE"))
    return options(gen, request)


def statements(gen: Gen, member: str) -> Request:
    writes = gen.chance(60)
    transacted = member == "TransactStatements"
    request = options(gen, {member: gen.several(lambda: partiql.statement(gen, writes, not writes, transacted), 1, 3)})
    if transacted and writes and gen.chance(15):
        request["ClientRequestToken"] = gen.token()
    return request


# How often, of 100 requests.
SHARES: tuple[tuple[int, str, Callable[[Gen], Request]], ...] = (
    (18, "PutItem", put),
    (17, "UpdateItem", update),
    (5, "DeleteItem", delete),
    (6, "GetItem", get),
    (14, "Query", query),
    (9, "Scan", scan),
    (5, "BatchWriteItem", batch_write),
    (4, "BatchGetItem", batch_get),
    (7, "TransactWriteItems", transact_write),
    (3, "TransactGetItems", transact_get),
    (8, "ExecuteStatement", execute_statement),
    (2, "BatchExecuteStatement", lambda gen: statements(gen, "Statements")),
    (2, "ExecuteTransaction", lambda gen: statements(gen, "TransactStatements")),
)
WHEEL = tuple((name, make) for share, name, make in SHARES for _ in range(share))
MALFORMED_PERCENT = 8


def step(gen: Gen) -> tuple[str, Request]:
    if gen.sent_with_token and gen.chance(3):
        return gen.pick(gen.sent_with_token)  # once more: with its token it does nothing
    name, request = fresh_step(gen)
    if isinstance(request.get("ClientRequestToken"), str):
        gen.sent_with_token.append((name, request))
    return name, request


def fresh_step(gen: Gen) -> tuple[str, Request]:
    name, make = gen.pick(WHEEL)
    request = make(gen)
    if gen.chance(MALFORMED_PERCENT):
        request = malformed.spoil(gen, request)
    return name, request
