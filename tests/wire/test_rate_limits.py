"""How often one user may ask, and how often one address may fail to sign: servers of our own with --auth sigv4."""

from __future__ import annotations

import json
import time

import boto3
import botocore.config
import botocore.credentials
import pytest

from support.endpoint import Endpoint
from support.monitoring import metrics_url, scrape, until
from support.own import Own, environment, refusal
from support.raw import Raw
from support.stream import Stream, request_bytes

pytestmark = pytest.mark.only("stator", "about our own server")

ROOT = ("AKIAROOT0123456789", "root secret of tests")
THROTTLED = {"Code": "ThrottlingException", "Message": "Rate of requests exceeds the allowed throughput."}


class Limited(Own):
    def __init__(self, pytestconfig, folder):
        super().__init__(pytestconfig, folder)
        self.log = folder / "audit.log"
        self.keys = [self.user("add", name, "--admin") for name in ("alice", "bob")]

    def start(self, *extra):
        with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
            super().start("--metrics-listen", "127.0.0.1:0", *extra)
        self.metrics = metrics_url(self.server)

    def raw(self, key):
        if isinstance(key, dict):
            key = (key["AccessKeyId"], key["SecretAccessKey"])
        return Raw(Endpoint(self.server.url, "us-east-1", "stator"), botocore.credentials.Credentials(*key))

    def throttled(self, reason):
        return scrape(self.metrics)("stator_throttled_requests_total", reason=reason)


@pytest.fixture
def own(pytestconfig, tmp_path):
    made = Limited(pytestconfig, tmp_path)
    yield made
    made.stop()


def ask(raw, count):
    """So many requests at once: how many succeeded, how long it took, and what the others were told."""
    began = time.monotonic()
    good, errors = 0, []
    with Stream(raw) as stream:
        stream.send(request_bytes(raw, "ListTables", {}) * count)
        for _ in range(count):
            answer = stream.read()
            if answer.status == 200:
                good += 1
            else:
                errors.append((answer.status, answer.code, answer.message))
    return good, time.monotonic() - began, errors


def test_a_user_has_a_rate(own):
    own.start("--max-identity-rate", "20")
    good, seconds, errors = ask(own.raw(own.keys[0]), 300)
    assert 20 <= good <= 20 + 20 * seconds + 1, "a second's worth at once, and what came meanwhile"
    assert set(errors) == {(400, "ThrottlingException", THROTTLED["Message"])}
    assert own.throttled("identity_rate") == 300 - good
    assert ask(own.raw(own.keys[1]), 10)[0] == 10, "others have their own"
    assert ask(own.raw(ROOT), 10)[0] == 10
    until(lambda: refusal(own.client(own.keys[0]).list_tables) is None, "it never comes back")


def test_keys_of_a_user_share_it(own):
    second = own.user("rotate", "alice")
    own.start("--max-identity-rate", "5")
    good, began = 0, time.monotonic()
    for n in range(200):
        good += own.raw((own.keys[0], second)[n % 2])("ListTables", {}).status == 200
    assert 5 <= good <= 5 + 5 * (time.monotonic() - began) + 1


def test_sdks_try_again(own):
    own.start("--max-identity-rate", "20")
    client = own.client(own.keys[0])
    assert any(refusal(client.list_tables) == THROTTLED for _ in range(500))
    patient = boto3.client(
        "dynamodb", endpoint_url=own.server.url, region_name="us-east-1", aws_access_key_id=own.keys[0]["AccessKeyId"],
        aws_secret_access_key=own.keys[0]["SecretAccessKey"],
        config=botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 10}))
    for _ in range(30):
        patient.list_tables()


def test_no_limit_unless_told(own):
    own.start()
    assert ask(own.raw(own.keys[0]), 1000)[0] == 1000


def test_failures_of_an_address(own):
    """Ten seconds' worth are told what is wrong; then all get the same answer, are not in the audit log one by one, and
    whoever signs well from the same address is served as ever."""
    own.start("--max-auth-failures", "3", "--audit-log", str(own.log), "--audit", "denied")
    wrong = own.raw((own.keys[0]["AccessKeyId"], "not the secret of alice"))
    good, seconds, errors = ask(wrong, 500)
    told = [code for _, code, _ in errors if code == "InvalidSignatureException"]
    assert good == 0 and 30 <= len(told) <= 30 + 3 * seconds + 1
    assert {code for _, code, _ in errors} == {"InvalidSignatureException", "ThrottlingException"}
    assert own.throttled("authentication_failures") == 500 - len(told)
    unknown = own.raw(("AKIANOBODY0123456789", "x" * 20))
    assert [code for _, code, _ in ask(unknown, 50)[2]].count("ThrottlingException") > 40, "what it guesses at is the same"
    assert ask(own.raw(own.keys[0]), 100)[0] == 100
    own.stop()
    lines = [json.loads(line) for line in own.log.read_text().splitlines()]
    assert all(line["auth"] == "unauthenticated" for line in lines) and len(told) <= len(lines) < 100


def test_throttled_requests_in_the_audit_log(own):
    """They have lines where all requests of their kind have: a flood of them must not be a way to fill the log."""
    own.start("--max-identity-rate", "1", "--audit-log", str(own.log), "--audit", "writes")
    alice = own.client(own.keys[0])
    assert any(refusal(alice.list_tables) == THROTTLED for _ in range(100))
    assert any(refusal(alice.delete_table, TableName="nothing") == THROTTLED for _ in range(100))
    own.stop()
    lines = [json.loads(line) for line in own.log.read_text().splitlines()]
    assert {line["operation"] for line in lines} == {"DeleteTable"}
    (throttled,) = [line for line in lines if line["auth"] == "throttled"]
    assert (throttled["user"], throttled["error"], throttled["status"]) == ("alice", "ThrottlingException", 400)


def test_refused_without_signatures(own):
    done = own.run("serve", "--ephemeral", "--listen", "127.0.0.1:0", "--max-identity-rate", "5")
    assert done.returncode == 2 and "--max-identity-rate needs --auth sigv4" in done.stderr
