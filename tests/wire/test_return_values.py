"""ReturnValues, ReturnValuesOnConditionCheckFailure and ReturnItemCollectionMetrics of the writes of one item."""

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, expect_error, invalid
from support.tables import index, spec
from support.values import B, L, M, N, S, SS, normal, unique

ITEM = {"n": N(5), "l": L(S("a"), S("b"), M(k=N(3))), "m": M(a=N(1), b=M(c=S("x"), d=S("y"))), "ss": SS("a", "b")}
NOTHING = None
PARTS = "returns whole attributes where AWS returns the paths that were updated"


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("wanted", [None, "NONE", "ALL_OLD"])
def test_put_and_delete(raw, client, hash_table, endpoint, operation, exists, wanted):
    item = {"pk": S(unique()), "a": N(1), "b": L(B(b"x"))}
    if exists:
        client.put_item(TableName=hash_table, Item=item)
    params = {"TableName": hash_table}
    params.update({"Item": {"pk": item["pk"], "c": S("new")}} if operation == "PutItem" else {"Key": {"pk": item["pk"]}})
    if wanted:
        params["ReturnValues"] = wanted
    reply = raw(operation, params).ok()
    if endpoint.kind == "dynamodb-local":
        reply.pop("ConsumedCapacity", None)  # it tells it unasked
    expected = {"Attributes": {"pk": item["pk"], "a": N(1), "b": L({"B": "eA=="})}} if exists and wanted == "ALL_OLD" else {}
    assert reply == expected


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
@pytest.mark.parametrize("wanted", ["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
def test_put_and_delete_refuse_others(raw, hash_table, endpoint, operation, wanted):
    member = "Item" if operation == "PutItem" else "Key"
    response = raw(operation, {"TableName": hash_table, member: {"pk": S("x")}, "ReturnValues": wanted})
    invalid(response, None if endpoint.kind == "dynamodb-local" else "ReturnValues can only be ALL_OLD or NONE")


UPDATES = [
    # id, expression, values, UPDATED_OLD, UPDATED_NEW
    case("set", "SET n = :v", {":v": N(6)}, {"n": N(5)}, {"n": N(6)}),
    case("set to the same", "SET n = :v", {":v": N(5)}, {"n": N(5)}, {"n": N(5)}),
    case("set new", "SET q = :v", {":v": N(6)}, NOTHING, {"q": N(6)}),
    case("set old and new", "SET q = :v, n = :v", {":v": N(6)}, {"n": N(5)}, {"q": N(6), "n": N(6)}),
    case("add", "ADD n :v", {":v": N(1)}, {"n": N(5)}, {"n": N(6)}),
    case("add new", "ADD q :v", {":v": N(1)}, NOTHING, {"q": N(1)}),
    case("add to set", "ADD ss :v", {":v": SS("c")}, {"ss": SS("a", "b")}, {"ss": SS("a", "b", "c")}),
    case("delete from set", "DELETE ss :v", {":v": SS("a")}, {"ss": SS("a", "b")}, {"ss": SS("b")}),
    case("delete whole set", "DELETE ss :v", {":v": SS("a", "b")}, {"ss": SS("a", "b")}, NOTHING),
    case("remove", "REMOVE n", None, {"n": N(5)}, NOTHING),
    case("remove absent", "REMOVE q", None, NOTHING, NOTHING),
    case("remove and set", "REMOVE n SET q = n", None, {"n": N(5)}, {"q": N(5)}),
    case("member", "SET m.a = :v", {":v": N(2)}, {"m": M(a=N(1))}, {"m": M(a=N(2))}, local=PARTS),
    case("two members", "SET m.a = :v, m.b.c = :v", {":v": N(2)}, {"m": M(a=N(1), b=M(c=S("x")))},
         {"m": M(a=N(2), b=M(c=N(2)))}, local=PARTS),
    case("new member", "SET m.q = :v", {":v": N(2)}, NOTHING, {"m": M(q=N(2))}, local=PARTS),
    case("remove member", "REMOVE m.a", None, {"m": M(a=N(1))}, NOTHING, local=PARTS),
    case("element", "SET l[1] = :v", {":v": N(2)}, {"l": L(S("b"))}, {"l": L(N(2))}, local=PARTS),
    case("two elements", "SET l[1] = :v, l[0] = :v", {":v": N(2)}, {"l": L(S("a"), S("b"))}, {"l": L(N(2), N(2))}, local=PARTS),
    case("member of element", "SET l[2].k = :v", {":v": N(2)}, {"l": L(M(k=N(3)))}, {"l": L(M(k=N(2)))}, local=PARTS),
    case("whole map", "SET m = :v", {":v": M()}, {"m": ITEM["m"]}, {"m": M()}),
    case("list_append", "SET l = list_append(l, :v)", {":v": L(N(1))}, {"l": ITEM["l"]}, {"l": L(*ITEM["l"]["L"], N(1))}),
]


@pytest.mark.parametrize("expression, values, old, new", UPDATES)
def test_updated(client, hash_table, expression, values, old, new):
    for wanted, expected in (("UPDATED_OLD", old), ("UPDATED_NEW", new)):
        key = {"pk": S(unique())}
        client.put_item(TableName=hash_table, Item={**key, **ITEM})
        params = {"ExpressionAttributeValues": values} if values else {}
        reply = client.update_item(TableName=hash_table, Key=key, UpdateExpression=expression, ReturnValues=wanted, **params)
        assert normal(reply.get("Attributes")) == normal(expected), wanted


@pytest.mark.parametrize("wanted, expected", [
    (None, NOTHING),
    ("NONE", NOTHING),
    ("ALL_OLD", {"a": N(1), "b": N(2)}),
    ("ALL_NEW", {"a": N(3), "b": N(2)}),
    ("UPDATED_OLD", {"a": N(1)}),
    ("UPDATED_NEW", {"a": N(3)}),
])
def test_update(raw, client, hash_table, wanted, expected):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1), "b": N(2)})
    params = {"ReturnValues": wanted} if wanted else {}
    reply = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET a = :v",
                ExpressionAttributeValues={":v": N(3)}, **params).ok()
    if expected is not NOTHING and wanted.startswith("ALL"):
        expected = {**key, **expected}
    assert reply == ({} if expected is NOTHING else {"Attributes": expected})


