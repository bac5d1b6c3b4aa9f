"""ReturnConsumedCapacity of GetItem and the writes of one item, in exact numbers: 4 KB for a read, 1 KB for a write, the
larger of the old and the new item; an index row is charged when it changes, twice when its key does."""

import pytest

from support.cases import case
from support.tables import index, spec
from support.values import N, S, unique


@pytest.fixture(scope="module")
def indexed(tables):
    return tables.create(spec(
        "pk", "sk",
        lsi=[index("local", "pk", "l", "KEYS_ONLY")],
        gsi=[index("global", "g", None, ["a"]), index("other", "o", "sk", "ALL")],
    ))


def new_key(bytes_=20):
    return {"pk": S(unique("capacity").ljust(bytes_, "."))}


def of_size(key, size):
    """An item that counts `size` bytes."""
    used = sum(len(name) + len(value["S"]) for name, value in key.items())
    return {**key, "f": S("x" * (size - used - 1))}


def capacity(reply):
    return reply.get("ConsumedCapacity")


READS = [(1, 0.5, 1.0), (4096, 0.5, 1.0), (4097, 1.0, 2.0), (8192, 1.0, 2.0), (8193, 1.5, 3.0), (409_600, 50.0, 100.0)]


@pytest.mark.parametrize("size, eventual, consistent", READS)
def test_get(client, hash_table, size, eventual, consistent):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, max(size, 40)))
    for is_consistent, units in ((False, eventual), (True, consistent)):
        reply = client.get_item(TableName=hash_table, Key=key, ConsistentRead=is_consistent, ReturnConsumedCapacity="TOTAL")
        assert capacity(reply) == {"TableName": hash_table, "CapacityUnits": units}


def test_get_of_a_missing_item(client, hash_table):
    for is_consistent, units in ((False, 0.5), (True, 1.0)):
        reply = client.get_item(TableName=hash_table, Key=new_key(), ConsistentRead=is_consistent, ReturnConsumedCapacity="TOTAL")
        assert capacity(reply) == {"TableName": hash_table, "CapacityUnits": units}


@pytest.mark.parametrize("projection", [{"ProjectionExpression": "pk"}, {"AttributesToGet": ["pk"]}, {"ProjectionExpression": "q"}])
def test_projection_does_not_make_it_cheaper(client, hash_table, projection):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, 9000))
    reply = client.get_item(TableName=hash_table, Key=key, ReturnConsumedCapacity="TOTAL", **projection)
    assert capacity(reply)["CapacityUnits"] == 1.5


WRITES = [(40, 1.0), (1024, 1.0), (1025, 2.0), (2048, 2.0), (2049, 3.0), (409_600, 400.0)]


@pytest.mark.parametrize("size, units", WRITES)
def test_put_new(client, hash_table, size, units):
    reply = client.put_item(TableName=hash_table, Item=of_size(new_key(), size), ReturnConsumedCapacity="TOTAL")
    assert capacity(reply) == {"TableName": hash_table, "CapacityUnits": units}


LARGER = [case("grows", 100, 5000, 5.0), case("shrinks", 5000, 100, 5.0), case("stays", 3000, 3000, 3.0)]


@pytest.mark.parametrize("old, new, units", LARGER)
def test_put_is_charged_by_the_larger_item(client, hash_table, old, new, units):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, old))
    reply = client.put_item(TableName=hash_table, Item=of_size(key, new), ReturnConsumedCapacity="TOTAL")
    assert capacity(reply)["CapacityUnits"] == units


@pytest.mark.parametrize("old, new, units", LARGER)
def test_update_is_charged_by_the_larger_item(client, hash_table, old, new, units):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, old))
    reply = client.update_item(TableName=hash_table, Key=key, UpdateExpression="SET f = :v", ReturnConsumedCapacity="TOTAL",
                               ExpressionAttributeValues={":v": of_size(key, new)["f"]})
    assert capacity(reply)["CapacityUnits"] == units


def test_small_update_of_a_large_item_is_charged_in_full(client, hash_table):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, 10_000))
    reply = client.update_item(TableName=hash_table, Key=key, UpdateExpression="SET c = :v",
                               ExpressionAttributeValues={":v": N(1)}, ReturnConsumedCapacity="TOTAL")
    assert capacity(reply)["CapacityUnits"] == 10.0


@pytest.mark.parametrize("size, units", [(40, 1.0), (5000, 5.0)])
def test_delete_is_charged_by_the_item(client, hash_table, size, units):
    key = new_key()
    client.put_item(TableName=hash_table, Item=of_size(key, size))
    reply = client.delete_item(TableName=hash_table, Key=key, ReturnConsumedCapacity="TOTAL")
    assert capacity(reply) == {"TableName": hash_table, "CapacityUnits": units}


def test_delete_of_a_missing_item_costs_one(client, hash_table):
    reply = client.delete_item(TableName=hash_table, Key=new_key(), ReturnConsumedCapacity="TOTAL")
    assert capacity(reply) == {"TableName": hash_table, "CapacityUnits": 1.0}


OPERATIONS = [case("PutItem", "PutItem", "Item"), case("GetItem", "GetItem", "Key"), case("UpdateItem", "UpdateItem", "Key"),
              case("DeleteItem", "DeleteItem", "Key")]


