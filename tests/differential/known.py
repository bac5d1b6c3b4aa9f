"""Where DynamoDB Local is known to answer otherwise than DynamoDB does: the table of it, in docs/differential.md as text with the sources.

A rule is asked only about answers that differ. It must say not just how they differ but why Stator's is right: by an oracle of its own
(model.py, capacity.py), by the request, by what the tables hold, or by asking DynamoDB Local the same thing in another way (flaws.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

import flaws
import model
from about import nests_too_deep, repeats_key
from answers import MEMBERS, STATEMENTS
from compare import Diff
from texts import TEXTS


@dataclass(frozen=True)
class Known:
    name: str
    matches: Callable[[Diff], bool]
    source: str


def worded(text) -> Callable[[Diff], bool]:
    """Both refuse alike, in words that differ so."""
    return lambda diff: flaws.refused(diff) and diff.stator.type == diff.local.type and \
        without_number(diff.stator.message)[0] == without_number(diff.local.message)[0] and \
        text.matches(diff.request, without_number(diff.stator.message)[1], without_number(diff.local.message)[1])


def without_number(message: str) -> tuple[str, str]:
    """The number of the statement in a transaction, and what is told of it."""
    head, found, rest = message.partition("]: ")
    return (head, rest) if found and head.startswith("Validation failed in TransactStatements[") else ("", message)


KNOWN: tuple[Known, ...] = (
    Known("JSON types",
          lambda diff: diff.stator.type == "SerializationException" and
          model.says_wrong_type(diff.operation, diff.request, diff.stator.message),
          "botocore's model: a member is of another JSON type"),
    Known("constraints of the service's model",
          lambda diff: diff.stator.type == "ValidationException" and
          model.says_violations(diff.operation, diff.request, diff.stator.message),
          "botocore's model: the constraints that are broken, all together"),
    Known("DynamoDB Local fails itself",
          lambda diff: diff.local.status == 500 and diff.stator.status < 500,
          "API reference, Common errors, InternalFailure: a fault of the server"),
    *(Known(text.name, worded(text), text.source) for text in TEXTS),
    Known("values that nest too deep",
          lambda diff: "Nesting Levels have exceeded supported limits" in diff.stator.message and nests_too_deep(diff.request),
          "API reference, TransactWriteItems, TransactionCanceledException, validation errors; of expressions' values as well: "
          "https://github.com/nubo-db/dynoxide/issues/110"),
    Known("key that is too long in a query",
          flaws.long_key_in_query,
          "Developer Guide, Quotas, Partition key length and Sort key length; https://github.com/facebook/ThreatExchange/issues/1324: of a query"),
    Known("DuplicateItem",
          lambda diff: diff.operation == "ExecuteStatement" and (diff.stator.type, diff.local.type) == ("DuplicateItemException", "DuplicateItem")
          and diff.stator.message == diff.local.message,
          "API reference, ExecuteStatement, Errors"),
    Known("no such table, text",
          lambda diff: diff.stator.type == diff.local.type == "ResourceNotFoundException" and
          (diff.stator.message, diff.local.message) == ("Requested resource not found", "Cannot do operations on a non-existent table"),
          "https://github.com/turbot/steampipe-plugin-aws/issues/1516, and DynamoDB Local's own text in transactions"),
    Known("full stop in a cancellation reason",
          lambda diff: flaws.reasons_in_words(diff, False),
          "https://github.com/pynamodb/PynamoDB/issues/1143, https://github.com/boto/boto3/issues/2657"),
    Known("insert of an existing item in a transaction",
          lambda diff: flaws.reasons_in_words(diff, True),
          "API reference, BatchStatementError, Code: DuplicateItem"),
    Known("two actions on one item", flaws.acts_twice,
          "API reference, TransactWriteItems: no two actions on one item; https://github.com/nubo-db/dynoxide/pull/190: rejected up front"),
    Known("repeated keys with numbers in other writing",
          lambda diff: diff.stator.message == "Provided list of item keys contains duplicates" and diff.operation.startswith("Batch") and
          repeats_key(diff.request),
          "Developer Guide, Data types, Number: leading and trailing zeroes are trimmed"),
    Known("index key of a wrong type is taken", flaws.index_key_taken,
          "API reference, TransactWriteItems, TransactionCanceledException, validation errors"),
    Known("a batch of statements is refused when it has inserted",
          lambda diff: diff.refused_late and diff.stator.message == diff.local.message,
          "https://github.com/nubo-db/dynoxide/pull/190: rejected up front, before any statement runs"),
    Known("several flaws of a batch", flaws.several_in_batch,
          "DynamoDB Local says either to one key, item or table alone; which one is told first is nowhere said"),
    Known("select from an index in a batch", flaws.index_read_counts,
          "https://github.com/floci-io/floci/pull/2953, https://github.com/nubo-db/dynoxide/pull/190"),
    Known("attribute_type of a key", flaws.type_of_key,
          "Developer Guide, PartiQL functions, attribute_type: its second argument is the name of a type, not a value of the key"),
    Known("REMOVE inside a missing item", flaws.removes_inside_nothing,
          "Developer Guide, Update expressions, REMOVE: what is not there is removed without an error. Measured by others, no report of it found: "
          "silent if the whole item is missing"),
    Known("a statement that updates a key", flaws.key_is_updated,
          "Developer Guide, PartiQL update statements for DynamoDB; the statement alone is wrong"),
    Known("name that no table can have", flaws.name_of_table,
          "DynamoDB Local's own text for every other statement; naming rules: Developer Guide, Supported data types and naming rules"),
    Known("errors of transacted actions", flaws.errors_by_position,
          "https://github.com/aws/aws-sdk-net/issues/1292, https://github.com/ministackorg/ministack/pull/1067: cancelled, by position"),
    Known("flaws of the request before those of the table", flaws.request_first,
          "https://github.com/nubo-db/dynoxide/pull/127, https://github.com/nubo-db/dynoxide/pull/190: told before the table is looked up"),
    Known("several failing actions in an update", flaws.several_actions,
          "DynamoDB Local says either to one action alone; it takes them in the order of a hash table, DynamoDB's is not known"),
    Known("several failing actions in a transaction", flaws.several_in_transaction,
          "DynamoDB Local says Stator's to one action alone; it takes action by action and looks each one's table up first"),
    Known("flaws of statements before those of tables", lambda diff: flaws.statement_alone(diff) or flaws.malformed_alone(diff) or
          flaws.empty_key_of_exists(diff),
          "DynamoDB Local says Stator's to the statement alone; it takes statement by statement and looks each one's table up first"),
)


def holds(matches: Callable[..., bool], *about: Any) -> bool:
    """False for what a rule cannot read: requests are spoiled in every way."""
    try:
        return bool(matches(*about))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        return False


def explain_statements(diff: Diff) -> list[str]:
    names: list[str] = []
    for statement, ours, theirs in zip(diff.request["Statements"], diff.stator.body["Responses"], diff.local.body["Responses"]):
        if ours != theirs:
            found = [rule.name for rule in STATEMENTS if holds(rule.matches, statement, ours, theirs)][:1]
            if not found and holds(flaws.index_key_taken_by_statement, diff, statement, ours, theirs):
                found = ["index key of a wrong type is taken"]
            if not found and holds(flaws.several_in_statement, diff, statement, ours, theirs):
                found = ["several failing actions in an update"]
            if not found:
                return []
            names += found
    return names


def explain(diff: Diff) -> list[str] | None:
    """The names of the rules that explain all of it, or None."""
    diff.request = model.known_members(model.input_of(diff.operation), diff.request)
    found = next((rule.name for rule in KNOWN if holds(rule.matches, diff)), None)
    if found:
        return [found]
    if not (diff.stator.ok and diff.local.ok and isinstance(diff.stator.body, dict) and isinstance(diff.local.body, dict)):
        return None
    names: list[str] = []
    for member in diff.members():
        if member == "Responses" and diff.operation == "BatchExecuteStatement":
            some = explain_statements(diff)
        else:
            some = [rule.name for rule in MEMBERS if rule.member == member and holds(rule.matches, diff)][:1]
        if not some:
            return None
        names += some
    return names


NAMES = tuple(dict.fromkeys(rule.name for rule in (*MEMBERS, *STATEMENTS, *KNOWN)))
