"""Makes a program that shows a difference as short as it can: fewer steps, then fewer members and elements in them."""

from __future__ import annotations

import copy
import time
from typing import Any, Callable, Iterator

from compare import Diff

SHRINK_SECONDS_MAX = 60


class Shrinker:
    def __init__(self, steps: list, diff: Diff, last: Callable[[list], Diff | None]):
        self.steps, self.diff, self.last = steps, diff, last
        self.signature = diff.signature()
        self.deadline = time.monotonic() + SHRINK_SECONDS_MAX

    def keeps(self, steps: list) -> bool:
        """Takes the shorter program if its last request still differs in the same way."""
        if time.monotonic() > self.deadline:
            return False
        diff = self.last(steps)
        if diff is None or diff.signature() != self.signature:
            return False
        self.steps, self.diff = steps, diff
        return True

    def fewer_steps(self) -> None:
        size = len(self.steps) - 1
        while size:
            at = 0
            while at < len(self.steps) - 1:
                end = min(at + size, len(self.steps) - 1)
                if not self.keeps(self.steps[:at] + self.steps[end:]):
                    at = end
            size //= 2

    def smaller_requests(self) -> None:
        for number in range(len(self.steps) - 1, -1, -1):
            changed = True
            while changed:
                changed = any(self.keeps(without) for without in self.without_one(number))

    def without_one(self, number: int) -> Iterator[list]:
        operation, request = self.steps[number]
        for way in places(request, []):
            smaller = copy.deepcopy(request)
            holder = smaller
            for name in way[:-1]:
                holder = holder[name]
            del holder[way[-1]]
            yield self.steps[:number] + [(operation, smaller)] + self.steps[number + 1 :]


def places(value: Any, found: list) -> Iterator[list]:
    """Paths to every place inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inside:
        yield found + [name]
        yield from places(held, found + [name])


def shrink(steps: list, diff: Diff, last: Callable[[list], Diff | None]) -> tuple[list, Diff]:
    shrinker = Shrinker(list(steps), diff, last)
    if not shrinker.keeps(list(steps)):
        return steps[-1:], diff  # it does not come back: only the request itself is known
    shrinker.fewer_steps()
    shrinker.smaller_requests()
    return shrinker.steps, shrinker.diff
