"""DescribeTable, ListTables, DeleteTable, DescribeLimits and DescribeEndpoints."""

import pytest

from support.cases import case
from support.expect import IN_USE, NOT_FOUND, SERIALIZATION, eventually, expect_error, invalid
from support.tables import index, new_name, spec
from support.values import N, S, unique

WORDS = "words it in its own way"
PROTECTED = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."


def test_describe_and_create_tell_the_same(raw, tables):
    name = new_name()
    made = raw("CreateTable", {"TableName": name, **spec("pk", "sk", gsi=[index("by-g", "g")])})["TableDescription"]
    tables.adopt(name)
    tables.wait_active(name)
    told = raw("DescribeTable", TableName=name)["Table"]
    for member in ("TableName", "TableArn", "KeySchema", "AttributeDefinitions", "CreationDateTime", "DeletionProtectionEnabled"):
        assert told[member] == made[member], member
    assert told.get("TableId") == made.get("TableId")
    assert told["TableStatus"] == "ACTIVE"


def test_each_table_has_an_id_of_its_own(raw, tables, endpoint):
    if endpoint.kind == "dynamodb-local":
        pytest.skip("DynamoDB Local differs: it tells no id")
    first, second = (raw("DescribeTable", TableName=tables.create())["Table"] for _ in range(2))
    assert first["TableId"] != second["TableId"]


@pytest.mark.differs_from_dynamodb_local("takes no ARN")
def test_describe_by_arn(raw, hash_table):
    table = raw("DescribeTable", TableName=hash_table)["Table"]
    assert raw("DescribeTable", TableName=table["TableArn"])["Table"] == table


@pytest.mark.only("stator", "counts are brought up to date at once only here")
def test_counts_follow_the_items(client, tables):
    name = tables.create(spec("pk", gsi=[index("by-g", "g")]))
    for i in range(5):
        client.put_item(TableName=name, Item={"pk": S(str(i)), **({"g": S("x")} if i % 2 else {})})
    client.delete_item(TableName=name, Key={"pk": S("0")})
    client.put_item(TableName=name, Item={"pk": S("1"), "g": S("x")})

    def counts():
        table = client.describe_table(TableName=name)["Table"]
        return table["ItemCount"], table["GlobalSecondaryIndexes"][0]["ItemCount"]

    eventually(counts, lambda got: got == (4, 2))
    assert client.describe_table(TableName=name)["Table"]["TableSizeBytes"] == 4 * 3 + 2 * 2


UNKNOWN = [case(o, o) for o in ("DescribeTable", "DeleteTable", "UpdateTable")]


@pytest.mark.differs_from_dynamodb_local(WORDS)
@pytest.mark.parametrize("operation", UNKNOWN)
def test_unknown_table(raw, operation):
    name = new_name("unknown")
    params = {"BillingMode": "PAY_PER_REQUEST"} if operation == "UpdateTable" else {}
    response = raw(operation, {"TableName": name, **params})
    expect_error(response, NOT_FOUND, f"Requested resource not found: Table: {name} not found")


@pytest.mark.parametrize("operation", UNKNOWN)
def test_unknown_table_is_not_found(raw, operation):
    params = {"BillingMode": "PAY_PER_REQUEST"} if operation == "UpdateTable" else {}
    expect_error(raw(operation, {"TableName": new_name("unknown"), **params}), NOT_FOUND)


@pytest.mark.parametrize("operation", UNKNOWN)
@pytest.mark.parametrize("name", [None, "", "ab", "a" * 256, "a b c", "a/b/c"])
def test_table_name_refused(raw, operation, name):
    invalid(raw(operation, {"TableName": name} if name is not None else {}))


@pytest.mark.differs_from_dynamodb_local("takes numbers")
@pytest.mark.parametrize("operation", UNKNOWN)
def test_table_name_of_another_json_type(raw, operation):
    expect_error(raw(operation, {"TableName": 5}), SERIALIZATION, "NUMBER_VALUE cannot be converted to String")


def all_names(client, **params):
    names = []
    while True:
        reply = client.list_tables(**params)
        names += reply["TableNames"]
        if "LastEvaluatedTableName" not in reply:
            return names
        assert reply["TableNames"][-1] == reply["LastEvaluatedTableName"]
        params["ExclusiveStartTableName"] = reply["LastEvaluatedTableName"]


@pytest.fixture(scope="module")
def listed(tables):
    return sorted(tables.create(label=f"list{i}") for i in range(5))


def test_list_has_each_table_once_in_order(client, listed):
    names = [name for name in all_names(client) if name in listed]
    assert names == listed
    assert all_names(client) == sorted(all_names(client), key=str.encode)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_list_in_pages(client, listed, limit):
    assert set(listed) <= set(all_names(client, Limit=limit))


def test_list_page_of_one(client, listed):
    reply = client.list_tables(ExclusiveStartTableName=listed[0], Limit=1)
    assert reply["TableNames"] == [listed[1]]
    assert reply["LastEvaluatedTableName"] == listed[1]


def test_list_starts_after_the_name(client, listed):
    names = all_names(client, ExclusiveStartTableName=listed[1])
    assert [name for name in names if name in listed] == listed[2:]


def test_list_starts_after_a_name_that_does_not_exist(client, listed):
    names = all_names(client, ExclusiveStartTableName=listed[1] + "-")
    assert [name for name in names if name in listed][:3] == listed[2:]


def test_list_after_the_last_name(raw, listed):
    assert raw("ListTables", ExclusiveStartTableName="zzz" + unique()).ok() == {"TableNames": []}


