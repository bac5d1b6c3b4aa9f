"""Random expressions with their names and values."""

from __future__ import annotations

from typing import Any

from tables import Table
from values import USUAL, Gen

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
TYPES = ("S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL")
UNITS = ("NONE", "TOTAL", "INDEXES")


class Symbols:
    """The names and values of one request; attached to it when its expressions are written."""

    def __init__(self, gen: Gen):
        self.gen = gen
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        if not self.gen.chance(30):
            return attribute
        self.names["#" + attribute] = attribute
        return "#" + attribute

    def value(self, value: dict[str, Any]) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def attach(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request


class Expressions:
    def __init__(self, gen: Gen, table: Table):
        self.gen, self.table, self.symbols = gen, table, Symbols(gen)

    def path(self) -> tuple[str, str]:
        """A document path and its first attribute."""
        gen = self.gen
        name = gen.attribute(self.table)
        text = self.symbols.name(name)
        if name == "m" and gen.chance(60):
            text += "." + self.symbols.name(gen.pick(("x", "yy", "n")))
        elif name == "y" and gen.chance(60):
            text += f"[{gen.integer(0, 3)}]"
        elif gen.chance(3):
            text += gen.pick((".x", "[0]", "[0].x"))
        return text, name

    def value_like(self, name: str) -> str:
        kind = self.table.type(name) if name in self.table.types or name in self.table.keys else USUAL.get(name)
        return self.symbols.value(self.gen.value(None if self.gen.chance(15) else kind))

    def operand(self) -> tuple[str, str]:
        text, name = self.path()
        return (f"size({text})", "n") if self.gen.chance(12) else (text, name)

    def condition(self, depth: int = 0) -> str:
        """Nests at most three deep."""
        gen = self.gen
        if depth < 3 and gen.chance(35):
            how = gen.integer(0, 3)
            if how == 0:
                return f"NOT {self.condition(depth + 1)}"
            if how == 1:
                return f"({self.condition(depth + 1)})"
            joined = f"{self.condition(depth + 1)} {('AND', 'OR')[how - 2]} {self.condition(depth + 1)}"
            return f"({joined})" if depth and gen.chance(60) else joined
        return self.predicate()

    def predicate(self) -> str:
        gen = self.gen
        how = gen.integer(0, 7)
        if how == 0:
            return f"{gen.pick(('attribute_exists', 'attribute_not_exists'))}({self.path()[0]})"
        if how == 1:
            return f"attribute_type({self.path()[0]}, {self.symbols.value({'S': gen.pick(TYPES)})})"
        if how in (2, 3):
            text, name = self.path()
            if how == 3 and USUAL.get(name) in ("SS", "NS", "BS", "L"):
                wanted = self.symbols.value(gen.scalar(gen.pick(("S", "N", "B"))))
            else:
                wanted = self.value_like(name)
            return f"{('begins_with', 'contains')[how - 2]}({text}, {wanted})"
        text, name = self.operand()
        if how == 4:
            return f"{text} BETWEEN {self.value_like(name)} AND {self.value_like(name)}"
        if how == 5:
            return f"{text} IN ({', '.join(gen.several(lambda: self.value_like(name), 1, 3))})"
        other = self.path()[0] if gen.chance(20) else self.value_like(name)
        return f"{text} {gen.pick(COMPARATORS)} {other}"

    def projection(self) -> str:
        return ", ".join(self.gen.several(lambda: self.path()[0], 1, 4))

    # --- updates ---

    def set_action(self) -> str:
        gen = self.gen
        text, name = self.path()
        how = gen.integer(0, 5)
        if how == 1:
            return f"{text} = {text} {gen.pick('+-')} {self.symbols.value(gen.scalar('N'))}"
        if how == 2:
            return f"{text} = if_not_exists({self.path()[0]}, {self.value_like(name)})"
        if how == 3:
            parts = [text, self.symbols.value(gen.value("L"))]
            return f"{text} = list_append({', '.join(parts if gen.chance(50) else parts[::-1])})"
        if how == 4:
            return f"{text} = {self.path()[0]}"
        return f"{text} = {self.value_like(name)}"

    def add_action(self, kinds: tuple[str, ...]) -> str:
        gen = self.gen
        name = gen.pick(("u", "v", "w", "n")) if not gen.chance(15) else gen.attribute(self.table)
        kind = USUAL.get(name, "S")
        value = gen.value(kind if kind in kinds and not gen.chance(5) else gen.pick(kinds))
        return f"{self.symbols.name(name)} {self.symbols.value(value)}"

    def update(self) -> str:
        gen = self.gen
        clauses = [
            ("SET", self.set_action),
            ("REMOVE", lambda: self.path()[0]),
            ("ADD", lambda: self.add_action(("N", "SS", "NS", "BS"))),
            ("DELETE", lambda: self.add_action(("SS", "NS", "BS"))),
        ]
        chosen = [clause for clause in clauses if gen.chance(35)] or [clauses[0]]
        return " ".join(f"{word} {', '.join(gen.several(make, 1, 3))}" for word, make in chosen)

    # --- keys ---

    def key_condition(self, hash_key: str, range_key: str | None) -> str:
        gen, table = self.gen, self.table
        text = f"{self.symbols.name(hash_key)} = {self.symbols.value(gen.index_value(table, hash_key))}"
        if not range_key or not gen.chance(55):
            return text
        name = self.symbols.name(range_key)
        value = lambda: self.symbols.value(gen.index_value(table, range_key))  # noqa: E731
        how = gen.integer(0, 3)
        if how == 0:
            second = f"{name} BETWEEN {value()} AND {value()}"
        elif how == 1:
            second = f"begins_with({name}, {value()})"
        else:
            second = f"{name} {gen.pick(('=', '<', '<=', '>', '>='))} {value()}"
        return f"{second} AND {text}" if gen.chance(15) else f"{text} AND {second}"
