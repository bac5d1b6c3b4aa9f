"""TransactWriteItems: all actions or none, and what is said of each when it is none."""

import pytest

from support.cases import case
from support.expect import NOT_FOUND, NOT_FOUND_TEXT, expect_error, invalid
from support.tables import index, spec
from support.transact import (
    CONDITION,
    NONE,
    REPEATED_TEXT,
    cancelled,
    check,
    delete,
    get,
    invalid_reason,
    put,
    update,
)
from support.values import B, L, M, N, S, unique

INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
SCHEMA_TEXT = "The provided key element does not match the schema"
EXISTS = "attribute_exists(pk)"
ABSENT = "attribute_not_exists(pk)"


@pytest.fixture(scope="module")
def indexed(tables):
    return tables.create(spec("pk", "sk", lsi=[index("local", "pk", "l")], gsi=[index("global", "g")]))


@pytest.fixture
def write(raw):
    return lambda *actions, **more: raw("TransactWriteItems", TransactItems=list(actions), **more)


@pytest.fixture
def stored(client, hash_table):
    return lambda key: client.get_item(TableName=hash_table, Key=key, ConsistentRead=True).get("Item")


@pytest.fixture
def keys():
    return [{"pk": S(unique("transact"))} for _ in range(5)]


def test_every_kind_of_action(client, hash_table, write, stored, keys):
    a, b, c, d, _ = keys
    for key in (b, c, d):
        client.put_item(TableName=hash_table, Item={**key, "n": N(1)})
    reply = write(
        put(hash_table, {**a, "n": N(5)}, ConditionExpression=ABSENT),
        update(hash_table, b, "SET n = n + :one, #m = :m", {":one": N(1), ":m": S("x")},
               ExpressionAttributeNames={"#m": "map"}, ConditionExpression="n = :one"),
        delete(hash_table, c, ConditionExpression=EXISTS),
        check(hash_table, d, "n < :two", {":two": N(2)}),
    )
    assert reply.ok() == {}
    assert [stored(key) for key in (a, b, c, d)] == [
        {**a, "n": N(5)}, {**b, "n": N(2), "map": S("x")}, None, {**d, "n": N(1)},
    ]


def test_several_tables(client, hash_table, range_table, write, stored, keys):
    other = {"pk": keys[1]["pk"], "sk": S("s")}
    write(put(hash_table, {**keys[0], "n": N(1)}), put(range_table, {**other, "n": N(2)})).ok()
    assert stored(keys[0]) == {**keys[0], "n": N(1)}
    assert client.get_item(TableName=range_table, Key=other)["Item"] == {**other, "n": N(2)}


@pytest.mark.differs_from_dynamodb_local("its message of a ConditionCheck ends in a full stop")
def test_one_failed_condition_undoes_all(client, hash_table, write, stored, keys):
    a, b, c, _, _ = keys
    client.put_item(TableName=hash_table, Item={**b, "n": N(1)})
    cancelled(
        write(put(hash_table, a), update(hash_table, b, "SET n = :v", {":v": N(2)}), check(hash_table, c, EXISTS)),
        NONE, NONE, CONDITION,
    )
    assert stored(a) is None
    assert stored(b) == {**b, "n": N(1)}


