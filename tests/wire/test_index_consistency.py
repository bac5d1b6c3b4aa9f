"""After any sequence of writes: the table equals a model, and each index equals what the model projects into it.

The writes are random with a fixed seed; the model is a dictionary. All is read back by Query and by Scan, whole and in
small pages, forward and backward."""

from __future__ import annotations

import random
import time

import pytest

from support.expect import eventually
from support.reading import of_partition, read_all, write_requests
from support.tables import index, spec
from support.values import N, S, normal

PARTITIONS = [f"p{i}" for i in range(6)]
ROWS = range(12)
GROUPS = ["g0", "g1", "g2"]
STEPS = 1200

INDEXES = {
    # name: hash, range, attributes (None: all)
    "l_keys": ("pk", "l", {"pk", "sk", "l"}),
    "l_some": ("pk", "n", {"pk", "sk", "n", "a"}),
    "l_all": ("pk", "m", None),
    "g_keys": ("g", "l", {"pk", "sk", "g", "l"}),
    "g_some": ("g", "n", {"pk", "sk", "g", "n", "a", "b"}),
    "g_all": ("g", None, None),
    "g_hash": ("l", None, None),
}
LOCAL = [name for name in INDEXES if name.startswith("l_")]


class Model:
    def __init__(self):
        self.items: dict[tuple[str, int], dict] = {}

    def put(self, item):
        self.items[item["pk"]["S"], int(item["sk"]["N"])] = item

    def delete(self, pk, sk):
        self.items.pop((pk, sk), None)

    def rows(self, name):
        """What the index should hold: (sort key of the index or None, item as projected)."""
        hash_key, range_key, shown = INDEXES[name]
        for item in self.items.values():
            if hash_key in item and (range_key is None or range_key in item):
                yield item.get(range_key), {k: v for k, v in item.items() if shown is None or k in shown}


def random_item(generator, pk, sk):
    item = {"pk": S(pk), "sk": N(sk), "a": S(str(generator.randrange(1000)))}
    choices = {
        "l": lambda: S("l" + "xyz"[generator.randrange(3)] * generator.randrange(1, 4)),
        "n": lambda: N(generator.choice([-100, -1, 0, 1, 2, 10, "0.5", "1E10"])),
        "m": lambda: {"B": generator.choice(["AA==", "AP8=", "/w==", "YQ=="])},
        "g": lambda: S(generator.choice(GROUPS)),
        "b": lambda: {"L": [N(generator.randrange(9))] * generator.randrange(3)},
    }
    for name, make in choices.items():
        if generator.random() < 0.7:
            item[name] = make()
    return item


def canonical(item):
    return normal({k: N({"1E10": "10000000000"}.get(v["N"], v["N"])) if "N" in v else v for k, v in item.items()})


def by_key(items):
    return sorted((canonical(i) for i in items), key=lambda i: (i["pk"]["S"], int(i["sk"]["N"])))


@pytest.fixture(scope="module", params=[1, 2])
def written(request, raw, tables):
    """(table, model) after STEPS random writes."""
    table = tables.create(
        spec(
            "pk", "sk",
            lsi=[index("l_keys", "pk", "l", "KEYS_ONLY"), index("l_some", "pk", "n", ["a"]), index("l_all", "pk", "m")],
            gsi=[index("g_keys", "g", "l", "KEYS_ONLY"), index("g_some", "g", "n", ["a", "b"]), index("g_all", "g"), index("g_hash", "l")],
            types={"sk": "N", "n": "N", "m": "B"},
        ),
        label="consistency",
    )  # fmt: skip
    generator, model = random.Random(request.param), Model()
    step = 0
    while step < STEPS:
        step += write_something(raw, table, generator, model)
    return table, model


def write_something(raw, table, generator, model):
    pk, sk = generator.choice(PARTITIONS), generator.choice(ROWS)
    key = {"pk": S(pk), "sk": N(sk)}
    kind = generator.random()
    if kind < 0.35:
        item = random_item(generator, pk, sk)
        raw("PutItem", TableName=table, Item=item).ok()
        model.put(item)
    elif kind < 0.55:
        raw("DeleteItem", TableName=table, Key=key).ok()
        model.delete(pk, sk)
    elif kind < 0.85:
        wanted = random_item(generator, pk, sk)
        updated = dict(model.items.get((pk, sk), key))
        sets, removes, values = [], [], {}
        for name in ("l", "n", "m", "g", "a", "b"):
            if generator.random() < 0.5:
                continue
            if name in wanted:
                sets.append(f"{name} = :{name}")
                values[f":{name}"] = updated[name] = wanted[name]
            else:
                removes.append(name)
                updated.pop(name, None)
        expression = ("SET " + ", ".join(sets) if sets else "") + (" REMOVE " + ", ".join(removes) if removes else "")
        params = {"UpdateExpression": expression} if expression else {}
        if values:
            params["ExpressionAttributeValues"] = values
        raw("UpdateItem", {"TableName": table, "Key": key, **params}).ok()
        model.put(updated)
    else:
        chosen = generator.sample([(p, r) for p in PARTITIONS for r in ROWS], 8)
        requests = []
        for p, r in chosen:
            if generator.random() < 0.6:
                item = random_item(generator, p, r)
                requests.append({"PutRequest": {"Item": item}})
                model.put(item)
            else:
                requests.append({"DeleteRequest": {"Key": {"pk": S(p), "sk": N(r)}}})
                model.delete(p, r)
        write_requests(raw, table, requests)
        return len(chosen)
    return 1


