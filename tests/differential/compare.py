"""One request to both servers: what must be the same, and what neither server promises (the order of a scan, of equal
sort keys, of sets, of batches; where the pages of a scan end)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from tables import BY_NAME, TABLES
from wire import Answer, Client

SETTLE_SECONDS_MAX = 1  # global indexes follow their table
PAGES_MAX = 200
METRICS = {"ConsumedCapacity", "ItemCollectionMetrics"}
SETS = ("SS", "NS", "BS")


@dataclass
class Diff:
    operation: str
    request: Any
    stator: Answer
    local: Answer
    client: Client  # of DynamoDB Local, for what a rule asks it
    before: dict[str, list]  # what the tables of the request held, if it asks for the capacity of several items

    touched: bool = False  # a rule's question was taken for a write

    def ask(self, operation: str, request: Any) -> Answer:
        """What DynamoDB Local says to another request, which it is expected to refuse."""
        answer = self.client.send(operation, request)
        self.touched = self.touched or answer.ok
        return Answer(answer.status, canonical(plain_numbers(answer.body)))

    def after(self) -> dict[str, list]:
        if self.operation in ("PutItem", "UpdateItem", "DeleteItem"):
            return one_item(self.client, self.request)
        return {name: everything(self.client, name) for name in self.before}

    @property
    def refused_late(self) -> bool:
        """DynamoDB Local refuses a batch of statements for its duplicates when it has carried out the inserts."""
        return self.operation == "BatchExecuteStatement" and "contains duplicates" in self.local.message

    def signature(self) -> str:
        """The same for differences that are likely one."""
        if self.stator.ok and self.local.ok:
            return f"{self.operation} differs in {self.members()}"
        return " | ".join([self.operation] + [f"{a.type} {pattern(a.message)}" for a in (self.stator, self.local)])

    def members(self) -> list[str]:
        one, two = self.stator.body, self.local.body
        return sorted(member for member in {*one, *two} if one.get(member) != two.get(member))

    @property
    def parted(self) -> bool:
        """The tables may hold different things from here on."""
        if self.touched:
            return True
        if self.local.status == 500 or self.refused_late:
            return True  # DynamoDB Local has written before
        if "validation error" in self.stator.message and not self.operation.startswith(("Get", "Query", "Scan")):
            return True  # DynamoDB Local may have found out after it has written
        if not self.stator.ok or not self.local.ok:
            return self.stator.ok != self.local.ok
        return not self.operation.startswith(("Get", "Query", "Scan", "BatchGet", "TransactGet")) and not METRICS.issuperset(self.members())


def pattern(message: str) -> str:
    return re.sub(r"[^A-Za-z ].*", "", message)[:60]


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def canonical(value: Any) -> Any:
    """Sets in order. Answers nest less than 80 deep."""
    if isinstance(value, list):
        return [canonical(element) for element in value]
    if isinstance(value, dict):
        if len(value) == 1:
            (name, held), = value.items()
            if name in SETS and isinstance(held, list):
                return {name: sorted(held)}
        return {name: canonical(held) for name, held in value.items()}
    return value


def number(text: str) -> str:
    """As DynamoDB returns numbers; DynamoDB Local keeps some as they were sent (1e2, 9.9E125, 007)."""
    try:
        value = Decimal(text).normalize(Context(prec=200))
        return format(value, "f") if value else "0"
    except ArithmeticError:
        return text


def plain_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [plain_numbers(element) for element in value]
    if isinstance(value, dict):
        if len(value) == 1:
            (name, held), = value.items()
            if name == "N" and isinstance(held, str):
                return {"N": number(held)}
            if name == "NS" and isinstance(held, list):
                return {"NS": sorted(number(element) for element in held)}
        return {name: plain_numbers(held) for name, held in value.items()}
    return value


def string(request: Any, member: str) -> str:
    found = request.get(member) if isinstance(request, dict) else None
    return found if isinstance(found, str) else ""


def index_of(request: Any):
    table = BY_NAME.get(string(request, "TableName"))
    found = [i for i in table.indexes if i.name == request.get("IndexName")] if table else []
    return found[0] if found else None


def reads_global_index(operation: str, request: Any) -> bool:
    if operation in ("Query", "Scan"):
        index = index_of(request)
        return index is not None and not index.local
    return "Execute" in operation and '"."g' in text(request).replace('\\"', '"')


def unordered(operation: str, request: Any) -> bool:
    """Where a page may hold other rows than the other server's."""
    return operation in ("Scan", "ExecuteStatement") or (operation == "Query" and "IndexName" in request)


def all_pages(client: Client, operation: str, request: dict, first: Answer) -> Answer:
    """All the items, whatever the pages: of all segments too."""
    segments = [at for at in range(request.get("TotalSegments", 0)) if at != int(request["Segment"])]
    merged = {"Items": [], "Count": 0, "ScannedCount": 0}
    for segment in (None, *segments):
        at = dict(request) if segment is None else {**request, "Segment": segment}
        answer = first if segment is None else client.send(operation, at)
        for _ in range(PAGES_MAX):
            if not answer.ok:
                return answer
            merged["Items"] += answer.body.get("Items", [])
            merged["Count"] += answer.body.get("Count", 0)
            merged["ScannedCount"] += answer.body.get("ScannedCount", 0)
            token = "NextToken" if operation == "ExecuteStatement" else "LastEvaluatedKey"
            if token not in answer.body:
                break
            at["NextToken" if operation == "ExecuteStatement" else "ExclusiveStartKey"] = answer.body[token]
            answer = client.send(operation, at)
    return Answer(200, merged)


