"""Query: filter, projection, Select, paging by Limit and by size, start keys."""

from __future__ import annotations

import re

import pytest

from support.expect import invalid
from support.reading import item_size, of_partition, pages, padded, put_all, put_large, read_all
from support.tables import index, spec
from support.values import BOOL, L, M, N, NULL, S, SS, unique

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def table(tables, raw):
    """Ten items in partition "a", sk 0…9: colour alternates, every third has `rare`."""
    name = tables.create(spec("pk", "sk", {"sk": "N"}, lsi=[index("by_l", "pk", "l", "KEYS_ONLY")], gsi=[
        index("some", "g", "r", ["colour"]), index("keys", "g", projection="KEYS_ONLY"), index("all", "g")]), label="results")  # fmt: skip
    items = []
    for i in range(10):
        item = {"pk": S("a"), "sk": N(i), "l": S(f"l{9 - i}"), "g": S("g"), "r": S(f"r{i}"), "colour": S("red" if i % 2 else "blue"),
                "doc": M(nest=M(n=N(i)), list=L(N(i), S("x"), M(deep=BOOL(True)))), "tags": SS("t", f"t{i}")}  # fmt: skip
        if i % 3 == 0:
            item["rare"] = NULL
        items.append(item)
    put_all(raw, name, items)
    return name


@pytest.fixture(scope="module")
def ask(raw, table):
    def query(**params):
        condition = of_partition(S("a")) if params.get("IndexName") in (None, "by_l") else of_partition(S("g"), "g")
        for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            condition[member] = {**condition[member], **params.pop(member, {})}
        return raw("Query", {"TableName": table, **condition, **params})

    return query


# --- filter -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression, values, expected",
    [
        ("colour = :c", {":c": S("red")}, [1, 3, 5, 7, 9]),
        ("colour <> :c", {":c": S("red")}, [0, 2, 4, 6, 8]),
        ("attribute_exists(rare)", {}, [0, 3, 6, 9]),
        ("attribute_not_exists(rare) AND colour = :c", {":c": S("blue")}, [2, 4, 8]),
        ("doc.nest.n > :n", {":n": N(6)}, [7, 8, 9]),
        ("doc.#l[0] BETWEEN :n AND :m", {":n": N(2), ":m": N(4)}, [2, 3, 4]),
        ("doc.#l[2].deep = :t", {":t": BOOL(True)}, list(range(10))),
        ("contains(tags, :v)", {":v": S("t5")}, [5]),
        ("NOT contains(tags, :v)", {":v": S("t5")}, [0, 1, 2, 3, 4, 6, 7, 8, 9]),
        ("begins_with(r, :v)", {":v": S("r7")}, [7]),
        ("colour IN (:c, :d) AND size(tags) = :n", {":c": S("red"), ":d": S("green"), ":n": N(2)}, [1, 3, 5, 7, 9]),
        ("attribute_type(rare, :v)", {":v": S("NULL")}, [0, 3, 6, 9]),
        ("absent = :c", {":c": S("red")}, []),
        ("absent <> :c", {":c": S("red")}, list(range(10))),
    ],
)
def test_filter(ask, expression, values, expected):
    names = {"#l": "list"} if "#l" in expression else {}
    reply = ask(FilterExpression=expression, ExpressionAttributeValues=values, ExpressionAttributeNames=names).ok()
    assert [int(i["sk"]["N"]) for i in reply["Items"]] == expected
    assert (reply["Count"], reply["ScannedCount"]) == (len(expected), 10)
    assert "LastEvaluatedKey" not in reply


@pytest.mark.parametrize(
    "params, attribute",
    [
        ({"FilterExpression": "pk = :c"}, "pk"),
        ({"FilterExpression": "sk = :c"}, "sk"),
        ({"FilterExpression": "colour = :c OR sk = :c"}, "sk"),
        ({"FilterExpression": "colour = :c AND attribute_exists(pk)"}, "pk"),
        ({"FilterExpression": "size(pk) = :c"}, "pk"),
        ({"FilterExpression": "begins_with(l, :c)", "IndexName": "by_l"}, "l"),
        ({"FilterExpression": "r = :c", "IndexName": "some"}, "r"),
    ],
)
def test_filter_takes_no_key_attributes(ask, params, attribute):
    values = {":c": S("red")} if ":c" in params["FilterExpression"] else {}
    invalid(
        ask(ExpressionAttributeValues=values, **params),
        f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {attribute}",
    )


