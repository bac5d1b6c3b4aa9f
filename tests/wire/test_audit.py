"""The audit log of servers of our own: who did what, one line of JSON each, and nothing of the data."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import stat
import threading

import botocore.credentials
import pytest

from support.endpoint import Endpoint
from support.monitoring import metrics_url, scrape, until
from support.own import Own, environment, eventually, refusal
from support.raw import Raw
from support.stream import Stream, request_bytes
from support.tables import spec
from support.values import S

pytestmark = pytest.mark.only("stator", "about our own server")

ROOT = ("AKIAROOT0123456789", "root secret of tests")
ALWAYS = {"time", "requestId", "operation", "tables", "source", "auth", "status", "durationUs"}
SOMETIMES = {"indexes", "principal", "user", "accessKeyId", "userAgent", "denial", "error"}
AUTH = {"allowed", "denied", "unauthenticated", "throttled", "unchecked"}


def read(path):
    """Every line of a log, each checked for what all have."""
    lines = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        assert ALWAYS <= set(line) <= ALWAYS | SOMETIMES, text
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"]), text
        assert re.fullmatch(r"[0-9A-V]{52}", line["requestId"]) and line["auth"] in AUTH, text
        assert line["source"] == "127.0.0.1" and 0 <= line["durationUs"] < 60_000_000, text
        assert line["status"] == 200 or line["error"].endswith(("Exception", "Error", "ServiceUnavailable")), text
        assert (line["auth"] == "denied") == ("denial" in line), text
        lines.append(line)
    return lines


class Audited(Own):
    def __init__(self, pytestconfig, folder):
        super().__init__(pytestconfig, folder)
        self.files = folder
        self.log = folder / "audit.log"
        self.keys = {"alice": self.user("add", "alice")}

    def start(self, *extra):
        with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
            super().start("--audit-log", str(self.log), *extra)
        self.root = self.client(ROOT)
        self.alice = self.client(self.keys["alice"], user_agent="agent of alice")
        self.raw = Raw(Endpoint(self.server.url, "us-east-1", "stator"), botocore.credentials.Credentials(*ROOT))
        return self

    def lines(self, count):
        """The log, once it has so many lines."""
        until(lambda: self.log.exists() and len(self.log.read_bytes().splitlines()) >= count, f"no {count} lines")
        return read(self.log)

    def line_of(self, response):
        """The line about a reply, by its request id."""
        wanted = response["ResponseMetadata"]["RequestId"]

        def find():
            return next((line for line in read(self.log) if line["requestId"] == wanted), None)

        return until(find, f"no line about {wanted}")


@pytest.fixture
def own(pytestconfig, tmp_path):
    made = Audited(pytestconfig, tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def shared(pytestconfig, tmp_path_factory):
    """Everything is written down here."""
    made = Audited(pytestconfig, tmp_path_factory.mktemp("audited")).start("--audit", "all")
    keys = [{"AttributeName": "g", "KeyType": "HASH"}]
    index = {"IndexName": "by_g", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    made.root.create_table(TableName="music", **spec("pk", gsi=[index]))
    made.root.create_table(TableName="films", **spec("pk"))
    yield made
    made.stop()


def allow(own, *statements):
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    path = own.files / "policy.json"
    path.write_text(json.dumps(document))
    own.user("policy", "put", "alice", "test", str(path))


# --- one line --------------------------------------------------------------------------------------------------------


def test_a_write(shared):
    before = datetime.datetime.now(datetime.timezone.utc)
    line = shared.line_of(shared.root.put_item(TableName="music", Item={"pk": S("a")}))
    after = datetime.datetime.now(datetime.timezone.utc)
    assert before <= datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")) <= after
    assert line["operation"] == "PutItem" and line["tables"] == ["music"] and "indexes" not in line
    assert line["principal"] == "arn:aws:iam::000000000000:root" and line["accessKeyId"] == ROOT[0]
    assert "user" not in line, "the root user has no name"
    assert line["auth"] == "allowed" and line["status"] == 200 and "error" not in line
    assert "Boto3" in line["userAgent"]


def test_tables_and_indexes(shared):
    root, arn = shared.root, "arn:aws:dynamodb:us-east-1:000000000000:table/music"
    item, key = {"pk": S("a")}, {"pk": S("a")}
    put = {"PutRequest": {"Item": item}}

    def line(call, **parameters):
        found = shared.line_of(call(**parameters))
        return found["tables"], found.get("indexes")

    assert line(root.get_item, TableName=arn, Key=key) == (["music"], None)
    assert line(root.query, TableName="music", IndexName="by_g", KeyConditionExpression="g = :g",
                ExpressionAttributeValues={":g": S("x")}) == (["music"], ["by_g"])
    assert line(root.batch_write_item, RequestItems={"music": [put], "films": [put]}) == (["music", "films"], None)
    assert line(root.batch_get_item, RequestItems={"films": {"Keys": [key]}, arn: {"Keys": [key]}}) == (
        ["films", "music"], None)
    assert line(root.transact_write_items, TransactItems=[
        {"Put": {"TableName": "films", "Item": item}}, {"Delete": {"TableName": "music", "Key": key}},
        {"Delete": {"TableName": "films", "Key": {"pk": S("other")}}}]) == (["films", "music"], None)
    assert line(root.transact_get_items, TransactItems=[{"Get": {"TableName": "music", "Key": key}}]) == (["music"], None)
    assert line(root.list_tables) == ([], None)
    assert line(root.tag_resource, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}]) == (["music"], None)
    assert line(root.execute_statement, Statement="SELECT * FROM music WHERE pk = 'a'") == (["music"], None)
    assert line(root.batch_execute_statement, Statements=[
        {"Statement": "INSERT INTO films VALUE {'pk': 'b'}"}]) == (["films"], None)
    assert line(root.execute_transaction, TransactStatements=[
        {"Statement": "INSERT INTO films VALUE {'pk': 'c'}"}]) == (["films"], None)


def test_failures_have_their_error(shared):
    failed = shared.raw("GetItem", TableName="nowhere", Key={"pk": S("a")})
    line = shared.line_of({"ResponseMetadata": {"RequestId": failed.headers["x-amzn-RequestId"]}})
    assert (line["status"], line["error"], line["tables"]) == (400, "ResourceNotFoundException", ["nowhere"])
    failed = shared.raw("PutItem", TableName="music", Item={"pk": S("a")}, ConditionExpression="attribute_exists(nothing)")
    line = shared.line_of({"ResponseMetadata": {"RequestId": failed.headers["x-amzn-RequestId"]}})
    assert (line["error"], line["auth"]) == ("ConditionalCheckFailedException", "allowed")
    for body in (b"{", b"[]", b'{"TableName": 1}', b'{"TableName": "no/name\\n"}'):
        failed = shared.raw("GetItem", body)
        line = shared.line_of({"ResponseMetadata": {"RequestId": failed.headers["x-amzn-RequestId"]}})
        assert line["tables"] == [] and line["status"] == 400


def test_nothing_of_the_data(shared):
    root, hidden = shared.root, "hidden" + "xyz"
    root.put_item(TableName="music", Item={"pk": S(hidden), hidden: S(hidden)})
    root.query(TableName="music", KeyConditionExpression="pk = :x", ExpressionAttributeValues={":x": S(hidden)})
    root.update_item(TableName="music", Key={"pk": S(hidden)}, UpdateExpression=f"SET {hidden} = :x",
                     ExpressionAttributeValues={":x": S(hidden)}, ReturnValues="ALL_NEW")
    root.execute_statement(Statement=f"SELECT * FROM music WHERE pk = '{hidden}'")
    assert refusal(root.put_item, TableName="music", Item={"pk": {"N": hidden}}) is not None
    last = root.delete_item(TableName="music", Key={"pk": S(hidden)}, ReturnValues="ALL_OLD")
    shared.line_of(last)
    text = shared.log.read_text()
    assert hidden not in text and ROOT[1] not in text and "Signature" not in text.replace("InvalidSignature", "")


def test_what_clients_send_cannot_forge(shared):
    """Bytes that are no text, quotes, line feeds, and long ones."""
    before = len(read(shared.log))
    for agent in ('x", "auth": "allowed', "a\tb", "ü" * 300, "y" * 5000, "\\"):
        answer = shared.raw.send("DynamoDB_20120810.ListTables", b"{}", {"User-Agent": agent.encode().decode("latin-1")})
        line = shared.line_of({"ResponseMetadata": {"RequestId": answer.headers["x-amzn-RequestId"]}})
        assert len(line["userAgent"]) <= 256 and line["userAgent"].isascii(), line
    assert len(read(shared.log)) == before + 5, "one line each"


# --- who was refused -------------------------------------------------------------------------------------------------


def test_denials(shared):
    everything = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    shared.user("policy", "put", "alice", "test", _policy(shared, everything, {
        "Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}))
    eventually(lambda: refusal(shared.alice.list_tables) is None)

    def line_of_refusal(client, call, **parameters):
        with pytest.raises(client.exceptions.ClientError) as caught:
            getattr(client, call)(**parameters)
        return shared.line_of(caught.value.response)

    line = line_of_refusal(shared.alice, "delete_table", TableName="music")
    assert (line["auth"], line["denial"], line["error"]) == ("denied", "explicit", "AccessDeniedException")
    assert (line["user"], line["tables"]) == ("alice", ["music"])
    assert line["principal"] == "arn:aws:iam::000000000000:user/alice"
    assert line["userAgent"].startswith("agent of alice")

    shared.user("policy", "put", "alice", "test", _policy(shared, {
        "Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"}))
    eventually(lambda: refusal(shared.alice.describe_table, TableName="music") is not None)
    line = line_of_refusal(shared.alice, "scan", TableName="films")
    assert (line["auth"], line["denial"], line["tables"]) == ("denied", "implicit", ["films"])
    line = shared.line_of(shared.alice.batch_execute_statement(Statements=[
        {"Statement": "SELECT * FROM films WHERE pk = 'a'"}]))
    assert (line["auth"], line["denial"], line["status"], line["tables"]) == ("denied", "implicit", 200, ["films"])

    wrong = shared.client((shared.keys["alice"]["AccessKeyId"], "not the secret"))
    line = line_of_refusal(wrong, "get_item", TableName="films", Key={"pk": S("a")})
    assert (line["auth"], line["error"]) == ("unauthenticated", "InvalidSignatureException")
    assert line["accessKeyId"] == shared.keys["alice"]["AccessKeyId"], "what it claimed to be"
    assert "user" not in line and "principal" not in line and line["tables"] == [], "nothing of it is believed"
    line = line_of_refusal(shared.client(("AKIANOBODY0123456789", "x" * 20)), "list_tables")
    assert (line["auth"], line["error"]) == ("unauthenticated", "UnrecognizedClientException")
    arn = "arn:aws:dynamodb:us-east-1:999999999999:table/films"
    line = line_of_refusal(shared.root, "get_item", TableName=arn, Key={"pk": S("a")})
    assert (line["auth"], line["denial"], line["tables"]) == ("denied", "implicit", ["films"])


def _policy(own, *statements):
    path = own.files / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(path)


# --- which operations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level, expected", [
    ("denied", ["PutItem!", "BatchExecuteStatement!", "GetItem!"]),
    ("control", ["CreateTable", "PutItem!", "BatchExecuteStatement!", "GetItem!", "UpdateTimeToLive"]),
    (None, ["CreateTable", "PutItem", "PutItem!", "BatchExecuteStatement!", "GetItem!", "ExecuteStatement", "UpdateTimeToLive"]),
    ("all", ["CreateTable", "PutItem", "GetItem", "PutItem!", "BatchExecuteStatement!", "GetItem!", "ExecuteStatement", "Scan",
             "UpdateTimeToLive"]),
])
def test_levels(own, level, expected):
    """`!`: refused."""
    own.start(*(["--audit", level] if level else []))
    own.root.create_table(TableName="music", **spec("pk"))
    own.root.put_item(TableName="music", Item={"pk": S("a")})
    own.root.get_item(TableName="music", Key={"pk": S("a")})
    assert refusal(own.alice.put_item, TableName="music", Item={"pk": S("a")}) is not None
    own.alice.batch_execute_statement(Statements=[{"Statement": "SELECT * FROM music WHERE pk = 'a'"}])
    arn = "arn:aws:dynamodb:us-east-1:999999999999:table/music"
    assert refusal(own.root.get_item, TableName=arn, Key={"pk": S("a")})["Code"] == "AccessDeniedException"
    own.root.execute_statement(Statement="SELECT * FROM music")
    own.root.scan(TableName="music")
    own.root.update_time_to_live(TableName="music", TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    lines = own.lines(len(expected))
    assert [line["operation"] + ("!" if line["auth"] == "denied" else "") for line in lines] == expected


def test_without_signatures(start_server, tmp_path):
    log = tmp_path / "audit.log"
    endpoint = start_server("--audit-log", str(log), "--audit", "all")
    raw = Raw(endpoint, botocore.credentials.Credentials("a", "b"))
    raw("ListTables", {}).ok()
    until(lambda: log.exists() and log.read_text().endswith("\n"), "no line")
    (line,) = read(log)
    assert line["auth"] == "unchecked" and "principal" not in line and "accessKeyId" not in line


def test_standard_output(start_server, pytestconfig):
    from support.endpoint import Server

    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    server = Server(pytestconfig.getoption("--binary"), 1, ("--audit-log", "-", "--audit", "all"))
    raw = Raw(Endpoint(server.wait_ready(), "us-east-1", "stator"), botocore.credentials.Credentials("a", "b"))
    raw("ListTables", {}).ok()
    until(lambda: any(line.startswith('{"time":') for line in list(server.tail)), "no line")
    assert server.stop() == 0


# --- the file --------------------------------------------------------------------------------------------------------


def test_mode_and_end(own):
    """Nobody else may read it; what was answered before the end is in it; the next start appends."""
    old = os.umask(0)
    try:
        own.start("--audit", "all")
    finally:
        os.umask(old)
    assert stat.S_IMODE(own.log.stat().st_mode) == 0o600
    for _ in range(50):
        own.root.list_tables()
    own.stop()
    assert len(read(own.log)) == 50
    own.start("--audit", "all")
    own.root.list_tables()
    own.stop()
    assert len(read(own.log)) == 51


def test_refused_at_the_start(own, tmp_path):
    for options, why in (
        (["--audit-log", str(tmp_path / "no" / "where")], "cannot open the audit log"),
        (["--audit", "all"], "--audit needs --audit-log"),
        (["--audit-strict"], "--audit-strict needs --audit-log"),
        (["--audit-log", "x", "--audit", "some"], "is not one of"),
    ):
        done = own.run("serve", "--listen", "127.0.0.1:0", "--ephemeral", *options)
        assert done.returncode in (1, 2) and why in done.stderr, done.stderr


def test_rotation_loses_nothing(own):
    """The file is renamed and the server told, again and again, while clients write."""
    own.start("--audit", "all")
    stop, answered = threading.Event(), []

    def work():
        client = own.client(ROOT)
        while not stop.is_set():
            answered.append(client.list_tables()["ResponseMetadata"]["RequestId"])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    old = []
    try:
        for n in range(10):
            until(lambda: own.log.exists() and own.log.stat().st_size > 2000, "nothing is written to the new file")
            old.append(own.log.rename(own.files / f"audit.{n}"))
            own.server.process.send_signal(signal.SIGHUP)
        until(own.log.exists, "there is no new file after the last")
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    own.stop()
    written = [line["requestId"] for path in [*old, own.log] for line in read(path)]
    assert len(answered) > 100 and len(written) == len(set(written))
    assert set(written) == set(answered)


def test_rotation_that_fails_goes_on_with_the_old_file(own):
    own.start("--audit", "all")
    own.root.list_tables()
    own.lines(1)
    moved = own.log.rename(own.files / "moved")
    own.log.mkdir()  # no file can be opened there
    own.server.process.send_signal(signal.SIGHUP)
    until(lambda: "the old one is written on" in "".join(own.server.tail), "the failure is not in the log")
    own.root.list_tables()
    until(lambda: len(read(moved)) == 2, "the old file is not written on")


# --- nobody reads, no room -------------------------------------------------------------------------------------------


def burst(own, count):
    """So many requests, a thousand at a time on one connection: the answers' codes."""
    codes = {}
    request = request_bytes(own.raw, "ListTables", {}, {"User-Agent": "a" * 256})
    with Stream(own.raw) as stream:
        for _ in range(0, count, 1000):
            stream.send(request * 1000)
            for _ in range(1000):
                answer = stream.read()
                code = "" if answer.status == 200 else answer.code
                codes[code] = codes.get(code, 0) + 1
    return codes


