"""Transactions beside each other and beside other requests: money is neither made nor lost, nobody sees half of a
transfer, and no addition is lost."""

import concurrent.futures
import random
import threading

import pytest

from support.expect import DYNAMODB, eventually
from support.tables import index, spec
from support.transact import CANCELLED, get, put, update
from support.values import N, S, unique

ACCOUNTS = 12
EACH = 100
WRITERS = 4
TRANSFERS = 300
CONFLICT = DYNAMODB + "TransactionConflictException"

pytestmark = pytest.mark.differs_from_dynamodb_local("a test of speed and isolation, which it has little of")


@pytest.fixture(scope="module")
def accounts(client, tables):
    table = tables.create(spec("pk", gsi=[index("by_bank", "bank", "pk")]))
    keys = [{"pk": S(unique("account"))} for _ in range(ACCOUNTS)]
    for key in keys:
        client.put_item(TableName=table, Item={**key, "n": N(EACH), "bank": S("b")})
    return table, keys


def was_in_conflict(response):
    """True if it may be tried again: it was cancelled, but only because of conflicts."""
    if response.status == 200:
        return False
    assert response.type in (CANCELLED, CONFLICT), f"got {response.status} {response.body!r}"
    codes = {reason["Code"] for reason in response.json.get("CancellationReasons", [{"Code": "TransactionConflict"}])}
    assert "TransactionConflict" in codes and codes <= {"None", "TransactionConflict"}, f"got {response.body!r}"
    return True


def persist(attempt):
    """Tries until there is no conflict. Gives the number of conflicts."""
    for conflicts in range(10_000):
        if not was_in_conflict(attempt()):
            return conflicts
    raise AssertionError("no progress")


def run_all(*works):
    with concurrent.futures.ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(work) for work in works]:
            future.result()


def test_transfers_keep_the_sum(raw, accounts):
    table, keys = accounts
    stop = threading.Event()
    sums = []

    def transfer(seed):
        rng = random.Random(seed)
        for _ in range(TRANSFERS):
            chosen = rng.sample(keys, 3)
            amounts = [rng.randrange(1, 5), rng.randrange(1, 5)]
            amounts.append(-sum(amounts))
            items = [update(table, key, "ADD n :v", {":v": N(amount)}) for key, amount in zip(chosen, amounts)]
            persist(lambda i=items: raw("TransactWriteItems", TransactItems=i))

    def watch():
        gets = [get(table, key) for key in keys]
        while not stop.is_set():
            response = raw("TransactGetItems", TransactItems=gets)
            if not was_in_conflict(response):
                sums.append(sum(int(entry["Item"]["n"]["N"]) for entry in response["Responses"]))

    def write_all():
        try:
            run_all(*[lambda s=seed: transfer(s) for seed in range(WRITERS)])
        finally:
            stop.set()

    run_all(write_all, watch, watch)
    last = raw("TransactGetItems", TransactItems=[get(table, key) for key in keys])["Responses"]
    assert sum(int(entry["Item"]["n"]["N"]) for entry in last) == ACCOUNTS * EACH
    assert sums and set(sums) == {ACCOUNTS * EACH}, f"sums seen: {sorted(set(sums))} in {len(sums)} readings"


def test_no_addition_is_lost(raw, hash_table):
    """Counters in transactions, and the same counters in single updates meanwhile."""
    keys = [{"pk": S(unique("counter"))} for _ in range(4)]

    def together():
        for _ in range(100):
            persist(lambda: raw("TransactWriteItems", TransactItems=[
                update(hash_table, key, "ADD n :v", {":v": N(1)}) for key in keys]))

    def alone():
        for i in range(200):
            persist(lambda k=keys[i % 4]: raw(
                "UpdateItem", TableName=hash_table, Key=k, UpdateExpression="ADD m :v", ExpressionAttributeValues={":v": N(1)}))

    run_all(together, together, together, alone, alone)
    for key in keys:
        item = raw("GetItem", TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
        assert item == {**key, "n": N(300), "m": N(100)}


def test_one_of_several_wins(raw, hash_table):
    """All claim the same items under a condition: one gets all of them, the others none."""
    for _ in range(20):
        keys = [{"pk": S(unique("claim"))} for _ in range(5)]

        def claim(who, wanted=keys):
            order = random.Random(who).sample(wanted, len(wanted))
            return raw("TransactWriteItems", TransactItems=[
                put(hash_table, {**key, "who": N(who)}, ConditionExpression="attribute_not_exists(pk)") for key in order])

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(claim, range(6)))
        winners = [who for who, reply in enumerate(replies) if reply.status == 200]
        assert {reply.type for reply in replies} <= {None, CANCELLED}
        assert len(winners) <= 1, f"{winners} claimed the same items"
        found = raw("TransactGetItems", TransactItems=[get(hash_table, key) for key in keys])["Responses"]
        expected = [{"Item": {**key, "who": N(winners[0])}} if winners else {} for key in keys]
        assert found == expected


def test_index_after_transfers(client, raw, accounts):
    """Whatever the transactions did, the index says what the table says in the end."""
    table, keys = accounts

    def move(seed):
        rng = random.Random(seed)
        for i in range(30):
            bank = S(f"bank{i % 3}")
            items = [update(table, key, "SET bank = :b", {":b": bank}) for key in rng.sample(keys, 4)]
            persist(lambda i=items: raw("TransactWriteItems", TransactItems=i))

    run_all(*[lambda s=seed: move(s) for seed in range(3)])
    rows = sorted(client.scan(TableName=table)["Items"], key=lambda item: item["pk"]["S"])
    def in_index():
        return sorted(client.scan(TableName=table, IndexName="by_bank")["Items"], key=lambda item: item["pk"]["S"])

    eventually(in_index, lambda found: found == rows)