def test_filter_takes_the_keys_of_other_indexes(ask):
    assert ask(FilterExpression="l = :l", ExpressionAttributeValues={":l": S("l0")})["Count"] == 1
    reply = ask(FilterExpression="pk = :l AND sk = :n", ExpressionAttributeValues={":l": S("a"), ":n": N(4)}, IndexName="some")
    assert reply["Count"] == 1


def test_empty_filter(ask):
    invalid(ask(FilterExpression=""), "Invalid FilterExpression: The expression can not be empty;")


def test_filter_on_attribute_not_projected(ask):
    for name in ("some", "keys"):
        invalid(
            ask(IndexName=name, FilterExpression="doc = :c", ExpressionAttributeValues={":c": S("x")}),
            f"One or more parameter values were invalid: Secondary index {name} does not project one or more filter attributes: [doc]",
        )


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9, 10])
def test_limit_counts_before_the_filter(raw, table, limit):
    got = []
    values = {":partition": S("a"), ":c": S("red")}
    params = {**of_partition(S("a")), "ExpressionAttributeValues": values}
    for number, page in enumerate(pages(raw, "Query", TableName=table, FilterExpression="colour = :c", Limit=limit, **params)):
        assert page["ScannedCount"] == min(limit, 10 - limit * number)
        assert page["Count"] == len(page["Items"])
        got += page["Items"]
    assert [int(i["sk"]["N"]) for i in got] == [1, 3, 5, 7, 9]


# --- projection and Select ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("sk", {"sk": N(3)}),
        ("pk, sk", {"pk": S("a"), "sk": N(3)}),
        ("doc.nest", {"doc": M(nest=M(n=N(3)))}),
        ("doc.nest.n, colour", {"doc": M(nest=M(n=N(3))), "colour": S("red")}),
        ("doc.#l[1]", {"doc": M(list=L(S("x")))}),
        ("doc.#l[2], doc.#l[0]", {"doc": M(list=L(N(3), M(deep=BOOL(True))))}),
        ("doc.#l[7]", {}),
        ("absent, doc.absent.x", {}),
        ("rare", {"rare": NULL}),
    ],
)
def test_projection(ask, expression, expected):
    names = {"#l": "list"} if "#l" in expression else {}
    reply = ask(ProjectionExpression=expression, ExpressionAttributeNames=names).ok()
    assert len(reply["Items"]) == reply["Count"] == 10
    assert reply["Items"][3] == expected


@pytest.mark.parametrize(
    "expression, message",
    [
        ("", "The expression can not be empty;"),
        ("pk, pk", "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [pk], path two: [pk]"),
        ("doc, doc.nest", "Two document paths overlap with each other; must remove or rewrite one of these paths; "
         "path one: [doc], path two: [doc, nest]"),
        ("doc.a, doc[1]", "Two document paths conflict with each other; must remove or rewrite one of these paths; "
         "path one: [doc, a], path two: [doc, [1]]"),
        ("select", "Attribute name is a reserved keyword; reserved keyword: select"),
        ("doc.list", "Attribute name is a reserved keyword; reserved keyword: list"),
    ],
)  # fmt: skip
def test_projection_refused(ask, expression, message):
    invalid(ask(ProjectionExpression=expression), "Invalid ProjectionExpression: " + message)


@pytest.mark.parametrize("expression", ["a,", ",a", "a b", "a..b", "a.", ".a", "a[", "a[x]", "a[-1]", "a[1.5]", "a[]", "a(b)", "a = b", ":a", "1a"])
def test_projection_syntax(ask, expression):
    invalid(ask(ProjectionExpression=expression), re.compile("Invalid ProjectionExpression: .*"))


def test_projection_of_filtered_attribute(ask):
    """The filter sees the whole item."""
    reply = ask(ProjectionExpression="sk", FilterExpression="colour = :c", ExpressionAttributeValues={":c": S("red")})
    assert reply["Items"] == [{"sk": N(i)} for i in (1, 3, 5, 7, 9)]


KEYS_GSI = {"pk", "sk", "g"}
WHOLE = {"pk", "sk", "l", "g", "r", "colour", "doc", "tags"}


