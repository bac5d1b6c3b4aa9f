"""AttributeUpdates, the forerunner of update expressions."""

import re

import pytest

from support.cases import case
from support.expect import eventually, invalid
from support.tables import index, spec
from support.values import BOOL, BS, NULL, B, L, M, N, NS, S, SS, normal, unique

INVALID = "One or more parameter values were invalid: "
ITEM = {"s": S("abc"), "n": N(5), "l": L(N(1)), "m": M(a=N(1)), "ss": SS("a", "b")}


def put(value=None):
    return {"Action": "PUT", "Value": value} if value else {"Action": "PUT"}


def add(value=None):
    return {"Action": "ADD", "Value": value} if value else {"Action": "ADD"}


def delete(value=None):
    return {"Action": "DELETE", "Value": value} if value else {"Action": "DELETE"}


@pytest.fixture
def key(client, hash_table):
    key = {"pk": S(unique("legacy"))}
    client.put_item(TableName=hash_table, Item={**key, **ITEM})
    return key


WORKS = [
    # id, updates, what is different afterwards (None: gone)
    case("put", {"q": put(N(1))}, {"q": N(1)}),
    case("put over", {"n": put(S("x"))}, {"n": S("x")}),
    case("PUT is the default", {"q": {"Value": N(1)}}, {"q": N(1)}),
    case("reserved word", {"name": put(N(1))}, {"name": N(1)}),
    case("a dot is literal", {"m.a": put(N(2))}, {"m.a": N(2)}),
    case("add number", {"n": add(N("1.5"))}, {"n": N("6.5")}),
    case("add absent number", {"q": add(N(1))}, {"q": N(1)}),
    case("add to set", {"ss": add(SS("b", "c"))}, {"ss": SS("a", "b", "c")}),
    case("add absent set", {"q": add(NS(1))}, {"q": NS(1)}),
    case("add to list", {"l": add(L(N(9), N(8)))}, {"l": L(N(1), N(9), N(8))}),
    case("add absent list", {"q": add(L(N(9)))}, {"q": L(N(9))}),
    case("delete", {"n": delete()}, {"n": None}),
    case("delete absent", {"q": delete()}, {}),
    case("delete from set", {"ss": delete(SS("a", "x"))}, {"ss": SS("b")}),
    case("delete whole set", {"ss": delete(SS("a", "b"))}, {"ss": None}),
    case("delete from absent set", {"q": delete(SS("a"))}, {}),
    case("several", {"n": delete(), "q": put(S("x")), "ss": add(SS("c"))}, {"n": None, "q": S("x"), "ss": SS("a", "b", "c")}),
    case("add to empty list", {"l": put(L())}, {"l": L()}),
    case("add nothing to absent list", {"q": add(L())}, {"q": L()}),
    case("add binary set", {"q": add(BS(b"x"))}, {"q": BS(b"x")}),
    case("put null", {"n": put(NULL)}, {"n": NULL}),
    case("put empty string", {"n": put(S(""))}, {"n": S("")}),
    case("brackets are literal", {"l[0]": put(N(2))}, {"l[0]": N(2)}),
    case("none", {}, {}),
]


@pytest.mark.parametrize("updates, changes", WORKS)
def test_update(client, hash_table, key, updates, changes):
    got = client.update_item(TableName=hash_table, Key=key, AttributeUpdates=updates, ReturnValues="ALL_NEW")["Attributes"]
    expected = {name: value for name, value in {**key, **ITEM, **changes}.items() if value is not None}
    assert normal(got) == normal(expected)


