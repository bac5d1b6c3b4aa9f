"""What transactions cost: twice as much as other requests for the table, the same for its indexes; and the item
collections that they wrote to."""

import pytest

from support.tables import index, spec
from support.transact import check, delete, get, put, update
from support.values import S, unique

pytestmark = pytest.mark.differs_from_dynamodb_local("it counts writes twice over and shows no item collections")


@pytest.fixture(scope="module")
def indexed(tables):
    return tables.create(spec(
        "pk", "sk", lsi=[index("local", "pk", "l", "KEYS_ONLY")], gsi=[index("global", "g"), index("other", "o")],
    ))


@pytest.fixture
def run(raw):
    def call(operation, *items, mode="INDEXES", **more):
        reply = raw(operation, TransactItems=list(items), ReturnConsumedCapacity=mode, **more).ok()
        return {entry.pop("TableName"): entry for entry in reply["ConsumedCapacity"]}

    return call


@pytest.fixture
def keys():
    return [{"pk": S(unique("capacity"))} for _ in range(4)]


def of_size(key, size):
    used = sum(len(name) + len(value["S"]) for name, value in key.items())
    return {**key, "f": S("x" * (size - used - 1))}


def written(units):
    return {"CapacityUnits": units, "WriteCapacityUnits": units}


def read(units):
    return {"CapacityUnits": units, "ReadCapacityUnits": units}


@pytest.mark.parametrize("size, units", [(1024, 2.0), (1025, 4.0), (409_600, 800.0)])
def test_puts(run, hash_table, keys, size, units):
    used = run("TransactWriteItems", put(hash_table, of_size(keys[0], size)))
    assert used == {hash_table: {**written(units), "Table": written(units)}}


def test_the_larger_of_old_and_new(client, run, hash_table, keys):
    for key in keys:
        client.put_item(TableName=hash_table, Item=of_size(key, 3000))
    used = run(
        "TransactWriteItems", put(hash_table, keys[0]), delete(hash_table, keys[1]), update(hash_table, keys[2], "REMOVE f"),
        check(hash_table, keys[3], "attribute_exists(f)"), mode="TOTAL",
    )
    assert used == {hash_table: written(24.0)}


def test_what_is_not_there(run, hash_table, keys):
    used = run("TransactWriteItems", delete(hash_table, keys[0]), check(hash_table, keys[1], "attribute_not_exists(pk)"))
    assert used == {hash_table: {**written(4.0), "Table": written(4.0)}}


def test_indexes(run, indexed, hash_table, keys):
    """A change of an index key is a delete and a put there."""
    item = {**keys[0], "sk": S("s"), "l": S("l"), "g": S("g")}
    key = {**keys[0], "sk": S("s")}
    used = run("TransactWriteItems", put(indexed, item), put(hash_table, keys[1]))
    assert used == {
        indexed: {**written(4.0), "Table": written(2.0), "LocalSecondaryIndexes": {"local": written(1.0)},
                  "GlobalSecondaryIndexes": {"global": written(1.0)}},
        hash_table: {**written(2.0), "Table": written(2.0)},
    }
    used = run("TransactWriteItems", update(indexed, key, "SET g = :g", {":g": S("h")}), put(hash_table, keys[2]))
    assert used[indexed] == {**written(4.0), "Table": written(2.0), "GlobalSecondaryIndexes": {"global": written(2.0)}}
    used = run("TransactWriteItems", check(indexed, key, "attribute_exists(l)"), put(hash_table, keys[3]))
    assert used[indexed] == {**written(2.0), "Table": written(2.0)}


def test_reads(client, run, hash_table, range_table, keys):
    client.put_item(TableName=hash_table, Item=of_size(keys[0], 4096))
    client.put_item(TableName=hash_table, Item=of_size(keys[1], 4097))
    used = run(
        "TransactGetItems", get(hash_table, keys[0]), get(range_table, {**keys[0], "sk": S("s")}),
        get(hash_table, keys[1], ProjectionExpression="pk"), get(hash_table, keys[2]),
    )
    assert used == {hash_table: {**read(8.0), "Table": read(8.0)}, range_table: {**read(2.0), "Table": read(2.0)}}


def test_none(raw, hash_table, keys):
    for mode in ({}, {"ReturnConsumedCapacity": "NONE"}):
        assert raw("TransactWriteItems", TransactItems=[put(hash_table, keys[0])], **mode).ok() == {}
        assert raw("TransactGetItems", TransactItems=[get(hash_table, keys[0])], **mode).ok() == {"Responses": [{"Item": keys[0]}]}


def test_item_collections(raw, indexed, hash_table, keys):
    rows = [{**key, "sk": S(sk)} for key in keys[:2] for sk in ("a", "b")]
    reply = raw(
        "TransactWriteItems", ReturnItemCollectionMetrics="SIZE",
        TransactItems=[put(indexed, row) for row in rows] + [
            put(hash_table, keys[2]), check(indexed, {**keys[3], "sk": S("a")}, "attribute_not_exists(pk)")],
    )
    collections = reply["ItemCollectionMetrics"]
    assert list(collections) == [indexed]
    assert [entry["ItemCollectionKey"] for entry in collections[indexed]] == keys[:2]
    assert all(entry["SizeEstimateRangeGB"] == [0.0, 1.0] for entry in collections[indexed])