@pytest.mark.parametrize(
    "index_name, select, expected",
    [
        (None, None, WHOLE),
        (None, "ALL_ATTRIBUTES", WHOLE),
        ("by_l", None, {"pk", "sk", "l"}),
        ("by_l", "ALL_PROJECTED_ATTRIBUTES", {"pk", "sk", "l"}),
        ("by_l", "ALL_ATTRIBUTES", WHOLE),
        ("some", None, KEYS_GSI | {"r", "colour"}),
        ("some", "ALL_PROJECTED_ATTRIBUTES", KEYS_GSI | {"r", "colour"}),
        ("keys", None, KEYS_GSI),
        ("keys", "ALL_PROJECTED_ATTRIBUTES", KEYS_GSI),
        ("all", None, WHOLE),
        ("all", "ALL_PROJECTED_ATTRIBUTES", WHOLE),
        ("all", "ALL_ATTRIBUTES", WHOLE),
    ],
)
def test_select_whole_items(ask, index_name, select, expected):
    params = {k: v for k, v in (("IndexName", index_name), ("Select", select)) if v}
    reply = ask(**params).ok()
    assert reply["Count"] == 10
    for item in reply["Items"]:
        assert set(item) - {"rare"} == expected
        assert ("rare" in item) == ("doc" in expected and int(item["sk"]["N"]) % 3 == 0)


@pytest.mark.parametrize("index_name", [None, "by_l", "some", "keys", "all"])
def test_select_count(ask, index_name):
    params = {"IndexName": index_name} if index_name else {}
    assert ask(Select="COUNT", **params).ok() == {"Count": 10, "ScannedCount": 10}
    reply = ask(Select="COUNT", Limit=4, **params).ok()
    assert set(reply) == {"Count", "ScannedCount", "LastEvaluatedKey"} and reply["Count"] == 4


def test_select_count_with_filter(ask):
    reply = ask(Select="COUNT", FilterExpression="colour = :c", ExpressionAttributeValues={":c": S("red")})
    assert reply.ok() == {"Count": 5, "ScannedCount": 10}


def test_select_specific_attributes(ask):
    assert ask(Select="SPECIFIC_ATTRIBUTES", ProjectionExpression="sk")["Items"][0] == {"sk": N(0)}


@pytest.mark.parametrize(
    "params, message",
    [
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"}, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
        (
            {"Select": "SPECIFIC_ATTRIBUTES"},
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        ({"Select": "COUNT", "ProjectionExpression": "pk"}, "Cannot specify the ProjectionExpression when choosing to get only the Count"),
        (
            {"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "pk"},
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES", "ProjectionExpression": "pk", "IndexName": "by_l"},
            "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES",
        ),
        *(
            (
                {"Select": "ALL_ATTRIBUTES", "IndexName": name},
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index "
                f"{name} because its projection type is not ALL",
            )
            for name in ("some", "keys")
        ),
        (
            {"ProjectionExpression": "doc", "IndexName": "some"},
            "One or more parameter values were invalid: Global secondary index some does not project [doc]",
        ),
    ],
)
def test_select_refused(ask, params, message):
    invalid(ask(**params), message)


def test_local_index_fetches_what_it_does_not_project(ask):
    reply = ask(IndexName="by_l", ProjectionExpression="sk, colour, doc.nest.n").ok()
    assert reply["Items"][0] == {"sk": N(9), "colour": S("red"), "doc": M(nest=M(n=N(9)))}
    assert [int(i["sk"]["N"]) for i in reply["Items"]] == list(range(9, -1, -1))


def test_consistent_read(ask):
    for name in (None, "by_l"):
        params = {"IndexName": name} if name else {}
        assert ask(ConsistentRead=True, **params)["Count"] == 10
    for name in ("some", "keys", "all"):
        assert ask(IndexName=name, ConsistentRead=False)["Count"] == 10


@pytest.mark.differs_from_dynamodb_local("wording")
@pytest.mark.parametrize("name", ["some", "keys", "all"])
def test_consistent_read_of_global_index(ask, name):
    invalid(ask(IndexName=name, ConsistentRead=True), "Consistent reads are not supported on global secondary indexes")


def test_consistent_read_of_global_index_is_refused(ask):
    invalid(ask(IndexName="all", ConsistentRead=True))


# --- paging by Limit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("index_name", [None, "by_l", "some", "keys", "all"])
@pytest.mark.parametrize("limit", [1, 3, 5, 10, 11])
def test_paging(raw, table, index_name, limit, forward):
    condition = of_partition(S("g"), "g") if index_name in ("some", "keys", "all") else of_partition(S("a"))
    params = {"TableName": table, "ScanIndexForward": forward, **condition, **({"IndexName": index_name} if index_name else {})}
    whole = raw("Query", params)["Items"]
    keys = {"pk", "sk"} | {"by_l": {"l"}, "some": {"g", "r"}, "keys": {"g"}, "all": {"g"}}.get(index_name, set())
    got = list(pages(raw, "Query", Limit=limit, **params))
    assert [i for p in got for i in p["Items"]] == whole
    for page in got[:-1]:
        assert page["Count"] == page["ScannedCount"] == limit
        assert page["LastEvaluatedKey"] == {k: page["Items"][-1][k] for k in keys}
    assert len(got) == 10 // limit + 1, "a page that ends exactly at the limit cannot know that nothing follows"


def test_start_key_equals_last_item(ask):
    assert ask(ExclusiveStartKey={"pk": S("a"), "sk": N(9)}).ok() == {"Items": [], "Count": 0, "ScannedCount": 0}
    assert ask(ExclusiveStartKey={"pk": S("a"), "sk": N(0)}, ScanIndexForward=False)["Items"] == []


def test_start_key_between_items(ask):
    reply = ask(ExclusiveStartKey={"pk": S("a"), "sk": N("6.5")})
    assert [i["sk"]["N"] for i in reply["Items"]] == ["7", "8", "9"]
    reply = ask(ExclusiveStartKey={"pk": S("a"), "sk": N("6.5")}, ScanIndexForward=False, Limit=2)
    assert [i["sk"]["N"] for i in reply["Items"]] == ["6", "5"]


def test_start_key_of_index_between_items(ask):
    reply = ask(IndexName="by_l", ExclusiveStartKey={"pk": S("a"), "sk": N(100), "l": S("l6")})
    assert [i["l"]["S"] for i in reply["Items"]] == ["l7", "l8", "l9"]
    reply = ask(IndexName="by_l", ExclusiveStartKey={"pk": S("a"), "sk": N(3), "l": S("l65")})
    assert [i["l"]["S"] for i in reply["Items"]] == ["l7", "l8", "l9"]


@pytest.mark.differs_from_dynamodb_local("wording")
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"pk": S("a")},
        {"sk": N(1)},
        {"pk": S("a"), "sk": N(1), "x": S("x")},
        {"pk": S("a"), "x": N(1)},
        {"pk": S("a"), "sk": S("1")},
        {"pk": N(1), "sk": N(1)},
    ],
)
def test_start_key_not_of_the_schema(ask, key):
    invalid(ask(ExclusiveStartKey=key), "The provided starting key is invalid")


