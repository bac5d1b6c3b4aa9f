"""BatchGetItem: up to 100 keys of several tables, 16 MB a reply, what is missing is absent."""

from __future__ import annotations

import re

import pytest

from support.expect import NOT_FOUND, expect_error, invalid
from support.reading import padded, put_all, put_large
from support.tables import spec
from support.values import B, L, M, N, S, SS, normal, unique

SCHEMA = "The provided key element does not match the schema"
AWS = pytest.mark.differs_from_dynamodb_local("wording")


@pytest.fixture(scope="module")
def stored(raw, range_table):
    """(table, key, count): `count` items under one partition."""
    partition = unique("batch")
    items = [
        {"pk": S(partition), "sk": S(f"{i:03}"), "n": N(i), "doc": M(inner=L(N(i), S("x"))), "tags": SS("a", f"t{i}")} for i in range(100)
    ]
    put_all(raw, range_table, items)
    return range_table, lambda i: {"pk": S(partition), "sk": S(f"{i:03}")}, items


def get(raw, table, keys, more=None, **params):
    return raw("BatchGetItem", {"RequestItems": {table: {"Keys": keys, **(more or {})}}, **params})


def by_sk(items):
    return sorted((normal(i) for i in items), key=lambda i: i["sk"]["S"])


@pytest.mark.parametrize("count", [1, 2, 25, 99, 100])
def test_many_keys(raw, stored, count):
    table, key, items = stored
    reply = get(raw, table, [key(i) for i in range(count)]).ok()
    assert by_sk(reply["Responses"][table]) == by_sk(items[:count])
    assert reply["UnprocessedKeys"] == {}
    assert set(reply) == {"Responses", "UnprocessedKeys"}


@pytest.mark.parametrize("consistent", [True, False])
def test_consistent_read(raw, stored, consistent):
    table, key, items = stored
    reply = get(raw, table, [key(i) for i in range(10)], {"ConsistentRead": consistent})
    assert by_sk(reply["Responses"][table]) == by_sk(items[:10])


def test_reads_own_writes(raw, range_table):
    keys = [{"pk": S(unique()), "sk": S("s")} for _ in range(50)]
    put_all(raw, range_table, keys)
    assert len(get(raw, range_table, keys, {"ConsistentRead": True})["Responses"][range_table]) == 50


def test_missing_items_are_absent(raw, stored):
    table, key, items = stored
    missing = {"pk": S(unique("none")), "sk": S("s")}
    assert get(raw, table, [missing]).ok() == {"Responses": {table: []}, "UnprocessedKeys": {}}
    reply = get(raw, table, [missing, key(3), {**key(3), "sk": S("zzz")}])
    assert by_sk(reply["Responses"][table]) == by_sk([items[3]])