@pytest.mark.parametrize("operation, member", OPERATIONS)
def test_modes(raw, client, hash_table, endpoint, operation, member):
    units = 0.5 if operation == "GetItem" else 1.0
    expected = {
        "TOTAL": {"TableName": hash_table, "CapacityUnits": units},
        "INDEXES": {"TableName": hash_table, "CapacityUnits": units, "Table": {"CapacityUnits": units}},
        "NONE": None,
        None: None,
    }
    for mode, wanted in expected.items():
        if endpoint.kind == "dynamodb-local" and operation == "DeleteItem" and wanted is None:
            continue  # it tells the capacity unasked
        key = new_key()
        params = {"TableName": hash_table, member: key}
        if mode:
            params["ReturnConsumedCapacity"] = mode
        assert raw(operation, params).ok().get("ConsumedCapacity") == wanted, mode


@pytest.mark.parametrize("operation, member", OPERATIONS)
def test_units_are_written_as_fractions(raw, hash_table, operation, member):
    response = raw(operation, {"TableName": hash_table, member: new_key(), "ReturnConsumedCapacity": "TOTAL"})
    text = response.body.decode().replace(" ", "")
    assert '"CapacityUnits":1.0' in text or '"CapacityUnits":0.5' in text, text


def indexes(table=1.0, local=None, **globals_):
    """What INDEXES must tell: the table always, an index only if it was written to."""
    parts = {"Table": {"CapacityUnits": table}}
    if local:
        parts["LocalSecondaryIndexes"] = {"local": {"CapacityUnits": local}}
    if globals_:
        parts["GlobalSecondaryIndexes"] = {{"global_": "global"}.get(n, n): {"CapacityUnits": u} for n, u in globals_.items()}
    return {**parts, "CapacityUnits": table + (local or 0) + sum(globals_.values())}


L1, L2, G1, G2 = {"l": S("1")}, {"l": S("2")}, {"g": S("1")}, {"g": S("2")}
PUTS = [
    # id, old attributes (None: no item), new attributes, expected
    case("in no index", None, {}, indexes()),
    case("into the local index", None, L1, indexes(local=1.0)),
    case("into a global index", None, G1, indexes(global_=1.0)),
    case("into all", None, {**L1, **G1, "o": S("1")}, indexes(local=1.0, global_=1.0, other=1.0)),
    case("nothing changed", {**L1, **G1}, {**L1, **G1}, indexes()),
    case("local key changed", L1, L2, indexes(local=2.0)),
    case("global key changed", G1, G2, indexes(global_=2.0)),
    case("out of the indexes", {**L1, **G1}, {}, indexes(local=1.0, global_=1.0)),
    case("attribute that no index shows", {**L1, **G1}, {**L1, **G1, "z": S("x")}, indexes()),
    case("attribute that one shows", {**L1, **G1}, {**L1, **G1, "a": S("x")}, indexes(global_=1.0)),
    case("attribute that ALL shows", {"o": S("1")}, {"o": S("1"), "z": S("x")}, indexes(other=1.0)),
    case("large row", None, {**G1, "a": S("x" * 1500)}, indexes(2.0, global_=2.0)),
    case("large item, small row", None, {**L1, "z": S("x" * 1500)}, indexes(2.0, local=1.0)),
]


@pytest.mark.parametrize("old, new, expected", PUTS)
def test_put_with_indexes(client, indexed, old, new, expected):
    key = {**new_key(), "sk": S("s")}
    if old is not None:
        client.put_item(TableName=indexed, Item={**key, **old})
    reply = client.put_item(TableName=indexed, Item={**key, **new}, ReturnConsumedCapacity="INDEXES")
    assert capacity(reply) == {"TableName": indexed, **expected}


def test_total_sums_the_indexes(client, indexed):
    key = {**new_key(), "sk": S("s")}
    reply = client.put_item(TableName=indexed, Item={**key, **L1, **G1, "o": S("1")}, ReturnConsumedCapacity="TOTAL")
    assert capacity(reply) == {"TableName": indexed, "CapacityUnits": 4.0}


UPDATES = [
    case("attribute that no index shows", {**L1, **G1}, "SET z = :v", S("x"), indexes()),
    case("attribute that one shows", {**L1, **G1}, "SET a = :v", S("x"), indexes(global_=1.0)),
    case("global key", G1, "SET g = :v", S("2"), indexes(global_=2.0)),
    case("local key", L1, "SET l = :v", S("2"), indexes(local=2.0)),
    case("into the index", {}, "SET g = :v", S("2"), indexes(global_=1.0)),
    case("out of the index", G1, "REMOVE g SET z = :v", S("2"), indexes(global_=1.0)),
]


@pytest.mark.parametrize("old, expression, value, expected", UPDATES)
def test_update_with_indexes(client, indexed, old, expression, value, expected):
    key = {**new_key(), "sk": S("s")}
    client.put_item(TableName=indexed, Item={**key, **old})
    reply = client.update_item(TableName=indexed, Key=key, UpdateExpression=expression, ExpressionAttributeValues={":v": value},
                               ReturnConsumedCapacity="INDEXES")
    assert capacity(reply) == {"TableName": indexed, **expected}


DELETES = [
    case("in no index", {}, indexes()),
    case("in all", {**L1, **G1, "o": S("1")}, indexes(local=1.0, global_=1.0, other=1.0)),
    case("missing", None, indexes()),
]


@pytest.mark.parametrize("old, expected", DELETES)
def test_delete_with_indexes(client, indexed, old, expected):
    key = {**new_key(), "sk": S("s")}
    if old is not None:
        client.put_item(TableName=indexed, Item={**key, **old})
    reply = client.delete_item(TableName=indexed, Key=key, ReturnConsumedCapacity="INDEXES")
    assert capacity(reply) == {"TableName": indexed, **expected}


def test_get_tells_only_the_table(client, indexed):
    reply = client.get_item(TableName=indexed, Key={**new_key(), "sk": S("s")}, ReturnConsumedCapacity="INDEXES")
    assert capacity(reply) == {"TableName": indexed, "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}
