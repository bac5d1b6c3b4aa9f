"""GetItem. Projection expressions have a file of their own."""

import pytest

from support.cases import case
from support.expect import NOT_FOUND, NOT_FOUND_TEXT, SERIALIZATION, expect_error, invalid
from support.values import L, M, N, NULL, S, SS, unique

LOCAL_WORDS = "words it in its own way"
SCHEMA = "The provided key element does not match the schema"


def test_reply_for_a_missing_item_is_empty(raw, hash_table):
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(unique())}).ok() == {}


@pytest.mark.parametrize("consistent", [True, False, None])
def test_item(client, hash_table, consistent):
    item = {"pk": S(unique()), "a": M(b=L(N(1)))}
    client.put_item(TableName=hash_table, Item=item)
    more = {} if consistent is None else {"ConsistentRead": consistent}
    assert client.get_item(TableName=hash_table, Key={"pk": item["pk"]}, **more)["Item"] == item


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_unknown_table(raw):
    response = raw("GetItem", TableName="stator-wire-no-such-table", Key={"pk": S("x")})
    expect_error(response, NOT_FOUND, NOT_FOUND_TEXT)


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
@pytest.mark.parametrize("name, text", [("", "greater than or equal to 1"), ("ab", "greater than or equal to 3"),
                                        ("a" * 256, "less than or equal to 255")])
