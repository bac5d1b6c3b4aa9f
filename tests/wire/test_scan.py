"""Scan: filter, projection, Select, paging by Limit and size, parallel segments, start keys."""

from __future__ import annotations

import re

import pytest

from support.expect import NOT_FOUND, expect_error, invalid
from support.reading import padded, pages, put_all, put_large, read_all
from support.tables import index, spec
from support.values import N, NULL, S

COUNT = 60


def partition_of(i):
    return f"p{i % 15}"


@pytest.fixture(scope="module")
def table(tables, raw):
    """Sixty items in fifteen partitions; `colour` alternates; every fourth has the index keys g and r."""
    name = tables.create(
        spec("pk", "sk", {"sk": "N"}, lsi=[index("by_l", "pk", "l", "KEYS_ONLY")], gsi=[index("some", "g", "r", ["colour"]), index("all", "g")]),
        label="scan",
    )
    items = []
    for i in range(COUNT):
        item = {"pk": S(partition_of(i)), "sk": N(i), "colour": S("red" if i % 2 else "blue"), "extra": S(f"x{i}")}
        if i % 3 == 0:
            item["l"] = S(f"l{i:02}")
        if i % 4 == 0:
            item["g"], item["r"] = S(f"g{i % 5}"), S(f"r{i:02}")
        items.append(item)
    put_all(raw, name, items)
    return name


@pytest.fixture(scope="module")
def ask(raw, table):
    return lambda **params: raw("Scan", {"TableName": table, **params})


def numbers(items):
    return [int(i["sk"]["N"]) for i in items]


def test_everything_once(ask):
    reply = ask(ConsistentRead=True).ok()
    assert sorted(numbers(reply["Items"])) == list(range(COUNT))
    assert reply["Count"] == reply["ScannedCount"] == COUNT
    assert "LastEvaluatedKey" not in reply


def test_partitions_stay_together_in_order(ask):
    """Items with one partition key are stored close together, sorted by the sort key."""
    items = ask()["Items"]
    runs = [items[0]["pk"]]
    for before, after in zip(items, items[1:]):
        if before["pk"] != after["pk"]:
            runs.append(after["pk"])
        else:
            assert int(before["sk"]["N"]) < int(after["sk"]["N"])
    assert len(runs) == 15


def test_order_is_stable(ask):
    assert ask()["Items"] == ask()["Items"]


@pytest.mark.parametrize("limit", [1, 2, 7, 30, 59, 60, 61])
def test_paging(raw, table, ask, limit):
    got = list(pages(raw, "Scan", TableName=table, Limit=limit))
    assert [i for p in got for i in p["Items"]] == ask()["Items"]
    for page in got[:-1]:
        assert page["Count"] == limit
        assert page["LastEvaluatedKey"] == {k: page["Items"][-1][k] for k in ("pk", "sk")}
    assert len(got) == COUNT // limit + 1


# --- filter and projection -----------------------------------------------------------------------------------------------


def test_filter(ask):
    reply = ask(FilterExpression="colour = :c AND sk < :n", ExpressionAttributeValues={":c": S("red"), ":n": N(10)})
    assert sorted(numbers(reply["Items"])) == [1, 3, 5, 7, 9]
    assert (reply["Count"], reply["ScannedCount"]) == (5, COUNT)


def test_filter_may_use_keys(ask):
    reply = ask(FilterExpression="pk = :p", ExpressionAttributeValues={":p": S("p3")})
    assert sorted(numbers(reply["Items"])) == [3, 18, 33, 48]


def test_filter_that_matches_nothing_gives_empty_pages(raw, table):
    got = list(pages(raw, "Scan", TableName=table, Limit=25, FilterExpression="attribute_exists(absent)"))
    assert [(p["Count"], p["ScannedCount"], p["Items"]) for p in got] == [(0, 25, []), (0, 25, []), (0, 10, [])]


def test_projection(ask):
    reply = ask(ProjectionExpression="sk, absent")
    assert sorted(numbers(reply["Items"])) == list(range(COUNT)) and all(set(i) == {"sk"} for i in reply["Items"])
    assert ask(ProjectionExpression="absent")["Items"] == [{}] * COUNT
    assert ask(AttributesToGet=["absent"])["Items"] == [{}] * COUNT
    assert ask(ProjectionExpression="#s", ExpressionAttributeNames={"#s": "sk"}, Select="SPECIFIC_ATTRIBUTES")["Count"] == COUNT


