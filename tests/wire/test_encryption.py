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
from support.expect import eventually
from support.own import environment

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


# --- encrypted tables --------------------------------------------------------------------------------------------------

CONTENTS = (ATTRIBUTE, SECRET)  # keys of rows stand in the folder unless its files are encrypted
KMS = {"Enabled": True, "SSEType": "KMS"}


def encryption(client, name=TABLE) -> dict:
    return client.describe_table(TableName=name)["Table"].get("SSEDescription", {})


def error(call, **parameters) -> tuple[str, str]:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def add_key(folder, name: str) -> str:
    done = folder.run("key", "add", name, "--data-dir", str(folder.data), "--key-file", str(folder.key))
    assert done.returncode == 0, done.stderr
    return done.stdout.split(":")[0]


def with_key(folder, verb: str, *words: str) -> None:
    folder.run("key", verb, *words, "--data-dir", str(folder.data), "--key-file", str(folder.key)).check_returncode()


def use_every_way(client, name=TABLE):
    """Puts, updates, batches, transactions over several partitions, and every way to read them back."""
    def item(n, text=SECRET):
        return {"pk": {"S": f"{n}"}, "by": {"S": "same"}, ATTRIBUTE: {"S": text + f" {n}"}}

    client.put_item(TableName=name, Item=item(1))
    client.update_item(TableName=name, Key={"pk": {"S": "2"}}, UpdateExpression="SET #a = :a, #b = :b",
                       ExpressionAttributeNames={"#a": ATTRIBUTE, "#b": "by"},
                       ExpressionAttributeValues={":a": {"S": SECRET + " 2"}, ":b": {"S": "same"}})
    client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item(n)}} for n in (3, 4, 5)]})
    client.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": item(n)}} for n in range(6, 20)])
    expected = {f"{n}": item(n) for n in range(1, 20)}
    assert {row["pk"]["S"]: row for row in client.scan(TableName=name)["Items"]} == expected
    for n, row in expected.items():
        assert get(client, name, n) == row and get(client, name, n) == row  # from the store, then from the cache
    found = client.transact_get_items(TransactItems=[{"Get": {"TableName": name, "Key": {"pk": {"S": n}}}} for n in expected])
    assert [answer["Item"] for answer in found["Responses"]] == list(expected.values())

    def through_index():
        rows = client.query(TableName=name, IndexName="index", KeyConditionExpression="#b = :b",
                            ExpressionAttributeNames={"#b": "by"}, ExpressionAttributeValues={":b": {"S": "same"}})
        return {row["pk"]["S"]: row for row in rows["Items"]}

    eventually(through_index, lambda rows: rows == expected)
    return expected


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_an_encrypted_table_leaves_in_the_folder(folder, encrypted):
    """The files are plain: keys can be found, contents only without encryption. Also what indexes and transactions keep."""
    client = folder.start("--key-file", str(folder.key))
    create(client, SSESpecification={"Enabled": encrypted})
    expected = use_every_way(client)
    assert folder.holding(*CONTENTS) == (set() if encrypted else set(CONTENTS))
    folder.stop()
    assert folder.holding(*CONTENTS) == (set() if encrypted else set(CONTENTS))
    client = folder.start("--key-file", str(folder.key))
    assert {row["pk"]["S"]: row for row in client.scan(TableName=TABLE)["Items"]} == expected
    assert get(client, key="7") == expected["7"]
    count = lambda: client.describe_table(TableName=TABLE)["Table"]["ItemCount"]
    client.delete_item(TableName=TABLE, Key={"pk": {"S": "7"}})
    eventually(count, lambda rows: rows == len(expected) - 1)


def test_keys_for_tables(folder):
    create(folder.start("--key-file", str(folder.key)))
    folder.stop()
    first, second = add_key(folder, "first"), add_key(folder, "second")
    client = folder.start("--key-file", str(folder.key))
    arn = "arn:aws:kms:us-east-1:000000000000:key/"
    for n, name in enumerate((first, "alias/first", arn + first, "arn:aws:kms:us-east-1:000000000000:alias/first")):
        create(client, f"table-{n}", SSESpecification={**KMS, "KMSMasterKeyId": name})
        assert encryption(client, f"table-{n}") == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn + first}
    create(client, "of-aws", SSESpecification=KMS)
    assert encryption(client, "of-aws")["KMSMasterKeyArn"] not in (arn + first, arn + second)

    for name in ("third", "alias/third", arn + "third"):
        code, message = error(create, client=client, name="none", SSESpecification={**KMS, "KMSMasterKeyId": name})
        assert code == "ValidationException" and "NotFoundException" in message and "third' does not exist" in message
    assert "none" not in client.list_tables()["TableNames"]

    def change(**specification):
        client.update_table(TableName="table-0", SSESpecification=specification)

    item = put(client, "table-0")
    code, message = error(change, **KMS, KMSMasterKeyId="alias/first")
    assert code == "ValidationException" and "already encrypted with given KMSMasterKeyId" in message
    assert error(change, **KMS, KMSMasterKeyId="alias/third")[0] == "ValidationException"
    assert encryption(client, "table-0")["KMSMasterKeyArn"] == arn + first
    change(**KMS, KMSMasterKeyId="alias/second")
    assert encryption(client, "table-0")["KMSMasterKeyArn"] == arn + second
    folder.stop()
    with_key(folder, "remove", "first")
    client = folder.start("--key-file", str(folder.key))
    assert get(client, "table-0") == item, "the table's own key is the same, and the key that wraps it another"


