"""A server of our own with --auth sigv4: who signs well is served, and everybody else is told what DynamoDB would say."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import threading

import boto3
import botocore.config
import botocore.exceptions
import pytest

from support.endpoint import Server
from support.signing import Signed, send, stamp
from support.tables import spec
from support.values import S

pytestmark = pytest.mark.only("stator", "about our own server")

ROOT = "AKIAROOT0123456789"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CORAL = "com.amazon.coral.service#"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
UNKNOWN = "The security token included in the request is invalid."


@pytest.fixture(scope="module")
def server(pytestconfig):
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    os.environ["STATOR_ROOT_ACCESS_KEY_ID"], os.environ["STATOR_ROOT_SECRET_ACCESS_KEY"] = ROOT, SECRET
    try:
        own = Server(pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"), ("--auth", "sigv4"))
        own.wait_ready()
    finally:
        del os.environ["STATOR_ROOT_ACCESS_KEY_ID"], os.environ["STATOR_ROOT_SECRET_ACCESS_KEY"]
    yield own
    assert own.stop() == 0, "".join(own.tail)


@pytest.fixture(scope="module")
def host(server):
    return server.url.removeprefix("http://")


@pytest.fixture
def signed(host):
    return lambda **changes: Signed(ROOT, SECRET, host, **changes)


def client_of(server, key=ROOT, secret=SECRET, region="us-east-1", token=None, **config):
    return boto3.client(
        "dynamodb", endpoint_url=server.url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
        aws_session_token=token, config=botocore.config.Config(retries={"total_max_attempts": 1}, **config),
    )


def assert_refused(response, code, message):
    assert (response.status, response.type, response.json.get("message")) == (400, CORAL + code, message)


# --- boto3 -----------------------------------------------------------------------------------------------------------


def test_boto3_works(server):
    client = client_of(server)
    client.create_table(TableName="signed", **spec("pk"))
    for key in ("plain", "ünïcödé ☃", "a=b&c%20+", "x" * 300000):
        item = {"pk": S(key[:1000]), "text": S(key)}
        client.put_item(TableName="signed", Item=item)
        assert client.get_item(TableName="signed", Key={"pk": item["pk"]})["Item"] == item
    client.delete_table(TableName="signed")


def test_boto3_session_and_compression_settings(server):
    assert client_of(server, user_agent_extra="two  blanks   here").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    "changes, code, message",
    [
        ({"secret": SECRET + "x"}, "InvalidSignatureException", MISMATCH),
        ({"secret": SECRET.lower()}, "InvalidSignatureException", MISMATCH),
        ({"key": ROOT[:-1]}, "UnrecognizedClientException", UNKNOWN),
        ({"key": ROOT.lower()}, "UnrecognizedClientException", UNKNOWN),
        ({"token": "abc"}, "UnrecognizedClientException", UNKNOWN.rstrip(".")),
        ({"region": "eu-west-1"}, "InvalidSignatureException",
         "Credential should be scoped to a valid region, not 'eu-west-1'. "),
    ],
)
def test_boto3_refusals(server, changes, code, message):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client_of(server, **changes).list_tables()
    assert error.value.response["Error"] == {"Code": code, "Message": message}
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_good_requests(host, signed):
    assert send(host, signed().authorized()).ok() == {"TableNames": []}
    both = signed(headers={"X-Blanks": "  a   b  ", "Content-Length": "2", "User-Agent": "me"})
    assert send(host, both.authorized()).ok() == {"TableNames": []}
    repeated = {"host": "LocalHost"}  # as it was sent, not in lower case
    assert send(host, signed(headers=repeated).authorized()).ok() == {"TableNames": []}
    compact = signed().authorized()
    compact["authorization"] = compact["authorization"].replace(", ", ",")
    assert send(host, compact).ok() == {"TableNames": []}


def test_date_header_will_do(host, signed):
    request = signed(headers={"date": "x"}, signed=["content-type", "host", "x-amz-target"])
    headers = request.authorized()
    del headers["x-amz-date"]
    headers["date"] = request.date
    assert send(host, headers).ok() == {"TableNames": []}


@pytest.mark.parametrize(
    "name, value",
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "DynamoDB_20120810.DescribeLimits"),
     ("host", "dynamodb.us-east-1.amazonaws.com")],
)
def test_changed_headers(host, signed, name, value):
    assert_refused(send(host, {**signed().authorized(), name: value}), "InvalidSignatureException", MISMATCH)


def test_changed_date(host, signed):
    headers = {**signed().authorized(), "x-amz-date": stamp(1)}
    assert_refused(send(host, headers), "InvalidSignatureException", MISMATCH)


def test_changed_body_and_query(host, signed):
    headers = signed().authorized()
    assert_refused(send(host, headers, b'{"Limit":1}'), "InvalidSignatureException", MISMATCH)
    assert_refused(send(host, headers, b""), "InvalidSignatureException", MISMATCH)
    assert_refused(send(host, headers, query="a=b"), "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64])
def test_payload_is_always_signed(host, signed, payload):
    request = signed(payload=payload, headers={"x-amz-content-sha256": payload})
    assert_refused(send(host, request.authorized()), "InvalidSignatureException", MISMATCH)


def test_no_signature(host, signed):
    missing = ("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    headers = signed().all_headers()
    assert_refused(send(host, headers), *missing)
    assert_refused(send(host, {**headers, "authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}), *missing)
    # who is nobody does not learn whether his JSON is good
    assert_refused(send(host, headers, b"{"), *missing)
    # an operation that there is not is refused for everybody
    unknown = send(host, {**headers, "x-amz-target": "DynamoDB_20120810.Nope"})
    assert unknown.type == CORAL + "UnknownOperationException"


def test_incomplete_header(host, signed):
    headers = signed().all_headers()
    del headers["x-amz-date"]
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=a, Nothing=b"
    assert_refused(
        send(host, headers), "IncompleteSignatureException",
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        "Authorization=AWS4-HMAC-SHA256 Credential=a, Nothing=b",
    )
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential"
    assert_refused(
        send(host, headers), "IncompleteSignatureException",
        "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
        "'AWS4-HMAC-SHA256 Credential'.",
    )


def test_dates(host, signed):
    response = send(host, {**signed().authorized(), "x-amz-date": "201"})
    assert_refused(response, "IncompleteSignatureException",
                   "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601")
    for seconds in (-890, 890):
        assert send(host, signed(date=stamp(seconds)).authorized()).ok() == {"TableNames": []}
    old, new = signed(date=stamp(-910)), signed(date=stamp(910))
    reply = send(host, old.authorized())
    assert reply.code == "InvalidSignatureException"
    assert reply.message.startswith(f"Signature expired: {old.date} is now earlier than 20")
    assert reply.message.endswith("Z - 15 min.)")
    reply = send(host, new.authorized())
    assert reply.code == "InvalidSignatureException"
    assert reply.message.startswith(f"Signature not yet current: {new.date} is still later than 20")
    assert reply.message.endswith("Z + 15 min.)")


def test_scope(host, signed):
    wrong = signed(region="mars", service="s3", end="aws5_request", scope_date="20150830")
    assert_refused(
        send(host, wrong.authorized()), "InvalidSignatureException",
        "Credential should be scoped to a valid region, not 'mars'. "
        "Credential should be scoped to correct service: 'dynamodb'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20150830' != '{wrong.date[:8]}', from '{wrong.date}'.",
    )
    short = signed().authorized()
    short["authorization"] = short["authorization"].replace("/aws4_request", "")
    assert send(host, short).message.startswith(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + ROOT
    )


def test_what_must_be_signed(host, signed):
    request = signed(signed=["x-amz-date", "x-amz-target"])
    assert_refused(send(host, request.authorized()), "InvalidSignatureException",
                   "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    request = signed(signed=["host", "x-amz-date"])
    assert_refused(send(host, request.authorized()), "InvalidSignatureException",
                   "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.")
    request = signed(algorithm="AWS4-HMAC-SHA1")
    assert_refused(send(host, request.authorized()), "IncompleteSignatureException",
                   "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only AWS4-HMAC-SHA256 for now). ")


def test_presigned(host, signed):
    query, headers = signed().presigned()
    assert send(host, headers, query=query).ok() == {"TableNames": []}
    assert_refused(send(host, headers, b"{ }", query), "InvalidSignatureException", MISMATCH)
    assert_refused(send(host, headers, query={**query, "X-Amz-Expires": "301"}), "InvalidSignatureException", MISMATCH)
    assert_refused(send(host, headers, query={**query, "more": "x"}), "InvalidSignatureException", MISMATCH)
    both = {**headers, "authorization": signed().authorized()["authorization"]}
    assert_refused(send(host, both, query=query), "InvalidSignatureException",
                   "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
    del query["X-Amz-Signature"]
    assert_refused(
        send(host, headers, query=query), "IncompleteSignatureException",
        "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
    )
    query, headers = signed().presigned(token="abc")
    assert_refused(send(host, headers, query=query), "UnrecognizedClientException", UNKNOWN.rstrip("."))


def test_presigned_expires(host, signed):
    query, headers = signed(date=stamp(-3500)).presigned(expires=3600)
    assert send(host, headers, query=query).ok() == {"TableNames": []}
    query, headers = signed(date=stamp(-70)).presigned(expires=60)
    reply = send(host, headers, query=query)
    assert reply.code == "InvalidSignatureException" and reply.message.endswith("Z - 1 min.)")
    query, headers = signed(date=stamp(-70)).presigned(expires=45)
    assert send(host, headers, query=query).message.endswith("Z - 45 sec.)")
    query, headers = signed().presigned(expires=604801)
    assert send(host, headers, query=query).code == "IncompleteSignatureException"


def test_health_needs_no_signature(server):
    import urllib.request

    for path in ("/", "/health/live", "/health/ready"):
        with urllib.request.urlopen(server.url + path) as reply:
            assert reply.status == 200


def test_many_at_once(server, host, signed):
    """Good and bad requests side by side: nobody gets the other's answer."""
    barrier = threading.Barrier(8)

    def run(number):
        barrier.wait()
        good = client_of(server)
        for i in range(40):
            if (i + number) % 2:
                good.list_tables()
            else:
                request = signed(operation="DescribeLimits")
                request.secret += "x"
                assert_refused(send(host, request.authorized()), "InvalidSignatureException", MISMATCH)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))


# --- starting --------------------------------------------------------------------------------------------------------


def refused(pytestconfig, *arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STATOR_")}
    done = subprocess.run(
        [pytestconfig.getoption("--binary"), "serve", "--ephemeral", *arguments], env={**clean, **environment},
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode in (1, 2)
    return done.stderr


def test_starts_that_are_refused(pytestconfig):
    root = {"STATOR_ROOT_ACCESS_KEY_ID": ROOT, "STATOR_ROOT_SECRET_ACCESS_KEY": SECRET}
    assert "nobody could sign in" in refused(pytestconfig, "--auth", "sigv4")
    assert "STATOR_ROOT_SECRET_ACCESS_KEY" in refused(
        pytestconfig, "--auth", "sigv4", STATOR_ROOT_ACCESS_KEY_ID=ROOT
    )
    anywhere = ("--listen", "0.0.0.0:0")
    assert "that needs --auth sigv4" in refused(pytestconfig, *anywhere)
    assert "that needs --auth sigv4" in refused(pytestconfig, *anywhere, "--insecure")
    assert "unencrypted; --tls-cert and --tls-key change that" in refused(pytestconfig, *anywhere, "--auth", "sigv4", **root)
