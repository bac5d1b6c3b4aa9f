"""One wrong byte in any file of a data folder: the server does not start and says which file it is, or answers
InternalServerError for what it cannot read and logs the file, or everything is right. Never a wrong answer."""

import copy

import pytest

from damage import Folder, Look, flip
from server import verify_folder

# Which files, and in how many parts of the flips: what a store reads, and what it only writes.
STOPPED = (("*.sst",), 12)
KILLED = (("*.log",), 5), (("MANIFEST-*",), 3), (("CURRENT", "format", "data-keys"), 2), (("OPTIONS-*", "IDENTITY"), 1)


class Figures:
    def __init__(self):
        self.flips = self.refused_starts = self.errors = self.unharmed = 0


def names(output, path):
    """A name in full, or as RocksDB says it."""
    return str(path) in output or path.name in output


def try_one(launch, binary, folder, target, original, rng, figures):
    before = copy.deepcopy((folder.items, folder.earlier))
    folder.copy(target)
    path, what = flip(folder, original, target, rng)
    figures.flips += 1
    keys = ("--key-file", str(target.with_name("key"))) if folder.kind == "encrypted" else ()
    code, found = verify_folder(binary, target, *keys)
    settings = {"is_whole": False, "shards": None, "files": folder.kind}
    try:
        server = launch(target, **settings)
        if not server.ready_or_ended():
            assert server.wait_end() == 1, server.output
            assert names(server.output, path), f"the file is not named:\n{server.output}"
            assert code == 1, f"stator verify found nothing: {found}"
            figures.refused_starts += 1
            return
        client = server.client()
        look = Look(folder, client)
        whole = look.tables(rng)
        look.write(rng, 1000)
        look.tables(rng)
        if rng.random() < 0.3:
            client.close()
            assert server.stop() == 0, server.output
            server = launch(target, **settings)  # its files are compacted now
            if not server.ready_or_ended():
                assert names(server.output, path), f"the file is not named:\n{server.output}"
                figures.refused_starts += 1
                return
            client = look.client = server.client()
            look.tables(rng)
            look.write(rng, 2000)
            look.tables(rng)
        client.close()
        if look.refused:
            figures.errors += 1
            assert names(server.output, path), f"the file is not in the log:\n{server.output}"
            assert code == 1, f"stator verify found nothing: {found}"
            assert look.answered, "nothing was answered"
        else:
            figures.unharmed += 1
            assert len(whole) == 2
        assert server.process.poll() is None, server.output
        server.kill()
    except BaseException:
        print(f"{what}, {whole if 'whole' in locals() else 'no look'}; stator verify: {code} {found}")
        raise
    finally:
        folder.items, folder.earlier = before


@pytest.mark.parametrize(("shards", "kind"), [(1, "plain"), (2, "plain"), (2, "encrypted")])
def test_one_wrong_byte(launch, tmp_path, rng, pytestconfig, shards, kind, tell):
    binary, flips = pytestconfig.getoption("--binary"), pytestconfig.getoption("--flips")
    stopped = Folder(launch, tmp_path / "stopped", shards, files=3, in_log=0, kind=kind)
    killed = Folder(launch, tmp_path / "killed", shards, files=1, in_log=1, kind=kind)
    plan = [(stopped, STOPPED), *((killed, part) for part in KILLED)]
    weights = [part[1] for _, part in plan]
    figures = Figures()
    for _ in range(flips):
        folder, (patterns, _) = rng.choices(plan, weights)[0]
        original = rng.choice(folder.files(*patterns))
        try_one(launch, binary, folder, tmp_path / "trial", original, rng, figures)
    tell(
        flips=figures.flips,
        refused_starts=figures.refused_starts,
        with_errors=figures.errors,
        all_right=figures.unharmed,
        wrong_answers=0,
    )


@pytest.mark.parametrize("shards", [1, 2])
def test_read_errors(launch, tmp_path, rng, pytestconfig, shards, readerror_library, tell):
    """A disk that cannot read parts of a file: for one read after the other, under a server that runs and while it starts.
    Once the disk is well again, so is everything."""
    folder = Folder(launch, tmp_path / "data", shards, files=3, in_log=1)
    plan = tmp_path / "plan"
    settings = {"shards": None, "env": {"LD_PRELOAD": str(readerror_library), "READERROR_PLAN": str(plan)}}
    tried = errors = refused_starts = 0
    for _ in range(max(2, pytestconfig.getoption("--flips") // 4)):
        file = rng.choice(folder.files("*.sst", "*.log", "MANIFEST-*"))
        length = file.stat().st_size
        at = rng.randrange(length)
        trial = folder.copy(tmp_path / "trial")
        while_it_starts = rng.random() < 0.5
        before = copy.deepcopy((folder.items, folder.earlier))
        tried += 1
        if while_it_starts:
            plan.write_text(f"{file.name} {at} 512")
        # A small cache, so that the disk is read at all.
        server = launch(trial, is_whole=False, extra=("--cache-mb", "1"), **settings)
        try:
            if server.ready_or_ended():
                plan.write_text(f"{file.name} {at} 512")
                client = server.client()
                look = Look(folder, client)
                look.tables(rng)
                look.write(rng, 1000)
                look.tables(rng)
                errors += look.refused > 0
                assert not look.refused or names(server.output, file), f"the file is not in the log:\n{server.output}"
                client.close()
            else:
                refused_starts += 1
                assert server.wait_end() == 1 and names(server.output, file), server.output
            server.kill()
            plan.write_text("")
            server = launch(trial, **settings).wait_ready()
            client = server.client()
            look = Look(folder, client)
            assert len(look.tables(rng)) == 2 and not look.refused, server.output
            client.close()
            server.kill()
        except BaseException:
            print(f"{file.name} at {at} of {length}, while it starts: {while_it_starts}")
            raise
        finally:
            plan.write_text("")
            folder.items, folder.earlier = before
    tell(read_errors=tried, refused_starts=refused_starts, with_errors=errors, wrong_answers=0)
