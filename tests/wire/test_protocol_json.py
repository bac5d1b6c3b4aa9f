"""The JSON side of awsJson1_0: what does not parse, what has the wrong type, null, unknown and repeated members.

The members and their types come from botocore's model of the service, so that every parameter is covered."""

from __future__ import annotations

import json
import re

import botocore.loaders
import botocore.model
import pytest

from support.expect import SERIALIZATION, expect_error, invalid
from support.values import N, S, unique

OPERATIONS = [
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
    "CreateTable", "DescribeTable", "UpdateTable", "DeleteTable", "ListTables",
]  # fmt: skip
LATER = {  # members of features that are not part of these operations yet
    "UpdateTable": {"GlobalTableSettingsReplicationMode", "GlobalTableWitnessUpdates", "MultiRegionConsistency", "ReplicaUpdates"},
    "CreateTable": {"GlobalTableSourceArn", "GlobalTableSettingsReplicationMode", "VectorIndexes"},
}

MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("dynamodb", "service-2"))

STRUCTURE = r"Start of structure or map found where not expected\.?"
LIST = r"(Start of list found where not expected\.?|Unrecognized collection type .*)"
SCALARS = {"5": "NUMBER_VALUE", "1.5": "(DECIMAL|NUMBER)_VALUE", "true": "TRUE_VALUE", "false": "FALSE_VALUE", '"x"': "STRING_VALUE"}


def wrong_values(shape):
    """(JSON text, pattern of the message) for each JSON type that the shape does not take."""
    kind = shape.type_name
    takes = {"string": '"x"', "blob": '"x"', "boolean": "true false", "integer": "5 1.5", "long": "5 1.5"}.get(kind, "").split()
    if kind != "structure" and kind != "map":
        yield "{}", STRUCTURE
        yield '{"a": 1}', STRUCTURE
    if kind != "list":
        yield "[]", LIST
        yield '["x"]', LIST
    for text, token in SCALARS.items():
        if text in takes:
            continue
        if kind == "list" or kind == "map":
            yield text, "Unexpected field type"
        elif kind == "structure":
            yield text, "(Unexpected value type in payload|Unexpected field type)"
        elif kind == "blob":
            yield text, "only base-64-encoded strings are convertible to bytes"
        elif kind == "boolean" and text == '"x"':
            yield text, f"({token} cannot be converted to Boolean|Unexpected token received from parser)"
        else:
            yield text, f"{token} cannot be converted to {kind.capitalize()}"


def members(shape, path=(), seen=()):
    """(path, shape) for each member below a structure; a path is how to wrap a value, innermost last."""
    for name, member in shape.members.items():
        yield from values(member, path + (("member", name),), seen)


def values(shape, path, seen):
    yield path, shape
    if shape.name in seen:
        return
    seen = seen + (shape.name,)
    if shape.type_name == "structure":
        yield from members(shape, path, seen)
    elif shape.type_name == "list":
        yield from values(shape.member, path + (("element", None),), seen)
    elif shape.type_name == "map":
        yield from values(shape.value, path + (("member", "key"),), seen)


def wrap(path, text):
    for kind, name in reversed(path):
        text = f"[{text}]" if kind == "element" else f"{{{json.dumps(name)}: {text}}}"
    return text


def shown(path):
    return ".".join(name or "[]" for _, name in path)


def paths(operation):
    for path, shape in members(MODEL.operation_model(operation).input_shape):
        if path[0][1] not in LATER.get(operation, ()):
            yield path, shape


@pytest.mark.differs_from_dynamodb_local("converts, or answers 500")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_wrong_types(raw, operation):
    """Every member of the request, at every depth, with every JSON type that it does not take."""
    failures = []
    for path, shape in paths(operation):
        for text, pattern in wrong_values(shape):
            body = wrap(path, text)
            response = raw(operation, body)
            try:
                expect_error(response, SERIALIZATION, re.compile(pattern))
            except AssertionError as error:
                failures.append(f"{shown(path)} = {text}: {error}")
    assert not failures, f"{len(failures)} failures:\n" + "\n".join(failures[:40])


@pytest.mark.differs_from_dynamodb_local("answers 500 to a ConditionalOperator of null")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_null_is_as_if_absent(raw, operation):
    """null never is a type error; what is required is then missing."""
    failures = []
    for path, shape in paths(operation):
        response = raw(operation, wrap(path, "null"))
        if response.status >= 500 or "Serialization" in response.code:
            failures.append(f"{shown(path)} = null: {response.status} {response.body[:300]!r}")
    assert not failures, "\n".join(failures[:40])


