"""ReturnConsumedCapacity of Query, Scan and BatchGetItem, in exact numbers.

One unit is a strongly consistent read of 4 KB, or two eventually consistent ones (Developer Guide, "Read and write
operations"). Query and Scan round the sum of the sizes of what they read; BatchGetItem rounds each item."""

from __future__ import annotations

import math

import pytest

from support.expect import eventually
from support.reading import item_size, of_partition, padded, pages, put_large
from support.tables import index, spec
from support.values import N, S, unique

SIZES = [100, 4096, 4097, 1000, 12000, 3999]  # of the items; their sort keys are 0, 1, …


def units(size, consistent=False):
    return max(1, math.ceil(size / 4096)) * (1.0 if consistent else 0.5)


@pytest.fixture(scope="module")
def table(tables):
    return tables.create(
        spec(
            "pk", "sk", {"sk": "N"},
            lsi=[index("l_keys", "pk", "l", "KEYS_ONLY"), index("l_some", "pk", "l", ["small"]), index("l_all", "pk", "l")],
            gsi=[index("g_keys", "g", projection="KEYS_ONLY"), index("g_some", "g", None, ["small"]), index("g_all", "g")],
        ),
        label="reads",
    )  # fmt: skip


@pytest.fixture(scope="module")
def items(raw, table):
    """Six items of SIZES bytes in one partition, each in every index."""
    partition = S(unique("reads"))
    made = [
        padded({"pk": partition, "sk": N(i), "l": S(f"l{i}"), "g": partition, "small": S("x" * 10)}, size) for i, size in enumerate(SIZES)
    ]
    assert [item_size(i) for i in made] == SIZES
    put_large(raw, table, made)
    for name in ("g_keys", "g_some", "g_all"):
        eventually(lambda: raw("Query", TableName=table, IndexName=name, Select="COUNT", **of_partition(partition, "g"))["Count"],
                   lambda count: count == len(SIZES))  # fmt: skip
    return made


@pytest.fixture(scope="module")
def ask(raw, table, items):
    def query(**params):
        of = of_partition(items[0]["pk"], "g" if params.get("IndexName", "").startswith("g_") else "pk")
        for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            of[member] = {**of[member], **params.pop(member, {})}
        return raw("Query", {"TableName": table, **of, **params}).ok().get("ConsumedCapacity")

    return query


def projected(item, names):
    return item_size({k: v for k, v in item.items() if k in names})


ENTRY = {
    "l_keys": lambda i: projected(i, {"pk", "sk", "l"}),
    "l_some": lambda i: projected(i, {"pk", "sk", "l", "small"}),
    "l_all": item_size,
    "g_keys": lambda i: projected(i, {"pk", "sk", "g"}),
    "g_some": lambda i: projected(i, {"pk", "sk", "g", "small"}),
    "g_all": item_size,
}


@pytest.mark.parametrize("consistent", [False, True])
def test_query_modes(ask, table, consistent):
    want = units(sum(SIZES), consistent)
    ask_so = lambda **params: ask(ConsistentRead=consistent, **params)  # noqa: E731
    assert ask_so() is None
    assert ask_so(ReturnConsumedCapacity="NONE") is None
    assert ask_so(ReturnConsumedCapacity="TOTAL") == {"TableName": table, "CapacityUnits": want}
    assert ask_so(ReturnConsumedCapacity="INDEXES") == {"TableName": table, "CapacityUnits": want, "Table": {"CapacityUnits": want}}


@pytest.mark.parametrize("limit", range(1, 7))
@pytest.mark.parametrize("consistent", [False, True])
def test_query_sums_before_it_rounds(ask, limit, consistent):
    got = ask(ReturnConsumedCapacity="TOTAL", Limit=limit, ConsistentRead=consistent)
    assert got["CapacityUnits"] == units(sum(SIZES[:limit]), consistent)


@pytest.mark.parametrize(
    "params",
    [
        {"Select": "COUNT"},
        {"ProjectionExpression": "sk"},
        {"FilterExpression": "small = :s", "ExpressionAttributeValues": {":s": S("x" * 10)}},
    ],
)
def test_projection_and_filter_do_not_make_it_cheaper(ask, params):
    assert ask(ReturnConsumedCapacity="TOTAL", **params)["CapacityUnits"] == units(sum(SIZES))


def test_filter_that_refuses_all(raw, table, items):
    """What is evaluated is charged."""
    of = of_partition(items[0]["pk"])
    reply = raw("Query", TableName=table, FilterExpression="attribute_exists(absent)", ReturnConsumedCapacity="TOTAL", **of)
    assert reply["Count"] == 0
    if reply.json["ConsumedCapacity"]["CapacityUnits"] != units(sum(SIZES)):
        raise AssertionError(reply.json)


