"""HTTP/2: the same answers as over HTTP/1.1, and clients that use the protocol against the server."""

from __future__ import annotations

import os
import pathlib
import socket
import ssl

import botocore.credentials
import hyperframe.frame as frame
import pytest

from support.certificates import Certificates
from support.endpoint import Endpoint, Server
from support.frames import ENHANCE_YOUR_CALM, Closed, Http2, connect
from support.own import environment
from support.raw import TARGET_PREFIX, Raw, encode
from support.tables import spec
from support.values import N, S

pytestmark = pytest.mark.only("stator", "about our own server")

TABLE = "http2"
INITIAL_WINDOW = 4  # the setting's number


class Own:
    """A server of our own with a table."""

    def __init__(self, pytestconfig, folder: pathlib.Path, *options: str, table: bool = True):
        self.certificates = Certificates(folder)
        self.certificates.make("server")
        self.server = Server(
            pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"),
            (*self.certificates.options("server"), *options),
        )
        self.endpoint = Endpoint(self.server.wait_ready(), "us-east-1", "stator")
        if table:
            with self.dial() as client:
                assert client.wait(client.call("CreateTable", {"TableName": TABLE, **spec()}))[0].status == 200

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificates.path("ca.crt"))

    def dial(self, settings=None, **options) -> Http2:
        return Http2(self.endpoint.url, self.context(), settings, **options)

    def put(self, key: str, text: str) -> None:
        with self.dial() as client:
            stream = client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S(key), "t": S(text)}})
            assert client.wait(stream)[0].status == 200

    def memory(self) -> int:
        for line in pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def is_well(self) -> None:
        assert self.server.process.poll() is None, "".join(self.server.tail)
        self.put("well", "")


@pytest.fixture(scope="module")
def own(pytestconfig, tmp_path_factory):
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    made = Own(pytestconfig, tmp_path_factory.mktemp("http2"))
    yield made
    assert made.server.stop() == 0, "".join(made.server.tail)


@pytest.fixture(autouse=True)
def stays_well(request):
    yield
    if "own" in request.fixturenames:
        request.getfixturevalue("own").is_well()


# --- answers -----------------------------------------------------------------------------------------------------------


def test_calls(own):
    with own.dial() as client:
        item = {"pk": S("calls"), "n": N(5), "long": S("x" * 200000)}
        put, get, wrong, unknown = client.wait(client.call("PutItem", {"TableName": TABLE, "Item": item}))[0], *client.wait(
            client.call("GetItem", {"TableName": TABLE, "Key": {"pk": S("calls")}}),
            client.call("GetItem", {"TableName": TABLE, "Key": {}}),
            client.call("NoSuchThing", {}),
        )
        assert put.status == 200 and put.body == b"{}"
        assert get.status == 200 and get.headers["content-length"] == str(len(get.body))
        assert get.headers["content-type"] == "application/x-amz-json-1.0" and len(get.headers["x-amzn-requestid"]) == 52
        assert wrong.status == 400 and b"ValidationException" in wrong.body
        assert unknown.status == 400 and b"UnknownOperationException" in unknown.body


def test_a_hundred_at_a_time(own):
    with own.dial() as client:
        for start in range(0, 400, 100):
            puts = [client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S(f"k{i}"), "n": N(i)}})
                    for i in range(start, start + 100)]
            assert all(answer.status == 200 for answer in client.wait(*puts))
        for start in range(0, 400, 100):
            gets = [client.call("GetItem", {"TableName": TABLE, "Key": {"pk": S(f"k{i}")}, "ConsistentRead": True})
                    for i in range(start, start + 100)]
            for i, answer in zip(range(start, start + 100), client.wait(*gets)):
                assert b'"n":{"N":"%d"}' % i in answer.body


