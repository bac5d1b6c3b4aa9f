"""Tables for tests: made once, awaited, deleted at the end."""

from __future__ import annotations

from typing import Any

from .values import unique

PREFIX = "stator-wire-"


def schema(hash_key: str | None, range_key: str | None = None) -> list[dict[str, str]]:
    keys = [(hash_key, "HASH"), (range_key, "RANGE")]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys if name is not None]


def attributes(**types: str) -> list[dict[str, str]]:
    """attributes(pk="S", sk="N")"""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def index(name: str, hash_key: str, range_key: str | None = None, projection: str | list[str] = "ALL") -> dict[str, Any]:
    """`projection` is ALL, KEYS_ONLY, or the list of attributes to INCLUDE."""
    shown = {"ProjectionType": projection} if isinstance(projection, str) else {
        "ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
    return {"IndexName": name, "KeySchema": schema(hash_key, range_key), "Projection": shown}


def spec(hash_key: str = "pk", range_key: str | None = None, types: dict[str, str] | None = None,
         lsi: list[dict] | None = None, gsi: list[dict] | None = None, **more: Any) -> dict[str, Any]:
    """Parameters of CreateTable without the name. Key attributes are strings unless `types` says otherwise."""
    names = {k["AttributeName"]: "S" for s in [schema(hash_key, range_key)] + [i["KeySchema"] for i in (lsi or []) + (gsi or [])]
             for k in s}
    names.update(types or {})
    params: dict[str, Any] = {"KeySchema": schema(hash_key, range_key), "AttributeDefinitions": attributes(**names),
                              "BillingMode": "PAY_PER_REQUEST"}
    if lsi:
        params["LocalSecondaryIndexes"] = lsi
    if gsi:
        params["GlobalSecondaryIndexes"] = gsi
    return {**params, **more}


def new_name(label: str = "t") -> str:
    return PREFIX + unique(label)


class Tables:
    """Makes tables and deletes those it made, or was told to, when it closes."""

    def __init__(self, client):
        self.client = client
        self.names: list[str] = []

    def create(self, params: dict[str, Any] | None = None, label: str = "t", **more: Any) -> str:
        """Creates a table from spec(…) and waits for it. Returns its name."""
        name = new_name(label)
        self.client.create_table(TableName=name, **{**(params or spec()), **more})
        self.adopt(name)
        self.wait_active(name)
        return name

    def adopt(self, name: str) -> str:
        """Has `name`, made by somebody else, deleted at the end."""
        self.names.append(name)
        return name

    def wait_active(self, name: str) -> None:
        self.client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})

    def wait_gone(self, name: str) -> None:
        self.client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})

    def close(self) -> None:
        for name in self.names:
            try:
                self._delete(name)
            except self.client.exceptions.ResourceNotFoundException:
                pass  # the test deleted it itself
        self.names.clear()

    def _delete(self, name: str) -> None:
        """Also after a test that failed half-way: with protection still on, or while the table is changing."""
        if self.client.describe_table(TableName=name)["Table"]["TableStatus"] == "DELETING":
            return
        self.wait_active(name)
        if self.client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
            self.client.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.wait_active(name)
        self.client.delete_table(TableName=name)
