#!/usr/bin/env python3
"""Counts the instructions that a request costs the server, with valgrind's callgrind: noise of the machine does not show.

    tests/cost/cost.py --binary build/stator            compares with tests/cost/expected.json; exit code 1 if one is dearer
    tests/cost/cost.py --binary build/stator --update   writes what was counted there
    tests/cost/cost.py --binary build/stator --show GetItem   and where they go, by function
    tests/cost/cost.py --binary build/stator --encrypted both  with encrypted files and an encrypted table

The threads that clients wait for count, from the socket to the answer; the kernel and work in the background do not. One
client asks on one connection, so every write is a batch of its own. Signed requests are those of a user with a policy, to a
server that checks signatures; valgrind's processor lacks the instructions for SHA-256, so hashing counts for more than it takes.

A request may become a tenth dearer before this fails; one that became a tenth cheaper is reported, so that the gain is
written down and kept."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected.json"
TOLERANCE = 0.10
# The memtable is a list with shortcuts at random, and all versions of the counter are neighbours there: from start to start, what
# RocksDB takes to find the newest one's place makes an update cost 69,000 to 80,000.
TOLERANCES = {"UpdateItem of one counter": 0.15}
ITEMS = 400
REQUESTS = 800
START_SECONDS_MAX = 120
REPLY_SECONDS_MAX = 60
BACKGROUND = ("maintenance.c", "ThreadPoolImpl")  # what only threads that no client waits for run
READY = re.compile(r"127\.0\.0\.1:([1-9][0-9]*)")
TABLE = "cost"


def item(number: int) -> dict:
    """About 400 bytes, with ten attributes beside its keys."""
    fields = {f"field{k}": {"S": f"{(number * 7 + k * 13) % 1000:03}" * 11} for k in range(10)}
    return {"pk": {"S": f"user{number % ITEMS // 100:04}"}, "sk": {"S": f"{number % 100:06}"}, **fields}


def key(number: int) -> dict:
    return {name: item(number)[name] for name in ("pk", "sk")}


def put(number: int) -> dict:
    return {"TableName": TABLE, "Item": item(number)}


def update(number: int) -> dict:
    return {
        "TableName": TABLE,
        "Key": key(0),
        "UpdateExpression": "SET plays = if_not_exists(plays, :zero) + :one",
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}},
    }


def query(number: int) -> dict:
    return {
        "TableName": TABLE,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": key(number * 100)["pk"]},
    }


def transact(number: int) -> dict:
    return {"TransactItems": [{"Put": put(number * 4 + k)} for k in range(4)]}


def get(number: int) -> dict:
    return {"TableName": TABLE, "Key": key(number)}


# name, operation, the request by its number, how many
CASES = (
    ("GetItem", "GetItem", get, REQUESTS),
    ("PutItem", "PutItem", put, REQUESTS),
    ("UpdateItem of one counter", "UpdateItem", update, REQUESTS),
    ("DeleteItem", "DeleteItem", get, ITEMS),
    ("Query of 100 items", "Query", query, 40),
    ("TransactWriteItems of 4 puts", "TransactWriteItems", transact, 200),
)
SIGNED_CASES = (
    ("GetItem, signed", "GetItem", get, REQUESTS),
    ("PutItem, signed", "PutItem", put, REQUESTS),
)


def signed(host: str, headers: dict[str, str], body: bytes, access_key: str, secret: str) -> dict[str, str]:
    """The headers that an SDK would send: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/us-east-1/dynamodb/aws4_request"
    chosen = {"content-type": headers["Content-Type"], "host": host, "x-amz-date": now, "x-amz-target": headers["X-Amz-Target"]}
    lines = "".join(f"{name}:{value}\n" for name, value in chosen.items())
    canonical = f"POST\n/\n\n{lines}\n{';'.join(chosen)}\n{hashlib.sha256(body).hexdigest()}"
    signing_key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(signing_key, text.encode(), "sha256").hex()
    claims = f"Credential={access_key}/{scope}, SignedHeaders={';'.join(chosen)}, Signature={signature}"
    return {**headers, "X-Amz-Date": now, "Authorization": f"AWS4-HMAC-SHA256 {claims}"}


