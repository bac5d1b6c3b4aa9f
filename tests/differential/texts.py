"""Where DynamoDB Local words a refusal otherwise than DynamoDB: rules about the text alone, wherever it stands (an error, the reason of
a cancelled transaction, the answer to one statement of a batch), and about what of the request it is told of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable

from about import has_value, has_wrong_key, index_keys, inside, keys_in, strings, tables_in, updates_index_key
from compare import number


@dataclass(frozen=True)
class Text:
    name: str
    matches: Callable[[Any, str, str], bool]  # of the request or its part, Stator's text, DynamoDB Local's
    source: str


INVALID = "One or more parameter values were invalid: "
SCHEMA = "The provided key element does not match the schema"
MALFORMED = "Statement wasn't well formed, can't be processed: "
UNSUPPORTED = "The update expression attempted to update the secondary index key to unsupported type"
MISMATCH = re.compile(INVALID + r"Type mismatch for key (\w+) expected: (\w+) actual: (\w+)")
INDEX_MISMATCH = re.compile(INVALID + r"Type mismatch for Index Key (\w+) Expected: (\w+) Actual: (\w+) IndexName: (\w+)")
MISSING = re.compile(INVALID + r"Missing the key (\w+) in the item")


def pair(ours: str, theirs: str) -> Callable[[Any, str, str], bool]:
    return lambda request, one, two: bool(re.fullmatch(ours, one, re.DOTALL) and re.fullmatch(theirs, two, re.DOTALL))


def names_flaw(request: Any, message: str) -> bool:
    """The text names a key attribute, its type and a value's type that are as the text says."""
    tables = tables_in(request)
    if found := MISMATCH.fullmatch(message):
        return found[2] != found[3] and has_value(request, found[1], found[3]) and \
            any(found[1] in table.keys and table.type(found[1]) == found[2] for table in tables)
    if found := INDEX_MISMATCH.fullmatch(message):
        return found[2] != found[3] and has_value(request, found[1], found[3]) and any(
            index.name == found[4] and found[1] in (index.hash, index.range) and table.type(found[1]) == found[2]
            for table in tables for index in table.indexes)
    if found := MISSING.fullmatch(message):
        return any(is_item and found[1] in table.keys and found[1] not in held for table, held, is_item in keys_in(request))
    return message == SCHEMA and has_wrong_key(request)


def no_key_type(request: Any, ours: str, theirs: str) -> bool:
    return theirs == "Invalid attribute value type" and names_flaw(request, ours)


def short_text(request: Any, ours: str, theirs: str) -> bool:
    return theirs in (INVALID + "Type mismatch for key", INVALID + "Type mismatch for Index Key") and ours.startswith(theirs) and \
        names_flaw(request, ours)


def wrong_keys(request: Any, ours: str, theirs: str) -> bool:
    return theirs in ("The number of conditions on the keys is invalid", "One of the required keys was not given a value",
                      INVALID + "Type mismatch for key") and (ours == SCHEMA or MISSING.fullmatch(ours) is not None) and names_flaw(request, ours)


def index_key_type(request: Any, ours: str, theirs: str) -> bool:
    return ours == UNSUPPORTED and theirs == "Invalid attribute value type" and updates_index_key(request)


def another_index(request: Any, ours: str, theirs: str) -> bool:
    """The empty key is one of both indexes."""
    pattern = r"(.*) IndexName: (\w+), IndexKey: (\w+)"
    one, two = re.fullmatch(pattern, ours), re.fullmatch(pattern, theirs)
    return bool(one and two) and (one[1], one[3]) == (two[1], two[3]) and all(
        any(index.name == name and one[3] in (index.hash, index.range) for table in tables_in(request) for index in table.indexes)
        for name in (one[2], two[2]))


def missed_key(request: Any, ours: str, theirs: str) -> bool:
    found = re.fullmatch(r"Query condition missed key schema element: (\w+)", ours)
    return bool(found) and theirs == "Query condition missed key schema element" and any(
        found[1] in {*table.keys, *index_keys(table)} for table in tables_in(request))


def duplicates(request: Any, ours: str, theirs: str) -> bool:
    found = re.fullmatch(r"(.*)Input collection \[(.*)\] ?(?:of type BS )?contains duplicates\.(.*)", ours, re.DOTALL)
    return bool(found) and re.fullmatch(r".*Input collection .*contains duplicates.*", theirs, re.DOTALL) is not None and any(
        isinstance(held, list) and ", ".join(map(str, held)).replace("None", "null") == found[2]
        for part in inside(request) for held in part.values())


