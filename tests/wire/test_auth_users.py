"""`stator key` and `stator user`, and a server that follows them while it runs."""

from __future__ import annotations

import os
import stat

import pytest

from support.own import Own, environment, eventually, refusal

pytestmark = pytest.mark.only("stator", "about our own server")

UNKNOWN = {"Code": "UnrecognizedClientException", "Message": "The security token included in the request is invalid."}


@pytest.fixture
def own(pytestconfig, tmp_path):
    made = Own(pytestconfig, tmp_path)
    yield made
    made.stop()


def served(own, key):
    return lambda: refusal(own.client(key).list_tables) is None


def refused(own, key):
    return lambda: refusal(own.client(key).list_tables) == UNKNOWN


def test_users_come_and_go_while_the_server_runs(own):
    early = own.user("add", "early", "--admin")  # before there is a data folder
    own.start()
    assert served(own, early)()
    late = own.user("add", "late", "--admin")
    eventually(served(own, late))
    own.user("disable", "early")
    eventually(refused(own, early))
    assert served(own, late)()
    own.user("enable", "early")
    eventually(served(own, early))
    own.user("remove", "late")
    eventually(refused(own, late))
    own.stop()
    own.start()
    assert served(own, early)() and refused(own, late)()


def test_rotation(own):
    first = own.user("add", "alice", "--admin")
    own.start()
    second = own.user("rotate", "alice")
    assert second["AccessKeyId"] != first["AccessKeyId"] and second["SecretAccessKey"] != first["SecretAccessKey"]
    eventually(served(own, second))
    assert served(own, first)(), "the last key stays good beside the new one"
    third = own.user("rotate", "alice")
    eventually(served(own, third))
    assert refused(own, first)() and served(own, second)()
    fourth = own.user("rotate", "alice", "--now")
    eventually(served(own, fourth))
    assert refused(own, second)() and refused(own, third)()
    keys = own.user("list")["Users"][0]["AccessKeys"]
    assert [key["AccessKeyId"] for key in keys] == [fourth["AccessKeyId"]]


def test_root_beside_users(own):
    alice = own.user("add", "alice", "--admin")
    root = ("AKIAROOT0123456789", "root secret of tests")
    with environment(STATOR_ROOT_ACCESS_KEY_ID=root[0], STATOR_ROOT_SECRET_ACCESS_KEY=root[1]):
        own.start()
    assert served(own, alice)() and served(own, root)()
    own.user("remove", "alice")
    eventually(refused(own, alice))
    assert served(own, root)()


def test_a_damaged_file_changes_nothing(own):
    alice = own.user("add", "alice", "--admin")
    own.start()
    good = (own.folder / "identities").read_bytes()
    (own.folder / "identities.broken").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    os.rename(own.folder / "identities.broken", own.folder / "identities")
    eventually(lambda: any("the users stay as they were" in line for line in own.server.tail))
    assert served(own, alice)()
    own.stop()
    with pytest.raises(RuntimeError, match="cannot be opened with this key"):
        own.start()
    own.server = None


def test_what_is_printed(own):
    done = own.try_user("add", "alice")
    assert done.returncode == 0 and done.stderr == ""
    words = dict(line.rsplit(None, 1) for line in done.stdout.splitlines()[:3])
    assert words["user"] == "alice"
    assert words["access key id"].startswith("AKIA") and len(words["access key id"]) == 20
    assert len(words["secret access key"]) == 40
    own.user("disable", "alice")
    own.user("add", "bob")
    listed = own.try_user("list").stdout
    assert words["secret access key"] not in listed
    assert [line.split()[:2] for line in listed.splitlines()] == [["alice", "disabled"], ["bob", "enabled"]]
    users = own.user("list")["Users"]
    assert [(user["UserName"], user["Enabled"]) for user in users] == [("alice", False), ("bob", True)]
    assert users[0]["Arn"] == "arn:aws:iam::000000000000:user/alice"
    assert users[0]["AccessKeys"][0]["AccessKeyId"] == words["access key id"]
    assert stat.S_IMODE(os.stat(own.folder / "identities").st_mode) == 0o600
    assert words["secret access key"].encode() not in (own.folder / "identities").read_bytes()


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (("add",), 2, "needs the name"),
        (("add", "a", "b"), 2, "takes no argument 'b'"),
        (("list", "a"), 2, "takes no argument 'a'"),
        (("add", "a", "--now"), 2, "takes no argument '--now'"),
        (("add", "a b"), 1, "is not the name of a user"),
        (("remove", "nobody"), 1, "there is no user 'nobody'"),
        (("rotate", "nobody"), 1, "there is no user 'nobody'"),
        (("give", "nobody"), 2, "is not one of: add, list"),
        (("list", "--account-id", "12"), 2, "is not twelve digits"),
    ],
)
def test_wrong_calls(own, arguments, code, words):
    own.folder.mkdir()
    done = own.try_user(*arguments)
    assert done.returncode == code and words in done.stderr and done.stdout == ""


def test_twice_the_same_name(own):
    own.user("add", "alice")
    done = own.try_user("add", "alice")
    assert done.returncode == 1 and "there is a user 'alice' already" in done.stderr


def test_wrong_keys(own, tmp_path):
    own.user("add", "alice", "--admin")
    other = tmp_path / "other"
    own.run("key", "create", str(other)).check_returncode()
    assert own.run("key", "create", str(other)).returncode == 1
    for path, words in ((other, "cannot be opened with this key"), (tmp_path / "none", "No such file")):
        done = own.run("user", "list", "--data-dir", str(own.folder), "--key-file", str(path))
        assert done.returncode == 1 and words in done.stderr
    os.chmod(own.key, 0o644)
    done = own.try_user("list")
    assert done.returncode == 1 and "chmod 600" in done.stderr
    done = own.run("user", "list")
    assert done.returncode == 2 and "stator key create" in done.stderr


def test_help(own):
    for arguments in (("user", "--help"), ("user", "add", "--help"), ("key", "--help"), ("help",)):
        done = own.run(*arguments)
        assert done.returncode == 0 and "Usage: stator" in done.stdout
    assert own.run("key").returncode == 2
    assert own.run("user").returncode == 2
