"""GET /metrics of servers of our own: read with Prometheus' own parser, and compared with what clients did."""

from __future__ import annotations

import re
import socket

import boto3
import botocore.credentials
import pytest

from support.endpoint import Endpoint, Server
from support.monitoring import get, metrics_url, scrape, until
from support.own import environment
from support.raw import Raw
from support.stream import Stream, request_bytes
from support.tables import spec
from support.values import S

pytestmark = pytest.mark.only("stator", "about our own server")

TABLE = "measured"
ROOT = ("AKIAROOT0123456789", "root secret of tests")


@pytest.fixture(scope="module")
def launch(pytestconfig):
    if pytestconfig.getoption("--url"):
        pytest.skip("needs servers of its own")
    servers = []

    def start(*options, **settings):
        server = Server(pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"), options, **settings)
        servers.append(server)
        server.wait_ready()
        return server

    yield start
    for server in servers:
        assert server.process.poll() is not None or server.stop() == 0, "".join(server.tail)


def raw_of(server, key=("a", "b")):
    return Raw(Endpoint(server.url, "us-east-1", "stator"), botocore.credentials.Credentials(*key))


@pytest.fixture(scope="module")
def own(launch):
    server = launch()
    server.raw = raw_of(server)
    server.raw("CreateTable", {"TableName": TABLE, **spec()}).ok()
    return server


def put(raw, key, **more):
    return raw("PutItem", TableName=TABLE, Item={"pk": S(key)}, **more)


def read(raw, key):
    return raw("GetItem", TableName=TABLE, Key={"pk": S(key)}, ConsistentRead=True)


def test_names_and_types(own):
    """Prometheus' conventions: a prefix, base units, _total for counters alone, a help and a type for each."""
    seen = scrape(own.url)
    for name, family in seen.families.items():
        assert re.fullmatch(r"(stator|process)_[a-z_]+", name), name
        assert family.documentation.endswith(".") and family.type in ("counter", "gauge", "histogram"), name
        assert not re.search(r"_(ms|us|milliseconds|microseconds|kb|mb)(_|$)", name), name
        if family.type == "counter":
            assert all(sample.name == name + "_total" for sample in family.samples), name


def test_requests_by_operation_and_error(own):
    before = scrape(own.url)
    for n in range(7):
        put(own.raw, f"count {n}").ok()
    for n in range(5):
        read(own.raw, f"count {n}").ok()
    for _ in range(3):
        refused = put(own.raw, "count 0", ConditionExpression="attribute_not_exists(pk)")
        assert refused.code == "ConditionalCheckFailedException"
    assert own.raw("GetItem", TableName="nowhere", Key={"pk": S("x")}).code == "ResourceNotFoundException"
    own.raw.send("DynamoDB_20120810.Nothing", b"{}")
    after = scrape(own.url)

    def grown(name, **labels):
        return after(name, **labels) - (before(name, **labels) if before.has(name, **labels) else 0)

    requests = "stator_requests_total"
    assert grown(requests, operation="PutItem", error="") == 7
    assert grown(requests, operation="PutItem", error="ConditionalCheckFailedException") == 3
    assert grown(requests, operation="GetItem", error="") == 5
    assert grown(requests, operation="GetItem", error="ResourceNotFoundException") == 1
    assert grown(requests, operation="unknown", error="UnknownOperationException") == 1
    assert grown("stator_request_duration_seconds_count", operation="PutItem") == 10
    assert grown("stator_request_duration_seconds_sum", operation="PutItem") > 0
    assert grown("stator_item_cache_hits_total") + grown("stator_item_cache_misses_total") >= 5


def test_bytes(own):
    big = "x" * 100_000
    before = scrape(own.url)
    put(own.raw, "large", ReturnValues="ALL_OLD").ok()
    own.raw("PutItem", TableName=TABLE, Item={"pk": S("large"), "text": S(big)}).ok()
    read(own.raw, "large").ok()
    after = scrape(own.url)
    for name, operation in (("stator_request_body_bytes_total", "PutItem"), ("stator_response_body_bytes_total", "GetItem")):
        grown = after(name, operation=operation) - before(name, operation=operation)
        assert 100_000 < grown < 101_000, name
    assert after("stator_store_committed_bytes_total") - before("stator_store_committed_bytes_total") > 100_000
    assert after("stator_store_memtable_bytes") > 100_000


def test_histograms(own):
    """Buckets grow with their bounds, the last is the count, and every duration is in one."""
    put(own.raw, "histogram").ok()
    seen = scrape(own.url)
    for family in seen.families.values():
        if family.type != "histogram":
            continue
        series = {}
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            one = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
            if sample.name.endswith("_bucket"):
                one["buckets"].append((float(sample.labels["le"]), sample.value))
            else:
                one[sample.name.removeprefix(family.name)] = sample.value
        for labels, one in series.items():
            bounds, counts = zip(*one["buckets"], strict=True)
            assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf") and len(bounds) == 18, labels
            assert list(counts) == sorted(counts) and counts[-1] == one["_count"], labels
            assert one["_count"] > 0 or one["_sum"] == 0, labels  # a quick refusal may count as no microsecond at all
    bounds = [float(labels["le"]) for _, labels in
              ((s.name, s.labels) for s in seen.families["stator_request_duration_seconds"].samples)
              if "le" in labels and labels["operation"] == "GetItem"]
    assert bounds[0] == 0.00005 and bounds[-2] == 10


def test_commits(own):
    before = scrape(own.url)
    for n in range(20):
        put(own.raw, f"commit {n}").ok()
    after = scrape(own.url)
    commits = after("stator_store_commit_duration_seconds_count") - before("stator_store_commit_duration_seconds_count")
    commands = after("stator_writer_batch_commands_sum") - before("stator_writer_batch_commands_sum")
    assert commits >= 20 and commands >= 20
    assert after("stator_writer_queue_commands") == 0


def test_gauges(own):
    """What comes and goes: connections, requests in flight."""
    before = scrape(own.url)("stator_connections")
    host, port = own.url.removeprefix("http://").split(":")
    sockets = [socket.create_connection((host, int(port))) for _ in range(10)]
    until(lambda: scrape(own.url)("stator_connections") >= before + 10, "connections are not counted")
    for one in sockets:
        one.close()
    until(lambda: scrape(own.url)("stator_connections") < before + 10, "closed connections are counted for ever")
    assert scrape(own.url)("stator_requests_in_flight") == 0
    assert scrape(own.url)("stator_connections_accepted_total") >= 10


def test_process(own):
    seen = scrape(own.url)
    assert seen("stator_build_info") == 1 and seen("stator_uptime_seconds") > 0
    assert 1 << 20 < seen("process_resident_memory_bytes") < seen("process_virtual_memory_bytes")
    assert 5 < seen("process_open_fds") < seen("process_max_fds")
    assert seen("process_start_time_seconds") > 1_700_000_000 and seen("process_cpu_seconds_total") > 0
    assert seen("process_threads") > 3 and seen("stator_tables") == 1 and seen("stator_store_writable") == 1


def test_nothing_of_the_data(own):
    """No keys, no values, no names of tables or attributes."""
    put(own.raw, "secret-key", ConditionExpression="attribute_not_exists(secret_attribute)").ok()
    text = get(own.url + "/metrics")[2]
    assert "secret" not in text and TABLE not in text


def test_a_listener_of_its_own(launch):
    server = launch("--metrics-listen", "127.0.0.1:0")
    url = metrics_url(server)
    raw = raw_of(server)
    raw("CreateTable", {"TableName": TABLE, **spec()}).ok()
    assert scrape(url)("stator_requests_total", operation="CreateTable") == 1
    assert get(url + "/health/live")[0] == 200 and get(url + "/health/ready")[0] == 200
    assert get(server.url + "/metrics")[0] == 404, "only there, then"
    assert Raw(Endpoint(url, "us-east-1", "stator"), botocore.credentials.Credentials("a", "b"))(
        "ListTables", {}).status == 404, "no API there"


def test_with_signatures_only_there(launch):
    """Whoever may not read the data does not see metrics on the port that everybody reaches."""
    with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
        plain = launch("--auth", "sigv4")
        beside = launch("--auth", "sigv4", "--metrics-listen", "127.0.0.1:0")
    assert get(plain.url + "/metrics")[0] == 404 and get(beside.url + "/metrics")[0] == 404
    url = metrics_url(beside)
    failures = "stator_authentication_failures_total"
    assert scrape(url)(failures) == 0
    raw_of(beside, ROOT)("ListTables", {}).ok()
    assert raw_of(beside, (ROOT[0], "wrong"))("ListTables", {}).code == "InvalidSignatureException"
    assert raw_of(beside, ("AKIANOBODY0123456789", "wrong"))("ListTables", {}).code == "UnrecognizedClientException"
    tokens = boto3.client("sts", endpoint_url=beside.url, region_name="us-east-1", aws_access_key_id=ROOT[0],
                          aws_secret_access_key=ROOT[1])
    assert tokens.get_caller_identity()["Arn"].endswith(":root")
    seen = scrape(url)
    assert seen("stator_requests_total", operation="GetCallerIdentity", error="") == 1
    assert not seen.has("stator_requests_total", operation="unknown") or not seen("stator_requests_total", operation="unknown")
    assert seen(failures, error="InvalidSignatureException") == 1
    assert seen(failures, error="UnrecognizedClientException") == 1
    assert seen("stator_requests_total", operation="ListTables", error="") == 1


def test_an_address_that_is_taken(launch, pytestconfig):
    server = launch("--metrics-listen", "127.0.0.1:0")
    taken = metrics_url(server).removeprefix("http://")
    other = Server(pytestconfig.getoption("--binary"), 1, ("--metrics-listen", taken))
    assert other.process.wait(30) == 1
    other._reader.join(5)
    assert f"--metrics-listen: cannot listen on {taken}" in "".join(other.tail)


def test_many_scrapes_under_load(own):
    """Scraping while every loop is busy: counters never go back."""
    with Stream(own.raw) as stream:
        last = 0
        for _ in range(30):
            stream.send(request_bytes(own.raw, "GetItem", {"TableName": TABLE, "Key": {"pk": S("x")}}) * 20)
            now = scrape(own.url)("stator_requests_total", operation="GetItem")
            assert now >= last
            last = now
            for _ in range(20):
                assert stream.read().status == 200
    until(lambda: scrape(own.url)("stator_requests_in_flight") == 0, "requests stay in flight for ever")