def no_number(request: Any, ours: str, theirs: str) -> bool:
    pattern = r"(.*: )?The parameter cannot be converted to a numeric value(?:: (.*?))?( for key .*)?"
    found = re.fullmatch(pattern, ours, re.DOTALL)
    if not found or theirs != f"{found[1] or ''}A value provided cannot be converted into a number{found[3] or ''}":
        return False
    return found[2] is None or any(found[2] == text for part in inside(request) for text in strings(part))


def overlapping(request: Any, ours: str, theirs: str) -> bool:
    """The paths that Stator names overlap. The second one that DynamoDB Local names is the last of all, whatever that is."""
    pattern = r"(.*)path one: (\[.*\]), path two: (\[.*\])"
    one, two = re.fullmatch(pattern, ours), re.fullmatch(pattern, theirs)
    if not one or not two or one[1] != two[1]:
        return False
    clash = kinds_differ if "conflict" in one[1] else overlap
    return clash(steps(one[2]), steps(one[3])) and one[2] == two[2]


def steps(path: str) -> list[str]:
    return path[1:-1].split(", ")


def overlap(one: list[str], two: list[str]) -> bool:
    return all(a == b for a, b in zip(one, two))


def kinds_differ(one: list[str], two: list[str]) -> bool:
    """The paths part where one has a name and the other a position."""
    for a, b in zip(one, two):
        if a != b:
            return a.startswith("[") != b.startswith("[")
    return False


def only_numbers(request: Any, ours: str, theirs: str) -> bool:
    def plain(text: str) -> str:
        return re.sub(r"(?<=N:)[^}\]]*", lambda found: number(found[0]), text)

    return "The BETWEEN operator requires" in ours and plain(ours) == plain(theirs)


def only_order(request: Any, ours: str, theirs: str) -> bool:
    def ordered(text: str) -> str:
        return re.sub(r"valid types: \{(.*)\}", lambda found: "".join(sorted(found[1].split(","))), text)

    return "valid types: {" in ours and ordered(ours) == ordered(theirs)


