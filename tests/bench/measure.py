"""Runs the load generator and keeps what it measured, round by round."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
from dataclasses import dataclass, field


class Failure(Exception):
    """A measurement that cannot count: the load generator failed, or requests did."""


def median(values):
    return statistics.median(values)


@dataclass
class Samples:
    """Numbers by name, one of each per round. Ratios are taken within a round, for the machine changes between them."""

    rounds: dict[str, list[float]] = field(default_factory=dict)
    curves: dict | None = None

    def add(self, name, value):
        self.rounds.setdefault(name, []).append(value)

    def median(self, name):
        return median(self.rounds[name])

    def ratio(self, name, other):
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return median([a / b for a, b in pairs])


@dataclass
class Setup:
    """What all experiments share."""

    servers: object
    binary: str
    ceilings: str
    folder: pathlib.Path
    long: bool
    rounds: int
    seconds: int
    log: object  # called with a line about what happens
    taken_by_others: list[float] = field(default_factory=list)  # shares of the machine, one for each measurement

    def __post_init__(self):
        usable = sorted(os.sched_getaffinity(0))
        self.server_cpu = usable[:1]
        self.client_cpu = usable[1:2] or usable[:1]
        self.both_cpus = usable[:2]
        # The load generator on its core, the server on the other: on a network its wakings would not be the server's work.
        self.beside = {"cpus": self.client_cpu}
        if self.client_cpu != self.server_cpu:
            self.beside["busy_poll"] = True

    def bench_command(self, server, workload, cpus, options):
        command = [
            "taskset",
            "-c",
            ",".join(map(str, cpus)),
            self.binary,
            "bench",
            workload,
            "--url",
            server.url,
            "--json",
        ]
        for name, value in options.items():
            command.append("--" + name.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        return command

    def fill(self, server, workload, **options):
        """Makes and fills the table of a workload."""
        command = self.bench_command(server, workload, self.both_cpus, {**options, "load_only": True})
        self.log(f"{server.name}: filling the table of {workload} {options or ''}")
        run(command)

    def bench(self, server, workload, cpus, raw=False, allow_errors=False, **options):
        """One measurement: the load generator's JSON, and the CPU seconds of the server per request."""
        settings = {"seconds": self.seconds, "warmup": 0, **options}
        settings["raw" if raw else "no_load"] = True
        self.log(f"{server.name}: {workload} {options or ''}")
        before, busy_before = server.cpu_seconds(), busy_seconds()
        result = json.loads(run(self.bench_command(server, workload, cpus, settings)))
        own = server.cpu_seconds() - before
        result["server_cpu_us"] = own * 1e6 / result["requests"]
        others = busy_seconds() - busy_before - own - result["cpu_seconds"]
        self.taken_by_others.append(max(0, others) / (result["seconds"] * os.cpu_count()))
        bad = 0 if allow_errors else result["errors"] + result["unanswered"]
        if bad:
            raise Failure(f"{server.name}: {workload}: {bad} errors: {result['error_kinds']}")
        return result

    def in_turns(self, rounds, *steps):
        """Runs all steps in each round, every other round backwards: a machine that gets slower is fair to all."""
        for number in range(rounds):
            self.log(f"round {number + 1} of {rounds}")
            for step in steps if number % 2 == 0 else reversed(steps):
                step()


def busy_seconds():
    """What all processors of the machine have worked so far."""
    user, nice, system, _idle, _wait, irq, softirq, steal = map(
        int, pathlib.Path("/proc/stat").read_text(encoding="utf-8").split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout
