"""kill -9 while an index is filled or removed: after the next start it goes on, and ends up equal to the table."""

from __future__ import annotations

import random
import threading
import time

import pytest

from server import GONE, Refused

TABLE = "indexed"
INDEX = "by-group"
ITEMS = 5000
GROUPS = 20
SETTLED_SECONDS_MAX = 60
CREATE = {
    "TableName": TABLE,
    "AttributeDefinitions": [{"AttributeName": "group", "AttributeType": "S"}],
    "GlobalSecondaryIndexUpdates": [
        {
            "Create": {
                "IndexName": INDEX,
                "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        }
    ],
}
DELETE = {"TableName": TABLE, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": INDEX}}]}


def some_item(number, rng):
    """A tenth has no group, and a tenth one that the index cannot take."""
    kind = rng.randrange(10)
    item = {"pk": {"S": str(number)}, "text": {"S": "x" * rng.randrange(200)}}
    if kind > 0:
        item["group"] = {"N": "1"} if kind == 1 else {"S": f"group {rng.randrange(GROUPS)}"}
    return item


def fill(server, rng):
    client = server.client()
    client(
        "CreateTable",
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    for first in range(0, ITEMS, 25):
        requests = [{"PutRequest": {"Item": some_item(n, rng)}} for n in range(first, first + 25)]
        assert client("BatchWriteItem", RequestItems={TABLE: requests})["UnprocessedItems"] == {}
    client.close()


class Writers:
    """Puts and deletes until the server is gone."""

    def __init__(self, server, count, seed):
        self.failure = None
        self.threads = [threading.Thread(target=self._run, args=(server, f"{seed} {n}")) for n in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self, server, seed):
        rng = random.Random(seed)
        client = server.client()
        try:
            while True:
                self._write(client, rng)
        except GONE:
            pass
        except BaseException as error:  # pylint: disable=broad-except # reported by join
            self.failure = error
        finally:
            client.close()

    def _write(self, client, rng):
        item = some_item(rng.randrange(ITEMS), rng)
        try:
            if rng.random() < 0.2:
                client("DeleteItem", TableName=TABLE, Key={"pk": item["pk"]})
            else:
                client("PutItem", TableName=TABLE, Item=item)
        except Refused as error:
            # From the moment there is an index, it refuses what it cannot take.
            if error.code != "ValidationException" or "group" not in item or "N" not in item["group"]:
                raise

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.failure is not None:
            raise self.failure


def index_status(client):
    for index in client("DescribeTable", TableName=TABLE)["Table"].get("GlobalSecondaryIndexes", []):
        return index["IndexStatus"]
    return None


def wait_for(client, status):
    """Waits until the index has the status, or is gone (None)."""
    deadline = time.monotonic() + SETTLED_SECONDS_MAX
    while (seen := index_status(client)) != status:
        assert time.monotonic() < deadline, f"the index is {seen}, not {status}"
        time.sleep(0.01)


def verify_index(server):
    """Of a server that nobody writes to."""
    client = server.client()
    wait_for(client, "ACTIVE")
    expected = {i["pk"]["S"]: i for i in client.pages("Scan", TableName=TABLE) if "S" in i.get("group", {})}
    assert expected, "the table is empty"
    deadline = time.monotonic() + SETTLED_SECONDS_MAX
    while (rows := read_index(client)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    different = [k for k in sorted(set(rows) | set(expected)) if rows.get(k) != expected.get(k)]
    assert not different, f"{len(different)} keys differ: " + "\n".join(
        f"{k}: index has {rows.get(k)}, table says {expected.get(k)}" for k in different[:5]
    )
    client.close()


def read_index(client):
    rows = {}
    for item in client.pages("Scan", TableName=TABLE, IndexName=INDEX):
        assert item["pk"]["S"] not in rows, f"the index has {item['pk']['S']} twice"
        rows[item["pk"]["S"]] = item
    return rows


@pytest.mark.parametrize("shards", [1, 4])
def test_kill_9_while_an_index_is_filled_or_removed(launch, tmp_path, rng, rounds, shards):
    server = launch(tmp_path / "data", shards=shards).wait_ready()
    fill(server, rng)
    interrupted = 0
    for number in range(2 * rounds):
        writers = Writers(server, 3, rng.random())
        client = server.client()
        creates = index_status(client) is None
        client("UpdateTable", **(CREATE if creates else DELETE))
        time.sleep(rng.uniform(0.0, 0.3) if creates else rng.uniform(0.0, 0.01))
        status = index_status(client)
        client.close()
        server.kill()
        writers.join()
        interrupted += status in ("CREATING", "DELETING")
        server = launch(tmp_path / "data", shards=shards).wait_ready()
        if creates:
            verify_index(server)
        else:
            client = server.client()
            wait_for(client, None)
            assert [a["AttributeName"] for a in client("DescribeTable", TableName=TABLE)["Table"]["AttributeDefinitions"]] == ["pk"]
            client.close()
    assert interrupted > 0, "no kill came while the index was changing"
    assert server.stop() == 0, server.output


# Where the process ends by itself, in the middle of the work of a shard's writer (src/base/fault.h).
FAULTS = ("shard.before_commit", "shard.after_commit", "outbox.before_delivery", "outbox.after_delivery")


@pytest.mark.parametrize("fault", FAULTS)
def test_death_at_a_fault_point_while_an_index_is_filled(launch, tmp_path, rng, fault):
    server = launch(tmp_path / "data", shards=4).wait_ready()
    fill(server, rng)
    for count in (rng.randrange(8, 16), rng.randrange(16, 32)):
        assert server.stop() == 0, server.output
        server = launch(tmp_path / "data", shards=4, env={"STATOR_FAULT": f"{fault}:{count}"})
        if server.ready_or_ended():
            writers = Writers(server, 2, rng.random())
            try:
                client = server.client()
                if index_status(client) is None:
                    client("UpdateTable", **CREATE)
            except GONE:
                pass
            writers.join()
        assert server.wait_end() == -9, f"{fault}:{count} did not fire:\n{server.output}"
        server = launch(tmp_path / "data", shards=4).wait_ready()
        client = server.client()
        if index_status(client) is None:  # it died before the index was asked for
            client("UpdateTable", **CREATE)
        client.close()
        verify_index(server)
        client = server.client()
        client("UpdateTable", **DELETE)
        wait_for(client, None)
        client.close()
    assert server.stop() == 0, server.output
