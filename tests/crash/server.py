"""A `stator serve` process, and the smallest client that can load it: one kept-alive connection, JSON as it stands."""

from __future__ import annotations

import collections
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time

READY = re.compile(r"(?:http://)?127\.0\.0\.1:([1-9][0-9]*)")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
REPLY_SECONDS_MAX = 60


class Server:
    """Its output is read all the time, and its last lines are kept for the messages of failed tests."""

    def __init__(self, binary, data_dir, shards=1, listen="127.0.0.1:0", env=None, extra=(), collection_bytes_max=None):
        self.command = [binary, "serve", "--listen", listen, "--data-dir", str(data_dir), *extra]
        if shards is not None:
            self.command += ["--shards", str(shards)]
        self.data_dir = data_dir
        self.collection_bytes_max = collection_bytes_max
        if collection_bytes_max is not None:
            self.command += ["--max-collection-bytes", str(collection_bytes_max)]
        self.lines = collections.deque(maxlen=400)
        self.port = None
        self._ready = threading.Event()
        self._started = time.monotonic()
        self.start_seconds = None
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(env or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            found = READY.search(line)
            if found and not self._ready.is_set():
                self.start_seconds = time.monotonic() - self._started
                self.port = int(found.group(1))
                self._ready.set()
        self._ready.set()

    @property
    def output(self):
        return "".join(self.lines)

    def wait_ready(self):
        assert self._ready.wait(START_SECONDS_MAX) and self.port, f"{self.command} did not start:\n{self.output}"
        return self

    def ready_or_ended(self):
        """True: it answers; False: it ended before."""
        assert self._ready.wait(START_SECONDS_MAX), f"{self.command} neither started nor ended:\n{self.output}"
        return self.port is not None

    def wait_end(self, seconds=STOP_SECONDS_MAX):
        """The exit code of a server that ends by itself."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def client(self):
        return Client(self.port)


def verify_folder(binary, data_dir, *extra):
    """What `stator verify` says of a folder that no server uses: its exit code and its JSON."""
    ended = subprocess.run(
        [binary, "verify", "--data-dir", str(data_dir), "--json", *extra], capture_output=True, text=True, check=False
    )
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else {"error": ended.stderr}


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body!r}")
        self.status = status
        try:
            self.reply = json.loads(body)
        except ValueError:
            self.reply = {}
        self.code = self.reply.get("__type", "").rpartition("#")[2]


# What a client sees when the server is gone. Anything else is a failure of the test.
GONE = (OSError, http.client.HTTPException)


class Client:
    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REPLY_SECONDS_MAX)

    def __call__(self, operation, **request):
        self._connection.request(
            "POST",
            "/",
            json.dumps(request).encode(),
            {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "DynamoDB_20120810." + operation,
                "X-Amz-Date": "20260101T000000Z",
                "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/dynamodb/"
                "aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
            },
        )
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise Refused(reply.status, body)
        return json.loads(body)

    def pages(self, operation, **request):
        """All items of a Query or Scan, page by page."""
        while True:
            page = self(operation, **request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def close(self):
        self._connection.close()
