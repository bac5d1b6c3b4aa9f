"""Indexes and pages under concurrent writes: in the end each index is the projection of the table; a page walk sees
every item that nobody touches exactly once."""

from __future__ import annotations

import random
import threading

import pytest

from support.expect import eventually
from support.reading import of_partition, pages, put_all, read_all
from support.tables import index, spec
from support.values import N, S, normal, unique

WRITERS = 6
WRITES = 250
KEYS = [f"k{i}" for i in range(10)]
GROUPS = [f"g{i}" for i in range(4)]


class Crowd:
    """Threads that run `work(generator)` and report the first failure."""

    def __init__(self, count, work):
        self.failures = []

        def run(seed):
            try:
                work(random.Random(seed))
            except Exception as error:  # noqa: BLE001  (reported in join)
                self.failures.append(error)

        self.threads = [threading.Thread(target=run, args=(seed,)) for seed in range(count)]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


@pytest.fixture(scope="module")
def contended(tables, raw):
    """A table that several clients wrote to at once, always the same few items, whose index keys kept moving."""
    table = tables.create(
        spec("pk", "sk", lsi=[index("by_l", "pk", "l", ["v"])], gsi=[index("by_g", "g", "r"), index("keys", "g", projection="KEYS_ONLY")]),
        label="contended",
    )

    def work(generator):
        for n in range(WRITES):
            key = {"pk": S(generator.choice(KEYS)), "sk": S(generator.choice("ab"))}
            values = {"g": S(generator.choice(GROUPS)), "r": S(str(generator.randrange(5))), "l": S(generator.choice("xyz")), "v": N(n)}
            kind = generator.random()
            if kind < 0.35:
                raw("PutItem", TableName=table, Item={**key, **{k: v for k, v in values.items() if generator.random() < 0.8}}).ok()
            elif kind < 0.5:
                raw("DeleteItem", TableName=table, Key=key).ok()
            elif kind < 0.9:
                raw("UpdateItem", TableName=table, Key=key, UpdateExpression="SET g = :g, l = :l, v = :v REMOVE r" if kind < 0.6 else "SET g = :g, r = :r, l = :l, v = :v",
                    ExpressionAttributeValues={f":{k}": v for k, v in values.items() if k != "r" or kind >= 0.6}).ok()  # fmt: skip
            else:
                batch = {generator.choice(KEYS) for _ in range(5)}
                raw("BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": {"pk": S(k), "sk": S("a"), **values}}} for k in batch]}).ok()

    Crowd(WRITERS, work).join()
    return table


def by_key(items):
    return sorted((normal(i) for i in items), key=lambda i: (i["pk"]["S"], i["sk"]["S"]))


@pytest.mark.parametrize(
    "name, needs, shown",
    [("by_l", ("l",), ("pk", "sk", "l", "v")), ("by_g", ("g", "r"), None), ("keys", ("g",), ("pk", "sk", "g"))],
)
def test_index_is_the_projection_of_the_table(raw, contended, name, needs, shown):
    rows = read_all(raw, "Scan", TableName=contended, ConsistentRead=True)
    assert rows
    want = by_key({k: v for k, v in i.items() if shown is None or k in shown} for i in rows if all(n in i for n in needs))
    eventually(lambda: by_key(read_all(raw, "Scan", TableName=contended, IndexName=name)), lambda got: got == want)
    if name != "by_l":
        found = [i for g in GROUPS for i in read_all(raw, "Query", TableName=contended, IndexName=name, **of_partition(S(g), "g"))]
        assert by_key(found) == want


