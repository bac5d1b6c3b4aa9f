"""What is measured. Each experiment starts its servers, measures in turns, and returns its rows."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

from measure import Failure, run
from rows import Row, rate
from servers import HEADERS, call

FEW, MANY = 32, 256  # connections
SMALL = {"items": 10000, "item_size": 400, "fields": 1}


def get_answer(stator):
    """The body of a GetItem of the workload's table, for nginx to repeat."""
    status, body = call(
        stator.port, "GetItem", {"TableName": "bench-items-10000-400x1", "Key": {"pk": {"S": f"user{7:012d}"}}}
    )
    if status != 200 or b"Item" not in body:
        raise Failure(f"no item to repeat: {status} {body!r}")
    return body.decode()


def cache_mb(items):
    """Room for all items of 400 bytes, as RocksDB's blocks and in the cache of items; at most half of the memory."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return min(max(128, items * 12 // 10000), memory_mb // 2)


@contextlib.contextmanager
def group(setup):
    try:
        yield setup.servers
    finally:
        setup.servers.stop_all()


def read_all(setup, server, items, cpus):
    """A Scan of the table, or most of it: its blocks are in the cache then."""
    setup.bench(server, "scan", cpus, items=items, connections=1, seconds=max(2, items // 200000))


WARM_REQUESTS, WARM_RUNS_MAX = 10000, 10


def warm_up(setup, server, workload, cpus, connections):
    """Compilers of JavaScript and Java want to see the code run, and a busy machine gives them little time for it."""
    requests = runs = 0
    while requests < WARM_REQUESTS and runs < WARM_RUNS_MAX:
        requests += setup.bench(server, workload, cpus, connections=connections)["requests"]
        runs += 1


def rate_step(setup, samples, server, workload, cpus, **options):
    """A step of a round: the rate of requests and of items, and the server's CPU time per request."""

    def step():
        result = setup.bench(server, workload, cpus, **options)
        name = f"{server.name} {workload}"
        samples.add(name, result["requests_per_s"])
        samples.add(f"{name} items", result["items_per_s"])
        samples.add(f"{name} cpu", result["server_cpu_us"])
        samples.add(f"{name} refused", result["errors"] / (result["errors"] + result["requests"]))
        samples.add(f"{name} p50", result["latency_us"]["p50"])
        samples.add(f"{name} p99", result["latency_us"]["p99"])

    return step


def rate_and_cpu(samples, name):
    """The CPU time says how long a request would take on a core of its own: the steadier number on a busy machine."""
    return f"{rate(samples.median(name))} ({samples.median(f'{name} cpu'):.1f} µs CPU)"


def beside_row(samples, what, name, other, limit=None, label=None, one_core=False):
    """A row that compares rates, and CPU times. `label` names the other one, if its server's name does not."""
    return Row(
        what,
        rate_and_cpu(samples, name),
        f"{label or other.rpartition(' ')[0]} {rate_and_cpu(samples, other)}",
        samples.ratio(name, other),
        limit,
        unit="×",
        by_cpu=samples.ratio(f"{other} cpu", f"{name} cpu"),
        one_core=one_core,
    )


def reads(setup, samples):
    """GetItem with the server on one core and the load generator on the other."""
    items = 300000
    with group(setup) as servers:
        core = setup.server_cpu
        stator = servers.stator(core, "--threads", "1")
        ephemeral = servers.stator(core, "--threads", "1", name="ephemeral", ephemeral=True)
        large = servers.stator(core, "--threads", "1", name="large", cache_mb=cache_mb(items))
        dynalite, local = servers.dynalite(core), servers.dynamodb_local(core)
        for server in (stator, ephemeral, dynalite, local):
            setup.fill(server, "get-hot", **SMALL)
        setup.fill(large, "get", items=items)
        read_all(setup, large, items, setup.client_cpu)
        nginx = servers.nginx(core, get_answer(stator))
        for server in (stator, ephemeral, dynalite, local):
            warm_up(setup, server, "get-hot", setup.client_cpu, FEW)
        hot = {**setup.beside, "connections": FEW}
        setup.in_turns(
            setup.rounds,
            rate_step(setup, samples, nginx, "get-hot", raw=True, **hot),
            rate_step(setup, samples, stator, "get-hot", **hot),
            rate_step(setup, samples, ephemeral, "get-hot", **hot),
            rate_step(setup, samples, large, "get", items=items, **hot),
            rate_step(setup, samples, dynalite, "get-hot", **hot),
            rate_step(setup, samples, local, "get-hot", **hot),
        )
    what = "GetItem, 400 bytes, hot, one core"
    limits = {"nginx": 0.8, "dynalite": 15, "DynamoDB Local": 8, "ephemeral": None}
    rows = [
        beside_row(samples, what, "stator get-hot", f"{name} get-hot", limit, one_core=True)
        for name, limit in limits.items()
    ]
    what = f"GetItem, 400 bytes, cached by RocksDB, not hot ({items:,} items), one core"
    return [*rows, beside_row(samples, what, "large get", "nginx get-hot", 0.6, one_core=True)]


