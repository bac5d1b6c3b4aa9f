"""PartiQL: what is no statement, what the request itself may be, and batches of statements."""

import re

import pytest

from support.cases import case
from support.expect import SERIALIZATION, expect_error, invalid
from support.partiql import HASH, RANGE, Statements
from support.values import M, N, S, unique

MALFORMED = "Statement wasn't well formed, can't be processed: "
DETAIL = "repeats the statement"
WORDS = "words it in its own way"


@pytest.fixture(scope="module")
def run(raw, tables):
    return Statements(raw, tables.create(RANGE, label="partiql"), tables.create(HASH, label="partiql"))


@pytest.mark.parametrize("statement", [
    "SELECT", "SELECT *", "SELECT * FROM", "SELECT FROM abc", "SELECT pk, FROM abc", "SELECT *, pk FROM abc",
    "SELECT * FORM abc", "SELECT # FROM abc", "SELECT * FROM abc WHERE", "SELECT * FROM abc WHERE pk =",
    "SELECT * FROM abc WHERE pk == 'a'", "SELECT * FROM abc WHERE pk = 'a", 'SELECT * FROM abc WHERE pk = "a',
    "SELECT * FROM abc WHERE (pk = 'a'", "SELECT * FROM abc WHERE pk = 'a')", "SELECT * FROM abc WHERE pk = 'a' xx",
    "SELECT * FROM abc WHERE pk = 'a' ;;", "SELECT * FROM abc WHERE pk = 'a' /* x", "SELECT * FROM abc WHERE AND",
    "SELECT * FROM abc WHERE = 1", "SELECT * FROM abc WHERE v=1 AND", "SELECT * FROM abc WHERE v IS",
    "SELECT * FROM abc WHERE v IS 1", "SELECT * FROM abc WHERE v BETWEEN 1", "SELECT * FROM abc WHERE v NOT 1",
    "SELECT * FROM abc WHERE v IN ()", "SELECT * FROM abc WHERE f(", "SELECT * FROM abc ORDER", "SELECT * FROM abc ORDER BY",
    "SELECT * FROM abc WHERE key = 1", "SELECT date FROM abc", "SELECT l[*] FROM abc",
    "INSERT INTO", "INSERT abc VALUE {}", "INSERT INTO abc", "INSERT INTO abc VALUE", "INSERT INTO abc VALUE {'a':1,}",
    "INSERT INTO abc VALUE {'a' 1}", "INSERT INTO abc VALUE {'a':1", "INSERT INTO abc VALUE {'a':[1,]}",
    "INSERT INTO abc VALUES {'a':1}", "INSERT INTO abc [{'a':1}]", "INSERT INTO abc VALUE {'a':1} WHERE a=1",
    "INSERT INTO abc VALUE {'a':1} ON CONFLICT DO NOTHING", "UPDATE abc", "UPDATE abc SET", "UPDATE abc SET v",
    "UPDATE abc SET 1=2", "UPDATE abc SET 'a'=2", "UPDATE abc SET a.*=2", "UPDATE abc SET a[?]=2", "UPDATE abc REMOVE",
    "UPDATE abc REMOVE a, b WHERE pk='a'", "UPDATE abc ADD v 1", "UPDATE abc SET v=1 RETURNING ALL OLD",
    "UPDATE abc SET v=1 RETURNING *", "UPDATE abc SET v=1 RETURNING UPDATED OLD *",
    "UPDATE abc SET v=1 RETURNING ALL OLD * WHERE pk='a'", "UPDATE abc SET v=1 WHERE pk='a' ORDER BY sk",
    "DELETE abc WHERE pk='a'", "DELETE m.x FROM abc", "FROM x", "REPLACE INTO abc VALUE {'pk':'a'}", "foo bar", "EXISTS", "  ",
    "SELECT * FROM abc WHERE a = 1e", "SELECT * FROM abc WHERE a = 1a", "\x00", "SELECT\x00* FROM abc",
])
def test_malformed(run, statement):
    invalid(run(statement), re.compile(re.escape(MALFORMED) + ".*", re.S))


@pytest.mark.differs_from_dynamodb_local(DETAIL)
@pytest.mark.parametrize("statement, detail", [
    case("hyphen in a name", "UPDATE abc-def SET a=1 WHERE pk='a'", "Expected data manipulation"),
    case("no statement", "NOT A STATEMENT", "Expected data manipulation"),
    case("reserved word", "INSERT INTO urls (key, value) VALUES (?, ?)", "Unexpected keyword"),
    case("more behind", "SELECT * FROM abc WHERE pk='a' garbage", "Unexpected token after expression"),
    case("subquery", "SELECT * FROM (abc", "Expected RIGHT_PAREN"),
])
def test_malformed_how(run, statement, detail):
    invalid(run(statement), MALFORMED + detail)


