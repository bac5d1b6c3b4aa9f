"""The plots of docs/performance.md, from the numbers of a run."""

from __future__ import annotations

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)

plt.rcParams["svg.fonttype"] = "none"  # letters stay letters
plt.rcParams["svg.hashsalt"] = "stator"

TITLES = {"get-hot": "GetItem, 400 bytes, hot", "put": "PutItem, 400 bytes"}


def throughput_against_latency(curves, folder):
    figure, axes = plt.subplots(1, len(curves), figsize=(11, 4.2))
    for axis, (workload, servers) in zip(axes, curves.items(), strict=True):
        for number, (name, points) in enumerate(servers.items()):
            rates = [point[0] for point in points]
            axis.plot(rates, [point[2] / 1000 for point in points], "o-", color=f"C{number}", label=f"{name} p99")
            axis.plot(rates, [point[1] / 1000 for point in points], ":", color=f"C{number}", label=f"{name} p50")
        axis.set(title=TITLES[workload], xlabel="requests a second", ylabel="milliseconds", xscale="log", yscale="log")
        axis.grid(alpha=0.3, which="both")
    axes[0].legend(fontsize=7)
    save(figure, folder / "throughput-latency.svg")


def latency_against_size(samples, folder):
    found = sorted(
        int(name.split()[1]) for name in samples.rounds if name.startswith("items ") and name.endswith("p99")
    )
    figure, axis = plt.subplots(figsize=(6, 4))
    for quantile in ("p99", "p50"):
        axis.plot(found, [samples.median(f"items {count} {quantile}") / 1000 for count in found], "o-", label=quantile)
    axis.set(title="GetItem at 5,000/s", xlabel="items of 400 bytes in the table", ylabel="milliseconds", xscale="log")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.legend()
    save(figure, folder / "latency-table-size.svg")


def save(figure, path):
    """As text that git can compare: no date, no random names, no spaces at the ends of lines."""
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
