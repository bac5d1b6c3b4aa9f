"""Whole, right requests with one part replaced: never a server error, never a closed connection.

Type errors, missing parts, wrong lengths and wrong numbers meet every parameter of every operation here, in the company
of other parameters that are right, so that the request gets as far as it can."""

from __future__ import annotations

import copy
import json

import pytest

from support.raw import encode
from support.tables import attributes, index, new_name, schema, spec
from support.values import B, L, M, N, NS, S, SS, unique

pytestmark = pytest.mark.only("stator", "AWS and DynamoDB Local answer 500 to some of these")

KNOWN = {
    "ValidationException", "SerializationException", "ResourceNotFoundException", "ResourceInUseException", "ConditionalCheckFailedException",
    "LimitExceededException", "ItemCollectionSizeLimitExceededException", "TransactionCanceledException",
    "IdempotentParameterMismatchException",
}  # fmt: skip

REPLACEMENTS = [
    None, {}, [], "", "x", "\0", "é" * 40, "x" * 70_000, 0, -1, 1, 2**31, 2**63 - 1, 10**30, 1.5, -1e308, True, False, [None], {"": None},
    {"S": ""}, {"S": "a"}, {"N": "1"}, {"N": ""}, {"B": ""}, {"L": []}, {"M": {}}, {"NULL": True}, {"S": None}, {"SS": [None]}, [[]], [{}],
    {"a": {}}, {"pk": {"S": "a"}, "sk": {"S": "b"}}, ":v", "#n", "pk", "a.b[0]", "SET a = :v", "attribute_exists(a)",
]  # fmt: skip


@pytest.fixture(scope="module")
def table(tables, raw):
    name = tables.create(spec("pk", "sk", lsi=[index("by_l", "pk", "l", ["a", "n"])], gsi=[index("by_g", "g", "r")]), label="mutations")
    for i in range(5):
        raw("PutItem", TableName=name, Item={"pk": S("a"), "sk": S(f"{i}"), "l": S("l"), "g": S("g"), "r": S("r"), "n": N(i)}).ok()
    return name


