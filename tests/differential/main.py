"""Compares Stator with Amazon's DynamoDB Local on random requests. `make differential` runs it; docs/differential.md
tells how to read what it prints.

A program is a few rows and then random requests on the same few keys; both servers answer each, and at the end the contents
of all tables and indexes are compared. A program that finds a difference is shrunk by Hypothesis and printed. The same seed and
number of requests make the same programs."""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from typing import Any

import hypothesis
import hypothesis.internal.conjecture.engine
from hypothesis import strategies as st

import known
import operations
from compare import Diff, clear, compare, contents
from tables import TABLES
from values import Gen
from wire import Child, start_local, start_stator

PROGRAMS_PER_ROUND = 40
STEPS_MAX = 72
STEP_LISTS = 6
ROWS_MAX = 6
SHRINK_SECONDS_MAX = 60
PROGRESS_SECONDS = 15


class Difference(Exception):
    """Has a subclass for each signature, so that shrinking stays with the difference it began with."""

    def __init__(self, diff: Diff, steps: list):
        super().__init__(diff.signature())
        self.diff, self.steps = diff, steps


@st.composite
def one_step(draw) -> tuple[str, Any]:
    return operations.step(Gen(draw))


@st.composite
def one_row(draw) -> tuple[str, Any]:
    gen = Gen(draw)
    table = gen.table()
    return "PutItem", {"TableName": table.name, "Item": gen.item(table)}


# Several short lists: Hypothesis draws few elements into each, and takes elements out of them when it shrinks.
STEPS = st.lists(one_step(), max_size=STEPS_MAX // STEP_LISTS)
PROGRAMS = st.tuples(st.lists(one_row(), max_size=ROWS_MAX), *[STEPS] * STEP_LISTS)


class Comparison:
    def __init__(self, stator: Child, local: Child, wanted: int, shrink: bool):
        self.stator, self.local = stator.client(), local.client()
        self.wanted, self.shrink = wanted, shrink
        self.requests = 0
        self.by_operation: collections.Counter = collections.Counter()
        self.explained: collections.Counter = collections.Counter()
        self.again: collections.Counter = collections.Counter()
        self.found: dict[str, Difference] = {}
        self.classes: dict[str, type] = {}
        self.shown_at = self.started = time.monotonic()
        for table in TABLES:
            for client in (self.stator, self.local):
                answer = client.send("CreateTable", table.create())
                assert answer.ok, answer.short()

    def program(self, steps: list) -> None:
        clear(self.stator)
        clear(self.local)
        done: list = []
        for operation, request in steps:
            done.append((operation, request))
            self.requests += 1
            self.by_operation[operation] += 1
            if not self.step(operation, request, done):
                return
        for operation, request in contents():
            self.step(operation, request, done + [(operation, request)])

    def step(self, operation: str, request: Any, done: list) -> bool:
        """False if the program must end here, since the servers may have parted."""
        diff = compare(self.stator, self.local, operation, request)
        self.progress()
        if diff is None:
            return True
        rule = known.explain(diff)
        if rule:
            self.explained[rule.name] += 1
            return not diff.parted
        signature = diff.signature()
        if signature in self.found:
            self.again[signature] += 1
            return not diff.parted
        if not self.shrink:
            self.report(Difference(diff, done[-1:]))
            return not diff.parted
        made = self.classes.setdefault(signature, type("Difference", (Difference,), {}))
        raise made(diff, list(done))

    def progress(self) -> None:
        now = time.monotonic()
        if now - self.shown_at > PROGRESS_SECONDS:
            self.shown_at = now
            rate = self.requests / (now - self.started)
            print(f"  {self.requests:,} of {self.wanted:,} requests, {rate:.0f}/s, {len(self.found)} differences", flush=True)

    def round(self, seed: int) -> None:
        def property(program):
            self.program([step for part in program for step in part])

        settings = hypothesis.settings(
            max_examples=PROGRAMS_PER_ROUND,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=hypothesis.Verbosity.quiet,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        test = hypothesis.seed(seed)(settings(hypothesis.given(PROGRAMS)(property)))
        try:
            test()
        except Difference as difference:
            self.report(difference)
        except hypothesis.errors.Flaky as flaky:
            print(f"\nA difference that does not come back: {flaky}", flush=True)
            self.found.setdefault(f"not repeatable: {flaky}"[:200], None)

    def report(self, difference: Difference) -> None:
        self.found[str(difference)] = difference
        print(f"\nDIFFERENCE {len(self.found)}: {difference}")
        for operation, request in difference.steps:
            print(f"  {operation} '{json.dumps(request, ensure_ascii=False)}'")
        print(f"  Stator:         {difference.diff.stator.short()}")
        print(f"  DynamoDB Local: {difference.diff.local.short()}", flush=True)

    def summary(self) -> None:
        print(f"\n{self.requests:,} requests in {time.monotonic() - self.started:.0f} s")
        for operation, count in sorted(self.by_operation.items()):
            print(f"  {operation:24}{count:9,}")
        for title, counts in (("explained by known.py", self.explained), ("seen again", self.again)):
            if counts:
                print(f"{title}:")
            for name, count in counts.most_common():
                print(f"  {count:9,}  {name}")
        print(f"{len(self.found)} unexplained differences")


def run(arguments: argparse.Namespace, shards: int) -> bool:
    print(f"Stator with {shards} shards against DynamoDB Local, {arguments.requests:,} requests, seed {arguments.seed}", flush=True)
    children = [start_stator(arguments.binary, shards), start_local()]
    try:
        comparison = Comparison(*children, arguments.requests, arguments.shrink == "yes")
        number = 0
        while comparison.requests < arguments.requests and len(comparison.found) < arguments.differences:
            comparison.round(arguments.seed * 1_000_000 + number)
            number += 1
        comparison.summary()
        return not comparison.found
    finally:
        for child in children:
            child.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="build/stator", help="the server that is compared")
    parser.add_argument("--shards", default="1 4", help="a run for each")
    parser.add_argument("--requests", type=int, default=100_000, help="how many in each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--differences", type=int, default=10, help="a run ends when it has found so many")
    parser.add_argument("--shrink", choices=("yes", "no"), default="yes", help="no: only the request that differs, sooner")
    arguments = parser.parse_args()
    hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS = SHRINK_SECONDS_MAX
    good = [run(arguments, int(shards)) for shards in arguments.shards.split()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
