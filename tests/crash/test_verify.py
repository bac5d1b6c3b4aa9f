"""`stator verify` as a user calls it. What it finds is tested with each kind of damage in tests/unit/cluster/verify_test.c."""

import hashlib
import subprocess

import pytest

from damage import Folder
from server import verify_folder


@pytest.fixture
def call(pytestconfig):
    def run(*arguments):
        return subprocess.run(
            [pytestconfig.getoption("--binary"), *map(str, arguments)], capture_output=True, text=True, check=False
        )

    return run


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


@pytest.fixture(params=[0, 1], ids=["stopped", "killed"])
def folder(launch, tmp_path, request):
    return Folder(launch, tmp_path / "data", 2, files=1, in_log=request.param)


def test_a_whole_folder(call, folder, pytestconfig):
    before = contents(folder.path)
    found = call("verify", "--data-dir", folder.path)
    assert found.returncode == 0 and not found.stderr, found
    lines = found.stdout.splitlines()
    assert f"table load: {len(folder.items['load'])} items" in found.stdout
    assert "index global: " in found.stdout and lines[-1].endswith("all is well"), found.stdout
    assert contents(folder.path) == before, "the folder was changed"
    code, report = verify_folder(pytestconfig.getoption("--binary"), folder.path)
    assert code == 0 and report["healthy"] and report["finding_count"] == 0 and report["findings"] == []
    tables = {(t["table"], t.get("index")): t["items"] for t in report["tables"]}
    assert tables["other", None] == len(folder.items["other"])
    assert tables["other", "local"] == sum("lsk" in item for item in folder.items["other"].values())


def test_damage(call, folder):
    before = contents(folder.path)
    name = max(folder.files("*.sst"), key=lambda path: path.stat().st_size)
    data = bytearray(name.read_bytes())
    data[len(data) // 4] ^= 1
    name.write_bytes(data)
    before[str(name.relative_to(folder.path))] = hashlib.sha256(data).hexdigest()
    found = call("verify", "--data-dir", folder.path)
    assert found.returncode == 1, found
    assert name.name in found.stdout and "all is well" not in found.stdout
    assert contents(folder.path) == before, "the folder was changed"
    for words in found.stdout.splitlines():
        assert "body" not in words, "what is in items is shown only with --show-items"


def test_refusals(call, launch, folder, tmp_path):
    server = launch(folder.path, shards=None).wait_ready()
    found = call("verify", "--data-dir", folder.path)
    assert found.returncode == 1 and "in use" in found.stderr and len(found.stderr.splitlines()) == 1, found
    assert server.stop() == 0
    found = call("verify", "--data-dir", tmp_path / "nowhere")
    assert found.returncode == 1 and str(tmp_path / "nowhere") in found.stderr, found
    assert not (tmp_path / "nowhere").exists()
    for wrong in (["--nonsense"], ["--data-dir"], ["folder"]):
        found = call("verify", *wrong)
        assert found.returncode == 2 and len(found.stderr.splitlines()) == 1, found
    found = call("verify", "--help")
    assert found.returncode == 0 and "--show-items" in found.stdout
    assert "verify" in call("--help").stdout


def test_users(call, folder, tmp_path):
    key, other = tmp_path / "key", tmp_path / "other"
    for file in (key, other):
        assert call("key", "create", file).returncode == 0
    assert call("user", "add", "alice", "--data-dir", folder.path, "--key-file", key).returncode == 0
    assert call("verify", "--data-dir", folder.path).returncode == 0
    assert call("verify", "--data-dir", folder.path, "--key-file", key).returncode == 0
    found = call("verify", "--data-dir", folder.path, "--key-file", other)
    assert found.returncode == 1 and "identities" in found.stdout, found
