"""The ten types: what is stored, what comes back, what is refused."""

import base64

import pytest

from support.cases import case
from support.expect import SERIALIZATION, expect_error, invalid
from support.values import B, BOOL, BS, L, M, N, NS, NULL, S, SS, normal, unique

EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
INVALID = "One or more parameter values were invalid: "
TOO_DEEP = "Nesting Levels have exceeded supported limits"


def nested(wraps: int, list_or_map: str = "L", leaf=None):
    value = leaf or S("x")
    for _ in range(wraps):
        value = L(value) if list_or_map == "L" else M(a=value)
    return value


VALUES = [
    case("S", S("text")),
    case("S empty", S("")),
    case("S blanks", S("  ")),
    case("S control characters", S("\x00\x01\t\n\r\x1f\x7f")),
    case("S quotes and slashes", S('"\\/\b\f')),
    case("S two, three and four bytes", S("ü€😀\uffff")),
    case("S line separators", S("\u2028\u2029\ufeff")),
    case("S long", S("long " * 20_000)),
    case("N", N("-12.5")),
    case("B", B(bytes(range(256)))),
    case("B empty", B(b"")),
    case("B one byte", B(b"\x00")),
    case("B two bytes", B(b"\xff\xfe")),
    case("BOOL true", BOOL(True)),
    case("BOOL false", BOOL(False)),
    case("NULL", NULL),
    case("SS one", SS("a")),
    case("SS", SS("a", "b", "", "ü")),
    case("NS", NS("1", "-2", "3.5")),
    case("BS", BS(b"a", b"", b"\x00\xff")),
    case("L", L(S("a"), N(1), B(b"x"), BOOL(True), NULL, L(), M(), SS("a"), NS(1), BS(b"a"))),
    case("L empty", L()),
    case("L of equal values", L(S("a"), S("a"))),
    case("M", M(s=S("a"), n=N(1), m=M(l=L(M(x=NULL))))),
    case("M empty", M()),
    case("M odd names", M({" ": S("blank"), "a.b": S("dot"), "#": S("hash"), "ü😀": S("utf-8"), '"': S("quote"), "S": S("type")})),
    case("M looks like a value", M(S=M(S=S("x")))),
    case("31 lists", nested(31)),
    case("31 maps", nested(31, "M")),
    case("31 lists around a set", nested(31, leaf=SS("a", "b"))),
    case("wide list", L(*[N(i) for i in range(2000)])),
    case("wide map", M({f"name{i}": N(i) for i in range(2000)})),
    case("large set", NS(*range(2000))),
]


@pytest.mark.parametrize("value", VALUES)
def test_round_trip(client, hash_table, value):
    key = {"pk": S(unique("value"))}
    client.put_item(TableName=hash_table, Item={**key, "v": value})
    got = client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
    assert normal(got) == normal({**key, "v": value})


@pytest.mark.parametrize("value", VALUES)
def test_round_trip_through_an_expression(client, hash_table, value):
    key = {"pk": S(unique("value"))}
    got = client.update_item(TableName=hash_table, Key=key, UpdateExpression="SET v = :v",
                             ExpressionAttributeValues={":v": value}, ReturnValues="ALL_NEW")["Attributes"]
    assert normal(got) == normal({**key, "v": value})


def test_item_of_a_thousand_attributes(client, hash_table):
    item = {"pk": S(unique()), **{f"attribute{i}": N(i) for i in range(1000)}}
    client.put_item(TableName=hash_table, Item=item)
    assert client.get_item(TableName=hash_table, Key={"pk": item["pk"]}, ConsistentRead=True)["Item"] == item


