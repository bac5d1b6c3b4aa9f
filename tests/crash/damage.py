"""A folder whose contents are known to the last item, copies of it with one wrong byte, and what a server makes of them."""

from __future__ import annotations

import pathlib
import shutil

from load import SPECIFICATION, TTL, key_of, wire_key
from server import GONE, Refused
from verify import plain

TABLES = ("load", "other")
SORT_KEYS = 8


def item_of(table, number, version):
    item = {
        **wire_key((f"{table} {number // SORT_KEYS}", number % SORT_KEYS)),
        "version": {"N": str(version)},
        "body": {"S": f"{table} {number} {version} " * (1 + number % 7 * 3)},
        "nested": {"M": {"list": {"L": [{"N": str(number)}, {"BOOL": True}]}}},
        "expires": {"N": str(4_102_444_800 + number)},
    }
    if number % 4:
        item["lsk"] = {"N": str(number % 5)}
        item["gpk"] = {"S": f"group {number % 9}"}
        item["gsk"] = {"N": str(number)}
    return item


class Folder:
    """Made by `files` runs of a server, so that each family is in that many files; what the last one wrote stands in the
    log if it is killed."""

    def __init__(self, launch, path, shards, files, in_log, kind="plain"):
        self.path, self.shards, self.kind = path, shards, kind
        self.items = {table: {} for table in TABLES}
        self.earlier = {table: {} for table in TABLES}  # key -> versions before
        for run in range(files + in_log):
            server = launch(path, shards=shards, files=kind).wait_ready()
            client = server.client()
            for table in TABLES:
                if run == 0:
                    client("CreateTable", **{**SPECIFICATION, "TableName": table})
                    client("UpdateTimeToLive", TableName=table, TimeToLiveSpecification=TTL)
                self.write(client, table, run)
            client.close()
            if run < files:
                assert server.stop() == 0, server.output
            else:
                server.kill()

    def write(self, client, table, run):
        for number in range(run * 13, run * 13 + 60):
            item = item_of(table, number, run)
            if number % 11 == run:
                client("DeleteItem", TableName=table, Key=wire_key(key_of(item)))
                self.replace(table, key_of(item), None)
            else:
                client("PutItem", TableName=table, Item=item)
                self.replace(table, key_of(item), item)

    def replace(self, table, key, item):
        self.earlier[table].setdefault(key, []).append(self.items[table].pop(key, None))
        if item is not None:
            self.items[table][key] = item

    def files(self, *patterns):
        return sorted(p for pattern in patterns for p in self.path.rglob(pattern) if p.is_file() and p.stat().st_size)

    def copy(self, target):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.path, target)
        return target


def flip(folder, original, target, rng):
    """One wrong byte in the copy of a file of the original folder; rather often near its end, where a table file has its
    index, its properties and its footer. Returns a description."""
    path = pathlib.Path(target) / original.relative_to(folder.path)
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data)) if rng.random() < 0.5 else len(data) - 1 - rng.randrange(min(len(data), 1500))
    change = rng.choice((1, 4, 0x80, 0xFF, rng.randrange(1, 256)))
    data[at] ^= change
    path.write_bytes(data)
    return path, f"{path.relative_to(target)} byte {at} of {len(data)} ^ {change:#x}"


class Wrong(AssertionError):
    """An answer that is neither right nor an error."""


class Look:
    """Asks for everything; what is answered must be right, else it must be an InternalServerError."""

    def __init__(self, folder, client):
        self.folder, self.client = folder, client
        self.answered = self.refused = 0

    def ask(self, operation, **request):
        """The answer, or None."""
        try:
            reply = self.client(operation, **request)
            self.answered += 1
            return reply
        except Refused as error:
            if error.status != 500 or error.code != "InternalServerError":
                raise Wrong(f"{operation}: {error}") from error
            self.refused += 1
            return None

    def pages(self, expected, earlier=None, **request):
        """Returns whether there was no error. Rows of a global index follow their items: `earlier` versions, too, are right."""
        rows = []
        while True:
            page = self.ask("Scan", **request)
            if page is None:
                break
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        found = {}
        for row in rows:
            found.setdefault(key_of(row), []).append(plain(row))
        allowed = {key: [plain(expected.get(key)), *map(plain, (earlier or {}).get(key, []))] for key in {*expected, *found}}
        wrong = [key for key, versions in found.items() if any(version not in allowed[key] for version in versions)]
        wrong += [key for key, versions in found.items() if len(versions) > 1 and earlier is None]
        if page is not None:
            wrong += [key for key in expected if key not in found and None not in allowed[key]]
        if wrong:
            raise Wrong(f"Scan {request}: {len(found)} of {len(expected)} items, wrong: {wrong[:5]}, {found.get(wrong[0])}")
        return page is not None

    def tables(self, rng):
        """Returns the tables that could be read completely."""
        whole = []
        for table in TABLES:
            items = self.folder.items[table]
            good = self.pages(items, TableName=table, ConsistentRead=True, Limit=40)
            in_index = {key: item for key, item in items.items() if "gpk" in item}
            good = self.pages(in_index, self.folder.earlier[table], TableName=table, IndexName="global") and good
            local = {k: {n: i[n] for n in ("pk", "sk", "lsk", "version")} for k, i in items.items() if "lsk" in i}
            good = self.pages(local, TableName=table, IndexName="local") and good
            absent = [(f"{table} {n}", 7) for n in (0, 3, 500)]
            for key in [*rng.sample(sorted(items), 12), *(k for k in absent if k not in items)]:
                reply = self.ask("GetItem", TableName=table, Key=wire_key(key), ConsistentRead=True)
                if reply is not None and plain(reply.get("Item")) != plain(items.get(key)):
                    raise Wrong(f"GetItem {table} {key}: {reply}")
            if good:
                whole.append(table)
        return whole

    def write(self, rng, version):
        """New versions of some items: what is refused must not be half there; the next look tells."""
        for table in TABLES:
            for number in rng.sample(range(100), 6):
                item = item_of(table, number, version)
                if self.ask("PutItem", TableName=table, Item=item) is not None:
                    self.folder.replace(table, key_of(item), item)


__all__ = ["GONE", "Folder", "Look", "Wrong", "flip"]
