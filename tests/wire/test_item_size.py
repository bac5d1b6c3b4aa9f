"""The size of an item: 409,600 bytes, names included, and what each type counts for."""

import pytest

from support.cases import case
from support.expect import invalid
from support.tables import index, spec
from support.values import B, BOOL, BS, L, M, N, NS, NULL, S, SS, unique

MAX = 409_600
PUT_TOO_LARGE = "Item size has exceeded the maximum allowed size"
UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"

SIZES = [
    # id, value, bytes it counts for
    case("empty S", S(""), 0),
    case("S", S("abc"), 3),
    case("S in UTF-8", S("ü€😀"), 2 + 3 + 4),
    case("B", B(b"\x00\x01\x02"), 3),
    case("empty B", B(b""), 0),
    case("BOOL", BOOL(True), 1),
    case("NULL", NULL, 1),
    case("SS", SS("a", "bc"), 3),
    case("BS", BS(b"a", b"bc"), 3),
    case("empty L", L(), 3),
    case("L", L(S("abc"), BOOL(True)), 3 + (1 + 3) + (1 + 1)),
    case("empty M", M(), 3),
    case("M", M(ab=S("abc")), 3 + 1 + 2 + 3),
    case("nested", M(a=L(M(b=NULL))), 3 + (1 + 1) + 3 + 1 + 3 + (1 + 1) + 1),
]
NUMBER_SIZES = [
    case("1", "1", 2),
    case("10", "10", 2),
    case("123", "123", 3),
    case("1234", "1234", 3),
    case("-1", "-1", 3),
    case("-1234", "-1234", 4),
    case("0.5", "0.5", 2),
    case("12.34", "12.34", 3),
    case("38 digits", "9" * 38, 20),
    case("-38 digits", "-" + "9" * 38, 21),
]


def filler(name: str, bytes_left: int) -> dict:
    return {name: S("x" * (bytes_left - len(name)))}


@pytest.fixture(scope="module")
def fits(raw, hash_table):
    """Whether an item of exactly `size` counted bytes, with `value` counted as `value_bytes`, is accepted."""

    def run(value, value_bytes, size):
        key = unique("size")
        item = {"pk": S(key), "v": value}
        used = 2 + len(key) + 1 + value_bytes
        response = raw("PutItem", TableName=hash_table, Item={**item, **filler("f", size - used)})
        if response.status == 200:
            return True
        invalid(response, PUT_TOO_LARGE)
        return False

    return run


@pytest.mark.parametrize("value, counted", SIZES)
def test_what_a_value_counts_for(fits, value, counted):
    assert (fits(value, counted, MAX), fits(value, counted, MAX + 1)) == (True, False)


@pytest.mark.differs_from_dynamodb_local("counts numbers in its own way")
@pytest.mark.parametrize("number, counted", NUMBER_SIZES)
def test_what_a_number_counts_for(fits, number, counted):
    assert (fits(N(number), counted, MAX), fits(N(number), counted, MAX + 1)) == (True, False)


@pytest.mark.differs_from_dynamodb_local("counts numbers in its own way")
def test_what_a_number_set_counts_for(fits):
    assert (fits(NS("1", "123", "-1"), 2 + 3 + 3, MAX), fits(NS("1", "123", "-1"), 2 + 3 + 3, MAX + 1)) == (True, False)


def test_names_count(raw, hash_table):
    key = unique("names")
    long_name = "n" * 65_535
    item = {"pk": S(key), long_name: NULL}
    used = 2 + len(key) + len(long_name) + 1
    response = raw("PutItem", TableName=hash_table, Item={**item, **filler("f", MAX - used)})
    assert response.status == 200, response.body
    invalid(raw("PutItem", TableName=hash_table, Item={**item, **filler("f", MAX - used + 1)}), PUT_TOO_LARGE)


def test_names_count_in_utf8(raw, hash_table):
    key = unique("names")
    used = 2 + len(key) + 4 + 1
    response = raw("PutItem", TableName=hash_table, Item={"pk": S(key), "😀": NULL, **filler("f", MAX - used)})
    assert response.status == 200, response.body
    response = raw("PutItem", TableName=hash_table, Item={"pk": S(key), "😀": NULL, **filler("f", MAX - used + 1)})
    invalid(response, PUT_TOO_LARGE)


def test_largest_item_comes_back_whole(client, hash_table):
    key = unique("largest")
    item = {"pk": S(key), **filler("f", MAX - 2 - len(key))}
    client.put_item(TableName=hash_table, Item=item)
    assert client.get_item(TableName=hash_table, Key={"pk": S(key)}, ConsistentRead=True)["Item"] == item


def test_too_large_put_leaves_the_old_item(raw, client, hash_table):
    key = {"pk": S(unique("kept"))}
    client.put_item(TableName=hash_table, Item={**key, "a": S("old")})
    invalid(raw("PutItem", TableName=hash_table, Item={**key, "a": S("x" * MAX)}), PUT_TOO_LARGE)
    assert client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"] == {**key, "a": S("old")}


def test_update_of_a_missing_item_up_to_the_limit(raw, client, hash_table):
    key = unique("grow")
    params = {"TableName": hash_table, "Key": {"pk": S(key)}, "UpdateExpression": "SET f = :v"}
    room = MAX - 2 - len(key) - 1
    invalid(raw("UpdateItem", {**params, "ExpressionAttributeValues": {":v": S("x" * (room + 1))}}), UPDATE_TOO_LARGE)
    assert "Item" not in client.get_item(TableName=hash_table, Key={"pk": S(key)}, ConsistentRead=True)