@pytest.mark.differs_from_dynamodb_local("an update that cannot be done fails the request there")
def test_all_failures_are_told(client, hash_table, write, keys):
    a, b, c, d, e = keys
    old = {**a, "n": N(1), "list": L(N(1))}
    client.put_item(TableName=hash_table, Item=old)
    cancelled(
        write(
            put(hash_table, a, ConditionExpression=ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            put(hash_table, b),
            update(hash_table, c, "SET x = y"),
            delete(hash_table, d, ConditionExpression=EXISTS, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            check(hash_table, e, EXISTS, ReturnValuesOnConditionCheckFailure="NONE"),
        ),
        {**CONDITION, "Item": old},
        NONE,
        invalid_reason("The provided expression refers to an attribute that does not exist in the item"),
        CONDITION,
        CONDITION,
    )


@pytest.mark.parametrize("make", [
    case("Put", lambda table, key: put(table, key, ConditionExpression="n = :v", ExpressionAttributeValues={":v": N(2)})),
    case("Update", lambda table, key: update(table, key, "SET n = :v", {":v": N(2)}, ConditionExpression="n = :v")),
    case("Delete", lambda table, key: delete(table, key, ConditionExpression="n = :v", ExpressionAttributeValues={":v": N(2)})),
    case("ConditionCheck", lambda table, key: check(table, key, "n = :v", {":v": N(2)}),
         local="the message ends in a full stop"),
])
def test_the_item_that_failed_a_condition(client, hash_table, write, keys, make):
    item = {**keys[0], "n": N(1), "m": M(a=S("x"))}
    client.put_item(TableName=hash_table, Item=item)
    action = make(hash_table, keys[0])
    cancelled(write(action), CONDITION)
    next(iter(action.values()))["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    cancelled(write(action), {**CONDITION, "Item": item})


UPDATES = [
    case("missing attribute", "SET x = y", None, "The provided expression refers to an attribute that does not exist in the item"),
    case("missing path", "SET x.y = :v", {":v": N(1)}, "The document path provided in the update expression is invalid for update"),
    case("wrong type", "SET x = s + :v", {":v": N(1)}, "An operand in the update expression has an incorrect data type"),
    case("wrong set", "ADD s :v", {":v": N(1)}, "An operand in the update expression has an incorrect data type"),
    case("overflow", "SET n = n + :v", {":v": N("9e125")},
         "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    case("too large", "SET x = :v", {":v": S("x" * 409_500)}, "Item size to update has exceeded the maximum allowed size"),
    case("key", "SET pk = :v", {":v": N(1)}, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
]


@pytest.mark.differs_from_dynamodb_local("most of these fail the request there")
@pytest.mark.parametrize("expression, values, message", UPDATES)
def test_updates_that_cannot_be_done(client, hash_table, write, stored, keys, expression, values, message):
    item = {**keys[0], "s": S("x" * 100), "n": N("9e125")}
    client.put_item(TableName=hash_table, Item=item)
    cancelled(write(update(hash_table, keys[0], expression, values), put(hash_table, keys[1])), invalid_reason(message), NONE)
    assert (stored(keys[0])["s"], stored(keys[1])) == (item["s"], None)


def test_the_condition_comes_before_the_update(client, hash_table, write, keys):
    client.put_item(TableName=hash_table, Item=keys[0])
    cancelled(write(update(hash_table, keys[0], "SET x = y", ConditionExpression=ABSENT)), CONDITION)


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.differs_from_dynamodb_local("its texts are older")
@pytest.mark.parametrize("item, message", [
    case("missing", {"a": S("x")}, INVALID + "Missing the key pk in the item"),
    case("wrong type", {"pk": N(1)}, INVALID + "Type mismatch for key pk expected: S actual: N"),
    case("no scalar", {"pk": L()}, INVALID + "Type mismatch for key pk expected: S actual: L"),
    case("too long", {"pk": S("x" * 2049)}, INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
])
def test_keys_of_puts_that_cancel(hash_table, write, stored, keys, item, message):
    cancelled(write(put(hash_table, keys[0]), put(hash_table, item)), NONE, invalid_reason(message))
    assert stored(keys[0]) is None


@pytest.mark.differs_from_dynamodb_local("its texts are older")
@pytest.mark.parametrize("make", [
    case("Update", lambda table, key: update(table, key, "SET a = :v", {":v": N(1)})),
    case("Delete", delete),
    case("ConditionCheck", lambda table, key: check(table, key, EXISTS)),
])
@pytest.mark.parametrize("key", [
    case("missing", {"a": S("x")}), case("wrong type", {"pk": B(b"x")}), case("no scalar", {"pk": M()}),
    case("another attribute", {"pk": S("x"), "a": S("x")}),
])
def test_keys_that_cancel(hash_table, write, keys, make, key):
    cancelled(write(make(hash_table, key), put(hash_table, keys[0])), invalid_reason(SCHEMA_TEXT), NONE)


@pytest.mark.parametrize("make", [
    case("Put", put), case("Update", lambda table, key: update(table, key, "SET a = :v", {":v": N(1)})),
    case("Delete", delete), case("ConditionCheck", lambda table, key: check(table, key, EXISTS)),
])
def test_empty_keys_fail_the_request(hash_table, write, keys, make):
    message = NOT_VALID + "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
    invalid(write(put(hash_table, keys[0]), make(hash_table, {"pk": S("")})), message)


def test_index_keys(client, indexed, write):
    key = {"pk": S(unique("index")), "sk": S("s")}
    empty = "The AttributeValue for a key attribute cannot contain an empty string value."
    invalid(
        write(put(indexed, {**key, "g": S("")})),
        f"{NOT_VALID}A value specified for a secondary index key is not supported. {empty} IndexName: global, IndexKey: g",
    )
    invalid(
        write(update(indexed, key, "SET g = :v", {":v": S("")})),
        f"{NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. {empty}",
    )
    assert "Item" not in client.get_item(TableName=indexed, Key=key)


@pytest.mark.differs_from_dynamodb_local("its texts are older; updates are not looked at")
def test_index_keys_that_cancel(indexed, write):
    key = {"pk": S(unique("index")), "sk": S("s")}
    cancelled(
        write(put(indexed, {**key, "g": N(1)})),
        invalid_reason(INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: global"),
    )
    cancelled(
        write(update(indexed, key, "SET l = :v", {":v": N(1)})),
        invalid_reason("The update expression attempted to update the secondary index key to unsupported type"),
    )


# --- the request ----------------------------------------------------------------------------------------------------


def test_tables_that_do_not_exist(hash_table, write, stored, keys):
    response = write(put(hash_table, keys[0]), put(unique("stator-wire-none"), keys[1]))
    assert expect_error(response, NOT_FOUND).message in (NOT_FOUND_TEXT, "Cannot do operations on a non-existent table")
    assert stored(keys[0]) is None


@pytest.mark.parametrize("other", [put, delete, lambda table, key: check(table, key, EXISTS)])
def test_two_actions_on_one_item(hash_table, write, stored, keys, other):
    invalid(write(put(hash_table, {**keys[0], "n": N(1)}), put(hash_table, keys[1]), other(hash_table, keys[0])), REPEATED_TEXT)
    assert stored(keys[0]) is None


def test_one_key_in_two_tables(hash_table, range_table, write, keys):
    write(put(hash_table, keys[0]), put(range_table, {**keys[0], "sk": S("a")}), put(range_table, {**keys[0], "sk": S("b")})).ok()


def test_what_an_action_is(hash_table, write, keys):
    invalid(write({}), "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
    invalid(
        write({**put(hash_table, keys[0]), **delete(hash_table, keys[1])}),
        "TransactItems can only contain one of Check, Put, Update or Delete",
    )


@pytest.mark.differs_from_dynamodb_local("it has other texts")
@pytest.mark.parametrize("items, message", [
    case("none", [], "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"),
    case("absent", None, "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: "
         "Member must not be null"),
    case("update", [{"Update": {"Key": {"pk": S("x")}}}],
         "2 validation errors detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy "
         "constraint: Member must not be null; Value null at 'transactItems.1.member.update.tableName' failed to satisfy "
         "constraint: Member must not be null"),
    case("check", [{"ConditionCheck": {"Key": {"pk": S("x")}, "TableName": "abc"}}],
         "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to "
         "satisfy constraint: Member must not be null"),
    case("table name", [{"Put": {"Item": {}, "TableName": "x!"}}],
         "2 validation errors detected: Value 'x!' at 'transactItems.1.member.put.tableName' failed to satisfy constraint: "
         "Member must have length greater than or equal to 3; Value 'x!' at 'transactItems.1.member.put.tableName' failed to "
         "satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
])
def test_constraints(raw, items, message):
    invalid(raw("TransactWriteItems", **({} if items is None else {"TransactItems": items})), message)


def test_a_hundred_actions(client, hash_table, write, range_table):
    pk = S(unique("many"))
    actions = [put(range_table, {"pk": pk, "sk": S(f"{i:03}")}) for i in range(101)]
    response = invalid(write(*actions))
    assert "Member must have length less than or equal to 100" in response.message
    write(*actions[:100]).ok()
    found = client.query(TableName=range_table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": pk})
    assert found["Count"] == 100


@pytest.mark.parametrize("make, message", [
    case("syntax", lambda table, key: put(table, key, ConditionExpression="a ="),
         'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'),
    case("empty", lambda table, key: update(table, key, ""), "Invalid UpdateExpression: The expression can not be empty;"),
    case("undefined", lambda table, key: delete(table, key, ConditionExpression="a = :v"),
         "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v"),
    case("unused", lambda table, key: check(table, key, EXISTS, {":v": N(1)}),
         "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"),
    case("values alone", lambda table, key: put(table, key, ExpressionAttributeValues={":v": N(1)}),
         "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"),
    case("too large", lambda table, key: put(table, {**key, "a": S("x" * 409_600)}),
         "Item size has exceeded the maximum allowed size"),
    case("nested key", lambda table, key: check(table, key, "pk.a = pk"),
         "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
         local="it does not look at conditions of checks"),
])
def test_wrong_actions_fail_the_request(hash_table, write, stored, keys, make, message):
    invalid(write(put(hash_table, keys[0]), make(hash_table, keys[1])), message)
    assert stored(keys[0]) is None


def test_order_of_checks(hash_table, write, keys):
    none = unique("stator-wire-none")
    broken = put(hash_table, keys[0], ConditionExpression="a =")
    invalid(write(put(none, keys[1]), broken), 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="')
    expect_error(write(put(hash_table, {"pk": N(1)}), put(none, keys[1])), NOT_FOUND)
    expect_error(write(put(none, keys[1]), put(hash_table, keys[0]), delete(hash_table, keys[0])), NOT_FOUND)
    invalid(write(put(hash_table, keys[0]), delete(hash_table, keys[0]), put(none, keys[1])), REPEATED_TEXT)
    invalid(write(put(hash_table, {"pk": N(1)}), put(hash_table, keys[0]), delete(hash_table, keys[0])), REPEATED_TEXT)


def test_four_megabytes(hash_table, write, keys):
    """Keys, items, expressions and what they refer to."""
    many = [{"pk": S(unique("large"))} for _ in range(11)]
    size = (4 << 20) // 11 - len("pk") - len(many[0]["pk"]["S"]) - len("a")
    actions = [put(hash_table, {**key, "a": S("x" * size)}) for key in many]
    last = actions[-1]["Put"]["Item"]
    used = sum(len(name) + len(value["S"]) for a in actions for name, value in a["Put"]["Item"].items())
    last["a"] = S("x" * (size + (4 << 20) - used + 1))
    invalid(write(*actions), f"Transaction payload size cannot exceed 4MB. Payload Size: {(4 << 20) + 1}")
    last["a"] = S(last["a"]["S"][1:])
    write(*actions).ok()
    values = {":v": S("x" * 390_000)}
    updates = [update(hash_table, key, "SET #n = :v", values, ExpressionAttributeNames={"#n": "abc"}) for key in many]
    total = sum(390_000 + len("SET #n = :v") + len("abc") + len("pk") + len(key["pk"]["S"]) for key in many)
    invalid(write(*updates), f"Transaction payload size cannot exceed 4MB. Payload Size: {total}")


@pytest.mark.differs_from_dynamodb_local("its message of a ConditionCheck ends in a full stop")
def test_local_indexes_see_all_or_nothing(client, indexed, write):
    pk = S(unique("local"))
    rows = [{"pk": pk, "sk": S(str(i)), "l": S(str(i))} for i in range(8)]
    query = {"TableName": indexed, "IndexName": "local", "KeyConditionExpression": "pk = :p",
             "ExpressionAttributeValues": {":p": pk}}
    cancelled(
        write(*[put(indexed, row) for row in rows], check(indexed, {"pk": pk, "sk": S("x")}, EXISTS)), *[NONE] * 8, CONDITION
    )
    assert client.query(**query)["Count"] == 0
    write(*[put(indexed, row) for row in rows]).ok()
    assert client.query(**query)["Items"] == rows


@pytest.mark.differs_from_dynamodb_local("it takes no ARNs here")
def test_tables_by_arn(client, raw, hash_table, write, stored, keys):
    arn = client.describe_table(TableName=hash_table)["Table"]["TableArn"]
    write(put(arn, keys[0])).ok()
    assert stored(keys[0]) == keys[0]
    reply = raw("TransactGetItems", TransactItems=[get(arn, keys[0])])
    assert reply["Responses"] == [{"Item": keys[0]}]


@pytest.mark.differs_from_dynamodb_local("the text of a key that does not fit")
def test_key_before_conditions_of_parts_of_it(raw, hash_table):
    """The action's reason is its key: what its condition says of the key is not looked at."""
    action = {"TableName": hash_table, "Key": {"pk": N(1)}, "ConditionExpression": "pk.x = pk"}
    cancelled(raw("TransactWriteItems", TransactItems=[{"Delete": action}]), invalid_reason(SCHEMA_TEXT))


def test_expressions_come_before_values(raw, hash_table):
    """Of two flaws of one action the expression's is told, whatever is wrong with the item or key."""
    wrong = {"ConditionExpression": "begins_with(a, :n)", "ExpressionAttributeValues": {":n": {"N": "1"}}, "TableName": hash_table}
    text = "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
    for action in (
        {"Put": {"Item": {"pk": S("x"), "v": {}}, **wrong}},
        {"Put": {"Item": {"pk": S("x"), "v": S("x" * 410_000)}, **wrong}},
        {"Delete": {"Key": {"pk": {}}, **wrong}},
        {"ConditionCheck": {"Key": {"pk": {}}, **wrong}},
        {"Update": {"Key": {"pk": {}}, "UpdateExpression": "SET b = :n", **wrong}},
    ):
        invalid(raw("TransactWriteItems", TransactItems=[action]), text)
    overlap = ("Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
               "path one: [a], path two: [a]")
    get = {"TableName": hash_table, "Key": {"pk": {}}, "ProjectionExpression": "a, a"}
    invalid(raw("TransactGetItems", TransactItems=[{"Get": get}]), overlap)
    invalid(raw("GetItem", **get), overlap)