def test_a_key_that_cannot_be_used(folder):
    client = folder.start("--key-file", str(folder.key))
    create(client, "other", SSESpecification=KMS)
    other = put(client, "other")
    folder.stop()
    add_key(folder, "orders")
    client = folder.start("--key-file", str(folder.key))
    create(client, SSESpecification={**KMS, "KMSMasterKeyId": "alias/orders"})
    item = put(client)
    folder.stop()
    with_key(folder, "disable", "orders")

    client = folder.start("--key-file", str(folder.key))
    assert any("can neither be read nor written" in line and TABLE in line for line in folder.server.tail)
    described = client.describe_table(TableName=TABLE)["Table"]
    assert described["TableStatus"] == "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    assert "InaccessibleEncryptionDateTime" in described["SSEDescription"]
    key = {"pk": {"S": HASH}}
    for call, parameters in (
        (client.get_item, {"Key": key}), (client.put_item, {"Item": item}), (client.delete_item, {"Key": key}),
        (client.update_item, {"Key": key}), (client.scan, {}),
    ):
        code, message = error(call, TableName=TABLE, **parameters)
        assert code == "AccessDeniedException" and message.startswith("KMS key access denied error")
    assert error(client.batch_get_item, RequestItems={TABLE: {"Keys": [key]}})[0] == "AccessDeniedException"
    assert error(client.transact_write_items, TransactItems=[
        {"Put": {"TableName": "other", "Item": item}}, {"Put": {"TableName": TABLE, "Item": item}},
    ])[0] == "AccessDeniedException"
    assert error(client.execute_statement, Statement=f'SELECT * FROM "{TABLE}"')[0] == "AccessDeniedException"
    code, message = error(create, client=client, name="new", SSESpecification={**KMS, "KMSMasterKeyId": "alias/orders"})
    assert code == "ValidationException" and "DisabledException" in message
    assert get(client, "other") == other and put(client, "other", "more"), "other tables go on"
    folder.stop()

    with_key(folder, "enable", "orders")
    client = folder.start("--key-file", str(folder.key))
    assert get(client) == item
    assert client.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE"
    folder.stop()

    with_key(folder, "remove", "orders")
    client = folder.start("--key-file", str(folder.key))
    assert error(client.get_item, TableName=TABLE, Key=key)[0] == "AccessDeniedException"
    client.delete_table(TableName=TABLE)
    assert client.list_tables()["TableNames"] == ["other"]


def test_a_transaction_under_way_needs_its_key(folder):
    """It was cut off between its steps, and holds items of a table whose key was disabled since: nothing is served half
    done, the start says which key it needs, and with it the transaction is wholly done or wholly undone."""
    folder.shards = 4  # one shard decides alone, in one step
    client = folder.start("--key-file", str(folder.key))
    create(client, "other")
    folder.stop()
    orders = add_key(folder, "orders")
    client = folder.start("--key-file", str(folder.key))
    create(client, SSESpecification={**KMS, "KMSMasterKeyId": "alias/orders"})
    folder.stop()

    with environment(STATOR_FAULT="transact.prepared:1"):
        client = folder.start("--key-file", str(folder.key))
    keys = [{"pk": {"S": f"key {n}"}} for n in range(20)]
    with pytest.raises(botocore.exceptions.BotoCoreError):
        client.transact_write_items(TransactItems=[
            {"Put": {"TableName": name, "Item": {**key, "by": {"S": "x"}}}} for name in (TABLE, "other") for key in keys
        ])
    assert folder.server.process.wait(60) == -9
    folder.server = None

    with_key(folder, "disable", "orders")
    for _ in range(2):  # a refused start changes nothing
        with pytest.raises(RuntimeError):
            folder.start("--key-file", str(folder.key))
        warning, refusal = (line for line in folder.server.tail if line.strip())
        folder.server = None
        assert f"table {TABLE} can neither be read nor written: the key {orders} " in warning and "is disabled" in warning
        assert f"a prepared transaction: table {TABLE}: " in refusal and "a key that cannot be used" in refusal
    with_key(folder, "enable", "orders")
    client = folder.start("--key-file", str(folder.key))
    counts = [client.scan(TableName=name)["Count"] for name in (TABLE, "other")]
    assert counts in ([0, 0], [20, 20])
    assert client.scan(TableName=TABLE, IndexName="index")["Count"] == counts[0]
    put(client, TABLE, "key 1")
    put(client, "other", "key 1")


