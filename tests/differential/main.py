"""Compares Stator with Amazon's DynamoDB Local on random requests. `make differential` runs it; docs/differential.md
tells how to read what it prints.

Each worker has a Stator of its own and, by its access key, tables of its own in one DynamoDB Local. Program number N of a seed
is always the same, whichever worker runs it: `--program N` repeats it."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import queue
import sys
import time
from typing import Any

import known
from program import Comparison, Report
from wire import start_local, start_stator

PROGRESS_SECONDS = 15
SILENCE_SECONDS_MAX = 600


def work(worker: int, arguments: argparse.Namespace, local_port: int, shards: int, reports: Any, stop: Any) -> None:
    """Runs every program whose number is this worker's, until `stop` is set."""
    stator = start_stator(arguments.binary, shards, worker)
    try:
        stator.wait_ready()
        comparison = Comparison(stator.port, local_port, f"WORKER{worker}", arguments.shrink == "yes", arguments.examples)
        if arguments.program is not None:
            reports.put(comparison.run(arguments.seed, arguments.program))
            return
        number = worker
        while not stop.is_set():
            reports.put(comparison.run(arguments.seed, number))
            number += arguments.workers
    finally:
        stator.stop()
        reports.put(None)


class Total:
    def __init__(self, arguments: argparse.Namespace):
        self.arguments = arguments
        self.programs = self.requests = 0
        self.operations: collections.Counter = collections.Counter()
        self.explained: collections.Counter = collections.Counter()
        self.examples: collections.Counter = collections.Counter()
        self.found: collections.Counter = collections.Counter()
        self.started = self.shown_at = time.monotonic()

    def add(self, report: Report) -> None:
        self.programs += 1
        self.requests += sum(report.operations.values())
        self.operations += report.operations
        self.explained += report.explained
        for rule, text in report.examples:
            self.examples[rule] += 1
            if self.examples[rule] <= self.arguments.examples:
                print(f"\nKNOWN: {rule}\n{text}", flush=True)
        for signature, text in report.differences:
            self.found[signature] += 1
            if self.found[signature] == 1:
                print(f"\nDIFFERENCE {len(self.found)}: {signature} (seed {report.seed}, program {report.program})\n{text}", flush=True)
        if time.monotonic() - self.shown_at > PROGRESS_SECONDS:
            self.shown_at = time.monotonic()
            print(f"  {self.requests:,} requests, {self.rate():.0f}/s, {len(self.found)} differences", flush=True)

    def rate(self) -> float:
        return self.requests / (time.monotonic() - self.started)

    @property
    def enough(self) -> bool:
        return self.requests >= self.arguments.requests or len(self.found) >= self.arguments.differences

    def summary(self) -> None:
        seconds = time.monotonic() - self.started
        print(f"\n{self.requests:,} requests in {self.programs:,} programs and {seconds:.0f} s, {self.rate():.0f}/s")
        for operation, count in sorted(self.operations.items()):
            print(f"  {operation:24}{count:9,}")
        print("explained by known.py:")
        for rule in known.NAMES:
            print(f"  {self.explained[rule]:9,}  {rule}")
        if self.found:
            print("unexplained:")
        for signature, count in self.found.most_common():
            print(f"  {count:9,}  {signature}")
        print(f"{len(self.found)} unexplained differences", flush=True)


def run(arguments: argparse.Namespace, shards: int) -> bool:
    print(f"Stator with {shards} shards against DynamoDB Local, {arguments.requests:,} requests, seed {arguments.seed}", flush=True)
    context = multiprocessing.get_context("fork")
    reports, stop = context.Queue(), context.Event()
    local = start_local()
    total = Total(arguments)
    try:
        local.wait_ready()
        workers = [context.Process(target=work, args=(number, arguments, local.port, shards, reports, stop), daemon=True)
                   for number in range(arguments.workers)]
        for worker in workers:
            worker.start()
        running = len(workers)
        while running:
            report = reports.get(timeout=SILENCE_SECONDS_MAX)
            if report is None:
                running -= 1
                stop.set()  # one that ends of itself has failed, or has run the only program
            elif not stop.is_set():
                total.add(report)
            if total.enough:
                stop.set()
        for worker in workers:
            worker.join()
    except queue.Empty:
        raise SystemExit(f"no program has ended for {SILENCE_SECONDS_MAX} seconds") from None
    finally:
        stop.set()
        local.stop()
    total.summary()
    return not total.found and all(worker.exitcode == 0 for worker in workers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="build/stator", help="the server that is compared")
    parser.add_argument("--shards", default="1 4", help="a run for each")
    parser.add_argument("--requests", type=int, default=100_000, help="how many in each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", type=int, help="only this one of the seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many programs at a time")
    parser.add_argument("--differences", type=int, default=10, help="a run ends when it has found so many")
    parser.add_argument("--shrink", choices=("yes", "no"), default="yes", help="no: only the request that differs, sooner")
    parser.add_argument("--examples", type=int, default=0, help="how many uses of each known difference to print")
    arguments = parser.parse_args()
    if arguments.program is not None:
        arguments.workers = 1
    good = [run(arguments, int(shards)) for shards in arguments.shards.split()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
