"""kill -9, power cuts and failing commits between any two steps of a transaction: after the next start it is wholly done
or wholly undone, done if it was acknowledged, its indexes agree, and its token is known."""

import time

import pytest

import powercut
from item_collections import SMALL_LIMIT
from load import SPECIFICATION
from transact_load import Load

OUTPUT_SECONDS_MAX = 30


def begin(launch, folder, load, files="plain", **settings):
    server = launch(folder, files=files, **settings).wait_ready()
    client = server.client()
    client("CreateTable", **SPECIFICATION, SSESpecification={"Enabled": files == "encrypted"})
    load.prepare(client)
    client.close()
    return server


@pytest.mark.parametrize("shards", [1, 4])
def test_kill_9(launch, tmp_path, rng, rounds, workers, shards):
    load = Load(workers, rng.random())
    server = begin(launch, tmp_path / "data", load, shards=shards, collection_bytes_max=SMALL_LIMIT)
    for n in range(rounds):
        before = load.acknowledged
        load.start(server)
        time.sleep(rng.uniform(0.1, 1.0))
        server.kill()
        load.join()
        assert load.acknowledged > before, f"round {n}: no transaction was acknowledged"
        server = launch(tmp_path / "data", shards=shards, collection_bytes_max=SMALL_LIMIT).wait_ready()
        load.verify(server)
    assert server.stop() == 0, server.output
    server = launch(tmp_path / "data", shards=None, collection_bytes_max=SMALL_LIMIT).wait_ready()
    load.verify(server)
    assert server.stop() == 0, server.output


def test_kill_9_while_it_starts(launch, tmp_path, rng, rounds, workers):
    """What a start finishes of transactions may be cut off too, at any moment."""
    load = Load(workers, rng.random())
    server = begin(launch, tmp_path / "data", load, shards=4)
    for _ in range(rounds):
        load.start(server)
        time.sleep(rng.uniform(0.1, 0.4))
        server.kill()
        load.join()
        for _ in range(3):
            starting = launch(tmp_path / "data", shards=4)
            time.sleep(rng.uniform(0.0, 0.06))
            starting.kill()
        server = launch(tmp_path / "data", shards=4).wait_ready()
        load.verify(server)


@pytest.mark.parametrize("shards", [1, 4])
def test_power_cut(launch, tmp_path, rng, rounds, workers, shards, powercut_library):
    notes = tmp_path / "notes"
    env = powercut.environment(powercut_library, notes)
    load = Load(workers, rng.random())
    server = begin(launch, tmp_path / "data", load, shards=shards, env=env)
    for n in range(rounds):
        before = load.acknowledged
        load.start(server)
        time.sleep(rng.uniform(0.1, 0.6))
        server.kill()
        load.join()
        assert load.acknowledged > before, f"round {n}: no transaction was acknowledged"
        powercut.cut(tmp_path / "data", notes)
        server = launch(tmp_path / "data", shards=shards, env=env).wait_ready()
        load.verify(server)


FAULTS = [
    ("transact.prepared", 4, "plain"),
    ("transact.decided", 4, "plain"),
    ("transact.applied", 4, "plain"),
    ("shard.before_commit", 4, "plain"),
    ("shard.after_commit", 4, "plain"),
    ("shard.before_commit", 1, "plain"),
    ("shard.after_commit", 1, "plain"),
    ("transact.prepared", 4, "encrypted"),
    ("transact.decided", 4, "encrypted"),
]


@pytest.mark.parametrize("fault, shards, files", FAULTS)
def test_death_at_a_fault_point(launch, tmp_path, rng, workers, fault, shards, files):
    load = Load(workers, rng.random())
    server = begin(launch, tmp_path / "data", load, shards=shards, files=files, collection_bytes_max=SMALL_LIMIT)
    assert server.stop() == 0, server.output
    for count in (1, 2, 3, rng.randrange(4, 20), rng.randrange(20, 200)):
        server = launch(tmp_path / "data", shards=shards, files=files, collection_bytes_max=SMALL_LIMIT, env={"STATOR_FAULT": f"{fault}:{count}"})
        # A start commits too, so it may die before it is ready.
        if server.ready_or_ended():
            load.start(server)
        assert server.wait_end() == -9, f"{fault}:{count} did not fire:\n{server.output}"
        load.join()
        server = launch(tmp_path / "data", shards=shards, files=files, collection_bytes_max=SMALL_LIMIT).wait_ready()
        load.verify(server)
        assert server.stop() == 0, server.output


def await_output(server, text):
    deadline = time.monotonic() + OUTPUT_SECONDS_MAX
    while text not in server.output:
        assert time.monotonic() < deadline, f"the server never said {text!r}:\n{server.output}"
        time.sleep(0.01)


@pytest.mark.parametrize("shards", [1, 4])
def test_a_commit_that_fails(launch, tmp_path, rng, workers, shards):
    """An error of the disk in one step of one transaction: the others go on, and that one is made up for, or taken back, by the
    server as it runs. Or by the next start."""
    load = Load(workers, rng.random())
    server = begin(launch, tmp_path / "data", load, shards=shards, collection_bytes_max=SMALL_LIMIT)
    assert server.stop() == 0, server.output
    for worker in load.workers:
        worker.tolerates_errors = True
    for n in range(6):
        env = {"STATOR_FAULT": f"store.commit:{rng.randrange(10, 200)}"}
        server = launch(tmp_path / "data", shards=shards, collection_bytes_max=SMALL_LIMIT, env=env).wait_ready()
        load.start(server)
        time.sleep(0.5)
        goes_on = n % 2 == 0
        if goes_on:
            await_output(server, "fault point store.commit")
        load.stop()
        load.join()
        if goes_on:
            load.settle(server)
            load.verify(server)
        server.kill()
        server = launch(tmp_path / "data", shards=shards, collection_bytes_max=SMALL_LIMIT).wait_ready()
        load.verify(server)
        assert server.stop() == 0, server.output
