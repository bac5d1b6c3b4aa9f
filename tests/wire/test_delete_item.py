"""DeleteItem. Keys that are refused stand in test_get_item.py, for they are the same."""

import pytest

from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, NOT_FOUND, NOT_FOUND_TEXT, expect_error
from support.values import N, S, unique


@pytest.fixture
def stored(client):
    def get(table, key):
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    return get


def test_item_is_gone(raw, client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1)})
    assert raw("DeleteItem", TableName=hash_table, Key=key).ok() == {}
    assert stored(hash_table, key) is None


@pytest.mark.differs_from_dynamodb_local("tells the capacity unasked")
def test_missing_item_is_no_error(raw, hash_table):
    assert raw("DeleteItem", TableName=hash_table, Key={"pk": S(unique())}).ok() == {}


def test_only_that_item(client, range_table, stored):
    pk = S(unique())
    for sk in "abc":
        client.put_item(TableName=range_table, Item={"pk": pk, "sk": S(sk)})
    client.delete_item(TableName=range_table, Key={"pk": pk, "sk": S("b")})
    assert [stored(range_table, {"pk": pk, "sk": S(sk)}) is None for sk in "abc"] == [False, True, False]


def test_deleted_item_can_be_put_again(client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1)})
    client.delete_item(TableName=hash_table, Key=key)
    client.put_item(TableName=hash_table, Item={**key, "b": N(2)}, ConditionExpression="attribute_not_exists(pk)")
    assert stored(hash_table, key) == {**key, "b": N(2)}


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_unknown_table(raw):
    response = raw("DeleteItem", TableName="stator-wire-no-such-table", Key={"pk": S("x")})
    expect_error(response, NOT_FOUND, NOT_FOUND_TEXT)


def test_condition_holds(client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1)})
    client.delete_item(TableName=hash_table, Key=key, ConditionExpression="#a = :v", ExpressionAttributeNames={"#a": "a"},
                       ExpressionAttributeValues={":v": N(1)})
    assert stored(hash_table, key) is None


def test_condition_fails_and_changes_nothing(raw, client, hash_table, stored):
    item = {"pk": S(unique()), "a": N(1)}
    client.put_item(TableName=hash_table, Item=item)
    response = raw("DeleteItem", TableName=hash_table, Key={"pk": item["pk"]}, ConditionExpression="a = :v",
                   ExpressionAttributeValues={":v": N(2)})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert stored(hash_table, {"pk": item["pk"]}) == item


def test_condition_on_a_missing_item(raw, hash_table):
    key = {"pk": S(unique())}
    response = raw("DeleteItem", TableName=hash_table, Key=key, ConditionExpression="attribute_exists(pk)")
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    raw("DeleteItem", TableName=hash_table, Key=key, ConditionExpression="attribute_not_exists(pk)").ok()