@pytest.mark.parametrize("limit", [None, 1, 5])
def test_table_by_scan(raw, written, limit):
    table, model = written
    params = {"Limit": limit} if limit else {}
    got = read_all(raw, "Scan", TableName=table, ConsistentRead=True, **params)
    assert by_key(got) == by_key(model.items.values())
    assert len(model.items) > 20, "the test should leave something to compare"


@pytest.mark.parametrize("segments", [3, 50])
def test_table_by_segments(raw, written, segments):
    table, model = written
    got = []
    for segment in range(segments):
        got += read_all(raw, "Scan", TableName=table, ConsistentRead=True, Segment=segment, TotalSegments=segments, Limit=2)
    assert by_key(got) == by_key(model.items.values())


@pytest.mark.parametrize("limit", [None, 1, 4])
@pytest.mark.parametrize("forward", [True, False])
def test_table_by_query(raw, written, limit, forward):
    table, model = written
    params = {"Limit": limit} if limit else {}
    for pk in PARTITIONS:
        got = read_all(raw, "Query", TableName=table, ConsistentRead=True, ScanIndexForward=forward, **of_partition(S(pk)), **params)
        rows = sorted((sk for p, sk in model.items if p == pk), reverse=not forward)
        assert [canonical(i) for i in got] == [canonical(model.items[pk, sk]) for sk in rows]


def test_table_by_get(raw, written):
    table, model = written
    for pk in PARTITIONS:
        for sk in ROWS:
            item = raw("GetItem", TableName=table, Key={"pk": S(pk), "sk": N(sk)}, ConsistentRead=True).ok().get("Item")
            want = model.items.get((pk, sk))
            assert (item and canonical(item)) == (want and canonical(want))


_waited: set[tuple[str, str]] = set()


def settled(raw, table, model, name):
    """Waits until a scan of the index is right (global ones are eventually consistent), and returns what is right. Once
    only: an index that was wrong after that is wrong for good, and no other test waits for it again."""
    want = by_key(item for _, item in model.rows(name))
    seconds = 0 if (table, name) in _waited else 20
    _waited.add((table, name))
    eventually(lambda: by_key(read_all(raw, "Scan", TableName=table, IndexName=name)), lambda got: got == want, seconds)
    return want


@pytest.mark.parametrize("name", list(INDEXES))
@pytest.mark.parametrize("limit", [1, 3])
def test_index_by_scan(raw, written, name, limit):
    table, model = written
    want = settled(raw, table, model, name)
    assert by_key(read_all(raw, "Scan", TableName=table, IndexName=name, Limit=limit)) == want
    if name in LOCAL:
        assert by_key(read_all(raw, "Scan", TableName=table, IndexName=name, ConsistentRead=True)) == want


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [None, 1, 3])
@pytest.mark.parametrize("name", list(INDEXES))
def test_index_by_query(raw, written, name, limit, forward):
    table, model = written
    settled(raw, table, model, name)
    hash_key, range_key, _ = INDEXES[name]
    params = {"Limit": limit} if limit else {}
    values = {tuple(item[hash_key].items())[0] for _, item in model.rows(name)}
    assert values
    for kind, text in values:
        got = read_all(
            raw, "Query", TableName=table, IndexName=name, ScanIndexForward=forward, **of_partition({kind: text}, hash_key), **params
        )
        want = [item for _, item in model.rows(name) if item[hash_key] == {kind: text}]
        assert by_key(got) == by_key(want)
        if range_key:
            order = [sort_value(i[range_key]) for i in got]
            assert order == sorted(order, reverse=not forward)


def sort_value(value):
    (kind, text), = value.items()
    if kind == "N":
        return float(text)
    return {"AA==": 0, "AP8=": 1, "YQ==": 2, "/w==": 3}[text] if kind == "B" else text


def test_nothing_appears_late(raw, written):
    """Deliveries to indexes are done: a pause changes nothing."""
    table, model = written
    for name in INDEXES:
        settled(raw, table, model, name)
    time.sleep(0.3)
    for name in INDEXES:
        assert by_key(read_all(raw, "Scan", TableName=table, IndexName=name)) == by_key(item for _, item in model.rows(name))
