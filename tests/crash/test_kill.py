"""kill -9 and power cuts under a mixed load: every acknowledged write is there after the next start, and no other is there
by half. Before each start the folder is looked through (conftest.py), after it the server is asked for everything."""

import time

import pytest

import powercut
from item_collections import LIMIT
from load import SPECIFICATION, TABLE, TTL, Load
from verify import verify


def create(server, files="plain"):
    """In an encrypted folder the table is encrypted, too."""
    client = server.client()
    client("CreateTable", **SPECIFICATION, SSESpecification={"Enabled": files == "encrypted"})
    client("UpdateTimeToLive", TableName=TABLE, TimeToLiveSpecification=TTL)
    client.close()


@pytest.mark.parametrize(("shards", "files"), [(1, "plain"), (4, "plain"), (1, "encrypted"), (4, "encrypted")])
def test_kill_9(launch, tmp_path, rng, rounds, workers, shards, files, tell):
    load = Load(workers, rng.random(), is_mixed=True)
    server = launch(tmp_path / "data", shards=shards, files=files, collection_bytes_max=LIMIT).wait_ready()
    create(server, files)
    unanswered = 0
    for n in range(rounds):
        before = load.acknowledged
        load.start(server)
        time.sleep(rng.uniform(0.1, 1.2))
        server.kill()
        load.join()
        assert load.acknowledged > before, f"round {n}: no write was acknowledged"
        unanswered += load.unanswered
        server = launch(tmp_path / "data", shards=shards, files=files, collection_bytes_max=LIMIT).wait_ready()
        verify(load, server)
    assert server.stop() == 0, server.output
    server = launch(tmp_path / "data", shards=None, files=files, collection_bytes_max=LIMIT).wait_ready()
    verify(load, server)
    assert server.stop() == 0, server.output
    tell(kills=rounds, acknowledged=load.acknowledged, unanswered=unanswered, lost=0, kinds=load.counts)


@pytest.mark.parametrize("shards", [1, 4])
def test_kill_9_while_it_starts(launch, tmp_path, rng, rounds, workers, shards, tell):
    """A start that replays the log is killed too, at any moment; the start after it loses nothing."""
    load = Load(workers, rng.random(), is_mixed=True)
    server = launch(tmp_path / "data", shards=shards).wait_ready()
    create(server)
    for _ in range(rounds):
        load.start(server)
        time.sleep(rng.uniform(0.1, 0.6))
        server.kill()
        load.join()
        for _ in range(3):
            starting = launch(tmp_path / "data", shards=shards)
            time.sleep(rng.uniform(0.0, 0.06))
            starting.kill()
        server = launch(tmp_path / "data", shards=shards).wait_ready()
        verify(load, server)
    tell(kills=4 * rounds, acknowledged=load.acknowledged, lost=0)


@pytest.mark.parametrize("files", ["plain", "encrypted"])
def test_kill_9_of_a_new_folder(launch, tmp_path, rng, rounds, files):
    """The very first start may die at any moment too: the folder must never be one that no start accepts."""
    for n in range(2 * rounds):
        (tmp_path / str(n)).mkdir()
        starting = launch(tmp_path / str(n) / "data", shards=4, files=files)
        time.sleep(rng.uniform(0.0, 0.08))
        starting.kill()
        server = launch(tmp_path / str(n) / "data", shards=4, files=files).wait_ready()
        create(server, files)
        assert server.stop() == 0, server.output


@pytest.mark.parametrize(("shards", "files"), [(1, "plain"), (4, "plain"), (1, "encrypted"), (4, "encrypted")])
def test_power_cut(launch, tmp_path, rng, rounds, workers, shards, files, powercut_library, tell):
    """What was written but never synced is gone, as after a power cut; what was acknowledged is not. The power fails under
    load, and again while the server starts."""
    notes = tmp_path / "notes"
    settings = {"files": files, "collection_bytes_max": LIMIT, "env": powercut.environment(powercut_library, notes)}
    load = Load(workers, rng.random(), is_mixed=True)
    server = launch(tmp_path / "data", shards=shards, **settings).wait_ready()
    create(server, files)
    lost_bytes = cuts = 0
    for n in range(rounds):
        before = load.acknowledged
        load.start(server)
        time.sleep(rng.uniform(0.1, 0.9))
        server.kill()
        load.join()
        assert load.acknowledged > before, f"round {n}: no write was acknowledged"
        lost_bytes += powercut.cut(tmp_path / "data", notes)
        starting = launch(tmp_path / "data", shards=shards, **settings)
        time.sleep(rng.uniform(0.0, 0.1))
        starting.kill()
        lost_bytes += powercut.cut(tmp_path / "data", notes)
        cuts += 2
        server = launch(tmp_path / "data", shards=shards, **settings).wait_ready()
        verify(load, server)
    assert server.stop() == 0, server.output
    powercut.cut(tmp_path / "data", notes)
    server = launch(tmp_path / "data", shards=None, **settings).wait_ready()
    verify(load, server)
    tell(power_cuts=cuts + 1, acknowledged=load.acknowledged, unsynced_bytes_thrown_away=lost_bytes, lost=0)


# Where the process ends by itself, in the middle of the work of a shard's writer (src/base/fault.h).
FAULTS = ("shard.before_commit", "shard.after_commit", "outbox.before_delivery", "outbox.after_delivery")


@pytest.mark.parametrize("fault", FAULTS)
def test_death_at_a_fault_point(launch, tmp_path, rng, workers, fault):
    load = Load(workers, rng.random())
    server = launch(tmp_path / "data", shards=4, collection_bytes_max=LIMIT).wait_ready()
    create(server)
    assert server.stop() == 0, server.output
    for count in (1, rng.randrange(2, 20), rng.randrange(20, 200)):
        server = launch(tmp_path / "data", shards=4, collection_bytes_max=LIMIT, env={"STATOR_FAULT": f"{fault}:{count}"})
        # A start commits too, so it may die before it is ready.
        if server.ready_or_ended():
            load.start(server)
        assert server.wait_end() == -9, f"{fault}:{count} did not fire:\n{server.output}"
        load.join()
        server = launch(tmp_path / "data", shards=4, collection_bytes_max=LIMIT).wait_ready()
        verify(load, server)
        assert server.stop() == 0, server.output


def test_a_commit_that_fails_is_not_acknowledged(launch, tmp_path, rng, workers):
    """An error of the disk in the middle of the load: its writes get an error, all others stand."""
    load = Load(workers, rng.random())
    server = launch(tmp_path / "data", shards=1, env={"STATOR_FAULT": "store.commit:50"}).wait_ready()
    create(server)
    for worker in load.workers:
        worker.tolerates_errors = True
    load.start(server)
    deadline = time.monotonic() + 30
    while not any(worker.refused for worker in load.workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    load.stop()
    load.join()
    assert any(worker.refused for worker in load.workers), "no write was refused"
    server.kill()
    server = launch(tmp_path / "data", shards=1).wait_ready()
    verify(load, server)