@pytest.mark.differs_from_dynamodb_local("answers 500 to a ConditionalOperator of null")
def test_null_members(raw, hash_table):
    """A request whose optional members are all null is the request without them."""
    key = {"pk": S(unique("null"))}
    for operation, given in (
        ("PutItem", {"TableName": hash_table, "Item": key}),
        ("GetItem", {"TableName": hash_table, "Key": key}),
        ("UpdateItem", {"TableName": hash_table, "Key": key}),
        ("DeleteItem", {"TableName": hash_table, "Key": key}),
        ("Scan", {"TableName": hash_table}),
    ):
        nulls = dict.fromkeys(MODEL.operation_model(operation).input_shape.members)
        raw(operation, {**nulls, **given}).ok()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_empty_request(raw, operation):
    response = raw(operation, b"{}")
    if operation == "ListTables":
        response.ok()
    else:
        invalid(response)


def test_unknown_members_are_ignored(raw, hash_table):
    key = {"pk": S(unique())}
    for value in (1, "x", None, True, [1, {"a": []}], {"TableName": "x"}, 1.5e300):
        raw("PutItem", {"TableName": hash_table, "Item": key, "Zork": value, "tableName": "lower", "": value}).ok()
    assert raw("GetItem", TableName=hash_table, Key=key)["Item"] == key


def test_unknown_attribute_type(raw, hash_table):
    text = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    for value in ({"Q": "x"}, {"s": "x"}, {}, {"S": None}):
        invalid(raw("PutItem", TableName=hash_table, Item={"pk": S("a"), "x": value}), text)


# --- what is no JSON -------------------------------------------------------------------------------------------------------------

BAD_JSON = [
    b"", b" ", b"{", b"}", b"[", b"x", b"{]", b'{"', b'{"TableName', b'{"TableName"', b'{"TableName":', b'{"TableName":"', b'{"TableName":"a"',
    b'{"TableName":"a",', b'{"TableName":"a",}', b'{"TableName" "a"}', b'{TableName:"a"}', b"{'TableName':'a'}", b'{"TableName":a}',
    b'{"TableName":tru}', b'{"TableName":nul}', b'{"TableName":NaN}', b'{"TableName":Infinity}', b'{"TableName":-Infinity}',
    b'{"TableName":01}', b'{"TableName":1.}', b'{"TableName":.5}', b'{"TableName":+1}', b'{"TableName":1e}', b'{"TableName":--1}',
    b'{"TableName":0x10}', b'{"TableName":"\\x"}', b'{"TableName":"\\u12"}', b'{"TableName":"\\u12G4"}', b'{"TableName":"a\nb"}',
    b'{"TableName":"a\x00b"}', b'{"TableName":"\x1f"}', b'{"TableName":"a" /* comment */}', b'{"TableName":"a"} // comment',
    b'{"TableName":"\xff"}', b'{"TableName":"\xc3"}', b'{"TableName":"\xc0\x80"}', b'{"TableName":"\xed\xa0\x80"}',
    b'{"TableName":"\xf4\x90\x80\x80"}', b'{"TableName":"\xe2\x82"}', b'{"\xff":1}', b'{"TableName":[1,,2]}', b'{"TableName":[1,]}',
    b'{"Limit":1 2}', b'{"a":1,,"b":2}', b'{,}', b"\xff\xfe{\x00}\x00", b"\x00{}", b'{"TableName": "a", "Zork": "\\q"}',
]  # fmt: skip


@pytest.mark.differs_from_dynamodb_local("answers 500")
@pytest.mark.parametrize("body", BAD_JSON)
@pytest.mark.parametrize("operation", ["GetItem", "ListTables", "PutItem"])
def test_bad_json(raw, operation, body):
    expect_error(raw(operation, body), SERIALIZATION)


@pytest.mark.differs_from_dynamodb_local("answers 500")
@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"null", b'"a"', b"1", b"true", b"-1.5"])
def test_json_that_is_no_object(raw, body):
    for operation in ("GetItem", "ListTables"):
        expect_error(raw(operation, body), SERIALIZATION)


@pytest.mark.differs_from_dynamodb_local("answers 500")
def test_truncated_anywhere(raw, hash_table):
    """Every beginning of a request is refused, and nothing of it happens."""
    name = unique("cut")
    whole = json.dumps({"TableName": hash_table, "Item": {"pk": S(name), "v": {"L": [N("1.5"), {"BOOL": True}, S("\u00e9\\")]}}}).encode()
    for end in range(len(whole)):
        expect_error(raw("PutItem", whole[:end]), SERIALIZATION)
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(name)}).ok() == {}


@pytest.mark.only("stator", "others stop reading at the end of the object")
@pytest.mark.parametrize("tail", [b"x", b"{}", b"}", b",", b"\x00", b"null", b"//"])
def test_trailing_garbage(raw, tail):
    expect_error(raw("ListTables", b"{}" + tail), SERIALIZATION)


@pytest.mark.parametrize("body", [b"{} ", b" {}", b"\r\n\t {}\r\n\t ", b"{ }", b"{\n}"])
def test_white_space(raw, body):
    raw("ListTables", body).ok()


