"""Requests over one kept connection, and the two servers that are compared."""

from __future__ import annotations

import json
import pathlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = (
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc\r\nX-Amz-Date: 20260101T000000Z\r\nX-Amz-Target: DynamoDB_20120810."
)
ANSWER_SECONDS_MAX = 60
START_SECONDS_MAX = 60


@dataclass
class Answer:
    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def type(self) -> str:
        """The error's name without its namespace, "" if there is none."""
        return self.body.get("__type", "").split("#")[-1] if isinstance(self.body, dict) else ""

    @property
    def message(self) -> str:
        found = self.body if isinstance(self.body, dict) else {}
        return found.get("message") or found.get("Message") or ""

    def short(self) -> str:
        return f"{self.status} {json.dumps(self.body, ensure_ascii=False)[:1500]}"


class Closed(OSError):
    """The server closed a kept connection: once again, on a new one."""


class Client:
    """One kept connection, with only as much of HTTP as the two servers speak. `begin` sends, `end` reads the answer, so that both
    servers can work at the same time."""

    def __init__(self, port: int, account: str = "AKIAIOSFODNN7EXAMPLE"):
        self.port = port
        self.head = HEAD.format(account=account)
        self.socket: socket.socket | None = None
        self.sent, self.read = b"", b""
        self.first_images: dict[str, dict] = {}  # by token: what the tables held when it was first sent

    def send(self, operation: str, request: Any) -> Answer:
        self.begin(operation, request)
        return self.end()

    def begin(self, operation: str, request: Any) -> None:
        body = json.dumps(request).encode()
        self.sent = f"{self.head}{operation}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            self._write()
        except OSError:
            self._connect()
            self._write()

    def end(self) -> Answer:
        try:
            return self._answer()
        except Closed:
            self._connect()
            self._write()
            return self._answer()

    def _connect(self) -> None:
        if self.socket:
            self.socket.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""

    def _write(self) -> None:
        if not self.socket:
            self._connect()
        self.socket.sendall(self.sent)

    def _more(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed
        self.read += data

    def _line(self) -> bytes:
        while b"\r\n" not in self.read:
            self._more()
        line, _, self.read = self.read.partition(b"\r\n")
        return line

    def _bytes(self, count: int) -> bytes:
        while len(self.read) < count:
            self._more()
        found, self.read = self.read[:count], self.read[count:]
        return found

    def _answer(self) -> Answer:
        status = int(self._line().split()[1])
        headers = {}
        while line := self._line():
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        if headers.get(b"transfer-encoding") == b"chunked":
            data = b""
            while size := int(self._line(), 16):
                data += self._bytes(size)
                self._line()
            self._line()
        else:
            data = self._bytes(int(headers[b"content-length"]))
        try:
            return Answer(status, json.loads(data))
        except ValueError:
            return Answer(status, data.decode(errors="replace"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A server of ours, on a free port of 127.0.0.1; its output goes to a file that a failure names."""

    def __init__(self, name: str, command: list[str], port: int):
        self.name, self.port = name, port
        self.log = ROOT / ".differential" / (name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                if Client(self.port).send("ListTables", {}).ok:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"{self.name} does not serve; see {self.log}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_stator(binary: str, shards: int, number: int) -> Child:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    return Child(f"stator-{number}", [binary, "serve", "--listen", listen, "--ephemeral", "--shards", str(shards)], port)


def start_local() -> Child:
    port = free_port()
    return Child("dynamodb-local", [str(ROOT / "tests/differential/dynamodb-local"), str(port)], port)
