"""Assertions that say what was expected, and bounded waiting."""

from __future__ import annotations

import re
import threading
import time
from typing import Any, Callable

from .raw import Response

VALIDATION = "com.amazon.coral.validate#ValidationException"
SERIALIZATION = "com.amazon.coral.service#SerializationException"
UNKNOWN_OPERATION = "com.amazon.coral.service#UnknownOperationException"
DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
CONDITION_FAILED = DYNAMODB + "ConditionalCheckFailedException"
NOT_FOUND = DYNAMODB + "ResourceNotFoundException"
IN_USE = DYNAMODB + "ResourceInUseException"
LIMIT_EXCEEDED = DYNAMODB + "LimitExceededException"

CONDITION_FAILED_TEXT = "The conditional request failed"
NOT_FOUND_TEXT = "Requested resource not found"


def expect_error(response: Response, type: str, message: str | re.Pattern | None = None, status: int = 400) -> Response:
    """`type` with or without its namespace; `message` exact, a compiled pattern that must match it all, or None."""
    shown = f"{response.status} {response.body[:3000].decode(errors='replace')}"
    assert response.status == status, f"expected {status} {type}: {message!r}, got {shown}"
    got = response.type if "#" in type else response.code
    assert got == type, f"expected {type}: {message!r}, got {shown}"
    if isinstance(message, re.Pattern):
        assert message.fullmatch(response.message or ""), f"expected a message like {message.pattern!r}, got {shown}"
    elif message is not None:
        assert response.message == message, f"expected message\n  {message!r}\ngot\n  {response.message!r}"
    return response


def invalid(response: Response, message: str | re.Pattern | None = None) -> Response:
    """ValidationException, the error that most tests expect."""
    return expect_error(response, VALIDATION, message)


def eventually(probe: Callable[[], Any], until: Callable[[Any], bool] = bool, seconds: float = 20) -> Any:
    """Calls `probe` until its result satisfies `until`; fails with the last result at the deadline. For what AWS
    documents as eventually consistent (global secondary indexes, table states), never to paper over a race."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    never = threading.Event()
    while True:
        result = probe()
        if until(result):
            return result
        assert time.monotonic() < deadline, f"not so after {seconds} s; the last result was {result!r}"
        never.wait(pause)
        pause = min(pause * 2, 0.5)
