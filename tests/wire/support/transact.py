"""Actions of transactions, and the error of one that was cancelled."""

from __future__ import annotations

from typing import Any

from .expect import DYNAMODB
from .raw import Response

CANCELLED = DYNAMODB + "TransactionCanceledException"
CANCELLED_TEXT = "Transaction cancelled, please refer cancellation reasons for specific reasons "
REPEATED_TEXT = "Transaction request cannot include multiple operations on one item"

NONE = {"Code": "None"}
CONDITION = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}


def put(table: str, item: dict, **more: Any) -> dict:
    return {"Put": {"TableName": table, "Item": item, **more}}


def delete(table: str, key: dict, **more: Any) -> dict:
    return {"Delete": {"TableName": table, "Key": key, **more}}


def update(table: str, key: dict, expression: str, values: dict | None = None, **more: Any) -> dict:
    given = {"ExpressionAttributeValues": values} if values else {}
    return {"Update": {"TableName": table, "Key": key, "UpdateExpression": expression, **given, **more}}


def check(table: str, key: dict, condition: str, values: dict | None = None, **more: Any) -> dict:
    given = {"ExpressionAttributeValues": values} if values else {}
    return {"ConditionCheck": {"TableName": table, "Key": key, "ConditionExpression": condition, **given, **more}}


def get(table: str, key: dict, **more: Any) -> dict:
    return {"Get": {"TableName": table, "Key": key, **more}}


def invalid_reason(message: str) -> dict:
    return {"Code": "ValidationError", "Message": message}


def cancelled(response: Response, *reasons: dict) -> None:
    """The transaction was cancelled for these reasons, by position."""
    assert (response.status, response.type) == (400, CANCELLED), f"got {response.status} {response.body[:2000]!r}"
    codes = ", ".join(reason["Code"] for reason in reasons)
    assert response.message == f"{CANCELLED_TEXT}[{codes}]"
    assert response.json["CancellationReasons"] == list(reasons)
