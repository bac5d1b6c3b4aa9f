"""Encryption at rest: what stands in the data folder, which key opens it, and what the keys can be changed to."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

import boto3
import botocore.config
import botocore.exceptions
import pytest

from support.endpoint import Server

pytestmark = pytest.mark.only("stator", "about our own server")

TABLE, HASH, ATTRIBUTE, SECRET = "table-of-patients", "patient-number-4711", "diagnosis-field", "nobody-shall-read-this"


class Folder:
    """A data folder, its keys beside it, and a server on it."""

    def __init__(self, pytestconfig, folder: pathlib.Path):
        if pytestconfig.getoption("--url"):
            pytest.skip("needs a server of its own")
        self.binary, self.shards = pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards")
        self.place, self.data, self.key, self.other = folder, folder / "data", folder / "key", folder / "other"
        self.server: Server | None = None
        for key in (self.key, self.other):
            self.run("key", "create", str(key)).check_returncode()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=60)

    def start(self, *extra: str):
        self.server = Server(self.binary, self.shards, extra, str(self.data))
        self.server.wait_ready()
        return boto3.client(
            "dynamodb", endpoint_url=self.server.url, region_name="us-east-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret", config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def stop(self) -> None:
        if self.server is not None:
            assert self.server.stop() == 0, "".join(self.server.tail)
            self.server = None

    def refused(self, *extra: str) -> str:
        """The one line with which a start is refused."""
        with pytest.raises(RuntimeError):
            self.start(*extra)
        lines = [line for line in self.server.tail if line.strip()]
        self.server = None
        assert len(lines) == 1, lines
        return lines[0]

    def key_id(self, key: pathlib.Path) -> str:
        return self.run("key", "id", str(key)).stdout.strip()

    def holding(self, *texts: str) -> set[str]:
        """Which of the texts stand anywhere in the folder: in the bytes of files, in their names."""
        found = set()
        for path in self.data.rglob("*"):
            contents = str(path.relative_to(self.data)).encode() + (path.read_bytes() if path.is_file() else b"")
            found |= {text for text in texts if text.encode() in contents}
        return found


@pytest.fixture
def folder(pytestconfig, tmp_path):
    made = Folder(pytestconfig, tmp_path)
    yield made
    made.stop()


def create(client, name=TABLE, **more):
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "by")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[{"IndexName": "index", "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}], **more,
    )
    return name


def put(client, name=TABLE, key=HASH, secret=SECRET):
    item = {"pk": {"S": key}, "by": {"S": "by " + key}, ATTRIBUTE: {"S": secret}}
    client.put_item(TableName=name, Item=item)
    return item


def get(client, name=TABLE, key=HASH):
    return client.get_item(TableName=name, Key={"pk": {"S": key}}).get("Item")


ALL = (TABLE, HASH, ATTRIBUTE, SECRET)


@pytest.mark.parametrize("files", ["plain", "encrypted"])
def test_what_stands_in_the_folder(folder, files):
    """Every byte of every file, while the server runs and after it: nothing of the data with encryption, all without."""
    extra = ("--encrypt-at-rest", "--key-file", str(folder.key)) if files == "encrypted" else ()
    client = folder.start(*extra)
    create(client)
    item = put(client)
    assert folder.holding(*ALL) == (set() if files == "encrypted" else set(ALL)), "in the log"
    folder.stop()
    expected = set() if files == "encrypted" else {HASH, ATTRIBUTE, SECRET}  # compression folds the table's name away
    assert folder.holding(*ALL) >= expected and (expected or not folder.holding(*ALL)), "in the files"
    client = folder.start(*extra)
    assert get(client) == item
    folder.stop()
    assert folder.holding(*ALL) >= expected and (expected or not folder.holding(*ALL)), "after another start"


def test_the_key_is_asked_for_at_every_start(folder):
    client = folder.start("--encrypt-at-rest", "--key-file", str(folder.key))
    create(client)
    item = put(client)
    folder.stop()
    wanted, other = folder.key_id(folder.key), folder.key_id(folder.other)
    assert re.fullmatch("[0-9a-f]{16}", wanted) and wanted != other
    for line in (folder.refused(), folder.refused("--key-file", str(folder.other)),
                 folder.refused("--key-file", str(folder.place / "missing"))):
        assert str(folder.data) in line and wanted in line, line
    assert other in folder.refused("--key-file", str(folder.other))
    assert get(folder.start("--key-file", str(folder.key))) == item, "the folder remembers that it is encrypted"


def test_encryption_is_chosen_when_the_folder_is_made(folder):
    assert "--key-file" in folder.refused("--encrypt-at-rest")
    client = folder.start()
    create(client)
    folder.stop()
    assert "without --encrypt-at-rest" in folder.refused("--encrypt-at-rest", "--key-file", str(folder.key))
    folder.start("--key-file", str(folder.key))


def test_keys_that_are_lost(folder):
    client = folder.start("--encrypt-at-rest", "--key-file", str(folder.key))
    create(client)
    folder.stop()
    keys = folder.data / "data-keys"
    good = keys.read_bytes()
    keys.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert "data-keys is damaged" in folder.refused("--key-file", str(folder.key))
    os.unlink(keys)
    assert "data-keys is missing" in folder.refused("--key-file", str(folder.key))
    keys.write_bytes(good)
    folder.start("--key-file", str(folder.key))


# --- other keys --------------------------------------------------------------------------------------------------------


def test_another_key_file(folder):
    """Only the keys are sealed anew: no file of a shard changes."""
    client = folder.start("--encrypt-at-rest", "--key-file", str(folder.key))
    create(client)
    item = put(client)
    change = ("key", "rotate", "--data-dir", str(folder.data), "--key-file", str(folder.key), "--new-key-file", str(folder.other))
    user = ("--data-dir", str(folder.data), "--key-file")
    folder.run("user", "add", "alice", *user, str(folder.key)).check_returncode()
    busy = folder.run(*change)
    assert busy.returncode == 1 and "in use" in busy.stderr
    folder.stop()
    before = {path: path.read_bytes() for path in folder.data.glob("shard-*/*")}
    done = folder.run(*change)
    assert done.returncode == 0 and folder.key_id(folder.other) in done.stdout, done.stderr
    assert {path: path.read_bytes() for path in folder.data.glob("shard-*/*")} == before
    assert folder.run(*change).returncode == 0, "again, as after an interruption"
    assert folder.key_id(folder.other) in folder.refused("--key-file", str(folder.key))
    assert get(folder.start("--key-file", str(folder.other))) == item
    assert "alice" in folder.run("user", "list", *user, str(folder.other)).stdout
    assert folder.run("user", "list", *user, str(folder.key)).returncode == 1


def data_keys(folder) -> dict[int, int]:
    """Bytes by the number of their data key."""
    done = folder.run("key", "status", "--data-dir", str(folder.data), "--key-file", str(folder.key))
    assert done.returncode == 0, done.stderr
    return {int(n): int(size) for n, size in re.findall(r"^data key (\d+) .* (\d+) bytes", done.stdout, re.MULTILINE)}


def test_another_data_key(folder):
    def key(verb):
        done = folder.run("key", verb, "--data-dir", str(folder.data), "--key-file", str(folder.key))
        assert done.returncode == 0, done.stderr
        return done.stdout

    client = folder.start("--encrypt-at-rest", "--key-file", str(folder.key))
    create(client)
    first = put(client)
    folder.stop()
    assert list(data_keys(folder)) == [1] and data_keys(folder)[1] > 0
    key("rotate-data")
    assert data_keys(folder)[2] == 0
    client = folder.start("--key-file", str(folder.key))
    second = put(client, key="another")
    assert get(client) == first
    folder.stop()
    assert min(data_keys(folder).values()) > 0, "old files keep their key"
    key("drop-unused")
    assert list(data_keys(folder)) == [1, 2], "both are in use"
    key("rewrite")
    assert data_keys(folder)[1] == 0
    key("drop-unused")
    assert list(data_keys(folder)) == [2]
    client = folder.start("--key-file", str(folder.key))
    assert get(client) == first and get(client, key="another") == second
