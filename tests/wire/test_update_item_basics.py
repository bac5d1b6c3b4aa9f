"""UpdateItem beside its expressions: making items, conditions, index keys."""

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, NOT_FOUND, NOT_FOUND_TEXT, expect_error, invalid
from support.tables import index, spec
from support.values import N, NULL, S, unique


@pytest.fixture
def stored(client):
    def get(table, key):
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    return get


def test_without_an_expression_a_missing_item_is_made(raw, range_table, stored):
    key = {"pk": S(unique()), "sk": S("s")}
    assert raw("UpdateItem", TableName=range_table, Key=key).ok() == {}
    assert stored(range_table, key) == key


def test_without_an_expression_an_item_stays(client, hash_table, stored):
    item = {"pk": S(unique()), "a": N(1)}
    client.put_item(TableName=hash_table, Item=item)
    client.update_item(TableName=hash_table, Key={"pk": item["pk"]})
    assert stored(hash_table, {"pk": item["pk"]}) == item


def test_other_attributes_stay(client, hash_table, stored):
    item = {"pk": S(unique()), "a": N(1), "b": S("x")}
    client.put_item(TableName=hash_table, Item=item)
    client.update_item(TableName=hash_table, Key={"pk": item["pk"]}, UpdateExpression="SET a = :v",
                       ExpressionAttributeValues={":v": N(2)})
    assert stored(hash_table, {"pk": item["pk"]}) == {**item, "a": N(2)}


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_unknown_table(raw):
    response = raw("UpdateItem", TableName="stator-wire-no-such-table", Key={"pk": S("x")})
    expect_error(response, NOT_FOUND, NOT_FOUND_TEXT)


def test_condition_holds(client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1)})
    client.update_item(TableName=hash_table, Key=key, UpdateExpression="SET a = :new", ConditionExpression="a = :old",
                       ExpressionAttributeValues={":new": N(2), ":old": N(1)})
    assert stored(hash_table, key)["a"] == N(2)


def test_condition_fails_and_changes_nothing(raw, client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": N(1)})
    response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET a = :v", ConditionExpression="a = :v",
                   ExpressionAttributeValues={":v": N(2)})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert stored(hash_table, key)["a"] == N(1)


def test_failed_condition_does_not_make_the_item(raw, hash_table, stored):
    key = {"pk": S(unique())}
    response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET a = :v",
                   ConditionExpression="attribute_exists(pk)", ExpressionAttributeValues={":v": N(2)})
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert stored(hash_table, key) is None


def test_condition_comes_before_errors_against_the_item(raw, hash_table):
    response = raw("UpdateItem", TableName=hash_table, Key={"pk": S(unique())}, UpdateExpression="SET a = b",
                   ConditionExpression="attribute_exists(pk)")
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)


@pytest.fixture(scope="module")
def indexed_table(tables):
    return tables.create(spec("pk", gsi=[index("by-g", "g", "h")], types={"h": "N"}))


UPDATE_KEY = ("One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
              "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.")
INDEX_KEYS = [
    case("hash of another type", "SET g = :v", {":v": N(1)},
         "The update expression attempted to update the secondary index key to unsupported type"),
    case("range of another type", "SET h = :v", {":v": S("x")},
         "The update expression attempted to update the secondary index key to unsupported type"),
    case("null", "SET g = :v", {":v": NULL},
         "The update expression attempted to update the secondary index key to unsupported type", local="words it otherwise"),
    case("empty string", "SET g = :v", {":v": S("")}, UPDATE_KEY),
    case("2049 bytes", "SET g = :v", {":v": S("x" * 2049)}, None),
]


@pytest.mark.parametrize("expression, values, message", INDEX_KEYS)
def test_index_key_refused(raw, client, indexed_table, stored, endpoint, expression, values, message):
    item = {"pk": S(unique()), "g": S("x"), "h": N(1)}
    client.put_item(TableName=indexed_table, Item=item)
    response = raw("UpdateItem", TableName=indexed_table, Key={"pk": item["pk"]}, UpdateExpression=expression,
                   ExpressionAttributeValues=values)
    if endpoint.kind == "dynamodb-local" and response.status == 200:
        pytest.skip("DynamoDB Local differs: it takes the value")
    # AWS may go on and name the index.
    assert invalid(response).message.startswith(message or "One or more parameter values ")
    assert stored(indexed_table, {"pk": item["pk"]}) == item


def test_index_keys_may_be_removed(client, indexed_table, stored):
    item = {"pk": S(unique()), "g": S("x"), "h": N(1)}
    client.put_item(TableName=indexed_table, Item=item)
    client.update_item(TableName=indexed_table, Key={"pk": item["pk"]}, UpdateExpression="REMOVE g, h")
    assert stored(indexed_table, {"pk": item["pk"]}) == {"pk": item["pk"]}


MIXED = [
    case("update expression and AttributeUpdates", "UpdateItem",
         {"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": N(1)},
          "AttributeUpdates": {"b": {"Value": N(1), "Action": "PUT"}}},
         "{AttributeUpdates} Expression parameters: {UpdateExpression}"),
    case("condition expression and Expected", "PutItem",
         {"ConditionExpression": "attribute_exists(a)", "Expected": {"b": {"Value": S("x")}}},
         "{Expected} Expression parameters: {ConditionExpression}"),
    case("condition expression and both", "DeleteItem",
         {"ConditionExpression": "attribute_exists(a)", "Expected": {"b": {"Value": S("x")}}, "ConditionalOperator": "OR"},
         "{Expected, ConditionalOperator} Expression parameters: {ConditionExpression}"),
    case("update expression and Expected", "UpdateItem",
         {"UpdateExpression": "REMOVE a", "Expected": {"b": {"Exists": False}}},
         "{Expected} Expression parameters: {UpdateExpression}"),
]


@pytest.mark.parametrize("operation, params, what", MIXED)
def test_expressions_and_their_forerunners_do_not_mix(raw, hash_table, operation, params, what):
    member = "Item" if operation == "PutItem" else "Key"
    response = raw(operation, {"TableName": hash_table, member: {"pk": S(unique())}, **params})
    invalid(response, "Can not use both expression and non-expression parameters in the same request: "
                      f"Non-expression parameters: {what}")
