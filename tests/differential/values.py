"""Random attribute values, keys and items."""

from __future__ import annotations

import base64
import random
from typing import Any, Callable

from tables import HASH, RANGE, TABLES, Index, Table

STRINGS = ("a", "b", "ab", "abc", "", "0", "10", "é", "日本", "x y")
NUMBERS = ("0", "1", "2", "3", "10", "-1", "-2.5", "0.1", "1.50", "1e2", "007", "12345678901234567890123456789012345678", "1E-130", "9.9E125")
# At the limits and beyond them, and in odd writing.
EDGES = ("9.9999999999999999999999999999999999999E+125", "-9.9999999999999999999999999999999999999E+125", "1E126", "-1E126", "9.9E-131",
         "-1E-130", "1.0000000000000000000000000000000000001", "123456789012345678901234567890123456789", "0.000000000000000000000000000000000000010",
         "100000000000000000000000000000000000000", "-0", "+5", "1.", ".5", "00.10", "1e+2", "1E-2", "120", "0.012", "", " 1", "1 ", "NaN", "Infinity",
         "0x1", "1_0", "--1", "1e", "é")
# What items of several kilobytes hold: from one write unit to a few, from one read unit to two.
LONG = tuple("x" * size for size in (900, 1000, 1020, 1024, 2000, 3900, 4090, 5000))
BYTES = tuple(base64.b64encode(raw).decode() for raw in (b"a", b"b", b"ab", b"\x00", b"\xff\xfe", b"abc"))
KEYS = {"S": ("p", "q", "r"), "N": ("1", "2", "-3", "10"), "B": BYTES[:4]}
SORTS = {"S": ("a", "b", "ab", "c", "é"), "N": ("1", "2", "-1", "0.5", "10"), "B": BYTES}
# What an attribute usually holds; the letters are no reserved words.
USUAL = {"n": "N", "s": "S", "u": "SS", "v": "NS", "w": "BS", "y": "L", "m": "M", "f": "BOOL", "z": "NULL", "l": "S",
         "g": "S", "h": "N", "bin": "B"}
PLAIN = ("n", "s", "u", "v", "w", "y", "m", "f", "z")
KINDS = ("S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL")


class Gen:
    def __init__(self, seed: str):
        self.random = random.Random(seed)
        self.seed = seed
        self.tokens = 0
        self.sent_with_token: list[tuple[str, Any]] = []

    def token(self) -> str:
        """A new one, or seldom one that was sent already with something else."""
        self.tokens += not self.tokens or not self.chance(10)
        return f"{self.seed}:{self.tokens}"

    def pick(self, options) -> Any:
        return options[int(self.random.random() * len(options))]

    def integer(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        return self.random.random() * 100 < percent

    def some(self, options, percent: int) -> list:
        return [option for option in options if self.chance(percent)]

    def several(self, make: Callable[[], Any], low: int, high: int) -> list:
        return [make() for _ in range(self.integer(low, high))]

    def table(self) -> Table:
        return self.pick((RANGE, RANGE, RANGE, HASH) + TABLES)

    # --- values ---

    def scalar(self, kind: str) -> dict[str, Any]:
        if kind == "N" and self.chance(2):
            return {"N": self.pick(EDGES)}
        return {kind: self.pick({"S": STRINGS, "N": NUMBERS, "B": BYTES}[kind])}

    def value(self, kind: str | None = None, depth: int = 0) -> dict[str, Any]:
        """Containers nest at most three deep, or up to a little more than the 32 levels that are allowed."""
        if depth == 0 and self.chance(1):
            return self.deep()
        kind = kind or self.pick(KINDS if depth < 2 else KINDS[:3])
        if kind in ("S", "N", "B"):
            return self.scalar(kind)
        if kind == "BOOL":
            return {"BOOL": self.chance(50)}
        if kind == "NULL":
            return {"NULL": True}
        if kind == "L":
            return {"L": self.several(lambda: self.value(None, depth + 1), 0, 3)}
        if kind == "M":
            names = self.some(("x", "yy", "n"), 50)
            return {"M": {name: self.value(None, depth + 1) for name in names}}
        pool = {"SS": STRINGS[:4], "NS": ("1", "2", "3", "-1", "0.5"), "BS": BYTES[:4]}[kind]
        return {kind: self.some(pool, 50) or [pool[0]]}

    def deep(self) -> dict[str, Any]:
        value = {"S": self.pick(STRINGS)}
        for _ in range(self.pick((5, 29, 30, 31, 32, 33))):
            value = {"L": [value]} if self.chance(50) else {"M": {"x": value}}
        return value

    def usual(self, name: str) -> dict[str, Any]:
        return self.value(None if self.chance(8) else USUAL.get(name, "S"))

    def key_value(self, table: Table, name: str) -> dict[str, Any]:
        kind = table.type(name)
        if self.chance(1):
            return self.value()  # mostly of a wrong type
        if self.chance(0.3):
            return {kind: {"S": self.pick(("", "k" * 1024, "k" * 1025, "k" * 2048, "k" * 2049)), "N": self.pick(EDGES), "B": ""}[kind]}
        return {kind: self.pick((KEYS if name == table.hash else SORTS)[kind])}

    def key(self, table: Table) -> dict[str, Any]:
        return {name: self.key_value(table, name) for name in table.keys}

    def index_value(self, table: Table, name: str) -> dict[str, Any]:
        return self.key_value(table, name) if name in table.keys else {
            table.type(name): self.pick(SORTS[table.type(name)])}

    def index_names(self, table: Table) -> list[str]:
        names = {n: None for index in table.indexes for n in (index.hash, index.range) if n and n not in table.keys}
        return list(names)

    def item(self, table: Table) -> dict[str, Any]:
        item = self.key(table)
        for name in self.index_names(table):
            if self.chance(60):
                item[name] = self.value() if self.chance(3) else self.index_value(table, name)
        for name in self.some(PLAIN, 35):
            if name not in item:
                item[name] = self.usual(name)
        if self.chance(8):
            item["s"] = {"S": self.pick(LONG)}
        if self.chance(0.2):
            item["s"] = {"S": "x" * (409_600 - self.integer(0, 120))}
        return item

    def attribute(self, table: Table) -> str:
        """Any name that requests may speak of; seldom a key."""
        return self.pick(PLAIN + tuple(self.index_names(table))) if not self.chance(10) else self.pick(table.keys)

    def index(self, table: Table, percent: int = 50) -> Index | None:
        return self.pick(table.indexes) if table.indexes and self.chance(percent) else None
