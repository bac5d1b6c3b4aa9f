"""The server under test: one that runs already (--url), or a `stator serve` of our own."""

from __future__ import annotations

import collections
import re
import signal
import subprocess
import threading
from dataclasses import dataclass

READY = re.compile(r"(https://)?(127\.0\.0\.1:[1-9][0-9]*)")
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


@dataclass(frozen=True)
class Endpoint:
    url: str
    region: str
    kind: str  # "stator", "dynamodb-local" or "aws"

    @property
    def is_stator(self) -> bool:
        return self.kind == "stator"


class Server:
    """A child process. Its output is read all the time (a full pipe would stop it) and its end is kept for failures."""

    def __init__(self, binary: str, shards: int, extra: tuple[str, ...] = (), data_dir: str | None = None):
        """Without a folder, an ephemeral server."""
        place = ["--data-dir", data_dir] if data_dir else ["--ephemeral"]
        self.command = [binary, "serve", "--listen", "127.0.0.1:0", *place, "--shards", str(shards), *extra]
        self.tail: collections.deque[str] = collections.deque(maxlen=200)
        self.url: str | None = None
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.tail.append(line)
            found = READY.search(line)
            if found and not self._ready.is_set():
                self.url = (found.group(1) or "http://") + found.group(2)
                self._ready.set()
        self._ready.set()

    def wait_ready(self) -> str:
        if not self._ready.wait(START_SECONDS_MAX) or self.url is None:
            self.process.kill()
            raise RuntimeError(f"{' '.join(self.command)} named no address; it printed:\n{''.join(self.tail)}")
        return self.url

    def stop(self) -> int:
        """SIGTERM, and the exit code; a server that does not end in time is killed (and then the code is negative)."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        return self.process.returncode
