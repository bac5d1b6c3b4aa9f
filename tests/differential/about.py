"""What requests speak of: tables, keys, items, values. Requests may be spoiled in any way: what cannot be read raises KeyError,
TypeError, AttributeError, ValueError or IndexError, and then no rule of known.py holds."""

from __future__ import annotations

import json
import re
from typing import Any

from compare import plain_numbers
from tables import BY_NAME, Index, Table

LITERALS = {"SS": "<<", "NS": "<<", "BS": "<<", "L": r"\[", "M": r"\{", "BOOL": "(true|false)", "NULL": "null", "S": "'", "N": r"[-.\d]"}


def table_of(request: Any) -> Table | None:
    name = request.get("TableName") if isinstance(request, dict) else None
    return BY_NAME.get(name) if isinstance(name, str) else None


def inside(value: Any) -> list[dict]:
    """Every object in a request, outermost first."""
    found = [value] if isinstance(value, dict) else []
    for held in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += inside(held)
    return found


def strings(part: dict) -> list[str]:
    return [text for held in part.values() for text in (held if isinstance(held, list) else [held]) if isinstance(text, str)]


def tables_in(request: Any) -> list[Table]:
    words = json.dumps(request)
    return [table for table in BY_NAME.values() if table.name in words]


def index_in(request: Any) -> Index | None:
    return next((i for table in tables_in(request) for i in table.indexes if i.name == request.get("IndexName")), None)


def has_value(request: Any, attribute: str, kind: str) -> bool:
    """The attribute has a value of this type somewhere: in an item, a key, or as any value of an expression or statement."""
    statements = " ".join(str(part["Statement"]) for part in inside(request) if "Statement" in part)
    if kind in LITERALS and re.search(rf"""['"]?\b{attribute}\b['"]?\s*[:=]\s*{LITERALS[kind]}""", statements):
        return True
    return any(isinstance(held, dict) and kind in held for part in inside(request) for name, held in part.items() if name == attribute) \
        or any(kind in part for part in inside(request) if len(part) == 1)


def nests_too_deep(value: Any, depth: int = 0) -> bool:
    """More than 32 levels of lists and maps, the attribute itself included."""
    if isinstance(value, dict) and len(value) == 1 and (inner := value.get("L") or value.get("M")) and isinstance(inner, (list, dict)):
        return depth + 1 >= 32 or any(nests_too_deep(held, depth + 1) for held in (inner.values() if isinstance(inner, dict) else inner))
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(nests_too_deep(one, 0) for one in held)


# --- keys ---


def keys_in(request: Any) -> list[tuple[Table, dict, bool]]:
    """The keys and items, and whether each is an item: those have more attributes."""
    found: list[tuple[Table, dict, bool]] = []
    for part in inside(request):
        table = table_of(part)
        for name in ("Key", "ExclusiveStartKey", "Item") if table else ():
            if isinstance(part.get(name), dict):
                found.append((table, part[name], name == "Item"))
        for name, held in (part.get("RequestItems") or {}).items():
            if name not in BY_NAME:
                continue
            if isinstance(held, dict):
                found += [(BY_NAME[name], key, False) for key in held["Keys"]]
            for write in held if isinstance(held, list) else ():
                if "DeleteRequest" in write:
                    found.append((BY_NAME[name], write["DeleteRequest"]["Key"], False))
                if "PutRequest" in write:
                    found.append((BY_NAME[name], write["PutRequest"]["Item"], True))
    return found


def fits(table: Table, held: dict, is_item: bool) -> bool:
    right = all(list(held.get(name) or ()) == [table.type(name)] for name in table.keys)
    return right and (is_item or len(held) == len(table.keys))


def has_wrong_key(request: Any) -> bool:
    return any(not fits(*key) for key in keys_in(request))


def repeats_key(request: Any) -> bool:
    """Two keys are one, with numbers as DynamoDB compares them."""
    seen = []
    for table, held, _ in keys_in(request):
        key = [table.name] + [plain_numbers(held.get(name)) for name in table.keys]
        if key in seen:
            return True
        seen.append(key)
    return False


# --- index keys ---


def index_keys(table: Table | None) -> set[str]:
    return {name for index in table.indexes for name in (index.hash, index.range) if name} if table else set()


def updates_index_key(request: dict) -> bool:
    """An update, or a statement, that sets or adds to a key of an index."""
    if "Statement" in request:
        return any(re.search(rf'(SET|REMOVE) "?{name}\b', request["Statement"]) for table in tables_in(request) for name in index_keys(table))
    words = request.get("UpdateExpression", "")
    placeholders = {held: name for name, held in request.get("ExpressionAttributeNames", {}).items()}
    return any(re.search(rf"(?<![:#.\w]){name}\b", words) or placeholders.get(name, "\0") in words for name in index_keys(table_of(request)))


def updates_key(statement: dict, message: str) -> bool:
    """A statement updates the key that the text names."""
    found = re.fullmatch(r"One or more parameter values were invalid: Cannot update attribute (.*)\. This attribute is part of the key", message)
    return bool(found) and re.search(rf'(SET|REMOVE) "?{found[1]}\b', statement["Statement"]) is not None
