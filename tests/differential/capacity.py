"""What a request costs, counted from the items by the documented rules and independently of Stator.

Developer Guide, "DynamoDB read and write operations" (4 KB a read unit, half of it if eventually consistent, 1 KB a write unit, twice as
much in transactions), "DynamoDB item sizes and formats", "Provisioned throughput considerations for Global Secondary Indexes"; what they leave
open was measured by others: https://github.com/nubo-db/dynoxide/pull/188 (transactions, indexes in them, failed statements),
https://github.com/ExtendDB/extenddb/pull/305 (batches, unchanged rows of indexes)."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any

from compare import Diff, plain_numbers, text
from tables import BY_NAME, Index, Table

Item = dict[str, Any]
WRITE_UNIT, READ_UNIT = 1024, 4096


def blocks(size: int, block: int) -> int:
    return max(1, -(-size // block))


# --- sizes ---


def number_size(text: str) -> int:
    """A byte for each pair of digits, pairs counted from the point, without the pairs 00 at both ends: 120 is 01 20, 0.012 is 01 20."""
    sign, digits, exponent = Decimal(text).as_tuple()
    if not any(digits):
        return 1
    nonzero = [len(digits) - 1 - at + exponent for at, digit in enumerate(digits) if digit]
    lead, last = nonzero[0], nonzero[-1]
    return 1 + lead // 2 - last // 2 + 1 + sign


def value_size(value: dict[str, Any]) -> int:
    (kind, held), = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return number_size(held)
    if kind == "B":
        return len(base64.b64decode(held))
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in ("SS", "NS", "BS"):
        return sum(value_size({kind[0]: element}) for element in held)
    if kind == "L":
        return 3 + sum(1 + value_size(element) for element in held)
    return 3 + sum(1 + len(name.encode()) + value_size(inside) for name, inside in held.items())


def item_size(item: Item) -> int:
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


# --- one item ---


def row_of(table: Table, index: Index, item: Item | None) -> Item | None:
    """What the index keeps of the item; None if it does not keep the item."""
    keys = [name for name in (index.hash, index.range) if name]
    if item is None or any(name not in item for name in keys):
        return None
    if index.projection == "ALL":
        return item
    kept = {*keys, *table.keys, *index.include}
    return {name: value for name, value in item.items() if name in kept}


def index_units(table: Table, index: Index, before: Item | None, after: Item | None) -> int:
    old, new = row_of(table, index, before), row_of(table, index, after)
    keys = [name for name in (index.hash, index.range) if name]
    if old == new:
        return 0
    if old is None or new is None:
        return blocks(item_size(old or new or {}), WRITE_UNIT)
    if all(old[name] == new[name] for name in keys):
        return blocks(max(item_size(old), item_size(new)), WRITE_UNIT)
    return blocks(item_size(old), WRITE_UNIT) + blocks(item_size(new), WRITE_UNIT)


def table_units(before: Item | None, after: Item | None) -> int:
    return blocks(max(item_size(before or {}), item_size(after or {})), WRITE_UNIT)


# --- the answer ---


class Used:
    """The units of one table in one request."""

    def __init__(self, table: Table):
        self.table, self.units = table, 0.0
        self.indexes: dict[str, float] = {}

    def write(self, before: Item | None, after: Item | None, factor: int = 1) -> None:
        self.units += factor * table_units(before, after)
        for index in self.table.indexes:
            units = index_units(self.table, index, before, after)
            if units:
                self.indexes[index.name] = self.indexes.get(index.name, 0.0) + units

    def read(self, item: Item | None, unit: float) -> None:
        self.units += unit * blocks(item_size(item or {}), READ_UNIT)

    def shown(self, mode: str, split: str | None = None) -> dict[str, Any]:
        """As ConsumedCapacity. `split` is the second name of the same units in transactions."""

        def units(count: float) -> dict[str, float]:
            return {name: count for name in ("CapacityUnits", split) if name}

        found: dict[str, Any] = {"TableName": self.table.name, **units(self.units + sum(self.indexes.values()))}
        if mode == "INDEXES":
            found["Table"] = units(self.units)
            for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
                arms = {i.name: units(self.indexes[i.name]) for i in self.table.indexes if i.local == local and i.name in self.indexes}
                if arms:
                    found[member] = arms
        return found


# --- requests ---


class Counting:
    """The units of one request, from what the tables held before and after it."""

    def __init__(self, before: dict[str, list[Item]], after: dict[str, list[Item]]):
        self.before, self.after = by_key(before), by_key(after)
        self.used: dict[str, Used] = {}

    def of(self, name: str) -> Used:
        return self.used.setdefault(name, Used(BY_NAME[name]))

    def item(self, name: str, key: Item) -> Item | None:
        return self.before.get((name, key_text(BY_NAME[name], key)))

    def write(self, name: str, key: Item, factor: int = 1, changes: bool = True) -> None:
        at = (name, key_text(BY_NAME[name], key))
        self.of(name).write(self.before.get(at), (self.after if changes else self.before).get(at), factor)

    def read(self, name: str, key: Item, unit: float) -> None:
        self.of(name).read(self.before.get((name, key_text(BY_NAME[name], key))), unit)

    def read_larger(self, name: str, key: Item, old: dict[tuple[str, str], Item]) -> None:
        """In a transaction; the item as it is, or as it was in `old` if that is larger."""
        found = [item for item in (self.item(name, key), old.get((name, key_text(BY_NAME[name], key)))) if item]
        self.of(name).read(max(found, key=item_size, default=None), 2.0)

    def everything(self, request: dict[str, Any]) -> Used:
        """A statement that reads a table or an index from its beginning to its end."""
        found = TABLE.search(request["Statement"])
        table = BY_NAME[found[2]]
        used = Used(table)
        items = [item for (name, _), item in self.before.items() if name == table.name]
        unit = 1.0 if request.get("ConsistentRead") else 0.5
        index = next((index for index in table.indexes if f'."{index.name}"' in request["Statement"]), None)
        if not index or index.local:
            items = of_partition(table, request, items)
        if index:
            rows = [row for item in items if (row := row_of(table, index, item)) is not None]
            used.indexes[index.name] = unit * blocks(sum(map(item_size, rows)), READ_UNIT)
            if index.local and not self.covers(table, index, request["Statement"]):
                for item in items:
                    used.units += unit * blocks(item_size(item), READ_UNIT) if row_of(table, index, item) else 0
        elif choices := choices_of(table, request):
            for wanted in choices:  # a query for each, also of one that is named twice
                chosen = [item for item in items if plain_numbers(item[table.hash]) == wanted]
                used.units += unit * blocks(sum(map(item_size, chosen)), READ_UNIT)
        else:
            used.units = unit * blocks(sum(map(item_size, items)), READ_UNIT)
        return used

    @staticmethod
    def covers(table: Table, index: Index, statement: str) -> bool:
        """The index has the columns of the SELECT and of its WHERE clause; * stands for what it has."""
        columns = re.search("SELECT (.*?) FROM", statement)[1].replace('"', "").split(", ")
        kept = {index.hash, index.range, *table.keys, *index.include}
        where = set(re.findall(r"\b[a-z]\b", re.sub(r"'[^']*'|\"diff-[^\"]*\"", "", statement.partition(" WHERE ")[2])))
        wanted = where | ({re.split(r"[.\[]", column)[0] for column in columns} if columns != ["*"] else set())
        return index.projection == "ALL" or wanted <= kept

    def shown(self, mode: str, split: str | None = None) -> list[dict[str, Any]]:
        return sorted((used.shown(mode, split) for used in self.used.values()), key=text)


def key_text(table: Table, item: Item) -> str:
    return text(plain_numbers({name: item[name] for name in table.keys}))


def by_key(contents: dict[str, list[Item]]) -> dict[tuple[str, str], Item]:
    return {(name, key_text(BY_NAME[name], item)): item for name, items in contents.items() for item in items}


def expected(diff: Diff) -> Any:
    """ConsumedCapacity of a request that both servers have carried out."""
    counting = Counting(diff.before, diff.after())
    request, mode = diff.request, diff.request["ReturnConsumedCapacity"]
    if diff.operation in ("PutItem", "UpdateItem", "DeleteItem"):
        counting.write(request["TableName"], request.get("Item") or request["Key"])
        return counting.shown(mode)[0]
    if diff.operation == "BatchWriteItem":
        for name, writes in request["RequestItems"].items():
            for write in writes:
                counting.write(name, write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"])
        return counting.shown(mode)
    if diff.operation == "BatchGetItem":
        for name, read in request["RequestItems"].items():
            for key in read["Keys"]:
                counting.read(name, key, 1.0 if read.get("ConsistentRead") else 0.5)
        return counting.shown(mode)
    if diff.operation == "TransactGetItems":
        for action in request["TransactItems"]:
            counting.read(action["Get"]["TableName"], action["Get"]["Key"], 2.0)
        return counting.shown(mode, "ReadCapacityUnits")
    if diff.operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            (kind, write), = action.items()
            if is_replay(diff):
                counting.read_larger(write["TableName"], write.get("Item") or write["Key"], first_images(diff))
            else:
                counting.write(write["TableName"], write.get("Item") or write["Key"], 2, kind != "ConditionCheck")
        return counting.shown(mode, "ReadCapacityUnits" if is_replay(diff) else "WriteCapacityUnits")
    return expected_of_statements(diff, counting)


def expected_of_statements(diff: Diff, counting: Counting) -> Any:
    request, mode = diff.request, diff.request["ReturnConsumedCapacity"]
    if diff.operation == "ExecuteStatement":
        if reads_all(request):
            return counting.everything(request).shown(mode)
        name, key, is_read = statement_key(request)
        if is_read:
            counting.read(name, key, 1.0 if request.get("ConsistentRead") else 0.5)
        else:
            counting.write(name, key)
        return counting.shown(mode)[0]
    if diff.operation == "ExecuteTransaction":
        split = "WriteCapacityUnits"
        for statement in request["TransactStatements"]:
            name, key, is_read = statement_key(statement)
            if is_read:
                split = "ReadCapacityUnits"
                counting.read(name, key, 2.0)
            elif is_replay(diff):
                split = "ReadCapacityUnits"
                counting.read_larger(name, key, first_images(diff))
            else:
                counting.write(name, key, 2, not statement["Statement"].startswith("EXISTS"))
        return counting.shown(mode, split)
    return expected_of_batch(diff, counting)


def first_images(diff: Diff) -> dict[tuple[str, str], Item]:
    """The items before the transaction was sent for the first time. https://github.com/nubo-db/dynoxide/pull/188: a delete that is
    sent again costs what it cost to read what it has deleted."""
    return by_key(diff.client.first_images[diff.request["ClientRequestToken"]])


def is_replay(diff: Diff) -> bool:
    """A transaction that was sent before with its token costs the reading of its items, and changes nothing."""
    told = diff.stator.body.get("ConsumedCapacity") or [{}]
    return "ClientRequestToken" in diff.request and "ReadCapacityUnits" in told[0] and diff.before == diff.after()


def expected_of_batch(diff: Diff, counting: Counting) -> Any:
    """A statement that ran and failed is charged too, unless no statement on its table succeeded."""
    succeeded = set()
    for statement, response in zip(diff.request["Statements"], diff.stator.body["Responses"]):
        error = response.get("Error", {}).get("Code")
        if error is not None and "TableName" not in response:
            continue  # it did not run
        name, key, is_read = statement_key(statement)
        if is_read:
            counting.read(name, key, 1.0 if statement.get("ConsistentRead") else 0.5)
        elif error == "DuplicateItem":
            counting.of(name).units += table_units(counting.item(name, key), inserted(diff, name, key, statement))
        else:
            counting.write(name, key, 1, error is None)
        if error is None:
            succeeded.add(name)
    counting.used = {name: used for name, used in counting.used.items() if name in succeeded}
    return counting.shown(diff.request["ReturnConsumedCapacity"]) or None


def inserted(diff: Diff, name: str, key: Item, statement: dict[str, Any]) -> Item:
    """What an INSERT writes if nothing is there. Of the two the larger item counts: Developer Guide, "DynamoDB read and write operations"."""
    diff.touched = True
    diff.client.send("DeleteItem", {"TableName": name, "Key": key})
    diff.client.send("ExecuteStatement", {part: held for part, held in statement.items() if part in ("Statement", "Parameters")})
    return diff.client.send("GetItem", {"TableName": name, "Key": key}).body["Item"]


# --- statements ---

TABLE = re.compile(r'(FROM|INTO|UPDATE)\s+"([^"]*)"', re.IGNORECASE)
VALUE = r"""\s*(?::|=)\s*(\?|'(?:[^']|'')*'|[^\s,}]+)"""