@pytest.mark.only("stator", "others replace them")
@pytest.mark.parametrize("text", [r"\ud800", r"\udc00", r"a\ud800b", r"\ud800\ud800", r"\udc00\ud800", r"\ud83d\u0041", r"\ud83d"])
def test_lone_surrogates(raw, hash_table, text):
    """They have no UTF-8 form: what cannot be stored as sent is refused."""
    body = f'{{"TableName": "{hash_table}", "Item": {{"pk": {{"S": "surrogate"}}, "v": {{"S": "{text}"}}}}}}'
    expect_error(raw("PutItem", body), SERIALIZATION)


@pytest.mark.parametrize(
    "text, value",
    [
        (r"\ud83d\ude00", "\U0001f600"), (r"\u00e9", "é"), ("é", "é"), (r"\u0000", "\0"), (r"\"\\\/\b\f\n\r\t", '"\\/\b\f\n\r\t'),
        ("\U0001f600", "\U0001f600"), (r"\uffff\ufffe", "\uffff\ufffe"), ("\u2028\u2029", "\u2028\u2029"), ("\x7f\x80", "\x7f\x80"),
    ],
)  # fmt: skip
def test_strings_survive(raw, hash_table, text, value):
    name = unique("text")
    raw("PutItem", f'{{"TableName": "{hash_table}", "Item": {{"pk": {{"S": "{name}"}}, "v": {{"S": "{text}"}}}}}}').ok()
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(name)})["Item"]["v"] == S(value)


def test_control_characters_are_escaped(raw, hash_table):
    name, value = unique("control"), "".join(map(chr, range(0x20))) + '"\\/\x7f'
    raw("PutItem", TableName=hash_table, Item={"pk": S(name), value: S(value)}).ok()
    response = raw("GetItem", TableName=hash_table, Key={"pk": S(name)})
    assert not set(range(0x20)) & set(response.body)
    assert response["Item"][value] == S(value)


def test_repeated_members_the_last_wins(raw, hash_table):
    first, last = unique("first"), unique("last")
    raw("PutItem", f'{{"TableName": "nope", "Item": {{}}, "TableName": "{hash_table}", '
                   f'"Item": {{"pk": {{"S": "{first}"}}, "pk": {{"S": "{last}"}}, "v": {{"S": "a", "S": "b"}}}}}}').ok()  # fmt: skip
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(first)}).ok() == {}
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(last)})["Item"]["v"] == S("b")


def test_escaped_member_names(raw, hash_table):
    name = unique("escaped")
    raw("PutItem", f'{{"\\u0054ableName": "{hash_table}", "Item": {{"p\\u006b": {{"\\u0053": "{name}"}}}}}}').ok()
    assert raw("GetItem", TableName=hash_table, Key={"pk": S(name)})["Item"] == {"pk": S(name)}


# --- numbers where numbers belong, base64 ------------------------------------------------------------------------------------------------


def test_integers_with_fractions(raw, hash_table):
    """As in Java's conversions the fraction is cut off."""
    for text, limit in (("1.0", 1), ("1.9", 1), ("1e0", 1)):
        reply = raw("Scan", f'{{"TableName": "{hash_table}", "Limit": {text}}}').ok()
        assert reply["ScannedCount"] <= limit


@pytest.mark.differs_from_dynamodb_local("answers 500")
@pytest.mark.parametrize(
    "text, message",
    [
        ("YQ", "Base64 encoded length is expected a multiple of 4 bytes but found: 2"),
        ("Y", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
        ("YWJjZ", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("YQ==YQ==", None),
        ("Y Q=", None),
        ("@@@@", None),
        ("====", None),
        ("Y===", None),
        ("YQ=a", None),
        ("YR==", "Invalid last non-pad Base64 character dectected"),
        ("YWF_", None),
        ("YWF-", None),
        ("é===", None),
    ],
)
def test_bad_base64(raw, hash_table, text, message):
    reply = raw("PutItem", TableName=hash_table, Item={"pk": S(unique()), "v": {"B": text}})
    expect_error(reply, SERIALIZATION, message)


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", b"abcd", bytes(range(256)), b"\xff" * 1000])
def test_base64(raw, hash_table, data):
    import base64

    name = unique("b64")
    raw("PutItem", TableName=hash_table, Item={"pk": S(name), "v": {"B": data}, "w": {"BS": [data + b"x"]}}).ok()
    found = raw("GetItem", TableName=hash_table, Key={"pk": S(name)})["Item"]
    assert base64.b64decode(found["v"]["B"], validate=True) == data
    assert base64.b64decode(found["w"]["BS"][0], validate=True) == data + b"x"


def test_types_of_errors_name_their_service(raw, hash_table):
    """`__type` as AWS sends it: SDKs match it by what stands behind the #, some old clients by all of it."""
    key = {"pk": S(unique())}
    raw("PutItem", TableName=hash_table, Item=key).ok()
    for response, type_ in (
        (raw("PutItem", TableName=hash_table, Item=key, ConditionExpression="attribute_not_exists(pk)"),
         "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"),
        (raw("DescribeTable", TableName="stator-wire-missing"), "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
        (raw("GetItem", TableName=hash_table, Key={}), "com.amazon.coral.validate#ValidationException"),
    ):  # fmt: skip
        expect_error(response, type_)
        assert response.message
