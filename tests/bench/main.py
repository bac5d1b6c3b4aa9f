"""Measures Stator beside dynalite, DynamoDB Local, nginx and RocksDB, and prints what it reaches.

Writes results.json, table.md and the plots into --out. `make bench` calls it; docs/performance.md explains it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import experiments
import plots
from measure import Failure, Samples, Setup, median
from rows import markdown_table, text_table
from servers import CREDENTIALS, ROOT, Servers

DOCUMENT = ROOT / "docs/performance.md"
# When other programs take more of the machine than this, rates on one core are judged by the CPU time behind them.
TAKEN_MAX = 0.1
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/stator"))
    parser.add_argument("--ceilings", default=str(ROOT / "build/tests/bench/ceilings"))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--long", action="store_true", help="ten million items, more and longer rounds")
    parser.add_argument("--docs", action="store_true", help="put table and plots into docs/")
    parser.add_argument("--rounds", type=int, help="default 3, with --long 7")
    parser.add_argument("--seconds", type=int, help="of each measurement (default 1, with --long 5)")
    names = [experiment.__name__ for experiment in experiments.ALL]
    parser.add_argument("--only", nargs="*", choices=names, default=names, help="some of the experiments")
    parser.add_argument("--quiet", action="store_true", help="no word about what happens")
    return parser.parse_args()


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return (done.stdout + done.stderr).strip().split("\n")[0]


def machine(folder):
    info = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    memory_kb = int(pathlib.Path("/proc/meminfo").read_text(encoding="utf-8").split()[1])
    return {
        "date": datetime.date.today().isoformat(),
        "commit": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "processors": f"{len(os.sched_getaffinity(0))} × {models[0] if models else platform.machine()}",
        "memory": f"{memory_kb / (1 << 20):.0f} GB",
        "kernel": re.match(r"[\d.]*", platform.release())[0],
        "disk": first_line("findmnt", "-no", "SOURCE,FSTYPE", "--target", str(folder)),
        "nginx": first_line(shutil.which("nginx") or "/usr/sbin/nginx", "-v").rpartition("/")[2],
        "Node.js": first_line("node", "--version"),
        "Java": first_line("java", "-version"),
    }


def document(facts, rows, arguments):
    """The measured part of docs/performance.md."""
    form = "long" if arguments.long else "short"
    head = ", ".join(f"{name} {value}" for name, value in facts.items())
    return f"{BEGIN}\n\nThe {form} form. {head}.\n\n{markdown_table(rows)}\n\n{END}"


def write_documents(text, out):
    old = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = old.partition(BEGIN)
    DOCUMENT.write_text(before + text + rest.partition(END)[2], encoding="utf-8")
    folder = ROOT / "docs/performance"
    folder.mkdir(exist_ok=True)
    for plot in out.glob("*.svg"):
        shutil.copy(plot, folder)


def main():
    arguments = read_arguments()
    os.environ.update(CREDENTIALS)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    out = arguments.out.resolve()
    data = out / "data"
    data.mkdir(parents=True, exist_ok=True)
    (out / "servers.log").write_bytes(b"")
    setup = Setup(
        servers=Servers(arguments.binary, data),
        binary=arguments.binary,
        ceilings=arguments.ceilings,
        folder=data,
        long=arguments.long,
        rounds=arguments.rounds or (7 if arguments.long else 3),
        seconds=arguments.seconds or (5 if arguments.long else 1),
        log=(lambda line: None) if arguments.quiet else (lambda line: print(f"  {line}", file=sys.stderr, flush=True)),
    )
    facts, samples, rows = machine(out), Samples(), []
    try:
        for experiment in experiments.ALL:
            if experiment.__name__ in arguments.only:
                setup.log(f"== {experiment.__name__}: {experiment.__doc__}")
                rows += experiment(setup, samples)
    except Failure as failure:
        print(f"make bench: {failure}", file=sys.stderr)
        return 1
    finally:
        setup.servers.stop_all()
        shutil.rmtree(data, ignore_errors=True)
    curves = samples.curves
    taken = median(setup.taken_by_others)
    facts["taken by others meanwhile"] = f"{taken:.0%}"
    for row in rows:
        row.judge_by_cpu = row.one_core and taken > TAKEN_MAX
    results = {
        "machine": facts,
        "rows": [vars(row) | {"reached": row.reached} for row in rows],
        "samples": samples.rounds,
        "curves": curves,
    }
    (out / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    text = document(facts, rows, arguments)
    (out / "table.md").write_text(text + "\n", encoding="utf-8")
    if curves:
        plots.throughput_against_latency(curves, out)
    if "sizes" in arguments.only:
        plots.latency_against_size(samples, out)
    if arguments.docs:
        write_documents(text, out)
    print(text_table(rows))
    asked = [row for row in rows if row.limit is not None]
    if median(setup.taken_by_others) > 0.1:
        print(
            f"\nOther programs took {facts['taken by others meanwhile']} of the machine: trust CPU times, if anything."
        )
    print(f"\n{sum(row.reached for row in asked)} of {len(asked)} reached; numbers and plots are in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
