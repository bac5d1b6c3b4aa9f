"""Programs: a few rows and then random requests on the same few keys. Both servers answer each request, and at the end the
contents of all tables and indexes are compared. Where the servers part, both are emptied and get the rows again."""

from __future__ import annotations

import collections
import json
from dataclasses import dataclass, field
from typing import Any

import known
import operations
from compare import Diff, clear, compare, contents
from shrink import shrink
from tables import TABLES
from values import Gen
from wire import Client

ROWS_MAX = 8
STEPS_MIN, STEPS_MAX = 20, 80
Step = tuple[str, Any]


@dataclass
class Report:
    seed: int
    program: int
    operations: collections.Counter = field(default_factory=collections.Counter)
    explained: collections.Counter = field(default_factory=collections.Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)
    differences: list[tuple[str, str]] = field(default_factory=list)


def draw(seed: int, number: int) -> tuple[list[Step], list[Step]]:
    """The rows and the requests."""
    gen = Gen(f"{seed}:{number}")
    rows: list[Step] = []
    for _ in range(gen.integer(0, ROWS_MAX)):
        table = gen.table()
        rows.append(("PutItem", {"TableName": table.name, "Item": gen.item(table)}))
    return rows, gen.several(lambda: operations.step(gen), STEPS_MIN, STEPS_MAX)


def token_of(step: Step) -> str:
    return str(step[1].get("ClientRequestToken", step))


def shown(diff: Diff, steps: list[Step]) -> str:
    lines = [f"  {operation} '{json.dumps(request, ensure_ascii=False)}'" for operation, request in steps]
    return "\n".join(lines + [f"  Stator:         {diff.stator.short()}", f"  DynamoDB Local: {diff.local.short()}"])


class Comparison:
    def __init__(self, stator_port: int, local_port: int, account: str, shrinks: bool, examples: int):
        self.stator, self.local = Client(stator_port), Client(local_port, account)
        self.shrinks, self.examples = shrinks, examples
        self.seen: collections.Counter = collections.Counter()
        for table in TABLES:
            for client in (self.stator, self.local):
                answer = client.send("CreateTable", table.create())
                assert answer.ok, answer.short()

    def clear(self) -> None:
        clear(self.stator)
        clear(self.local)

    def run(self, seed: int, number: int) -> Report:
        report = Report(seed, number)
        rows, steps = draw(seed, number)
        self.clear()
        done: list[Step] = []
        unlike: set[str] = set()  # tokens of transactions that only one server has taken
        for step in rows + steps:
            if token_of(step) in unlike:
                continue
            if not done:
                done = self.put(rows) if step not in rows else []
            done.append(step)
            report.operations[step[0]] += 1
            if not self.same(step, done, report):
                unlike.add(token_of(step))
                self.clear()
                done = []
        for step in contents() if done else ():
            self.same(step, done + [step], report)
        return report

    def put(self, rows: list[Step]) -> list[Step]:
        """The rows once more, after the servers have parted."""
        for row in rows:
            compare(self.stator, self.local, *row)
        return list(rows)

    def same(self, step: Step, done: list[Step], report: Report) -> bool:
        """False if the servers may have parted, or if what they hold is lost in shrinking."""
        diff = compare(self.stator, self.local, *step)
        if diff is None:
            return True
        rules = known.explain(diff)
        for rule in rules or ():
            report.explained[rule] += 1
            if self.seen[rule] < self.examples:
                report.examples.append((rule, shown(diff, [step])))
            self.seen[rule] += 1
        if rules:
            return not diff.parted
        signature = diff.signature()
        self.seen[signature] += 1
        if self.seen[signature] > 1 or not self.shrinks:
            report.differences.append((signature, shown(diff, [step])))
            return not diff.parted
        short, diff = shrink(done, diff, self.last)
        report.differences.append((signature, shown(diff, short)))
        return False

    def last(self, steps: list[Step]) -> Diff | None:
        """What the last of these differs in, after all before it."""
        self.clear()
        for step in steps[:-1]:
            compare(self.stator, self.local, *step)
        diff = compare(self.stator, self.local, *steps[-1])
        return diff if diff and not known.explain(diff) else None
