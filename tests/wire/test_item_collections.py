"""The limit of an item collection: the items of one partition key value and their rows in local indexes. 10 GB are out of
reach of a test, so these start a server of their own with a lower limit."""

from __future__ import annotations

import os

import boto3
import botocore.credentials
import pytest

from support.cases import case
from support.endpoint import Endpoint, Server
from support.expect import expect_error
from support.raw import Raw
from support.tables import index, spec
from support.values import N, S, unique

pytestmark = pytest.mark.only("stator", "needs a server with a lower limit")

LIMIT = 10_000
INDEX_ROW = 100  # what a row of a local index takes beside its attributes
FULL = "com.amazonaws.dynamodb.v20120810#ItemCollectionSizeLimitExceededException"
FULL_TEXT = "Collection size exceeded."
TABLE, PLAIN = "collections", "plain"


@pytest.fixture(scope="module")
def url(pytestconfig):
    binary = pytestconfig.getoption("--binary")
    if pytestconfig.getoption("--url") or not os.access(binary, os.X_OK):
        pytest.skip("needs a server of its own")
    server = Server(binary, pytestconfig.getoption("--shards"), ("--max-collection-bytes", str(LIMIT)))
    yield server.wait_ready()
    assert server.stop() == 0, "".join(server.tail)


@pytest.fixture(scope="module")
def raw(url):
    """Tables of pk, sk: one with a local index on l that keeps p, one without."""
    client = Raw(Endpoint(url, "us-east-1", "stator"), botocore.credentials.Credentials("a", "b"))
    client("CreateTable", {"TableName": TABLE, **spec("pk", "sk", lsi=[index("local", "pk", "l", ["p"])])}).ok()
    client("CreateTable", {"TableName": PLAIN, **spec("pk", "sk")}).ok()
    return client


@pytest.fixture
def pk():
    return unique("pk")


def size_of(item):
    return sum(len(name) + len(value["S"]) for name, value in item.items())


def sized(pk, sk, size, **more):
    """An item of `size` counted bytes."""
    item = {"pk": S(pk), "sk": S(sk), **more, "f": S("")}
    return {**item, "f": S("x" * (size - size_of(item)))}


def put(raw, item, table=TABLE, **more):
    return raw("PutItem", TableName=table, Item=item, **more)


def fill(raw, pk):
    """A collection that is full: the item "0" of 9,000 bytes and "1" of 1,000."""
    put(raw, sized(pk, "0", LIMIT - 1000)).ok()
    put(raw, sized(pk, "1", 1000)).ok()


def keys(raw, pk):
    reply = raw("Query", TableName=TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": S(pk)},
                ConsistentRead=True, ProjectionExpression="sk")
    return [item["sk"]["S"] for item in reply["Items"]]


def full(response):
    return expect_error(response, FULL, FULL_TEXT)


# --- what counts ---


def test_items_count(raw, pk):
    fill(raw, pk)
    full(put(raw, {"pk": S(pk), "sk": S("2")}))
    assert keys(raw, pk) == ["0", "1"]


def test_to_the_byte(raw, pk):
    put(raw, sized(pk, "0", LIMIT - 1000)).ok()
    full(put(raw, sized(pk, "1", 1001)))
    put(raw, sized(pk, "1", 1000)).ok()


def test_rows_in_local_indexes_count(raw, pk):
    """Keys, index key, projected attributes, and 100 bytes."""
    indexed = sized(pk, "0", 1000, l=S("l"), p=S("projected"), q=S("not projected"))
    row = size_of({name: indexed[name] for name in ("pk", "sk", "l", "p")}) + INDEX_ROW
    put(raw, indexed).ok()
    full(put(raw, sized(pk, "1", LIMIT - 1000 - row + 1)))
    put(raw, sized(pk, "1", LIMIT - 1000 - row)).ok()


def test_an_item_that_enters_an_index_grows(raw, pk):
    fill(raw, pk)
    entering = dict(TableName=TABLE, Key={"pk": S(pk), "sk": S("1")}, UpdateExpression="SET l = :l REMOVE f",
                    ExpressionAttributeValues={":l": S("l")})
    raw("UpdateItem", entering).ok()  # without f there is room
    put(raw, sized(pk, "1", 1000)).ok()
    full(put(raw, sized(pk, "1", 1000, l=S("l"))))


def test_collections_are_apart(raw, pk):
    fill(raw, pk)
    put(raw, sized(pk + " other", "0", 5000)).ok()


def test_no_limit_without_a_local_index(raw, pk):
    for sk in "012":
        put(raw, sized(pk, sk, LIMIT), PLAIN).ok()


# --- what goes on ---


def test_a_full_collection_may_shrink(raw, pk):
    fill(raw, pk)
    update = dict(TableName=TABLE, Key={"pk": S(pk), "sk": S("0")}, UpdateExpression="SET f = :f")
    full(raw("UpdateItem", {**update, "ExpressionAttributeValues": {":f": S("y" * LIMIT)}}))
    raw("UpdateItem", {**update, "ExpressionAttributeValues": {":f": S("y" * 100)}}).ok()
    put(raw, sized(pk, "2", 5000)).ok()
    raw("DeleteItem", TableName=TABLE, Key={"pk": S(pk), "sk": S("2")}).ok()
    put(raw, sized(pk, "3", 5000)).ok()
    assert keys(raw, pk) == ["0", "1", "3"]