@pytest.mark.parametrize(
    "index_name, key",
    [
        (None, {}),
        (None, {"pk": S("a")}),
        (None, {"pk": S("a"), "sk": N(1), "x": S("x")}),
        (None, {"pk": S("a"), "x": N(1)}),
        (None, {"pk": S("a"), "sk": S("1")}),
        (None, {"pk": S("a"), "sk": N("x")}),
        (None, {"pk": S("a"), "sk": {}}),
        (None, {"pk": S(""), "sk": N(1)}),
        ("by_l", {"pk": S("a"), "sk": N(1)}),
        ("by_l", {"pk": S("a"), "l": S("l1")}),
        ("by_l", {"pk": S("a"), "sk": N(1), "l": N(1)}),
        ("some", {"pk": S("a"), "sk": N(1)}),
        ("some", {"g": S("g"), "r": S("r1")}),
        ("some", {"pk": S("a"), "sk": N(1), "g": S("g")}),
        ("some", {"pk": S("a"), "sk": N(1), "g": S("g"), "r": S("r"), "x": S("x")}),
    ],
)
def test_start_key_refused(ask, index_name, key):
    invalid(ask(ExclusiveStartKey=key, **({"IndexName": index_name} if index_name else {})))


@pytest.mark.differs_from_dynamodb_local("wording")
@pytest.mark.parametrize(
    "index_name, key",
    [
        (None, {"pk": S("b"), "sk": N(1)}),
        ("by_l", {"pk": S("b"), "sk": N(1), "l": S("l1")}),
        ("some", {"pk": S("a"), "sk": N(1), "g": S("h"), "r": S("r1")}),
    ],
)
def test_start_key_of_another_partition(ask, index_name, key):
    reply = ask(ExclusiveStartKey=key, **({"IndexName": index_name} if index_name else {}))
    invalid(reply, "The provided starting key is outside query boundaries based on provided conditions")