def test_table_name_length(raw, name, text):
    """An empty name breaks the limit that names share with ARNs, and nothing else."""
    for operation in ("GetItem", "DeleteItem", "UpdateItem"):
        invalid(raw(operation, TableName=name, Key={"pk": S("x")}),
                f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must have length {text}")


KEYS = [
    case("empty", {}, SCHEMA),
    case("another name", {"q": S("x")}, SCHEMA),
    case("one too many", {"pk": S("x"), "q": S("x")}, SCHEMA),
    case("another type", {"pk": N(1)}, SCHEMA),
    case("null", {"pk": NULL}, SCHEMA),
    case("list", {"pk": L()}, SCHEMA),
    case("no value, empty name", {"pk": S("x"), "": None}, "The supplied Item contains a null AttributeValue:  is null"),
    case("no value", {"pk": None}, "The supplied Item contains a null AttributeValue: pk is null"),
    case("no type", {"pk": {}}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    case("empty string", {"pk": S("")},
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
         "value. Key: pk"),
    case("2049 bytes", {"pk": S("x" * 2049)},
         "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"),
]


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("key, message", KEYS)
def test_key_refused(raw, hash_table, endpoint, operation, key, message):
    response = raw(operation, TableName=hash_table, Key=key)
    invalid(response, None if endpoint.kind == "dynamodb-local" else message)


RANGE_KEYS = [
    case("no sort key", {"pk": S("x")}),
    case("no partition key", {"sk": N(1)}),
    case("sort key of another type", {"pk": S("x"), "sk": S("x")}),
    case("one too many", {"pk": S("x"), "sk": N(1), "q": N(1)}),
]


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("key", RANGE_KEYS)
def test_composite_key_refused(raw, number_table, endpoint, operation, key):
    response = raw(operation, TableName=number_table, Key=key)
    invalid(response, None if endpoint.kind == "dynamodb-local" else SCHEMA)


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
def test_sort_key_of_1025_bytes(raw, range_table, endpoint, operation):
    response = raw(operation, TableName=range_table, Key={"pk": S("x"), "sk": S("s" * 1025)})
    invalid(response, None if endpoint.kind == "dynamodb-local" else
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")


# The keys of range_table, whose partition key is too long. DynamoDB Local tells it first too, in its own words.
TOO_LONG_AND = [
    case("no sort key", {"x": S("a")}), case("sort key of another type", {"sk": N(1)}), case("a set", {"sk": SS("a")}),
    case("empty sort key", {"sk": S("")}), case("long sort key", {"sk": S("s" * 1025)}),
]


@pytest.mark.parametrize("request_of", [
    case("GetItem", lambda table, key: ("GetItem", {"TableName": table, "Key": key})),
    case("DeleteItem", lambda table, key: ("DeleteItem", {"TableName": table, "Key": key})),
    case("PutItem", lambda table, key: ("PutItem", {"TableName": table, "Item": key})),
    case("BatchGetItem", lambda table, key: ("BatchGetItem", {"RequestItems": {table: {"Keys": [key]}}})),
    case("BatchWriteItem", lambda table, key: ("BatchWriteItem", {"RequestItems": {table: [{"PutRequest": {"Item": key}}]}})),
])
@pytest.mark.parametrize("rest", TOO_LONG_AND)
def test_partition_key_is_looked_at_whole_before_the_sort_key(raw, range_table, endpoint, request_of, rest):
    operation, members = request_of(range_table, {"pk": S("x" * 2049), **rest})
    invalid(raw(operation, **members),
            "Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes"
            if endpoint.kind == "dynamodb-local" else
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")


def test_attributes_to_get(client, hash_table):
    item = {"pk": S(unique()), "a": S("x"), "b": N(1), "c.d": S("dot")}
    client.put_item(TableName=hash_table, Item=item)
    got = client.get_item(TableName=hash_table, Key={"pk": item["pk"]}, AttributesToGet=["a", "q", "c.d"])
    assert got["Item"] == {"a": S("x"), "c.d": S("dot")}


def test_attributes_to_get_takes_reserved_words(client, hash_table):
    item = {"pk": S(unique()), "name": S("x")}
    client.put_item(TableName=hash_table, Item=item)
    got = client.get_item(TableName=hash_table, Key={"pk": item["pk"]}, AttributesToGet=["name", "pk"])
    assert got["Item"] == item


def test_attributes_to_get_of_nothing_there_gives_an_empty_item(client, hash_table):
    item = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item=item)
    assert client.get_item(TableName=hash_table, Key=item, AttributesToGet=["q"])["Item"] == {}


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_no_attributes_to_get(raw, hash_table):
    invalid(raw("GetItem", TableName=hash_table, Key={"pk": S("x")}, AttributesToGet=[]),
            "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1")


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_attributes_to_get_twice(raw, hash_table):
    invalid(raw("GetItem", TableName=hash_table, Key={"pk": S("x")}, AttributesToGet=["a", "a"]),
            "One or more parameter values were invalid: Duplicate value in attribute name: a")


JSON_TYPES = [
    case("ConsistentRead string", {"ConsistentRead": "x"}),
    case("ConsistentRead number", {"ConsistentRead": 1}),
    case("Key list", {"Key": []}),
    case("Key string", {"Key": "x"}),
    case("TableName number", {"TableName": 5}),
    case("TableName list", {"TableName": []}),
    case("ProjectionExpression number", {"ProjectionExpression": 5}),
    case("AttributesToGet string", {"AttributesToGet": "a"}),
    case("AttributesToGet numbers", {"AttributesToGet": [1]}),
    case("ExpressionAttributeNames list", {"ExpressionAttributeNames": []}),
    case("ExpressionAttributeNames number", {"ExpressionAttributeNames": {"#a": 1}}),
    case("ReturnConsumedCapacity number", {"ReturnConsumedCapacity": 1}),
]


@pytest.mark.differs_from_dynamodb_local("takes some, fails with 500 on others")
@pytest.mark.parametrize("members", JSON_TYPES)
def test_wrong_json_type(raw, hash_table, members):
    expect_error(raw("GetItem", {"TableName": hash_table, "Key": {"pk": S("x")}, **members}), SERIALIZATION)


def test_unknown_members_are_ignored(raw, hash_table):
    raw("GetItem", TableName=hash_table, Key={"pk": S("x")}, NoSuchMember={"a": [1]}).ok()


def test_null_members_are_ignored(raw, hash_table):
    raw("GetItem", TableName=hash_table, Key={"pk": S("x")}, ProjectionExpression=None, ConsistentRead=None).ok()
