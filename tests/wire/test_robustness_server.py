"""A server of our own under clients that are slow, many, rude or gone, and at its end. Each test that needs to look at
the process starts one with --binary; without a binary here they are skipped."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import random
import signal
import socket
import threading
import time

import botocore.credentials
import pytest

from support.endpoint import Endpoint, Server
from support.raw import TARGET_PREFIX, Raw, encode
from support.reading import padded
from support.stream import Stream, request_bytes
from support.tables import spec
from support.values import N, S

pytestmark = pytest.mark.only("stator", "about our own server")

TABLE = "robust"


class Own:
    """A server of the test's own, with a table."""

    def __init__(self, pytestconfig, data_dir=None):
        binary = pytestconfig.getoption("--binary")
        if not os.access(binary, os.X_OK):
            pytest.skip(f"no server at {binary}")
        self.server = Server(binary, pytestconfig.getoption("--shards"), data_dir=data_dir)
        self.endpoint = Endpoint(self.server.wait_ready(), "us-east-1", "stator")
        self.raw = self.client()
        if TABLE not in self.raw("ListTables", {})["TableNames"]:
            self.raw("CreateTable", {"TableName": TABLE, **spec()}).ok()

    def client(self):
        return Raw(self.endpoint, botocore.credentials.Credentials("a", "b"))

    def memory(self):
        """Resident bytes."""
        for line in pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def is_alive(self):
        return self.server.process.poll() is None

    def check(self):
        self.raw("PutItem", TableName=TABLE, Item={"pk": S("check")}).ok()
        assert self.raw("GetItem", TableName=TABLE, Key={"pk": S("check")}, ConsistentRead=True)["Item"]


@pytest.fixture
def own(pytestconfig):
    made = Own(pytestconfig)
    yield made
    if made.is_alive():
        made.check()
        assert made.server.stop() == 0, "".join(made.server.tail)