@pytest.mark.parametrize(
    "condition, start, forward",
    [
        ("sk < :n", 5, True),
        ("sk < :n", 5, False),
        ("sk > :n", 1, True),
        ("sk > :n", 1, False),
        ("sk = :n", 1, True),
        ("sk <= :n", 7, False),
        ("sk >= :n", 0, True),
    ],
)
def test_start_key_outside_the_range_condition(raw, table, condition, start, forward):
    reply = raw(
        "Query", TableName=table, KeyConditionExpression="pk = :p AND " + condition, ScanIndexForward=forward,
        ExpressionAttributeValues={":p": S("a"), ":n": N(3)}, ExclusiveStartKey={"pk": S("a"), "sk": N(start)},
    )  # fmt: skip
    invalid(reply, "The provided starting key does not match the range key predicate")


# --- paging by size --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tables, raw):
    """large(size, count): (table, partition) with `count` items of exactly `size` bytes each; sort keys 0000…"""
    indexes = {"lsi": [index("by_l", "pk", "l", "ALL")], "gsi": [index("by_g", "g")]}
    names = [tables.create(spec("pk", "sk", **i), label="large") for i in ({}, indexes)]
    made = {}

    def make(size, count, indexed=False):
        if (size, count, indexed) not in made:
            partition = made[size, count, indexed] = unique("large")
            keys = [{"pk": S(partition), "sk": S(f"{i:04}"), "l": S(f"{9999 - i:04}"), "g": S(partition)} for i in range(count)]
            items = [padded(key, size) for key in keys]
            assert all(item_size(item) == size for item in items)
            put_large(raw, names[indexed], items)
        return names[indexed], made[size, count, indexed]

    return make


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    "size, count, first",
    [
        (65536, 20, 16),  # 16 items are exactly 1 MB
        (65537, 20, 16),  # the 16th passes it
        (65535, 20, 17),  # 16 are 16 bytes short of it
        (300000, 6, 4),
        (349526, 4, 3),
        (409600, 5, 3),
    ],
)
def test_page_ends_with_the_item_that_reaches_1_mb(raw, large, size, count, first, forward):
    table, partition = large(size, count)
    got = list(pages(raw, "Query", TableName=table, ScanIndexForward=forward, **of_partition(S(partition))))
    assert got[0]["Count"] == got[0]["ScannedCount"] == first
    assert got[0]["LastEvaluatedKey"] == {k: got[0]["Items"][-1][k] for k in ("pk", "sk")}
    order = range(count) if forward else reversed(range(count))
    assert [i["sk"]["S"] for p in got for i in p["Items"]] == [f"{i:04}" for i in order]


def test_count_and_projection_do_not_make_pages_longer(raw, large):
    table, partition = large(65536, 20)
    for params in ({"Select": "COUNT"}, {"ProjectionExpression": "sk"}):
        reply = raw("Query", TableName=table, **params, **of_partition(S(partition))).ok()
        assert reply["ScannedCount"] == 16
        assert reply["LastEvaluatedKey"] == {"pk": S(partition), "sk": S("0015")}


def test_size_limit_of_index_pages(raw, large):
    table, partition = large(65536, 20, indexed=True)
    for name, key, extra in (("by_l", "pk", {"l"}), ("by_g", "g", {"g"})):
        got = list(pages(raw, "Query", TableName=table, IndexName=name, **of_partition(S(partition), key)))
        assert [p["Count"] for p in got] == [16, 4]
        assert set(got[0]["LastEvaluatedKey"]) == {"pk", "sk"} | extra


@pytest.mark.differs_from_dynamodb_local("counts the size after the filter")
def test_size_limit_comes_before_the_filter(raw, large):
    table, partition = large(65536, 20)
    params = of_partition(S(partition))
    params["ExpressionAttributeValues"][":n"] = S("nothing")
    got = list(pages(raw, "Query", TableName=table, FilterExpression="filler = :n", **params))
    assert [(p["Count"], p["ScannedCount"]) for p in got] == [(0, 16), (0, 4)]
    assert got[0]["Items"] == []


def test_limit_and_size_together(raw, large):
    table, partition = large(65536, 20)
    for limit, first in ((15, 15), (16, 16), (17, 16), (20, 16)):
        reply = raw("Query", TableName=table, Limit=limit, Select="COUNT", **of_partition(S(partition)))
        assert reply["Count"] == first


def test_partition_of_exactly_1_mb(raw, large):
    table, partition = large(65536, 16)
    assert len(read_all(raw, "Query", TableName=table, **of_partition(S(partition)))) == 16
    assert raw("Query", TableName=table, Select="COUNT", **of_partition(S(partition)))["Count"] == 16