def signatures(setup, samples):
    """GetItem with and without a check of signatures, in many short turns: the two are near each other."""
    with group(setup) as servers:
        core = setup.server_cpu
        plain = servers.stator(core, "--threads", "1", name="plain")
        signed = servers.stator(core, "--threads", "1", "--auth", "sigv4", name="signed")
        for server in (plain, signed):
            setup.fill(server, "get-hot", **SMALL)
            warm_up(setup, server, "get-hot", setup.client_cpu, FEW)
        hot = {**setup.beside, "connections": FEW, "seconds": 1}
        setup.in_turns(
            5 * setup.rounds,
            rate_step(setup, samples, plain, "get-hot", **hot),
            rate_step(setup, samples, signed, "get-hot", **hot),
        )
    what = "GetItem, 400 bytes, hot, one core, --auth sigv4"
    return [
        beside_row(samples, what, "signed get-hot", "plain get-hot", 0.9, label="--auth none", one_core=True),
    ]


def ceiling_step(setup, samples, what, *arguments):
    def step():
        folder = setup.folder / f"ceiling-{what}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        setup.log(f"ceiling: {what}")
        result = json.loads(run([setup.ceilings, what, folder, setup.seconds, *arguments]))
        samples.add(f"ceiling {what}", result["per_s"])
        samples.add(f"ceiling {what} p50", result["p50_us"])
        shutil.rmtree(folder, ignore_errors=True)

    return step


def writes(setup, samples):
    """Durable writes: servers and load generator share two cores."""
    with group(setup) as servers:
        cores = setup.both_cpus
        stator, ephemeral = servers.stator(cores), servers.stator(cores, name="ephemeral", ephemeral=True)
        dynalite, local = servers.dynalite(cores), servers.dynamodb_local(cores)
        for server in (stator, ephemeral, dynalite, local):
            setup.fill(server, "put", **SMALL)
            warm_up(setup, server, "put", cores, MANY)
        setup.fill(stator, "query", **SMALL)
        nginx = servers.nginx(cores, get_answer(stator))
        many = {"cpus": cores, "connections": MANY}
        setup.in_turns(
            setup.rounds,
            rate_step(setup, samples, nginx, "put", raw=True, **many),
            ceiling_step(setup, samples, "put"),
            rate_step(setup, samples, stator, "put", **many),
            rate_step(setup, samples, stator, "update", **many),
            rate_step(setup, samples, stator, "transact", allow_errors=True, **many),
            rate_step(setup, samples, stator, "get", **many),
            rate_step(setup, samples, stator, "query", cpus=cores, connections=FEW),
            rate_step(setup, samples, ephemeral, "put", **many),
            rate_step(setup, samples, dynalite, "put", **many),
            rate_step(setup, samples, local, "put", **many),
            ceiling_step(setup, samples, "sync"),
            ceiling_step(setup, samples, "get", 100000),
        )
    what = "PutItem, 400 bytes, durable, two cores, 256 connections"
    put = rate(samples.median("stator put"))
    limits = {"nginx": 0.45, "dynalite": 12, "DynamoDB Local": None, "ephemeral": None}
    return [
        Row(
            what,
            rate_and_cpu(samples, "stator put"),
            f"RocksDB {rate(samples.median('ceiling put'))}",
            samples.ratio("stator put", "ceiling put"),
            0.5,
            unit="×",
        ),
        *(beside_row(samples, what, "stator put", f"{name} put", limit) for name, limit in limits.items()),
        Row(
            "CPU time of a durable PutItem, 256 connections",
            f"{samples.median('stator put cpu'):.1f} µs",
            f"GetItem {samples.median('stator get cpu'):.1f} µs",
            samples.ratio("stator put cpu", "stator get cpu"),
            1.7,
            at_least=False,
            unit="×",
        ),
        beside_row(
            samples,
            "UpdateItem, one counter, durable, 256 connections",
            "stator update",
            "stator put",
            0.8,
            label="PutItem",
        ),
        Row(
            "Query, 100 items of 400 bytes",
            rate_and_cpu(samples, "stator query"),
            "",
            samples.median("stator query items"),
            300000,
            unit="items/s",
        ),
        Row(
            "TransactWriteItems, four puts, one shard, 256 connections",
            f"{samples.median('stator transact items'):,.0f} items/s",
            f"PutItem {put}",
            samples.ratio("stator transact items", "stator put"),
            0.8,
            unit="×",
            note=f"{samples.median('stator transact refused'):.1%} met another transaction and were cancelled",
        ),
        Row(
            "RocksDB: 32 durable puts",
            f"{samples.median('ceiling put p50'):,.0f} µs",
            f"fdatasync {samples.median('ceiling sync p50'):,.0f} µs",
            samples.ratio("ceiling put p50", "ceiling sync p50"),
            unit="×",
        ),
        Row(
            "RocksDB: a get, in its cache",
            f"{samples.median('ceiling get p50'):.1f} µs",
            "",
            samples.median("ceiling get"),
            unit="/s",
        ),
    ]