UPDATES = [
    case("SET", "SET g = :v", lambda size: S("y" * (size - 1))),
    case("ADD to set", "ADD ss :v", lambda size: SS("y" * size)),
    case("list_append", "SET l = list_append(l, :v)", lambda size: L(S("y" * (size - 1)))),
    case("SET member", "SET m.g = :v", lambda size: S("y" * (size - 2))),
]


@pytest.mark.parametrize("expression, value", UPDATES)
def test_update_past_the_limit(raw, client, hash_table, expression, value):
    key = unique("update")
    item = {"pk": S(key), "ss": SS("a"), "l": L(S("a")), "m": M(a=S("a"))}
    used = 2 + len(key) + (2 + 1) + (1 + 3 + 1 + 1) + (1 + 3 + 1 + 1 + 1)
    room = 1000
    client.put_item(TableName=hash_table, Item={**item, **filler("f", MAX - used - room)})
    params = {"TableName": hash_table, "Key": {"pk": S(key)}, "UpdateExpression": expression}
    invalid(raw("UpdateItem", {**params, "ExpressionAttributeValues": {":v": value(room + 40)}}), UPDATE_TOO_LARGE)
    kept = client.get_item(TableName=hash_table, Key={"pk": S(key)}, ConsistentRead=True)["Item"]
    assert (kept["l"], kept["m"], kept["ss"]) == (item["l"], item["m"], item["ss"])
    response = raw("UpdateItem", {**params, "ExpressionAttributeValues": {":v": value(room - 40)}})
    assert response.status == 200, response.body


def test_an_update_may_shrink_the_largest_item(client, hash_table):
    key = unique("shrink")
    client.put_item(TableName=hash_table, Item={"pk": S(key), **filler("f", MAX - 2 - len(key))})
    client.update_item(TableName=hash_table, Key={"pk": S(key)}, UpdateExpression="SET f = :v",
                       ExpressionAttributeValues={":v": S("")})
    got = client.get_item(TableName=hash_table, Key={"pk": S(key)}, ConsistentRead=True)["Item"]
    assert got == {"pk": S(key), "f": S("")}


@pytest.fixture(scope="module")
def local_tables(tables):
    """Tables of pk, sk with one, two ALL and one KEYS_ONLY local index on l."""
    kinds = {"one": ["ALL"], "two": ["ALL", "ALL"], "keys": ["KEYS_ONLY"]}
    return {name: tables.create(spec("pk", "sk", lsi=[index(f"local{i}", "pk", "l", kind) for i, kind in enumerate(shown)]))
            for name, shown in kinds.items()}


def sized(size, **more):
    """An item of `size` counted bytes for the tables above."""
    item = {"pk": S(unique("local")), "sk": S("s"), **more}
    used = sum(len(name) + len(value["S"]) for name, value in item.items())
    return {**item, **filler("f", size - used)}


# The limit is on the item and its entries in local indexes together. Source: Developer Guide, "Local secondary indexes", item size.
LOCAL_INDEXES = [
    case("one index, at the limit", "one", MAX // 2, True, True),
    case("one index, past the limit", "one", MAX // 2 + 1, True, False),
    case("one index, item not in it", "one", MAX, False, True),
    case("two indexes, at the limit", "two", MAX // 3, True, True),
    case("two indexes, past the limit", "two", MAX // 3 + 1, True, False),
    case("keys only", "keys", MAX - 200, True, True),
    case("keys only, no room for them", "keys", MAX - 1, True, False),
]


@pytest.mark.parametrize("table, size, is_indexed, accepted", LOCAL_INDEXES)
def test_entries_in_local_indexes_count(raw, local_tables, table, size, is_indexed, accepted):
    item = sized(size, **({"l": S("l")} if is_indexed else {}))
    response = raw("PutItem", TableName=local_tables[table], Item=item)
    if accepted:
        response.ok()
    else:
        invalid(response, PUT_TOO_LARGE)


@pytest.mark.differs_from_dynamodb_local("looks at local indexes only when an item is put")
def test_entries_in_local_indexes_count_in_updates(raw, client, local_tables):
    item = sized(MAX // 2 + 100)
    key = {"pk": item["pk"], "sk": item["sk"]}
    client.put_item(TableName=local_tables["one"], Item=item)
    response = raw("UpdateItem", TableName=local_tables["one"], Key=key, UpdateExpression="SET l = :v",
                   ExpressionAttributeValues={":v": S("l")})
    assert invalid(response).message.startswith("Item size ")
    assert client.get_item(TableName=local_tables["one"], Key=key, ConsistentRead=True)["Item"] == item


def test_entries_in_local_indexes_are_looked_at_before_anything_is_done(raw, client, local_tables, hash_table):
    """Before the condition, and before the other writes of a batch."""
    table, other = local_tables["one"], {"pk": S(unique())}
    large = {"pk": S(unique()), "sk": S("a"), "l": S("a"), "f": S("x" * (MAX - 100))}
    put = {"TableName": table, "Item": large}
    invalid(raw("PutItem", ConditionExpression="attribute_exists(pk)", **put), PUT_TOO_LARGE)
    requests = {hash_table: [{"PutRequest": {"Item": other}}], table: [{"PutRequest": {"Item": large}}]}
    for names in ((hash_table, table), (table, hash_table)):
        invalid(raw("BatchWriteItem", RequestItems={name: requests[name] for name in names}), PUT_TOO_LARGE)
        assert "Item" not in client.get_item(TableName=hash_table, Key=other, ConsistentRead=True)