def raise_descriptor_limit(count):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            pytest.skip(f"the system allows {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


# --- idle, slow and gone ---------------------------------------------------------------------------------------------------------


def test_two_thousand_idle_connections(pytestconfig):
    raise_descriptor_limit(6000)  # before the server starts: it inherits this
    own = Own(pytestconfig)
    before = own.memory()
    idle = [Stream(own.raw) for _ in range(2000)]
    try:
        for stream in idle[::10]:  # some have been used before
            stream.send(request_bytes(own.raw, "ListTables", {}))
            stream.read().ok()
        started = time.monotonic()
        for i in range(300):
            own.raw("PutItem", TableName=TABLE, Item={"pk": S(f"p{i}")}).ok()
            assert own.raw("GetItem", TableName=TABLE, Key={"pk": S(f"p{i}")}, ConsistentRead=True)["Item"]
        assert time.monotonic() - started < 20
        assert own.memory() - before < 64 << 20
        for stream in idle[::100]:
            stream.send(request_bytes(own.raw, "ListTables", {}))
            stream.read().ok()
    finally:
        for stream in idle:
            stream.close()
    own.check()
    deadline = time.monotonic() + 20
    while own.descriptors() > 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert own.descriptors() <= 200, "connections that clients closed are closed"
    assert own.server.stop() == 0


HALVES = {
    "nothing": b"",
    "half a request line": b"POST / HT",
    "half the headers": b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Tar",
    "no body": f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}ListTables\r\nContent-Length: 2\r\n\r\n".encode(),
    "half the body": f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {TARGET_PREFIX}ListTables\r\nContent-Length: 1000\r\n\r\n{{".encode(),
    "half a chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{",
}


@pytest.mark.parametrize("name", list(HALVES))
def test_client_closes_in_the_middle(own, name):
    before = own.descriptors()
    for reset in (False, True):
        for _ in range(50):
            with Stream(own.raw) as stream:
                stream.send(HALVES[name])
                if reset:
                    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    own.check()
    deadline = time.monotonic() + 15
    while own.descriptors() > before + 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert own.descriptors() <= before + 5


def test_slow_clients_are_closed(own):
    """Half requests end within two minutes, also when a byte trickles in now and then."""
    patience = 120
    waiting = {}
    for name, data in HALVES.items():
        if data:
            stream = Stream(own.raw)
            stream.send(data)
            waiting[name] = stream
    trickle = Stream(own.raw)
    trickle.send(b"POST / HTTP/1.1\r\nHost: x\r\n")
    waiting["trickle"] = trickle
    deadline = time.monotonic() + patience
    while waiting and time.monotonic() < deadline:
        for name, stream in list(waiting.items()):
            if name == "trickle":
                try:
                    stream.send(b"X: y\r\n")
                except OSError:
                    del waiting[name]
                    continue
            if stream.is_closed_within(0.5):
                stream.close()
                waiting.pop(name, None)
        own.check()
    assert not waiting, f"still open after {patience} s: {sorted(waiting)}"


def test_clients_that_close_in_the_middle_of_writes(own):
    """The write happens or it does not; the next client sees a whole item."""
    generator = random.Random(3)
    for n in range(300):
        item = padded({"pk": S(f"rude{n}"), "n": N(n)}, generator.choice([100, 20_000, 300_000]))
        data = request_bytes(own.raw, "PutItem", {"TableName": TABLE, "Item": item})
        with Stream(own.raw) as stream:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            stream.send(data if generator.random() < 0.6 else data[: generator.randrange(len(data))])
            if generator.random() < 0.3:
                time.sleep(0.001)
    own.check()
    for n in range(300):
        item = own.raw("GetItem", TableName=TABLE, Key={"pk": S(f"rude{n}")}, ConsistentRead=True).ok().get("Item")
        assert item is None or (item["n"] == N(n) and set(item["filler"]["S"]) == {"x"})


def test_clients_that_do_not_read_their_replies(own):
    """Large replies to deaf clients do not pile up without bounds, nor stop the others."""
    for i in range(10):
        own.raw("PutItem", TableName=TABLE, Item=padded({"pk": S(f"big{i}")}, 390_000)).ok()
    before = own.memory()
    deaf = []
    scan = request_bytes(own.raw, "Scan", {"TableName": TABLE})
    try:
        for _ in range(40):
            stream = Stream(own.raw)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.send(scan * 5)
            deaf.append(stream)
        for _ in range(50):
            own.check()
        assert own.memory() - before < 512 << 20
    finally:
        for stream in deaf:
            stream.close()
    own.check()


def test_pipelined_flood(own):
    """A client that sends far ahead gets all its answers, in order."""
    with Stream(own.raw, timeout=60) as stream:
        count = 3000
        data = b"".join(request_bytes(own.raw, "PutItem", {"TableName": TABLE, "Item": {"pk": S(f"flood{i % 7}"), "n": N(i)}}) for i in range(count))
        sender = threading.Thread(target=stream.send, args=(data,))
        sender.start()
        for _ in range(count):
            assert stream.read().ok() == {}
        sender.join()
    assert own.raw("GetItem", TableName=TABLE, Key={"pk": S(f"flood{(count - 1) % 7}")}, ConsistentRead=True)["Item"]["n"] == N(count - 1)


# --- memory -------------------------------------------------------------------------------------------------------------------------


def bad_requests(raw):
    """An endless row of mixed bad requests as (operation, body)."""
    generator = random.Random(9)
    item = {"TableName": TABLE, "Item": {"pk": S("x"), "v": {"L": [S("y")] * 20}}}
    fixed = [
        ("PutItem", b"{"), ("PutItem", encode(item)[:-3]), ("GetItem", b"{}"), ("NoSuch", b"{}"), ("Query", encode({"TableName": TABLE})),
        ("PutItem", b"[" * 50_000), ("PutItem", encode({"TableName": TABLE, "Item": {"v": S("x")}})),
        ("PutItem", encode({"TableName": "missing-table", "Item": {"pk": S("x")}})),
        ("PutItem", encode({**item, "ConditionExpression": "(" * 4000})),
        ("PutItem", encode({**item, "ConditionExpression": "attribute_exists(nothing)"})),
        ("UpdateItem", encode({"TableName": TABLE, "Key": {"pk": S("x")}, "UpdateExpression": "SET a = b + c"})),
        ("Scan", encode({"TableName": TABLE, "FilterExpression": "a = :a", "ExpressionAttributeValues": {f":{i}": S("x") for i in range(100)}})),
        ("BatchWriteItem", encode({"RequestItems": {TABLE: [{"PutRequest": {"Item": {"pk": S(str(i))}}} for i in range(26)]}})),
        ("BatchGetItem", encode({"RequestItems": {TABLE: {"Keys": [{"pk": S("a")}] * 2}}})),
        ("PutItem", encode({"TableName": TABLE, "Item": padded({"pk": S("x")}, 410_000)})),
        ("PutItem", encode({"TableName": TABLE, "Item": {"pk": S("x"), "v": {"SS": ["a", "a"]}}})),
        ("CreateTable", encode({"TableName": TABLE})), ("DescribeTable", encode({"TableName": "x" * 5000})), ("ListTables", b"\xff" * 3000),
        ("UpdateItem", encode({"TableName": TABLE, "Key": {"pk": S("x")}, "UpdateExpression": "SET " + ",".join(f"a{i}=:v" for i in range(400))})),
    ]  # fmt: skip
    while True:
        yield generator.choice(fixed)


def test_memory_does_not_grow_by_bad_requests(own):
    """20,000 after a warm-up of 5,000: less than 40 MB more, so less than 2 KB for each."""
    requests = bad_requests(own.raw)

    def send(count):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            clients = [own.client() for _ in range(4)]
            batch = [next(requests) for _ in range(count)]

            def work(n):
                for operation, body in batch[n::4]:
                    response = clients[n](operation, body)
                    assert response.status == 400, response

            list(pool.map(work, range(4)))

    send(5000)
    before = own.memory()
    send(20_000)
    assert own.memory() - before < 40 << 20


def test_memory_does_not_grow_by_connections(own):
    def connect(count):
        for _ in range(count):
            with Stream(own.raw) as stream:
                stream.send(request_bytes(own.raw, "ListTables", {}))
                stream.read().ok()

    connect(500)
    before, descriptors = own.memory(), own.descriptors()
    connect(3000)
    assert own.memory() - before < 16 << 20
    assert own.descriptors() <= descriptors + 20


def test_idle_memory(own):
    if os.environ.get("SANITIZER") or b"__asan_init" in pathlib.Path(own.server.command[0]).read_bytes():
        pytest.skip("sanitizers take memory of their own")
    assert own.memory() < 40 << 20


# --- the end -----------------------------------------------------------------------------------------------------------------------


class Load:
    """Clients that write until the server is gone, and know what was acknowledged."""

    def __init__(self, own, clients=8):
        self.own, self.acknowledged, self.unexpected = own, {}, []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(n,)) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def _work(self, n):
        raw, i = self.own.client(), 0
        while not self.stop.is_set():
            try:
                response = raw("PutItem", TableName=TABLE, Item={"pk": S(f"load{n}"), "n": N(i)})
            except OSError:
                return
            if response.status == 200:
                self.acknowledged[n] = i
            elif response.status not in (500, 503):
                self.unexpected.append(response)
                return
            i += 1

    def join(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a client hangs"
        assert not self.unexpected


def test_sigterm_while_a_load_runs(own):
    load = Load(own)
    time.sleep(1)
    started = time.monotonic()
    own.server.process.send_signal(signal.SIGTERM)
    own.server.process.wait(30)
    load.join()
    assert own.server.process.returncode == 0, "".join(own.server.tail)
    assert time.monotonic() - started < 15
    assert min(load.acknowledged.values()) > 0


def test_sigterm_with_idle_and_half_open_connections(own):
    idle = [Stream(own.raw) for _ in range(50)]
    for number, stream in enumerate(idle):
        stream.send(list(HALVES.values())[number % len(HALVES)])
    own.server.process.send_signal(signal.SIGTERM)
    own.server.process.wait(30)
    assert own.server.process.returncode == 0
    for stream in idle:
        stream.close()


def test_sigint(own):
    own.server.process.send_signal(signal.SIGINT)
    own.server.process.wait(30)
    assert own.server.process.returncode in (0, 130)


def test_acknowledged_writes_are_there_after_sigterm(pytestconfig, tmp_path):
    """What was answered is found by the next server on the same folder."""
    own = Own(pytestconfig, str(tmp_path))
    load = Load(own)
    time.sleep(1)
    assert own.server.stop() == 0
    load.join()
    again = Own(pytestconfig, str(tmp_path))
    for n, last in load.acknowledged.items():
        found = int(again.raw("GetItem", TableName=TABLE, Key={"pk": S(f"load{n}")}, ConsistentRead=True)["Item"]["n"]["N"])
        assert found in (last, last + 1), "the newest acknowledged write, or the one that was in flight"
    assert again.server.stop() == 0
