"""The table: what is measured, what shall be reached, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Row:
    """`value` is compared with `limit`: at least, or at most. A row without a limit is there to be read."""

    what: str
    measured: str
    comparison: str
    value: float
    limit: float | None = None
    at_least: bool = True
    unit: str = ""  # behind value and limit: "× nginx"
    note: str = ""
    by_cpu: float | None = None  # the same ratio, of CPU time per request instead of rates
    one_core: bool = False  # the server has a core of its own: the CPU time alone decides what rate it reaches
    judge_by_cpu: bool = False

    @property
    def reached(self):
        if self.limit is None:
            return None
        value = self.by_cpu if self.judge_by_cpu else self.value
        return value >= self.limit if self.at_least else value <= self.limit

    def cells(self):
        reach = ""
        if self.limit is not None:
            reach = f"{'≥' if self.at_least else '≤'} {number(self.limit)} {self.unit}".strip()
        mark = {None: "", True: "yes", False: "NO"}[self.reached]
        if mark and self.judge_by_cpu:
            mark += ", by CPU"
        so = f"{number(self.value)} {self.unit}".strip()
        if self.by_cpu is not None:
            so += f" (CPU: {number(self.by_cpu)} ×)"
        return [self.what, self.measured, self.comparison, so, reach, mark]


HEAD = ["what", "measured", "beside", "so", "reach", "reached"]


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def rate(value):
    return f"{value:,.0f}/s"


def text_table(rows):
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)


def markdown_table(rows):
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join(lines + ([""] + notes if notes else []))
