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


def metrics_unasked_or_missing(diff: Diff) -> bool:
    """DynamoDB Local tells capacities that were not asked for, and never the sizes of item collections."""
    if not (diff.stator.ok and diff.local.ok):
        return False
    stator, local = dict(diff.stator.body), dict(diff.local.body)
    if diff.request.get("ReturnConsumedCapacity") in (None, "NONE"):
        local.pop("ConsumedCapacity", None)
    if "ItemCollectionMetrics" not in local:
        stator.pop("ItemCollectionMetrics", None)
    return stator == local


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


def local_says(pattern: str) -> Callable[[Diff], bool]:
    """Both refuse; DynamoDB Local with this text."""
    text = re.compile(pattern, re.DOTALL)
    return lambda diff: not diff.stator.ok and not diff.local.ok and bool(text.fullmatch(diff.local.message))


def stator_says(pattern: str) -> Callable[[Diff], bool]:
    text = re.compile(pattern, re.DOTALL)
    return lambda diff: not diff.stator.ok and not diff.local.ok and bool(text.fullmatch(diff.stator.message))


def capacity_of(*operations: str) -> Callable[[Diff], bool]:
    return lambda diff: diff.operation in operations and same_but_for("ConsumedCapacity", diff)


def nothing_read(diff: Diff) -> bool:
    """DynamoDB Local charges nothing for a read that finds nothing."""
    return diff.operation in ("Query", "Scan", "GetItem") and same_but_for("ConsumedCapacity", diff) and \
        diff.local.body["ConsumedCapacity"].get("CapacityUnits") == 0.0


def filter_on_index(diff: Diff) -> bool:
    narrow = diff.request.get("IndexName") in ("gsome", "gkeys") if isinstance(diff.request, dict) else False
    return narrow and diff.stator.ok and diff.local.ok and {"FilterExpression", "QueryFilter", "ScanFilter"} & {*diff.request} != set()


def table_name_beside_error(diff: Diff) -> bool:
    if diff.operation != "BatchExecuteStatement" or not same_but_for("Responses", diff):
        return False
    pairs = zip(diff.stator.body["Responses"], diff.local.body["Responses"])
    return all(one == two or ("Error" in one and one == {"Error": two.get("Error")}) for one, two in pairs)


INDEX_KEY = "One or more parameter values were invalid: Type mismatch for Index Key"

# What the two servers look for in different orders.
FLAWS = re.compile(
    ".*(Two document paths (overlap|conflict)|Type mismatch for (key|attribute)|key element does not match the schema"
    "|conditions on the keys|required keys|is not supported for the type|document path provided in the update expression"
    "|incorrect data type|refers to an attribute that does not exist|Cannot update attribute|Updates on index keys"
    "|secondary index key|Incorrect operand type|Validation failed in TransactStatements|BETWEEN operator requires"
    "|Condition parameter type does not match|lower bound is greater|is not defined|unused in expressions"
    "|Type mismatch for Index Key|keys contains duplicates|cannot contain an empty string value|must specify the primary key).*",
    re.DOTALL,
)


def two_flaws(diff: Diff) -> bool:
    texts_of = (diff.stator.message, diff.local.message)
    return diff.stator.type == diff.local.type and texts_of[0] != texts_of[1] and all(map(FLAWS.fullmatch, texts_of))