def threads(setup, samples):
    """What a second loop thread costs: CPU time per request, with as many requests as both take."""
    with group(setup) as servers:
        cores = setup.both_cpus
        pair = [servers.stator(cores, "--threads", str(n), name=f"threads-{n}") for n in (1, 2)]
        for server in pair:
            setup.fill(server, "get-hot", **SMALL)
            warm_up(setup, server, "get-hot", cores, MANY)
        setup.in_turns(
            setup.rounds,
            *(rate_step(setup, samples, server, "get-hot", cpus=cores, connections=MANY) for server in pair),
        )
    return [
        Row(
            "CPU time of a GetItem, two loop threads, 256 connections",
            f"{samples.median('threads-2 get-hot cpu'):.1f} µs",
            f"one thread {samples.median('threads-1 get-hot cpu'):.1f} µs",
            samples.ratio("threads-2 get-hot cpu", "threads-1 get-hot cpu"),
            1.15,
            at_least=False,
            unit="×",
        )
    ]


class Background:
    """Puts of large items at a steady rate, and Scans, as long as the block lasts."""

    PUTS = {"items": 5000, "item_size": 16000, "connections": 16, "rate": 800}

    def __init__(self, setup, server):
        self.setup, self.server, self.running = setup, server, []

    def __enter__(self):
        for workload, options in (("put", self.PUTS), ("scan", {"connections": 1, **SMALL})):
            settings = {"seconds": 3600, "warmup": 0, "no_load": True, **options}
            command = self.setup.bench_command(self.server, workload, self.setup.both_cpus, settings)
            self.running.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL))
        time.sleep(2)
        return self

    def __exit__(self, *exception):
        for process in self.running:
            process.kill()
            process.wait()


def sst_files(folder):
    return set(pathlib.Path(folder).rglob("*.sst"))


def beside(setup, samples):
    """The slowest reads while the server is busy with everything else."""
    rounds = setup.rounds if setup.long else 2
    seconds = 10 if setup.long else 5
    compactions = []
    with group(setup) as servers:
        server = servers.stator(setup.both_cpus)
        setup.fill(server, "get", **SMALL)
        put_table = {name: Background.PUTS[name] for name in ("items", "item_size")}
        setup.fill(server, "put", **put_table)
        paced = {"rate": 1000, "connections": FEW, "seconds": seconds, "cpus": setup.both_cpus}

        def alone():
            samples.add("get alone p99", setup.bench(server, "get", **paced)["latency_us"]["p99"])

        def busy():
            before = sst_files(server.folder)
            with Background(setup, server):
                samples.add("get busy p99", setup.bench(server, "get", **paced)["latency_us"]["p99"])
            compactions.append(bool(before - sst_files(server.folder)))  # a compaction removes what it merged

        setup.in_turns(rounds, alone, busy)
    note = "" if all(compactions) else f"a compaction ran in {sum(compactions)} of {rounds} rounds only"
    return [
        Row(
            "p99 of GetItem at 1,000/s beside puts, Scans and a compaction",
            f"{samples.median('get busy p99') / 1000:.2f} ms",
            f"alone {samples.median('get alone p99') / 1000:.2f} ms",
            samples.ratio("get busy p99", "get alone p99"),
            5,
            at_least=False,
            unit="×",
            note=note,
        )
    ]


