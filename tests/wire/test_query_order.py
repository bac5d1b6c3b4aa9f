"""Query by sort key: each operator on strings, numbers and binary, in both directions, in the documented order.

"Strings are compared by the bytes of their UTF-8 encoding; numbers by value; binary by unsigned bytes" (Developer Guide,
"Supported data types and naming rules"). The expectation is computed here from a sorted list."""

from __future__ import annotations

import base64
import operator
import random
from decimal import Decimal

import pytest

from support.reading import of_partition, put_all, read_all
from support.tables import spec
from support.values import B, N, S, unique

STRINGS = [
    "\x00", "\x00\x00", "\x01", " ", "!", "A", "AA", "AB", "B", "Z", "a", "a\x00", "a\x00b", "a!", "aa", "ab", "ab\x7f", "ab\x80",
    "z", "zz", "~", "\x7f", "\x80", "\u00e9", "e\u0301", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000",
    "\U0001f600", "\U0010ffff", "10", "9", "-1", "\u00e9\u00e9", "\uffff\uffff", "\U00010000a", "x" * 1024,
]  # fmt: skip

NUMBERS = [
    "0", "1", "-1", "2", "-2", "9", "10", "11", "99", "100", "101", "-9", "-10", "-11", "-99", "-100", "0.1", "-0.1", "0.01", "-0.01",
    "0.5", "0.49", "0.51", "1.5", "-1.5", "1.05", "1.005", "1E-130", "-1E-130", "2E-130", "1E-129", "1E125", "-1E125",
    "9.9999999999999999999999999999999999999E125", "-9.9999999999999999999999999999999999999E125",
    "12345678901234567890123456789012345678", "12345678901234567890123456789012345677", "-12345678901234567890123456789012345678",
    "1234567890123456789012345678901234567.8", "0.12345678901234567890123456789012345678", "1E37", "1E38", "9E37", "1E64", "1E63",
    "-1E64", "-1E63", "1E-63", "1E-64", "-1E-64", "255", "256", "65535", "65536", "1000000", "999999",
]  # fmt: skip

BINARIES = [
    b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\xff", b"\x01", b"\x7f", b"\x80", b"\x80\x00", b"\xfe", b"\xff", b"\xff\x00", b"\xff\xfe",
    b"\xff\xff", b"\xff\xff\xff", b"a", b"a\x00", b"a\x00\x00", b"a\x00\xff", b"a\x01", b"ab", b"a\xff", b"a\xff\xff", b"b", b"\x00a",
    bytes(range(256)), b"\xff" * 1024,
]  # fmt: skip


class Kind:
    """One sort key type: its values in order, and how they look in requests and replies."""

    def __init__(self, letter, values, order, make, parse):
        self.letter, self.make, self.parse = letter, make, parse
        self.values = sorted(values, key=order)
        self.order = order


KINDS = {
    "S": Kind("S", STRINGS, lambda v: v.encode(), S, lambda v: v["S"]),
    "N": Kind("N", [Decimal(n) for n in NUMBERS], lambda v: v, N, lambda v: Decimal(v["N"])),
    "B": Kind("B", BINARIES, lambda v: v, B, lambda v: base64.b64decode(v["B"])),
}

ORDERINGS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
BETWEEN_VALUES = {
    "S": ["\x00\x01", "aaa", "b", "\ud7ff\uffff", "\U0001f601", "m", "0"],
    "N": [Decimal(n) for n in ("0.3", "-0.3", "1E10", "-1E10", "1E-100", "-1E-100", "3.14159", "1E124")],
    "B": [b"\x00\x00\x00", b"\x02", b"\x81", b"a\x00\x01", b"\xff\xff\xff\xff", b"\xc3\x28"],
}


@pytest.fixture(scope="module", params=["S", "N", "B"])
def sorted_table(request, tables, raw):
    """(name, kind): a table with one item for each value, written in random order, and neighbours in other partitions."""
    kind = KINDS[request.param]
    name = tables.create(spec("pk", "sk", {"sk": kind.letter}), label="order")
    shuffled = list(kind.values)
    random.Random(7).shuffle(shuffled)
    put_all(raw, name, [{"pk": S(pk), "sk": kind.make(v)} for v in shuffled for pk in ("b", "a", "c", "bb", "b\x00")])
    return name, kind


def found(raw, table, kind, condition, values, forward=True):
    items = read_all(
        raw, "Query", TableName=table, KeyConditionExpression="pk = :p" + condition, ScanIndexForward=forward,
        ConsistentRead=True, ExpressionAttributeValues={":p": S("b"), **values},
    )
    assert all(item["pk"] == S("b") for item in items)
    return [kind.parse(item["sk"]) for item in items]


def directed(values, forward):
    return list(values) if forward else list(reversed(values))


@pytest.mark.parametrize("forward", [True, False])
def test_whole_partition_is_in_order(sorted_table, raw, forward):
    table, kind = sorted_table
    assert found(raw, table, kind, "", {}, forward) == directed(kind.values, forward)


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("sign", list(ORDERINGS))
def test_comparison_with_every_value(sorted_table, raw, sign, forward):
    table, kind = sorted_table
    for pivot in kind.values + BETWEEN_VALUES[kind.letter]:
        expected = [v for v in kind.values if ORDERINGS[sign](kind.order(v), kind.order(pivot))]
        got = found(raw, table, kind, f" AND sk {sign} :v", {":v": kind.make(pivot)}, forward)
        assert got == directed(expected, forward), f"sk {sign} {pivot!r}"


