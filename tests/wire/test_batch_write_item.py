"""BatchWriteItem: up to 25 puts and deletes in several tables, 16 MB a request; one bad request fails them all."""

from __future__ import annotations

import re

import pytest

from support.expect import NOT_FOUND, eventually, expect_error, invalid
from support.reading import of_partition, padded, read_all
from support.tables import index, spec
from support.values import B, BOOL, L, M, N, NULL, NS, S, SS, normal, unique

SCHEMA = "The provided key element does not match the schema"
AWS = pytest.mark.differs_from_dynamodb_local("wording")


def put(item):
    return {"PutRequest": {"Item": item}}


def delete(key):
    return {"DeleteRequest": {"Key": key}}


def write(raw, table, requests, **params):
    return raw("BatchWriteItem", {"RequestItems": {table: requests}, **params})


@pytest.fixture
def partition():
    return S(unique("bw"))


def content(raw, table, partition):
    return read_all(raw, "Query", TableName=table, ConsistentRead=True, **of_partition(partition))


@pytest.mark.parametrize("count", [1, 2, 24, 25])
def test_puts(raw, range_table, partition, count):
    items = [{"pk": partition, "sk": S(f"{i:02}"), "v": N(i)} for i in range(count)]
    assert write(raw, range_table, [put(i) for i in items]).ok() == {"UnprocessedItems": {}}
    assert content(raw, range_table, partition) == items


def test_puts_and_deletes(raw, range_table, partition):
    write(raw, range_table, [put({"pk": partition, "sk": S(f"{i:02}"), "v": S("old")}) for i in range(20)]).ok()
    mixed = [delete({"pk": partition, "sk": S(f"{i:02}")}) for i in range(0, 20, 2)]
    mixed += [put({"pk": partition, "sk": S(f"{i:02}"), "w": S("new")}) for i in range(1, 20, 2)]
    mixed += [delete({"pk": partition, "sk": S("never there")}), put({"pk": partition, "sk": S("99")})]
    write(raw, range_table, mixed).ok()
    want = [{"pk": partition, "sk": S(f"{i:02}"), "w": S("new")} for i in range(1, 20, 2)] + [{"pk": partition, "sk": S("99")}]
    assert content(raw, range_table, partition) == want


def test_put_replaces_the_whole_item(raw, range_table, partition):
    key = {"pk": partition, "sk": S("s")}
    write(raw, range_table, [put({**key, "a": S("1"), "b": S("1")})]).ok()
    write(raw, range_table, [put({**key, "b": S("2")})]).ok()
    assert content(raw, range_table, partition) == [{**key, "b": S("2")}]


def test_many_partitions(raw, hash_table):
    """On a server with several shards this is a write to all of them."""
    names = [unique("spread") for _ in range(25)]
    write(raw, hash_table, [put({"pk": S(n), "v": S(n)}) for n in names]).ok()
    for n in names:
        assert raw("GetItem", TableName=hash_table, Key={"pk": S(n)}, ConsistentRead=True)["Item"] == {"pk": S(n), "v": S(n)}
    write(raw, hash_table, [delete({"pk": S(n)}) for n in names]).ok()
    for n in names:
        assert raw("GetItem", TableName=hash_table, Key={"pk": S(n)}, ConsistentRead=True).ok() == {}


def test_several_tables(raw, range_table, hash_table, number_table, partition):
    reply = raw(
        "BatchWriteItem",
        RequestItems={
            range_table: [put({"pk": partition, "sk": S("s")})],
            hash_table: [put({"pk": partition, "x": N(1)})],
            number_table: [put({"pk": partition, "sk": N("1.0")}), delete({"pk": partition, "sk": N(2)})],
        },
    )
    assert reply.ok() == {"UnprocessedItems": {}}
    assert content(raw, range_table, partition) == [{"pk": partition, "sk": S("s")}]
    assert content(raw, hash_table, partition) == [{"pk": partition, "x": N(1)}]
    assert content(raw, number_table, partition) == [{"pk": partition, "sk": N(1)}]


