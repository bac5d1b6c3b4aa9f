"""Wire tests: any endpoint that speaks DynamoDB.

    pytest tests/wire                                          starts build/stator itself
    pytest tests/wire --shards 4                               the same with four shards
    pytest tests/wire --url http://127.0.0.1:8000              a server that runs already
    pytest tests/wire --url http://127.0.0.1:8001 --endpoint-kind dynamodb-local
    pytest tests/wire --url https://dynamodb.eu-west-1.amazonaws.com --region eu-west-1 --endpoint-kind aws

Fixtures: `client` is boto3's with parameter validation off; `raw` sends exact bytes and shows the reply as it stands;
`tables` makes tables that live as long as the module, `session_tables` as long as the run. `start_server` starts another server
with options of its own. The tables `hash_table` (pk: S),
`range_table` (pk: S, sk: S) and `number_table` (pk: S, sk: N) are shared by all tests: use keys from support.values.unique().
"""

from __future__ import annotations

import os
import pathlib

import boto3
import botocore.config
import botocore.credentials
import pytest

from support.endpoint import Endpoint, Server
from support.raw import Raw
from support.tables import Tables, spec

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("stator", "dynamodb-local", "aws")


def pytest_addoption(parser):
    group = parser.getgroup("wire")
    group.addoption("--url", help="endpoint under test; without it, a server is started")
    group.addoption("--region", default="us-east-1", help="region for signatures and ARNs")
    group.addoption("--endpoint-kind", choices=KINDS, default="stator", help="what answers at --url")
    group.addoption("--binary", default=str(ROOT / "build" / "stator"), help="server to start without --url")
    group.addoption("--shards", type=int, default=1, help="shards of the server that is started")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "differs_from_dynamodb_local(reason): AWS answers so, DynamoDB Local is known not to"
    )
    config.addinivalue_line("markers", "only(kind, reason): runs only against one kind of endpoint")


def pytest_collection_modifyitems(config, items):
    kind = config.getoption("--endpoint-kind")
    for item in items:
        differs = item.get_closest_marker("differs_from_dynamodb_local")
        if differs and kind == "dynamodb-local":
            item.add_marker(pytest.mark.skip(reason="DynamoDB Local differs: " + differs.args[0]))
        only = item.get_closest_marker("only")
        if only and kind != only.args[0]:
            item.add_marker(pytest.mark.skip(reason=only.args[1]))


@pytest.fixture(scope="session")
def endpoint(pytestconfig):
    url, region = pytestconfig.getoption("--url"), pytestconfig.getoption("--region")
    if url:
        yield Endpoint(url.rstrip("/"), region, pytestconfig.getoption("--endpoint-kind"))
        return
    server = Server(pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"))
    yield Endpoint(server.wait_ready(), region, "stator")
    code = server.stop()
    assert code == 0, f"the server ended with {code} after SIGTERM; its last lines:\n{''.join(server.tail)}"


@pytest.fixture(scope="session")
def start_server(pytestconfig):
    """start_server("--option", "value") is the endpoint of another server of our own, for what an option turns on. Skips the
    test where the server under test runs elsewhere (--url)."""
    servers = []

    def start(*options: str) -> Endpoint:
        if pytestconfig.getoption("--url"):
            pytest.skip("needs a server that is started with " + " ".join(options))
        server = Server(pytestconfig.getoption("--binary"), pytestconfig.getoption("--shards"), options)
        servers.append(server)
        return Endpoint(server.wait_ready(), pytestconfig.getoption("--region"), "stator")

    yield start
    for server in servers:
        code = server.stop()
        assert code == 0, f"the server ended with {code} after SIGTERM; its last lines:\n{''.join(server.tail)}"


@pytest.fixture(scope="session")
def credentials(endpoint):
    if endpoint.kind == "aws":
        return boto3.Session().get_credentials()
    return botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "secret")


@pytest.fixture(scope="session")
def make_client(endpoint, credentials):
    """make_client() makes another client of the same endpoint, for example with other settings or for another thread."""

    def make(**settings):
        config = {
            "parameter_validation": False,
            "retries": {"total_max_attempts": 10 if endpoint.kind == "aws" else 1},
            "max_pool_connections": 32,
            **settings,
        }
        return boto3.client(
            "dynamodb",
            endpoint_url=endpoint.url,
            region_name=endpoint.region,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=botocore.config.Config(**config),
        )

    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    return make


@pytest.fixture(scope="session")
def client(make_client):
    return make_client()


@pytest.fixture(scope="session")
def raw(endpoint, credentials):
    return Raw(endpoint, credentials)


@pytest.fixture(scope="session")
def session_tables(client):
    tables = Tables(client)
    yield tables
    tables.close()


@pytest.fixture(scope="module")
def tables(client):
    made = Tables(client)
    yield made
    made.close()


@pytest.fixture(scope="session")
def hash_table(session_tables):
    return session_tables.create(spec("pk"), label="hash")


@pytest.fixture(scope="session")
def range_table(session_tables):
    return session_tables.create(spec("pk", "sk"), label="range")


@pytest.fixture(scope="session")
def number_table(session_tables):
    return session_tables.create(spec("pk", "sk", {"sk": "N"}), label="number")
