"""Reading whole results page by page, and writing many items at once."""

from __future__ import annotations

import concurrent.futures
from decimal import Decimal
from typing import Any, Iterable, Iterator

from .raw import Raw

PAGES_MAX = 10_000
BATCH_MAX = 25
BATCH_BYTES = 4 << 20


def pages(raw: Raw, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
    """The pages of a Query or Scan, following LastEvaluatedKey to the end."""
    for _ in range(PAGES_MAX):
        page = raw(operation, params).ok()
        yield page
        if "LastEvaluatedKey" not in page:
            return
        params = {**params, "ExclusiveStartKey": page["LastEvaluatedKey"]}
    raise AssertionError(f"{operation} did not end after {PAGES_MAX} pages")


def read_all(raw: Raw, operation: str, **params: Any) -> list[dict[str, Any]]:
    return [item for page in pages(raw, operation, **params) for item in page["Items"]]


def of_partition(value: dict, name: str = "pk") -> dict[str, Any]:
    """Query parameters for all items of one partition."""
    return {
        "KeyConditionExpression": "#partition = :partition",
        "ExpressionAttributeNames": {"#partition": name},
        "ExpressionAttributeValues": {":partition": value},
    }


def write_requests(raw: Raw, table: str, requests: Iterable[dict[str, Any]]) -> None:
    """Sends requests by BatchWriteItem, again and again until none is unprocessed."""
    waiting = list(requests)
    while waiting:
        batch, waiting = waiting[:BATCH_MAX], waiting[BATCH_MAX:]
        left = raw("BatchWriteItem", RequestItems={table: batch})["UnprocessedItems"]
        waiting += left.get(table, [])


def put_all(raw: Raw, table: str, items: Iterable[dict[str, Any]]) -> None:
    write_requests(raw, table, [{"PutRequest": {"Item": item}} for item in items])


def put_large(raw: Raw, table: str, items: list[dict[str, Any]]) -> None:
    """Items too large for batches of 25, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for reply in pool.map(lambda item: raw("PutItem", TableName=table, Item=item), items):
            reply.ok()


def padded(item: dict[str, Any], size: int, name: str = "filler") -> dict[str, Any]:
    """The item with a string attribute that makes its size, as DynamoDB counts it, exactly `size` bytes."""
    rest = size - item_size(item) - len(name)
    assert rest >= 0
    return {**item, name: {"S": "x" * rest}}


def item_size(item: dict[str, Any]) -> int:
    """Developer Guide, "DynamoDB item sizes and formats"; numbers as measured there: see number_size."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: dict[str, Any]) -> int:
    (kind, content), = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return number_size(content)
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "SS":
        return sum(len(s.encode()) for s in content)
    if kind == "NS":
        return sum(map(number_size, content))
    if kind == "BS":
        return sum(map(len, content))
    if kind == "L":
        return 3 + sum(1 + value_size(v) for v in content)
    assert kind == "M"
    return 3 + sum(1 + len(k.encode()) + value_size(v) for k, v in content.items())


def number_size(text: str) -> int:
    """One byte, one for each two significant digits of the integer and of the fraction part, one for a minus sign."""
    number = Decimal(text)
    if number == 0:
        return 1
    whole, _, fraction = format(abs(number), "f").partition(".")
    if fraction.strip("0"):
        fraction = fraction.rstrip("0")
        whole = whole.lstrip("0")
        fraction = fraction if whole else fraction.lstrip("0")
    else:
        whole, fraction = whole.strip("0"), ""
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (number < 0)