def test_table_by_arn(raw, range_table, partition):
    arn = raw("DescribeTable", TableName=range_table)["Table"]["TableArn"]
    write(raw, arn, [put({"pk": partition, "sk": S("s")})]).ok()
    assert content(raw, range_table, partition) == [{"pk": partition, "sk": S("s")}]


def test_all_types(raw, range_table, partition):
    item = {
        "pk": partition, "sk": S("s"), "s": S(""), "n": N("-1.5E-3"), "b": B(b""), "t": BOOL(True), "f": BOOL(False), "z": NULL,
        "l": L(N(1), L(), M(a=NULL)), "m": M(x=M(y=S("z"))), "ss": SS("a", "b"), "ns": NS("1", "2.50"), "bs": {"BS": [b"\x00", b"a"]},
    }  # fmt: skip
    write(raw, range_table, [put(item)]).ok()
    got, = content(raw, range_table, partition)
    want = {**item, "n": N("-0.0015"), "b": {"B": ""}, "ns": NS("1", "2.5"), "bs": {"BS": ["AA==", "YQ=="]}}
    assert normal(got) == normal(want)


# --- duplicates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first, second", [(put, put), (put, delete), (delete, put), (delete, delete)])
def test_duplicates(raw, range_table, partition, first, second):
    key = {"pk": partition, "sk": S("s")}
    reply = write(raw, range_table, [first(key), put({**key, "sk": S("t")}), second(key)])
    invalid(reply, "Provided list of item keys contains duplicates")
    assert content(raw, range_table, partition) == []


def test_duplicates_come_before_keys(raw, range_table, partition):
    """Repeated keys are told first, also if another key does not fit its table, or an item its indexes."""
    key = {"pk": partition, "sk": S("s")}
    reply = write(raw, range_table, [delete({"pk": partition}), put(key), put(key)])
    invalid(reply, "Provided list of item keys contains duplicates")


def test_duplicates_by_value(raw, number_table, partition):
    reply = write(raw, number_table, [put({"pk": partition, "sk": N("1")}), delete({"pk": partition, "sk": N("1.00")})])
    invalid(reply, "Provided list of item keys contains duplicates")


def test_same_key_in_two_tables(raw, range_table, tables, partition):
    other = tables.create(spec("pk", "sk"), label="other")
    item = {"pk": partition, "sk": S("s")}
    raw("BatchWriteItem", RequestItems={range_table: [put(item)], other: [put(item)]}).ok()
    assert content(raw, range_table, partition) == content(raw, other, partition) == [item]


# --- one bad request fails all -----------------------------------------------------------------------------------------

NOT_ONE = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
DEEP = {"S": "x"}
for _ in range(32):
    DEEP = {"L": [DEEP]}