def ordered_items(operation: str, request: Any, items: list) -> list:
    index = index_of(request) if operation == "Query" else None
    if index and index.range and not {"ProjectionExpression", "AttributesToGet"} & set(request):
        runs: list[list] = []
        for item in items:
            if runs and runs[-1][0].get(index.range) == item.get(index.range):
                runs[-1].append(item)
            else:
                runs.append([item])
        return [item for run in runs for item in sorted(run, key=text)]
    return sorted(items, key=text)


def finish(client: Client, operation: str, request: Any, plain=lambda body: body) -> Answer:
    """The answer to a request that was sent. `plain` is applied to the body before it is put in order."""
    answer = client.end()
    if not answer.ok or not isinstance(answer.body, dict):
        return Answer(answer.status, canonical(plain(answer.body)))
    if unordered(operation, request) and {"Limit", "TotalSegments"} & set(request):
        answer = all_pages(client, operation, request, answer)
        if not answer.ok:
            return answer
    body = canonical(plain(answer.body))
    if unordered(operation, request) and "Items" in body:
        body["Items"] = ordered_items(operation, request, body["Items"])
    if operation == "BatchGetItem":
        body["Responses"] = {name: sorted(items, key=text) for name, items in body.get("Responses", {}).items()}
    if isinstance(body.get("ConsumedCapacity"), list):
        body["ConsumedCapacity"].sort(key=text)
    return Answer(200, body)


def error_body(answer: Answer) -> Any:
    """What an error says besides its text."""
    return {name: held for name, held in answer.body.items() if name not in ("__type", "message", "Message")} \
        if isinstance(answer.body, dict) else answer.body


def same(one: Answer, two: Answer) -> bool:
    if one.ok or two.ok:
        return one == two
    return (one.status, one.type, one.message, error_body(one)) == (two.status, two.type, two.message, error_body(two))


def everything(client: Client, table: str) -> list:
    return plain_numbers(client.send("Scan", {"TableName": table, "ConsistentRead": True}).body["Items"])


def one_item(client: Client, request: dict) -> dict[str, list]:
    table = BY_NAME.get(string(request, "TableName"))
    held = request.get("Item") or request.get("Key")
    if not table or not isinstance(held, dict):
        return {}
    key = {name: held.get(name) for name in table.keys}
    answer = client.send("GetItem", {"TableName": table.name, "Key": key, "ConsistentRead": True})
    return {table.name: plain_numbers([answer.body["Item"]] if "Item" in answer.body else [])} if answer.ok else {}


def snapshot(client: Client, operation: str, request: Any) -> dict[str, list]:
    """The contents of the tables, or the item, where known.py counts capacities itself."""
    if not isinstance(request, dict) or not (request.get("ReturnConsumedCapacity") in ("TOTAL", "INDEXES") or token_of(request)):
        return {}
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return one_item(client, request)
    if not operation.startswith(("Batch", "Transact", "Execute")):
        return {}
    words = text(request)
    return {table.name: everything(client, table.name) for table in TABLES if table.name in words}


def token_of(request: Any) -> str:
    return string(request, "ClientRequestToken")


def compare(stator: Client, local: Client, operation: str, request: Any) -> Diff | None:
    before = snapshot(local, operation, request)
    local.first_images.setdefault(token_of(request), before)
    local.begin(operation, request)
    stator.begin(operation, request)
    ours = finish(stator, operation, request)
    theirs = finish(local, operation, request, plain_numbers)
    if ours.ok and theirs.ok and ours != theirs and reads_global_index(operation, request):
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while ours != theirs and time.monotonic() < deadline:
            time.sleep(0.005)
            stator.begin(operation, request)
            ours = finish(stator, operation, request)
    diff = Diff(operation, request, ours, theirs, local, before)
    return None if same(ours, theirs) and not diff.refused_late else diff


def contents() -> list[tuple[str, dict]]:
    """The requests that read everything."""
    found = []
    for table in TABLES:
        found.append(("Scan", {"TableName": table.name}))
        found += [("Scan", {"TableName": table.name, "IndexName": index.name}) for index in table.indexes]
    return found


def clear(client: Client) -> None:
    for table in TABLES:
        items = client.send("Scan", {"TableName": table.name}).body["Items"]
        for at in range(0, len(items), 25):
            deletes = [{"DeleteRequest": {"Key": {name: item[name] for name in table.keys}}} for item in items[at : at + 25]]
            answer = client.send("BatchWriteItem", {"RequestItems": {table.name: deletes}})
            assert answer.ok and not answer.body["UnprocessedItems"], answer.short()