@pytest.mark.parametrize("wanted, expected", [
    ("ALL_OLD", NOTHING), ("UPDATED_OLD", NOTHING), ("UPDATED_NEW", {"a": N(3)}), ("ALL_NEW", {"a": N(3)}),
])
def test_update_of_a_missing_item(raw, hash_table, wanted, expected):
    key = {"pk": S(unique())}
    reply = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET a = :v",
                ExpressionAttributeValues={":v": N(3)}, ReturnValues=wanted).ok()
    if wanted == "ALL_NEW":
        expected = {**key, **expected}
    assert reply == ({} if expected is NOTHING else {"Attributes": expected})


@pytest.mark.parametrize("wanted, shown", [("ALL_OLD", True), ("ALL_NEW", True), ("UPDATED_NEW", False), ("UPDATED_OLD", False)])
def test_update_without_an_expression(raw, client, hash_table, endpoint, wanted, shown):
    if endpoint.kind == "dynamodb-local" and not shown:
        pytest.skip("DynamoDB Local differs: it fails with 500")
    item = {"pk": S(unique()), "a": N(1)}
    client.put_item(TableName=hash_table, Item=item)
    reply = raw("UpdateItem", TableName=hash_table, Key={"pk": item["pk"]}, ReturnValues=wanted).ok()
    assert reply == ({"Attributes": item} if shown else {})


FAILING = [
    case("PutItem", "PutItem", "Item"),
    case("UpdateItem", "UpdateItem", "Key"),
    case("DeleteItem", "DeleteItem", "Key"),
]


@pytest.mark.parametrize("wanted", [None, "NONE", "ALL_OLD"])
@pytest.mark.parametrize("operation, member", FAILING)
def test_item_of_a_failed_condition(raw, client, hash_table, operation, member, wanted):
    item = {"pk": S(unique()), "a": N(1), "m": M(b=L(S("x")))}
    client.put_item(TableName=hash_table, Item=item)
    params = {"ReturnValuesOnConditionCheckFailure": wanted} if wanted else {}
    response = raw(operation, {"TableName": hash_table, member: {"pk": item["pk"]},
                               "ConditionExpression": "attribute_not_exists(pk)", **params})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert response.json.get("Item") == (item if wanted == "ALL_OLD" else None)


@pytest.mark.parametrize("operation, member", FAILING)
def test_failed_condition_on_a_missing_item_has_no_item(raw, hash_table, operation, member):
    response = raw(operation, {"TableName": hash_table, member: {"pk": S(unique())}, "ConditionExpression": "attribute_exists(pk)",
                               "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnValues": "ALL_OLD"})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert set(response.json) <= {"__type", "message", "Message"}


def test_sdk_sees_the_item_of_a_failed_condition(client, hash_table):
    item = {"pk": S(unique()), "a": B(b"\x01")}
    client.put_item(TableName=hash_table, Item=item)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(TableName=hash_table, Item=item, ConditionExpression="attribute_not_exists(pk)",
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == item


@pytest.fixture(scope="module")
def collection_table(tables):
    return tables.create(spec("pk", "sk", lsi=[index("by-l", "pk", "l")]))


COLLECTION = "does not tell collection metrics"


@pytest.mark.differs_from_dynamodb_local(COLLECTION)
@pytest.mark.parametrize("operation, member", FAILING)
def test_collection_metrics(raw, collection_table, operation, member):
    key = {"pk": S(unique()), "sk": S("s")}
    reply = raw(operation, {"TableName": collection_table, member: key, "ReturnItemCollectionMetrics": "SIZE"}).ok()
    metrics = reply["ItemCollectionMetrics"]
    assert metrics["ItemCollectionKey"] == {"pk": key["pk"]}
    lower, upper = metrics["SizeEstimateRangeGB"]
    assert (lower, upper) == (0.0, 1.0)


@pytest.mark.parametrize("wanted", [None, "NONE"])
@pytest.mark.parametrize("operation, member", FAILING)
def test_no_collection_metrics_unless_asked_for(raw, collection_table, operation, member, wanted):
    params = {"ReturnItemCollectionMetrics": wanted} if wanted else {}
    reply = raw(operation, {"TableName": collection_table, member: {"pk": S(unique()), "sk": S("s")}, **params}).ok()
    assert "ItemCollectionMetrics" not in reply


@pytest.mark.parametrize("operation, member", FAILING)
def test_no_collection_metrics_without_a_local_index(raw, range_table, operation, member):
    reply = raw(operation, {"TableName": range_table, member: {"pk": S(unique()), "sk": S("s")},
                            "ReturnItemCollectionMetrics": "SIZE"}).ok()
    assert "ItemCollectionMetrics" not in reply