def test_encryption_is_turned_on_and_off(folder):
    client = folder.start("--key-file", str(folder.key))
    create(client)
    old = put(client, key="old", secret="written-before")
    assert "UPDATING" == client.update_table(TableName=TABLE, SSESpecification=KMS)["TableDescription"]["SSEDescription"]["Status"]
    assert encryption(client)["Status"] == "ENABLED"
    new = put(client, key="new", secret="written-while-it-is-on")
    assert folder.holding("written-before", "written-while-it-is-on") == {"written-before"}
    client.update_item(TableName=TABLE, Key={"pk": {"S": "old"}}, UpdateExpression="SET n = :n",
                       ExpressionAttributeValues={":n": {"N": "1"}})
    old["n"] = {"N": "1"}
    assert get(client, key="old") == old and get(client, key="new") == new
    client.update_table(TableName=TABLE, SSESpecification={"Enabled": False})
    assert encryption(client) == {}
    last = put(client, key="last", secret="written-after")
    folder.stop()
    assert folder.holding("written-while-it-is-on", "written-after") == {"written-after"}
    client = folder.start("--key-file", str(folder.key))
    for item in (old, new, last):
        assert get(client, key=item["pk"]["S"]) == item
    client.update_table(TableName=TABLE, SSESpecification=KMS)
    put(client, key="again", secret="written-once-more")
    assert folder.holding("written-once-more") == set()
    assert len(client.scan(TableName=TABLE)["Items"]) == 4


def test_an_index_of_an_encrypted_table_is_filled(folder):
    client = folder.start("--key-file", str(folder.key))
    create(client, SSESpecification=KMS)
    item = put(client)
    client.update_table(TableName=TABLE, AttributeDefinitions=[{"AttributeName": "by", "AttributeType": "S"}],
                        GlobalSecondaryIndexUpdates=[{"Create": {
                            "IndexName": "late", "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "ALL"}}}])
    def status():
        indexes = client.describe_table(TableName=TABLE)["Table"]["GlobalSecondaryIndexes"]
        return [index["IndexStatus"] for index in indexes]

    eventually(status, lambda found: found == ["ACTIVE", "ACTIVE"])
    assert client.scan(TableName=TABLE, IndexName="late")["Items"] == [item]
    assert folder.holding(*CONTENTS) == set()


def test_without_a_key_file(folder):
    """A laptop needs none: the key is in the folder, any key of KMS is there, and later a real key can take its place."""
    client = folder.start()
    assert not (folder.data / "local-key").exists()
    foreign = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    create(client, SSESpecification={**KMS, "KMSMasterKeyId": foreign})
    assert encryption(client)["KMSMasterKeyArn"] == foreign
    eventually(lambda: any("WARNING" in line and "local-key" in line for line in list(folder.server.tail)))
    item = put(client)
    folder.stop()
    assert folder.holding(SECRET) == set()
    client = folder.start()
    assert get(client) == item
    folder.stop()
    local = folder.data / "local-key"
    assert local.stat().st_mode & 0o777 == 0o600
    line = folder.refused("--key-file", str(folder.key))
    assert folder.key_id(local) in line and "stator key rotate --new-key-file" in line
    done = folder.run("key", "rotate", "--data-dir", str(folder.data), "--new-key-file", str(folder.key))
    assert done.returncode == 0, done.stderr
    assert not local.exists()
    folder.refused()
    assert get(folder.start("--key-file", str(folder.key))) == item


def test_both_ways_of_encryption_together(folder):
    client = folder.start("--encrypt-at-rest", "--key-file", str(folder.key))
    create(client, SSESpecification=KMS)
    expected = use_every_way(client)
    folder.stop()
    assert folder.holding(*ALL) == set()
    client = folder.start("--key-file", str(folder.key))
    assert {row["pk"]["S"]: row for row in client.scan(TableName=TABLE)["Items"]} == expected
