"""The servers that are measured: child processes on free ports of 127.0.0.1, tied to the processors they are told."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
TICKS = os.sysconf("SC_CLK_TCK")

HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20300101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=" + "0" * 64,
    "X-Amz-Date": "20300101T000000Z",
}

# Of the load generator, and of the server that checks signatures: its root user.
ACCESS_KEY, SECRET_KEY = "AKIABENCHBENCHBENCH0", "bench/bench/bench/bench/bench/bench/0000"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "STATOR_ROOT_ACCESS_KEY_ID": ACCESS_KEY,
    "STATOR_ROOT_SECRET_ACCESS_KEY": SECRET_KEY,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(port, operation, body, timeout=60):
    """One request, unsigned in truth: good for servers that check no signatures. The status and the bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request("POST", "/", json.dumps(body), {**HEADERS, "X-Amz-Target": f"DynamoDB_20120810.{operation}"})
        answer = connection.getresponse()
        return answer.status, answer.read()


class Server:
    """A child process that answers already. `seconds` is what the first start took."""

    def __init__(self, name, command, port, cpus, log, folder=None, cwd=None):
        self.name, self.port, self.folder = name, port, folder
        self.url = f"http://127.0.0.1:{port}"
        if cpus:
            command = ["taskset", "-c", ",".join(map(str, cpus)), *command]
        self.command, self.cwd, self.log = list(map(str, command)), cwd, log
        self.process = None
        self.seconds = self.start()

    def start(self):
        """Starts, or starts again on the same folder. Returns the seconds until the port answered a request."""
        with open(self.log, "ab") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.cwd, start_new_session=True
            )
        self.wait(started)
        return time.perf_counter() - started

    def wait(self, started):
        while True:
            try:
                call(self.port, "ListTables", {})
                return
            except (OSError, http.client.HTTPException):
                pass
            if self.process.poll() is not None or time.perf_counter() > started + START_SECONDS_MAX:
                self.kill()
                raise RuntimeError(f"{self.name} did not start; see {self.log}")
            time.sleep(0.0002)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        children = subprocess_pids(self.process.pid)
        ticks = int(fields[11]) + int(fields[12])
        for pid in children:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def memory_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"{self.name} has ended")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def subprocess_pids(pid):
    """nginx's worker is a child of the process that was started."""
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


NGINX = """
worker_processes 1;
daemon off;
error_log stderr crit;
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        default_type application/x-amz-json-1.0;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


class Servers:
    """Starts servers below `folder`. The path is on a disk: what is measured is durable."""

    def __init__(self, binary, folder):
        self.binary, self.base = binary, folder
        self.started = []
        help_text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, check=True).stdout
        self.has_cache_option = "--cache-mb" in help_text

    def _folder(self, name):
        folder = self.base / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _add(self, *arguments, **named):
        server = Server(*arguments, log=self.base.parent / "servers.log", **named)
        self.started.append(server)
        return server

    def stator(self, cpus, *options, name="stator", ephemeral=False, cache_mb=None):
        port, folder = free_port(), self._folder(name)
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", folder, *options]
        if ephemeral:
            command.append("--ephemeral")
        if cache_mb and self.has_cache_option:
            command += ["--cache-mb", str(cache_mb)]
        return self._add(name, command, port, cpus, folder=folder)

    def dynalite(self, cpus):
        port = free_port()
        script = ROOT / "tests/bench/node_modules/dynalite/cli.js"
        return self._add("dynalite", ["node", script, "--port", port, "--createTableMs", "0"], port, cpus)

    def dynamodb_local(self, cpus):
        port = free_port()
        return self._add("DynamoDB Local", [ROOT / "tests/differential/dynamodb-local", port], port, cpus)

    def nginx(self, cpus, body):
        """Answers every request with `body`."""
        port, folder = free_port(), self._folder("nginx")
        (folder / "nginx.conf").write_text(NGINX.format(port=port, body=body), encoding="utf-8")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        command = [nginx, "-p", folder, "-c", folder / "nginx.conf"]
        return self._add("nginx", command, port, cpus, folder=folder)

    def stop_all(self):
        for server in self.started:
            server.close()
        self.started.clear()
