"""Secondary indexes follow every write: sparse entries, changed and removed keys, projections, key types."""

from __future__ import annotations

import re

import pytest

from support.expect import eventually, invalid
from support.reading import of_partition, put_all, read_all
from support.tables import attributes, index, spec
from support.values import B, BOOL, L, M, N, NULL, S, SS, normal, unique


@pytest.fixture(scope="module")
def table(tables):
    return tables.create(
        spec(
            "pk", "sk",
            lsi=[index("l_keys", "pk", "l", "KEYS_ONLY"), index("l_some", "pk", "l", ["a", "b"]), index("l_all", "pk", "n")],
            gsi=[index("g_keys", "g", "r", "KEYS_ONLY"), index("g_some", "g", "r", ["a", "b"]), index("g_all", "g"), index("g_number", "n", "l")],
            types={"n": "N"},
        ),
        label="maintenance",
    )  # fmt: skip


LOCAL = ("l_keys", "l_some", "l_all")
GLOBAL = ("g_keys", "g_some", "g_all", "g_number")


def strings(**members):
    return {k: S(v) for k, v in members.items()}


class Seen:
    """What an index shows of one test's items."""

    def __init__(self, raw, table):
        self.raw, self.table = raw, table

    def local(self, name, pk, **params):
        """By Query; local indexes are consistent when asked to be."""
        return read_all(self.raw, "Query", TableName=self.table, IndexName=name, ConsistentRead=True, **of_partition(pk), **params)

    def globally(self, name, value, key="g"):
        return read_all(self.raw, "Query", TableName=self.table, IndexName=name, **of_partition(value, key))


@pytest.fixture(scope="module")
def seen(raw, table):
    return Seen(raw, table)


