"""Under its ceilings the server never runs out of memory: in 512 MB, with the options that docs/operations/running.md names
for it, it stays alive and serves whoever behaves, whatever others send."""

from __future__ import annotations

import json
import pathlib
import re
import resource
import socket
import threading
import time

import pytest

from load import wire_key
from server import GONE, Refused

MEMORY_MAX = 512 << 20
CONNECTIONS = 10_000
FILES = CONNECTIONS + 1500  # of the test, and of the server, which inherits the limit
SLOW_READERS = 100
BIG_ITEMS = 52  # of 300 KB: one BatchGetItem answers 16 MB
BIG_BYTES = 300_000
ANSWER_SECONDS_MAX = 120
OPTIONS = ("--cache-mb", "32", "--max-in-flight-mb", "64", "--threads", "2")
TABLE = "big"


def request(operation, body, length=None, expect=b""):
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: DynamoDB_20120810.{operation}\r\nContent-Length: {len(body) if length is None else length}\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        "\r\nX-Amz-Date: 20260101T000000Z\r\n"
    ).encode()
    return head + expect + b"\r\n" + body


def connect(server, buffer_bytes=None):
    made = socket.socket()
    if buffer_bytes is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    made.settimeout(ANSWER_SECONDS_MAX)
    made.connect(("127.0.0.1", server.port))
    return made


def status_of(made):
    """Of the answer; 0 if the server closed the connection instead."""
    try:
        head = made.recv(64)
    except OSError:
        return 0
    found = re.match(rb"HTTP/1\.1 (\d+)", head)
    return int(found.group(1)) if found else 0


def peak(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10


BATCH = json.dumps({"RequestItems": {TABLE: {"Keys": [wire_key(("a", n)) for n in range(BIG_ITEMS)]}}}).encode()
PAGE = json.dumps(
    {"TableName": TABLE, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
).encode()


def item_of(values):
    return b'{"TableName":"big","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"L":[' + values + b"]}}}"


# 16 MB of what takes the most memory when it is parsed.
HEAVY = {
    "numbers": lambda: item_of(b",".join([b"0"] * 8_000_000)),
    "lists": lambda: b'{"x":' + b"[" * 20 + b",".join([b"[]"] * 5_000_000) + b"]" * 20 + b"}",
    "strings": lambda: b'{"x":[' + b",".join([b'""'] * 5_000_000) + b"]}",
    "one text": lambda: item_of(b'{"S":"' + b"x" * 16_000_000 + b'"}'),
    "values": lambda: item_of(b",".join([b'{"S":""}'] * 1_750_000)),
}


def fill(client):
    client(
        "CreateTable",
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    for n in range(BIG_ITEMS):
        client("PutItem", TableName=TABLE, Item={**wire_key(("a", n)), "body": {"S": f"{n:06}" + "x" * BIG_BYTES}})


class Behaved(threading.Thread):
    """A client that asks for little, and again when it is told to: it must be served all the time."""

    def __init__(self, server):
        super().__init__()
        self.server, self.stop, self.failure, self.served = server, threading.Event(), None, 0

    def ask(self, operation, **request):
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            try:
                client = self.server.client()
                reply = client(operation, **request)
                client.close()
                return reply
            except (Refused, *GONE) as error:
                if time.monotonic() > deadline or (isinstance(error, Refused) and error.status != 503):
                    raise
                time.sleep(0.05)

    def run(self):
        try:
            while not self.stop.is_set():
                self.ask("PutItem", TableName=TABLE, Item={**wire_key(("behaved", 1)), "n": {"N": str(self.served)}})
                item = self.ask("GetItem", TableName=TABLE, Key=wire_key(("behaved", 1)), ConsistentRead=True)["Item"]
                assert item["n"] == {"N": str(self.served)}
                with connect(self.server) as health:
                    health.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    assert status_of(health) == 200
                self.served += 1
        except BaseException as error:  # pylint: disable=broad-except # raised by the test
            self.failure = error


def send_refused_bodies(server):
    """64 MB, which is refused from its first bytes on."""
    for expect in (b"", b"Expect: 100-continue\r\n"):
        with connect(server) as made:
            try:
                made.sendall(request("PutItem", b"", length=64 << 20, expect=expect))
                for _ in range(64):
                    made.sendall(b"x" * (1 << 20))
            except OSError:
                pass  # it need not take them
            assert status_of(made) in (413, 503, 0)


def send_heavy_body(server, body):
    with connect(server) as made:
        try:
            made.sendall(request("PutItem", body))
        except OSError:
            return
        assert status_of(made) in (400, 503, 0)


def in_parallel(count, work, *arguments):
    failures = []

    def guarded():
        try:
            work(*arguments)
        except BaseException as error:  # pylint: disable=broad-except # raised below
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.fixture
def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"the system allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_512_megabytes(launch, tmp_path, descriptors, pytestconfig, tell):
    if "san" in pytestconfig.getoption("--binary"):
        pytest.skip("not with sanitizers")
    long = pytestconfig.getoption("--long")
    connections = CONNECTIONS if long else CONNECTIONS // 5
    heavy = {name: HEAVY[name]() for name in (HEAVY if long else ("numbers", "values"))}
    server = launch(tmp_path / "data", extra=OPTIONS).wait_ready()
    fill(server.client())
    figures = {"filled": peak(server) >> 20}
    behaved = Behaved(server)
    behaved.start()
    held = []
    try:
        held += [connect(server) for _ in range(connections - SLOW_READERS - 50)]
        figures["connections"] = peak(server) >> 20
        for name, body in heavy.items():
            in_parallel(6, send_heavy_body, server, body)
            figures[name] = peak(server) >> 20
        in_parallel(4, send_refused_bodies, server)
        figures["refused bodies"] = peak(server) >> 20
        for n in range(SLOW_READERS):
            reader = connect(server, buffer_bytes=4096)
            reader.sendall(request("BatchGetItem", BATCH) if n % 2 else request("Query", PAGE))
            held.append(reader)
        for body in heavy.values():
            in_parallel(6, send_heavy_body, server, body)
        in_parallel(4, send_refused_bodies, server)
        figures["slow readers, and all again"] = peak(server) >> 20
    finally:
        print(f"MB at most: {figures}, at the end {peak(server) >> 20}")
        behaved.stop.set()
        behaved.join()
        for made in held:
            made.close()
    assert behaved.failure is None, behaved.failure
    assert behaved.served > 0
    assert server.process.poll() is None, f"the server died:\n{server.output}"
    tell(peak_mb=figures, served=behaved.served)
    assert peak(server) <= MEMORY_MAX, f"{figures} MB"
    assert server.stop() == 0, server.output
