"""Bytes on a connection of one's own: pipelining, half requests, garbage."""

from __future__ import annotations

import http.client
import socket
from typing import Any

from .raw import TARGET_PREFIX, Raw, Response, encode


def request_bytes(raw: Raw, operation: str, params: Any, headers: dict[str, str | None] | None = None) -> bytes:
    """One whole signed HTTP/1.1 request."""
    body = params if isinstance(params, bytes) else encode(params)
    head = raw.headers(TARGET_PREFIX + operation, body, headers)
    lines = [f"POST / HTTP/1.1\r\nHost: {raw.url.netloc}\r\nContent-Length: {len(body)}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in head.items() if name.lower() not in ("host", "content-length")]
    return "".join(lines).encode() + b"\r\n" + body


class Stream:
    """A plain connection; `with Stream(raw) as stream: …`."""

    def __init__(self, raw: Raw, timeout: float = 30):
        connection = raw.connect()
        connection.timeout = timeout
        connection.connect()
        self.socket: socket.socket = connection.sock
        self.reader = self.socket.makefile("rb")

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Response:
        """The next reply on this connection, which may be followed by more."""
        status = self.reader.readline()
        if not status:
            raise ConnectionResetError("closed without a reply")
        headers = http.client.parse_headers(self.reader)
        if status.split()[1] in (b"100", b"204", b"304"):
            return Response(int(status.split()[1]), headers, b"")
        length = headers.get("Content-Length")
        if length is not None:
            body = self.reader.read(int(length))
        elif headers.get("Transfer-Encoding") == "chunked":
            body = self._read_chunks()
        else:
            body = self.reader.read()
        return Response(int(status.split()[1]), headers, body)

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            size = int(self.reader.readline().split(b";")[0], 16)
            body += self.reader.read(size)
            self.reader.readline()
            if size == 0:
                return body

    def is_closed_within(self, seconds: float) -> bool:
        """Reads and drops until the other side closes; False if it does not in time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True
