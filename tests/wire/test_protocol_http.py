"""The HTTP side of awsJson1_0: headers, targets, checksums, compression, connections, CORS, health."""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib

import pytest

from support.expect import UNKNOWN_OPERATION, expect_error
from support.raw import CONTENT_TYPE, TARGET_PREFIX, encode
from support.reading import padded
from support.stream import Stream, request_bytes
from support.values import S, unique

REQUEST_ID = re.compile(r"[A-Z0-9]{52}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def item(raw, hash_table):
    """The parameters of a GetItem that finds something."""
    found = padded({"pk": S(unique("http"))}, 5000)
    raw("PutItem", TableName=hash_table, Item=found).ok()
    return {"TableName": hash_table, "Key": {"pk": found["pk"]}}


# --- what a reply carries ------------------------------------------------------------------------------------------------


def check_headers(response):
    assert REQUEST_ID.fullmatch(response.headers["x-amzn-RequestId"]), response.headers["x-amzn-RequestId"]
    assert response.headers["Content-Type"] == CONTENT_TYPE
    assert int(response.headers["x-amz-crc32"]) == zlib.crc32(response.body)
    assert int(response.headers["Content-Length"]) == len(response.body)


def test_headers_of_a_success(raw, item):
    response = raw("GetItem", item)
    response.ok()
    check_headers(response)


@pytest.mark.differs_from_dynamodb_local("no checksum on errors")
@pytest.mark.parametrize(
    "operation, body",
    [
        ("GetItem", b"{}"),
        ("GetItem", b"{"),
        ("GetItem", b'{"TableName": 1}'),
        ("GetItem", b'{"TableName": "stator-wire-missing", "Key": {"pk": {"S": "a"}}}'),
        ("NoSuchOperation", b"{}"),
    ],
)
def test_headers_of_an_error(raw, operation, body):
    response = raw(operation, body)
    assert response.status == 400
    check_headers(response)


def test_request_ids_differ(raw, item):
    assert len({raw("GetItem", item).headers["x-amzn-RequestId"] for _ in range(50)}) == 50


def test_empty_reply(raw, hash_table):
    """An operation without output still answers a JSON object."""
    response = raw("PutItem", TableName=hash_table, Item={"pk": S(unique())})
    assert response.body == b"{}"
    assert int(response.headers["x-amz-crc32"]) == zlib.crc32(b"{}") == 2745614147


def test_missing_item(raw, hash_table):
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(unique("none"))}).body == b"{}"


def test_date(raw, item):
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", raw("GetItem", item).headers["Date"])


# --- target and content type -----------------------------------------------------------------------------------------------


@pytest.mark.differs_from_dynamodb_local("has its own names for these")
@pytest.mark.parametrize(
    "target",
    [
        "DynamoDB_20120810.NoSuchOperation",
        "DynamoDB_20120810.getItem",
        "DynamoDB_20120810.GETITEM",
        "DynamoDB_20120810.",
        "DynamoDB_20120810",
        "DynamoDB_20120810.GetItem.x",
        "DynamoDB_20990101.GetItem",
        "dynamodb_20120810.GetItem",
        "GetItem",
        ".GetItem",
        "x" * 4000,
    ],
)
def test_unknown_target(raw, item, target):
    expect_error(raw.send(target, encode(item)), UNKNOWN_OPERATION)


@pytest.mark.differs_from_dynamodb_local("answers 500")
def test_no_target(raw, item):
    expect_error(raw.send(None, encode(item)), UNKNOWN_OPERATION)
    expect_error(raw.send("", encode(item)), UNKNOWN_OPERATION)


@pytest.mark.differs_from_dynamodb_local("another namespace")
def test_unknown_operation_before_bad_json(raw):
    expect_error(raw("NoSuchOperation", b"{"), UNKNOWN_OPERATION)


@pytest.mark.parametrize(
    "content_type", [CONTENT_TYPE, "application/x-amz-json-1.0; charset=utf-8", "Application/X-Amz-JSON-1.0"]
)
def test_content_types(raw, item, content_type):
    response = raw("GetItem", item, headers={"Content-Type": content_type})
    assert "Item" in response.ok()
    assert response.headers["Content-Type"] == CONTENT_TYPE


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.1", "application/json"])
def test_content_types_of_other_clients(raw, item, content_type):
    """Old SDKs and web pages send these."""
    assert "Item" in raw("GetItem", item, headers={"Content-Type": content_type}).ok()


