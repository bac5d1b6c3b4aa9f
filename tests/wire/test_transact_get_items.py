"""TransactGetItems: several items as of one instant."""

import pytest

from support.cases import case
from support.expect import NOT_FOUND, expect_error, invalid
from support.transact import NONE, REPEATED_TEXT, cancelled, get, invalid_reason
from support.values import L, M, N, S, unique

SCHEMA_TEXT = "The provided key element does not match the schema"


@pytest.fixture
def read(raw):
    return lambda *gets, **more: raw("TransactGetItems", TransactItems=list(gets), **more)


@pytest.fixture
def key():
    return {"pk": S(unique("transact-get"))}


def test_responses_by_position(client, hash_table, range_table, read, key):
    one = {**key, "n": N(1), "m": M(a=N(1), b=L(S("x"), S("y")))}
    two = {**key, "sk": S("s"), "n": N(2)}
    client.put_item(TableName=hash_table, Item=one)
    client.put_item(TableName=range_table, Item=two)
    reply = read(
        get(range_table, {**key, "sk": S("none")}),
        get(hash_table, key),
        get(range_table, {**key, "sk": S("s")}, ProjectionExpression="n"),
        get(hash_table, {"pk": S("none")}),
    ).ok()
    assert reply == {"Responses": [{}, {"Item": one}, {"Item": {"n": N(2)}}, {}]}


@pytest.mark.parametrize("projection, names, shown", [
    case("nested", "m.a, m.b[1]", None, {"m": M(a=N(1), b=L(S("y")))}),
    case("names", "#a, #b", {"#a": "n", "#b": "absent"}, {"n": N(1)}),
    case("nothing", "absent", None, {}),
])
def test_projections(client, hash_table, read, key, projection, names, shown):
    client.put_item(TableName=hash_table, Item={**key, "n": N(1), "m": M(a=N(1), b=L(S("x"), S("y")))})
    more = {"ExpressionAttributeNames": names} if names else {}
    assert read(get(hash_table, key, ProjectionExpression=projection, **more))["Responses"] == [{"Item": shown}]


@pytest.mark.differs_from_dynamodb_local("its texts are older, and it gives no reasons")
@pytest.mark.parametrize("wrong", [
    case("missing", {"a": S("x")}), case("wrong type", {"pk": N(1)}), case("no scalar", {"pk": L()}),
    case("another attribute", {"pk": S("x"), "a": S("x")}),
])
def test_keys_that_cancel(hash_table, read, key, wrong):
    cancelled(read(get(hash_table, key), get(hash_table, wrong)), NONE, invalid_reason(SCHEMA_TEXT))


def test_an_empty_key_fails_the_request(hash_table, read, key):
    invalid(
        read(get(hash_table, key), get(hash_table, {"pk": S("")})),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
        "value. Key: pk",
    )


def test_the_request(hash_table, read, key):
    invalid(read(get(hash_table, key), get(hash_table, key)), REPEATED_TEXT)
    expect_error(read(get(hash_table, key), get(unique("stator-wire-none"), key)), NOT_FOUND)
    invalid(read(get(hash_table, key, ProjectionExpression="a,")),
            'Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","')
    invalid(read(get(hash_table, key, ProjectionExpression="pk.a")),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk")
    invalid(read(get(hash_table, key, ExpressionAttributeNames={"#a": "b"})),
            "ExpressionAttributeNames can only be specified when using expressions")
    invalid(read(get(hash_table, key, ProjectionExpression="a", ExpressionAttributeNames={"#a": "b"})),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}")


@pytest.mark.differs_from_dynamodb_local("it has other texts")
@pytest.mark.parametrize("items, message", [
    case("none", [], "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"),
    case("no get", [{}], "1 validation error detected: Value null at 'transactItems.1.member.get' failed to satisfy "
         "constraint: Member must not be null"),
    case("no key", [{"Get": {"TableName": "abc"}}], "1 validation error detected: Value null at "
         "'transactItems.1.member.get.key' failed to satisfy constraint: Member must not be null"),
])
def test_constraints(raw, items, message):
    invalid(raw("TransactGetItems", TransactItems=items), message)


def test_a_hundred_items(client, range_table, read):
    pk = S(unique("many"))
    items = [{"pk": pk, "sk": S(f"{i:03}")} for i in range(101)]
    for start in range(0, 100, 25):
        client.batch_write_item(RequestItems={range_table: [{"PutRequest": {"Item": i}} for i in items[start:start + 25]]})
    gets = [get(range_table, item) for item in items]
    assert "Member must have length less than or equal to 100" in invalid(read(*gets)).message
    assert read(*gets[:100])["Responses"] == [{"Item": item} for item in items[:100]]


@pytest.mark.differs_from_dynamodb_local("it counts what is shown of the items")
def test_four_megabytes(client, hash_table, read):
    items = [{"pk": S(unique("large")), "a": S("x" * 390_000)} for _ in range(11)]
    for item in items:
        client.put_item(TableName=hash_table, Item=item)
    gets = [get(hash_table, {"pk": item["pk"]}, ProjectionExpression="pk") for item in items]
    invalid(read(*gets))
    assert read(*gets[:10])["Responses"] == [{"Item": {"pk": item["pk"]}} for item in items[:10]]