KEY = {"pk": S("a"), "sk": S("b")}
ITEM = {**KEY, "l": S("l"), "g": S("g"), "r": S("r"), "n": N(1), "b": B(b"x"), "d": M(a=L(S("x"), N(2))), "ss": SS("a", "b"), "ns": NS(1, 2)}
CONDITION = {
    "ConditionExpression": "attribute_exists(#n) OR #n <> :v",
    "ExpressionAttributeNames": {"#n": "n"},
    "ExpressionAttributeValues": {":v": L(S("v"))},
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
RETURNS = {"ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE"}


def requests(table):
    """(operation, request): all right."""
    yield "GetItem", {
        "TableName": table, "Key": KEY, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL",
        "ProjectionExpression": "#n, d.a[1]", "ExpressionAttributeNames": {"#n": "n"},
    }  # fmt: skip
    yield "GetItem", {"TableName": table, "Key": KEY, "AttributesToGet": ["n", "d"]}
    yield "PutItem", {"TableName": table, "Item": ITEM, **CONDITION, **RETURNS}
    yield "UpdateItem", {
        "TableName": table, "Key": KEY, **CONDITION, **RETURNS,
        "UpdateExpression": "SET n = if_not_exists(n, :z) + :z, d.a[0] = list_append(:v, :v) REMOVE l ADD ns :ns DELETE ss :ss",
        "ExpressionAttributeValues": {":v": L(S("v")), ":z": N(1), ":ns": NS(5), ":ss": SS("a")},
    }  # fmt: skip
    yield "DeleteItem", {"TableName": table, "Key": KEY, **CONDITION, **RETURNS}
    query = {
        "TableName": table, "Limit": 2, "ReturnConsumedCapacity": "INDEXES", "ProjectionExpression": "#n, sk", "Select": "SPECIFIC_ATTRIBUTES",
        "FilterExpression": "#n < :n", "ExpressionAttributeNames": {"#n": "n"},
    }  # fmt: skip
    yield "Query", {
        **query, "KeyConditionExpression": "pk = :p AND sk > :s", "ExpressionAttributeValues": {":p": S("a"), ":s": S("0"), ":n": N(9)},
        "ConsistentRead": True, "ScanIndexForward": False, "ExclusiveStartKey": {"pk": S("a"), "sk": S("3")},
    }  # fmt: skip
    yield "Query", {
        **query, "IndexName": "by_g", "KeyConditionExpression": "g = :p AND begins_with(r, :s)", "ConsistentRead": False,
        "ExpressionAttributeValues": {":p": S("g"), ":s": S("r"), ":n": N(9)},
        "ExclusiveStartKey": {"pk": S("a"), "sk": S("1"), "g": S("g"), "r": S("r")},
    }  # fmt: skip
    yield "Query", {
        **query, "IndexName": "by_l", "KeyConditionExpression": "pk = :p AND l BETWEEN :s AND :t",
        "ExpressionAttributeValues": {":p": S("a"), ":s": S("a"), ":t": S("z"), ":n": N(9)},
        "ExclusiveStartKey": {"pk": S("a"), "sk": S("1"), "l": S("l")},
    }  # fmt: skip
    yield "Scan", {**query, "ExpressionAttributeValues": {":n": N(9)}, "Segment": 0, "TotalSegments": 1, "ConsistentRead": True,
                   "ExclusiveStartKey": {"pk": S("a"), "sk": S("1")}}  # fmt: skip
    yield "Scan", {"TableName": table, "IndexName": "by_l", "Select": "ALL_ATTRIBUTES", "Limit": 1}
    yield "BatchGetItem", {
        "RequestItems": {table: {"Keys": [KEY, {**KEY, "sk": S("c")}], "ConsistentRead": True, "ProjectionExpression": "#n, sk",
                                 "ExpressionAttributeNames": {"#n": "n"}}},
        "ReturnConsumedCapacity": "TOTAL",
    }  # fmt: skip
    yield "BatchGetItem", {"RequestItems": {table: {"Keys": [KEY], "AttributesToGet": ["n"]}}}
    yield "BatchWriteItem", {
        "RequestItems": {table: [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {"Key": {**KEY, "sk": S("c")}}}]},
        "ReturnConsumedCapacity": "TOTAL", "ReturnItemCollectionMetrics": "SIZE",
    }  # fmt: skip
    yield "TransactWriteItems", {
        "TransactItems": [
            {"Put": {"TableName": table, "Item": ITEM, **CONDITION}},
            {"Update": {"TableName": table, "Key": {**KEY, "sk": S("c")}, **CONDITION, "UpdateExpression": "SET d = :v REMOVE n"}},
            {"Delete": {"TableName": table, "Key": {**KEY, "sk": S("d")}, **CONDITION}},
            {"ConditionCheck": {"TableName": table, "Key": {**KEY, "sk": S("e")}, **CONDITION}},
        ],
        "ReturnConsumedCapacity": "INDEXES", "ReturnItemCollectionMetrics": "SIZE", "ClientRequestToken": unique("token"),
    }  # fmt: skip
    yield "TransactGetItems", {
        "TransactItems": [
            {"Get": {"TableName": table, "Key": KEY, "ProjectionExpression": "#n, d.a[1]", "ExpressionAttributeNames": {"#n": "n"}}},
            {"Get": {"TableName": table, "Key": {**KEY, "sk": S("c")}}},
        ],
        "ReturnConsumedCapacity": "TOTAL",
    }  # fmt: skip
    yield "ExecuteTransaction", {
        "TransactStatements": [
            {"Statement": f"UPDATE \"{table}\" SET n = ? WHERE pk = 'a' AND sk = ?", "Parameters": [N(1), S("b")],
             "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': 'f', 'd': [1, <<'x'>>]}}", "Parameters": [S("a")]},
        ],
        "ReturnConsumedCapacity": "TOTAL", "ClientRequestToken": unique("token"),
    }  # fmt: skip
    yield "DescribeTable", {"TableName": table}
    yield "ListTables", {"Limit": 1, "ExclusiveStartTableName": "aaa"}
    yield "DescribeLimits", {}
    yield "DescribeEndpoints", {}