def test_unknown_headers_are_ignored(raw, item):
    raw("GetItem", item, headers={"X-Something": "else", "amz-sdk-invocation-id": "x"}).ok()


def test_header_names_in_any_case(raw, item):
    body = encode(item)
    for form in (str.upper, str.lower):
        signed = raw.headers(TARGET_PREFIX + "GetItem", body)
        with Stream(raw) as stream:
            head = "".join(f"{form(k)}: {v}\r\n" for k, v in signed.items())
            stream.send(f"POST / HTTP/1.1\r\n{form('Host')}: {raw.url.netloc}\r\n{form('Content-Length')}: {len(body)}\r\n{head}\r\n".encode())
            stream.send(body)
            assert "Item" in stream.read().ok()


# --- credentials -------------------------------------------------------------------------------------------------------------


@pytest.mark.only("stator", "AWS checks signatures, and DynamoDB Local their form")
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "AWS4-HMAC-SHA256 Credential=anybody/20200101/eu-north-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        "Bearer x",
        "nonsense",
    ],
)
def test_any_credentials(raw, item, authorization):
    body = encode(item)
    with Stream(raw) as stream:
        line = f"Authorization: {authorization}\r\n" if authorization else ""
        stream.send(
            f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}GetItem\r\nContent-Type: {CONTENT_TYPE}\r\n{line}"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        assert "Item" in stream.read().ok()


@pytest.mark.only("stator", "AWS knows its callers")
def test_any_access_key_through_the_sdk(endpoint, hash_table):
    import boto3

    for key, region in (("a", "eu-west-3"), ("AKIAXXXXXXXXXXXXXXXX", "us-gov-west-1")):
        client = boto3.client("dynamodb", endpoint_url=endpoint.url, region_name=region, aws_access_key_id=key, aws_secret_access_key="x")
        assert hash_table in [t for p in client.get_paginator("list_tables").paginate() for t in p["TableNames"]]


# --- checksum and gzip ---------------------------------------------------------------------------------------------------------


def test_gzip_when_accepted(raw, item):
    plain = raw("GetItem", item)
    response = raw("GetItem", item, headers={"Accept-Encoding": "gzip"})
    assert response.status == 200
    assert int(response.headers["x-amz-crc32"]) == zlib.crc32(response.body), "the checksum is of the bytes as sent"
    assert int(response.headers["Content-Length"]) == len(response.body)
    if response.headers.get("Content-Encoding") == "gzip":
        assert json.loads(gzip.decompress(response.body)) == plain.json
        assert len(response.body) < len(plain.body)
    else:
        assert response.json == plain.json


@pytest.mark.only("stator", "whether to compress is the server's choice")
@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "deflate, gzip;q=0.5", "*", "GZIP"])
def test_large_replies_are_compressed(raw, item, accepted):
    response = raw("GetItem", item, headers={"Accept-Encoding": accepted})
    if accepted in ("*", "GZIP") and "Content-Encoding" not in response.headers:
        pytest.skip("allowed, not needed")
    assert response.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.body))["Item"]["pk"] == item["Key"]["pk"]
    assert int(response.headers["x-amz-crc32"]) == zlib.crc32(response.body)


@pytest.mark.parametrize("accepted", [None, "identity", "", "deflate", "br", "gzip;q=0", "x-gzipped", "gzip;q=0.0, identity"])
def test_no_gzip_when_not_accepted(raw, item, accepted):
    with Stream(raw) as stream:
        stream.send(request_bytes(raw, "GetItem", item, {"Accept-Encoding": accepted}))
        response = stream.read()
    assert "Content-Encoding" not in response.headers
    assert "Item" in response.ok()


