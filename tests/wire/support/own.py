"""A server of a test's own that checks signatures, and the commands that keep its users."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import time

import boto3
import botocore.config
import botocore.exceptions
import pytest

from .endpoint import Server

FOLLOWS_SECONDS_MAX = 10  # the promise is one second; a loaded machine may take longer


@contextlib.contextmanager
def environment(**values: str):
    old = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Own:
    def __init__(self, pytestconfig, folder: pathlib.Path):
        if pytestconfig.getoption("--url"):
            pytest.skip("needs a server of its own")
        self.binary = pytestconfig.getoption("--binary")
        self.shards = pytestconfig.getoption("--shards")
        self.folder, self.key = folder / "data", folder / "key"
        self.server: Server | None = None
        self.run("key", "create", str(self.key)).check_returncode()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=60)

    def try_user(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.run("user", *arguments, "--data-dir", str(self.folder), "--key-file", str(self.key))

    def user(self, *arguments: str) -> dict:
        done = self.try_user(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *extra: str) -> None:
        self.start_without_key_file("--key-file", str(self.key), *extra)

    def start_without_key_file(self, *extra: str) -> None:
        self.server = Server(self.binary, self.shards, ("--auth", "sigv4", *extra), str(self.folder))
        self.server.wait_ready()

    def stop(self) -> None:
        if self.server is not None:
            assert self.server.stop() == 0, "".join(self.server.tail)
            self.server = None

    def client(self, key: dict | tuple[str, str], service: str = "dynamodb", token: str | None = None, **config):
        if isinstance(key, dict):
            key = (key["AccessKeyId"], key["SecretAccessKey"])
        return boto3.client(
            service, endpoint_url=self.server.url, region_name="us-east-1", aws_access_key_id=key[0],
            aws_secret_access_key=key[1], aws_session_token=token,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False, **config),
        )


def refusal(call, *arguments, **parameters) -> dict | None:
    """The error of a call, or None if there was none."""
    try:
        call(*arguments, **parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]
    return None


def eventually(check) -> None:
    """Until the server has followed a change."""
    deadline = time.monotonic() + FOLLOWS_SECONDS_MAX
    while not check():
        assert time.monotonic() < deadline, "the server did not follow"
        time.sleep(0.02)