def test_a_write_of_the_same_size(raw, pk):
    fill(raw, pk)
    put(raw, {**sized(pk, "1", 1000), "f": S("z" * len(sized(pk, "1", 1000)["f"]["S"]))}).ok()


def test_the_condition_comes_first(raw, pk):
    fill(raw, pk)
    response = put(raw, sized(pk, "1", 2000), ConditionExpression="attribute_not_exists(pk)")
    expect_error(response, "ConditionalCheckFailedException")


def test_reads_go_on(raw, pk):
    fill(raw, pk)
    assert raw("GetItem", TableName=TABLE, Key={"pk": S(pk), "sk": S("1")})["Item"]["sk"] == S("1")


def test_metrics(raw, pk):
    reply = put(raw, sized(pk, "0", LIMIT), ReturnItemCollectionMetrics="SIZE").ok()
    assert reply["ItemCollectionMetrics"] == {"ItemCollectionKey": {"pk": S(pk)}, "SizeEstimateRangeGB": [0.0, 1.0]}


# --- how it is told ---


def test_exception_of_boto3(url, raw, pk):
    client = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a",
                          aws_secret_access_key="b")
    fill(raw, pk)
    with pytest.raises(client.exceptions.ItemCollectionSizeLimitExceededException) as raised:
        client.put_item(TableName=TABLE, Item=sized(pk, "2", 500))
    assert raised.value.response["Error"]["Message"] == FULL_TEXT
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


LEGACY = [
    case("PUT", {"f": {"Action": "PUT", "Value": S("y" * LIMIT)}}),
    case("ADD", {"n": {"Action": "ADD", "Value": N(1)}}),
]


@pytest.mark.parametrize("updates", LEGACY)
def test_attribute_updates(raw, pk, updates):
    fill(raw, pk)
    full(raw("UpdateItem", TableName=TABLE, Key={"pk": S(pk), "sk": S("1")}, AttributeUpdates=updates))


def test_batch_write_item(raw, pk):
    fill(raw, pk)
    full(raw("BatchWriteItem", RequestItems={TABLE: [{"PutRequest": {"Item": sized(pk, "2", 500)}}]}))
    raw("BatchWriteItem", RequestItems={TABLE: [{"DeleteRequest": {"Key": {"pk": S(pk), "sk": S("0")}}}]}).ok()
    assert keys(raw, pk) == ["1"]


def reasons(response):
    expect_error(response, "TransactionCanceledException")
    return response.json["CancellationReasons"]


REASON = {"Code": "ItemCollectionSizeLimitExceeded", "Message": FULL_TEXT}
NO_REASON = {"Code": "None"}


@pytest.mark.parametrize("others", [0, 20])
def test_transact_write_items(raw, pk, others):
    """`others`: items that on four shards are on all of them."""
    fill(raw, pk)
    actions = [{"Put": {"TableName": TABLE, "Item": sized(f"{pk} {n}", "0", 100)}} for n in range(others)]
    actions.append({"Put": {"TableName": TABLE, "Item": sized(pk, "2", 100)}})
    assert reasons(raw("TransactWriteItems", TransactItems=actions)) == others * [NO_REASON] + [REASON]
    assert keys(raw, pk) == ["0", "1"]
    assert all(keys(raw, f"{pk} {n}") == [] for n in range(others))


@pytest.mark.parametrize("others", [0, 20])
def test_a_transaction_counts_as_a_whole(raw, pk, others):
    fill(raw, pk)
    actions = [{"Put": {"TableName": TABLE, "Item": sized(f"{pk} {n}", "0", 100)}} for n in range(others)]
    actions.append({"Put": {"TableName": TABLE, "Item": sized(pk, "2", 600)}})
    actions.append({"Put": {"TableName": TABLE, "Item": sized(pk, "3", 600)}})
    actions.append({"Delete": {"TableName": TABLE, "Key": {"pk": S(pk), "sk": S("1")}}})
    assert reasons(raw("TransactWriteItems", TransactItems=actions))[others:] == [REASON, REASON, NO_REASON]
    actions[-2]["Put"]["Item"] = sized(pk, "3", 400)
    raw("TransactWriteItems", TransactItems=actions).ok()
    assert keys(raw, pk) == ["0", "2", "3"]
    full(put(raw, sized(pk, "4", 50)))


def insert(pk, sk):
    return {"Statement": f"INSERT INTO {TABLE} VALUE {{'pk': ?, 'sk': ?, 'f': ?}}", "Parameters": [S(pk), S(sk), S("x" * 500)]}


def test_execute_statement(raw, pk):
    fill(raw, pk)
    full(raw("ExecuteStatement", insert(pk, "2")))


def test_batch_execute_statement(raw, pk):
    fill(raw, pk)
    reply = raw("BatchExecuteStatement", Statements=[insert(pk, "2"), insert(pk + " other", "2")])
    assert reply["Responses"] == [{"Error": REASON, "TableName": TABLE}, {"TableName": TABLE}]


def test_execute_transaction(raw, pk):
    fill(raw, pk)
    response = raw("ExecuteTransaction", TransactStatements=[insert(pk + " other", "2"), insert(pk, "2")])
    assert reasons(response) == [NO_REASON, REASON]