def test_select(ask):
    assert ask(Select="COUNT").ok() == {"Count": COUNT, "ScannedCount": COUNT}
    assert ask(Select="ALL_ATTRIBUTES")["Items"] == ask()["Items"]


@pytest.mark.parametrize(
    "params, message",
    [
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, re.compile("ALL_PROJECTED_ATTRIBUTES can be used only when (Querying|Scanning) using an IndexName")),
        ({"Select": "SPECIFIC_ATTRIBUTES"}, "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"),
        ({"Select": "COUNT", "ProjectionExpression": "pk"}, "Cannot specify the ProjectionExpression when choosing to get only the Count"),
        ({"Select": "COUNT", "AttributesToGet": ["pk"]}, "Cannot specify the AttributesToGet when choosing to get only the Count"),
        ({"Select": "ALL_ATTRIBUTES", "AttributesToGet": ["pk"]}, "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"),
        (
            {"Select": "ALL_ATTRIBUTES", "IndexName": "some"},
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index some "
            "because its projection type is not ALL",
        ),
        (
            {"ProjectionExpression": "extra", "IndexName": "some"},
            "One or more parameter values were invalid: Global secondary index some does not project [extra]",
        ),
        ({"FilterExpression": ""}, "Invalid FilterExpression: The expression can not be empty;"),
        ({"ProjectionExpression": ""}, "Invalid ProjectionExpression: The expression can not be empty;"),
        ({"IndexName": "no_such_index"}, "The table does not have the specified index: no_such_index"),
        ({"ExpressionAttributeNames": {"#a": "a"}}, "ExpressionAttributeNames can only be specified when using expressions"),
        (
            {"ExpressionAttributeValues": {":a": S("a")}},
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
        ),
        (
            {"FilterExpression": "a = :a", "ExpressionAttributeValues": {":a": S("a"), ":b": S("a")}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
        ),
        (
            {"FilterExpression": "a = :a"},
            "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :a",
        ),
        ({"ConditionalOperator": "AND"}, "ConditionalOperator cannot be used without Filter or Expected"),
        (
            {"FilterExpression": "attribute_exists(a)", "ScanFilter": {"a": {"ComparisonOperator": "NULL"}}},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}",
        ),
        (
            {"ProjectionExpression": "a", "AttributesToGet": ["a"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
        ),
    ],
)  # fmt: skip
def test_refused(ask, params, message):
    invalid(ask(**params), message)


def test_filter_on_parts_of_a_key(ask):
    for path in ("pk.a", "sk[0]", "pk.a.b"):
        invalid(
            ask(FilterExpression=f"attribute_exists({path})"),
            f"Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {path[:2]}",
        )


def test_table_by_arn(raw, table, ask):
    arn = raw("DescribeTable", TableName=table)["Table"]["TableArn"]
    assert raw("Scan", TableName=arn)["Items"] == ask()["Items"]
    assert raw("Scan", TableName=arn, IndexName="some", Select="COUNT")["Count"] == 15
    reply = raw("Scan", TableName=arn, Limit=1, ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_missing_table(raw):
    expect_error(raw("Scan", TableName="stator-wire-missing"), NOT_FOUND)
    expect_error(raw("Scan", TableName="stator-wire-missing", IndexName="no_such_index"), NOT_FOUND)


@pytest.mark.differs_from_dynamodb_local("constraint errors have no common form")
@pytest.mark.parametrize(
    "params, message",
    [
        ({"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        (
            {"Segment": -1, "TotalSegments": 2},
            "Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            {"Segment": 0, "TotalSegments": 0},
            "Value '0' at 'totalSegments' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            {"Segment": 0, "TotalSegments": 1000001},
            "Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000",
        ),
        (
            {"Segment": 1000000, "TotalSegments": 1000000},
            "Value '1000000' at 'segment' failed to satisfy constraint: Member must have value less than or equal to 999999",
        ),
        (
            {"Select": "x"},
            "Value 'x' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
            "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
        ),
    ],
)
def test_constraints(ask, params, message):
    invalid(ask(**params), "1 validation error detected: " + message)


# --- segments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [None, 3])
@pytest.mark.parametrize("total", [1, 2, 3, 4, 5, 7, 16, 64, 100, 4096])
def test_segments_cover_everything_once(raw, table, total, limit):
    got = []
    more = {"Limit": limit} if limit else {}
    if limit and total > 64:
        pytest.skip("one limit is enough for many segments")
    for segment in range(total):
        part = read_all(raw, "Scan", TableName=table, Segment=segment, TotalSegments=total, **more)
        assert len({i["pk"]["S"] for i in part} & {i["pk"]["S"] for i in got}) == 0, "a partition lies in one segment"
        got += part
    assert sorted(numbers(got)) == list(range(COUNT))


def test_a_million_segments(raw, table):
    """Each partition is in one segment; bisecting the numbers of segments finds it."""
    for total in (999_983, 1_000_000):
        for segment in (0, 1, total // 2, total - 2, total - 1):
            assert raw("Scan", TableName=table, Segment=segment, TotalSegments=total)["Count"] in (0, 4)


@pytest.mark.parametrize("name", ["by_l", "some", "all"])
@pytest.mark.parametrize("total", [2, 5])
def test_segments_of_an_index(raw, table, name, total):
    whole = read_all(raw, "Scan", TableName=table, IndexName=name)
    parts = [read_all(raw, "Scan", TableName=table, IndexName=name, Segment=s, TotalSegments=total, Limit=2) for s in range(total)]
    assert sorted(numbers(i for p in parts for i in p)) == sorted(numbers(whole))


@pytest.mark.parametrize(
    "params, message",
    [
        (
            {"Segment": 0},
            re.compile("The TotalSegments parameter is required but was not present in the request when Segment parameter is present"
                       "|If segment is specified, total segment must also be specified"),
        ),
        (
            {"TotalSegments": 2},
            re.compile("The Segment parameter is required but was not present in the request when parameter TotalSegments is present"
                       "|If total segments is specified, a particular segment must also be specified for this request"),
        ),
    ],
)  # fmt: skip
def test_segment_parameters_require_each_other(ask, params, message):
    invalid(ask(**params), message)


@pytest.mark.parametrize("params, message", [
    ({"FilterExpression": "a ="}, 'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "="'),
    ({"Select": "SPECIFIC_ATTRIBUTES"},
     "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"),
])  # fmt: skip
def test_segments_are_looked_at_last(ask, params, message):
    invalid(ask(Segment=0, **params), message)


@pytest.mark.differs_from_dynamodb_local("wording")
@pytest.mark.parametrize("segment, total", [(2, 2), (3, 2), (1, 1), (999_999, 2)])
def test_segment_number_too_large(ask, segment, total):
    invalid(
        ask(Segment=segment, TotalSegments=total),
        f"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not less than "
        f"TotalSegments: {total}",
    )


def test_segment_number_too_large_is_refused(ask):
    invalid(ask(Segment=2, TotalSegments=2))


def _segment_of(raw, table, total):
    for segment in range(total):
        for item in read_all(raw, "Scan", TableName=table, Segment=segment, TotalSegments=total):
            yield segment, {k: item[k] for k in ("pk", "sk")}


def test_start_key_in_another_segment(raw, table):
    homes = list(_segment_of(raw, table, 4))
    assert len({home for home, _ in homes}) > 1
    for home, key in homes[::5]:
        for segment in range(4):
            reply = raw("Scan", TableName=table, Segment=segment, TotalSegments=4, ExclusiveStartKey=key)
            if segment == home:
                reply.ok()
            else:
                invalid(reply)


@pytest.mark.differs_from_dynamodb_local("wording")
def test_start_key_in_another_segment_text(raw, table):
    home, key = next(_segment_of(raw, table, 4))
    other = (home + 1) % 4
    invalid(
        raw("Scan", TableName=table, Segment=other, TotalSegments=4, ExclusiveStartKey=key),
        "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        f"TotalSegments: 4 Segment: {other}",
    )


# --- start keys ----------------------------------------------------------------------------------------------------------


def test_start_key_that_does_not_exist(ask):
    """It is a position: what follows it by hash and sort key."""
    items = ask()["Items"]
    for at in (0, 13, 40):
        key = {"pk": items[at]["pk"], "sk": N(items[at]["sk"]["N"] + ".5")}
        assert ask(ExclusiveStartKey=key)["Items"] == items[at + 1 :]
    reply = ask(ExclusiveStartKey={"pk": S("elsewhere"), "sk": N(1)}, Select="COUNT")
    assert 0 <= reply["Count"] <= COUNT


def test_start_key_at_the_end(ask):
    last = ask()["Items"][-1]
    assert ask(ExclusiveStartKey={k: last[k] for k in ("pk", "sk")}).ok() == {"Items": [], "Count": 0, "ScannedCount": 0}


BAD_KEYS = [
    {},
    {"pk": S("a")},
    {"pk": S("a"), "sk": N(1), "x": S("x")},
    {"pk": S("a"), "x": N(1)},
    {"pk": S("a"), "sk": S("1")},
]


@pytest.mark.parametrize("key", BAD_KEYS + [{"pk": S(""), "sk": N(1)}, {"pk": S("a"), "sk": N("x")}, {"pk": NULL, "sk": N(1)}])
def test_start_key_refused(ask, key):
    invalid(ask(ExclusiveStartKey=key))


@pytest.mark.differs_from_dynamodb_local("wording")
@pytest.mark.parametrize("key", BAD_KEYS)
def test_start_key_refused_text(ask, key):
    invalid(ask(ExclusiveStartKey=key), "The provided starting key is invalid: The provided key element does not match the schema")


@pytest.mark.parametrize("name, key", [("by_l", {"pk": S("a"), "sk": N(1)}), ("some", {"pk": S("a"), "sk": N(1)}), ("some", {"g": S("a"), "r": S("b")})])
def test_start_key_of_index_needs_both_keys(ask, name, key):
    invalid(ask(IndexName=name, ExclusiveStartKey=key))


# --- indexes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, members, count",
    [
        ("by_l", {"pk", "sk", "l"}, 20),
        ("some", {"pk", "sk", "g", "r", "colour"}, 15),
        ("all", {"pk", "sk", "g", "r", "colour", "extra"}, 15),
    ],
)
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_index(raw, table, name, members, count, limit):
    """Sparse: only items that have the index's key attributes; with what it projects."""
    got = list(pages(raw, "Scan", TableName=table, IndexName=name, Limit=limit))
    items = [i for p in got for i in p["Items"]]
    step = 3 if name == "by_l" else 4
    assert sorted(numbers(items)) == list(range(0, COUNT, step)) and len(items) == count
    assert all(set(i) - {"l"} == members - {"l"} for i in items)
    if limit < count:
        keys = {"by_l": {"pk", "sk", "l"}, "some": {"pk", "sk", "g", "r"}, "all": {"pk", "sk", "g"}}[name]
        assert set(got[0]["LastEvaluatedKey"]) == keys


def test_local_index_fetches_what_it_does_not_project(ask):
    reply = ask(IndexName="by_l", Select="ALL_ATTRIBUTES")
    assert all(i["extra"] == S("x" + i["sk"]["N"]) for i in reply["Items"])
    reply = ask(IndexName="by_l", ProjectionExpression="extra")
    assert sorted(i["extra"]["S"] for i in reply["Items"]) == sorted(f"x{i}" for i in range(0, COUNT, 3))


def test_consistent_read(ask):
    assert ask(IndexName="by_l", ConsistentRead=True)["Count"] == 20
    invalid(ask(IndexName="all", ConsistentRead=True))


@pytest.mark.differs_from_dynamodb_local("wording")
def test_consistent_read_of_global_index(ask):
    invalid(ask(IndexName="all", ConsistentRead=True), "Consistent reads are not supported on global secondary indexes")


# --- size ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large_table(tables, raw):
    """Forty items of 65,536 bytes in as many partitions."""
    name = tables.create(spec("pk"), label="scan-large")
    put_large(raw, name, [padded({"pk": S(f"{i:02}")}, 65536) for i in range(40)])
    return name


def test_page_ends_with_the_item_that_reaches_1_mb(raw, large_table):
    got = list(pages(raw, "Scan", TableName=large_table))
    assert [p["Count"] for p in got] == [16, 16, 8]
    assert sorted(i["pk"]["S"] for p in got for i in p["Items"]) == [f"{i:02}" for i in range(40)]
    assert [raw("Scan", TableName=large_table, Select="COUNT")[m] for m in ("Count", "ScannedCount")] == [16, 16]


@pytest.mark.differs_from_dynamodb_local("counts the size after the filter")
def test_size_limit_comes_before_the_filter(raw, large_table):
    got = list(pages(raw, "Scan", TableName=large_table, FilterExpression="attribute_exists(absent)"))
    assert [(p["Count"], p["ScannedCount"]) for p in got] == [(0, 16), (0, 16), (0, 8)]


def test_size_limit_in_segments(raw, large_table):
    total = 0
    for segment in range(2):
        for page in pages(raw, "Scan", TableName=large_table, Segment=segment, TotalSegments=2):
            assert page["Count"] <= 16
            total += page["Count"]
    assert total == 40
