"""Writes from many threads at once: none is lost, and a race has one winner."""

import concurrent.futures

import pytest

from support.expect import CONDITION_FAILED
from support.values import L, N, NS, S, unique

THREADS = 8


@pytest.fixture(scope="module")
def together():
    """Runs `work(i)` in THREADS threads and gives their results in order."""
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        yield lambda work, count=THREADS: list(pool.map(work, range(count)))


@pytest.fixture
def stored(client, hash_table):
    return lambda key: client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]


@pytest.mark.parametrize("expression", ["ADD n :v", "SET n = if_not_exists(n, :zero) + :v"], ids=["ADD", "SET"])
def test_no_increment_is_lost(raw, hash_table, together, stored, expression):
    key = {"pk": S(unique("counter"))}
    values = {":v": N(1), ":zero": N(0)} if ":zero" in expression else {":v": N(1)}

    def increment(_):
        seen = []
        for _ in range(40):
            reply = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression=expression, ReturnValues="UPDATED_NEW",
                        ExpressionAttributeValues=values).ok()
            seen.append(int(reply["Attributes"]["n"]["N"]))
        assert seen == sorted(seen), "expected each thread to see the counter grow"
        return seen

    seen = sorted(n for numbers in together(increment) for n in numbers)
    assert seen == list(range(1, THREADS * 40 + 1)), "expected each value to be returned exactly once"
    assert stored(key)["n"] == N(THREADS * 40)


def test_conditional_put_has_one_winner(raw, hash_table, together, stored):
    for _ in range(20):
        key = {"pk": S(unique("race"))}

        def put(i, key=key):
            return raw("PutItem", TableName=hash_table, Item={**key, "who": N(i)}, ConditionExpression="attribute_not_exists(pk)")

        responses = together(put)
        winners = [i for i, response in enumerate(responses) if response.status == 200]
        assert len(winners) == 1, f"expected one winner, got {winners}"
        assert {r.type for r in responses if r.status != 200} == {CONDITION_FAILED}
        assert stored(key)["who"] == N(winners[0])


def test_compare_and_set_loses_nothing(raw, hash_table, together, stored):
    key = {"pk": S(unique("version"))}
    raw("PutItem", TableName=hash_table, Item={**key, "version": N(0), "log": L()}).ok()

    def append(i):
        done = 0
        for _ in range(2000):
            if done == 5:
                return done
            item = raw("GetItem", TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
            version = int(item["version"]["N"])
            response = raw(
                "PutItem", TableName=hash_table, Item={**key, "version": N(version + 1), "log": L(*item["log"]["L"], N(i))},
                ConditionExpression="version = :v", ExpressionAttributeValues={":v": N(version)},
            )
            done += response.status == 200
        raise AssertionError("no progress")

    assert sum(together(append)) == 5 * THREADS
    item = stored(key)
    assert item["version"] == N(5 * THREADS)
    assert sorted(int(n["N"]) for n in item["log"]["L"]) == sorted(list(range(THREADS)) * 5)


def test_set_additions_are_all_there(raw, hash_table, together, stored):
    key = {"pk": S(unique("set"))}

    def add(i):
        for j in range(20):
            raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="ADD ns :v",
                ExpressionAttributeValues={":v": NS(i * 100 + j)}).ok()

    together(add)
    assert sorted(map(int, stored(key)["ns"]["NS"])) == sorted(i * 100 + j for i in range(THREADS) for j in range(20))


@pytest.mark.differs_from_dynamodb_local("returns one deleted item to several threads")
def test_each_delete_is_seen_once(raw, client, hash_table, together):
    keys = [{"pk": S(unique("delete"))} for _ in range(30)]
    for key in keys:
        client.put_item(TableName=hash_table, Item=key)

    def delete(_):
        return sum("Attributes" in raw("DeleteItem", TableName=hash_table, Key=key, ReturnValues="ALL_OLD").ok() for key in keys)

    assert sum(together(delete)) == len(keys)


def test_readers_see_whole_items(raw, hash_table, together):
    key = {"pk": S(unique("whole"))}
    raw("PutItem", TableName=hash_table, Item={**key, "a": N(0), "b": N(0)}).ok()

    def work(i):
        for j in range(40):
            if i % 2:
                raw("PutItem", TableName=hash_table, Item={**key, "a": N(i * 100 + j), "b": N(i * 100 + j)}).ok()
            else:
                item = raw("GetItem", TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
                assert item["a"] == item["b"], f"expected one version of the item, got {item}"

    together(work)


def test_a_write_is_read_at_once(raw, hash_table, together):
    def work(i):
        key = {"pk": S(unique("own"))}
        for j in range(40):
            raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET v = :v",
                ExpressionAttributeValues={":v": N(j)}).ok()
            assert raw("GetItem", TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["v"] == N(j)

    together(work)