@pytest.mark.parametrize("size", [1, 100, 1000, 5000, 100_000, 390_000])
def test_gzip_of_all_sizes(raw, hash_table, size):
    stored = {"pk": S(unique()), "v": S(("Gießen äöü €" * size)[: size // 2])}
    raw("PutItem", TableName=hash_table, Item=stored).ok()
    response = raw("GetItem", {"TableName": hash_table, "Key": {"pk": stored["pk"]}}, headers={"Accept-Encoding": "gzip"})
    body = gzip.decompress(response.body) if response.headers.get("Content-Encoding") == "gzip" else response.body
    assert json.loads(body)["Item"] == stored
    assert int(response.headers["x-amz-crc32"]) == zlib.crc32(response.body)


def test_sdk_checks_the_checksum(client, hash_table):
    """botocore verifies x-amz-crc32 of each reply."""
    name = unique()
    client.put_item(TableName=hash_table, Item={"pk": S(name), "v": S("é" * 1000)})
    assert client.get_item(TableName=hash_table, Key={"pk": S(name)})["Item"]["v"] == S("é" * 1000)


# --- connections -----------------------------------------------------------------------------------------------------------------


def test_keep_alive(raw, item):
    with Stream(raw) as stream:
        for _ in range(100):
            stream.send(request_bytes(raw, "GetItem", item))
            response = stream.read()
            assert "Item" in response.ok()
            assert response.headers.get("Connection", "keep-alive").lower() != "close"


def test_keep_alive_after_errors(raw, item):
    with Stream(raw) as stream:
        for body in (b"{}", b'{"TableName": "stator-wire-missing", "Key": {"pk": {"S": "a"}}}') * 5:
            stream.send(request_bytes(raw, "GetItem", body))
            assert stream.read().status == 400
            stream.send(request_bytes(raw, "GetItem", item))
            assert "Item" in stream.read().ok()


def test_connection_close(raw, item):
    with Stream(raw) as stream:
        stream.send(request_bytes(raw, "GetItem", item, {"Connection": "close"}))
        assert "Item" in stream.read().ok()
        assert stream.is_closed_within(10)


def test_http_1_0(raw, item):
    body = request_bytes(raw, "GetItem", item).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with Stream(raw) as stream:
        stream.send(body)
        assert "Item" in stream.read().ok()


def test_pipelining(raw, endpoint, hash_table):
    if endpoint.kind == "aws":
        pytest.skip("AWS's front end promises no pipelining")
    names = [unique("pipe") for _ in range(40)]
    with Stream(raw) as stream:
        for n in names:
            stream.send(request_bytes(raw, "PutItem", {"TableName": hash_table, "Item": {"pk": S(n)}}))
        for _ in names:
            assert stream.read().ok() == {}
        stream.send(b"".join(request_bytes(raw, "GetItem", {"TableName": hash_table, "Key": {"pk": S(n)}, "ConsistentRead": True}) for n in names))
        for n in names:
            assert stream.read().ok()["Item"]["pk"] == S(n), "replies come in the order of the requests"


def test_pipelined_mix_of_reads_writes_and_errors(raw, endpoint, hash_table):
    if endpoint.kind == "aws":
        pytest.skip("AWS's front end promises no pipelining")
    name = unique("mix")
    key = {"TableName": hash_table, "Key": {"pk": S(name)}}
    calls = [
        ("PutItem", {"TableName": hash_table, "Item": {"pk": S(name), "n": {"N": "1"}}}, lambda r: r.ok() == {}),
        ("GetItem", b"{}", lambda r: r.status == 400),
        ("UpdateItem", {**key, "UpdateExpression": "SET n = n + :o", "ExpressionAttributeValues": {":o": {"N": "1"}}, "ReturnValues": "UPDATED_NEW"},
         lambda r: r["Attributes"] == {"n": {"N": "2"}}),
        ("Query", {"TableName": hash_table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S(name)}}, lambda r: "Count" in r.ok()),
        ("DeleteItem", {**key, "ReturnValues": "ALL_OLD"}, lambda r: r["Attributes"] == {"pk": S(name), "n": {"N": "2"}}),
        ("ListTables", {"Limit": 1}, lambda r: len(r["TableNames"]) == 1),
    ]  # fmt: skip
    with Stream(raw) as stream:
        stream.send(b"".join(request_bytes(raw, operation, params) for operation, params, _ in calls))
        for operation, _, check in calls:
            assert check(stream.read()), operation


def test_request_in_small_pieces(raw, item):
    data = request_bytes(raw, "GetItem", item)
    with Stream(raw) as stream:
        for at in range(0, len(data), 7):
            stream.send(data[at : at + 7])
        assert "Item" in stream.read().ok()


@pytest.mark.parametrize("expect_first", [True, False])
def test_expect_100_continue(raw, item, expect_first):
    data = request_bytes(raw, "GetItem", item, {"Expect": "100-continue"})
    head, _, body = data.partition(b"\r\n\r\n")
    with Stream(raw) as stream:
        stream.send(head + b"\r\n\r\n")
        if expect_first:
            assert b"100" in stream.reader.readline()
            stream.reader.readline()
            stream.send(body)
            assert "Item" in stream.read().ok()
        else:
            stream.send(body)
            response = stream.read()
            if response.status == 100:
                response = stream.read()
            assert "Item" in response.ok()


def test_chunked_request(raw, endpoint, item):
    if endpoint.kind == "aws":
        pytest.skip("AWS wants a Content-Length")
    body = encode(item)
    head = raw.headers(TARGET_PREFIX + "GetItem", body)
    with Stream(raw) as stream:
        lines = "".join(f"{k}: {v}\r\n" for k, v in head.items() if k.lower() not in ("host", "content-length"))
        stream.send(f"POST / HTTP/1.1\r\nHost: {raw.url.netloc}\r\nTransfer-Encoding: chunked\r\n{lines}\r\n".encode())
        for part in (body[:10], body[10:]):
            stream.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        stream.send(b"0\r\n\r\n")
        assert "Item" in stream.read().ok()


def test_many_connections_at_once(raw, item):
    failures = []

    def work():
        try:
            with Stream(raw) as stream:
                for _ in range(20):
                    stream.send(request_bytes(raw, "GetItem", item))
                    stream.read().ok()
        except Exception as error:  # noqa: BLE001  (reported below)
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(32)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


# --- browsers, and people ----------------------------------------------------------------------------------------------------------


def test_cors_preflight(raw):
    response = raw.send(
        None, b"", method="OPTIONS",
        headers={"Origin": "http://example.org", "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "authorization,content-type,x-amz-date,x-amz-target,x-amz-user-agent"},
    )  # fmt: skip
    assert response.status == 200 and response.body == b""
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    for name in ("authorization", "content-type", "x-amz-date", "x-amz-target"):
        assert allowed == "*" or name in allowed
    assert int(response.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.differs_from_dynamodb_local("leaves the origin out without credentials")
def test_cors_preflight_origin(raw):
    headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}
    response = raw.send(None, b"", method="OPTIONS", headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] in ("*", "http://example.org")


@pytest.mark.differs_from_dynamodb_local("has no such headers on its replies")
def test_cors_headers_of_replies(raw, item):
    for operation, params in (("GetItem", item), ("GetItem", b"{}")):
        response = raw(operation, params, headers={"Origin": "http://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] in ("*", "http://example.org")
    exposed = response.headers.get("Access-Control-Expose-Headers")
    if exposed is not None:
        assert "x-amzn-requestid" in exposed.lower()


@pytest.mark.differs_from_dynamodb_local("knows no health")
def test_health(raw, endpoint):
    with Stream(raw) as stream:
        stream.send(f"GET / HTTP/1.1\r\nHost: {raw.url.netloc}\r\n\r\n".encode())
        response = stream.read()
    assert response.status == 200
    assert response.body.startswith(b"healthy: ")


@pytest.mark.only("stator", "AWS's front end has its own pages")
@pytest.mark.parametrize("method, path", [("GET", "/nothing"), ("PUT", "/"), ("DELETE", "/"), ("POST", "/nothing"), ("PATCH", "/"), ("BREW", "/")])
def test_other_methods_and_paths(raw, method, path):
    response = raw.send(TARGET_PREFIX + "ListTables", b"{}", method=method, path=path)
    assert 400 <= response.status < 500


@pytest.mark.only("stator", "DynamoDB Local answers 400")
def test_head(raw):
    with Stream(raw) as stream:
        stream.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.reader.readline().split()[1] == b"200"
        while stream.reader.readline() not in (b"\r\n", b""):
            pass
        assert stream.read().status == 200


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "dynamodb.us-east-1.amazonaws.com", "[::1]:80", "anything.example"])
@pytest.mark.only("stator", "AWS routes by host")
def test_any_host(raw, item, host):
    body = encode(item)
    with Stream(raw) as stream:
        stream.send(
            f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: {TARGET_PREFIX}GetItem\r\nContent-Type: {CONTENT_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        assert "Item" in stream.read().ok()