def test_several_tables(raw, stored, hash_table, number_table):
    table, key, items = stored
    name = unique()
    raw("PutItem", TableName=hash_table, Item={"pk": S(name), "v": B(b"\x00\xff")}).ok()
    raw("PutItem", TableName=number_table, Item={"pk": S(name), "sk": N("1.50")}).ok()
    reply = raw(
        "BatchGetItem",
        RequestItems={
            table: {"Keys": [key(1), key(2)], "ProjectionExpression": "n"},
            hash_table: {"Keys": [{"pk": S(name)}], "ConsistentRead": True},
            number_table: {"Keys": [{"pk": S(name), "sk": N("15E-1")}], "ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "sk"}},
        },
    ).ok()
    assert sorted(reply["Responses"][table], key=str) == [{"n": N(1)}, {"n": N(2)}]
    assert reply["Responses"][hash_table] == [{"pk": S(name), "v": {"B": "AP8="}}]
    assert reply["Responses"][number_table] == [{"sk": N("1.5")}]


@pytest.mark.parametrize(
    "more, expected",
    [
        ({"ProjectionExpression": "n, doc.#i[1]", "ExpressionAttributeNames": {"#i": "inner"}}, {"n": N(7), "doc": M(inner=L(S("x")))}),
        ({"ProjectionExpression": "absent"}, {}),
        ({"AttributesToGet": ["n", "absent"]}, {"n": N(7)}),
        ({"AttributesToGet": ["absent"]}, {}),
    ],
)
def test_projection(raw, stored, more, expected):
    table, key, _ = stored
    assert get(raw, table, [key(7)], more)["Responses"][table] == [expected]


MIXED = "Can not use both expression and non-expression parameters in the same request: "


@pytest.mark.parametrize(
    "more, message",
    [
        ({"ProjectionExpression": ""}, "Invalid ProjectionExpression: The expression can not be empty;"),
        (
            {"ProjectionExpression": "pk", "AttributesToGet": ["pk"]},
            MIXED + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
        ),
        ({"ExpressionAttributeNames": {"#a": "pk"}}, re.compile("ExpressionAttributeNames can only be specified when using expressions.*")),
        (
            {"ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "pk", "#b": "x"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}",
        ),
        (
            {"ProjectionExpression": "#a"},
            "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #a",
        ),
        ({"ProjectionExpression": "select"}, "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: select"),
        ({"AttributesToGet": ["pk", "pk"]}, "One or more parameter values were invalid: Duplicate value in attribute name: pk"),
    ],
)
def test_projection_refused(raw, stored, more, message):
    table, key, _ = stored
    invalid(get(raw, table, [key(1)], more), message)


def test_all_keys_before_all_expressions(raw, stored, hash_table):
    table, key, _ = stored
    twice = "Provided list of item keys contains duplicates"
    overlap = {"ProjectionExpression": "pk, pk"}
    hash_key = {"pk": S("a")}
    invalid(raw("BatchGetItem", RequestItems={hash_table: {"Keys": [hash_key], **overlap}, table: {"Keys": [key(1), key(1)]}}), twice)
    invalid(raw("BatchGetItem", RequestItems={table: {"Keys": [key(1)], **overlap}, hash_table: {"Keys": [hash_key, hash_key]}}), twice)
    invalid(get(raw, hash_table, [{"pk": S("")}], {"ProjectionExpression": "pk.x"}),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
            "value. Key: pk")


def test_styles_of_two_tables_do_not_mix(raw, stored, hash_table):
    """An expression for one table and AttributesToGet for another: the request is refused, before anything else is looked at."""
    table, key, _ = stored
    wanted = MIXED + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
    for expression in ("pk", "pk, pk"):
        invalid(raw("BatchGetItem", RequestItems={
            table: {"Keys": [key(1)], "ProjectionExpression": expression},
            hash_table: {"Keys": [{"pk": S("a")}], "AttributesToGet": ["pk"]},
        }), wanted)


def test_duplicates(raw, stored):
    table, key, _ = stored
    invalid(get(raw, table, [key(1), key(2), key(1)]), "Provided list of item keys contains duplicates")


@pytest.mark.differs_from_dynamodb_local("compares keys as they are written")
def test_duplicates_by_value(raw, number_table):
    keys = [{"pk": S("a"), "sk": N(n)} for n in ("1", "1.0")]
    invalid(get(raw, number_table, keys), "Provided list of item keys contains duplicates")


def test_same_key_in_two_tables(raw, hash_table, tables):
    other = tables.create(spec("pk"), label="other")
    name = unique()
    for table in (hash_table, other):
        raw("PutItem", TableName=table, Item={"pk": S(name), "in": S(table)}).ok()
    reply = raw("BatchGetItem", RequestItems={t: {"Keys": [{"pk": S(name)}]} for t in (hash_table, other)})
    assert all(reply["Responses"][t] == [{"pk": S(name), "in": S(t)}] for t in (hash_table, other))


@pytest.mark.parametrize(
    "key",
    [
        {"pk": S("a")},
        {"sk": S("a")},
        {"pk": S("a"), "sk": S("a"), "x": S("a")},
        {"pk": S("a"), "x": S("a")},
        {"pk": S("a"), "sk": N(1)},
        {"pk": N(1), "sk": S("a")},
        {},
    ],
)
@pytest.mark.parametrize("text", [pytest.param(SCHEMA, marks=AWS), None], ids=["wording", "refused"])
def test_key_not_of_the_schema(raw, stored, key, text):
    table, good, _ = stored
    invalid(get(raw, table, [good(1), key]), text)


@pytest.mark.parametrize("name", ["pk", "sk"])
def test_empty_key_value(raw, stored, name):
    table, good, _ = stored
    invalid(
        get(raw, table, [{**good(1), name: S("")}]),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. "
        f"Key: {name}",
    )


@pytest.mark.parametrize("key", [{"pk": S("x" * 2049), "sk": S("a")}, {"pk": S("a"), "sk": S("x" * 1025)}])
@AWS
def test_key_too_long(raw, range_table, key):
    invalid(get(raw, range_table, [key]), re.compile("One or more parameter values were invalid: (Size of hashkey has exceeded the maximum size "
            "limit of ?2048 bytes|Aggregated size of all range keys has exceeded the size limit of 1024 bytes)"))  # fmt: skip


def test_missing_table_fails_the_whole_call(raw, stored):
    table, key, _ = stored
    reply = raw("BatchGetItem", RequestItems={table: {"Keys": [key(1)]}, "stator-wire-missing": {"Keys": [{"pk": S("a")}]}})
    expect_error(reply, NOT_FOUND)


@AWS
def test_too_many_keys_of_one_table(raw, range_table):
    keys = [{"pk": S("a"), "sk": S(str(i))} for i in range(101)]
    reply = invalid(get(raw, range_table, keys))
    assert re.match(r"1 validation error detected: Value '.*' at 'requestItems.*' failed to satisfy constraint: "
                    r".*Member must have length less than or equal to 100", reply.message)  # fmt: skip


def test_too_many_keys_of_one_table_is_refused(raw, range_table):
    invalid(get(raw, range_table, [{"pk": S("a"), "sk": S(str(i))} for i in range(101)]))


def test_too_many_keys_of_several_tables(raw, range_table, hash_table):
    reply = raw(
        "BatchGetItem",
        RequestItems={
            range_table: {"Keys": [{"pk": S("a"), "sk": S(str(i))} for i in range(60)]},
            hash_table: {"Keys": [{"pk": S(str(i))} for i in range(41)]},
        },
    )
    invalid(reply, "Too many items requested for the BatchGetItem call")


@pytest.mark.parametrize("params", [{}, {"RequestItems": {}}, {"RequestItems": None}])
def test_no_requests(raw, params):
    invalid(raw("BatchGetItem", params))


@AWS
@pytest.mark.parametrize("params", [{}, {"RequestItems": {}}])
def test_no_requests_text(raw, params):
    invalid(raw("BatchGetItem", params), re.compile(
        "The requestItems parameter is required for BatchGetItem"
        "|1 validation error detected: Value (null|'\\{\\}') at 'requestItems' failed to satisfy constraint: "
        "Member must (not be null|have length greater than or equal to 1)"))  # fmt: skip


@pytest.mark.parametrize("request_of_table", [{}, {"Keys": []}, {"Keys": None}, {"ConsistentRead": True}])
def test_no_keys(raw, range_table, request_of_table):
    invalid(raw("BatchGetItem", RequestItems={range_table: request_of_table}))


@pytest.mark.parametrize("name", ["ab", "a" * 256, "a$bc", ""])
def test_bad_table_name(raw, name):
    invalid(raw("BatchGetItem", RequestItems={name: {"Keys": [{"pk": S("a")}]}}))


@AWS
@pytest.mark.parametrize("value", ["x", "total"])
def test_bad_return_consumed_capacity(raw, stored, value):
    table, key, _ = stored
    invalid(
        get(raw, table, [key(1)], ReturnConsumedCapacity=value),
        f"1 validation error detected: Value '{value}' at 'returnConsumedCapacity' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
    )


def test_table_by_arn(raw, stored):
    table, key, items = stored
    arn = raw("DescribeTable", TableName=table)["Table"]["TableArn"]
    reply = raw("BatchGetItem", RequestItems={arn: {"Keys": [key(1)]}}).ok()
    (name, found), = reply["Responses"].items()
    assert name in (arn, table)
    assert normal(found) == [normal(items[1])]


def test_key_values_of_all_kinds(raw, tables):
    for kind, values in (("N", [N(-1), N("0"), N("1E30")]), ("B", [B(b"\x00"), B(b"\xff\xfe")])):
        table = tables.create(spec("pk", types={"pk": kind}), label="kinds")
        put_all(raw, table, [{"pk": v} for v in values])
        assert len(get(raw, table, [{"pk": v} for v in values])["Responses"][table]) == len(values)


# --- 16 MB ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(raw, tables):
    """Fifty items of 399,000 bytes: 42 of them fit 16 MB."""
    table = tables.create(spec("pk"), label="sixteen")
    put_large(raw, table, [padded({"pk": S(f"{i:02}")}, 399_000) for i in range(50)])
    return table


def test_reply_ends_at_16_mb(raw, large):
    keys = [{"pk": S(f"{i:02}")} for i in range(50)]
    reply = get(raw, large, keys, {"ProjectionExpression": "pk"}).ok()
    got, left = reply["Responses"][large], reply["UnprocessedKeys"][large]
    assert len(got) == 42, "the size before the projection counts"
    assert left["ProjectionExpression"] == "pk", "what is left can be sent as it is"
    assert sorted(k["pk"]["S"] for k in got + left["Keys"]) == [k["pk"]["S"] for k in keys]
    again = raw("BatchGetItem", RequestItems=reply["UnprocessedKeys"]).ok()
    assert len(again["Responses"][large]) == 8 and again["UnprocessedKeys"] == {}


def test_unprocessed_keys_keep_their_parameters(raw, large):
    keys = [{"pk": S(f"{i:02}")} for i in range(50)]
    more = {"ConsistentRead": True, "ProjectionExpression": "#p", "ExpressionAttributeNames": {"#p": "pk"}}
    left = get(raw, large, keys, more)["UnprocessedKeys"][large]
    assert {k: v for k, v in left.items() if k != "Keys"} == more
    left = get(raw, large, keys, {"AttributesToGet": ["pk"]})["UnprocessedKeys"][large]
    assert left["AttributesToGet"] == ["pk"]


def test_unprocessed_keys_of_several_tables(raw, large, stored):
    """Every key asked for is in Responses or in UnprocessedKeys, once."""
    table, key, _ = stored
    asked = {large: [{"pk": S(f"{i:02}")} for i in range(50)], table: [key(i) for i in range(50)]}
    got = {large: [], table: []}
    waiting = {t: {"Keys": k} for t, k in asked.items()}
    for _ in range(10):
        reply = raw("BatchGetItem", RequestItems=waiting).ok()
        for t, items in reply["Responses"].items():
            got[t] += [{n: i[n] for n in asked[t][0]} for i in items]
        waiting = reply["UnprocessedKeys"]
        if not waiting:
            break
    for t in asked:
        assert sorted(got[t], key=str) == sorted(asked[t], key=str)
