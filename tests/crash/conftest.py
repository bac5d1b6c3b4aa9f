"""Crash tests: a server of our own on a folder of our own is killed, starved and stopped, and must lose nothing.

    pytest tests/crash                          the short form that `make test` runs
    pytest tests/crash --long --rounds 100 --flips 1000       the long form: make faults
    pytest tests/crash --seed 4711              the same choices again (times still differ)
    pytest tests/crash --binary build-asan/stator
"""

from __future__ import annotations

import json
import pathlib
import random
import shutil
import subprocess

import pytest

from server import Server, verify_folder

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def pytest_addoption(parser):
    group = parser.getgroup("crash")
    group.addoption("--binary", default=str(ROOT / "build" / "stator"), help="server under test")
    group.addoption("--rounds", type=int, default=3, help="kills per test")
    group.addoption("--long", action="store_true", help="memory: with all that is sent, not a part of it")
    group.addoption("--flips", type=int, default=10, help="wrong bytes per test")
    group.addoption("--figures", default=None, help="file to append what was tried to, a line of JSON for each test")
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
    files="encrypted": with a key beside the data folder.

    A folder that another server has left, in whatever way, must be whole: `stator verify` says so before each start. Tests
    that damage a folder say is_whole=False."""
    started = []
    binary = pytestconfig.getoption("--binary")

    def start(data_dir, is_whole=True, files="plain", extra=(), **settings):
        keys = ()
        if files == "encrypted":
            key = pathlib.Path(data_dir).with_name("key")
            if not key.exists():
                subprocess.run([binary, "key", "create", str(key)], check=True, capture_output=True)
            keys = ("--key-file", str(key))
            extra = (*extra, "--encrypt-at-rest", *keys)
        before = [s for s in started if s.data_dir == data_dir]
        if is_whole and before and all(s.process.poll() is not None for s in before) and (data_dir / "format").exists():
            code, found = verify_folder(binary, data_dir, *keys)
            assert code == 0, f"stator verify, before start {len(before) + 1} on {data_dir}: {found}"
        server = Server(binary, data_dir, extra=extra, **settings)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def tell(request, pytestconfig):
    """tell(kills=5, lost=0, …): the figures of a test, one line of JSON each, on the file that --figures names."""

    def append(**figures):
        path = pytestconfig.getoption("--figures")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"test": request.node.name, **figures}) + "\n")

    return append


def build_library(tmp_path_factory, name):
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    library = tmp_path_factory.mktemp(name) / f"{name}.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", str(HERE / f"{name}.c"), "-o", str(library), "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture(scope="session")
def powercut_library(tmp_path_factory):
    """The library that remembers how much of each file was synced; see powercut.c."""
    return build_library(tmp_path_factory, "powercut")


@pytest.fixture(scope="session")
def readerror_library(tmp_path_factory):
    """The library that lets chosen reads fail; see readerror.c."""
    return build_library(tmp_path_factory, "readerror")
