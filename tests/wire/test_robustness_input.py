"""Input built to hurt: a clear error in bounded time, and a server that goes on. Of our own server, since others answer
for themselves; `--url` may point at one that runs already."""

from __future__ import annotations

import re
import time

import pytest

from support.expect import SERIALIZATION, VALIDATION, expect_error, invalid
from support.raw import TARGET_PREFIX, encode
from support.stream import Stream, request_bytes
from support.values import N, S, unique

pytestmark = pytest.mark.only("stator", "about our own server")

SECONDS_MAX = 5  # for one request, generous enough for sanitizers
BODY_MAX = 16 << 20


@pytest.fixture(autouse=True)
def healthy(raw, hash_table):
    """After each test the server answers at once."""
    yield
    started = time.monotonic()
    raw("GetItem", TableName=hash_table, Key={"pk": S("healthy")}).ok()
    assert time.monotonic() - started < SECONDS_MAX


def timed(function, *args, **kwargs):
    started = time.monotonic()
    response = function(*args, **kwargs)
    spent = time.monotonic() - started
    assert spent < SECONDS_MAX, f"took {spent:.1f} s"
    return response


# --- depth -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [33, 100, 1000, 1024, 1025, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('{"M":{"a":', "}}"), ('{"L":[', "]}")])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting(raw, hash_table, depth, opening, closing, closed):
    inner = opening * depth + ('{"S":"x"}' + closing * depth if closed else "")
    for body in (inner, f'{{"TableName":"{hash_table}","Item":{{"pk":{{"S":"a"}},"v":{inner}' + ("}}" if closed else "")):
        response = timed(raw, "PutItem", body)
        assert response.status == 400 and response.code in ("SerializationException", "ValidationException"), response


def test_deep_nesting_in_unknown_members(raw):
    for depth in (100, 100_000):
        response = timed(raw, "ListTables", '{"Zork":' + "[" * depth + "]" * depth + "}")
        assert response.status in (200, 400)


def nested(levels, value=None):
    value = value or S("x")
    for level in range(levels):
        value = {"L": [value]} if level % 2 else {"M": {"a": value}}
    return value


def test_nesting_up_to_the_limit(raw, hash_table):
    key = {"pk": S(unique("deep"))}
    raw("PutItem", TableName=hash_table, Item={**key, "v": nested(31)}).ok()
    assert raw("GetItem", TableName=hash_table, Key=key)["Item"]["v"] == nested(31)
    for levels in (32, 33, 100, 300):
        invalid(raw("PutItem", TableName=hash_table, Item={**key, "v": nested(levels)}), re.compile("Nesting Levels have exceeded supported limits.*"))
        invalid(raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": nested(levels)}))
    assert raw("GetItem", TableName=hash_table, Key=key)["Item"]["v"] == nested(31)


def test_growing_deeper_by_updates(raw, hash_table):
    """Each update puts the old value one level down; the limit holds for the item that results."""
    key = {"pk": S(unique("grow"))}
    raw("PutItem", TableName=hash_table, Item={**key, "v": S("x")}).ok()
    for level in range(40):
        values = {":l": {"L": []}}
        response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET v = list_append(:l, w), w = :n",
                       ExpressionAttributeValues={**values, ":n": {"L": [nested(min(level, 30))]}})  # fmt: skip
        assert response.status in (200, 400)
    raw("GetItem", TableName=hash_table, Key=key).ok()


# --- expressions -------------------------------------------------------------------------------------------------------------------

LONG = 4096