def test_one_counter_one_index_entry(raw, tables):
    """Each step of a counter moves its index entry; at no time are there two, and in the end it is at the sum."""
    table = tables.create(spec("pk", gsi=[index("by_n", "kind", "n")], types={"n": "N"}), label="counter")
    raw("PutItem", TableName=table, Item={"pk": S("c"), "kind": S("k"), "n": N(0)}).ok()

    def work(generator):
        for _ in range(100):
            raw("UpdateItem", TableName=table, Key={"pk": S("c")}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": N(1)}).ok()

    Crowd(4, work).join()
    rows = eventually(lambda: raw("Query", TableName=table, IndexName="by_n", **of_partition(S("k"), "kind"))["Items"],
                      lambda got: [i["n"] for i in got] == [N(400)])  # fmt: skip
    assert rows == [{"pk": S("c"), "kind": S("k"), "n": N(400)}]


def test_local_index_reads_its_own_writes(raw, tables):
    """A consistent read of a local index sees a write as soon as it was answered."""
    table = tables.create(spec("pk", "sk", lsi=[index("by_l", "pk", "l")]), label="own")

    def work(generator):
        mine = S(unique("mine"))
        for n in range(60):
            raw("PutItem", TableName=table, Item={"pk": mine, "sk": S("s"), "l": S(f"{n:03}")}).ok()
            reply = raw("Query", TableName=table, IndexName="by_l", ConsistentRead=True, **of_partition(mine))
            assert [i["l"] for i in reply["Items"]] == [S(f"{n:03}")]

    Crowd(4, work).join()


@pytest.mark.parametrize("segments", [1, 3])
def test_scan_sees_what_stays_once(raw, tables, segments):
    """While other items come, go and change, each item that stays is seen exactly once."""
    table = tables.create(spec("pk"), label="moving")
    staying = [f"stays{i}" for i in range(200)]
    put_all(raw, table, [{"pk": S(s)} for s in staying])
    done = threading.Event()

    def write(generator):
        while not done.is_set():
            name = S(f"moves{generator.randrange(500)}")
            if generator.random() < 0.6:
                raw("PutItem", TableName=table, Item={"pk": name, "v": N(generator.randrange(100))}).ok()
            else:
                raw("DeleteItem", TableName=table, Key={"pk": name}).ok()
            raw("UpdateItem", TableName=table, Key={"pk": S(generator.choice(staying))}, UpdateExpression="ADD n :n",
                ExpressionAttributeValues={":n": N(1)}).ok()  # fmt: skip

    crowd = Crowd(3, write)
    try:
        for limit in (1, 7, 50):
            seen = []
            for segment in range(segments):
                more = {"Segment": segment, "TotalSegments": segments} if segments > 1 else {}
                for page in pages(raw, "Scan", TableName=table, Limit=limit, ConsistentRead=True, **more):
                    assert page["Count"] == len(page["Items"]) <= limit
                    seen += [i["pk"]["S"] for i in page["Items"]]
            assert sorted(s for s in seen if s.startswith("stays")) == sorted(staying)
            assert len(seen) == len(set(seen)), "keys do not move, so nothing is seen twice"
    finally:
        done.set()
        crowd.join()


def test_query_pages_while_items_change(raw, range_table):
    partition = S(unique("pages"))
    put_all(raw, range_table, [{"pk": partition, "sk": S(f"{i:03}"), "n": N(0)} for i in range(0, 300, 2)])
    done = threading.Event()

    def write(generator):
        while not done.is_set():
            key = {"pk": partition, "sk": S(f"{generator.randrange(150) * 2 + 1:03}")}
            raw("PutItem", TableName=range_table, Item=key).ok()
            raw("DeleteItem", TableName=range_table, Key=key).ok()

    crowd = Crowd(2, write)
    try:
        for forward in (True, False):
            for limit in (3, 40):
                items = read_all(raw, "Query", TableName=range_table, Limit=limit, ScanIndexForward=forward, ConsistentRead=True, **of_partition(partition))
                order = [int(i["sk"]["S"]) for i in items]
                assert order == sorted(set(order), reverse=not forward)
                assert [n for n in order if n % 2 == 0] == sorted(range(0, 300, 2), reverse=not forward)
    finally:
        done.set()
        crowd.join()


def test_a_page_is_never_half_an_item(raw, hash_table):
    """Readers see an item as one write left it."""
    key = {"pk": S(unique("whole"))}
    raw("PutItem", TableName=hash_table, Item={**key, "a": N(0), "b": N(0)}).ok()
    done = threading.Event()

    def write(generator):
        while not done.is_set():
            n = N(generator.randrange(10**6))
            raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET a = :n, b = :n", ExpressionAttributeValues={":n": n}).ok()

    crowd = Crowd(3, write)
    try:
        for _ in range(150):
            for item in (
                raw("GetItem", TableName=hash_table, Key=key)["Item"],
                raw("Query", TableName=hash_table, **of_partition(key["pk"]))["Items"][0],
                raw("BatchGetItem", RequestItems={hash_table: {"Keys": [key]}})["Responses"][hash_table][0],
            ):
                assert item["a"] == item["b"]
    finally:
        done.set()
        crowd.join()