def test_projections(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    item = {"pk": pk, "g": g, "n": N("1.50"), **strings(sk="s", l="l", r="r", a="A", b="B", c="C")}
    raw("PutItem", TableName=table, Item=item).ok()
    shown = {**item, "n": N("1.5")}
    pick = lambda *names: [{k: shown[k] for k in names}]  # noqa: E731
    assert seen.local("l_keys", pk) == pick("pk", "sk", "l")
    assert seen.local("l_some", pk) == pick("pk", "sk", "l", "a", "b")
    assert seen.local("l_all", pk) == [shown]
    eventually(lambda: seen.globally("g_keys", g), lambda got: got == pick("pk", "sk", "g", "r"))
    eventually(lambda: seen.globally("g_some", g), lambda got: got == pick("pk", "sk", "g", "r", "a", "b"))
    eventually(lambda: seen.globally("g_all", g), lambda got: got == [shown])


def test_projected_attribute_may_be_missing(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    raw("PutItem", TableName=table, Item={"pk": pk, "g": g, **strings(sk="s", l="l", r="r", b="B", c="C")}).ok()
    assert seen.local("l_some", pk) == [{"pk": pk, **strings(sk="s", l="l", b="B")}]
    eventually(lambda: seen.globally("g_some", g), lambda got: got == [{"pk": pk, "g": g, **strings(sk="s", r="r", b="B")}])


def test_sparse(raw, table, seen):
    """An item without an index key is not in that index, and is in the others."""
    pk, g = S(unique()), S(unique("g"))
    put_all(raw, table, [
        {"pk": pk, "sk": S("none")},
        {"pk": pk, "sk": S("hash only"), "g": g},
        {"pk": pk, "sk": S("both"), "g": g, "r": S("r")},
        {"pk": pk, "sk": S("local"), "l": S("l")},
    ])  # fmt: skip
    assert [i["sk"]["S"] for i in seen.local("l_keys", pk)] == ["local"]
    assert seen.local("l_all", pk) == []
    eventually(lambda: [i["sk"]["S"] for i in seen.globally("g_keys", g)], lambda got: got == ["both"])
    eventually(lambda: sorted(i["sk"]["S"] for i in seen.globally("g_all", g)), lambda got: got == ["both", "hash only"])


@pytest.mark.parametrize("way", ["put", "update"])
def test_changed_key_moves_the_entry(raw, table, seen, way):
    pk, old, new = S(unique()), S(unique("g")), S(unique("g"))
    raw("PutItem", TableName=table, Item={"pk": pk, "g": old, **strings(sk="s", l="l1", r="r1", a="A")}).ok()
    eventually(lambda: seen.globally("g_some", old), len)
    if way == "put":
        raw("PutItem", TableName=table, Item={"pk": pk, "g": new, **strings(sk="s", l="l2", r="r2", a="A2")}).ok()
    else:
        raw("UpdateItem", TableName=table, Key={"pk": pk, "sk": S("s")}, UpdateExpression="SET g = :g, l = :l, r = :r, a = :a",
            ExpressionAttributeValues={":g": new, ":l": S("l2"), ":r": S("r2"), ":a": S("A2")}).ok()  # fmt: skip
    assert seen.local("l_some", pk) == [{"pk": pk, **strings(sk="s", l="l2", a="A2")}]
    eventually(lambda: seen.globally("g_some", new), lambda got: got == [{"pk": pk, "g": new, **strings(sk="s", r="r2", a="A2")}])
    for name in ("g_keys", "g_some", "g_all"):
        eventually(lambda: seen.globally(name, old), lambda got: got == [])


@pytest.mark.parametrize("way", ["put", "update", "delete"])
def test_removed_key_removes_the_entry(raw, table, seen, way):
    pk, g = S(unique()), S(unique("g"))
    raw("PutItem", TableName=table, Item={"pk": pk, "g": g, "n": N(5), **strings(sk="s", l="l", r="r")}).ok()
    eventually(lambda: [len(seen.globally(name, g)) for name in ("g_keys", "g_some", "g_all")], lambda got: got == [1, 1, 1])
    key = {"pk": pk, "sk": S("s")}
    if way == "put":
        raw("PutItem", TableName=table, Item=key).ok()
    elif way == "update":
        raw("UpdateItem", TableName=table, Key=key, UpdateExpression="REMOVE g, l, n").ok()
    else:
        raw("DeleteItem", TableName=table, Key=key).ok()
    assert [seen.local(name, pk) for name in LOCAL] == [[], [], []]
    for name in ("g_keys", "g_some", "g_all"):
        eventually(lambda: seen.globally(name, g), lambda got: got == [])


def test_one_part_of_the_key_removed(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    raw("PutItem", TableName=table, Item={"pk": pk, "g": g, **strings(sk="s", r="r")}).ok()
    raw("UpdateItem", TableName=table, Key={"pk": pk, "sk": S("s")}, UpdateExpression="REMOVE r").ok()
    eventually(lambda: seen.globally("g_keys", g), lambda got: got == [])
    eventually(lambda: len(seen.globally("g_all", g)), lambda got: got == 1)


def test_update_of_other_attributes_reaches_the_projection(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    key = {"pk": pk, "sk": S("s")}
    raw("PutItem", TableName=table, Item={**key, "g": g, **strings(l="l", r="r", a="A", c="C")}).ok()
    raw("UpdateItem", TableName=table, Key=key, UpdateExpression="SET a = :a, b = :a REMOVE c", ExpressionAttributeValues={":a": S("new")}).ok()
    assert seen.local("l_some", pk) == [{**key, **strings(l="l", a="new", b="new")}]
    eventually(lambda: seen.globally("g_some", g), lambda got: got == [{**key, "g": g, **strings(r="r", a="new", b="new")}])
    eventually(lambda: seen.globally("g_all", g), lambda got: got == [{**key, "g": g, **strings(l="l", r="r", a="new", b="new")}])


def test_failed_condition_leaves_indexes_alone(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    item = {"pk": pk, "g": g, **strings(sk="s", l="l", r="r")}
    raw("PutItem", TableName=table, Item=item).ok()
    for operation, params in (
        ("PutItem", {"Item": {**item, "l": S("x")}}),
        ("DeleteItem", {"Key": {"pk": pk, "sk": S("s")}}),
    ):
        reply = raw(operation, TableName=table, ConditionExpression="attribute_not_exists(pk)", **params)
        assert reply.code == "ConditionalCheckFailedException"
    assert seen.local("l_keys", pk) == [{"pk": pk, **strings(sk="s", l="l")}]
    eventually(lambda: len(seen.globally("g_all", g)), lambda got: got == 1)


def test_many_items_under_one_index_key(raw, table, seen):
    """Index keys need not be unique: the table's key tells entries apart, and orders them."""
    g = S(unique("g"))
    keys = [{"pk": S(unique()), "sk": S(f"s{i}")} for i in range(30)]
    put_all(raw, table, [{**k, "g": g, "r": S("same")} for k in keys])
    eventually(lambda: len(seen.globally("g_keys", g)), lambda got: got == 30)
    one_by_one = read_all(raw, "Query", TableName=table, IndexName="g_keys", Limit=1, **of_partition(g, "g"))
    assert sorted((i["pk"]["S"], i["sk"]["S"]) for i in one_by_one) == sorted((k["pk"]["S"], k["sk"]["S"]) for k in keys)
    backward = read_all(raw, "Query", TableName=table, IndexName="g_keys", Limit=7, ScanIndexForward=False, **of_partition(g, "g"))
    assert backward == one_by_one[::-1]
    for k in keys[::2]:
        raw("DeleteItem", TableName=table, Key=k).ok()
    eventually(lambda: len(seen.globally("g_keys", g)), lambda got: got == 15)


def test_same_sort_value_in_local_index(raw, table, seen):
    pk = S(unique())
    put_all(raw, table, [{"pk": pk, "sk": S(f"s{i}"), "l": S("same")} for i in range(10)])
    whole = seen.local("l_keys", pk)
    assert sorted(i["sk"]["S"] for i in whole) == [f"s{i}" for i in range(10)]
    assert seen.local("l_keys", pk, Limit=3) == seen.local("l_keys", pk, Limit=1) == whole
    assert seen.local("l_keys", pk, Limit=3, ScanIndexForward=False) == whole[::-1]


def test_number_keys_are_ordered(raw, table, seen):
    pk = S(unique())
    values = ["-1E10", "-2.5", "-1", "0", "1E-20", "0.5", "1", "9", "10", "1E30"]
    put_all(raw, table, [{"pk": pk, "sk": S(f"s{i}"), "n": N(v)} for i, v in enumerate(values)])
    assert [i["sk"]["S"] for i in seen.local("l_all", pk)] == [f"s{i}" for i in range(len(values))]


def test_condition_on_index_sort_key(raw, table):
    pk = S(unique())
    put_all(raw, table, [{"pk": pk, "sk": S(f"s{i}"), "l": S(f"l{i}")} for i in range(10)])
    for condition, values, expected in (
        ("l = :a", {":a": "l3"}, [3]), ("l < :a", {":a": "l3"}, [0, 1, 2]), ("l >= :a", {":a": "l7"}, [7, 8, 9]),
        ("l BETWEEN :a AND :b", {":a": "l2", ":b": "l4"}, [2, 3, 4]), ("begins_with(l, :a)", {":a": "l"}, list(range(10))),
    ):  # fmt: skip
        reply = raw("Query", TableName=table, IndexName="l_keys", KeyConditionExpression="pk = :p AND " + condition,
                    ExpressionAttributeValues={":p": pk, **{k: S(v) for k, v in values.items()}})  # fmt: skip
        assert [int(i["sk"]["S"][1:]) for i in reply["Items"]] == expected


def test_documents_in_projection(raw, table, seen):
    pk, g = S(unique()), S(unique("g"))
    item = {"pk": pk, "sk": S("s"), "g": g, "r": S("r"), "a": M(x=L(N(1), NULL, BOOL(False)), e=M(), b=B(b"\x00\xff")), "b": SS("x", "y")}
    raw("PutItem", TableName=table, Item=item).ok()
    found = eventually(lambda: raw("Query", TableName=table, IndexName="g_some", **of_partition(g, "g"))["Items"])
    want = {**item, "a": M(x=L(N(1), NULL, BOOL(False)), e=M(), b={"B": "AP8="})}
    assert normal(found) == [normal(want)]


# --- values that do not fit an index ---------------------------------------------------------------------------------

MISMATCH = "One or more parameter values were invalid: Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}"
EMPTY = (
    "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
    "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: {}, IndexKey: {}"
)


@pytest.fixture(scope="module")
def strict(tables):
    return tables.create(
        spec("pk", "sk", lsi=[index("on_l", "pk", "l")], gsi=[index("on_n", "n", "b")], types={"n": "N", "b": "B"}), label="strict"
    )


@pytest.mark.differs_from_dynamodb_local("shorter text")
@pytest.mark.parametrize(
    "name, value, expected, actual, which",
    [
        ("l", N(1), "S", "N", "on_l"),
        ("l", NULL, "S", "NULL", "on_l"),
        ("l", BOOL(True), "S", "BOOL", "on_l"),
        ("l", SS("a"), "S", "SS", "on_l"),
        ("l", L(), "S", "L", "on_l"),
        ("l", M(), "S", "M", "on_l"),
        ("n", S("1"), "N", "S", "on_n"),
        ("b", S("1"), "B", "S", "on_n"),
    ],
)
def test_type_mismatch(raw, strict, name, value, expected, actual, which):
    reply = raw("PutItem", TableName=strict, Item={"pk": S(unique()), "sk": S("s"), name: value})
    invalid(reply, MISMATCH.format(name, expected, actual, which))


@pytest.mark.parametrize("name, value", [("l", N(1)), ("l", NULL), ("n", S("1")), ("b", L()), ("l", S("")), ("b", B(b""))])
@pytest.mark.parametrize(
    "way", ["put", "batch", pytest.param("update", marks=pytest.mark.differs_from_dynamodb_local("lets such updates pass"))]
)
def test_values_that_do_not_fit_are_refused(raw, strict, name, value, way):
    key = {"pk": S(unique()), "sk": S("s")}
    if way == "put":
        reply = raw("PutItem", TableName=strict, Item={**key, name: value})
    elif way == "update":
        reply = raw("UpdateItem", TableName=strict, Key=key, UpdateExpression=f"SET {name} = :v", ExpressionAttributeValues={":v": value})
    else:
        reply = raw("BatchWriteItem", RequestItems={strict: [{"PutRequest": {"Item": {**key, name: value}}}]})
    invalid(reply)
    assert raw("GetItem", TableName=strict, Key=key).ok() == {}


def test_empty_index_key_text(raw, strict):
    reply = raw("PutItem", TableName=strict, Item={"pk": S("a"), "sk": S("s"), "l": S("")})
    invalid(reply, EMPTY.format("on_l", "l"))


@pytest.mark.parametrize("name, value, limit", [("l", S, 1024), ("b", lambda v: B(v.encode()), 1024)])
def test_longest_index_sort_key(raw, strict, name, value, limit):
    item = {"pk": S(unique()), "sk": S("s"), "n": N(1)}
    raw("PutItem", TableName=strict, Item={**item, name: value("x" * limit)}).ok()
    invalid(raw("PutItem", TableName=strict, Item={**item, name: value("x" * (limit + 1))}))


def test_longest_index_hash_key(raw, tables):
    table = tables.create(spec("pk", gsi=[index("by_g", "g")]), label="long")
    raw("PutItem", TableName=table, Item={"pk": S("a"), "g": S("x" * 2048)}).ok()
    eventually(lambda: raw("Query", TableName=table, IndexName="by_g", Select="COUNT", **of_partition(S("x" * 2048), "g"))["Count"])
    invalid(raw("PutItem", TableName=table, Item={"pk": S("b"), "g": S("x" * 2049)}))


@pytest.mark.differs_from_dynamodb_local("lets such updates pass")
def test_update_that_makes_an_index_key_too_long(raw, strict):
    key = {"pk": S(unique()), "sk": S("s")}
    raw("PutItem", TableName=strict, Item={**key, "l": S("ok")}).ok()
    invalid(raw("UpdateItem", TableName=strict, Key=key, UpdateExpression="SET l = :v", ExpressionAttributeValues={":v": S("x" * 1025)}))
    assert raw("GetItem", TableName=strict, Key=key)["Item"]["l"] == S("ok")


# --- shapes of indexes -------------------------------------------------------------------------------------------------


def test_index_on_table_keys(raw, tables):
    """A global index may use the table's own key attributes, the other way round too."""
    table = tables.create(spec("pk", "sk", gsi=[index("turned", "sk", "pk", "KEYS_ONLY"), index("by_sk", "sk")]), label="turned")
    put_all(raw, table, [{"pk": S(f"p{i}"), "sk": S(f"s{i % 3}"), "v": N(i)} for i in range(9)])
    rows = eventually(
        lambda: raw("Query", TableName=table, IndexName="turned", **of_partition(S("s1"), "sk")).ok()["Items"], lambda got: len(got) == 3
    )
    assert rows == [{"pk": S(f"p{i}"), "sk": S("s1")} for i in (1, 4, 7)]
    page = raw("Query", TableName=table, IndexName="turned", Limit=1, **of_partition(S("s1"), "sk"))
    assert page["LastEvaluatedKey"] == {"pk": S("p1"), "sk": S("s1")}
    rest = read_all(raw, "Query", TableName=table, IndexName="by_sk", Limit=1, **of_partition(S("s2"), "sk"))
    assert sorted(i["v"]["N"] for i in rest) == ["2", "5", "8"]


def test_index_on_table_without_sort_key(raw, tables):
    table = tables.create(spec("pk", gsi=[index("by_g", "g", "r")]), label="plain")
    put_all(raw, table, [{"pk": S(f"p{i}"), "g": S("g"), "r": S(f"{9 - i}")} for i in range(10)])
    rows = eventually(
        lambda: read_all(raw, "Query", TableName=table, IndexName="by_g", Limit=3, **of_partition(S("g"), "g")), lambda got: len(got) == 10
    )
    assert [i["pk"]["S"] for i in rows] == [f"p{i}" for i in range(9, -1, -1)]


def test_two_indexes_with_the_same_key(raw, table, seen):
    g = S(unique("g"))
    raw("PutItem", TableName=table, Item={"pk": S(unique()), "sk": S("s"), "g": g, "r": S("r")}).ok()
    for name in ("g_keys", "g_some", "g_all"):
        eventually(lambda: len(seen.globally(name, g)), lambda got: got == 1)


def many_keys(hashes, ranges):
    return {
        "IndexName": "many",
        "KeySchema": [{"AttributeName": n, "KeyType": "HASH"} for n in hashes] + [{"AttributeName": n, "KeyType": "RANGE"} for n in ranges],
        "Projection": {"ProjectionType": "ALL"},
    }


@pytest.fixture(scope="module")
def many(tables, raw):
    """A global index with four hash and four range attributes, 3^4 range combinations in one partition."""
    table = tables.create(
        spec("pk", gsi=[many_keys(("h1", "h2", "h3", "h4"), ("r1", "r2", "r3", "r4"))], types={
            "h1": "S", "h2": "N", "h3": "B", "h4": "S", "r1": "S", "r2": "N", "r3": "S", "r4": "N"}), label="many")  # fmt: skip
    items = []
    for n in range(81):
        r = [n // 27, n // 9 % 3, n // 3 % 3, n % 3]
        items.append({"pk": S(f"{(n * 37) % 81:02}"), "order": N(n), "h1": S("a"), "h2": N(1), "h3": B(b"\x00"), "h4": S("z"),
                      "r1": S("x" * r[0] + "a"), "r2": N(r[1] * 10 - 10), "r3": S("abc"[r[2]]), "r4": N(r[3])})  # fmt: skip
    for missing in ("h2", "h4", "r1", "r4"):
        items.append({k: v for k, v in {**items[0], "pk": S("without " + missing)}.items() if k != missing})
    items.append({**items[0], "pk": S("other"), "h2": N(2)})
    put_all(raw, table, items)
    return table


HASHES = {":h1": S("a"), ":h2": N(1), ":h3": B(b"\x00"), ":h4": S("z")}
ALL_HASHES = "h1 = :h1 AND h2 = :h2 AND h3 = :h3 AND h4 = :h4"


@pytest.mark.differs_from_dynamodb_local("its keys have at most two attributes")
class TestManyKeyAttributes:
    """Global indexes take up to four hash and four range attributes since November 2025."""

    def ask(self, raw, many, condition="", values=None, hashes=ALL_HASHES, **params):
        return raw("Query", {"TableName": many, "IndexName": "many", "KeyConditionExpression": hashes + condition,
                             "ExpressionAttributeValues": {**{k: v for k, v in HASHES.items() if k in hashes}, **(values or {})}, **params})  # fmt: skip

    def expected(self, test):
        rows = [(n, ["a", "xa", "xxa"][n // 27], n // 9 % 3 * 10 - 10, "abc"[n // 3 % 3], n % 3) for n in range(81)]
        return [n for n, *r in sorted(rows, key=lambda row: row[1:]) if test(*r)]

    def numbers(self, reply):
        return [int(i["order"]["N"]) for i in reply["Items"]]

    def test_whole_partition(self, raw, many):
        eventually(lambda: self.ask(raw, many, Select="COUNT")["Count"], lambda got: got == 81)
        assert self.numbers(self.ask(raw, many)) == self.expected(lambda *r: True)
        assert self.numbers(self.ask(raw, many, ScanIndexForward=False)) == self.expected(lambda *r: True)[::-1]

    @pytest.mark.parametrize(
        "condition, values, test",
        [
            (" AND r1 = :a", {":a": S("xa")}, lambda a, b, c, d: a == "xa"),
            (" AND r1 > :a", {":a": S("a")}, lambda a, b, c, d: a > "a"),
            (" AND begins_with(r1, :a)", {":a": S("x")}, lambda a, b, c, d: a.startswith("x")),
            (" AND r1 = :a AND r2 >= :b", {":a": S("xa"), ":b": N(0)}, lambda a, b, c, d: a == "xa" and b >= 0),
            (" AND r1 = :a AND r2 BETWEEN :b AND :c", {":a": S("a"), ":b": N(-10), ":c": N(5)}, lambda a, b, c, d: a == "a" and b <= 5),
            (" AND r1 = :a AND r2 = :b AND r3 < :c", {":a": S("a"), ":b": N(0), ":c": S("c")}, lambda a, b, c, d: a == "a" and b == 0 and c < "c"),
            (
                " AND r1 = :a AND r2 = :b AND r3 = :c AND r4 = :d", {":a": S("a"), ":b": N(10), ":c": S("b"), ":d": N(2)},
                lambda a, b, c, d: (a, b, c, d) == ("a", 10, "b", 2),
            ),
            (
                " AND r1 = :a AND r2 = :b AND r3 = :c AND r4 <= :d", {":a": S("a"), ":b": N(10), ":c": S("b"), ":d": N(1)},
                lambda a, b, c, d: (a, b, c) == ("a", 10, "b") and d <= 1,
            ),
        ],
    )  # fmt: skip
    def test_range_conditions(self, raw, many, condition, values, test):
        eventually(lambda: self.ask(raw, many, Select="COUNT")["Count"], lambda got: got == 81)
        assert self.numbers(self.ask(raw, many, condition, values)) == self.expected(test)
        assert self.numbers(self.ask(raw, many, condition, values, ScanIndexForward=False)) == self.expected(test)[::-1]

    def test_paging(self, raw, many):
        eventually(lambda: self.ask(raw, many, Select="COUNT")["Count"], lambda got: got == 81)
        params = {"TableName": many, "IndexName": "many", "KeyConditionExpression": ALL_HASHES, "ExpressionAttributeValues": HASHES}
        got = read_all(raw, "Query", Limit=7, **params)
        assert [int(i["order"]["N"]) for i in got] == self.expected(lambda *r: True)
        page = raw("Query", Limit=1, **params)
        assert set(page["LastEvaluatedKey"]) == {"pk", "h1", "h2", "h3", "h4", "r1", "r2", "r3", "r4"}
        assert len(read_all(raw, "Scan", TableName=many, IndexName="many", Limit=10)) == 82

    @pytest.mark.parametrize(
        "hashes, condition, values",
        [
            ("h1 = :h1 AND h2 = :h2 AND h3 = :h3", "", {}),  # a hash attribute is missing
            ("h1 = :h1 AND h2 = :h2 AND h3 = :h3 AND h4 > :h4", "", {}),
            (ALL_HASHES, " AND r2 = :a", {":a": N(0)}),  # range attributes are given from the left
            (ALL_HASHES, " AND r1 = :a AND r3 = :b", {":a": S("a"), ":b": S("b")}),
            (ALL_HASHES, " AND r1 > :a AND r2 = :b", {":a": S("a"), ":b": N(0)}),  # only the last may be an inequality
        ],
    )
    def test_refused(self, raw, many, hashes, condition, values):
        invalid(self.ask(raw, many, condition, values, hashes=hashes))


def test_too_many_key_attributes(client, tables, raw):
    names = [f"h{i}" for i in range(5)]
    params = spec("pk", gsi=[many_keys(names, ())], types=dict.fromkeys(names, "S"))
    reply = raw("CreateTable", {**params, "TableName": "stator-wire-" + unique("toomany")})
    invalid(reply)


def test_attribute_definitions_are_those_of_all_keys(raw, table):
    described = raw("DescribeTable", TableName=table)["Table"]
    want = attributes(pk="S", sk="S", l="S", n="N", g="S", r="S")
    assert sorted(described["AttributeDefinitions"], key=str) == sorted(want, key=str)
    assert re.fullmatch(r"arn:aws:dynamodb:.*:table/.*/index/g_all", next(
        g["IndexArn"] for g in described["GlobalSecondaryIndexes"] if g["IndexName"] == "g_all"))  # fmt: skip
