"""A full disk: writes get errors, reads go on, nothing acknowledged is lost, and with space again writes go on."""

import os
import subprocess
import threading
import time

import pytest

from load import SPECIFICATION, TABLE, Load
from server import GONE, Refused
from verify import verify

RECOVERY_SECONDS_MAX = 30
FILL_SECONDS_MAX = 90
WRITES_MIN = 100


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 GB of which another file takes most; make_space() removes that file."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine allows no mount: {mounted.stderr.strip()}")
    other = folder / "other"
    with open(other, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 884 << 20)

    yield folder, other.unlink
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(load, server):
    """Writes until every worker was refused."""
    load.start(server)
    patience = threading.Timer(FILL_SECONDS_MAX, load.stop)
    patience.start()
    load.join()
    patience.cancel()
    assert server.process.poll() is None, f"the server died:\n{server.output}"
    for worker in load.workers:
        assert worker.refused is not None, "a worker ended without an error"
        assert worker.refused.status == 500, worker.refused
        assert worker.refused.code == "InternalServerError", worker.refused
        worker.refused = None


def wait_writable(server):
    """Until every shard takes writes again: enough keys that each has some."""
    client = server.client()
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    waiting = [{"pk": {"S": f"probe {n}"}, "sk": {"N": "0"}} for n in range(64)]
    while waiting:
        try:
            client("PutItem", TableName=TABLE, Item=waiting[0])
            client("DeleteItem", TableName=TABLE, Key=waiting[0])
            waiting.pop(0)
        except Refused as error:
            assert error.status == 500, error
            assert time.monotonic() < deadline, f"no write in {RECOVERY_SECONDS_MAX} s after there was space: {error}"
            time.sleep(0.2)
        except GONE:
            server.wait_end()
            raise AssertionError(f"the server died:\n{server.output}") from None


def write_some(load, server):
    """Until enough was acknowledged that each shard has taken some of it, or a worker was refused."""
    enough, deadline = load.acknowledged + WRITES_MIN, time.monotonic() + FILL_SECONDS_MAX
    load.start(server)
    while load.acknowledged < enough and time.monotonic() < deadline and not any(w.refused for w in load.workers):
        time.sleep(0.01)
    load.stop()
    load.join()
    assert load.acknowledged >= enough, [w.refused for w in load.workers]


@pytest.mark.parametrize(("shards", "files"), [(1, "plain"), (4, "plain"), (4, "encrypted")])
def test_full_disk(launch, small_disk, rng, workers, shards, files):
    folder, make_space = small_disk
    load = Load(workers, rng.random())
    for worker in load.workers:
        worker.tolerates_errors = True
        worker.body_bytes_min = 100000
    server = launch(folder / "data", shards=shards, files=files).wait_ready()
    server.client()("CreateTable", **SPECIFICATION)

    fill(load, server)
    verify(load, server, global_index=False)

    # Space again: the same server goes on.
    make_space()
    wait_writable(server)
    write_some(load, server)
    assert all(worker.refused is None for worker in load.workers), load.workers[0].refused
    verify(load, server)

    server.kill()
    server = launch(folder / "data", shards=shards, files=files).wait_ready()
    verify(load, server)
    assert server.stop() == 0, server.output


def test_kill_on_a_full_disk(launch, small_disk, rng, workers):
    """The start after a crash on a full disk may need space; with space it finds everything."""
    folder, make_space = small_disk
    load = Load(workers, rng.random())
    for worker in load.workers:
        worker.tolerates_errors = True
        worker.body_bytes_min = 100000
    server = launch(folder / "data", shards=1).wait_ready()
    server.client()("CreateTable", **SPECIFICATION)
    fill(load, server)
    server.kill()

    # It starts, or says in one line why it cannot.
    server = launch(folder / "data", shards=1)
    if not server.ready_or_ended():
        assert server.wait_end() > 0, server.output
        assert len([line for line in server.output.splitlines() if line.strip()]) == 1, server.output
    server.kill()

    make_space()
    server = launch(folder / "data", shards=1).wait_ready()
    verify(load, server)