def sizes(setup, samples):
    """GetItem on small and large tables, all in the cache, and starts of a server with the largest."""
    counts = [1000, 10000, 100000, *((1000000, 10000000) if setup.long else (300000,))]
    large = counts[-1]
    with group(setup) as servers:
        cores = setup.both_cpus
        each = {}
        for count in counts:
            each[count] = servers.stator(cores, name=f"items-{count}", cache_mb=cache_mb(count))
            setup.fill(each[count], "get", items=count)
            read_all(setup, each[count], count, cores)

        def step(count):
            def measure():
                latency = setup.bench(each[count], "get", cores, items=count, rate=5000, connections=FEW)["latency_us"]
                samples.add(f"items {count} p99", latency["p99"])
                samples.add(f"items {count} p50", latency["p50"])

            return measure

        setup.in_turns(setup.rounds, *map(step, counts))
        for count in counts[:-1]:
            each[count].close()
        for _ in range(setup.rounds):
            start_again(setup, samples, each[large], large)
    note = "" if setup.long else "the table in question has 10,000,000 items: `make bench LONG=1`"
    return [
        Row(
            f"p99 of GetItem at 5,000/s on {large:,} items, in the cache",
            f"{samples.median(f'items {large} p99') / 1000:.2f} ms",
            f"10,000 items {samples.median('items 10000 p99') / 1000:.2f} ms",
            samples.ratio(f"items {large} p99", "items 10000 p99"),
            2,
            at_least=False,
            unit="×",
            note=note,
        ),
        start_row(samples, f"a clean stop with {large:,} items to the first answer", "clean", 0.3, note),
        start_row(samples, f"kill -9 under puts with {large:,} items to the first answer", "killed", 2, note),
    ]


def start_again(setup, samples, server, items):
    setup.log(f"{server.name}: start after a clean stop, and after kill -9")
    server.stop()
    samples.add("start clean", server.start())
    setup.bench(server, "put", setup.both_cpus, items=items, connections=MANY)
    server.kill()
    samples.add("start killed", server.start())


def start_row(samples, what, name, limit, note):
    return Row(what, "", "", samples.median(f"start {name}"), limit, at_least=False, unit="s", note=note)


def idle(setup, samples):
    """A server without data: how soon it answers, and the memory of it and of connections that do nothing."""
    wanted = 2000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit[1], wanted + 1000), limit[1]))
    with group(setup) as servers:
        for _ in range(9):
            server = servers.stator(setup.both_cpus)
            samples.add("start empty", server.seconds)
            server.close()
        server = servers.stator(setup.both_cpus)
        time.sleep(1)
        samples.add("idle bytes", server.memory_bytes())
        connections = []
        for count in (100, wanted):  # the first hundred fill the pools
            before = server.memory_bytes()
            for _ in range(count):
                connection = http.client.HTTPConnection("127.0.0.1", server.port)
                connection.request("POST", "/", "{}", {**HEADERS, "X-Amz-Target": "DynamoDB_20120810.ListTables"})
                connection.getresponse().read()
                connections.append(connection)
        samples.add("connection bytes", (server.memory_bytes() - before) / wanted)
        for connection in connections:
            connection.close()
    empty = samples.median("start empty") * 1000
    return [
        Row("an empty folder to the first answer", "", "", empty, 35, False, "ms"),
        Row(
            f"memory of an idle connection ({wanted:,} of them)",
            "",
            "",
            samples.median("connection bytes") / 1024,
            20,
            False,
            "KB",
        ),
        Row("memory of an idle server", "", "", samples.median("idle bytes") / (1 << 20), 20, False, "MB"),
    ]


def curves(setup, samples):
    """Latency at rates from low to nearly all that each server can do. Returns points for the plot, no rows."""
    shares = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95] if setup.long else [0.2, 0.5, 0.8, 0.9]
    points = {"get-hot": {}, "put": {}}
    with group(setup) as servers:
        cores = setup.both_cpus
        stator, ephemeral = servers.stator(cores), servers.stator(cores, name="ephemeral", ephemeral=True)
        everyone = [stator, ephemeral, servers.dynalite(cores), servers.dynamodb_local(cores)]
        for server in everyone:
            setup.fill(server, "put", **SMALL)
            for workload, found in points.items():
                most = setup.bench(server, workload, cores, connections=64)["requests_per_s"]
                found[server.name] = []
                for share in shares:
                    result = setup.bench(server, workload, cores, connections=64, rate=max(1, int(most * share)))
                    latency = result["latency_us"]
                    found[server.name].append((result["requests_per_s"], latency["p50"], latency["p99"]))
    samples.curves = points
    return []


ALL = [reads, signatures, writes, threads, beside, sizes, idle, curves]
