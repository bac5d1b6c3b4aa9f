"""Temporary credentials: STS on the same port, asked with boto3, and what its credentials may do."""

from __future__ import annotations

import base64
import datetime
import http.client
import json
import re
import shutil
import subprocess
import time

import boto3
import botocore.config
import pytest

from support import tokens
from support.endpoint import Server
from support.own import Own, environment, eventually, refusal
from support.signing import Signed, send
from support.tables import spec
from support.values import S

pytestmark = pytest.mark.only("stator", "about our own server")

ACCOUNT = "000000000000"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/music"
ROOT = ("AKIAROOT0123456789", "root secret of tests")
FORM = "application/x-www-form-urlencoded; charset=utf-8"
INVALID = {"Code": "UnrecognizedClientException", "Message": "The security token included in the request is invalid."}


def role_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def user_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def allow(action="dynamodb:*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal, effect="Allow", **more):
    return {"Effect": effect, "Action": "sts:AssumeRole", "Principal": {"AWS": principal}, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Company(Own):
    """A server with users and roles."""

    def __init__(self, pytestconfig, folder):
        super().__init__(pytestconfig, folder)
        self.files = folder
        self.keys = {name: self.user("add", name) for name in ("alice", "bob", "carol")}

    def start(self, *extra):
        with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
            super().start(*extra)

    def file(self, *statements):
        path = self.files / "policy.json"
        path.write_text(document(*statements))
        return str(path)

    def role(self, *arguments):
        done = self.run("role", *arguments, "--data-dir", str(self.folder), "--key-file", str(self.key), "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def add_role(self, name, who, *may, options=()):
        self.role("add", name, self.file(*who), *options)
        if may:
            self.role("policy", "put", name, "may", self.file(*may))

    def sts(self, name):
        return self.client(self.keys[name], "sts")

    def assume(self, name, role, session="tests", **more):
        return self.sts(name).assume_role(RoleArn=role_arn(role), RoleSessionName=session, **more)["Credentials"]

    def of(self, credentials, service="dynamodb", **config):
        key = (credentials["AccessKeyId"], credentials["SecretAccessKey"])
        return self.client(key, service, credentials["SessionToken"], **config)


@pytest.fixture(scope="module")
def company(pytestconfig, tmp_path_factory):
    made = Company(pytestconfig, tmp_path_factory.mktemp("company"))
    everything = (allow("dynamodb:GetItem"), allow("dynamodb:PutItem"), allow("dynamodb:ListTables"))
    made.user("policy", "put", "bob", "assume", made.file(allow("sts:AssumeRole"), allow("dynamodb:ListTables")))
    made.user("policy", "put", "carol", "no", made.file(deny("sts:AssumeRole")))
    made.add_role("writer", [trust([user_arn("alice"), user_arn("carol"), role_arn("chained")])], *everything)
    made.add_role("account", [trust(ACCOUNT)], *everything, options=("--max-session", "43200"))
    made.add_role("chained", [trust(user_arn("alice"))], *everything)
    made.add_role("partner", [trust(user_arn("alice"), Condition={"StringEquals": {"sts:ExternalId": "x-1:/y"}})],
                  *everything)
    made.add_role("closed", [trust("*"), trust(user_arn("alice"), "Deny")], *everything)
    made.add_role("powerless", [trust(user_arn("alice"))])
    made.start()
    root = made.client(ROOT)
    root.create_table(TableName="music", **spec("pk"))
    root.put_item(TableName="music", Item={"pk": S("a")})
    yield made
    made.stop()


@pytest.fixture
def own(pytestconfig, tmp_path):
    made = Company(pytestconfig, tmp_path)
    made.user("policy", "put", "alice", "all", made.file(allow("dynamodb:*")))
    yield made
    made.stop()


def get(client):
    return client.get_item(TableName="music", Key={"pk": S("a")})


def denied(arn, role):
    return {"Type": "Sender", "Code": "AccessDenied",
            "Message": f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn(role)}"}


# --- AssumeRole


def test_assumed_role(company):
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = company.sts("alice").assume_role(RoleArn=role_arn("writer"), RoleSessionName="tests@home")
    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert len(credentials["SecretAccessKey"]) == 40
    assert user["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/tests@home"
    assert re.fullmatch("AROA[A-Z2-7]{17}:tests@home", user["AssumedRoleId"])
    assert abs((credentials["Expiration"] - before).total_seconds() - 3600) < 60
    assert "PackedPolicySize" not in answer
    assert answer["ResponseMetadata"]["RequestId"] == answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    client = company.of(credentials)
    assert get(client)["Item"] == {"pk": S("a")}
    client.put_item(TableName="music", Item={"pk": S("b")})
    assert refusal(client.delete_item, TableName="music", Key={"pk": S("a")}) == {
        "Code": "AccessDeniedException",
        "Message": f"User: {user['Arn']} is not authorized to perform: dynamodb:DeleteItem on resource: {TABLE} because no "
        "identity-based policy allows the dynamodb:DeleteItem action",
    }
    identity = company.of(credentials, "sts").get_caller_identity()
    assert (identity["UserId"], identity["Account"], identity["Arn"]) == (user["AssumedRoleId"], ACCOUNT, user["Arn"])
    again = company.assume("alice", "writer")
    assert again["AccessKeyId"] != credentials["AccessKeyId"] and again["SessionToken"] != credentials["SessionToken"]


@pytest.mark.parametrize("name, role", [("bob", "writer"), ("carol", "writer"), ("alice", "account"), ("alice", "none"),
                                        ("alice", "closed"), ("carol", "closed")])
def test_who_may_not(company, name, role):
    assert refusal(company.assume, name, role) == denied(user_arn(name), role)


def test_an_account_leaves_it_to_its_own_policies(company):
    assert refusal(get, company.of(company.assume("bob", "account"))) is None
    assert refusal(get, company.of(company.assume("bob", "closed"))) is None


def test_other_forms_of_a_role(company):
    sts = company.sts("alice")
    for arn in ("arn:aws:iam::000000000001:role/writer", f"arn:aws:iam::{ACCOUNT}:user/alice", "a" * 20,
                role_arn("writer") + "/", "arn:aws:iam::<&>'\":role/é"):
        error = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="tests")
        assert error["Code"] == "AccessDenied" and error["Message"].endswith(arn.replace("é", "??"))


def test_external_id(company):
    for given in ({}, {"ExternalId": "x-2"}):
        assert refusal(company.assume, "alice", "partner", **given) == denied(user_arn("alice"), "partner")
    assert refusal(get, company.of(company.assume("alice", "partner", ExternalId="x-1:/y"))) is None


def test_roles_of_roles(company):
    first = company.of(company.assume("alice", "chained", "one"), "sts")
    answer = first.assume_role(RoleArn=role_arn("writer"), RoleSessionName="two")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/two"
    assert refusal(get, company.of(answer["Credentials"])) is None
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/chained/one"
    assert refusal(first.assume_role, RoleArn=role_arn("partner"), RoleSessionName="tests") == denied(arn, "partner")
    assert refusal(first.get_session_token)["Message"] == "Cannot call GetSessionToken with session credentials"


def test_the_root_user_takes_no_roles(company):
    sts = company.client(ROOT, "sts")
    assert refusal(sts.assume_role, RoleArn=role_arn("closed"), RoleSessionName="tests") == {
        "Type": "Sender", "Code": "AccessDenied", "Message": "Roles may not be assumed by root accounts."}


def test_session_policies(company):
    def session(*statements, role="writer"):
        return company.of(company.assume("alice", role, Policy=document(*statements)))

    narrowed = session(allow("dynamodb:GetItem"))
    assert refusal(get, narrowed) is None
    assert refusal(narrowed.put_item, TableName="music", Item={"pk": S("a")})["Message"].endswith(
        "because no session policy allows the dynamodb:PutItem action")
    forbidden = session(allow("*"), deny("dynamodb:GetItem"))
    assert refusal(get, forbidden)["Message"].endswith("with an explicit deny in a session policy")
    assert refusal(forbidden.put_item, TableName="music", Item={"pk": S("a")}) is None
    assert refusal(session(allow("*")).delete_table, TableName="music")["Code"] == "AccessDeniedException"
    assert refusal(get, session(allow("*"), role="powerless"))["Message"].endswith(
        "because no identity-based policy allows the dynamodb:GetItem action")
    answer = company.sts("alice").assume_role(RoleArn=role_arn("writer"), RoleSessionName="tests",
                                              Policy=document(allow("dynamodb:GetItem")))
    assert 0 < answer["PackedPolicySize"] < 100
    chained = company.assume("alice", "chained", Policy=document(allow("dynamodb:*")))
    assert refusal(company.of(chained, "sts").assume_role, RoleArn=role_arn("writer"),
                   RoleSessionName="tests")["Code"] == "AccessDenied"


def test_bad_session_policies(company):
    sts = company.sts("alice")

    def error(text):
        return refusal(sts.assume_role, RoleArn=role_arn("writer"), RoleSessionName="tests", Policy=text)

    assert error("{")["Code"] == "MalformedPolicyDocument"
    assert error(document({**allow(), "Principal": "*"}))["Code"] == "MalformedPolicyDocument"
    assert error(document(allow()) + " " * 2048)["Code"] == "PackedPolicyTooLarge"
    assert error(document(allow()).ljust(2048)) is None


def test_durations(company):
    def seconds(role, **more):
        given = company.assume("bob" if role == "account" else "alice", role, **more)["Expiration"]
        return round((given - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 60) * 60

    assert seconds("writer", DurationSeconds=900) == 900
    assert seconds("account", DurationSeconds=43200) == 43200
    assert refusal(company.assume, "alice", "writer", DurationSeconds=3660) == {
        "Type": "Sender", "Code": "ValidationError",
        "Message": "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}
    assert refusal(company.assume, "bob", "account", DurationSeconds=899)["Message"] == (
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900")
    assert refusal(company.assume, "bob", "account", DurationSeconds=43201)["Code"] == "ValidationError"


def test_validation(company):
    sts = company.sts("alice")
    assert refusal(sts.assume_role, RoleArn="short", RoleSessionName="a b/<>")["Message"] == (
        "2 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length "
        "greater than or equal to 20; Value 'a b/<>' at 'roleSessionName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [\\w+=,.@-]*")
    assert refusal(sts.assume_role)["Message"].startswith("2 validation errors detected: Value null at 'roleArn'")
    for extra in ({"SerialNumber": "arn:aws:iam::1:mfa/x", "TokenCode": "123456"}, {"Tags": [{"Key": "a", "Value": "b"}]},
                  {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/x"}]}, {"SourceIdentity": "alice"}):
        error = refusal(company.assume, "alice", "writer", **extra)
        assert error["Code"] == "ValidationError" and " is not supported: this server has no " in error["Message"]


# --- GetSessionToken, GetCallerIdentity


def test_session_of_a_user(company):
    credentials = company.sts("bob").get_session_token(DurationSeconds=900)["Credentials"]
    client, sts = company.of(credentials), company.of(credentials, "sts")
    assert "music" in client.list_tables()["TableNames"]
    assert refusal(get, client)["Message"].startswith(f"User: {user_arn('bob')} is not authorized")
    identity, own = sts.get_caller_identity(), company.sts("bob").get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (user_arn("bob"), own["UserId"]) == (own["Arn"], own["UserId"])
    assert re.fullmatch("AIDA[A-Z2-7]{17}", own["UserId"])
    assert refusal(sts.get_session_token)["Code"] == "AccessDenied"
    taken = sts.assume_role(RoleArn=role_arn("account"), RoleSessionName="tests")["Credentials"]
    assert refusal(get, company.of(taken)) is None


def test_session_of_the_root_user(company):
    sts = company.client(ROOT, "sts")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert sts.get_caller_identity()["UserId"] == ACCOUNT
    credentials = sts.get_session_token(DurationSeconds=7200)["Credentials"]
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert left.total_seconds() <= 3600
    assert refusal(get, company.of(credentials)) is None


# --- tokens


def test_tokens_are_for_their_own_key(company):
    ours, others = company.assume("alice", "writer"), company.assume("alice", "powerless")

    def error(**changes):
        return refusal(get, company.of({**ours, **changes}))

    assert error() is None
    assert error(SessionToken=others["SessionToken"]) == INVALID
    assert error(AccessKeyId=company.keys["bob"]["AccessKeyId"],
                 SecretAccessKey=company.keys["bob"]["SecretAccessKey"]) == INVALID
    assert error(SecretAccessKey=others["SecretAccessKey"])["Code"] == "InvalidSignatureException"
    assert error(SessionToken=None) == INVALID
    for garbage in ("x", "AAAA", "A" * 4096, "A" * 5000, ours["SessionToken"][:-4], ours["SessionToken"] + "AAAA"):
        assert error(SessionToken=garbage) == INVALID
    bob = company.keys["bob"]
    assert refusal(company.client(bob, token="AAAA").list_tables)["Code"] == "UnrecognizedClientException"


def test_tampered_tokens(company):
    ours = company.assume("alice", "writer")
    sealed = base64.b64decode(ours["SessionToken"])
    for at in range(0, len(sealed), 7):
        broken = base64.b64encode(sealed[:at] + bytes([sealed[at] ^ 1 << at % 8]) + sealed[at + 1:]).decode()
        assert refusal(get, company.of({**ours, "SessionToken": broken})) == INVALID


def test_presigned(company):
    ours = company.assume("alice", "writer")
    host = company.server.url.removeprefix("http://")
    request = Signed(ours["AccessKeyId"], ours["SecretAccessKey"], host, operation="ListTables")
    query, headers = request.presigned(token=ours["SessionToken"])
    assert send(host, headers, query=query).status == 200
    query, headers = request.presigned(token=ours["SessionToken"][:-4] + "AAAA")
    assert b"The security token included in the request is invalid" in send(host, headers, query=query).body


def made_by_hand(own, **changes):
    """Credentials of a session of alice that no server would give, with its key."""
    real = own.sts("alice").get_session_token()["Credentials"]
    said = tokens.opened(own.key, real["SessionToken"])
    assert (said["key_id"], said["secret"]) == (real["AccessKeyId"], real["SecretAccessKey"])
    assert (said["role"], said["name"], said["issuer"]) == (False, "alice", own.keys["alice"]["AccessKeyId"])
    said.update(changes)
    return {"AccessKeyId": said["key_id"], "SecretAccessKey": said["secret"],
            "SessionToken": tokens.token(own.key, tokens.plain(**said))}


def test_expired(own):
    own.start()
    now = int(time.time())
    good, old = made_by_hand(own), made_by_hand(own, issued_s=now - 901, expires_s=now - 1)
    assert refusal(own.of(good).list_tables) is None, "the token is as the description of the format has it"
    assert refusal(own.of(old).list_tables) == {
        "Code": "ExpiredTokenException", "Message": "The security token included in the request is expired"}
    assert refusal(own.of(old, "sts").get_caller_identity) == {
        "Type": "Sender", "Code": "ExpiredToken", "Message": "The security token included in the request is expired"}
    assert refusal(own.of({**old, "SecretAccessKey": "x" * 40}).list_tables)["Code"] == "InvalidSignatureException"


def test_tokens_that_no_server_gives(own):
    own.start()
    for changes in ({"name": "bob"}, {"name": ""}, {"name": "nobody"}, {"created_us": 1}, {"issuer": "AKIANOBODY0000000000"},
                    {"role": True}, {"policy": "{"}, {"key_id": "ASIA"}, {"secret": ""}, {"policy": "x" * 2049}):
        assert refusal(own.of(made_by_hand(own, **changes)).list_tables)["Code"] in (
            "UnrecognizedClientException", "InvalidSignatureException"), changes


def test_scopes(company):
    """Keys sign for one service: a request for the other one is refused."""
    host = company.server.url.removeprefix("http://")
    key = company.keys["alice"]

    def ask(service, headers, body):
        signed = Signed(key["AccessKeyId"], key["SecretAccessKey"], host, service=service, body=body)
        all_headers = signed.all_headers()
        all_headers.pop("x-amz-target")
        all_headers.update(headers)
        names = sorted(all_headers)
        signature = signed.signature(all_headers, names, {})
        all_headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={key['AccessKeyId']}/{signed.scope}, SignedHeaders={';'.join(names)}, "
            f"Signature={signature}")
        return send(host, all_headers, body)

    form = b"Action=GetCallerIdentity&Version=2011-06-15"
    good = ask("sts", {"content-type": FORM}, form)
    assert good.status == 200 and good.headers["content-type"] == "text/xml"
    assert b"<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" in good.body
    wrong = ask("dynamodb", {"content-type": FORM}, form)
    assert wrong.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in wrong.body
    assert b"Credential should be scoped to correct service: 'sts'." in wrong.body
    other = ask("sts", {"x-amz-target": "DynamoDB_20120810.ListTables"}, b"{}")
    assert other.status == 400 and b"Credential should be scoped to correct service: 'dynamodb'." in other.body
    for body, code in (
        (b"Action=DecodeAuthorizationMessage&Version=2011-06-15", b"InvalidAction"),
        (b"Action=GetCallerIdentity&Version=2011-06-14", b"InvalidAction"),
        (b"Action=GetCallerIdentity", b"InvalidAction"),
        (b"", b"InvalidAction"),
        (b"&&&=&=%zz&%", b"InvalidAction"),
        (b"Action=%47etCallerIdentity&Version=2011%2D06-15&" + b"a=b&" * 300, b"MalformedInput"),
        (b"Action=GetCallerIdentity&Version=2011-06-15&x=" + b"x" * 70000, b"MalformedInput"),
        (b"Action=GetSessionToken&Version=2011-06-15&Token%43ode=123456", b"ValidationError"),
        (b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=+900", b"MalformedInput"),
        (b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=9e2", b"MalformedInput"),
        (b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=", b"MalformedInput"),
        (b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=99999999999", b"MalformedInput"),
    ):
        reply = ask("sts", {"content-type": FORM}, body)
        assert reply.status == 400 and b"<Code>" + code + b"</Code>" in reply.body, (body[:80], reply.body)
    assert ask("sts", {"content-type": FORM}, b"Action=%47etCallerIdentity&Version=2011%2D06%2d15").status == 200


def test_unsigned(company):
    connection = http.client.HTTPConnection(company.server.url.removeprefix("http://"), timeout=60)
    connection.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {"Content-Type": FORM})
    reply = connection.getresponse()
    body = reply.read()
    assert reply.status == 403 and reply.headers["content-type"] == "text/xml"
    assert b"<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>" in body


# --- policies see sessions


def test_policies_of_tables(company):
    root = company.client(ROOT)
    plain = company.of(company.assume("alice", "powerless", "one"))
    other = company.of(company.assume("alice", "powerless", "two"))
    narrowed = company.of(company.assume("alice", "powerless", "one", Policy=document(allow("dynamodb:PutItem"))))

    def put(principal, effect="Allow"):
        root.put_resource_policy(ResourceArn=TABLE, Policy=document(
            {"Effect": effect, "Principal": principal, "Action": "dynamodb:GetItem", "Resource": TABLE}))

    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/powerless/one"
    try:
        put({"AWS": role_arn("powerless")})
        eventually(lambda: refusal(get, plain) is None)
        assert refusal(get, other) is None
        assert refusal(get, narrowed)["Message"].endswith("no session policy allows the dynamodb:GetItem action")
        put({"AWS": session})
        eventually(lambda: refusal(get, other) is not None)
        assert refusal(get, plain) is None
        writer = company.of(company.assume("alice", "writer"))
        put({"AWS": role_arn("writer")}, "Deny")
        eventually(lambda: refusal(get, plain) is not None)
        assert refusal(get, writer)["Message"].endswith("with an explicit deny in a resource-based policy")
    finally:
        root.delete_resource_policy(ResourceArn=TABLE)


def test_condition_keys(company):
    def may(condition, session="tests", name="alice"):
        policy = document(allow("*"), deny("dynamodb:GetItem", Condition=condition))
        return refusal(get, company.of(company.assume(name, "writer", session, Policy=policy))) is None

    role_id = company.sts("alice").assume_role(RoleArn=role_arn("writer"), RoleSessionName="xx")["AssumedRoleUser"]["AssumedRoleId"]
    long_ago, far_off = "2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z"
    for operator, key, value, holds in (
        ("StringEquals", "aws:PrincipalArn", role_arn("writer"), True),
        ("StringLike", "aws:PrincipalArn", "arn:aws:sts::*", False),
        ("StringEquals", "aws:userid", role_id.removesuffix(":xx") + ":tests", True),
        ("StringLike", "aws:userid", "AROA*:other", False),
        ("StringEquals", "aws:PrincipalType", "AssumedRole", True),
        ("Null", "aws:username", "true", True),
        ("Bool", "aws:MultiFactorAuthPresent", "false", True),
        ("DateGreaterThan", "aws:TokenIssueTime", long_ago, True),
        ("DateGreaterThan", "aws:TokenIssueTime", far_off, False),
    ):
        assert may({operator: {key: value}}) != holds, (operator, key, value)


def test_long_term_keys_have_no_session(company):
    for key in ("aws:TokenIssueTime", "aws:MultiFactorAuthPresent"):
        company.user("policy", "put", "bob", "probe", company.file(
            allow("dynamodb:GetItem", Condition={"Null": {key: "true"}})))
        eventually(lambda: refusal(get, company.client(company.keys["bob"])) is None)
        session = company.sts("bob").get_session_token()["Credentials"]
        assert refusal(get, company.of(session))["Code"] == "AccessDeniedException"
        company.user("policy", "remove", "bob", "probe")
        eventually(lambda: refusal(get, company.client(company.keys["bob"])) is not None)


# --- sessions end


def test_sessions_survive_a_restart_and_end_with_their_role(own):
    own.add_role("writer", [trust(user_arn("alice"))], allow())
    own.start()
    credentials = own.assume("alice", "writer")
    own.stop()
    own.start()
    session = own.of(credentials)
    assert refusal(session.list_tables) is None
    own.role("disable", "writer")
    eventually(lambda: refusal(own.of(credentials).list_tables) == INVALID)
    assert refusal(own.assume, "alice", "writer") == denied(user_arn("alice"), "writer")
    own.role("enable", "writer")
    eventually(lambda: refusal(own.of(credentials).list_tables) is None)
    own.role("policy", "remove", "writer", "may")
    eventually(lambda: (refusal(own.of(credentials).list_tables) or {}).get("Code") == "AccessDeniedException")
    own.role("remove", "writer")
    eventually(lambda: refusal(own.of(credentials).list_tables) == INVALID)
    own.add_role("writer", [trust(user_arn("alice"))], allow())
    eventually(lambda: refusal(own.assume, "alice", "writer") is None)
    assert refusal(own.of(credentials).list_tables) == INVALID, "another role of this name is another role"


def test_sessions_end_with_the_key_that_began_them(own):
    own.add_role("writer", [trust(user_arn("alice"))], allow())
    own.start()
    role, user = own.assume("alice", "writer"), own.sts("alice").get_session_token()["Credentials"]

    def live(expected):
        return lambda: [refusal(own.of(one).list_tables) for one in (role, user)] == [expected] * 2

    assert live(None)()
    own.user("disable", "alice")
    eventually(live(INVALID))
    own.user("enable", "alice")
    eventually(live(None))
    own.user("rotate", "alice")
    assert live(None)(), "the last key stays good beside the new one"
    own.user("rotate", "alice", "--now")
    eventually(live(INVALID))


def test_another_trust(own):
    own.add_role("writer", [trust(user_arn("alice"))], allow())
    own.start()
    credentials = own.assume("alice", "writer")
    own.role("trust", "writer", own.file(trust(user_arn("bob"))))
    eventually(lambda: refusal(own.assume, "bob", "writer") is None)
    assert refusal(own.assume, "alice", "writer") == denied(user_arn("alice"), "writer")
    assert refusal(own.of(credentials).list_tables) is None


def test_without_a_key_file(pytestconfig, tmp_path):
    """The root user alone: tokens are sealed with a key that the data folder keeps."""
    own = Own(pytestconfig, tmp_path)

    def start():
        with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
            own.start_without_key_file()

    try:
        start()
        given = own.client(ROOT, "sts").get_session_token()["Credentials"]
        own.stop()
        start()
        key = (given["AccessKeyId"], given["SecretAccessKey"])
        assert refusal(own.client(key, token=given["SessionToken"]).list_tables) is None
        assert (own.folder / "sessions.key").stat().st_mode & 0o777 == 0o600
        assert own.client(ROOT, "sts").get_caller_identity()["UserId"] == ACCOUNT
    finally:
        own.stop()


def test_audit_log(own, tmp_path):
    log = tmp_path / "audit.log"
    own.add_role("writer", [trust(user_arn("alice"))], allow("dynamodb:CreateTable"))
    own.start("--audit-log", str(log), "--audit", "control")
    credentials = own.assume("alice", "writer")
    assert refusal(own.assume, "bob", "writer")["Code"] == "AccessDenied"
    own.sts("bob").get_caller_identity()
    assert refusal(own.client(("AKIANOBODY0000000000", "x" * 40), "sts").get_caller_identity) is not None
    own.of(credentials).create_table(TableName="made", **spec("pk"))
    assert refusal(own.of(credentials).delete_table, TableName="made")["Code"] == "AccessDeniedException"
    own.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/tests"
    assert [(line["operation"], line.get("principal"), line["auth"], line["accessKeyId"]) for line in lines] == [
        ("AssumeRole", user_arn("alice"), "allowed", own.keys["alice"]["AccessKeyId"]),
        ("AssumeRole", user_arn("bob"), "denied", own.keys["bob"]["AccessKeyId"]),
        ("STS", None, "unauthenticated", "AKIANOBODY0000000000"),
        ("CreateTable", session, "allowed", credentials["AccessKeyId"]),
        ("DeleteTable", session, "denied", credentials["AccessKeyId"]),
    ]
    text = log.read_text()
    assert credentials["SecretAccessKey"] not in text and credentials["SessionToken"] not in text


def test_rates_are_the_users(own):
    """A user does not get another rate by taking a role again and again."""
    own.add_role("writer", [trust(user_arn("alice"))], allow())
    own.start("--max-identity-rate", "20")
    codes = set()
    sessions = [own.of(own.assume("alice", "writer", f"session-{i}")) for i in range(4)]
    for _ in range(30):
        codes |= {(refusal(session.list_tables) or {}).get("Code") for session in sessions}
    assert codes == {None, "ThrottlingException"}


def test_forms_without_signatures(pytestconfig, tmp_path):
    """A server that checks nobody gives no credentials, whatever it writes down."""
    log = tmp_path / "audit.log"
    for options in ((), ("--audit-log", str(log), "--audit", "all")):
        server = Server(pytestconfig.getoption("--binary"), 1, options)
        host = server.wait_ready().removeprefix("http://")
        reply = send(host, {"host": host, "content-type": FORM}, b"Action=GetCallerIdentity&Version=2011-06-15")
        assert reply.status == 400 and b"UnknownOperationException" in reply.body
        assert server.stop() == 0


# --- what users run


def test_role_command(own):
    def fails(*arguments):
        done = own.run("role", *arguments, "--data-dir", str(own.folder), "--key-file", str(own.key))
        assert done.stdout == "" and done.returncode in (1, 2)
        return done.stderr

    made = own.role("add", "reader", own.file(trust(user_arn("alice"))), "--max-session", "7200")
    assert made == {"RoleName": "reader", "State": "added"}
    assert "there is a role 'reader' already" in fails("add", "reader", own.file(trust("*")))
    assert "Has prohibited field Resource" in fails("add", "other", own.file({**trust("*"), "Resource": "*"}))
    assert "is not from 3600 to 43200" in fails("add", "other", own.file(trust("*")), "--max-session", "60")
    assert "role add needs a file" in fails("add", "other")
    assert "there is no role 'other'" in fails("remove", "other")
    assert "is not one of: add, list, trust" in fails("rotate", "reader")
    own.role("policy", "put", "reader", "may", own.file(allow("dynamodb:GetItem")))
    assert own.role("policy", "list", "reader") == {"PolicyNames": ["may"]}
    own.role("disable", "reader")
    listed = own.role("list")["Roles"]
    assert [(role["RoleName"], role["Arn"], role["Enabled"], role["MaxSessionDuration"]) for role in listed] == [
        ("reader", role_arn("reader"), False, 7200)]
    assert json.loads(listed[0]["AssumeRolePolicyDocument"])["Statement"] == [trust(user_arn("alice"))]
    own.role("remove", "reader")
    assert own.role("list") == {"Roles": []}


def test_profile_that_assumes_a_role(company, tmp_path):
    """The credential provider of boto3, with nothing but a configuration file and an endpoint."""
    key = company.keys["alice"]
    (tmp_path / "config").write_text(
        f"[profile base]\nregion = us-east-1\n[profile writer]\nregion = us-east-1\nrole_arn = {role_arn('writer')}\n"
        "source_profile = base\nrole_session_name = from-profile\n")
    (tmp_path / "credentials").write_text(
        f"[base]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n")
    with environment(AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"),
                     AWS_ENDPOINT_URL=company.server.url):
        session = boto3.Session(profile_name="writer")
        config = botocore.config.Config(retries={"total_max_attempts": 1})
        assert session.client("sts", config=config).get_caller_identity()["Arn"].endswith("assumed-role/writer/from-profile")
        assert get(session.client("dynamodb", config=config))["Item"] == {"pk": S("a")}


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
def test_command_line(company):
    key = company.keys["alice"]
    with environment(AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
                     AWS_DEFAULT_REGION="us-east-1"):
        done = subprocess.run(
            ["aws", "sts", "assume-role", "--endpoint-url", company.server.url, "--role-arn", role_arn("writer"),
             "--role-session-name", "cli", "--output", "json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert refusal(get, company.of(json.loads(done.stdout)["Credentials"])) is None
