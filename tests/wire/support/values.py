"""Attribute values in DynamoDB's JSON. Binary stays bytes: boto3 takes it so, and raw.encode() turns it into base64."""

from __future__ import annotations

import itertools
import threading
import uuid
from typing import Any

_run = uuid.uuid4().hex[:8]
_count = itertools.count(1)
_lock = threading.Lock()


def unique(label: str = "k") -> str:
    """A string no other call returns, for keys and names that must not meet."""
    with _lock:
        return f"{label}-{_run}-{next(_count)}"


def S(value: str) -> dict[str, str]:
    return {"S": value}


def N(value: Any) -> dict[str, str]:
    return {"N": str(value)}


def B(value: bytes) -> dict[str, bytes]:
    return {"B": value}


def BOOL(value: bool) -> dict[str, bool]:
    return {"BOOL": value}


NULL = {"NULL": True}


def SS(*values: str) -> dict[str, list[str]]:
    return {"SS": list(values)}


def NS(*values: Any) -> dict[str, list[str]]:
    return {"NS": [str(v) for v in values]}


def BS(*values: bytes) -> dict[str, list[bytes]]:
    return {"BS": list(values)}


def L(*values: dict) -> dict[str, list]:
    return {"L": list(values)}


def M(members: dict[str, dict] | None = None, /, **more: dict) -> dict[str, dict]:
    return {"M": {**(members or {}), **more}}


def normal(value: Any) -> Any:
    """An attribute value or item with the order of its sets taken away, for comparison with ==."""
    if isinstance(value, dict):
        return {
            k: sorted(v) if k in ("SS", "NS", "BS") and isinstance(v, list) else normal(v) for k, v in value.items()
        }
    if isinstance(value, list):
        return [normal(v) for v in value]
    return value
