"""Every fault point that the server knows is passed, and fires, under the mixed load; what it leaves is whole."""

import pathlib
import re
import time

import pytest

from load import SPECIFICATION, TABLE, TTL, Load
from verify import verify

FIRE_SECONDS_MAX = 30
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src" / "base" / "fault.c"


def points():
    """The names in the one list of them."""
    text = SOURCE.read_text(encoding="utf-8")
    names = re.findall(r'"([a-z_.]+)"', re.search(r"points\[\] = \{(.*?)\};", text, re.DOTALL).group(1))
    assert names
    return names


@pytest.mark.parametrize("point", points())
def test_every_point_fires(launch, tmp_path, rng, workers, point):
    load = Load(workers, rng.random(), is_mixed=True)
    server = launch(tmp_path / "data", shards=4).wait_ready()
    client = server.client()
    client("CreateTable", **SPECIFICATION)
    client("UpdateTimeToLive", TableName=TABLE, TimeToLiveSpecification=TTL)
    client.close()
    assert server.stop() == 0, server.output
    for worker in load.workers:
        worker.tolerates_errors = True
    server = launch(tmp_path / "data", shards=4, env={"STATOR_FAULT": f"{point}:{rng.randrange(2, 12)}"})
    deadline = time.monotonic() + FIRE_SECONDS_MAX
    if server.ready_or_ended():
        load.start(server)
        while f"fault point {point} fires" not in server.output:
            assert time.monotonic() < deadline, f"{point} was never passed:\n{server.output}"
            time.sleep(0.01)
        load.stop()
    server.kill()
    load.join()
    server = launch(tmp_path / "data", shards=4).wait_ready()
    verify(load, server)


def test_a_point_that_is_not_there(launch, tmp_path):
    """A spelling mistake fails a test instead of letting it pass without its fault."""
    server = launch(tmp_path / "data", env={"STATOR_FAULT": "no.such.point"})
    assert not server.ready_or_ended() and server.wait_end() == 1
    assert "no.such.point" in server.output
