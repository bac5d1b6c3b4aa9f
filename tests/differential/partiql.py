"""Random PartiQL statements, with their values written out or as parameters."""

from __future__ import annotations

from typing import Any

from tables import Table
from values import KINDS, USUAL, Gen


def literal(value: dict[str, Any]) -> str | None:
    """The value as PartiQL writes it; None where PartiQL has no literal for it."""
    (kind, held), = value.items()
    if kind == "S":
        return "'" + held.replace("'", "''") + "'"
    if kind == "N":
        return held
    if kind == "BOOL":
        return "true" if held else "false"
    if kind in ("SS", "NS"):
        return "<<" + ", ".join("'" + e + "'" if kind == "SS" else e for e in held) + ">>"
    if kind == "L":
        parts = [literal(element) for element in held]
        return None if None in parts else "[" + ", ".join(parts) + "]"
    if kind == "M":
        parts = [(name, literal(element)) for name, element in held.items()]
        return None if any(p is None for _, p in parts) else "{" + ", ".join(f"'{n}': {p}" for n, p in parts) + "}"
    return None


class Statement:
    def __init__(self, gen: Gen, table: Table):
        self.gen, self.table = gen, table
        self.parameters: list[dict[str, Any]] = []

    def value(self, value: dict[str, Any]) -> str:
        written = literal(value) if self.gen.chance(50) else None
        if written is None:
            self.parameters.append(value)
            return "?"
        return written

    def request(self, text: str) -> dict[str, Any]:
        return {"Statement": text, "Parameters": self.parameters} if self.parameters else {"Statement": text}

    def path(self) -> str:
        name = self.gen.attribute(self.table)
        if name == "m" and self.gen.chance(50):
            return "m." + self.gen.pick(("x", "yy", "n"))
        if name == "y" and self.gen.chance(50):
            return f"y[{self.gen.integer(0, 2)}]"
        return f'"{name}"' if self.gen.chance(20) else name

    def usual(self, name: str) -> str:
        return self.value(self.gen.value(None if self.gen.chance(8) else USUAL.get(name.strip('"').split(".")[0], "S")))

    def predicate(self) -> str:
        gen, path = self.gen, self.path()
        how = gen.integer(0, 9)
        if how == 0:
            return f"{path} IS {gen.pick(('', 'NOT '))}{gen.pick(('MISSING', 'MISSING', 'NULL'))}"
        if how == 7:
            return f"attribute_type({path}, {self.value({'S': gen.pick(KINDS)})})"
        if how == 8:
            return f"{gen.pick(('size', 'SIZE'))}({path}) {gen.pick(('=', '<', '>='))} {self.value(gen.scalar('N'))}"
        if how == 9:
            return f"NOT {self.predicate()}" if gen.chance(50) else f"({self.predicate()} {gen.pick(('AND', 'OR'))} {self.predicate()})"
        if how == 1:
            return f"begins_with({path}, {self.usual(path)})"
        if how == 2:
            return f"contains({path}, {self.usual(path)})"
        if how == 3:
            return f"{path} BETWEEN {self.usual(path)} AND {self.usual(path)}"
        if how == 4:
            return f"{path} IN [{', '.join(gen.several(lambda: self.usual(path), 1, 3))}]"
        return f"{path} {gen.pick(('=', '<>', '<', '<=', '>', '>='))} {self.usual(path)}"

    def key(self) -> str:
        return " AND ".join(f"{n} = {self.value(self.gen.key_value(self.table, n))}" for n in self.table.keys)

    def where(self, more: int) -> str:
        text = self.key()
        if self.gen.chance(more):
            text += f" {self.gen.pick(('AND', 'AND', 'OR'))} {self.predicate()}"
        return text

    def select(self) -> dict[str, Any]:
        gen, table = self.gen, self.table
        columns = "*" if gen.chance(60) else ", ".join(gen.several(self.path, 1, 3))
        index = gen.index(table, 30)
        source = f'"{table.name}"' + (f'."{index.name}"' if index else "")
        place = index or table
        how = gen.integer(0, 3)
        text = f"SELECT {columns} FROM {source}"
        if how == 0:
            return self.request(f"{text} WHERE {self.where(30)}")
        if how == 1:
            where = f"{place.hash} = {self.value(gen.index_value(table, place.hash))}"
            order = f" ORDER BY {place.range} {gen.pick(('ASC', 'DESC'))}" if place.range and gen.chance(40) else ""
            more = f" AND {self.predicate()}" if gen.chance(40) else ""
            return self.request(f"{text} WHERE {where}{more}{order}")
        return self.request(f"{text} WHERE {self.predicate()}" if how == 2 else text)

    def insert(self) -> dict[str, Any]:
        item = self.gen.item(self.table)
        parts = ", ".join(f"'{name}': {self.value(value)}" for name, value in item.items())
        return self.request(f"INSERT INTO \"{self.table.name}\" VALUE {{{parts}}}")

    def update(self) -> dict[str, Any]:
        gen = self.gen

        def action() -> str:
            path = self.path()
            how = gen.integer(0, 6)
            if how == 6:
                return f"SET {path} = set_delete({path}, {self.value(gen.value(gen.pick(('SS', 'NS', 'BS'))))})"
            if how == 1:
                return f"REMOVE {path}"
            if how == 2:
                return f"SET {path} = {path} {gen.pick('+-')} {self.value(gen.scalar('N'))}"
            if how == 3:
                return f"SET {path} = list_append({path}, {self.value(gen.value('L'))})"
            if how == 4:
                return f"SET {path} = set_add({path}, {self.value(gen.value(gen.pick(('SS', 'NS'))))})"
            return f"SET {path} = {self.usual(path)}"

        actions = " ".join(gen.several(action, 1, 2))
        text = f'UPDATE "{self.table.name}" {actions} WHERE {self.where(20)}'
        return self.request(text + self.returning(("ALL OLD", "MODIFIED OLD", "ALL NEW", "MODIFIED NEW")))

    def exists(self) -> dict[str, Any]:
        return self.request(f'EXISTS(SELECT * FROM "{self.table.name}" WHERE {self.key()} AND {self.predicate()})')

    def returning(self, options: tuple[str, ...]) -> str:
        return f" RETURNING {self.gen.pick(options)} *" if self.gen.chance(25) else ""

    def delete(self) -> dict[str, Any]:
        return self.request(f'DELETE FROM "{self.table.name}" WHERE {self.where(20)}' + self.returning(("ALL OLD",)))


def statement(gen: Gen, writes: bool, reads: bool, transacted: bool = False) -> dict[str, Any]:
    made = Statement(gen, gen.table())
    kinds = ([made.select] if reads else []) + ([made.insert, made.update, made.delete] if writes else [])
    if writes and transacted:
        kinds.append(made.exists)
    return gen.pick(kinds)()
