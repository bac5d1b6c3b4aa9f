"""ClientRequestToken: a transaction that is sent again is done once."""

import concurrent.futures

import pytest

from support.cases import case
from support.expect import DYNAMODB, expect_error, invalid
from support.transact import CONDITION, cancelled, delete, put, update
from support.values import N, S, unique

MISMATCH = DYNAMODB + "IdempotentParameterMismatchException"
IN_PROGRESS = DYNAMODB + "TransactionInProgressException"


@pytest.fixture
def write(raw):
    return lambda *actions, **more: raw("TransactWriteItems", TransactItems=list(actions), **more)


@pytest.fixture
def key():
    return {"pk": S(unique("token"))}


@pytest.fixture
def stored(client, hash_table):
    return lambda key: client.get_item(TableName=hash_table, Key=key, ConsistentRead=True).get("Item")


def test_a_repetition_does_nothing(hash_table, write, stored, key):
    token = unique("t")
    action = update(hash_table, key, "ADD n :one", {":one": N(1)})
    for _ in range(3):
        assert write(action, ClientRequestToken=token).ok() == {}
    assert stored(key)["n"] == N(1)
    write(action, ClientRequestToken=unique("t")).ok()
    write(action).ok()
    assert stored(key)["n"] == N(3)


def test_a_repetition_of_what_would_fail_now(hash_table, write, stored, key):
    token = unique("t")
    action = put(hash_table, {**key, "n": N(1)}, ConditionExpression="attribute_not_exists(pk)")
    write(action, ClientRequestToken=token).ok()
    write(action, ClientRequestToken=token).ok()
    cancelled(write(action), CONDITION)


def test_a_cancelled_transaction_leaves_no_token(client, hash_table, write, stored, key):
    token = unique("t")
    action = put(hash_table, {**key, "n": N(1)}, ConditionExpression="attribute_not_exists(pk)")
    client.put_item(TableName=hash_table, Item=key)
    cancelled(write(action, ClientRequestToken=token), CONDITION)
    client.delete_item(TableName=hash_table, Key=key)
    write(action, ClientRequestToken=token).ok()
    assert stored(key)["n"] == N(1)


@pytest.mark.parametrize("other", [
    case("value", lambda table, key: put(table, {**key, "n": N(2), "a": S("x")})),
    case("another attribute", lambda table, key: put(table, {**key, "n": N(1), "a": S("x"), "b": S("x")})),
    case("condition", lambda table, key: put(table, {**key, "n": N(1), "a": S("x")},
                                             ConditionExpression="attribute_not_exists(z)")),
    case("kind", delete),
])
def test_another_payload(hash_table, write, stored, key, other):
    token = unique("t")
    item = {**key, "n": N(1), "a": S("x")}
    write(put(hash_table, item), ClientRequestToken=token).ok()
    expect_error(write(other(hash_table, key), ClientRequestToken=token), MISMATCH)
    expect_error(
        write(put(hash_table, item), put(hash_table, {"pk": S(unique("token"))}), ClientRequestToken=token), MISMATCH)
    assert stored(key) == item


def test_the_order_of_members_does_not_count(raw, hash_table, key):
    token = unique("t")
    pk, table = key["pk"]["S"], hash_table
    bodies = [
        f'{{"ClientRequestToken":"{token}","TransactItems":[{{"Put":{{"TableName":"{table}",'
        f'"Item":{{"pk":{{"S":"{pk}"}},"m":{{"M":{{"a":{{"N":"1"}},"b":{{"S":"x"}}}}}}}}}}}}]}}',
        f'{{"ReturnConsumedCapacity":"TOTAL","TransactItems":[{{"Put":{{"Item":{{"m":{{"M":{{"b":{{"S":"x"}},'
        f'"a":{{"N":"1"}}}}}},"pk":{{"S":"{pk}"}}}},"TableName":"{table}"}}}}],"ClientRequestToken":"{token}"}}',
    ]
    assert raw.send("DynamoDB_20120810.TransactWriteItems", bodies[0]).ok() == {}
    reply = raw.send("DynamoDB_20120810.TransactWriteItems", bodies[1]).ok()
    assert reply["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2.0


def test_length(hash_table, write, key):
    write(put(hash_table, key), ClientRequestToken=unique("t").ljust(36, "x")).ok()
    assert "'clientRequestToken'" in invalid(write(put(hash_table, key), ClientRequestToken="x" * 37)).message


@pytest.mark.differs_from_dynamodb_local("its numbers are of its own kind")
def test_what_a_repetition_costs(client, hash_table, write, key):
    """A transactional read of what the first one wrote, also when that is gone."""
    token = unique("t")
    client.put_item(TableName=hash_table, Item={**key, "a": S("x" * 9000)})
    actions = [delete(hash_table, key), put(hash_table, {"pk": S(unique("token")), "a": S("x" * 5000)})]
    assert write(*actions, ClientRequestToken=token).ok() == {}
    reply = write(*actions, ClientRequestToken=token, ReturnConsumedCapacity="INDEXES")
    units = {"CapacityUnits": 10.0, "ReadCapacityUnits": 10.0}
    assert reply["ConsumedCapacity"] == [{"TableName": hash_table, **units, "Table": units}]
    reply = write(*actions, ClientRequestToken=token, ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": hash_table, **units}]


@pytest.mark.differs_from_dynamodb_local("it does both")
def test_at_the_same_time(raw, write, hash_table, stored):
    """Of several with one token one is done; the others are told so, or that it is under way."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            keys = [{"pk": S(unique("token"))} for _ in range(4)]
            actions = [update(hash_table, key, "ADD n :one", {":one": N(1)}) for key in keys]
            token = unique("t")
            replies = list(pool.map(lambda _, a=actions, t=token: write(*a, ClientRequestToken=t), range(8)))
            assert {r.type for r in replies} <= {None, IN_PROGRESS}
            assert any(r.status == 200 for r in replies)
            assert [stored(key)["n"] for key in keys] == [N(1)] * 4
