"""ExecuteTransaction: PartiQL statements as one transaction."""

import pytest

from support.cases import case
from support.expect import DYNAMODB, NOT_FOUND, expect_error, invalid
from support.transact import CONDITION, NONE, REPEATED_TEXT, cancelled, invalid_reason
from support.values import M, N, S, unique

MISMATCH = DYNAMODB + "IdempotentParameterMismatchException"
DUPLICATE = {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
FAILED = "Validation failed in TransactStatements[{}]: "


@pytest.fixture
def execute(raw, hash_table):
    """execute(statement, …): a statement is its text, or a tuple of the text and its parameters; T is the table."""

    def statement(given):
        text, *parameters = given if isinstance(given, tuple) else (given,)
        more = {"Parameters": parameters} if parameters else {}
        return {"Statement": text.replace(" T ", f' "{hash_table}" '), **more}

    return lambda *statements, **more: raw(
        "ExecuteTransaction", TransactStatements=[s if isinstance(s, dict) else statement(s) for s in statements], **more)


@pytest.fixture
def keys():
    return [{"pk": S(unique("ql"))} for _ in range(4)]


@pytest.fixture
def stored(client, hash_table):
    return lambda key: client.get_item(TableName=hash_table, Key=key, ConsistentRead=True).get("Item")


def insert(key, number=1):
    return ("INSERT INTO T VALUE {'pk': ?, 'n': ?}", key["pk"], N(number))


def change(key, number):
    return ("UPDATE T SET n = ? WHERE pk = ?", N(number), key["pk"])


def remove(key):
    return ("DELETE FROM T WHERE pk = ?", key["pk"])


def select(key, what="*"):
    return (f"SELECT {what} FROM T WHERE pk = ?", key["pk"])


def exists(key, number):
    return ("EXISTS(SELECT * FROM T WHERE pk = ? AND n = ?)", key["pk"], N(number))


def test_writes(client, hash_table, execute, stored, keys):
    a, b, c, d = keys
    for key in (b, c, d):
        client.put_item(TableName=hash_table, Item={**key, "n": N(1)})
    assert execute(insert(a), change(b, 5), remove(c), exists(d, 1)).ok() == {"Responses": []}
    assert [stored(key) for key in keys] == [{**a, "n": N(1)}, {**b, "n": N(5)}, None, {**d, "n": N(1)}]


@pytest.mark.differs_from_dynamodb_local("the code of a duplicate; the message of EXISTS")
def test_all_or_none(client, hash_table, execute, stored, keys):
    a, b, c, d = keys
    client.put_item(TableName=hash_table, Item={**a, "n": N(7)})
    cancelled(execute(insert(a), insert(b), change(c, 1), exists(d, 1)), DUPLICATE, NONE, CONDITION, CONDITION)
    assert [stored(key) for key in keys] == [{**a, "n": N(7)}, None, None, None]


def test_reads(client, hash_table, execute, keys):
    item = {**keys[0], "n": N(1), "m": M(a=N(2), b=S("x"))}
    client.put_item(TableName=hash_table, Item=item)
    assert execute(select(keys[0]), select(keys[1])).ok() == {"Responses": [{"Item": item}, {}]}
    assert execute(select(keys[0], "n, m.a"))["Responses"] == [{"Item": {"n": N(1), "m": M(a=N(2))}}]
    assert execute(select(keys[0], "x"))["Responses"] == [{"Item": {}}]


def test_the_item_that_failed(client, raw, hash_table, keys):
    item = {**keys[0], "n": N(1)}
    client.put_item(TableName=hash_table, Item=item)
    text = f'UPDATE "{hash_table}" SET n = 2 WHERE pk = ? AND n = 7'
    cancelled(
        raw("ExecuteTransaction", TransactStatements=[
            {"Statement": text, "Parameters": [keys[0]["pk"]], "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]),
        {**CONDITION, "Item": item},
    )


@pytest.mark.parametrize("statements, message", [
    case("alias", ["SELECT * FROM T t WHERE pk = 'a'"], FAILED.format(0) + "Aliasing is not supported"),
    case("the second", ["DELETE FROM T WHERE pk = 'a'", "DELETE FROM T WHERE pk = 'b' AND foo(v)"],
         FAILED.format(1) + "Unrecognized function: foo"),
    case("parameters", ["SELECT * FROM T WHERE pk = ?"],
         FAILED.format(0) + "Number of parameters in request and statement don't match."),
    case("scan", ["SELECT * FROM T "], FAILED.format(0) + "Select statements within ExecuteTransaction must specify the primary "
         "key in the where clause."),
    case("filter", ["SELECT * FROM T WHERE pk = 'a' AND n = 1"], FAILED.format(0) + "Select statements within "
         "ExecuteTransaction must specify the primary key in the where clause."),
    case("returning", ["UPDATE T SET n = 1 WHERE pk = 'a' RETURNING ALL NEW *"],
         FAILED.format(0) + "RETURNING clause is not supported in ExecuteTransaction."),
    case("exists alone", ["EXISTS(SELECT * FROM T WHERE pk = 'a')"],
         FAILED.format(0) + "EXISTS() must contain a single item read with additional condition"),
    case("exists without key", ["EXISTS(SELECT * FROM T WHERE n = 1)"],
         FAILED.format(0) + "EXISTS() must contain a single item read with additional condition"),
    case("mixed", ["SELECT * FROM T WHERE pk = 'a'", "DELETE FROM T WHERE pk = 'b'"],
         "ExecuteTransaction API does not support both read and write operations in the same request."),
    case("exists is a write", ["SELECT * FROM T WHERE pk = 'a'", "EXISTS(SELECT * FROM T WHERE pk = 'b' AND n = 1)"],
         "ExecuteTransaction API does not support both read and write operations in the same request."),
    case("repeated", ["DELETE FROM T WHERE pk = 'a'", "UPDATE T SET n = 1 WHERE pk = 'a'"], REPEATED_TEXT),
    case("repeated reads", ["SELECT * FROM T WHERE pk = 'a'", "SELECT n FROM T WHERE pk = 'a'"], REPEATED_TEXT),
    case("empty key", ["INSERT INTO T VALUE {'pk': ''}"], "One or more parameter values are not valid. The AttributeValue for "
         "a key attribute cannot contain an empty string value. Key: pk"),
    case("returning before a key", ["DELETE FROM T WHERE pk = ''", "UPDATE T SET n = 1 WHERE pk = 'a' RETURNING ALL NEW *"],
         FAILED.format(1) + "RETURNING clause is not supported in ExecuteTransaction."),
    case("returning before the next statement", ["UPDATE T SET n = 1 WHERE pk = 'a' RETURNING ALL NEW *", "SELECT * FROM T WHERE pk = ?"],
         FAILED.format(0) + "RETURNING clause is not supported in ExecuteTransaction."),
    case("other statement", ["CREATE TABLE x"], "Unsupported operation: CreateTable"),
])
def test_what_fails_the_request(execute, statements, message):
    invalid(execute(*statements), message)


def test_exists_with_a_key_twice(client, hash_table, raw, keys):
    """The first equality is the key, any other one a condition."""
    client.put_item(TableName=hash_table, Item={**keys[0], "n": N(1)})
    text = f'EXISTS(SELECT * FROM "{hash_table}" WHERE pk = ? AND pk = ?)'
    ask = lambda *values: raw("ExecuteTransaction", TransactStatements=[{"Statement": text, "Parameters": list(values)}])  # noqa: E731
    ask(keys[0]["pk"], keys[0]["pk"]).ok()
    cancelled(ask(keys[0]["pk"], keys[1]["pk"]), CONDITION)
    cancelled(ask({"NULL": True}, keys[1]["pk"]),
              invalid_reason("Key attribute's data type should match its data type in table's schema: Key pk"))


def test_indexes_cannot_be_read(raw):
    statement = 'SELECT * FROM "some-table"."index" WHERE pk = \'a\''
    message = FAILED.format(0) + "Reads on indices are not supported within transactions."
    invalid(raw("ExecuteTransaction", TransactStatements=[{"Statement": statement}]), message)


def test_nothing_else_on_indexes(raw):
    statement = 'EXISTS(SELECT * FROM "some-table"."index" WHERE pk = \'a\' AND n = 1)'
    invalid(raw("ExecuteTransaction", TransactStatements=[{"Statement": statement}]),
            FAILED.format(0) + "Operations on indices are not supported in transactions")


def test_a_table_that_does_not_exist(execute):
    for text in ("DELETE FROM \"{}\" WHERE pk = 'a'", "SELECT * FROM \"{}\" WHERE pk = 'a'"):
        expect_error(execute(text.format(unique("stator-wire-none"))), NOT_FOUND)


@pytest.mark.parametrize("statement, message", [
    case("type of an insert", "INSERT INTO T VALUE {'pk': 5}",
         "Key attribute's data type should match its data type in table's schema: Key pk"),
    case("no key", "INSERT INTO T VALUE {'n': 5}", "Key attribute should be present in the item: Key pk"),
    case("update of the key", "UPDATE T SET pk = 'z' WHERE pk = 'a'",
         "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
         local="it wants the item to be there first"),
    case("type of a select", "SELECT * FROM T WHERE pk = 5",
         "Key attribute's data type should match its data type in table's schema: Key pk"),
])
def test_what_cancels(execute, statement, message):
    cancelled(execute(statement), invalid_reason(message))


def test_token(execute, stored, keys):
    token = unique("t")
    for _ in range(2):
        execute(insert(keys[0]), ClientRequestToken=token).ok()
    expect_error(execute(insert(keys[1]), ClientRequestToken=token), MISMATCH)
    assert [stored(key) for key in keys[:2]] == [{**keys[0], "n": N(1)}, None]


@pytest.mark.differs_from_dynamodb_local("it shows none")
def test_capacity(execute, hash_table, keys):
    token = unique("t")
    for kind in ("WriteCapacityUnits", "ReadCapacityUnits"):
        reply = execute(insert(keys[0]), remove(keys[1]), ClientRequestToken=token, ReturnConsumedCapacity="TOTAL")
        assert reply["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 4.0, kind: 4.0}]
    reply = execute(select(keys[0]), select(keys[1]), ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": hash_table, "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]
