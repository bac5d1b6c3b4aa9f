"""`stator bench` against the endpoint under test, and against servers that answer in odd ways."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading

import pytest

WORKLOADS = "get get-hot put update query transact scan mixed ycsb-a ycsb-b ycsb-c ycsb-d ycsb-e ycsb-f".split()
CONFLICT = {"TransactionCanceledException", "TransactionConflictException"}


@pytest.fixture(scope="module")
def bench(pytestconfig):
    def run(*arguments, url, **environment):
        command = [pytestconfig.getoption("--binary"), "bench", *arguments, "--url", url]
        environment = {**os.environ, **environment}
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)

    return run


def result_of(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_no_errors(bench, endpoint, client, workload):
    if endpoint.kind == "aws":
        pytest.skip("costs money")
    table = f"bench-wire-{'lists' if workload == 'query' else 'items'}"
    arguments = ["--items", "1000", "--item-size", "300", "--fields", "2", "--connections", "8", "--table", table]
    result = result_of(bench(workload, *arguments, "--seconds", "1", "--warmup", "0", "--json", url=endpoint.url))
    assert result["requests"] > 0
    assert result["items_per_s"] >= result["requests_per_s"]
    assert result["unanswered"] == result["unsent"] == 0
    kinds = {kind["type"] for kind in result["error_kinds"]}
    assert kinds <= (CONFLICT if workload in ("transact", "mixed") else set())
    count = client.scan(TableName=table, Select="COUNT")["Count"]
    assert count >= 1001, "the items and the mark that all are there"


def test_open_loop_keeps_its_rate(bench, endpoint):
    if endpoint.kind == "aws":
        pytest.skip("costs money")
    arguments = "get --items 100 --rate 200 --connections 4 --seconds 2 --warmup 0 --json".split()
    result = result_of(bench(*arguments, url=endpoint.url))
    assert result["errors"] == 0
    assert result["requests"] + result["unsent"] == 400


def test_a_missing_table_is_an_error(bench, endpoint):
    arguments = "get --no-load --table bench-missing --connections 2 --seconds 1 --warmup 0".split()
    done = bench(*arguments, url=endpoint.url)
    assert done.returncode == 1
    assert "ResourceNotFoundException" in done.stdout
    assert "no request succeeded" in done.stderr


def test_unreachable(bench):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = bench("get", "--seconds", "1", url=f"http://127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stderr == f"stator bench: cannot connect to 127.0.0.1:{port}: Connection refused\n"


def test_called_wrongly(bench):
    done = bench("get", "--connections", "0", url="http://127.0.0.1:1")
    assert done.returncode == 2
    assert "--connections: '0' is not a number from 1 to 10000" in done.stderr


@pytest.fixture
def odd_server():
    """Makes servers that answer each request with the given pieces, one packet each, and then close if told so."""
    servers = []

    def make(*pieces, close=False, tls=None):
        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                while self.read_request():
                    for piece in pieces:
                        self.wfile.write(piece)
                    if close:
                        return

            def read_request(self):
                length = 0
                while (line := self.rfile.readline()) not in (b"", b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.rfile.read(length)
                return line != b""

        class Server(socketserver.ThreadingTCPServer):
            def finish_request(self, request, client_address):  # on the connection's own thread
                if tls is None:
                    super().finish_request(request, client_address)
                    return
                try:
                    with tls.wrap_socket(request, server_side=True) as secured:
                        super().finish_request(secured, client_address)
                except OSError:
                    pass  # the client did not like the certificate

        server = Server(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def raw(bench, url, **environment):
    arguments = "put --raw --connections 2 --seconds 1 --warmup 0 --json".split()
    return bench(*arguments, url=url, **environment)


@pytest.mark.parametrize(
    "pieces, close",
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",), False),
        ((b"HTTP/1.1 200 OK\r\nConte", b"nt-Length: 2\r\n\r\n", b"{", b"}"), False),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n1", b"\r\n}\r\n0\r\n\r\n"), False),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",), True),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",), False),
    ],
    ids=["plain", "split", "chunked", "close", "empty"],
)
def test_answers_that_are_good(bench, odd_server, pieces, close):
    result = result_of(raw(bench, odd_server(*pieces, close=close)))
    assert result["requests"] > 100
    assert result["errors"] == 0


@pytest.mark.parametrize(
    "pieces, text",
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",), "the connection was closed before the answer"),
        ((), "the connection was closed before the answer"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "an answer that is not HTTP"),
        ((b"HTTP/1.1 200 OK\r\n\r\n",), "an answer of unknown length"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",), "an answer with malformed chunks"),
        ((b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nBusy",), "status 503"),
        ((b'HTTP/1.1 400 Bad\r\nContent-Length: 16\r\n\r\n{"__type":"a#B"}',), "B"),
    ],
    ids=["cut", "nothing", "ssh", "no-length", "bad-chunks", "503", "error"],
)
def test_answers_that_are_errors(bench, odd_server, pieces, text):
    done = raw(bench, odd_server(*pieces, close=True))
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["requests"] == 0
    assert result["errors"] > 0
    assert {kind["type"] for kind in result["error_kinds"]} <= {text, "the connection was closed before the answer"}
    assert text in {kind["type"] for kind in result["error_kinds"]}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_tls(bench, odd_server, tmp_path):
    certificate, key = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    url = odd_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", tls=context).replace("http:", "https:")

    named = url.replace("127.0.0.1", "localhost")
    assert result_of(raw(bench, named, SSL_CERT_FILE=certificate))["errors"] == 0
    for refused in (raw(bench, named), raw(bench, url, SSL_CERT_FILE=certificate)):  # unknown issuer; another name
        assert refused.returncode == 1
        assert {kind["type"] for kind in json.loads(refused.stdout)["error_kinds"]} == {"the TLS handshake failed"}