@pytest.mark.parametrize("statement, message", [
    case("name", "foo", "Unsupported operation: VariableReference"),
    case("constant", "1", "Unsupported operation: Literal"),
    case("map", "{}", "Unsupported operation: Struct"),
    case("create", "CREATE TABLE abc", "Unsupported operation: CreateTable"),
    case("drop", "DROP TABLE abc", "Unsupported operation: DropTable"),
    case("exists", "EXISTS(SELECT * FROM abc WHERE pk='a')",
         "EXISTS can only be used in ExecuteTransaction write requests."),
    case("subquery", "SELECT * FROM abc WHERE EXISTS(SELECT * FROM abc)", "Unsupported token in expression: SELECT at 1:32:6"),
    case("having", "SELECT * FROM abc WHERE pk='a' HAVING n=1", "Unsupported clause: HAVING at 1:40:1"),
    case("limit", "SELECT * FROM abc LIMIT 10", "Unsupported clause: LIMIT at 1:25:2"),
    case("case", "SELECT * FROM abc WHERE CASE WHEN pk='a' THEN true END",
         "Unsupported token in expression: CASE at 1:25:4"),
])
def test_unsupported(run, statement, message):
    invalid(run(statement), message)


CONSTRAINT = "1 validation error detected: Value {} at '{}' failed to satisfy constraint: "


@pytest.mark.differs_from_dynamodb_local("checks no constraints")
@pytest.mark.parametrize("params, message", [
    case("no statement", {}, CONSTRAINT.format("null", "statement") + "Member must not be null"),
    case("empty statement", {"Statement": ""},
         CONSTRAINT.format("''", "statement") + "Member must have length greater than or equal to 1"),
    case("no parameters", {"Statement": "x", "Parameters": []},
         CONSTRAINT.format("'[]'", "parameters") + "Member must have length greater than or equal to 1"),
    case("limit", {"Statement": "x", "Limit": 0},
         CONSTRAINT.format("'0'", "limit") + "Member must have value greater than or equal to 1"),
    case("empty token", {"Statement": "x", "NextToken": ""},
         CONSTRAINT.format("''", "nextToken") + "Member must have length greater than or equal to 1"),
])
def test_constraints(raw, params, message):
    invalid(raw("ExecuteStatement", **params), message)


def test_longest_statement(run):
    assert run("SELECT pk FROM {h} WHERE pk='a'".ljust(8192 - len(run.names["{h}"]) + 3))["Items"] == []
    invalid(run("SELECT pk FROM {h} WHERE pk='a'".ljust(8192)),
            re.compile(".*Member must have length less than or equal to 8192", re.S))


@pytest.mark.differs_from_dynamodb_local("takes the number for the statement")
def test_types(raw):
    expect_error(raw("ExecuteStatement", Statement=1), SERIALIZATION, "NUMBER_VALUE cannot be converted to String")


@pytest.mark.differs_from_dynamodb_local("fails")
@pytest.mark.parametrize("text", ["(" * 4000, "[" * 4000, "NOT " * 2000, "-" + " -" * 4000, "{'a':" * 1500, "a." * 4000,
                                  "f(" * 4000, "(SELECT * FROM " * 500, "1+" * 4000, "a=1 AND " * 1000, "<<" * 4000],
                         ids=lambda text: text[:6].strip())
@pytest.mark.parametrize("before", ["SELECT * FROM abc WHERE ", "INSERT INTO abc VALUE ", "UPDATE abc SET a = ", ""])
def test_hostile_depth(run, before, text):
    """No answer but a refusal, and the server goes on."""
    invalid(run((before + text)[:8192]))
    assert run("SELECT * FROM {h} WHERE pk='nope'")["Items"] == []


# --- batches ---------------------------------------------------------------------------------------------------------


def test_batch_of_reads(run):
    pk = unique()
    run(f"INSERT INTO {{h}} VALUE {{'pk': '{pk}', 'a': 1, 'm': {{'x': 2}}}}").ok()
    name = run.names["{h}"].strip('"')
    reply = run.batch(f"SELECT * FROM {{h}} WHERE pk='{pk}x'",
                      {"Statement": "SELECT a, m.x FROM {h} WHERE pk=?", "Parameters": [S(pk)], "ConsistentRead": True})
    assert reply.ok() == {"Responses": [{"TableName": name}, {"TableName": name, "Item": {"a": N(1), "m": M(x=N(2))}}]}


