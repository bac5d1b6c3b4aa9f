"""Starts that must be refused: with one clear line, a code that is not 0, and the data untouched."""

import os
import pathlib
import re
import socket

import pytest

from load import SPECIFICATION

REFUSAL_SECONDS_MAX = 10


def refused(server, *words):
    """The server ends by itself, and says why in one line that names these words."""
    code = server.wait_end(REFUSAL_SECONDS_MAX)
    assert code > 0, f"exit code {code}:\n{server.output}"
    lines = [line for line in server.output.splitlines() if line.strip()]
    assert len(lines) == 1, f"one line expected:\n{server.output}"
    for word in words:
        assert re.search(word, lines[0], re.IGNORECASE), f"{word!r} expected in: {lines[0]}"


def still_works(server):
    assert server.client()("ListTables")["TableNames"] == ["load"]


def format_file(data_dir):
    """The file that carries the format version of a data folder: docs/formats/data-folder.md."""
    return pathlib.Path(data_dir) / "format"


def make_folder(launch, data_dir, shards=1):
    server = launch(data_dir, shards=shards).wait_ready()
    server.client()("CreateTable", **SPECIFICATION)
    assert server.stop() == 0, server.output


def test_two_servers_on_one_folder(launch, tmp_path):
    first = launch(tmp_path / "data").wait_ready()
    first.client()("CreateTable", **SPECIFICATION)
    refused(launch(tmp_path / "data"), re.escape(str(tmp_path / "data")), "another|in use|locked")
    still_works(first)
    assert first.stop() == 0, first.output
    # The lock ends with its owner.
    still_works(launch(tmp_path / "data").wait_ready())


def test_the_lock_of_a_killed_server_is_no_obstacle(launch, tmp_path):
    server = launch(tmp_path / "data").wait_ready()
    server.client()("CreateTable", **SPECIFICATION)
    server.kill()
    still_works(launch(tmp_path / "data").wait_ready())


def test_port_in_use(launch, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused(launch(tmp_path / "data", listen=f"127.0.0.1:{port}"), str(port), "in use")
    # Nothing of the refused start is in the way.
    make_folder(launch, tmp_path / "data")


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:notaport", "127.0.0.1:70000", ":", "nowhere:8000:8000"])
def test_bad_listen_address(launch, tmp_path, listen):
    refused(launch(tmp_path / "data", listen=listen), "listen")


def test_only_loopback_without_authentication(launch, tmp_path):
    refused(launch(tmp_path / "data", listen="0.0.0.0:0"), "loopback")


def test_folder_that_cannot_be_made(launch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    refused(launch(tmp_path / "file" / "data"), re.escape(str(tmp_path / "file")))


def test_data_dir_is_a_file(launch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    refused(launch(tmp_path / "file"), re.escape(str(tmp_path / "file")))
    assert (tmp_path / "file").read_text() == "not a folder"


def test_unwritable_folder(launch, tmp_path):
    if os.geteuid() == 0:
        # Root may write everywhere but where the kernel itself says no.
        refused(launch(pathlib.Path("/proc/stator-data")), "/proc/stator-data")
        return
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    refused(launch(folder), re.escape(str(folder)), "denied|writ")


def test_newer_format(launch, tmp_path):
    make_folder(launch, tmp_path / "data")
    file = format_file(tmp_path / "data")
    before = file.read_bytes()
    number = int(re.search(rb"^format (\d+)$", before, re.MULTILINE).group(1))
    file.write_bytes(before.replace(b"format %d" % number, b"format %d" % (number + 100)))
    refused(launch(tmp_path / "data", is_whole=False), "format", str(number + 100), "newer")
    file.write_bytes(before)
    still_works(launch(tmp_path / "data").wait_ready())


def test_broken_format_file(launch, tmp_path):
    make_folder(launch, tmp_path / "data")
    format_file(tmp_path / "data").write_bytes(b"\0\xff nonsense")
    refused(launch(tmp_path / "data", is_whole=False), "format")


def test_other_number_of_shards(launch, tmp_path):
    """The number is the folder's; asking for another one must not lose the items of the others."""
    make_folder(launch, tmp_path / "data", shards=4)
    refused(launch(tmp_path / "data", shards=2), "shards?", "4")
    still_works(launch(tmp_path / "data", shards=None).wait_ready())


def test_start_and_memory(launch, tmp_path, pytestconfig):
    """The start costs under 100 ms of processor time on an empty folder, and an idle server under 40 MB of memory."""
    if "san" in pytestconfig.getoption("--binary"):
        pytest.skip("not with sanitizers")
    seconds = []
    for n in range(3):
        server = launch(tmp_path / str(n)).wait_ready()
        server.client()("ListTables")
        fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        seconds.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))  # utime, stime
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
        resident_kb = int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))
        assert resident_kb < 40 * 1024, f"{resident_kb} kB resident"
        server.kill()
    assert min(seconds) < 0.1, f"first answer after {min(seconds) * 1000:.0f} ms of processor time"
