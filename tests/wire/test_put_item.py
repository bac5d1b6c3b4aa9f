"""PutItem."""

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, NOT_FOUND, NOT_FOUND_TEXT, expect_error, invalid
from support.tables import index, spec
from support.values import B, BOOL, L, M, N, NULL, S, SS, unique

INVALID = "One or more parameter values were invalid: "
EMPTY_KEY = ("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
             "{} value. Key: {}")
LOCAL_WORDS = "words it in its own way"


@pytest.fixture
def stored(client):
    def get(table, key):
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    return get


def test_put_replaces_the_whole_item(client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": S("x"), "b": N(1)})
    client.put_item(TableName=hash_table, Item={**key, "c": S("y")})
    assert stored(hash_table, key) == {**key, "c": S("y")}


def test_item_of_nothing_but_its_key(client, range_table, stored):
    key = {"pk": S(unique()), "sk": S("s")}
    client.put_item(TableName=range_table, Item=key)
    assert stored(range_table, key) == key


def test_items_differ_by_sort_key(client, range_table, stored):
    pk = S(unique())
    for sk in ("a", "b"):
        client.put_item(TableName=range_table, Item={"pk": pk, "sk": S(sk), "v": S(sk)})
    assert [stored(range_table, {"pk": pk, "sk": S(sk)})["v"] for sk in ("a", "b")] == [S("a"), S("b")]


def test_reply_is_empty(raw, hash_table):
    assert raw("PutItem", TableName=hash_table, Item={"pk": S(unique())}).ok() == {}


def test_table_named_by_arn(client, hash_table, stored, endpoint):
    if endpoint.kind == "dynamodb-local":
        pytest.skip("DynamoDB Local takes no ARN")
    arn = client.describe_table(TableName=hash_table)["Table"]["TableArn"]
    key = {"pk": S(unique())}
    client.put_item(TableName=arn, Item=key)
    assert stored(hash_table, key) == stored(arn, key) == key


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_unknown_table(raw):
    response = raw("PutItem", TableName="stator-wire-no-such-table", Item={"pk": S("x")})
    expect_error(response, NOT_FOUND, NOT_FOUND_TEXT)


@pytest.fixture(scope="module")
def typed_tables(tables):
    """One table for each type of partition key."""
    return {kind: tables.create(spec("k", types={"k": kind})) for kind in "SNB"}


@pytest.mark.parametrize("kind, value", [("S", S("x")), ("N", N("1.5")), ("B", B(b"\x00\xff"))])
def test_key_of_each_type(client, typed_tables, stored, kind, value):
    item = {"k": value, "v": S("x")}
    client.put_item(TableName=typed_tables[kind], Item=item)
    assert stored(typed_tables[kind], {"k": value}) == item


KEYS = [
    case("no key", {"v": S("x")}, INVALID + "Missing the key pk in the item"),
    case("no item", {}, INVALID + "Missing the key pk in the item"),
    case("number", {"pk": N(1)}, INVALID + "Type mismatch for key pk expected: S actual: N"),
    case("binary", {"pk": B(b"x")}, INVALID + "Type mismatch for key pk expected: S actual: B"),
    case("boolean", {"pk": BOOL(True)}, INVALID + "Type mismatch for key pk expected: S actual: BOOL"),
    case("null", {"pk": NULL}, INVALID + "Type mismatch for key pk expected: S actual: NULL"),
    case("list", {"pk": L()}, INVALID + "Type mismatch for key pk expected: S actual: L"),
    case("map", {"pk": M()}, INVALID + "Type mismatch for key pk expected: S actual: M"),
    case("set", {"pk": SS("x")}, INVALID + "Type mismatch for key pk expected: S actual: SS"),
    case("2049 bytes", {"pk": S("x" * 2049)},
         INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    case("683 characters of three bytes", {"pk": S("€" * 683)},
         INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
]


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
@pytest.mark.parametrize("item, message", KEYS)
def test_key_refused(raw, hash_table, item, message):
    invalid(raw("PutItem", TableName=hash_table, Item=item), message)


@pytest.mark.parametrize("item", [KEYS[0].values[0], *[row.values[0] for row in KEYS[2:]]], ids=[r.id for r in [KEYS[0], *KEYS[2:]]])
def test_key_refused_is_a_validation_error(raw, hash_table, item):
    invalid(raw("PutItem", TableName=hash_table, Item=item))


def test_empty_string_as_partition_key(raw, hash_table):
    invalid(raw("PutItem", TableName=hash_table, Item={"pk": S("")}), EMPTY_KEY.format("string", "pk"))


def test_empty_string_as_sort_key(raw, range_table):
    response = raw("PutItem", TableName=range_table, Item={"pk": S("x"), "sk": S("")})
    invalid(response, EMPTY_KEY.format("string", "sk"))


def test_empty_binary_as_key(raw, typed_tables):
    invalid(raw("PutItem", TableName=typed_tables["B"], Item={"k": B(b"")}), EMPTY_KEY.format("binary", "k"))


def test_flaws_of_keys_in_their_order(raw, range_table):
    """Attribute by attribute. For partition keys that are too long see test_get_item.py."""
    empty = EMPTY_KEY.format("string", "{}")
    for pk, sk, message in (
        (S(""), N(1), empty.format("pk")),
        (S(""), SS("a"), empty.format("pk")),
        (S(""), S("x" * 1025), empty.format("pk")),
    ):
        key = {"pk": pk, "sk": sk}
        invalid(raw("PutItem", TableName=range_table, Item=key), message)
        invalid(raw("GetItem", TableName=range_table, Key=key), message)
        invalid(raw("BatchGetItem", RequestItems={range_table: {"Keys": [key]}}), message)
        invalid(raw("BatchWriteItem", RequestItems={range_table: [{"PutRequest": {"Item": key}}]}), message)
        invalid(raw("BatchWriteItem", RequestItems={range_table: [{"DeleteRequest": {"Key": key}}]}), message)
        invalid(raw("TransactWriteItems", TransactItems=[{"Delete": {"TableName": range_table, "Key": key}}]), message)
        invalid(raw("TransactWriteItems", TransactItems=[{"Put": {"TableName": range_table, "Item": key}}]), message)
        invalid(raw("TransactGetItems", TransactItems=[{"Get": {"TableName": range_table, "Key": key}}]), message)


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_return_values_before_what_is_written(raw, hash_table):
    for operation, written in (("PutItem", {"Item": {"pk": S("x"), "v": {}}}), ("DeleteItem", {"Key": {"pk": {}}})):
        invalid(raw(operation, TableName=hash_table, ReturnValues="ALL_NEW", **written), "ReturnValues can only be ALL_OLD or NONE")


SORT_KEYS = [
    case("missing", {"pk": S("x")}, INVALID + "Missing the key sk in the item"),
    case("of another type", {"pk": S("x"), "sk": S("x")}, INVALID + "Type mismatch for key sk expected: N actual: S"),
]


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
@pytest.mark.parametrize("item, message", SORT_KEYS)
def test_sort_key_refused(raw, number_table, item, message):
    invalid(raw("PutItem", TableName=number_table, Item=item), message)


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
def test_sort_key_of_1025_bytes(raw, range_table):
    response = raw("PutItem", TableName=range_table, Item={"pk": S("x"), "sk": S("s" * 1025)})
    invalid(response, INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")


def test_longest_keys(client, range_table, stored):
    key = {"pk": S(unique().ljust(2048, "p")), "sk": S("s" * 1024)}
    client.put_item(TableName=range_table, Item=key)
    assert stored(range_table, key) == key


@pytest.mark.parametrize("pk", ["\x00", "\x00\x00", "a\x00", "a", "a\x00b", "ab", "\uffff", "ü", "u\u0308", "😀", " ", "%/.."])
def test_keys_of_any_characters_do_not_meet(client, range_table, stored, pk):
    prefix = "characters-"
    for sk in ("s", "\x00s", "s\x00"):
        key = {"pk": S(prefix + pk), "sk": S(sk)}
        client.put_item(TableName=range_table, Item={**key, "v": S(repr((pk, sk)))})
    for sk in ("s", "\x00s", "s\x00"):
        key = {"pk": S(prefix + pk), "sk": S(sk)}
        assert stored(range_table, key) == {**key, "v": S(repr((pk, sk)))}


def test_condition_holds(client, hash_table, stored):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "v": N(1)}, ConditionExpression="attribute_not_exists(pk)")
    client.put_item(TableName=hash_table, Item={**key, "v": N(2)}, ConditionExpression="v = :one",
                    ExpressionAttributeValues={":one": N(1)})
    assert stored(hash_table, key)["v"] == N(2)


def test_condition_fails_and_changes_nothing(raw, hash_table, stored):
    key = {"pk": S(unique())}
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}
    raw("PutItem", TableName=hash_table, Item={**key, "v": N(1)}, **condition).ok()
    response = raw("PutItem", TableName=hash_table, Item={**key, "v": N(2)}, **condition)
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert stored(hash_table, key)["v"] == N(1)


def test_failed_condition_on_a_missing_item_leaves_none(raw, hash_table, stored):
    key = {"pk": S(unique())}
    response = raw("PutItem", TableName=hash_table, Item=key, ConditionExpression="attribute_exists(pk)")
    expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert stored(hash_table, key) is None


def test_condition_sees_the_old_item_not_the_new(client, hash_table):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "v": N(1)})
    client.put_item(TableName=hash_table, Item={**key, "w": N(2)}, ConditionExpression="attribute_not_exists(w)")


