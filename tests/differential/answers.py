"""Where two successful answers differ: rules about one member of them, and about the answer to one statement of a batch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

import capacity
import flaws
import repair
from about import index_in, inside, table_of, updates_key
from compare import Diff, everything, plain_numbers
from tables import BY_NAME, Table
from texts import TEXTS


@dataclass(frozen=True)
class Member:
    name: str
    member: str
    matches: Callable[[Diff], bool]
    source: str


@dataclass(frozen=True)
class Statement:
    """About Stator's and DynamoDB Local's answer to one statement of a BatchExecuteStatement."""

    name: str
    matches: Callable[[dict, dict, dict], bool]
    source: str


def capacity_unasked(diff: Diff) -> bool:
    return diff.operation == "DeleteItem" and diff.request.get("ReturnConsumedCapacity") in (None, "NONE") and \
        "ConsumedCapacity" not in diff.stator.body


# --- item collections ---


def metrics(diff: Diff) -> bool:
    """One entry for each item collection that was written to, smaller than a gigabyte; nothing for tables without local indexes."""
    if "ItemCollectionMetrics" in diff.local.body or diff.request.get("ReturnItemCollectionMetrics") != "SIZE":
        return False
    found: dict[str, list] = {}
    for table, item in written_items(diff.request):
        if any(index.local for index in table.indexes):
            made = {"ItemCollectionKey": plain_numbers({table.hash: item[table.hash]}), "SizeEstimateRangeGB": [0.0, 1.0]}
            if made not in found.setdefault(table.name, []):
                found[table.name].append(made)
    told = diff.stator.body["ItemCollectionMetrics"]
    if "RequestItems" in diff.request or "TransactItems" in diff.request:
        return by_text(told) == by_text(found)
    return found == {diff.request["TableName"]: [told]}


def by_text(lists: dict[str, list]) -> dict[str, list]:
    return {name: sorted(entries, key=str) for name, entries in lists.items()}


def written_items(request: dict) -> list[tuple[Table, dict]]:
    if "RequestItems" in request:
        return [(BY_NAME[name], write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"])
                for name, writes in request["RequestItems"].items() for write in writes]
    if "TransactItems" in request:
        writes = [write for action in request["TransactItems"] for kind, write in action.items() if kind != "ConditionCheck"]
        return [(BY_NAME[write["TableName"]], write.get("Item") or write["Key"]) for write in writes]
    return [(BY_NAME[request["TableName"]], request.get("Item") or request["Key"])]


# --- capacity ---


def nothing_read(diff: Diff) -> bool:
    """A read that finds nothing costs the minimum; DynamoDB Local tells 0, or nothing to a statement."""
    body = diff.stator.body
    if diff.operation not in ("Query", "Scan", "GetItem", "ExecuteStatement") or body.get("Items") or body.get("ScannedCount") or "Item" in body:
        return False
    least = 1.0 if diff.request.get("ConsistentRead") else 0.5
    told, local = body["ConsumedCapacity"], diff.local.body.get("ConsumedCapacity", {})
    units = {part["CapacityUnits"] for part in inside(told) if "CapacityUnits" in part}
    local_units = {part["CapacityUnits"] for part in inside(local) if "CapacityUnits" in part}
    return units <= {0.0, least} and told["CapacityUnits"] == least and \
        (local_units == {0.0} or (not local and diff.operation == "ExecuteStatement"))


def counted(diff: Diff) -> bool:
    return bool(diff.before) and diff.stator.body.get("ConsumedCapacity") == capacity.expected(diff)


def fetched(diff: Diff) -> bool:
    """A scan of an index costs what the index keeps. A local one fetches what it does not have item by item; DynamoDB Local does not
    charge that, but for a filter it charges the whole items."""
    index, table = index_in(diff.request), table_of(diff.request)
    if diff.operation != "Scan" or not index or {"Limit", "Segment", "ExclusiveStartKey"} & diff.request.keys():
        return False
    items = [item for item in everything(diff.client, table.name) if capacity.row_of(table, index, item)]
    rows = [capacity.row_of(table, index, item) for item in items]
    unit = 1.0 if diff.request.get("ConsistentRead") else 0.5
    used = capacity.Used(table)
    used.indexes[index.name] = unit * capacity.blocks(sum(map(capacity.item_size, rows)), capacity.READ_UNIT)
    if index.local and fetches(diff.request, {*table.keys, index.hash, index.range, *index.include}):
        for item in items:
            used.read(item, unit)
    return used.shown(diff.request["ReturnConsumedCapacity"]) == diff.stator.body["ConsumedCapacity"]


def fetches(request: dict, kept: set) -> bool:
    """What is to be shown is not all in the index."""
    names = request.get("ExpressionAttributeNames", {})
    paths = [re.split(r"[.\[]", path.strip())[0] for path in request.get("ProjectionExpression", "").split(",") if path.strip()]
    wanted = {names.get(path, path) for path in paths} | set(request.get("AttributesToGet", ()))
    return request.get("Select") == "ALL_ATTRIBUTES" or not wanted <= kept


# --- pages ---


def last_page(diff: Diff) -> bool:
    """A page that the limit ended has a LastEvaluatedKey, also if nothing is behind it; DynamoDB Local looks whether there is."""
    if diff.operation != "Query" or diff.stator.body["Count"] > diff.request["Limit"] or "LastEvaluatedKey" in diff.local.body:
        return False
    behind = diff.ask("Query", {**diff.request, "ExclusiveStartKey": diff.stator.body["LastEvaluatedKey"]})
    diff.touched = False
    return diff.stator.body["ScannedCount"] == diff.request["Limit"] and (not behind.ok or behind.body["ScannedCount"] == 0)


def filter_on_index(diff: Diff) -> bool:
    """A scan of an index, or a SELECT from one, filters what the index keeps; DynamoDB Local looks at the whole item."""
    index, table = index_in(diff.request), table_of(diff.request)
    statement = re.fullmatch(r'SELECT .* FROM "([^"]*)"\."([^"]*)" WHERE (.*)', diff.request.get("Statement", ""), re.DOTALL)
    if statement:
        table = BY_NAME[statement[1]]
        index = next(index for index in table.indexes if index.name == statement[2])
    if diff.operation not in ("Scan", "ExecuteStatement") or not index or index.projection == "ALL":
        return False
    words = statement[3] if statement else \
        str([diff.request.get(member) for member in ("FilterExpression", "ScanFilter", "ExpressionAttributeNames")])
    kept = {*table.keys, index.hash, index.range, *index.include}
    return any(re.search(rf"\b{name}\b", words) for name in ("n", "s", "u", "v", "w", "y", "m", "f", "z", "l", "g", "h") if name not in kept)


# --- updated parts ---


def updated_parts(diff: Diff) -> bool:
    """Of the attributes that DynamoDB Local tells, Stator tells what the paths of the update name."""
    if diff.operation != "UpdateItem" or diff.request.get("ReturnValues") not in ("UPDATED_OLD", "UPDATED_NEW"):
        return False
    names = diff.request.get("ExpressionAttributeNames", {})
    paths = []
    for action in flaws.actions_of(diff.request["UpdateExpression"]):
        steps = re.findall(r"[#\w]+|\[\d+\]", re.match(r"\w+ ([#\w.\[\]]+)", action)[1])
        if not (action.startswith("REMOVE") and diff.request["ReturnValues"] == "UPDATED_NEW"):
            paths.append([int(step[1:-1]) if step[0] == "[" else names.get(step, step) for step in steps])
    told = parts({"M": diff.local.body["Attributes"]}, paths)
    return diff.stator.body.get("Attributes", {}) == (told or {"M": {}})["M"]


def parts(value: dict, paths: list[list]) -> dict | None:
    """What of a value the paths name, None for nothing."""
    if [] in paths:
        return value
    (kind, held), = value.items()
    heads = sorted({path[0] for path in paths}, key=str)
    rests = {head: [path[1:] for path in paths if path[0] == head] for head in heads}
    if kind == "M":
        found = {head: part for head in heads if head in held and (part := parts(held[head], rests[head])) is not None}
        return {"M": found} if found else None
    found = [part for head in sorted(heads) if head < len(held) and (part := parts(held[head], rests[head])) is not None]
    return {"L": found} if found else None


MEMBERS: tuple[Member, ...] = (
    Member("the updated parts alone", "Attributes", updated_parts,
           "https://github.com/ExtendDB/extenddb/issues/98, https://github.com/nubo-db/dynoxide/issues/36"),
    Member("capacity unasked", "ConsumedCapacity", capacity_unasked,
           "API reference, DeleteItem, ReturnConsumedCapacity: with NONE, the default, none is told"),
    Member("no item collection metrics", "ItemCollectionMetrics", metrics,
           "API reference, PutItem, ReturnItemCollectionMetrics, and ItemCollectionMetrics"),
    Member("a read that finds nothing", "ConsumedCapacity", nothing_read,
           "Developer Guide, DynamoDB read consumption: an item that does not exist costs too"),
    Member("capacity of writes, batches, transactions and statements", "ConsumedCapacity", counted,
           "counted by capacity.py, which names the sources"),
    Member("scan of an index that does not have all", "ConsumedCapacity", fetched,
           "Developer Guide, Local secondary indexes, Read capacity units; https://github.com/nubo-db/dynoxide/pull/190"),
    Member("the last page that a limit ended", "LastEvaluatedKey", last_page,
           "API reference, Query, LastEvaluatedKey: not empty does not necessarily mean that there is more"),
    *(Member("a filter sees what the index projects", member, filter_on_index, "Developer Guide, Attribute projections")
      for member in ("Items", "Count")),
)


# --- statements of a batch ---


def error(response: dict) -> tuple[str, str]:
    return response.get("Error", {}).get("Code", ""), response.get("Error", {}).get("Message", "")


BATCH_SELECT = ("ValidationError", "Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
BATCH_SOURCES = "https://github.com/floci-io/floci/pull/2953, https://github.com/nubo-db/dynoxide/pull/190"


def in_words(text) -> Callable[[dict, dict, dict], bool]:
    return lambda statement, ours, theirs: error(ours)[0] == error(theirs)[0] == "ValidationError" and \
        text.matches(statement, error(ours)[1], error(theirs)[1])


STATEMENTS: tuple[Statement, ...] = (
    Statement("table name beside an error",
              lambda statement, ours, theirs: error(ours)[0] == "ValidationError" and ours == {"Error": theirs.get("Error")},
              "https://github.com/nubo-db/dynoxide/pull/190: a ValidationError in a batch of statements has no TableName"),
    Statement("select without a key in a batch, text",
              lambda statement, ours, theirs: error(ours) == BATCH_SELECT and
              error(theirs) == ("ValidationError", "Only single item select is supported"),
              BATCH_SOURCES),
    Statement("select from an index in a batch",
              lambda statement, ours, theirs: error(ours) == BATCH_SELECT and '"."' in statement["Statement"] and
              ("Error" not in theirs or repair.KEY_FLAWS.fullmatch(error(theirs)[1]) is not None),
              BATCH_SOURCES),
    Statement("a statement that updates a key",
              lambda statement, ours, theirs: updates_key(statement, error(ours)[1]) and error(theirs)[0] == "ConditionalCheckFailed",
              "Developer Guide, PartiQL update statements for DynamoDB; the statement alone is wrong"),
    *(Statement(text.name, in_words(text), text.source) for text in TEXTS),
)