REFUSED = [
    case("put without value", {"q": put()}, INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    case("add without value", {"q": add()}, INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    case("nothing", {"q": {}}, INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    case("add string", {"q": add(S("x"))}, re.compile(INVALID + "ADD action is not supported for the type S.*")),
    case("add binary", {"q": add(B(b"x"))}, re.compile(INVALID + "ADD action is not supported for the type B.*")),
    case("add map", {"q": add(M())}, re.compile(INVALID + "ADD action is not supported for the type M.*")),
    case("delete string value", {"s": delete(S("abc"))},
         re.compile(INVALID + "DELETE action with value is not supported for the type S.*")),
    *[case(f"add {kind}", {"q": add(value)}, INVALID + f"ADD action is not supported for the type {kind}")
      for kind, value in [("STRING", S("x")), ("BINARY", B(b"x")), ("BOOLEAN", BOOL(True)), ("NULL", NULL), ("MAP", M())]],
    *[case(f"delete {kind}", {"q": delete(value)}, INVALID + f"DELETE action with value is not supported for the type {kind}")
      for kind, value in [("STRING", S("x")), ("NUMBER", N(1)), ("BINARY", B(b"x")), ("BOOLEAN", BOOL(True)), ("NULL", NULL),
                          ("LIST", L()), ("MAP", M())]],
    case("empty name", {"": put(N(1))}, "Empty attribute name"),
    case("the first of two", {"z": add(S("x")), "a": put()}, INVALID + "ADD action is not supported for the type STRING"),
    case("add list to number", {"n": add(L())}, "Type mismatch for attribute to update"),
    case("add number to list", {"l": add(N(1))}, "Type mismatch for attribute to update"),
    case("add number to string", {"s": add(N(1))}, "Type mismatch for attribute to update"),
    case("add set to another set", {"ss": add(NS(1))}, "Type mismatch for attribute to update"),
    case("delete set from string", {"s": delete(SS("a"))}, "Type mismatch for attribute to update"),
    case("key", {"pk": put(S("y"))}, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
    case("key deleted", {"pk": delete()}, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
    case("value without type", {"q": put({"Z": 1})},
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    case("unknown action", {"q": {"Action": "X", "Value": N(1)}}, None),
]


@pytest.mark.parametrize("updates, message", REFUSED)
def test_refused(raw, client, hash_table, key, updates, message):
    invalid(raw("UpdateItem", TableName=hash_table, Key=key, AttributeUpdates=updates), message)
    got = client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
    assert normal(got) == normal({**key, **ITEM})


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_unknown_action(raw, hash_table, key):
    response = raw("UpdateItem", TableName=hash_table, Key=key, AttributeUpdates={"q": {"Action": "X", "Value": N(1)}})
    invalid(response, re.compile(r"1 validation error detected: Value 'X' at 'attributeUpdates\.q\.member\.action' failed to "
                                 r"satisfy constraint: Member must satisfy enum value set: \[.*\]"))


MISSING = [
    case("put", {"q": put(N(1))}, {"q": N(1)}),
    case("add number", {"q": add(N(1))}, {"q": N(1)}),
    case("add list", {"q": add(L(N(1)))}, {"q": L(N(1))}),
    case("delete", {"q": delete()}, {}),
    case("delete from set", {"q": delete(SS("a"))}, {}),
    case("none", {}, {}),
]


@pytest.mark.parametrize("updates, expected", MISSING)
def test_missing_item_is_made(client, hash_table, updates, expected):
    key = {"pk": S(unique("legacy"))}
    client.update_item(TableName=hash_table, Key=key, AttributeUpdates=updates)
    assert client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"] == {**key, **expected}


CHANGES = {"n": add(N(1)), "s": delete(), "q": put(S("x")), "absent": delete(), "ss": delete(SS("a"))}
OLD = {"n": N(5), "s": S("abc"), "ss": SS("a", "b")}
NEW = {"n": N(6), "q": S("x"), "ss": SS("b")}


@pytest.mark.parametrize("values, expected", [("NONE", None), ("UPDATED_OLD", OLD), ("UPDATED_NEW", NEW), ("ALL_OLD", ITEM)])
def test_return_values(client, hash_table, key, values, expected):
    response = client.update_item(TableName=hash_table, Key=key, AttributeUpdates=CHANGES, ReturnValues=values)
    if values == "ALL_OLD":
        expected = {**key, **expected}
    assert normal(response.get("Attributes")) == normal(expected) if expected else "Attributes" not in response


def test_return_values_of_nothing(client, hash_table, key):
    for values in ("UPDATED_OLD", "UPDATED_NEW"):
        updates = {"absent": delete()}
        assert "Attributes" not in client.update_item(TableName=hash_table, Key=key, AttributeUpdates=updates, ReturnValues=values)


def test_with_expected(raw, client, hash_table, key):
    params = {"TableName": hash_table, "Key": key, "AttributeUpdates": {"n": add(N(1))}}
    raw("UpdateItem", {**params, "Expected": {"n": {"Value": N(5)}}}).ok()
    assert raw("UpdateItem", {**params, "Expected": {"n": {"Value": N(5)}}}).status == 400
    assert client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["n"] == N(6)


@pytest.fixture(scope="module")
def indexed(tables):
    return tables.create(spec("pk", gsi=[index("by_g", "g")]), label="legacy-updates")


@pytest.mark.differs_from_dynamodb_local("the words")
def test_set_from_an_index_key(raw, tables):
    """A local index's key is refused, whether or not the item has it; a global one's is as any other attribute."""
    table = tables.create(spec("pk", "sk", lsi=[index("by_l", "pk", "l")], gsi=[index("by_g", "g")]), label="legacy-updates")
    key = {"pk": S("a"), "sk": S("a")}
    invalid(raw("UpdateItem", TableName=table, Key=key, AttributeUpdates={"l": delete(SS("a"))}), "Type mismatch for attribute to update")
    raw("UpdateItem", TableName=table, Key=key, AttributeUpdates={"g": delete(SS("a"))}).ok()


def test_index_keys(raw, indexed):
    key = {"pk": S(unique("legacy"))}
    update = lambda change: raw("UpdateItem", TableName=indexed, Key=key, AttributeUpdates={"g": change})  # noqa: E731
    update(put(S("one"))).ok()
    invalid(update(put(S(""))), re.compile("One or more parameter values are not valid. A value specified for a secondary index "
                                           "key is not supported. .* IndexName: by_g, IndexKey: g"))
    conditions = {"g": {"ComparisonOperator": "EQ", "AttributeValueList": [S("one")]}}
    query = lambda: raw("Query", TableName=indexed, IndexName="by_g", KeyConditions=conditions)["Items"]  # noqa: E731
    eventually(query, lambda items: items == [{**key, "g": S("one")}])
    update(delete()).ok()
    eventually(query, lambda items: items == [])


@pytest.mark.differs_from_dynamodb_local("AWS says no more of index keys than of other attributes")
@pytest.mark.parametrize("change", [put(N(1)), add(N(1)), put(L())])
def test_index_key_of_another_type(raw, indexed, change):
    response = raw("UpdateItem", TableName=indexed, Key={"pk": S(unique("legacy"))}, AttributeUpdates={"g": change})
    invalid(response, "Type mismatch for attribute to update")