@pytest.mark.parametrize("strict", [False, True])
def test_a_fifo_that_nobody_reads(own, strict):
    """No request ever waits for the log. Above the ceiling lines are lost and counted; or, if strict, requests are
    refused, nothing is lost, and all goes on when somebody reads."""
    os.mkfifo(own.log, 0o600)
    own.start("--audit", "all", "--metrics-listen", "127.0.0.1:0", *(["--audit-strict"] if strict else []))
    url = metrics_url(own.server)
    codes, total = {}, 0
    while ("ServiceUnavailable" not in codes) if strict else (scrape(url)("stator_audit_lost_lines_total") == 0):
        codes = burst(own, 5000)
        total += codes.get("", 0)
        assert total < 200_000, "there is no ceiling"
    seen = scrape(url)
    assert seen("stator_audit_queue_bytes") < 20 << 20
    if strict:
        assert seen("stator_audit_lost_lines_total") == 0
        assert set(codes) <= {"", "ServiceUnavailable"}
        assert own.raw("ListTables", {}).status == 503
    else:
        assert set(codes) == {""}, "requests are answered all the same"
        until(lambda: "lines of the audit log were lost" in "".join(own.server.tail), "the loss is not in the log")
    # Now somebody reads, all of it.
    found = []

    def drain():
        with open(own.log, encoding="utf-8") as fifo:
            for text in fifo:
                found.append(json.loads(text)["operation"])

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    until(lambda: scrape(url)("stator_audit_queue_bytes") == 0, "the queue does not become empty")
    assert own.raw("ListTables", {}).status == 200
    until(lambda: scrape(url)("stator_audit_queue_bytes") == 0, "the queue does not become empty")
    seen = scrape(url)
    lost, written = seen("stator_audit_lost_lines_total"), seen("stator_audit_lines_total")
    own.stop()
    reader.join(30)
    assert not reader.is_alive() and len(found) == written
    assert written + lost == total + 1 and (lost == 0) == strict


