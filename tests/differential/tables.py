"""The tables of the comparison: few attributes and few key values, so that random requests meet the same items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Index:
    name: str
    hash: str
    range: str | None = None
    projection: str = "ALL"
    include: tuple[str, ...] = ()
    local: bool = False

    def definition(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"ProjectionType": self.projection}
        if self.include:
            shown["NonKeyAttributes"] = list(self.include)
        return {"IndexName": self.name, "KeySchema": key_schema(self.hash, self.range), "Projection": shown}


@dataclass(frozen=True)
class Table:
    name: str
    hash: str
    range: str | None = None
    indexes: tuple[Index, ...] = ()
    types: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        return [name for name in (self.hash, self.range) if name]

    def type(self, attribute: str) -> str:
        return self.types.get(attribute, "S")

    def create(self) -> dict[str, Any]:
        names = {name: None for name in self.keys}
        for index in self.indexes:
            names.update({name: None for name in (index.hash, index.range) if name})
        request: dict[str, Any] = {
            "TableName": self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": key_schema(self.hash, self.range),
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": self.type(n)} for n in names],
        }
        for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
            found = [index.definition() for index in self.indexes if index.local == local]
            if found:
                request[member] = found
        return request


def key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [(hash_key, "HASH")] + ([(range_key, "RANGE")] if range_key else [])
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


HASH = Table("diff-hash", "pk")
RANGE = Table(
    "diff-range",
    "pk",
    "sk",
    (
        Index("lall", "pk", "l", local=True),
        Index("lkeys", "pk", "n", "KEYS_ONLY", local=True),
        Index("gall", "g", "h"),
        Index("gsome", "g", None, "INCLUDE", ("n", "m")),
        Index("gkeys", "h", "g", "KEYS_ONLY"),
    ),
    {"h": "N", "n": "N"},
)
NUMBER = Table("diff-number", "pk", "sk", (), {"pk": "N", "sk": "N"})
BINARY = Table("diff-binary", "pk", "sk", (Index("gbin", "bin"),), {"pk": "B", "sk": "B", "bin": "B"})
TABLES = (HASH, RANGE, NUMBER, BINARY)
BY_NAME = {table.name: table for table in TABLES}