REFUSED = [
    case("no type", {}, EMPTY),
    case("no type nested", L(M(x={})), EMPTY),
    case("unknown type", {"X": "a"}, EMPTY),
    case("null for a type", {"S": None}, EMPTY),
    case("two types", {"S": "a", "N": "1"}, SEVERAL),
    case("two types nested", L({"S": "a", "BOOL": True}), SEVERAL),
    case("NULL false", {"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    case("SS empty", SS(), INVALID + "An string set  may not be empty"),
    case("NS empty", NS(), INVALID + "An number set  may not be empty"),
    case("BS empty", BS(), INVALID + "Binary sets should not be empty"),
    case("empty set nested", M(a=L(SS())), INVALID + "An string set  may not be empty"),
    case("SS duplicates", SS("a", "b", "a"), INVALID + "Input collection [a, b, a] contains duplicates.",
         local="leaves the full stop out"),
    case("NS duplicates", NS(1, 2, 1), "Input collection contains duplicates"),
    case("NS duplicates in two spellings", NS("10", "1e1"), "Input collection contains duplicates"),
    case("BS duplicates", BS(b"a", b"a"), INVALID + "Input collection [YQ==, YQ==]of type BS contains duplicates.",
         local="words it in its own way"),
    case("duplicates nested", L(M(x=SS("a", "a"))), INVALID + "Input collection [a, a] contains duplicates.",
         local="leaves the full stop out"),
    case("SS with null", {"SS": ["a", None]}, INVALID + "An string set may not have a null string as a member"),
    case("32 lists", nested(32), None),
    case("32 maps", nested(32, "M"), None),
    case("60 lists", nested(60), None),
    case("map with an empty name", M({"": S("x")}), None),
    case("map with a name too long", M({"n" * 65_536: S("x")}), None),
]


@pytest.mark.parametrize("value, message", REFUSED)
def test_refused_value(raw, hash_table, value, message):
    invalid(raw("PutItem", TableName=hash_table, Item={"pk": S("x"), "v": value}), message)


@pytest.mark.parametrize("value, message", REFUSED)
def test_refused_value_in_an_expression(raw, hash_table, value, message):
    response = raw("UpdateItem", TableName=hash_table, Key={"pk": S(unique())}, UpdateExpression="SET v = :v",
                   ExpressionAttributeValues={":v": value})
    expected = message and f"ExpressionAttributeValues contains invalid value: {message} for key :v"
    invalid(response, expected)


@pytest.mark.parametrize("wraps, accepted", [(31, True), (32, False), (60, False)])
@pytest.mark.parametrize("kind", ["L", "M"])
def test_nesting_limit_of_items(raw, hash_table, wraps, accepted, kind):
    response = raw("PutItem", TableName=hash_table, Item={"pk": S(unique()), "v": nested(wraps, kind)})
    if accepted:
        response.ok()
    else:
        assert invalid(response).message.startswith(TOO_DEEP)


@pytest.mark.parametrize("wraps", [100, 200])
def test_absurd_nesting_is_refused(raw, hash_table, wraps):
    # Which of the two errors it is, is not documented: a server may stop while it reads the JSON.
    response = raw("PutItem", TableName=hash_table, Item={"pk": S("x"), "v": nested(wraps)})
    assert (response.status, response.code in ("ValidationException", "SerializationException")) == (400, True), response.body


@pytest.mark.parametrize("wraps, accepted", [(30, True), (31, False)])
def test_nesting_limit_counts_the_place_in_the_item(raw, client, hash_table, wraps, accepted):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "m": M()})
    response = raw("UpdateItem", TableName=hash_table, Key=key, UpdateExpression="SET m.q = :v",
                   ExpressionAttributeValues={":v": nested(wraps)})
    if accepted:
        response.ok()
    else:
        assert invalid(response).message.startswith(TOO_DEEP)