@pytest.mark.parametrize("forward", [True, False])
def test_between_is_inclusive(sorted_table, raw, forward):
    table, kind = sorted_table
    choices = sorted(kind.values + BETWEEN_VALUES[kind.letter], key=kind.order)
    generator = random.Random(11)
    for _ in range(60):
        low, high = sorted(generator.choices(choices, k=2), key=kind.order)
        expected = [v for v in kind.values if kind.order(low) <= kind.order(v) <= kind.order(high)]
        bounds = {":l": kind.make(low), ":h": kind.make(high)}
        got = found(raw, table, kind, " AND sk BETWEEN :l AND :h", bounds, forward)
        assert got == directed(expected, forward), f"between {low!r} and {high!r}"


@pytest.mark.parametrize("forward", [True, False])
def test_begins_with(sorted_table, raw, forward):
    table, kind = sorted_table
    if kind.letter == "N":
        pytest.skip("begins_with takes strings and binary")
    prefixes = {v[:n] for v in kind.values for n in (1, 2, 3) if len(v) >= n} | {b"\xff" * 4 if kind.letter == "B" else "q"}
    for prefix in sorted(prefixes):
        expected = [v for v in kind.values if v.startswith(prefix)]
        got = found(raw, table, kind, " AND begins_with(sk, :v)", {":v": kind.make(prefix)}, forward)
        assert got == directed(expected, forward), f"begins_with {prefix!r}"


def test_value_on_the_left(sorted_table, raw):
    """`:v < sk` says the same as `sk > :v`."""
    table, kind = sorted_table
    pivot = kind.values[len(kind.values) // 2]
    for sign, mirrored in (("<", ">"), ("<=", ">="), (">", "<"), (">=", "<="), ("=", "=")):
        expected = [v for v in kind.values if ORDERINGS[mirrored](kind.order(v), kind.order(pivot))]
        assert found(raw, table, kind, f" AND :v {sign} sk", {":v": kind.make(pivot)}) == expected


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_keep_the_order(sorted_table, raw, limit, forward):
    table, kind = sorted_table
    items = read_all(raw, "Query", TableName=table, Limit=limit, ScanIndexForward=forward, **of_partition(S("b")))
    assert [kind.parse(i["sk"]) for i in items] == directed(kind.values, forward)


@pytest.mark.parametrize("forward", [True, False])
def test_start_key_need_not_exist(sorted_table, raw, forward):
    table, kind = sorted_table
    for start in BETWEEN_VALUES[kind.letter]:
        items = read_all(
            raw, "Query", TableName=table, ScanIndexForward=forward, ExclusiveStartKey={"pk": S("b"), "sk": kind.make(start)},
            **of_partition(S("b")),
        )
        beyond = operator.gt if forward else operator.lt
        expected = [v for v in kind.values if beyond(kind.order(v), kind.order(start))]
        assert [kind.parse(i["sk"]) for i in items] == directed(expected, forward)


@pytest.mark.parametrize(
    "kind, writings, other",
    [
        ("N", ["1", "1.0", "01", "10E-1", "0.1e1", "+1"], "1.1"),
        ("N", ["0", "-0", "0.000", "0E5", "-0.0"], "0.1"),
        ("N", ["1E20", "100000000000000000000", "0.1E21"], "1E21"),
        ("N", ["-0.00000123", "-1.23E-6", "-123e-8"], "0.00000123"),
    ],
)
def test_hash_key_numbers_are_equal_by_value(tables, raw, kind, writings, other):
    table = _hash_table(tables, kind)
    for writing in writings:
        raw("PutItem", TableName=table, Item={"pk": N(writing), "as": S(writing)}).ok()
        for question in writings:
            items = read_all(raw, "Query", TableName=table, **of_partition(N(question)))
            assert [i["as"] for i in items] == [S(writing)], f"{writing} by {question}"
    assert read_all(raw, "Query", TableName=table, **of_partition(N(other))) == []


_made: dict = {}


def _hash_table(tables, kind):
    if (tables, kind) not in _made:
        _made[tables, kind] = tables.create(spec("pk", types={"pk": kind}), label="hash")
    return _made[tables, kind]


def test_hash_key_strings_are_compared_by_bytes(raw, hash_table):
    """No Unicode normalisation, no case folding, no trimming."""
    start = unique("bytes")
    values = [start + tail for tail in ("\u00e9", "e\u0301", "E\u0301", "\u00e9 ", " \u00e9", "\u00e9\x00", "")]
    put_all(raw, hash_table, [{"pk": S(v), "v": S(v)} for v in values])
    for value in values:
        assert [i["v"] for i in read_all(raw, "Query", TableName=hash_table, **of_partition(S(value)))] == [S(value)]


def test_hash_key_binary(tables, raw):
    table = _hash_table(tables, "B")
    put_all(raw, table, [{"pk": B(v), "n": N(n)} for n, v in enumerate(BINARIES)])
    for n, value in enumerate(BINARIES):
        assert [i["n"] for i in read_all(raw, "Query", TableName=table, **of_partition(B(value)))] == [N(n)]


def test_longest_keys(raw, range_table):
    """A partition key of 2048 bytes and a sort key of 1024 are allowed, and order against their neighbours."""
    partition = unique().ljust(2048, "p")
    values = ["s" * 1022 + tail for tail in ("", "a", "b", "\x00")] + ["s" * 1024]
    put_all(raw, range_table, [{"pk": S(partition), "sk": S(v)} for v in values])
    items = read_all(raw, "Query", TableName=range_table, **of_partition(S(partition)))
    assert [i["sk"]["S"] for i in items] == sorted(values)