class Server:
    """`stator serve` under callgrind, in a folder of its own. `options` are more of its command line."""

    def __init__(self, binary: str, folder: str, options: tuple[str, ...] = (), user: dict | None = None):
        self.folder, self.user = folder, user
        self.process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={folder}/counts", binary, "serve",
             "--listen", "127.0.0.1:0", "--data-dir", f"{folder}/data", "--threads", "1", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        timer = threading.Timer(START_SECONDS_MAX, self.process.kill)
        timer.start()
        for line in self.process.stdout:
            found = READY.search(line)
            if found:
                break
        else:
            sys.exit("the server did not start under valgrind")
        timer.cancel()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=REPLY_SECONDS_MAX)

    def ask(self, operation: str, request: dict) -> None:
        body = json.dumps(request).encode()
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        if self.user:
            host = f"127.0.0.1:{self.connection.port}"
            headers = signed(host, headers, body, self.user["AccessKeyId"], self.user["SecretAccessKey"])
        self.connection.request("POST", "/", body, headers)
        reply = self.connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            sys.exit(f"{operation}: {reply.status} {body.decode()}")

    def dump(self) -> list[pathlib.Path]:
        """What was counted since the last dump: a file for each thread that clients wait for."""
        before = {*pathlib.Path(self.folder).glob("counts.*")}
        subprocess.run(["callgrind_control", "--dump", str(self.process.pid)], check=True, capture_output=True)
        made = {*pathlib.Path(self.folder).glob("counts.*")} - before
        return [path for path in made if not any(name in path.read_text() for name in BACKGROUND)]

    def count(self, operation: str, requests: list[dict]) -> tuple[int, list[pathlib.Path]]:
        """Instructions, and the files that say where."""
        self.ask(operation, requests[0])
        self.dump()
        for request in requests:
            self.ask(operation, request)
        files = self.dump()
        return sum(int(re.search(r"^totals: (\d+)", path.read_text(), re.M).group(1)) for path in files), files

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_SECONDS_MAX)


def plain_server(binary: str, folder: str, encrypts_files: bool) -> Server:
    key_file = f"{folder}/key"
    subprocess.run([binary, "key", "create", key_file], check=True, capture_output=True)
    return Server(binary, folder, ("--encrypt-at-rest", "--key-file", key_file) if encrypts_files else ())


def signing_server(binary: str, folder: str, encrypts_files: bool) -> Server:
    """One that checks signatures, and signs what it is asked."""
    key_file, data = f"{folder}/key", f"{folder}/data"
    subprocess.run([binary, "key", "create", key_file], check=True, capture_output=True)
    made = subprocess.run([binary, "user", "add", "alice", "--admin", "--json", "--data-dir", data, "--key-file", key_file],
                          check=True, capture_output=True)
    encryption = ("--encrypt-at-rest",) if encrypts_files else ()
    return Server(binary, folder, ("--auth", "sigv4", "--key-file", key_file, *encryption), json.loads(made.stdout))


def measure_cases(server: Server, cases: tuple, show: str | None, encrypts_table: bool) -> dict[str, int]:
    found = {}
    try:
        server.ask("CreateTable", {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"Enabled": encrypts_table},
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        })
        for name, operation, request, count in cases:
            for number in range(ITEMS):
                server.ask("PutItem", put(number))
            if operation == "GetItem":  # items are kept in memory from their second reading on
                for number in range(2 * ITEMS):
                    server.ask(operation, request(number))
            instructions, files = server.count(operation, [request(number) for number in range(count)])
            found[name] = instructions // count
            if name == show:
                for path in files:  # one for each thread
                    subprocess.run(["callgrind_annotate", "--inclusive=yes", "--auto=no", str(path)], check=True)
    finally:
        server.stop()
    return found


def measure(binary: str, show: str | None, encrypted: str) -> dict[str, int]:
    found = {}
    for make, cases in ((plain_server, CASES), (signing_server, SIGNED_CASES)):
        if show and show not in [case[0] for case in cases]:
            continue
        with tempfile.TemporaryDirectory(prefix="stator-cost-") as folder:
            server = make(binary, folder, encrypted in ("files", "both"))
            found |= measure_cases(server, cases, show, encrypted in ("table", "both"))
    return found


def compare(found: dict[str, int], expected: dict[str, int]) -> bool:
    good = True
    print(f"{'instructions of a request':32}{'now':>10}{'expected':>10}{'ratio':>8}")
    for name, instructions in found.items():
        ratio = instructions / expected[name] if name in expected else 1.0
        tolerance = TOLERANCES.get(name, TOLERANCE)
        word = "  dearer" if ratio > 1 + tolerance else "  cheaper: tests/cost/cost.py --update" if ratio < 1 - tolerance else ""
        print(f"{name:32}{instructions:>10,}{expected.get(name, 0):>10,}{ratio:>8.2f}{word}")
        good = good and ratio <= 1 + tolerance and name in expected
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parents[1] / "build" / "stator"))
    parser.add_argument("--update", action="store_true", help="expect from now on what is counted now")
    names = [case[0] for case in CASES + SIGNED_CASES]
    parser.add_argument("--show", metavar="CASE", choices=names, help='print where the instructions of this case go: "GetItem"')
    parser.add_argument("--encrypted", choices=("nothing", "files", "table", "both"), default="nothing")
    arguments = parser.parse_args()
    found = measure(os.path.abspath(arguments.binary), arguments.show, arguments.encrypted)
    if arguments.update:
        EXPECTED.write_text(json.dumps(found, indent=4) + "\n")
    good = compare(found, json.loads(EXPECTED.read_text()))
    print(f"{'all requests cost what they should' if good else 'a request became dearer'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