def test_the_end_does_not_wait_for_a_reader(own):
    os.mkfifo(own.log, 0o600)
    own.start("--audit", "all")
    burst(own, 2000)
    assert own.server.stop() == 0
    assert re.search(r"[0-9]+ lines of the audit log were lost", "".join(own.server.tail))
    own.server = None


@pytest.fixture
def small_disk(tmp_path):
    import subprocess

    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, text=True,
                           check=False)
    if mount.returncode != 0:
        pytest.skip(f"this machine allows no mount: {mount.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("strict", [False, True])
def test_a_full_disk(own, small_disk, strict):
    """Every line in the file is whole. With room again all goes on: what waited is written, if strict all of it."""
    own.log = small_disk / "audit.log"
    own.start("--audit", "all", "--metrics-listen", "127.0.0.1:0", *(["--audit-strict"] if strict else []))
    url = metrics_url(own.server)
    codes, total = {}, 0
    while scrape(url)("stator_audit_write_failures_total") == 0:
        total += burst(own, 1000).get("", 0)
    until(lambda: "cannot be written: No space left" in "".join(own.server.tail), "the failure is not in the log")
    codes = burst(own, 1000)
    total += codes.get("", 0)
    assert codes == ({"ServiceUnavailable": 1000} if strict else {"": 1000})
    assert len(read(own.log)) > 1000, "every line is whole"
    # Room: the full file is taken elsewhere, and the server told.
    moved = own.files / "moved"
    moved.write_bytes(own.log.read_bytes())
    own.log.unlink()
    own.server.process.send_signal(signal.SIGHUP)
    until(lambda: scrape(url)("stator_audit_queue_bytes") == 0, "the queue does not become empty")
    assert own.raw("ListTables", {}).status == 200
    lost = scrape(url)("stator_audit_lost_lines_total")
    own.stop()
    assert len(read(moved)) + len(read(own.log)) + lost == total + 1
    assert lost == 0