def fill(start, piece, end=""):
    """start, as often `piece` as fits 4096 bytes, end."""
    return start + piece * ((LONG - len(start) - len(end)) // len(piece)) + end


CONDITIONS = {
    "open parentheses": "(" * LONG,
    "closed parentheses": "(" * 2040 + "a=:v" + ")" * 2040,
    "closing parentheses": "a=:v" + ")" * 4000,
    "not": fill("", "NOT ", "a=:v"),
    "not in parentheses": "NOT (" * 680 + "a=:v" + ")" * 680,
    "and": fill("a=:v", " AND a=:v"),
    "or": fill("a=:v", " OR a=:v"),
    "mixed": fill("a=:v", " AND NOT a=:v OR b=:v"),
    "and without operands": fill("", "AND "),
    "or in parentheses": "(a=:v OR " * 400 + "a=:v" + ")" * 400,
    "dots": fill("a", ".a", "=:v"),
    "dots without end": fill("a", ".a"),
    "only dots": "." * LONG,
    "indexes": fill("a", "[0]", "=:v"),
    "large indexes": fill("a", "[99999999999999999999]", "=:v"),
    "open brackets": "a" + "[" * 4000 + "=:v",
    "in": fill("a IN (:v", ",:v", ")"),
    "in without end": fill("a IN (", ":v,"),
    "nested functions": "size(" * 800 + "a" + ")" * 40,
    "functions": fill("attribute_exists(a)", " AND attribute_exists(a)"),
    "commas": "," * LONG,
    "equals": "=" * LONG,
    "less": "<" * LONG,
    "spaces": " " * LONG,
    "long name": "a" * (LONG - 3) + "=:v",
    "long value": "a=:" + "v" * (LONG - 3),
    "long #name": "#" + "n" * (LONG - 4) + "=:v",
    "between": fill("a BETWEEN :v AND :v", " AND a BETWEEN :v AND :v"),
    "between without end": fill("a BETWEEN ", ":v AND "),
    "colons": ":" * LONG,
    "hashes": "#" * LONG,
    "quotes": "'" * LONG,
    "zeros": "\0" * 4000,
    "high": "é" * 2048,
    "plus": fill("a = b", " + b"),
}


@pytest.mark.parametrize("name", list(CONDITIONS))
@pytest.mark.parametrize("extra", ["", "x" * 2000])
def test_condition_expressions(raw, hash_table, name, extra):
    """Of 4 KB, and longer than allowed; as a condition, a filter and a key condition."""
    text = CONDITIONS[name] + extra
    values = {"ExpressionAttributeValues": {":v": S("x")}} if ":v" in text else {}
    calls = (
        ("PutItem", {"Item": {"pk": S("hurt")}, "ConditionExpression": text}),
        ("Scan", {"FilterExpression": text, "Limit": 1}),
        ("Query", {"KeyConditionExpression": text}),
    )
    for operation, params in calls:
        response = timed(raw, operation, {"TableName": hash_table, **params, **values})
        if response.status != 200:
            assert response.type == VALIDATION or response.code == "ConditionalCheckFailedException", response.body[:500]


UPDATES = {
    "set": fill("SET a=:v", ",b=:v"),
    "set of different": "SET " + ",".join(f"a{i}=:v" for i in range(400)),
    "remove": "REMOVE " + ",".join(f"a{i}" for i in range(700)),
    "remove overlapping": "REMOVE " + ",".join("a" + ".b" * i for i in range(1, 50)),
    "sums": fill("SET a = a", "+a"),
    "lists": "SET a = " + "list_append(" * 300 + "a" + ")" * 40,
    "if_not_exists": "SET a = " + "if_not_exists(a," * 240 + ":v" + ")" * 240,
    "clauses": fill("", "SET ADD REMOVE DELETE "),
    "adds": "ADD " + ",".join(f"a{i} :v" for i in range(400)),
    "dots": fill("REMOVE a", ".a"),
    "indexes": fill("REMOVE a", "[0]"),
    "many indexes": "REMOVE " + ",".join(f"a[{i}]" for i in range(500)),
    "parentheses": "SET a = " + "(" * 2000 + ":v" + ")" * 2000,
}


@pytest.mark.parametrize("name", list(UPDATES))
def test_update_expressions(raw, hash_table, name):
    text = UPDATES[name]
    values = {"ExpressionAttributeValues": {":v": N(1)}} if ":v" in text else {}
    response = timed(raw, "UpdateItem", {"TableName": hash_table, "Key": {"pk": S(unique("hurt"))}, "UpdateExpression": text, **values})
    assert response.status in (200, 400) and (response.status == 200 or response.type == VALIDATION), response.body[:500]


@pytest.mark.parametrize(
    "text", [fill("a", ",a"), ",".join(f"a{i}" for i in range(700)), fill("a", ".a"), fill("a", "[0]"), "," * LONG, ",".join("a" + ".b" * i for i in range(60)),
             "a." + "b" * 4000, "(" * LONG],
)  # fmt: skip
def test_projection_expressions(raw, hash_table, text):
    for operation, params in (("GetItem", {"Key": {"pk": S("hurt")}}), ("Scan", {"Limit": 1})):
        response = timed(raw, operation, {"TableName": hash_table, "ProjectionExpression": text, **params})
        assert response.status == 200 or response.type == VALIDATION


def test_many_placeholders(raw, hash_table):
    """Names and values of more than 2 MB in all are refused; unused ones too, in linear time."""
    for count in (1000, 20_000):
        values = {f":v{i}": S("x") for i in range(count)}
        response = timed(raw, "Scan", TableName=hash_table, FilterExpression="a = :v0", ExpressionAttributeValues=values)
        invalid(response)
        names = {f"#n{i}": "a" for i in range(count)}
        response = timed(raw, "Scan", TableName=hash_table, FilterExpression="attribute_exists(#n0)", ExpressionAttributeNames=names)
        invalid(response)


def test_placeholders_of_2_mb(raw, hash_table):
    big = {":v": S("x" * (2 << 20)), ":w": S("y" * 1000)}
    invalid(timed(raw, "Scan", TableName=hash_table, FilterExpression="a = :v OR a = :w", ExpressionAttributeValues=big))
    fits = {":v": S("x" * 350_000)}
    timed(raw, "Scan", TableName=hash_table, FilterExpression="a = :v", ExpressionAttributeValues=fits).ok()


def test_long_placeholders(raw, hash_table):
    name = "#" + "n" * 3000
    invalid(timed(raw, "Scan", TableName=hash_table, FilterExpression=f"attribute_exists({name})", ExpressionAttributeNames={name: "a"}))


def test_colliding_and_repeated_keys(raw, hash_table):
    """Many members in one object, all the same and all different."""
    members = ",".join('"a":{"S":"x"}' for _ in range(50_000))
    timed(raw, "PutItem", f'{{"TableName":"{hash_table}","Item":{{"pk":{{"S":"same"}},{members}}}}}').ok()
    members = ",".join(f'"a{i}":{{"S":""}}' for i in range(50_000))
    timed(raw, "PutItem", f'{{"TableName":"{hash_table}","Item":{{"pk":{{"S":"different"}},{members}}}}}').ok()
    members = ",".join(f'"a{i}":1' for i in range(100_000))
    timed(raw, "ListTables", f"{{{members}}}").ok()


def test_large_sets(raw, hash_table):
    """Duplicates are found in less than quadratic time."""
    for kind, make in (("SS", lambda i: f"s{i}"), ("NS", str), ("BS", lambda i: i.to_bytes(4, "big"))):
        big = [make(i) for i in range(30_000)]
        timed(raw, "PutItem", TableName=hash_table, Item={"pk": S("sets"), "v": {kind: big}}).ok()
        invalid(timed(raw, "PutItem", TableName=hash_table, Item={"pk": S("sets"), "v": {kind: [*big, big[0]]}}))


def test_large_numbers(raw, hash_table):
    for text in ("1" * 100_000, "0." + "0" * 100_000 + "1", "1e" + "9" * 100_000, "0" * 100_000 + "1", "1" + "0" * 100_000, "-" * 1000, "1e-" + "9" * 1000):
        response = timed(raw, "PutItem", TableName=hash_table, Item={"pk": S("numbers"), "v": N(text)})
        assert response.status == 200 or response.type == VALIDATION
    for text in ("1" * 100_000, "1e400", "-1e99999999", "0." + "1" * 100_000, "1" * 25):
        response = timed(raw, "Scan", f'{{"TableName": "{hash_table}", "Limit": {text}}}')
        assert response.status == 200 or response.code in ("SerializationException", "ValidationException")


# --- size --------------------------------------------------------------------------------------------------------------------------------


def body_of(size, table):
    head, tail = f'{{"TableName":"{table}","Key":{{"pk":{{"S":"big"}}}},"Zork":"'.encode(), b'"}'
    return head + b"z" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize("size", [1 << 20, BODY_MAX - 1, BODY_MAX])
def test_body_up_to_the_limit(raw, hash_table, size):
    body = body_of(size, hash_table)
    assert len(body) == size
    assert timed(raw, "GetItem", body).ok() == {}


@pytest.mark.parametrize("size", [BODY_MAX + 1, BODY_MAX + 100_000, 3 * BODY_MAX])
def test_body_over_the_limit(raw, hash_table, size):
    data = request_bytes(raw, "GetItem", body_of(size, hash_table))
    with Stream(raw) as stream:
        try:
            stream.send(data)
        except OSError:
            pass  # closed while we are still sending; the answer is there all the same
        response = stream.read()
    assert response.status == 413
    assert response.json["__type"]


@pytest.mark.parametrize("length", ["99999999999999999999", "18446744073709551616", "-1", "1e3", "0x10", "", "10, 10", "9223372036854775808"])
def test_impossible_lengths(raw, length):
    with Stream(raw, timeout=15) as stream:
        stream.send(f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}ListTables\r\nContent-Length: {length}\r\n\r\n".encode() + b"{}")
        try:
            assert stream.read().status in (400, 411, 413)
        except (ConnectionError, ValueError):
            pass  # closed: also clear


def test_two_lengths(raw):
    """Ambiguous requests smuggle others past proxies."""
    for pair in ("Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked"):
        with Stream(raw, timeout=15) as stream:
            stream.send(f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}ListTables\r\n{pair}\r\n\r\n".encode() + b"{}")
            stream.send(b"0\r\n\r\n")
            try:
                assert stream.read().status in (200, 400)
            except (ConnectionError, ValueError):
                pass


@pytest.mark.parametrize("count, size", [(1, 10_000), (1, 100_000), (1, 1_000_000), (50, 1000), (1000, 10), (100_000, 10)])
def test_huge_headers(raw, count, size):
    with Stream(raw, timeout=15) as stream:
        try:
            stream.send(f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}ListTables\r\n".encode())
            for i in range(count):
                stream.send(f"X-Header-{i}: {'h' * size}\r\n".encode())
            stream.send(b"Content-Length: 2\r\n\r\n{}")
            assert stream.read().status in (200, 400, 413, 431)
        except (ConnectionError, ValueError):
            pass


def test_huge_target_and_path(raw):
    for head in (f"POST /{'p' * 20_000} HTTP/1.1\r\nHost: x", f"{'M' * 20_000} / HTTP/1.1\r\nHost: x", f"POST / HTTP/1.1\r\nHost: {'h' * 20_000}"):
        with Stream(raw, timeout=15) as stream:
            try:
                stream.send(head.encode() + b"\r\nContent-Length: 2\r\n\r\n{}")
                assert 400 <= stream.read().status < 500
            except (ConnectionError, ValueError):
                pass


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 1000, b"\xff" * 1000, b"\r\n" * 500, b"GET", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500, b"SSH-2.0-x\r\n",
        b"POST / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\nHost: x\n\n", b"POST  /  HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\n: x\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"POST / HTTP/1.1\r\nHo\0st: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100, b"{}\r\n\r\n", b" POST / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_garbage(raw, data):
    with Stream(raw, timeout=2) as stream:
        try:
            stream.send(data)
            response = stream.read()
            assert 400 <= response.status < 500
        except (OSError, ValueError, IndexError):
            pass  # closed, or it waits for more: test_slow_clients sees to that


def test_random_garbage(raw, hash_table):
    """Requests with a few bytes changed, with a fixed seed."""
    import random

    generator = random.Random(5)
    good = encode({"TableName": hash_table, "Item": {"pk": S("garbage"), "v": {"M": {"a": {"L": [N("1.5"), {"NULL": True}]}}}},
                   "ConditionExpression": "attribute_not_exists(#a) OR b IN (:v, :w)", "ExpressionAttributeNames": {"#a": "x"},
                   "ExpressionAttributeValues": {":v": S("x"), ":w": N(1)}, "ReturnValues": "ALL_OLD"})  # fmt: skip
    for _ in range(3000):
        body = bytearray(good)
        for _ in range(generator.randrange(1, 6)):
            at = generator.randrange(len(body))
            choice = generator.randrange(4)
            if choice == 0:
                body[at] = generator.randrange(256)
            elif choice == 1:
                del body[at : at + generator.randrange(1, 9)]
            elif choice == 2:
                body[at:at] = bytes(generator.choices(b'{}[]",:\\0123456789eE+-. \x00\xff', k=generator.randrange(1, 5)))
            else:
                other = generator.randrange(len(body))
                body[at:at] = body[other : other + generator.randrange(1, 30)]
        response = raw("PutItem", bytes(body))
        assert response.status in (200, 400), (response, bytes(body))


def test_errors_do_not_repeat_megabytes(raw):
    """What a client sent comes back in messages, but not without bounds."""
    response = timed(raw, "DescribeTable", TableName="x" * 1_000_000)
    assert response.status == 400
    assert len(response.body) < 2_000_000
    expect_error(timed(raw, "PutItem", b'{"TableName":' + b'"' * 1_000_000), SERIALIZATION)
