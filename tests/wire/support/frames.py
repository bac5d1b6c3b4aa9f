"""HTTP/2 over TLS, frame by frame: for what a well-behaved client would not send."""

from __future__ import annotations

import select
import socket
import ssl
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

import hpack
import hyperframe.frame as frame

from .raw import TARGET_PREFIX, encode

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENHANCE_YOUR_CALM = 11


@dataclass
class Answer:
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None  # the error code

    @property
    def status(self) -> int:
        return int(self.headers[":status"])


class Closed(Exception):
    """The server ended the connection."""


def connect(url: str, context: ssl.SSLContext, timeout: float = 30, narrow: bool = False) -> ssl.SSLSocket:
    """A TLS connection. A narrow one takes little at a time: small segments, which keep the server's buffer small too."""
    at = urllib.parse.urlsplit(url)
    plain = socket.socket()
    if narrow:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    plain.settimeout(timeout)
    plain.connect((at.hostname, at.port))
    try:
        return context.wrap_socket(plain, server_hostname=at.hostname)
    except BaseException:
        plain.close()
        raise


class Http2:
    """A connection. Frames are collected until flush(), so that they arrive together."""

    def __init__(self, url: str, context: ssl.SSLContext, settings: dict[int, int] | None = None, **options):
        context.set_alpn_protocols(["h2"])
        self.socket = connect(url, context, **options)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.authority = urllib.parse.urlsplit(url).netloc
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.pending = bytearray(PREFACE + frame.SettingsFrame(0, settings=settings or {}).serialize())
        self.received = bytearray()
        self.answers: dict[int, Answer] = {}
        self.goaway: frame.GoAwayFrame | None = None
        self.pongs = 0
        self.next_stream = 1
        self.acknowledges = True
        self.widens = True

    def __enter__(self) -> Http2:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # --- sending ---

    def add(self, *frames: frame.Frame | bytes) -> None:
        for one in frames:
            self.pending += one if isinstance(one, bytes) else one.serialize()

    def flush(self) -> None:
        data, self.pending = self.pending, bytearray()
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError) as error:
            raise Closed from error

    def head(self, headers: list[tuple[str, str]], *flags: str, stream: int | None = None) -> int:
        if stream is None:
            stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.answers[stream] = Answer()
        self.add(frame.HeadersFrame(stream, self.encoder.encode(headers), flags=["END_HEADERS", *flags]))
        return stream

    def get(self, path: str = "/") -> int:
        """A GET that is whole; the stream's number."""
        return self.head(self.pseudo("GET", path), "END_STREAM")

    def pseudo(self, method: str, path: str = "/") -> list[tuple[str, str]]:
        return [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path)]

    def call_head(self, operation: str, *flags: str, extra: list[tuple[str, str]] | None = None) -> int:
        return self.head(self.pseudo("POST") + [("content-type", "application/x-amz-json-1.0"),
                                                ("x-amz-target", TARGET_PREFIX + operation), *(extra or [])], *flags)

    def call(self, operation: str, params: object) -> int:
        """A whole call of the API, unsigned."""
        stream, body = self.call_head(operation), encode(params)
        while len(body) > 16384:
            self.add(frame.DataFrame(stream, body[:16384]))
            body = body[16384:]
        self.add(frame.DataFrame(stream, body, flags=["END_STREAM"]))
        return stream

    def reset(self, stream: int) -> None:
        self.add(frame.RstStreamFrame(stream, error_code=8))

    # --- receiving ---

    def _one(self) -> frame.Frame:
        while True:
            if len(self.received) >= 9:
                one, length = frame.Frame.parse_frame_header(memoryview(bytes(self.received[:9])))
                if len(self.received) >= 9 + length:
                    one.parse_body(memoryview(bytes(self.received[9 : 9 + length])))
                    del self.received[: 9 + length]
                    return one
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLError) as error:
                if isinstance(error, TimeoutError):
                    raise
                raise Closed from error
            if not more:
                raise Closed
            self.received += more

    def step(self) -> frame.Frame:
        """Takes the next frame, and does what a client has to do about it."""
        one = self._one()
        if isinstance(one, frame.SettingsFrame) and "ACK" not in one.flags and self.acknowledges:
            self.add(frame.SettingsFrame(0, flags=["ACK"]))
            self.flush()
        elif isinstance(one, frame.GoAwayFrame):
            self.goaway = one
        elif isinstance(one, frame.PingFrame):
            self.pongs += 1
        answer = self.answers.get(one.stream_id)
        if answer is not None:
            if isinstance(one, frame.HeadersFrame):
                answer.headers = {str(k): str(v) for k, v in self.decoder.decode(one.data)}
            elif isinstance(one, frame.DataFrame):
                answer.body += one.data
                if one.flow_controlled_length > 0 and self.widens:
                    self.add(frame.WindowUpdateFrame(0, window_increment=one.flow_controlled_length))
                    if "END_STREAM" not in one.flags:
                        self.add(frame.WindowUpdateFrame(one.stream_id, window_increment=one.flow_controlled_length))
                    self.flush()
            elif isinstance(one, frame.RstStreamFrame):
                answer.reset = one.error_code
            answer.ended = answer.ended or "END_STREAM" in one.flags or answer.reset is not None
        return one

    def wait(self, *streams: int) -> list[Answer]:
        """Until these streams have ended."""
        if self.pending:
            self.flush()
        while not all(self.answers[stream].ended for stream in streams):
            self.step()
        return [self.answers[stream] for stream in streams]

    def _send_some(self) -> bool:
        """False: nothing could be sent, or there is nothing more to send it to."""
        try:
            sent = self.socket.send(self.pending[:16384]) if self.pending else 0
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.pending.clear()
            return False
        del self.pending[:sent]
        return sent > 0

    def _receive_some(self) -> bool:
        """False: nothing has come."""
        try:
            more = self.socket.recv(65536)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except (ConnectionResetError, ssl.SSLError) as error:
            raise Closed from error
        if not more:
            raise Closed
        self.received += more
        while len(self.received) >= 9 and len(self.received) >= 9 + int.from_bytes(self.received[:3], "big"):
            self.step()
        return True

    def flood(self, add: Callable[[Http2], None], rounds: int) -> None:
        """add(self) again and again, and reading in between, until the server ends the connection. In one thread: OpenSSL
        does not bear two at a connection."""
        deadline = time.monotonic() + 60
        self.socket.setblocking(False)
        try:
            while True:
                while rounds > 0 and len(self.pending) < 16384:
                    add(self)
                    rounds -= 1
                sent, received = self._send_some(), self._receive_some()
                if not sent and not received:
                    assert time.monotonic() < deadline, "the server goes on with it"
                    select.select([self.socket], [self.socket] if self.pending else [], [], 1)
        except Closed:
            pass

    def until_closed(self) -> None:
        """Reads on until the server ends the connection."""
        try:
            if self.pending:
                self.flush()
            while True:
                self.step()
        except Closed:
            pass