KNOWN: tuple[Known, ...] = (
    Known(
        "capacity unasked, no item collection metrics",
        metrics_unasked_or_missing,
        "API reference, ReturnConsumedCapacity: with NONE, the default, none is told; ReturnItemCollectionMetrics: with SIZE, "
        "tables with local indexes tell them",
    ),
    Known(
        "JSON types",
        lambda diff: diff.stator.type == "SerializationException",
        "AWS JSON protocol: a member of another JSON type is a SerializationException; DynamoDB Local converts it or fails",
    ),
    Known(
        "DynamoDB Local fails itself",
        lambda diff: diff.local.status == 500 and diff.stator.status < 500,
        "API reference, InternalServerError: an error on the server side, thus a fault of DynamoDB Local",
    ),
    Known(
        "constraints of the service's model",
        stator_says(r"\d+ validation errors? detected: .*"),
        "DynamoDB checks the model's constraints first, all together, with this text; DynamoDB Local has texts of its own",
    ),
    Known(
        "key of a type that keys cannot have",
        local_says("Invalid attribute value type"),
        "DynamoDB names the key and both types, or the schema, for sets and documents as for other wrong types",
    ),
    Known(
        "key type, short text",
        texts(".*Type mismatch for key .*", ".*Type mismatch for key"),
        "DynamoDB's text goes on with the key and both types; public bug reports quote it",
    ),
    Known(
        "DuplicateItem",
        lambda diff: diff.stator.type == "DuplicateItemException" and diff.local.type == "DuplicateItem",
        "API reference, ExecuteStatement: the error is DuplicateItemException",
    ),
    Known(
        "segment without a total, text",
        local_says("If segment is specified, total segment must also be specified|If total segments is .*"),
        "DynamoDB's text names the parameters as they are written; public bug reports quote it",
    ),
    Known(
        "consistent read of a global index, text",
        local_says("Consistent read cannot be true when (querying|scanning) a GSI"),
        "DynamoDB's text is 'Consistent reads are not supported on global secondary indexes'",
    ),
    Known(
        "a read that finds nothing",
        nothing_read,
        "Developer Guide, Read consumption: a read that finds no item consumes the minimum too",
    ),
    Known(
        "capacity of batches, transactions and statements",
        capacity_of("BatchWriteItem", "BatchGetItem", "TransactGetItems", "TransactWriteItems", "ExecuteStatement",
                    "BatchExecuteStatement", "ExecuteTransaction"),
        "Developer Guide, Capacity unit consumption: as for the single operations, whose capacities are compared; DynamoDB "
        "Local leaves out items that are missing, statements that change nothing and the Table member's units",
    ),
    Known(
        "two actions on one item",
        stator_says("Transaction request cannot include multiple operations on one item"),
        "API reference, TransactWriteItems: the whole request is refused, before conditions are evaluated",
    ),
    Known(
        "errors of transacted actions",
        lambda diff: diff.stator.type == "TransactionCanceledException" and "ValidationError" in diff.stator.message,
        "API reference, TransactWriteItems, ExecuteTransaction: cancelled with a ValidationError by position; DynamoDB Local "
        "refuses the request with the first one's text",
    ),
    Known(
        "insert of an existing item in a transaction",
        lambda diff: "DuplicateItem" in diff.stator.message and diff.stator.type == diff.local.type,
        "API reference, BatchStatementError and CancellationReason: the code is DuplicateItem",
    ),
    Known(
        "keys cannot be updated, before the condition",
        lambda diff: "Cannot update attribute" in diff.stator.message and diff.local.type == "ConditionalCheckFailedException",
        "the request alone is wrong, whatever the item holds: DynamoDB validates requests before it reads items",
    ),
    Known(
        "table name beside an error",
        table_name_beside_error,
        "Developer Guide, PartiQL batches: the answer of a failed statement is its Error",
    ),
    Known(
        "REMOVE inside a missing item",
        lambda diff: diff.stator.ok and "REMOVE" in json.dumps(diff.request) and "document path" in diff.local.message,
        "Developer Guide, REMOVE: what is not there is removed without an error; a path into a missing attribute of an item "
        "that exists is refused by both",
    ),
    Known(
        "duplicates in a set, full stop",
        texts(r".*Input collection .*contains duplicates\..*", r".*Input collection .*contains duplicates.*"),
        "DynamoDB's text ends with a stop; public bug reports quote it",
    ),
    Known(
        "too few or too many key attributes",
        texts("The provided key element does not match the schema", ".*(number of conditions on the keys|required keys).*"),
        "DynamoDB's text for every operation with a Key; public bug reports quote it",
    ),
    Known(
        "no number",
        texts(".*The parameter cannot be converted to a numeric value.*", ".*cannot be converted into a number.*"),
        "DynamoDB's text ends with the value; public bug reports quote it",
    ),
    Known(
        "expressions for one table, AttributesToGet for another",
        lambda diff: diff.operation == "BatchGetItem" and diff.stator.ok and "Can not use both" in diff.local.message,
        "API reference, BatchGetItem: ProjectionExpression and AttributesToGet are parameters of each table",
    ),
    Known(
        "a filter sees what the index projects",
        filter_on_index,
        "Developer Guide, attribute projections: queries and scans of a global index see only the attributes it projects",
    ),
    Known(
        "no statement, text",
        lambda diff: diff.operation == "ExecuteStatement" and diff.stator.message.startswith("Unsupported operation"),
        "a text alone is no EXISTS: DynamoDB Local takes every expression for one",
    ),
    Known(
        "two flaws in one request",
        two_flaws,
        "no document tells which one DynamoDB names first; each of these texts is compared where it is the only one",
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