def table_requests():
    """The same for operations on tables, without names."""
    keys = {"AttributeDefinitions": attributes(pk="S", sk="N", l="B", g="S"), "KeySchema": schema("pk", "sk")}
    yield "CreateTable", {
        "TableName": None, **keys, "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        "LocalSecondaryIndexes": [index("by_l", "pk", "l", ["a", "b"])],
        "GlobalSecondaryIndexes": [{**index("by_g", "g", "pk"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, "TableClass": "STANDARD", "DeletionProtectionEnabled": False,
        "Tags": [{"Key": "k", "Value": "v"}], "SSESpecification": {"Enabled": False},
    }  # fmt: skip
    yield "UpdateTable", {
        "TableName": None, "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6},
        "DeletionProtectionEnabled": False, "TableClass": "STANDARD", "StreamSpecification": {"StreamEnabled": False},
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_g", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}}],
    }  # fmt: skip


def places(node, path=()):
    """Every place below the root."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield path + (key,)
            yield from places(child, path + (key,))
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield path + (at,)
            yield from places(child, path + (at,))


REMOVED, DOUBLED = object(), object()


def replaced(request, path, value):
    """A copy with the part at `path` replaced, removed, or (in a list) doubled."""
    made = copy.deepcopy(request)
    node = made
    for step in path[:-1]:
        node = node[step]
    if value is REMOVED:
        del node[path[-1]]
    elif value is DOUBLED:
        if isinstance(node, list):
            node.append(copy.deepcopy(node[path[-1]]))
        else:
            node[str(path[-1]) + "2"] = node[path[-1]]
    else:
        node[path[-1]] = value
    return made


def check(raw, operation, request, path, value, failures):
    try:
        response = raw(operation, request)
    except OSError as error:
        failures.append(f"{operation} {path} = {str(value)[:60]}: {error!r}")
        return
    try:
        assert response.status == 200 or (response.status == 400 and response.code in KNOWN)
        assert response.status == 200 or response.message or response.code == "SerializationException"
    except (AssertionError, ValueError):
        failures.append(f"{operation} {path} = {str(value)[:60]}: {response.status} {response.body[:300]!r}")


def plain(request):
    """The request as JSON has it, without Python's bytes."""
    return json.loads(encode(request))


def test_the_requests_are_right(raw, table):
    """What is mutated below works as it stands."""
    raw("PutItem", TableName=table, Item=ITEM).ok()
    for operation, request in requests(table):
        response = raw(operation, request)
        assert response.status == 200, (operation, request, response.body)


OPERATIONS = [
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "TransactGetItems",
    "ExecuteTransaction", "DescribeTable", "ListTables",
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_part_replaced(raw, table, operation):
    failures = []
    for name, request in requests(table):
        if name != operation:
            continue
        request = plain(request)
        for path in list(places(request)):
            for value in [*REPLACEMENTS, REMOVED, DOUBLED]:
                check(raw, operation, replaced(request, path, value), path, value, failures)
                assert len(failures) < 20, "\n".join(failures)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_two_parts_replaced(raw, table, operation):
    """At random, with a fixed seed."""
    import random

    generator, failures = random.Random(operation), []
    for name, request in requests(table):
        if name != operation:
            continue
        request = plain(request)
        for _ in range(400):
            mutant = request
            for _ in range(2):
                path, value = generator.choice(list(places(mutant)) or [("TableName",)]), generator.choice([*REPLACEMENTS, REMOVED, DOUBLED])
                try:
                    mutant = replaced(mutant, path, value)
                except (KeyError, IndexError):
                    break
            check(raw, operation, mutant, "twice", json.dumps(mutant), failures)
    assert not failures, "\n".join(failures[:20])


@pytest.mark.parametrize("operation", ["CreateTable", "UpdateTable"])
def test_every_part_of_table_operations_replaced(raw, client, tables, operation):
    failures, made = [], tables.create(table_request("CreateTable"), label="mutated")
    request = plain(table_request(operation))
    before = all_tables(client)
    for path in list(places(request)):
        if path == ("TableName",):
            continue
        for value in [*REPLACEMENTS, REMOVED, DOUBLED]:
            mutant = replaced(request, path, value)
            mutant["TableName"] = made if operation == "UpdateTable" else new_name("mutant")
            check(raw, operation, mutant, path, value, failures)
    for name in all_tables(client) - before:
        raw("UpdateTable", TableName=name, DeletionProtectionEnabled=False)
        raw("DeleteTable", TableName=name)
    raw("UpdateTable", TableName=made, DeletionProtectionEnabled=False)
    assert not failures, "\n".join(failures[:20])


def table_request(operation):
    request = dict(table_requests())[operation]
    del request["TableName"]
    return request


def all_tables(client):
    return {name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]}


def test_nothing_was_damaged(raw, table):
    """After all that the table is whole: by query, by scan, by index."""
    key = {"pk": S(unique("whole")), "sk": S("s")}
    raw("PutItem", TableName=table, Item={**key, "l": S("l")}).ok()
    assert raw("GetItem", TableName=table, Key=key, ConsistentRead=True)["Item"] == {**key, "l": S("l")}
    items = raw("Scan", TableName=table, ConsistentRead=True)["Items"]
    by_l = raw("Scan", TableName=table, IndexName="by_l", ConsistentRead=True)["Items"]
    assert sorted((i["pk"]["S"], i["sk"]["S"]) for i in items if "l" in i) == sorted((i["pk"]["S"], i["sk"]["S"]) for i in by_l)
