"""Crash tests: a server of our own on a folder of our own is killed, starved and stopped, and must lose nothing.

    pytest tests/crash                          the short form that `make test` runs
    pytest tests/crash --rounds 200             the long form
    pytest tests/crash --seed 4711              the same choices again (times still differ)
    pytest tests/crash --binary build-asan/stator
"""

from __future__ import annotations

import pathlib
import random
import shutil
import subprocess

import pytest

from server import Server

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def pytest_addoption(parser):
    group = parser.getgroup("crash")
    group.addoption("--binary", default=str(ROOT / "build" / "stator"), help="server under test")
    group.addoption("--rounds", type=int, default=5, help="kills per test")
    group.addoption("--workers", type=int, default=8, help="client threads")
    group.addoption("--seed", type=int, default=None, help="of all random choices; printed when a test fails")


@pytest.fixture(scope="session")
def rounds(pytestconfig):
    return pytestconfig.getoption("--rounds")


@pytest.fixture(scope="session")
def workers(pytestconfig):
    return pytestconfig.getoption("--workers")


@pytest.fixture
def rng(pytestconfig, request):
    seed = pytestconfig.getoption("--seed")
    if seed is None:
        seed = random.SystemRandom().randrange(1 << 32)
    print(f"--seed {seed}")  # pytest shows it with a failure
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def launch(pytestconfig):
    """launch(data_dir, shards=1, files="plain", ...) starts a server; whatever still runs at the end of the test is killed.
    files="encrypted": with a key beside the data folder."""
    started = []
    binary = pytestconfig.getoption("--binary")

    def start(data_dir, files="plain", extra=(), **settings):
        if files == "encrypted":
            key = pathlib.Path(data_dir).with_name("key")
            if not key.exists():
                subprocess.run([binary, "key", "create", str(key)], check=True, capture_output=True)
            extra = (*extra, "--encrypt-at-rest", "--key-file", str(key))
        server = Server(binary, data_dir, extra=extra, **settings)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def powercut_library(tmp_path_factory):
    """The library that remembers how much of each file was synced; see powercut.c."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    library = tmp_path_factory.mktemp("powercut") / "powercut.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", str(HERE / "powercut.c"), "-o", str(library), "-ldl"],
        check=True,
    )
    return library
