"""Where DynamoDB Local is known to answer otherwise than DynamoDB does. docs/differential.md tells the same as text.

A rule names the answers it explains and says who says so. It is asked only about answers that differ."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Callable

from compare import Diff


@dataclass(frozen=True)
class Known:
    name: str
    matches: Callable[[Diff], bool]
    reason: str


def capacity_unasked(diff: Diff) -> bool:
    asked = diff.request.get("ReturnConsumedCapacity")
    if asked not in (None, "NONE") or not (diff.stator.ok and diff.local.ok):
        return False
    rest = {name: held for name, held in diff.local.body.items() if name != "ConsumedCapacity"}
    return diff.stator.body == rest


def same_but_for(member: str, diff: Diff) -> bool:
    return diff.stator.ok and diff.local.ok and diff.members() == [member]


def reasons_stop(diff: Diff) -> bool:
    """The cancellation reasons are the same but for the stop behind the conditional request failed."""
    failed = "The conditional request failed"
    local = json.dumps(diff.local.body.get("CancellationReasons")).replace(failed + ".", failed)
    return diff.stator.type == diff.local.type and json.loads(local) == diff.stator.body.get("CancellationReasons", 0)


def texts(stator: str, local: str) -> Callable[[Diff], bool]:
    """Both are errors of one type, and their texts match these patterns."""
    one, two = re.compile(stator, re.DOTALL), re.compile(local, re.DOTALL)

    def matches(diff: Diff) -> bool:
        return diff.stator.type == diff.local.type != "" and bool(
            one.fullmatch(diff.stator.message) and two.fullmatch(diff.local.message))

    return matches


INDEX_KEY = "One or more parameter values were invalid: Type mismatch for Index Key"

KNOWN: tuple[Known, ...] = (
    Known(
        "capacity unasked",
        capacity_unasked,
        "API reference, ReturnConsumedCapacity: with NONE, the default, no ConsumedCapacity is in the answer",
    ),
    Known(
        "no item collection metrics",
        lambda diff: same_but_for("ItemCollectionMetrics", diff) and "ItemCollectionMetrics" not in diff.local.body,
        "API reference, ReturnItemCollectionMetrics: with SIZE, tables with local indexes answer them",
    ),
    Known(
        "full stop in a cancellation reason",
        reasons_stop,
        "API reference, TransactWriteItems: the reason's message is 'The conditional request failed', without a stop",
    ),
    Known(
        "numbers of BETWEEN as they were sent",
        texts(r".*The BETWEEN operator requires.*", r".*The BETWEEN operator requires.*"),
        "the text only: Stator names the numbers as DynamoDB stores and returns them, without superfluous zeros",
    ),
    Known(
        "index key type, short text",
        texts(INDEX_KEY + " .*", INDEX_KEY),
        "DynamoDB's text goes on with the key, both types and the index; public bug reports quote it",
    ),
    Known(
        "overlapping paths, wrong second path",
        texts(r".*path one: \[.*\], path two: \[.*\]", r".*path one: \[.*\], path two: \[.*\]"),
        "DynamoDB Local names the last path of the list as path two, also where that one overlaps with nothing",
    ),
)


def explain(diff: Diff) -> Known | None:
    return next((rule for rule in KNOWN if rule.matches(diff)), None)
