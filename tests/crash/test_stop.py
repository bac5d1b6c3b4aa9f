"""SIGTERM finishes what is in flight and exits 0."""

import time

import pytest

from load import SPECIFICATION, Load
from verify import verify


@pytest.mark.parametrize("shards", [1, 4])
def test_sigterm_under_load(launch, tmp_path, rng, rounds, workers, shards):
    load = Load(workers, rng.random())
    server = launch(tmp_path / "data", shards=shards).wait_ready()
    server.client()("CreateTable", **SPECIFICATION)
    for _ in range(max(2, rounds // 2)):
        load.start(server)
        time.sleep(rng.uniform(0.1, 1.0))
        assert server.stop() == 0, server.output
        load.join()
        server = launch(tmp_path / "data", shards=shards).wait_ready()
        verify(load, server)


def test_sigterm_with_idle_connections(launch, tmp_path):
    """A kept-alive connection does not hold up the end."""
    server = launch(tmp_path / "data").wait_ready()
    clients = [server.client() for _ in range(50)]
    for client in clients:
        client("ListTables")
    started = time.monotonic()
    assert server.stop() == 0, server.output
    assert time.monotonic() - started < 10


def test_sigint_is_sigterm(launch, tmp_path):
    server = launch(tmp_path / "data").wait_ready()
    server.process.send_signal(2)
    assert server.wait_end() == 0, server.output


def test_an_ephemeral_server_leaves_nothing_behind(launch, tmp_path):
    server = launch(tmp_path / "unused", extra=("--ephemeral",), env={"TMPDIR": str(tmp_path)}).wait_ready()
    server.client()("CreateTable", **SPECIFICATION)
    assert server.stop() == 0, server.output
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