@pytest.mark.parametrize("name", list(ENTRY))
@pytest.mark.parametrize("consistent", [False, True])
def test_query_of_index(ask, table, items, name, consistent):
    if consistent and name.startswith("g_"):
        pytest.skip("global indexes have no consistent reads")
    want = units(sum(map(ENTRY[name], items)), consistent)
    kind = "GlobalSecondaryIndexes" if name.startswith("g_") else "LocalSecondaryIndexes"
    params = {"IndexName": name, "ConsistentRead": consistent}
    assert ask(ReturnConsumedCapacity="TOTAL", **params) == {"TableName": table, "CapacityUnits": want}
    assert ask(ReturnConsumedCapacity="INDEXES", **params) == {
        "TableName": table, "CapacityUnits": want, "Table": {"CapacityUnits": 0.0}, kind: {name: {"CapacityUnits": want}},
    }  # fmt: skip
    assert ask(ReturnConsumedCapacity="NONE", **params) is None


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("name", ["l_keys", "l_some"])
@pytest.mark.parametrize("params", [{"Select": "ALL_ATTRIBUTES"}, {"ProjectionExpression": "sk, filler"}])
def test_fetch_from_the_table_is_charged_by_item(ask, table, items, name, params, consistent):
    """A local index that does not project what is asked for reads each whole item from the table, rounded up singly."""
    of_index = units(sum(map(ENTRY[name], items)), consistent)
    of_table = sum(units(size, consistent) for size in SIZES)
    got = ask(IndexName=name, ConsistentRead=consistent, ReturnConsumedCapacity="INDEXES", **params)
    assert got == {
        "TableName": table, "CapacityUnits": of_index + of_table, "Table": {"CapacityUnits": of_table},
        "LocalSecondaryIndexes": {name: {"CapacityUnits": of_index}},
    }  # fmt: skip


@pytest.mark.differs_from_dynamodb_local("fetches as soon as there is a projection")
def test_no_fetch_for_projected_attributes(ask, items):
    got = ask(IndexName="l_some", ProjectionExpression="sk, small, l", ReturnConsumedCapacity="INDEXES")
    assert got["Table"] == {"CapacityUnits": 0.0}
    assert got["CapacityUnits"] == units(sum(map(ENTRY["l_some"], items)))