def error(code, message):
    return {"Error": {"Code": code, "Message": message}}


NO_NUMBER = "The parameter cannot be converted to a numeric value: x"
NO_KEY = error("ValidationError", "Select statements within BatchExecuteStatement must specify the primary key in the where clause.")


@pytest.mark.parametrize("statement, expected", [
    case("query", "SELECT * FROM {t} WHERE pk='a'", NO_KEY, local=WORDS),
    case("scan", "SELECT * FROM {t}", NO_KEY, local=WORDS),
    case("filter", "SELECT * FROM {h} WHERE pk='a' AND n=1", NO_KEY, local=WORDS),
    case("index", "SELECT * FROM {t}.gsi WHERE g='g'", NO_KEY, local=WORDS),
    case("index with the key", "SELECT * FROM {t}.gsi WHERE pk='a' AND sk='b'", NO_KEY, local="finds no item"),
    case("key twice", "SELECT * FROM {t} WHERE pk='a' AND pk='b'", NO_KEY, local=WORDS),
    case("no key type", "SELECT * FROM {h} WHERE pk=true", NO_KEY, local=WORDS),
    case("key type", "SELECT * FROM {h} WHERE pk=1", error(
        "ValidationError", "Key attribute's data type should match its data type in table's schema: Key pk")),
    case("table", "SELECT * FROM nope WHERE pk='a'", error("ResourceNotFound", "Requested resource not found"), local=WORDS),
    case("malformed", "foo bar", error("ValidationError", MALFORMED + "Expected data manipulation"), local=DETAIL),
    case("no operation", "foo", error(
        "ValidationError", "Invalid operation. Only select, insert, update and delete operations are valid")),
    case("exists", "EXISTS(SELECT * FROM {h} WHERE pk='a')", error(
        "ValidationError", "EXISTS can only be used in ExecuteTransaction write requests.")),
    case("parameters", "SELECT * FROM {h} WHERE pk=?", error(
        "ValidationError", "Number of parameters in request and statement don't match.")),
])
def test_batch_errors_are_per_statement(run, statement, expected):
    first, second = run.batch(statement, "SELECT * FROM {h} WHERE pk='nope'")["Responses"]
    assert first == expected
    assert second == {"TableName": run.names["{h}"].strip('"')}


def test_batch_of_writes(run):
    a, b, c, d = unique(), unique(), unique(), unique()
    table = {"TableName": run.names["{h}"].strip('"')}
    run(f"INSERT INTO {{h}} VALUE {{'pk': '{a}', 'n': 1}}").ok()
    reply = run.batch(
        f"INSERT INTO {{h}} VALUE {{'pk': '{a}'}}",
        f"INSERT INTO {{h}} VALUE {{'pk': '{b}'}}",
        {"Statement": f"UPDATE {{h}} SET n=1 WHERE pk='{c}'", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        f"DELETE FROM {{h}} WHERE pk='{d}'",
        "INSERT INTO {h} VALUE {'x': 1}",
    )["Responses"]
    assert reply == [
        {**error("DuplicateItem", "Duplicate primary key exists in table"), **table},
        table,
        {**error("ConditionalCheckFailed", "The conditional request failed"), **table},
        table,
        error("ValidationError", "Key attribute should be present in the item: Key pk"),
    ]
    reply = run.batch({"Statement": f"UPDATE {{h}} SET n=2 WHERE pk='{a}' AND n=7",
                       "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
                      f"UPDATE {{h}} SET n=5 WHERE pk='{b}' RETURNING ALL NEW *")["Responses"]
    assert reply[0]["Error"]["Item"] == {"pk": S(a), "n": N(1)}
    assert reply[1] == {**table, "Item": {"pk": S(b), "n": N(5)}}


def test_batch_of_nothing_that_could_be_run(run):
    codes = [r["Error"]["Code"] for r in run.batch("foo bar", "INSERT INTO {h} VALUE {'x':1}")["Responses"]]
    assert codes == ["ValidationError", "ValidationError"]


def test_batch_reads_or_writes(run):
    invalid(run.batch("INSERT INTO {h} VALUE {'pk':'a'}", "SELECT * FROM {h} WHERE pk='a'"),
            "Read and write requests together in the same batch is not supported.")


@pytest.mark.parametrize("statement", ["SELECT * FROM {h} WHERE pk='a'", "DELETE FROM {h} WHERE pk='a'"])
def test_batch_with_one_item_twice(run, statement):
    invalid(run.batch(statement, statement), "Provided list of item keys contains duplicates")


def test_batch_with_one_item_twice_and_another_flaw(run):
    """A statement that is refused for what it updates counts; an item that cannot be put does not."""
    change = "UPDATE {t} SET v=1 REMOVE %s WHERE pk='twice' AND sk='1'"
    invalid(run.batch(change % "pk", change % "w"), "Provided list of item keys contains duplicates")
    reply = run.batch("INSERT INTO {t} VALUE {'pk':'twice','sk':'1','g':false}", change % "w")
    assert [r["Error"]["Code"] for r in reply["Responses"]] == ["ValidationError", "ConditionalCheckFailed"]


@pytest.mark.differs_from_dynamodb_local("reports no capacity")
def test_batch_capacity(run):
    pk, name = unique(), run.names["{h}"].strip('"')
    reply = run.batch("foo", f"INSERT INTO {{h}} VALUE {{'pk':'{pk}'}}", ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 1.0}]
    reply = run.batch({"Statement": f"SELECT * FROM {{h}} WHERE pk='{pk}'", "ConsistentRead": True},
                      "SELECT * FROM {h} WHERE pk='nope'", ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 1.5}]