@pytest.fixture(scope="module")
def indexed_table(tables):
    return tables.create(spec("pk", "sk", lsi=[index("by-l", "pk", "l")], gsi=[index("by-g", "g", "h")],
                              types={"l": "N", "h": "B"}))


INDEX_KEYS = [
    case("global hash of another type", {"g": N(1)},
         INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: by-g", local=LOCAL_WORDS),
    case("global range of another type", {"g": S("x"), "h": S("x")},
         INVALID + "Type mismatch for Index Key h Expected: B Actual: S IndexName: by-g", local=LOCAL_WORDS),
    case("local range of another type", {"l": S("x")},
         INVALID + "Type mismatch for Index Key l Expected: N Actual: S IndexName: by-l", local=LOCAL_WORDS),
    case("null", {"g": NULL}, INVALID + "Type mismatch for Index Key g Expected: S Actual: NULL IndexName: by-g",
         local=LOCAL_WORDS),
    case("empty string", {"g": S("")},
         "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
         "AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-g, IndexKey: g"),
    case("empty binary", {"h": B(b"")},
         "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
         "AttributeValue for a key attribute cannot contain an empty binary value. IndexName: by-g, IndexKey: h"),
    case("global hash of 2049 bytes", {"g": S("x" * 2049)}, None),
    case("global range of 1025 bytes", {"g": S("x"), "h": B(b"x" * 1025)}, None),
]


@pytest.mark.parametrize("attributes, message", INDEX_KEYS)
def test_index_key_refused(raw, client, indexed_table, stored, attributes, message):
    key = {"pk": S(unique()), "sk": S("s")}
    invalid(raw("PutItem", TableName=indexed_table, Item={**key, **attributes}), message)
    assert stored(indexed_table, key) is None


def test_items_without_index_keys_are_welcome(client, indexed_table, stored):
    key = {"pk": S(unique()), "sk": S("s")}
    client.put_item(TableName=indexed_table, Item=key)
    client.put_item(TableName=indexed_table, Item={**key, "h": B(b"x")})
    assert stored(indexed_table, key) == {**key, "h": B(b"x")}


ENUMS = [
    case("ReturnValues", "ReturnValues", "X", "returnValues", "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
    case("ReturnConsumedCapacity", "ReturnConsumedCapacity", "X", "returnConsumedCapacity", "[INDEXES, TOTAL, NONE]"),
    case("ReturnItemCollectionMetrics", "ReturnItemCollectionMetrics", "X", "returnItemCollectionMetrics", "[SIZE, NONE]"),
    case("ReturnValuesOnConditionCheckFailure", "ReturnValuesOnConditionCheckFailure", "X",
         "returnValuesOnConditionCheckFailure", "[ALL_OLD, NONE]"),
    case("ConditionalOperator", "ConditionalOperator", "X", "conditionalOperator", "[OR, AND]"),
    case("lower case", "ReturnValues", "all_old", "returnValues", "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
    case("empty", "ReturnValues", "", "returnValues", "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"),
]
ITEM_OPERATIONS = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}


@pytest.mark.differs_from_dynamodb_local("checks enumerations in its own way")
@pytest.mark.parametrize("operation", ITEM_OPERATIONS)
@pytest.mark.parametrize("member, value, path, values", ENUMS)
def test_enumeration(raw, hash_table, operation, member, value, path, values):
    response = raw(operation, {"TableName": hash_table, ITEM_OPERATIONS[operation]: {"pk": S("x")}, member: value})
    invalid(response, f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
                      f"Member must satisfy enum value set: {values}")


@pytest.mark.differs_from_dynamodb_local("stops at the first error")
def test_all_constraint_errors_are_told_together(raw, hash_table):
    response = raw("PutItem", TableName=hash_table, ReturnValues="X", ReturnConsumedCapacity="Y")
    message = invalid(response).message
    assert message.startswith("3 validation errors detected: ")
    parts = message.removeprefix("3 validation errors detected: ").split("; ")
    assert sorted(parts) == sorted([
        "Value null at 'item' failed to satisfy constraint: Member must not be null",
        "Value 'X' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: "
        "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
        "Value 'Y' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: "
        "[INDEXES, TOTAL, NONE]",
    ])


MISSING = [
    case("PutItem", "PutItem", {}, "item"),
    case("GetItem", "GetItem", {}, "key"),
    case("UpdateItem", "UpdateItem", {}, "key"),
    case("DeleteItem", "DeleteItem", {}, "key"),
]


@pytest.mark.differs_from_dynamodb_local(LOCAL_WORDS)
@pytest.mark.parametrize("operation, params, path", MISSING)
def test_missing_member(raw, hash_table, operation, params, path):
    response = raw(operation, TableName=hash_table, **params)
    invalid(response, f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null")


@pytest.mark.parametrize("operation", ["PutItem", "GetItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize("name", [None, "", "ab", "a" * 256, "no blanks", "näme", "a/b"])
def test_table_name_refused(raw, operation, name):
    params = {"Item": {"pk": S("x")}, "Key": {"pk": S("x")}}
    if name is not None:
        params["TableName"] = name
    invalid(raw(operation, params))
