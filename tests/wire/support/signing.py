"""Signature Version 4 by hand, from AWS's specification: for requests that an SDK would not make."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
import urllib.parse
from dataclasses import dataclass, field

from .raw import CONTENT_TYPE, TARGET_PREFIX, Response


def stamp(seconds_from_now: float = 0) -> str:
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_from_now)
    return time.strftime("%Y%m%dT%H%M%SZ")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@dataclass
class Signed:
    """What goes into a signature. Change it before `send`, or change the request behind the signature's back with
    send(headers=…, body=…, query=…)."""

    key: str
    secret: str
    host: str
    region: str = "us-east-1"
    service: str = "dynamodb"
    end: str = "aws4_request"
    operation: str = "ListTables"
    body: bytes = b"{}"
    date: str = field(default_factory=stamp)
    scope_date: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    payload: str | None = None
    algorithm: str = "AWS4-HMAC-SHA256"
    signed: list[str] | None = None

    def all_headers(self, presigned: bool = False) -> dict[str, str]:
        headers = {"host": self.host, "content-type": CONTENT_TYPE, "x-amz-target": TARGET_PREFIX + self.operation}
        if not presigned:
            headers["x-amz-date"] = self.date
        return {**headers, **{name.lower(): value for name, value in self.headers.items()}}

    @property
    def scope(self) -> str:
        return f"{self.scope_date or self.date[:8]}/{self.region}/{self.service}/{self.end}"

    def signature(self, headers: dict[str, str], names: list[str], query: dict[str, str]) -> str:
        quoted = sorted((urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in query.items())
        canonical = "\n".join(
            ["POST", "/", "&".join(f"{k}={v}" for k, v in quoted)]
            + [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names]
            + ["", ";".join(names), self.payload or hashlib.sha256(self.body).hexdigest()]
        )
        text = "\n".join(
            ["AWS4-HMAC-SHA256", self.date, self.scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        key = ("AWS4" + self.secret).encode()
        for part in self.scope.split("/"):
            key = _hmac(key, part)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def names(self, headers: dict[str, str]) -> list[str]:
        return self.signed if self.signed is not None else sorted(headers)

    def authorized(self) -> dict[str, str]:
        headers = self.all_headers()
        names = self.names(headers)
        signature = self.signature(headers, names, {})
        headers["authorization"] = (
            f"{self.algorithm} Credential={self.key}/{self.scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return headers

    def presigned(self, expires: int | None = 300, token: str | None = None) -> tuple[dict[str, str], dict[str, str]]:
        """The query and the headers."""
        headers = self.all_headers(presigned=True)
        names = self.names(headers)
        query = {
            "X-Amz-Algorithm": self.algorithm,
            "X-Amz-Credential": f"{self.key}/{self.scope}",
            "X-Amz-Date": self.date,
            "X-Amz-SignedHeaders": ";".join(names),
        }
        if expires is not None:
            query["X-Amz-Expires"] = str(expires)
        if token is not None:
            query["X-Amz-Security-Token"] = token
        query["X-Amz-Signature"] = self.signature(headers, names, query)
        return query, headers


def send(host: str, headers: dict[str, str], body: bytes = b"{}", query: dict[str, str] | str = "") -> Response:
    """Exactly these headers."""
    if isinstance(query, dict):
        query = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.putrequest("POST", "/" + ("?" + query if query else ""), skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if "content-length" not in headers:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        return Response(reply.status, reply.headers, reply.read())
    finally:
        connection.close()
