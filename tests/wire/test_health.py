"""GET /health/live and /health/ready of servers of our own: ready is red when a load balancer should look elsewhere."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import termios

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

TABLE = "health"


@pytest.fixture
def launch(pytestconfig):
    if pytestconfig.getoption("--url"):
        pytest.skip("needs servers of its own")
    servers = []

    def start(*options, data_dir=None):
        server = Server(pytestconfig.getoption("--binary"), 1, options, data_dir)
        servers.append(server)
        server.wait_ready()
        server.raw = Raw(Endpoint(server.url, "us-east-1", "stator"), botocore.credentials.Credentials("a", "b"))
        return server

    yield start
    for server in servers:
        assert server.process.poll() is not None or server.stop() == 0, "".join(server.tail)


def ready(url):
    status, _, text = get(url + "/health/ready")
    return status, text


def test_healthy(launch):
    server = launch()
    assert ready(server.url) == (200, "ok\n")
    assert get(server.url + "/health/live")[::2] == (200, "ok\n")
    assert server.raw.send(None, b"", method="HEAD", path="/health/ready").status == 200


def test_red_while_draining(launch):
    """A client that has not sent the whole of its request holds up the end: until it has, the server is alive, not ready,
    and its metrics can be read."""
    server = launch("--metrics-listen", "127.0.0.1:0")
    url = metrics_url(server)
    request = request_bytes(server.raw, "ListTables", {})
    assert ready(url) == (200, "ok\n")
    with Stream(server.raw) as stream:
        stream.send(request[:-1])
        until(lambda: scrape(url)("stator_connections") == 1, "the connection is not seen")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: ready(url) == (503, "stopping\n"), "it does not become red")
        assert get(url + "/health/live")[0] == 200
        assert scrape(url)("stator_connections") == 1
        stream.send(request[-1:])
        assert stream.read().status == 200
    assert server.process.wait(30) == 0, "".join(server.tail)


def test_red_until_the_store_can_be_written(launch, tmp_path):
    """One commit fails. Without any write from a client, the server finds out by itself that the next would succeed."""
    with environment(STATOR_FAULT="store.commit:4"):
        server = launch(data_dir=str(tmp_path / "data"))
    create = lambda n: server.raw("CreateTable", {"TableName": f"{TABLE}-{n}", **spec()})  # noqa: E731
    assert any(create(n).status == 500 for n in range(4)), "the fault did not fire"
    until(lambda: ready(server.url) == (200, "ok\n"), "it stays red")
    assert create(9).status == 200


def test_red_while_the_disk_is_full(launch, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(disk)], capture_output=True,
                           text=True, check=False)
    if mount.returncode != 0:
        pytest.skip(f"this machine allows no mount: {mount.stderr.strip()}")
    try:
        server = launch(data_dir=str(disk / "data"))
        server.raw("CreateTable", {"TableName": TABLE, **spec()}).ok()
        assert ready(server.url) == (200, "ok\n")
        other = disk / "other"
        with open(other, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 220 << 20)
        until(lambda: ready(server.url) == (503, "writes fail\n"), "it stays green until somebody writes")
        assert get(server.url + "/health/live")[0] == 200 and scrape(server.url)("stator_store_writable") == 0
        refused = lambda: server.raw("PutItem", TableName=TABLE, Item={"pk": S("a")}).status == 500  # noqa: E731
        until(refused, "a full disk takes writes")
        assert scrape(server.url)("stator_store_commit_failures_total") > 0
        assert server.raw("GetItem", TableName=TABLE, Key={"pk": S("b")}).status == 200, "reads go on"
        other.unlink()
        until(lambda: ready(server.url) == (200, "ok\n"), "it stays red")
        server.raw("PutItem", TableName=TABLE, Item={"pk": S("a")}).ok()
        assert server.stop() == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_hangups(pytestconfig):
    """SIGHUP from somebody reloads; from the kernel, because the terminal is gone, it ends the server."""
    if pytestconfig.getoption("--url"):
        pytest.skip("needs a server of its own")
    ours, theirs = os.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    server = subprocess.Popen(
        [pytestconfig.getoption("--binary"), "serve", "--listen", "127.0.0.1:0", "--ephemeral"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, preexec_fn=take_terminal)
    os.close(theirs)
    try:
        assert "ready on" in server.stdout.readline()
        server.send_signal(signal.SIGHUP)
        assert "reloading" in server.stdout.readline()
        assert server.poll() is None
        os.close(ours)
        assert server.wait(30) == 0
        assert "stopping: Hangup" in server.stdout.read()
    finally:
        server.kill()
        server.wait()