@pytest.mark.differs_from_dynamodb_local("reports no capacity")
def test_batch_capacity_of_failures(run):
    """A statement that ran and failed is charged too, but only beside one that succeeded on its table."""
    a, b, c = unique(), unique(), unique()
    name = run.names["{h}"].strip('"')
    run(f"INSERT INTO {{h}} VALUE {{'pk': '{a}', 'f': '{'x' * 3000}'}}").ok()
    again, small = f"INSERT INTO {{h}} VALUE {{'pk': '{a}'}}", f"INSERT INTO {{h}} VALUE {{'pk': '{b}'}}"
    missing = f"UPDATE {{h}} SET n=1 WHERE pk='{c}'"
    reply = run.batch(again, small, missing, ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 3.0 + 1.0 + 1.0}]
    assert "ConsumedCapacity" not in run.batch(again, missing, ReturnConsumedCapacity="TOTAL").ok()
    large = f"INSERT INTO {{h}} VALUE {{'pk': '{b}', 'f': '{'x' * 2000}'}}"
    reply = run.batch(large, f"DELETE FROM {{h}} WHERE pk='{c}'", "SELECT", ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": 2.0 + 1.0}]


@pytest.mark.parametrize("statement, message", [
    case("statement", "SELECT * FROM {h} WHERE pk = ?", NO_NUMBER, local=WORDS),
    case("statement of no table", "SELECT * FROM nope WHERE pk = ?", NO_NUMBER, local=WORDS),
    case("wrong expression", "SELECT * FROM {h} WHERE begins_with(n, 1) AND pk = ?", NO_NUMBER, local=WORDS),
    case("no operation", "foo", None),
])
def test_parameters_that_are_no_values(run, statement, message):
    """They are told after what is no statement, and before everything else; of a batch they fail all."""
    statement = {"Statement": statement, "Parameters": [{"N": "x"}]}
    if message is None:
        assert run.batch(statement, "DELETE FROM {h} WHERE pk='a'")["Responses"][0] == error(
            "ValidationError", "Invalid operation. Only select, insert, update and delete operations are valid")
    else:
        invalid(run.batch(statement, "DELETE FROM {h} WHERE pk='a'"), message)


@pytest.mark.differs_from_dynamodb_local("checks no constraints")
def test_batch_sizes(run):
    statements = [f"SELECT * FROM {{h}} WHERE pk='k{i}'" for i in range(26)]
    assert len(run.batch(*statements[:25])["Responses"]) == 25
    invalid(run.batch(*statements), re.compile(
        "1 validation error detected: Value '.*' at 'statements' failed to satisfy constraint: Member must have length less "
        "than or equal to 25", re.S))
    invalid(run.raw("BatchExecuteStatement", Statements=[]), CONSTRAINT.format("'[]'", "statements")
            + "Member must have length greater than or equal to 1")
    invalid(run.raw("BatchExecuteStatement"), CONSTRAINT.format("null", "statements") + "Member must not be null")