def too_long(request: Any, ours: str, theirs: str) -> bool:
    limit = {INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes": 2048,
             INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes": 1024}.get(ours, 0)
    return bool(limit) and theirs == "Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes" \
        and any(len(text) > limit for part in inside(request) for text in strings(part))


def other_key(request: Any, ours: str, theirs: str) -> bool:
    """Both keys have values of types that no key can have."""
    pattern = r"Key value must be of type S, N, or B\. Key name: (\w+), Key type: (\w+)"
    one, two = re.fullmatch(pattern, ours), re.fullmatch(pattern, theirs)
    return bool(one and two) and one[1] != two[1] and all(
        found[2] not in ("S", "N", "B") and has_value(request, found[1], found[2]) for found in (one, two))


def malformed(request: Any, ours: str, theirs: str) -> bool:
    """DynamoDB Local repeats the statement where the service says what is wrong with it, or finds a step behind a literal first."""
    steps = any(re.search(r"'\[", str(part.get("Statement"))) for part in inside(request))
    if ours.startswith(MALFORMED) and theirs.startswith("Unexpected path component at ") and steps:
        return True
    return ours.startswith(MALFORMED) and any(theirs == MALFORMED + str(part.get("Statement")) for part in inside(request))


TEXTS: tuple[Text, ...] = (
    Text("key of a type that keys cannot have", no_key_type,
         "https://github.com/floci-io/floci/pull/2625, https://github.com/nubo-db/dynoxide/issues/97"),
    Text("key type, short text", short_text,
         "https://github.com/floci-io/floci/pull/2625, https://github.com/nubo-db/dynoxide/issues/92"),
    Text("key that does not fit its table, text", wrong_keys,
         "https://github.com/aws/aws-sdk-php/issues/1369, https://github.com/floci-io/floci/pull/2625, "
         "https://github.com/aws/aws-sdk-js/issues/4057 (items)"),
    Text("index key of a wrong type in an update, text", index_key_type,
         "API reference, TransactWriteItems, TransactionCanceledException, validation errors"),
    Text("empty index key, which index", another_index, "either is right; the order of the indexes is nowhere told"),
    Text("token with other parameters, text",
         pair("Specified idempotent token was used with different request parameters within the idempotency window", ""),
         "API reference, TransactWriteItems, IdempotentParameterMismatchException; DynamoDB Local has no text"),
    Text("query without a key, text", missed_key,
         "https://github.com/aws/aws-sdk-java-v2/issues/3163, https://github.com/dynamoose/dynamoose/issues/992"),
    Text("duplicates in a set, text", duplicates, "https://github.com/truora/minidyn/issues/50"),
    Text("no number, text", no_number,
         "https://github.com/internetarchive/internet-archive-voice-apps/issues/225; DynamoDB Local: https://github.com/guregu/dynamo/issues/164"),
    Text("overlapping paths, wrong second path", overlapping, "the text itself: the two paths that it names must overlap"),
    Text("numbers of BETWEEN as they were sent", only_numbers,
         "Developer Guide, Data types, Number: leading and trailing zeroes are trimmed"),
    Text("order of what an index does not project",
         lambda request, ours, theirs: (found := re.fullmatch(r"(.* does not project )\[(.*)\]", ours)) is not None and
         (other := re.fullmatch(r"(.* does not project )\[(.*)\]", theirs)) is not None and found[1] == other[1] and
         sorted(found[2].split(", ")) == sorted(other[2].split(", ")),
         "a set without an order"),
    Text("which of two wrong keys in a statement", other_key,
         "both are wrong; which one is told first is nowhere said"),
    Text("order of the valid types", only_order, "a set without an order; DynamoDB Local's changes with each start"),
    Text("statement that is not well formed, text", malformed, "https://github.com/nubo-db/dynoxide/issues/137"),
    Text("calculation instead of a statement, text",
         lambda request, ours, theirs: ours == "Unsupported operation: NAry" and
         theirs in ("EXISTS can only be used in ExecuteTransaction write requests.", "Unsupported operation in transaction.") and
         any("EXISTS" not in part["Statement"].upper() for part in inside(request) if "Statement" in part),
         "DynamoDB Local's own text for every other expression; the statement has no EXISTS"),
    Text("RETURNING of something else, text",
         lambda request, ours, theirs: ours.startswith("Expected '*' after ( MODIFIED | ALL )") and malformed(request, MALFORMED, theirs) and
         any(re.search(r" RETURNING (MODIFIED|ALL) (NEW|OLD)\s*[^*\s]", str(part.get("Statement"))) for part in inside(request)),
         "DynamoDB Local's own text for most of what can stand there"),
    Text("attribute twice in AttributesToGet, text",
         lambda request, ours, theirs: theirs == "Cannot have two attributes with the same name" and
         (found := re.fullmatch(INVALID + "Duplicate value in attribute name: (.*)", ours)) is not None and
         request["AttributesToGet"].count(found[1]) > 1,
         "DynamoDB Local's own text in BatchGetItem"),
    Text("sum of more than 38 digits, text",
         pair("Number overflow. Attempting to store a number with magnitude larger than supported range",
              "DynamoDB only supports precision up to 38 digits"),
         "API reference, TransactWriteItems, TransactionCanceledException, validation errors"),
    Text("number of more than 38 digits, text",
         lambda request, ours, theirs: ours.replace("Attempting to store more than 38 significant digits in a Number",
                                                    "DynamoDB only supports precision up to 38 digits") == theirs != ours,
         "https://github.com/warpstreamlabs/bento/pull/909"),
    Text("ReturnValues of PutItem and DeleteItem, text",
         pair("ReturnValues can only be ALL_OLD or NONE", "Return values set to invalid value"),
         "API reference, PutItem and DeleteItem, ReturnValues, for the rule; DynamoDB Local: https://github.com/boto/boto3/issues/4499"),
    Text("key that is too long, text", too_long, "https://github.com/nextauthjs/next-auth/issues/5827, https://github.com/formkiq/formkiq-core/issues/271"),
    Text("index key of a wrong type in AttributeUpdates, text",
         pair("Type mismatch for attribute to update",
              "Updates on index keys must be of the same data type as the key attribute|Invalid attribute value type"),
         "API reference, TransactWriteItems, TransactionCanceledException, validation errors"),
    Text("consistent read of a global index, text",
         pair("(Consistent reads are|Strongly consistent read is) not supported on [Gg]lobal [Ss]econdary [Ii]ndexes",
              "Consistent read cannot be true when (querying|scanning) a GSI"),
         "https://github.com/amazon-archives/dynamodb-geo/issues/16, https://github.com/floci-io/floci/pull/2931"),
    Text("no requests in a batch, text",
         pair("The requestItems parameter is required for Batch(Get|Write)Item",
              "BatchGetItem must have some requests set|BatchWriteItem cannot have a null or no requests set"),
         "https://github.com/ExtendDB/extenddb/pull/14"),
    Text("segment without a total, text",
         pair("The (TotalSegments|Segment) parameter is required .*|The Segment parameter is zero-based .*",
              "If segment is specified, total segment must also be specified|If total segments is .*"
              "|1 validation error detected: Value '\\d+' at 'segment' failed to satisfy constraint: Member must have value less .*"),
         "API reference, Scan, Segment and TotalSegments, for the rule; the words as another implementation has them: "
         "https://github.com/faiscadev/fakecloud/pull/57"),
)


def alike(request: Any, ours: str, theirs: str) -> bool:
    """The two texts say the same about this request."""
    return ours == theirs or any(text.matches(request, ours, theirs) for text in TEXTS)