LIST_REFUSED = [
    case("limit 0", {"Limit": 0},
         "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
    case("limit 101", {"Limit": 101},
         "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: "
         "Member must have value less than or equal to 100"),
    case("negative limit", {"Limit": -1},
         "1 validation error detected: Value '-1' at 'limit' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
    case("short start", {"ExclusiveStartTableName": "ab"},
         "1 validation error detected: Value 'ab' at 'exclusiveStartTableName' failed to satisfy constraint: "
         "Member must have length greater than or equal to 3"),
    case("blank in start", {"ExclusiveStartTableName": "a b c"},
         "1 validation error detected: Value 'a b c' at 'exclusiveStartTableName' failed to satisfy constraint: "
         "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    case("long start", {"ExclusiveStartTableName": "a" * 256},
         f"1 validation error detected: Value '{'a' * 256}' at 'exclusiveStartTableName' failed to satisfy constraint: "
         "Member must have length less than or equal to 255"),
]


@pytest.mark.parametrize("params, message", LIST_REFUSED)
def test_list_refused(raw, endpoint, params, message):
    invalid(raw("ListTables", params), None if endpoint.kind == "dynamodb-local" else message)


@pytest.mark.differs_from_dynamodb_local("fails with 500")
@pytest.mark.parametrize("limit, message", [
    ("x", "STRING_VALUE cannot be converted to Integer"),
    (True, "TRUE_VALUE cannot be converted to Integer"),
    ([], None),
])
def test_list_limit_of_another_json_type(raw, limit, message):
    expect_error(raw("ListTables", {"Limit": limit}), SERIALIZATION, message)


def test_delete(raw, client, tables):
    name = tables.create(spec("pk", gsi=[index("by-g", "g")]))
    client.put_item(TableName=name, Item={"pk": S("x"), "g": S("y")})
    table = raw("DeleteTable", TableName=name)["TableDescription"]
    assert (table["TableName"], table["TableStatus"]) == (name, "DELETING") or table["TableStatus"] == "ACTIVE"
    tables.wait_gone(name)
    assert name not in all_names(client)
    for operation, params in [("GetItem", {"Key": {"pk": S("x")}}), ("PutItem", {"Item": {"pk": S("x")}}), ("Scan", {}),
                              ("Query", {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": S("x")}})]:
        expect_error(raw(operation, {"TableName": name, **params}), NOT_FOUND)


def test_table_made_anew_is_empty(client, tables):
    name = tables.create(spec("pk", gsi=[index("by-g", "g")]))
    for i in range(20):
        client.put_item(TableName=name, Item={"pk": S(str(i)), "g": S("same"), "v": N(i)})
    client.delete_table(TableName=name)
    tables.wait_gone(name)
    client.create_table(TableName=name, **spec("pk", gsi=[index("by-g", "g")]))
    tables.wait_active(name)
    assert client.scan(TableName=name, ConsistentRead=True)["Items"] == []
    assert client.scan(TableName=name, IndexName="by-g")["Items"] == []
    assert "Item" not in client.get_item(TableName=name, Key={"pk": S("1")}, ConsistentRead=True)


def test_table_made_anew_with_another_schema(client, tables):
    name = tables.create(spec("pk"))
    client.delete_table(TableName=name)
    tables.wait_gone(name)
    client.create_table(TableName=name, **spec("id", "at", {"at": "N"}))
    tables.wait_active(name)
    item = {"id": S("x"), "at": N(1)}
    client.put_item(TableName=name, Item=item)
    assert client.get_item(TableName=name, Key=item, ConsistentRead=True)["Item"] == item


def test_delete_twice(raw, tables):
    name = tables.create()
    raw("DeleteTable", TableName=name).ok()
    response = raw("DeleteTable", TableName=name)
    assert response.type in (NOT_FOUND, IN_USE), response.body
    tables.wait_gone(name)


def test_protected_table_is_not_deleted(raw, client, tables):
    name = tables.create(spec(DeletionProtectionEnabled=True))
    invalid(raw("DeleteTable", TableName=name), PROTECTED)
    client.put_item(TableName=name, Item={"pk": S("x")})
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    tables.wait_active(name)
    raw("DeleteTable", TableName=name).ok()


def test_limits(raw):
    reply = raw("DescribeLimits").ok()
    assert set(reply) == {"AccountMaxReadCapacityUnits", "AccountMaxWriteCapacityUnits", "TableMaxReadCapacityUnits",
                          "TableMaxWriteCapacityUnits"}
    assert all(isinstance(limit, int) and limit >= 40_000 for limit in reply.values())


@pytest.mark.differs_from_dynamodb_local("knows no such operation")
def test_endpoints(raw, endpoint):
    endpoints = raw("DescribeEndpoints")["Endpoints"]
    assert len(endpoints) == 1
    assert set(endpoints[0]) == {"Address", "CachePeriodInMinutes"}
    assert isinstance(endpoints[0]["CachePeriodInMinutes"], int)
    assert "/" not in endpoints[0]["Address"]


@pytest.mark.differs_from_dynamodb_local("knows no such operation")
def test_a_client_with_endpoint_discovery_works(make_client, hash_table):
    client = make_client(endpoint_discovery_enabled=True)
    assert client.describe_table(TableName=hash_table)["Table"]["TableName"] == hash_table


def test_sdk_waiters_and_paginators(client, listed):
    client.get_waiter("table_exists").wait(TableName=listed[0], WaiterConfig={"Delay": 1})
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
    assert set(listed) <= {name for page in pages for name in page["TableNames"]}