@pytest.mark.differs_from_dynamodb_local("charges nothing")
@pytest.mark.parametrize("consistent", [False, True])
def test_query_that_finds_nothing(raw, table, consistent):
    reply = raw("Query", TableName=table, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL", **of_partition(S(unique("none"))))
    assert reply["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 1.0 if consistent else 0.5}


# --- Scan ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scanned(raw, tables):
    """A table of its own with SIZES."""
    table = tables.create(spec("pk", lsi=None, gsi=[index("by_g", "g", projection="KEYS_ONLY")]), label="scanned")
    put_large(raw, table, [padded({"pk": S(f"p{i}"), "g": S("g")}, size) for i, size in enumerate(SIZES)])
    return table


@pytest.mark.parametrize("consistent", [False, True])
def test_scan_modes(raw, scanned, consistent):
    want = units(sum(SIZES), consistent)
    ask = lambda mode: raw("Scan", TableName=scanned, ConsistentRead=consistent, ReturnConsumedCapacity=mode).ok().get("ConsumedCapacity")  # noqa: E731
    assert ask("NONE") is None
    assert ask("TOTAL") == {"TableName": scanned, "CapacityUnits": want}
    assert ask("INDEXES") == {"TableName": scanned, "CapacityUnits": want, "Table": {"CapacityUnits": want}}


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_scan_pages(raw, scanned, limit):
    for page in pages(raw, "Scan", TableName=scanned, Limit=limit, ReturnConsumedCapacity="TOTAL"):
        if page["Items"]:
            assert page["ConsumedCapacity"]["CapacityUnits"] == units(sum(map(item_size, page["Items"])))


@pytest.mark.parametrize("params", [{"Select": "COUNT"}, {"ProjectionExpression": "pk"}, {"FilterExpression": "attribute_exists(absent)"}])
def test_scan_is_charged_for_what_it_evaluates(raw, scanned, params):
    reply = raw("Scan", TableName=scanned, ReturnConsumedCapacity="TOTAL", **params)
    assert reply["ConsumedCapacity"]["CapacityUnits"] == units(sum(SIZES))


def test_scan_segments(raw, scanned):
    for segment in range(4):
        reply = raw("Scan", TableName=scanned, Segment=segment, TotalSegments=4, ReturnConsumedCapacity="TOTAL")
        if reply["Items"]:
            assert reply["ConsumedCapacity"]["CapacityUnits"] == units(sum(map(item_size, reply["Items"])))


@pytest.mark.differs_from_dynamodb_local("charges whole items")
def test_scan_of_index(raw, scanned):
    eventually(lambda: raw("Scan", TableName=scanned, IndexName="by_g", Select="COUNT")["Count"], lambda count: count == len(SIZES))
    reply = raw("Scan", TableName=scanned, IndexName="by_g", ReturnConsumedCapacity="INDEXES")
    assert reply["ConsumedCapacity"] == {
        "TableName": scanned, "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by_g": {"CapacityUnits": 0.5}},
    }  # fmt: skip


def test_page_of_1_mb(raw, tables):
    table = tables.create(spec("pk", "sk", {"sk": "N"}), label="megabyte")
    put_large(raw, table, [padded({"pk": S("p"), "sk": N(i)}, 65537) for i in range(20)])
    first, second = pages(raw, "Query", TableName=table, ReturnConsumedCapacity="TOTAL", Select="COUNT", **of_partition(S("p")))
    assert first["ConsumedCapacity"]["CapacityUnits"] == units(16 * 65537) == 128.5
    assert second["ConsumedCapacity"]["CapacityUnits"] == units(4 * 65537)


# --- BatchGetItem ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("mode", ["TOTAL", "INDEXES", "NONE"])
def test_batch_get(raw, table, items, scanned, consistent, mode):
    want = sum(units(size, consistent) for size in SIZES)
    keys = [{"pk": i["pk"], "sk": i["sk"]} for i in items]
    requests = {
        table: {"Keys": keys, "ConsistentRead": consistent, "ProjectionExpression": "sk"},
        scanned: {"Keys": [{"pk": S("p2")}], "ConsistentRead": not consistent},
    }
    reply = raw("BatchGetItem", RequestItems=requests, ReturnConsumedCapacity=mode).ok()
    if mode == "NONE":
        assert "ConsumedCapacity" not in reply
        return
    expected = []
    for name, total in ((table, want), (scanned, units(4097, not consistent))):
        expected.append({"TableName": name, "CapacityUnits": total, **({"Table": {"CapacityUnits": total}} if mode == "INDEXES" else {})})
    assert sorted(reply["ConsumedCapacity"], key=lambda c: c["TableName"]) == sorted(expected, key=lambda c: c["TableName"])


@pytest.mark.differs_from_dynamodb_local("charges nothing for missing items")
@pytest.mark.parametrize("consistent, want", [(False, 1.5), (True, 3.0)])
def test_batch_get_of_missing_items(raw, table, items, consistent, want):
    keys = [{"pk": S(unique("none")), "sk": N(1)}, {"pk": items[0]["pk"], "sk": N(99)}, {"pk": items[0]["pk"], "sk": N(0)}]
    reply = raw("BatchGetItem", RequestItems={table: {"Keys": keys, "ConsistentRead": consistent}}, ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": want}]


# --- statements: as the operation that they become


@pytest.fixture(scope="module")
def select(raw, table, items):
    """select("*", "index", …) is the capacity of a SELECT of the partition, by way of the index."""

    def run(columns, name=None, **params):
        source = f'"{table}"' + (f'."{name}"' if name else "")
        key = "g" if (name or "").startswith("g_") else "pk"
        text = f"SELECT {columns} FROM {source} WHERE {key}='{items[0]['pk']['S']}'"
        return raw("ExecuteStatement", Statement=text, **params).ok().get("ConsumedCapacity")

    return run


@pytest.mark.differs_from_dynamodb_local("reports no capacity for statements")
@pytest.mark.parametrize("mode", ["TOTAL", "INDEXES", "NONE"])
@pytest.mark.parametrize("consistent", [False, True])
def test_statement_costs_as_a_query(ask, select, mode, consistent):
    params = {"ReturnConsumedCapacity": mode, "ConsistentRead": consistent}
    assert select("*", **params) == ask(**params)
    for name in ("l_keys", "l_some", "l_all"):
        assert select("*", name, **params) == ask(IndexName=name, **params)
    for name in ("l_keys", "l_some"):  # fetched from the table
        assert select("sk, filler", name, **params) == ask(IndexName=name, ProjectionExpression="sk, filler", **params)


@pytest.mark.differs_from_dynamodb_local("reports no capacity for statements")
def test_statement_on_a_global_index_costs_as_a_query(ask, select):
    for name in ("g_keys", "g_some", "g_all"):
        got = select("*", name, ReturnConsumedCapacity="INDEXES")
        assert got == ask(IndexName=name, ReturnConsumedCapacity="INDEXES") and got["CapacityUnits"] > 0


@pytest.mark.differs_from_dynamodb_local("reports no capacity for statements")
@pytest.mark.parametrize("mode", ["TOTAL", "INDEXES", "NONE"])
def test_batch_of_statements_costs_item_by_item_and_is_told_by_table(raw, table, items, mode):
    pk = items[0]["pk"]["S"]
    for consistent in (False, True):
        statements = [
            {"Statement": f"SELECT sk FROM \"{table}\" WHERE pk='{pk}' AND sk={i['sk']['N']}", "ConsistentRead": consistent} for i in items
        ]
        reply = raw("BatchExecuteStatement", Statements=statements, ReturnConsumedCapacity=mode).ok()
        all_units = sum(units(size, consistent) for size in SIZES)
        told = {"TableName": table, "CapacityUnits": all_units, **({"Table": {"CapacityUnits": all_units}} if mode == "INDEXES" else {})}
        assert reply.get("ConsumedCapacity") == (None if mode == "NONE" else [told])
