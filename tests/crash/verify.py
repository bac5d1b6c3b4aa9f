"""Compares what a server holds with what the load knows, and the indexes with the table."""

from __future__ import annotations

import time

from item_collections import verify_collections
from load import CLAIM_PK, COUNTER, DOOMED_PK, SHARED, TABLE, key_of, wire_key

EXPIRY_SECONDS_MAX = 20
INDEX_SECONDS_MAX = 20  # a global index follows its table, it is not one with it


def plain(item):
    """An item in a form that compares equal: sets have no order."""
    if item is None:
        return None
    return {name: {"SS": sorted(value["SS"])} if "SS" in value else value for name, value in item.items()}


def describe(item):
    if item is None:
        return "no item"
    return {name: value if len(str(value)) < 80 else f"{str(value)[:60]}… ({len(str(value))})" for name, value in item.items()}


def read_table(client):
    found = {}
    for item in client.pages("Scan", TableName=TABLE, ConsistentRead=True):
        key = key_of(item)
        assert key not in found, f"Scan gave {key} twice"
        found[key] = plain(item)
    return found


def verify(load, server, global_index=True):
    """Everything acknowledged is there, nothing else is; and settles what was uncertain.

    global_index=False: the server cannot write, so rows of the global index may still be on their way."""
    client = server.client()
    found = read_table(client)
    if load.workers[0].is_mixed:
        found = await_expired(client, found)
    known = set()
    for worker in load.workers:
        verify_transactions(worker, found)
        for key in worker.keys:
            known.add(key)
            state = found.get(key)
            if key in worker.possible:
                allowed = worker.possible.pop(key)
            else:
                allowed = (worker.certain.get(key),)
            assert any(state == plain(a) for a in allowed), (
                f"{key} is\n  {describe(state)}\nand must be\n  " + "\n  or ".join(str(describe(a)) for a in allowed)
            )
            worker.remember(key, state)
    for key in found:
        assert key in known or key[0] in SHARED, f"{key} was never written: {describe(found[key])}"
    verify_counter(load, found)
    verify_claims(load, found)
    verify_reads(load, found, client)
    verify_local_index(found, client)
    if global_index:
        verify_global_index(found, client)
    if server.collection_bytes_max is not None:
        verify_collections(found, client, server.collection_bytes_max)
    client.close()


def await_expired(client, found):
    """What was to expire before it was written must go."""
    deadline = time.monotonic() + EXPIRY_SECONDS_MAX
    while any(key[0] == DOOMED_PK for key in found):
        assert time.monotonic() < deadline, f"items do not expire: {[key for key in found if key[0] == DOOMED_PK]}"
        time.sleep(0.1)
        found = read_table(client)
    return found


def verify_transactions(worker, found):
    """Those that were never answered are wholly done or not at all."""
    for states in worker.unanswered:
        sides = [tuple(found.get(key) == plain(state) for state in both) for key, both in states.items()]
        assert all(old for old, _ in sides) or all(new for _, new in sides), (
            "a transaction is half done: "
            + "; ".join(f"{key} {describe(found.get(key))}, (before, after): {s}" for key, s in zip(states, sides))
        )
    worker.unanswered.clear()


def verify_counter(load, found):
    least = sum(w.counted for w in load.workers)
    most = least + sum(w.maybe_counted for w in load.workers)
    value = int(found.get(COUNTER, {}).get("hits", {"N": "0"})["N"])
    assert least <= value <= most, f"the counter is {value}; {least} additions were acknowledged, {most} were sent"
    load.workers[0].counted += value - least
    for worker in load.workers:
        worker.maybe_counted = 0


def verify_claims(load, found):
    owners = {key[1]: int(item["owner"]["N"]) for key, item in found.items() if key[0] == CLAIM_PK}
    for worker in load.workers:
        for number in worker.claimed:
            assert owners.get(number) == worker.number, (
                f"claim {number} was given to worker {worker.number} and now belongs to {owners.get(number)}"
            )
    for number, owner in owners.items():
        worker = load.workers[owner]
        assert number in worker.claimed | worker.maybe_claimed, f"claim {number} was never given to worker {owner}"
        worker.claimed.add(number)
    for worker in load.workers:
        worker.maybe_claimed.clear()


def verify_reads(load, found, client):
    """Point reads and a query say the same as the scan."""
    for worker in load.workers:
        for key in worker.keys[::17]:
            reply = client("GetItem", TableName=TABLE, Key=wire_key(key), ConsistentRead=True)
            assert plain(reply.get("Item")) == found.get(key), f"GetItem and Scan disagree about {key}"
        pk = worker.keys[0][0]
        rows = list(
            client.pages(
                "Query",
                TableName=TABLE,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
                Limit=5,
            )
        )
        expected = [found[key] for key in sorted(found) if key[0] == pk]
        assert [plain(row) for row in rows] == expected, f"Query and Scan disagree about {pk}"


def expected_local(found):
    names = ("pk", "sk", "lsk", "version")
    return {key: {n: item[n] for n in names if n in item} for key, item in found.items() if "lsk" in item}


def expected_global(found):
    return {key: item for key, item in found.items() if "gpk" in item and "gsk" in item}


class Repeated(AssertionError):
    """An index has a row twice."""


def read_index(client, name):
    rows = {}
    for item in client.pages("Scan", TableName=TABLE, IndexName=name):
        key = key_of(item)
        if key in rows:
            raise Repeated(f"index {name} has {key} twice")
        rows[key] = plain(item)
    return rows


def await_index(client, name, expected):
    """The rows of a global index, once they are as expected or time is up. Until then a row that moves from one shard
    to another may be seen on both."""
    deadline = time.monotonic() + INDEX_SECONDS_MAX
    while True:
        try:
            rows = read_index(client, name)
            if rows == expected or time.monotonic() > deadline:
                return rows
        except Repeated:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def difference(rows, expected):
    lines = []
    for key in sorted(set(rows) | set(expected)):
        if rows.get(key) != expected.get(key):
            lines.append(f"{key}: index has {describe(rows.get(key))}, table says {describe(expected.get(key))}")
    return "\n".join(lines[:10])


def verify_local_index(found, client):
    rows, expected = read_index(client, "local"), expected_local(found)
    assert rows == expected, "the local index differs from the table:\n" + difference(rows, expected)


def verify_global_index(found, client):
    expected = expected_global(found)
    rows = await_index(client, "global", expected)
    assert rows == expected, "the global index differs from the table:\n" + difference(rows, expected)

    groups = {item["gpk"]["S"] for item in expected.values()}
    for group in sorted(groups)[:5]:
        queried = client.pages(
            "Query",
            TableName=TABLE,
            IndexName="global",
            KeyConditionExpression="gpk = :g",
            ExpressionAttributeValues={":g": {"S": group}},
        )
        sort_keys = [int(row["gsk"]["N"]) for row in queried]
        assert sort_keys == sorted(int(i["gsk"]["N"]) for i in expected.values() if i["gpk"]["S"] == group)
