"""Raw requests over one kept connection, and the two servers that are compared."""

from __future__ import annotations

import http.client
import json
import pathlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc",
    "X-Amz-Date": "20260101T000000Z",
}
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


class Client:
    def __init__(self, host: str, port: int):
        self.connection = http.client.HTTPConnection(host, port, timeout=60)

    def send(self, operation: str, request: Any) -> Answer:
        headers = {**HEADERS, "X-Amz-Target": "DynamoDB_20120810." + operation}
        try:
            return self._exchange(json.dumps(request), headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()  # an idle connection that the server closed: once again, on a new one
            return self._exchange(json.dumps(request), headers)

    def _exchange(self, body: str, headers: dict[str, str]) -> Answer:
        self.connection.request("POST", "/", body, headers)
        reply = self.connection.getresponse()
        data = reply.read()
        try:
            return Answer(reply.status, json.loads(data))
        except ValueError:
            return Answer(reply.status, data.decode(errors="replace"))


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

    def client(self) -> Client:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                client = Client("127.0.0.1", self.port)
                if client.send("ListTables", {}).ok:
                    return client
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


def start_stator(binary: str, shards: int) -> Child:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    return Child("stator", [binary, "serve", "--listen", listen, "--ephemeral", "--shards", str(shards)], port)


def start_local() -> Child:
    port = free_port()
    return Child("dynamodb-local", [str(ROOT / "tests/differential/dynamodb-local"), str(port)], port)