NOT_JSON_TYPES = [
    case("S number", '{"S": 5}', "NUMBER_VALUE cannot be converted to String"),
    case("S true", '{"S": true}', "TRUE_VALUE cannot be converted to String"),
    case("S false", '{"S": false}', "FALSE_VALUE cannot be converted to String"),
    case("S list", '{"S": ["a"]}', None),
    case("S object", '{"S": {}}', None),
    case("N true", '{"N": true}', "TRUE_VALUE cannot be converted to String"),
    case("BOOL string", '{"BOOL": "true"}', None),
    case("BOOL number", '{"BOOL": 1}', None),
    case("NULL string", '{"NULL": "true"}', None),
    case("SS string", '{"SS": "a"}', None),
    case("SS number", '{"SS": [1]}', "NUMBER_VALUE cannot be converted to String"),
    case("NS number", '{"NS": [1]}', "NUMBER_VALUE cannot be converted to String"),
    case("L string", '{"L": "a"}', None),
    case("L object", '{"L": {}}', None),
    case("L of strings", '{"L": ["a"]}', None),
    case("M list", '{"M": []}', None),
    case("M string", '{"M": "a"}', None),
    case("M of strings", '{"M": {"a": "b"}}', None),
    case("B number", '{"B": 5}', None),
    case("B no base64", '{"B": "***"}', None),
    case("B without padding", '{"B": "AQ"}', None),
    case("B with line break", '{"B": "AQID\\nBAUG"}', None),
    case("value is a string", '"a"', None),
    case("value is a list", '["a"]', None),
]


@pytest.mark.differs_from_dynamodb_local("takes some, fails with 500 on others")
@pytest.mark.parametrize("json, message", NOT_JSON_TYPES)
def test_wrong_json_type(raw, hash_table, json, message):
    body = '{"TableName": "%s", "Item": {"pk": {"S": "x"}, "v": %s}}' % (hash_table, json)
    expect_error(raw("PutItem", body), SERIALIZATION, message)


def test_null_members_beside_the_type_are_ignored(raw, client, hash_table):
    key = {"pk": S(unique())}
    raw("PutItem", TableName=hash_table, Item={**key, "v": {"S": "a", "N": None, "L": None}}).ok()
    assert client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["v"] == S("a")


def test_binary_is_base64_on_the_wire(raw, hash_table):
    key = {"pk": S(unique())}
    data = bytes(range(256))
    raw("PutItem", TableName=hash_table, Item={**key, "v": B(data)}).ok()
    got = raw("GetItem", TableName=hash_table, Key=key, ConsistentRead=True)["Item"]["v"]
    assert got == {"B": base64.b64encode(data).decode()}


def test_escaped_and_plain_characters_are_one_string(raw, client, hash_table):
    key = unique()
    body = '{"TableName": "%s", "Item": {"pk": {"S": "%s"}, "v": {"S": "\\u00fc\\ud83d\\ude00\\/"}}}' % (hash_table, key)
    raw("PutItem", body).ok()
    got = client.get_item(TableName=hash_table, Key={"pk": S(key)}, ConsistentRead=True)["Item"]["v"]
    assert got == S("ü😀/")


@pytest.mark.parametrize("name_bytes", [1, 255, 256, 65_535])
def test_attribute_name_lengths(client, hash_table, name_bytes):
    item = {"pk": S(unique()), "n" * name_bytes: S("x")}
    client.put_item(TableName=hash_table, Item=item)
    assert client.get_item(TableName=hash_table, Key={"pk": item["pk"]}, ConsistentRead=True)["Item"] == item


@pytest.mark.parametrize("name", ["", "n" * 65_536], ids=["empty", "65536 bytes"])
def test_attribute_name_refused(raw, hash_table, name):
    invalid(raw("PutItem", TableName=hash_table, Item={"pk": S("x"), name: S("x")}))


@pytest.mark.parametrize("value, text", [
    case("attribute", None, ": v is null"),
    case("in a list", {"L": [S("a"), None]}, ""),
    case("in a map", {"M": {"a": None}}, ": a is null"),
    case("deep", L(M(b=L({"M": {"c": None}}))), ": c is null"),
])
def test_null_where_a_value_belongs(raw, hash_table, value, text):
    invalid(raw("PutItem", TableName=hash_table, Item={"pk": S(unique()), "v": value}), "The supplied Item contains a null AttributeValue" + text)


def test_null_as_a_value_of_an_expression(raw, hash_table):
    reply = raw("UpdateItem", TableName=hash_table, Key={"pk": S(unique())}, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": None})
    invalid(reply, "ExpressionAttributeValues contains invalid value: The supplied Item contains a null AttributeValue for key :a")