def of_partition(table: Table, request: dict[str, Any], items: list[Item]) -> list[Item]:
    """Those of the partition that the statement names, or all."""
    where = request["Statement"].partition(" WHERE ")[2]
    if not re.match(rf'"?{table.hash}"? = ', where) or re.search(r"\b(OR|NOT)\b", where):
        return items
    wanted = plain_numbers(key_value(request, table.hash, request["Statement"].index(" WHERE ")))
    return [item for item in items if plain_numbers(item[table.hash]) == wanted]


def choices_of(table: Table, request: dict[str, Any]) -> list[Any]:
    """The partition keys of a WHERE clause that is only: the hash key IN a list of scalars."""
    statement = request["Statement"]
    found = re.search(rf' WHERE "?{table.hash}"? IN [\[(]([^\[\]()]*)[\])]\s*$', statement)
    if not found:
        return []
    parameters = iter(request.get("Parameters", [])[statement[: found.start(1)].count("?"):])
    words = re.findall(r"\?|'(?:[^']|'')*'|[^\s,]+", found[1])
    return [
        plain_numbers(next(parameters) if word == "?" else {"S": word[1:-1].replace("''", "'")} if word[0] == "'" else {"N": word})
        for word in words
    ]


def reads_all(request: dict[str, Any]) -> bool:
    """True without a whole key."""
    statement = request["Statement"]
    if not statement.startswith("SELECT") or "Limit" in request:
        return False
    try:
        name, _, _ = statement_key(request)
    except TypeError:
        return True
    return '"."' in statement


def statement_key(request: dict[str, Any]) -> tuple[str, Item, bool]:
    """The table and key of a statement that names them as partiql.py writes them, and whether it reads."""
    statement = request["Statement"]
    name = TABLE.search(statement)[2]
    start = max(statement.find(" WHERE "), statement.find(" VALUE "))
    key = {attribute: key_value(request, attribute, start) for attribute in BY_NAME[name].keys}
    return name, key, statement.startswith("SELECT")


def key_value(request: dict[str, Any], attribute: str, start: int) -> dict[str, Any]:
    statement = request["Statement"]
    found = re.compile(rf"""['"]?\b{attribute}\b['"]?{VALUE}""").search(statement, start)
    if found[1] == "?":
        return request["Parameters"][statement.count("?", 0, found.start(1))]
    return {"S": found[1][1:-1].replace("''", "'")} if found[1].startswith("'") else {"N": found[1]}