def test_signatures(pytestconfig, tmp_path):
    key, secret = "AKIAROOTROOTROOTROOT", "a secret of the root user"
    with environment(STATOR_ROOT_ACCESS_KEY_ID=key, STATOR_ROOT_SECRET_ACCESS_KEY=secret):
        own = Own(pytestconfig, tmp_path, "--auth", "sigv4", table=False)
    signer = Raw(own.endpoint, botocore.credentials.Credentials(key, secret))
    with own.dial() as client:
        for good in (True, False):
            headers = signer.headers(TARGET_PREFIX + "ListTables", b"{}")
            signed = [(name.lower(), value) for name, value in headers.items() if name.lower() != "host"]
            stream = client.head(client.pseudo("POST", "/") + signed)
            client.add(frame.DataFrame(stream, b"{}" if good else b"{ }", flags=["END_STREAM"]))
            answer = client.wait(stream)[0]
            assert answer.status == (200 if good else 400), answer.body
            assert good or b"InvalidSignatureException" in answer.body
    assert own.server.stop() == 0


def test_the_hundred_and_first_is_refused(own):
    with own.dial() as client:
        waiting = [client.call_head("ListTables") for _ in range(100)]
        one_more = client.call("ListTables", {})
        assert client.wait(one_more)[0].reset == 7  # REFUSED_STREAM
        for stream in waiting:
            client.add(frame.DataFrame(stream, b"{}", flags=["END_STREAM"]))
        assert all(answer.status == 200 for answer in client.wait(*waiting))


def test_bodies_in_pieces(own):
    body = encode({"TableName": TABLE, "Item": {"pk": S("pieces"), "t": S("y" * 1000)}})
    with own.dial() as client:
        stream = client.call_head("PutItem", extra=[("content-length", str(len(body)))])
        for at in range(0, len(body), 100):
            client.add(frame.DataFrame(stream, body[at : at + 100], pad_length=30, flags=["PADDED"]))
            client.flush()
        client.add(frame.DataFrame(stream, b"", flags=["END_STREAM"]))
        assert client.wait(stream)[0].status == 200
        stream = client.call_head("PutItem", extra=[("content-length", str(len(body) + 1))])
        client.add(frame.DataFrame(stream, body, flags=["END_STREAM"]))
        assert client.wait(stream)[0].reset is not None


def test_trailers(own):
    with own.dial() as client:
        stream = client.call_head("ListTables")
        client.add(frame.DataFrame(stream, b"{}"))
        client.add(frame.HeadersFrame(stream, client.encoder.encode([("x-more", "1")]), flags=["END_HEADERS", "END_STREAM"]))
        assert client.wait(stream)[0].status == 200


def test_body_over_the_limit(own):
    with own.dial() as client:
        stream = client.call_head("PutItem")
        piece = frame.DataFrame(stream, b" " * 16384).serialize()
        for _ in range(1100):
            client.add(piece)
        client.flush()
        assert client.wait(stream)[0].reset is not None


@pytest.mark.parametrize("headers", [
    [(":method", "GET"), (":scheme", "https"), (":path", "/")],
    [(":method", "GET"), (":scheme", "https"), (":authority", ""), (":path", "/")],
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "")],
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "*")],
    [(":method", ""), (":scheme", "https"), (":authority", "x"), (":path", "/")],
    [(":method", "GET"), (":scheme", ""), (":authority", "x"), (":path", "/../../%00?%")],
    [(":method", "CONNECT"), (":authority", "x:1")],
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"), ("bad name", "x")],
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"), ("x", "a\r\nb: c")],
    [(":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"), ("connection", "close")],
    [(":method", "GET"), (":method", "POST"), (":scheme", "https"), (":path", "/")],
    [("x-amz-target", "a"), (":method", "GET"), (":scheme", "https"), (":path", "/")],
])
@pytest.mark.parametrize("flags", [("END_STREAM",), ()], ids=["whole", "with a body"])
def test_strange_headers(own, headers, flags):
    with own.dial() as client:
        stream = client.head(headers, *flags)
        if not flags:
            client.add(frame.DataFrame(stream, b"{}", flags=["END_STREAM"]))
        try:
            client.wait(stream)
        except Closed:
            pass


# --- clients that go away ------------------------------------------------------------------------------------------------


