"""Requests byte by byte, for what an SDK would not send and for errors as they stand on the wire."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import urllib.parse
from dataclasses import dataclass
from typing import Any

import botocore.auth
import botocore.awsrequest

from .endpoint import Endpoint

TARGET_PREFIX = "DynamoDB_20120810."
CONTENT_TYPE = "application/x-amz-json-1.0"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage  # case-insensitive look-up
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str | None:
        """`__type` as it stands, with its namespace."""
        return self.json.get("__type")

    @property
    def code(self) -> str:
        """The name that SDKs show: `__type` without its namespace."""
        return (self.type or "").rpartition("#")[2]

    @property
    def message(self) -> str | None:
        """Coral spells it `message`, some errors `Message`."""
        return self.json.get("message", self.json.get("Message"))

    def __getitem__(self, member: str) -> Any:
        """A member of a reply that must be a success."""
        return self.ok()[member]

    def ok(self) -> dict[str, Any]:
        assert self.status == 200, f"expected success, got {self.status} {self.body[:2000]!r}"
        return self.json


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    raise TypeError(f"{value!r} is not JSON")


def encode(params: Any) -> bytes:
    """Parameters as JSON; bytes become base64, so the same values serve boto3 and raw requests."""
    return json.dumps(params, default=_plain).encode()


class Raw:
    """One keep-alive connection per thread. Requests are signed, so that they serve AWS too."""

    def __init__(self, endpoint: Endpoint, credentials):
        self.endpoint = endpoint
        self.url = urllib.parse.urlsplit(endpoint.url)
        self.signer = botocore.auth.SigV4Auth(credentials, "dynamodb", endpoint.region)
        self._local = threading.local()

    def connect(self) -> http.client.HTTPConnection:
        """A new connection of the caller's own, which the caller closes."""
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        return kind(self.url.hostname, self.url.port, timeout=TIMEOUT_SECONDS)

    def headers(self, target: str | None, body: bytes, extra: dict[str, str | None] | None = None, method: str = "POST",
                path: str = "/") -> dict[str, str]:
        """The headers of a signed request. A value of None in `extra` leaves that header out."""
        headers = {"Content-Type": CONTENT_TYPE, "Accept-Encoding": "identity"}
        if target is not None:
            headers["X-Amz-Target"] = target
        for name, value in (extra or {}).items():
            if value is None:
                headers.pop(name, None)
            else:
                headers[name] = value
        request = botocore.awsrequest.AWSRequest(
            method=method, url=f"{self.url.scheme}://{self.url.netloc}{path}", data=body, headers=headers
        )
        self.signer.add_auth(request)
        return dict(request.headers.items())

    def send(self, target: str | None, body: bytes | str = b"", headers: dict[str, str | None] | None = None,
             method: str = "POST", path: str = "/") -> Response:
        """Sends exactly these bytes. `target` is the whole X-Amz-Target, or None to leave it out."""
        if isinstance(body, str):
            body = body.encode()
        signed = self.headers(target, body, headers, method, path)
        connection = getattr(self._local, "connection", None)
        for attempt in range(2):
            fresh = connection is None
            if fresh:
                connection = self._local.connection = self.connect()
            try:
                connection.request(method, path, body, signed)
                reply = connection.getresponse()
                response = Response(reply.status, reply.headers, reply.read())
                if reply.will_close:
                    self._drop()
                return response
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # A kept connection may have been closed by the server in between; a fresh one may not.
                self._drop()
                connection = None
                if fresh or attempt == 1:
                    raise
            except BaseException:
                self._drop()
                raise
        raise AssertionError("unreachable")

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None

    def __call__(self, operation: str, params: Any = None, /, headers: dict[str, str | None] | None = None,
                 **members: Any) -> Response:
        """raw("GetItem", TableName=…, Key=…), or raw("GetItem", body) with bytes or str that are sent as they are."""
        if params is None:
            params = members
        body = params if isinstance(params, (bytes, str)) else encode(params)
        return self.send(TARGET_PREFIX + operation, body, headers)
