"""kill -9 while items expire, and while time to live is being turned on: due items go, the others stay."""

import threading
import time

import pytest

from server import GONE

TABLE = "expiring"
ITEMS = 3000
SECONDS_MAX = 60


def create(server):
    client = server.client()
    client("CreateTable", TableName=TABLE, BillingMode="PAY_PER_REQUEST",
           AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")],
           KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
           GlobalSecondaryIndexes=[{"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                    "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    client.close()


def put(server, offset):
    """Every other item is due at once, the others much later. Returns the keys of those that stay."""
    client = server.client()
    now = int(time.time())
    for first in range(offset, offset + ITEMS, 25):
        items = [{"pk": {"S": f"p{i}"}, "g": {"S": f"g{i}"}, "expires": {"N": str(now - 5 if i % 2 else now + 10000)}}
                 for i in range(first, first + 25)]
        client("BatchWriteItem", RequestItems={TABLE: [{"PutRequest": {"Item": item}} for item in items]})
    client.close()
    return {f"p{i}" for i in range(offset, offset + ITEMS, 2)}


def switch(server, on):
    client = server.client()
    client("UpdateTimeToLive", TableName=TABLE, TimeToLiveSpecification={"Enabled": on, "AttributeName": "expires"})
    client.close()


def keys(server, **where):
    client, found, more = server.client(), set(), {}
    while True:
        page = client("Scan", TableName=TABLE, **where, **more)
        found |= {item["pk"]["S"] for item in page["Items"]}
        if "LastEvaluatedKey" not in page:
            client.close()
            return found
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def await_keys(server, wanted):
    deadline = time.monotonic() + SECONDS_MAX
    for where in ({}, {"IndexName": "gsi"}):
        found = keys(server, **where)
        while found != wanted and time.monotonic() < deadline:
            assert found >= wanted, f"{len(wanted - found)} items that are not due are gone"
            threading.Event().wait(0.05)
            found = keys(server, **where)
        assert found == wanted, f"{len(found - wanted)} due items are still there, {where}"


@pytest.mark.parametrize("shards", [1, 4])
def test_kill_9_while_items_expire(launch, tmp_path, rng, rounds, shards):
    server = launch(tmp_path / "data", shards=shards).wait_ready()
    create(server)
    switch(server, True)
    stay = set()
    for n in range(rounds):
        stay |= put(server, n * ITEMS)
        time.sleep(rng.uniform(0.0, 0.5))
        server.kill()
        server = launch(tmp_path / "data", shards=shards).wait_ready()
        if n % 2:
            await_keys(server, stay)
    await_keys(server, stay)
    assert server.stop() == 0, server.output


@pytest.mark.parametrize("shards", [1, 4])
def test_kill_9_while_it_is_switched_on(launch, tmp_path, rng, rounds, shards):
    server = launch(tmp_path / "data", shards=shards).wait_ready()
    create(server)
    stay = put(server, 0) | put(server, ITEMS)
    for n in range(rounds):
        try:
            switch(server, n % 2 == 0)
            time.sleep(rng.uniform(0.0, 0.1))
        except GONE:
            pytest.fail(server.output)
        server.kill()
        server = launch(tmp_path / "data", shards=shards).wait_ready()
    if rounds % 2 == 0:
        switch(server, True)
    await_keys(server, stay)
    assert server.stop() == 0, server.output
    server = launch(tmp_path / "data", shards=None).wait_ready()
    await_keys(server, stay)
    assert server.stop() == 0, server.output