def test_streams_reset_while_their_writes_wait(own):
    """The shard's writer has the command when its stream is gone; every other one is waited for."""
    for turn in range(20):
        with own.dial() as client:
            streams = [client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S(f"r{i}"), "t": S("z" * 3000)},
                                               "ReturnValues": "ALL_OLD"}) for i in range(60)]
            if turn % 2 == 0:
                client.flush()
            for stream in streams[::2]:
                client.reset(stream)
            assert all(answer.status == 200 for answer in client.wait(*streams[1::2]))


def test_streams_reset_while_pages_and_batches_run(own):
    for i in range(30):
        own.put(f"p{i}", "w" * 40000)
    scan = {"TableName": TABLE, "FilterExpression": "contains(t, :x)", "ExpressionAttributeValues": {":x": S("nowhere")}}
    batch = {"RequestItems": {TABLE: {"Keys": [{"pk": S(f"p{i}")} for i in range(30)]}}}
    for _ in range(10):
        with own.dial() as client:
            streams = [client.call(*call) for _ in range(10) for call in (("Scan", scan), ("BatchGetItem", batch))]
            client.flush()
            for stream in streams[::3]:
                client.reset(stream)
            client.wait(*(stream for i, stream in enumerate(streams) if i % 3 != 0))


def test_connections_that_end_in_the_middle(own):
    for turn in range(30):
        client = own.dial()
        for i in range(30):
            client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S(f"m{i}"), "t": S("z" * 3000)}})
            client.call("GetItem", {"TableName": TABLE, "Key": {"pk": S(f"m{i}")}})
        client.pending = client.pending[: len(client.pending) - turn * 50]
        client.flush()
        client.socket.close()


def test_end_of_the_server(pytestconfig, tmp_path):
    own = Own(pytestconfig, tmp_path)
    with own.dial() as client:
        client.wait(client.get())
        own.server.process.terminate()
        client.until_closed()
        assert client.goaway is not None and client.goaway.error_code == 0
    assert own.server.process.wait(30) == 0


# --- too many -------------------------------------------------------------------------------------------------------------


def test_requests_in_flight(pytestconfig, tmp_path):
    """A hundred writes that come together wait for the same batch; over the ceiling they do not wait."""
    own = Own(pytestconfig, tmp_path, "--max-requests", "7", "--threads", "1")
    with own.dial() as client:
        for _ in range(3):
            client.wait(client.get())
            puts = [client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S(str(i))}}) for i in range(100)]
            answers = client.wait(*puts)
            assert [answer.status for answer in answers] == [200] * 7 + [503] * 93
            assert b"ServiceUnavailable" in answers[99].body and b"too many requests in flight" in answers[99].body
        gets = [client.call("GetItem", {"TableName": TABLE, "Key": {"pk": S(str(i))}}) for i in range(100)]
        assert all(answer.status == 200 for answer in client.wait(*gets)), "what is answered at once is never in flight"
    assert own.server.stop() == 0


# --- attacks -----------------------------------------------------------------------------------------------------------


def ended_with(client: Http2, code: int | None) -> None:
    """The server ends the connection; with `code` in GOAWAY, if that came through: unread input may destroy it."""
    client.until_closed()
    if client.goaway is not None:
        assert client.goaway.error_code == code


def flood(own, add) -> None:
    with own.dial() as client:
        client.acknowledges = client.widens = False
        client.flood(add, rounds=10000)
        if client.goaway is not None:  # unread input may destroy it
            assert client.goaway.error_code == ENHANCE_YOUR_CALM


def rapid_reset(client):
    client.reset(client.get())


def rapid_reset_of_writes(client):
    client.reset(client.call("PutItem", {"TableName": TABLE, "Item": {"pk": S("reset")}}))


def reset_by_the_server(client):
    """CVE-2025-8671: the client breaks a rule, so that the server resets."""
    stream = client.call_head("ListTables")
    client.add(frame.WindowUpdateFrame(stream, window_increment=1).serialize()[:-4] + b"\0\0\0\0")


def wrong_length(client):
    stream = client.call_head("ListTables", extra=[("content-length", "5")])
    client.add(frame.DataFrame(stream, b"{}", flags=["END_STREAM"]))


