"""What a server of a test's own tells operators: /metrics and /health."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from .endpoint import Server

PATIENCE_SECONDS_MAX = 30
METRICS_ADDRESS = re.compile(r"metrics on (http://\S+)/metrics")


def until(check, what: str):
    """What `check` returns, as soon as that is something."""
    deadline = time.monotonic() + PATIENCE_SECONDS_MAX
    while not (found := check()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def metrics_url(server: Server) -> str:
    """Where --metrics-listen led to."""

    def find():
        return next((found.group(1) for line in list(server.tail) if (found := METRICS_ADDRESS.search(line))), None)

    return until(find, "the server named no address for metrics")


def get(url: str) -> tuple[int, str, str]:
    """Status, Content-Type and body."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS_MAX) as reply:
            return reply.status, reply.headers["Content-Type"], reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


@dataclass(frozen=True)
class Scrape:
    families: dict
    samples: dict  # (name, sorted labels): value

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        wanted = set(labels.items())
        found = [value for (at, having), value in self.samples.items() if at == name and wanted <= set(having)]
        assert found, f"no sample of {name} with {labels}"
        return sum(found)

    def has(self, name: str, **labels: str) -> bool:
        return any(at == name and set(labels.items()) <= set(having) for at, having in self.samples)


def scrape(url: str) -> Scrape:
    """Parsed by Prometheus' own client library."""
    status, kind, text = get(url + "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8"), text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {}
    for family in families.values():
        for sample in family.samples:
            place = (sample.name, tuple(sorted(sample.labels.items())))
            assert place not in samples, f"{place} is there twice"
            samples[place] = sample.value
    return Scrape(families, samples)