@pytest.mark.parametrize(
    "bad, message",
    [
        (put({"pk": S("w")}), re.compile(SCHEMA + "|One of the required keys was not given a value|.*Missing the key sk in the item")),
        (put({"sk": S("w")}), re.compile(SCHEMA + "|One of the required keys was not given a value|.*Missing the key pk in the item")),
        (put({"pk": S("w"), "sk": N(1)}), re.compile(SCHEMA + "|One or more parameter values were invalid: Type mismatch for key.*")),
        (
            put({"pk": S(""), "sk": S("s")}),
            re.compile(r"One or more parameter values (are not valid\. The AttributeValue for a key attribute cannot contain an empty string "
                       r"value\. Key: pk|were invalid: .*)"),
        ),
        pytest.param(put({"pk": S("x" * 2049), "sk": S("s")}), None, id="long partition key"),
        pytest.param(put({"pk": S("w"), "sk": S("x" * 1025)}), None, id="long sort key"),
        (put({"pk": S("w"), "sk": S("s"), "x": SS()}), re.compile("One or more parameter values were invalid: An string set  may not be empty")),
        (
            put({"pk": S("w"), "sk": S("s"), "x": SS("a", "a")}),
            re.compile(r"One or more parameter values were invalid: Input collection \[.*\] contains duplicates\.?"),
        ),
        (put({"pk": S("w"), "sk": S("s"), "x": NS("1", "1.0")}), re.compile(".*[Ii]nput collection.* contains duplicates.*")),
        (put({"pk": S("w"), "sk": S("s"), "x": N("a")}), re.compile(".*cannot be converted (in)?to a num(ber|eric value).*")),
        (put({"pk": S("w"), "sk": S("s"), "x": N("1" * 39)}), None),
        (put({"pk": S("w"), "sk": S("s"), "x": N("1E126")}), None),
        (put({"pk": S("w"), "sk": S("s"), "x": None}), "The supplied Item contains a null AttributeValue: x is null"),
        (put({"pk": S("w"), "sk": S("s"), "x": {}}), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            put({"pk": S("w"), "sk": S("s"), "x": {"S": "a", "N": "1"}}),
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        pytest.param(put({"pk": S("w"), "sk": S("s"), "x": DEEP}), re.compile("Nesting Levels have exceeded supported limits.*"), id="deep"),
        pytest.param(
            put(padded({"pk": S("w"), "sk": S("s")}, 409_601)), "Item size has exceeded the maximum allowed size", id="too large"
        ),
        (put({}), None),
        (delete({"pk": S("w")}), re.compile(SCHEMA + "|The number of conditions on the keys is invalid")),
        (delete({"pk": S("w"), "sk": S("s"), "x": S("w")}), re.compile(SCHEMA + "|The number of conditions on the keys is invalid")),
        (delete({"pk": S("w"), "sk": N(1)}), re.compile(SCHEMA + "|One or more parameter values were invalid: Type mismatch for key.*")),
        (delete({"pk": S("w"), "sk": S("")}), None),
        (delete({}), None),
        ({}, NOT_ONE),
        ({**put({"pk": S("w"), "sk": S("s")}), **delete({"pk": S("w"), "sk": S("s")})}, NOT_ONE),
        ({"PutRequest": {}}, None),
        ({"DeleteRequest": {}}, None),
        ({"PutRequest": None}, None),
    ],
)  # fmt: skip
def test_one_bad_request_fails_all(raw, range_table, partition, bad, message):
    good = [put({"pk": partition, "sk": S(f"{i}")}) for i in range(3)]
    invalid(write(raw, range_table, [*good, bad]), message)
    invalid(write(raw, range_table, [bad, *good]), message)
    assert content(raw, range_table, partition) == []


@AWS
@pytest.mark.parametrize(
    "bad",
    [put({"pk": S("w")}), put({"pk": S("w"), "sk": N(1)}), delete({"pk": S("w")}), delete({"pk": S("w"), "sk": S("s"), "x": S("w")}),
     delete({"pk": S("w"), "sk": N(1)})],
)  # fmt: skip
def test_key_not_of_the_schema_text(raw, range_table, bad):
    invalid(write(raw, range_table, [bad]), SCHEMA)


def test_item_of_409600_bytes(raw, range_table, partition):
    item = padded({"pk": partition, "sk": S("s")}, 409_600)
    write(raw, range_table, [put(item)]).ok()
    assert content(raw, range_table, partition) == [item]


def test_missing_table_fails_the_whole_call(raw, range_table, partition):
    reply = raw(
        "BatchWriteItem",
        RequestItems={range_table: [put({"pk": partition, "sk": S("s")})], "stator-wire-missing": [put({"pk": partition})]},
    )
    expect_error(reply, NOT_FOUND)
    assert content(raw, range_table, partition) == []


# --- how many, how much ------------------------------------------------------------------------------------------------


def test_26_requests_in_one_table(raw, range_table, partition):
    invalid(write(raw, range_table, [put({"pk": partition, "sk": S(str(i))}) for i in range(26)]))
    assert content(raw, range_table, partition) == []


@AWS
def test_26_requests_in_one_table_text(raw, range_table, partition):
    reply = invalid(write(raw, range_table, [put({"pk": partition, "sk": S(str(i))}) for i in range(26)]))
    assert re.match(r"1 validation error detected: Value '.*' at 'requestItems.*' failed to satisfy constraint: "
                    r".*Member must have length less than or equal to 25", reply.message)  # fmt: skip


def test_26_requests_in_two_tables(raw, range_table, hash_table, partition):
    reply = raw(
        "BatchWriteItem",
        RequestItems={
            range_table: [put({"pk": partition, "sk": S(str(i))}) for i in range(13)],
            hash_table: [put({"pk": S(unique())}) for i in range(13)],
        },
    )
    invalid(reply, "Too many items requested for the BatchWriteItem call")
    assert content(raw, range_table, partition) == []


@pytest.mark.parametrize("params", [{}, {"RequestItems": {}}, {"RequestItems": None}])
def test_no_requests(raw, params):
    invalid(raw("BatchWriteItem", params))


@AWS
@pytest.mark.parametrize("params", [{}, {"RequestItems": {}}])
def test_no_requests_text(raw, params):
    invalid(raw("BatchWriteItem", params), re.compile(
        "The requestItems parameter is required for BatchWriteItem"
        "|1 validation error detected: Value (null|'\\{\\}') at 'requestItems' failed to satisfy constraint: "
        "Member must (not be null|have length greater than or equal to 1)"))  # fmt: skip


@pytest.mark.parametrize("requests", [[], None, [None]])
def test_no_requests_for_a_table(raw, range_table, requests):
    invalid(write(raw, range_table, requests))


@pytest.mark.parametrize("name", ["ab", "a" * 256, "a$bc", ""])
def test_bad_table_name(raw, name):
    invalid(raw("BatchWriteItem", RequestItems={name: [put({"pk": S("a")})]}))


@AWS
@pytest.mark.parametrize("member, values", [("ReturnConsumedCapacity", "INDEXES, TOTAL, NONE"), ("ReturnItemCollectionMetrics", "SIZE, NONE")])
def test_bad_return_members(raw, range_table, member, values):
    reply = write(raw, range_table, [put({"pk": S("a"), "sk": S("s")})], **{member: "x"})
    path = member[0].lower() + member[1:]
    invalid(reply, f"1 validation error detected: Value 'x' at '{path}' failed to satisfy constraint: Member must satisfy enum value set: [{values}]")


def test_25_items_of_nearly_400_kb(raw, range_table, partition):
    """25 × 400 KB are less than 16 MB, so a full batch of the largest items passes (in parts, if the server says so)."""
    items = [padded({"pk": partition, "sk": S(f"{i:02}")}, 409_600) for i in range(25)]
    waiting = [put(i) for i in items]
    for _ in range(25):
        reply = write(raw, range_table, waiting).ok()
        waiting = reply["UnprocessedItems"].get(range_table, [])
        if not waiting:
            break
    assert content(raw, range_table, partition) == items


# --- what else is told ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["TOTAL", "INDEXES"])
def test_consumed_capacity(raw, range_table, number_table, partition, mode):
    raw("PutItem", TableName=range_table, Item=padded({"pk": partition, "sk": S("old")}, 2500)).ok()
    reply = raw(
        "BatchWriteItem",
        ReturnConsumedCapacity=mode,
        RequestItems={
            range_table: [
                put(padded({"pk": partition, "sk": S("a")}, 1024)),  # 1
                put(padded({"pk": partition, "sk": S("b")}, 1025)),  # 2
                delete({"pk": partition, "sk": S("old")}),  # 3
            ],
            number_table: [put({"pk": partition, "sk": N(1)})],
        },
    ).ok()
    got = {c["TableName"]: c for c in reply["ConsumedCapacity"]}
    for table, units in ((range_table, 6), (number_table, 1)):
        want = {"TableName": table, "CapacityUnits": float(units)}
        if mode == "INDEXES":
            want["Table"] = {"CapacityUnits": float(units)}
        assert got[table] == want
    assert len(reply["ConsumedCapacity"]) == 2


@pytest.mark.differs_from_dynamodb_local("charges 2")
def test_consumed_capacity_of_deleting_nothing(raw, range_table, partition):
    reply = write(raw, range_table, [delete({"pk": partition, "sk": S("none")})], ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": range_table, "CapacityUnits": 1.0}]


def test_no_consumed_capacity(raw, range_table, partition):
    for params in ({}, {"ReturnConsumedCapacity": "NONE"}):
        assert "ConsumedCapacity" not in write(raw, range_table, [put({"pk": partition, "sk": S("s")})], **params).ok()


@pytest.fixture(scope="module")
def indexed(tables):
    return tables.create(spec("pk", "sk", lsi=[index("by_l", "pk", "l")], gsi=[index("by_g", "g")]), label="indexed")


@pytest.mark.differs_from_dynamodb_local("leaves the indexes out")
def test_consumed_capacity_of_indexes(raw, indexed, partition):
    reply = write(raw, indexed, [put({"pk": partition, "sk": S("s"), "l": S("l"), "g": partition}), put({"pk": partition, "sk": S("t")})],
                  ReturnConsumedCapacity="INDEXES")  # fmt: skip
    assert reply["ConsumedCapacity"] == [
        {
            "TableName": indexed, "CapacityUnits": 4.0, "Table": {"CapacityUnits": 2.0},
            "LocalSecondaryIndexes": {"by_l": {"CapacityUnits": 1.0}}, "GlobalSecondaryIndexes": {"by_g": {"CapacityUnits": 1.0}},
        }
    ]  # fmt: skip


def test_indexes_are_maintained(raw, indexed, partition):
    items = [{"pk": partition, "sk": S(f"{i:02}"), "l": S(f"{99 - i}"), "g": partition} for i in range(25)]
    write(raw, indexed, [put(i) for i in items]).ok()
    got = read_all(raw, "Query", TableName=indexed, IndexName="by_l", ConsistentRead=True, **of_partition(partition))
    assert got == items[::-1]
    eventually(lambda: raw("Query", TableName=indexed, IndexName="by_g", Select="COUNT", **of_partition(partition, "g"))["Count"],
               lambda count: count == 25)  # fmt: skip
    write(raw, indexed, [delete({"pk": partition, "sk": i["sk"]}) for i in items[:20]]).ok()
    got = read_all(raw, "Query", TableName=indexed, IndexName="by_l", ConsistentRead=True, **of_partition(partition))
    assert got == items[:19:-1]


@pytest.mark.differs_from_dynamodb_local("never returns them for batches")
def test_item_collection_metrics(raw, indexed, partition):
    other = S(unique())
    requests = [put({"pk": partition, "sk": S("s")}), delete({"pk": partition, "sk": S("t")}), put({"pk": other, "sk": S("s")})]
    metrics = write(raw, indexed, requests, ReturnItemCollectionMetrics="SIZE")["ItemCollectionMetrics"][indexed]
    assert sorted(m["ItemCollectionKey"]["pk"]["S"] for m in metrics) == sorted(k["S"] for k in (partition, other))
    for metric in metrics:
        low, high = metric["SizeEstimateRangeGB"]
        assert 0 <= low <= high <= 1


def test_no_item_collection_metrics(raw, indexed, range_table, partition):
    """Only tables with local indexes have item collections, and only when asked."""
    item = {"pk": partition, "sk": S("s")}
    for table, params in ((indexed, {}), (indexed, {"ReturnItemCollectionMetrics": "NONE"}), (range_table, {"ReturnItemCollectionMetrics": "SIZE"})):
        reply = write(raw, table, [put(item)], **params).ok()
        assert not reply.get("ItemCollectionMetrics")


def test_boto3_batch_writer(raw, endpoint, client, hash_table):
    """The SDK's own helper, which resends what is unprocessed."""
    import boto3

    credentials = client._request_signer._credentials
    table = boto3.resource(
        "dynamodb", endpoint_url=endpoint.url, region_name=endpoint.region, aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key, aws_session_token=credentials.token,
    ).Table(hash_table)  # fmt: skip
    names = [unique("writer") for _ in range(60)]
    with table.batch_writer() as batch:
        for n in names:
            batch.put_item(Item={"pk": n, "v": {"nested": [1, None, True]}})
    with table.batch_writer() as batch:
        for n in names[:30]:
            batch.delete_item(Key={"pk": n})
    left = [n for n in names if "Item" in table.get_item(Key={"pk": n}, ConsistentRead=True)]
    assert left == names[30:]