def one_byte(client):
    if not client.answers:
        client.call_head("ListTables")
    client.add(frame.DataFrame(1, b" "))


@pytest.mark.parametrize("add", [
    rapid_reset, rapid_reset_of_writes, reset_by_the_server, wrong_length, one_byte,
    lambda client: client.add(frame.PingFrame(0, b"12345678")),
    lambda client: client.add(frame.SettingsFrame(0, settings={INITIAL_WINDOW: 70000})),
    lambda client: client.add(frame.WindowUpdateFrame(0, window_increment=1)),
    lambda client: client.add(frame.PriorityFrame(1, depends_on=3, stream_weight=7)),
    lambda client: client.add(b"\0\0\0\x2a\0\0\0\0\0"),
], ids=["rapid reset", "rapid reset of writes", "made you reset", "wrong length", "bytes", "ping", "settings", "window",
        "priority", "unknown"])
def test_floods(own, add):
    flood(own, add)


def test_header_blocks_have_a_ceiling(own):
    """CONTINUATION frames without end."""
    with own.dial() as client:
        client.add(frame.HeadersFrame(1, client.encoder.encode(client.pseudo("GET")), flags=["END_STREAM"]))
        for _ in range(100):
            client.add(frame.ContinuationFrame(1, b"\x40\x01x\x01y" * 200))
        ended_with(client, ENHANCE_YOUR_CALM)


def test_header_bombs(own):
    """A few bytes that name a long header again and again."""
    before = own.memory()
    clients = [own.dial() for _ in range(20)]
    for client in clients:
        client.add(frame.HeadersFrame(1, client.encoder.encode(client.pseudo("POST") + [("bomb", "b" * 3900)]),
                                      flags=["END_HEADERS"]))
        for stream in range(3, 200, 2):
            block = client.encoder.encode(client.pseudo("POST"))
            client.add(frame.HeadersFrame(stream, block + b"\xbe" * (16000 - len(block)), flags=["END_HEADERS"]))
        try:
            client.flush()
        except Closed:
            pass
    for client in clients:
        ended_with(client, ENHANCE_YOUR_CALM)
        client.socket.close()
    assert own.memory() - before < 300 << 20 or "SANITIZER" in os.environ


@pytest.mark.parametrize("by", ["window", "settings"])
def test_windows_of_finished_streams(own, by):
    """h2o 2.2.5 ends the process when a stream's window grows from nothing while its last bytes are on their way."""
    own.put("finished", "x" * 5000)
    get = {"TableName": TABLE, "Key": {"pk": S("finished")}}
    with own.dial() as client:
        length = len(client.wait(client.call("GetItem", get))[0].body)
    for _ in range(3):
        with own.dial({INITIAL_WINDOW: length}, narrow=True) as client:
            client.add(frame.WindowUpdateFrame(0, window_increment=2**31 - 1 - 65535))
            client.flush()
            client.step()  # the server's settings: it has read ours
            streams = [client.call("GetItem", get) for _ in range(100)]
            client.flush()
            client.widens = False
            while not isinstance(client.step(), frame.DataFrame):
                pass  # answers are on their way, and the rest of them waits
            if by == "window":
                for stream in streams:
                    client.add(frame.WindowUpdateFrame(stream, window_increment=1))
            else:
                for size in (0, 2**31 - 1, 0, 2**31 - 1):
                    client.add(frame.SettingsFrame(0, settings={INITIAL_WINDOW: size}))
            client.flush()
            client.wait(*streams)


def test_nothing_is_kept_behind_the_end_of_tls(own):
    """A client that has ended its side of TLS, and sends on."""
    before = own.memory()
    with connect(own.endpoint.url, own.context()) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(1000).startswith(b"HTTP/1.1 200 ")
        stream.settimeout(0)
        try:
            stream.unwrap()
        except (ssl.SSLWantReadError, OSError):
            pass
        plain = socket.socket(fileno=stream.detach())
        plain.settimeout(30)
        with plain, pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(2000):
                plain.sendall(b"\x17\x03\x03" + b"\0" * 99997)
    assert own.memory() - before < 64 << 20 or "SANITIZER" in os.environ
