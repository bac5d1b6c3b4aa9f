"""ExecuteStatement: INSERT, UPDATE, DELETE."""

import pytest

from support.cases import case
from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, DYNAMODB, expect_error, invalid
from support.partiql import HASH, RANGE, Statements
from support.values import B, BOOL, L, M, N, NS, NULL, S, SS, normal, unique

INVALID = "One or more parameter values were invalid: "
KEYS_WANTED = "Where clause does not contain a mandatory equality on all key attributes"
KEY_TYPE = "Key attribute's data type should match its data type in table's schema: Key "
DEEP = "Nesting Levels have exceeded supported limits"


@pytest.fixture(scope="module")
def run(raw, tables):
    return Statements(raw, tables.create(RANGE, label="partiql"), tables.create(HASH, label="partiql"))


@pytest.fixture
def item(run, client):
    """item(name, …) puts an item of the range table and gives its WHERE clause, and a function that reads it."""

    def put(**attributes):
        key = {"pk": S(unique()), "sk": S("s")}
        table = run.names["{t}"].strip('"')
        client.put_item(TableName=table, Item={**key, **attributes})

        def get():
            found = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
            return found and normal({k: v for k, v in found.items() if k not in key})

        return f" WHERE pk='{key['pk']['S']}' AND sk='s'", get

    return put


def get(client, run, pk):
    return client.get_item(TableName=run.names["{h}"].strip('"'), Key={"pk": S(pk)}, ConsistentRead=True).get("Item")


# --- INSERT ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, value", [
    case("string", "'a'", S("a")),
    case("quote", "'it''s'", S("it's")),
    case("double quotes", "'\"a\"'", S('"a"')),
    case("empty string", "''", S("")),
    case("beyond ASCII", "'é𝄞'", S("é𝄞")),
    case("comment in a string", "'a -- b /* c'", S("a -- b /* c")),
    case("number", "1", N(1)),
    case("fraction", "1.50", N("1.5")),
    case("exponent", "1e3", N(1000)),
    case("signed exponent", "1E+2", N(100)),
    case("negative", "-2", N(-2)),
    case("blank behind the sign", "- 2", N(-2)),
    case("negative zero", "-0", N(0)),
    case("38 digits", "1" * 38, N("1" * 38)),
    case("true", "TRUE", BOOL(True)),
    case("false", "False", BOOL(False)),
    case("null", "null", NULL),
    case("list", "[1, 'a', []]", L(N(1), S("a"), L())),
    case("list in parentheses", "(1, 2)", L(N(1), N(2))),
    case("one in parentheses", "(1)", N(1)),
    case("map", "{'a': {'b': 1}, 'c': {}}", M(a=M(b=N(1)), c=M())),
    case("string set", "<<'a', 'b'>>", SS("a", "b")),
    case("number set", "<<1, 2.0>>", NS(1, 2)),
    case("set in a list", "[<<'a'>>]", L(SS("a"))),
    case("31 lists", "[" * 31 + "]" * 31, None),
])
def test_literals(run, client, text, value):
    pk = unique()
    assert run(f"INSERT INTO {{h}} VALUE {{'pk': '{pk}', 'v': {text}}}").ok() == {"Items": []}
    stored = get(client, run, pk)
    assert value is None or normal(stored["v"]) == normal(value)


def test_parameters(run, client):
    pk = unique()
    run("insert into {h} value {'pk': ?, 'a': ?, 'b': ?}", S(pk), B(b"\1\2"), M(x=L(NS(1)))).ok()
    assert get(client, run, pk) == {"pk": S(pk), "a": B(b"\1\2"), "b": M(x=L(NS(1)))}


def test_insert_is_no_put(run, client, endpoint):
    pk = unique()
    run(f"INSERT INTO {{h}} VALUE {{'pk': '{pk}', 'a': 1}}").ok()
    reply = run(f"INSERT INTO {{h}} VALUE {{'pk': '{pk}', 'a': 2}}", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    type = DYNAMODB + ("DuplicateItem" if endpoint.kind == "dynamodb-local" else "DuplicateItemException")
    expect_error(reply, type, "Duplicate primary key exists in table")
    assert "Item" not in reply.json
    assert get(client, run, pk)["a"] == N(1)


NOT_A_KEY = "Tuple keys must be of type String. Actual type: {} under root at 1:{}"


@pytest.mark.parametrize("statement, message", [
    case("unquoted key", "INSERT INTO abc VALUE {pk:'a'}", NOT_A_KEY.format("VariableReference", "24:2")),
    case("key in double quotes", "INSERT INTO abc VALUE {\"pk\":'a'}", NOT_A_KEY.format("VariableReference", "24:4")),
    case("number as a key", "INSERT INTO abc VALUE {1:'a'}", NOT_A_KEY.format("INT", "24:1")),
    case("parameter as a key", "INSERT INTO abc VALUE {?:'a'}", None),
    case("empty key", "INSERT INTO abc VALUE {'':1}", "Path component cannot be an empty string"),
    case("key twice", "INSERT INTO abc VALUE {'pk':'a','pk':'b'}", "Duplicate keys in tuple. Key: pk under root at 1:33:4"),
    case("inner key twice", "INSERT INTO abc VALUE {'a':{'b':[{'c':1,'c':2}]}}",
         "Duplicate keys in tuple. Key: c under root.b.0 at 1:34:1"),
    case("empty set", "INSERT INTO abc VALUE {'a':<<>>}", "Empty bags are not supported at 1:28:2"),
    case("mixed set", "INSERT INTO abc VALUE {'a':<<1,'a'>>}",
         "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
    case("set of truth", "INSERT INTO abc VALUE {'a':<<true>>}",
         "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags at 1:30:4"),
    case("set with duplicates", "INSERT INTO abc VALUE {'a':<<1,1.0>>}", "Input collection contains duplicates"),
    case("sum", "INSERT INTO abc VALUE {'a':1+1}", "Unsupported data type: + under key root at 1:29:1"),
    case("name", "INSERT INTO abc VALUE {'a':foo}", "Unsupported data type: foo under key root at 1:28:3"),
    case("inner name", "INSERT INTO abc VALUE {'a':{'b':[foo]}}",
         "Unsupported data type: VariableReference under key root.b.0 at 1:34:3"),
    case("path", "INSERT INTO abc VALUE {'a':a.b}", "Unsupported data type: PATH under key root"),
    case("path in a list", "INSERT INTO abc VALUE {'a':[a.b]}", "Unsupported data type: Path under key root.0"),
    case("missing", "INSERT INTO abc VALUE {'a':missing}", "Unsupported data type: MISSING under key root at 1:28:7"),
    case("Ion", "INSERT INTO abc VALUE {'a':`1`}", "Ion Literals are not supported: INT under key root at 1:28:3"),
    case("too large", "INSERT INTO abc VALUE {'a':1e200}",
         "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    case("39 digits", "INSERT INTO abc VALUE {'a':" + "1" * 39 + "}", "DynamoDB only supports precision up to 38 digits"),
    case("32 lists", "INSERT INTO abc VALUE {'a':" + "[" * 32 + "1" + "]" * 32 + "}", DEEP),
    case("list", "INSERT INTO abc VALUE [1]", "Unsupported format in item expression. Please use struct format {...} to "
         "express item values for insert statement. at 1:23:1"),
    case("index", "INSERT INTO abc.gsi VALUE {'a':1}",
         "FROM clause may only contain a single table name in data manipulation statements"),
    case("returning", "INSERT INTO {h} VALUE {'pk':'a'} RETURNING ALL OLD *", "RETURNING is not supported in INSERT"),
    case("bag of items", "INSERT INTO abc << {'pk':'a'} >>", "Unsupported operation: InsertOp"),
    case("no key", "INSERT INTO {h} VALUE {'a':1}", "Key attribute should be present in the item: Key pk"),
    case("no sort key", "INSERT INTO {t} VALUE {'pk':'a'}", "Key attribute should be present in the item: Key sk"),
    case("key type", "INSERT INTO {h} VALUE {'pk':1}", KEY_TYPE + "pk"),
    case("empty hash key", "INSERT INTO {h} VALUE {'pk':''}", "One or more parameter values are not valid. The "
         "AttributeValue for a key attribute cannot contain an empty string value. Key: pk"),
    case("index key type", "INSERT INTO {t} VALUE {'pk':'a','sk':'s','g':1}",
         INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi", local="words it in its own way"),
    case("key too long", "INSERT INTO {h} VALUE {'pk':'" + "x" * 2049 + "'}",
         INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes", local="words it in its own way"),
])
def test_insert_refused(run, statement, message):
    invalid(run(statement, *([S("a")] if "?" in statement else [])), message)


def test_parameters_only_for_whole_attributes(run):
    invalid(run("INSERT INTO {h} VALUE {'pk':'a','l':[?]}", N(1)),
            "Unsupported data type: Parameter under key root.0 at 1:"
            + str(run.text("INSERT INTO {h} VALUE {'pk':'a','l':[?]}").index("?") + 1) + ":1")
    invalid(run("INSERT INTO {h} VALUE {'pk':?}"), "Number of parameters in request and statement don't match.")


def test_item_too_large(run):
    invalid(run("INSERT INTO {h} VALUE {'pk':'a','v':?}", S("x" * 410000)),
            "Item size has exceeded the maximum allowed size")


# --- UPDATE ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before, change, after", [
    case("set", {}, "SET a=1, b='x'", {"a": N(1), "b": S("x")}),
    case("several clauses", {"a": N(1)}, "SET b=2 REMOVE a SET c=[3]", {"b": N(2), "c": L(N(3))}),
    case("remove each", {"a": N(1), "b": N(2)}, "REMOVE a REMOVE b", {}),
    case("remove what is not there", {}, "REMOVE a", {}),
    case("add", {"a": N(1)}, "SET a=a+1", {"a": N(2)}),
    case("chain", {"a": N(1)}, "SET a=1+a-2+(a-3)", {"a": N(-2)}),
    case("read before", {"a": N(1), "b": N(2)}, "SET a=b, b=a", {"a": N(2), "b": N(1)}),
    case("path", {"m": M(x=N(1))}, "SET m.x=5, m.\"y\"=[6]", {"m": M(x=N(5), y=L(N(6)))}),
    case("elements", {"e": L(N(1), N(2))}, "SET e[0]=7, e[9]=8", {"e": L(N(7), N(2), N(8))}),
    case("remove an element", {"e": L(N(1), N(2))}, "REMOVE e[0]", {"e": L(N(2))}),
    case("list_append", {"e": L(N(1))}, "SET e=list_append([0], list_append(e, [2]))", {"e": L(N(0), N(1), N(2))}),
    case("if_not_exists", {"a": N(1)}, "SET a=IF_NOT_EXISTS(a, 9), b=if_not_exists(b, 9)", {"a": N(1), "b": N(9)}),
    case("set_add", {"s": SS("x")}, "SET s=set_add(s, <<'y', 'x'>>)", {"s": SS("x", "y")}),
    case("set_add of nothing", {}, "SET s=SET_ADD(s, <<1>>)", {"s": NS(1)}),
    case("set_delete", {"s": SS("x", "y")}, "SET s=set_delete(s, <<'x'>>)", {"s": SS("y")}),
    case("set_delete of all", {"s": SS("x")}, "SET s=set_delete(s, <<'x'>>)", {}),
    case("literals", {}, "SET a={'b':1}, c=NULL, d=<<1>>, e=true", {"a": M(b=N(1)), "c": NULL, "d": NS(1), "e": BOOL(True)}),
    case("words as names", {}, "SET \"select\"=1, year=2", {"select": N(1), "year": N(2)}),
])
def test_update(run, item, before, change, after):
    where, now = item(**before)
    assert run("UPDATE {t} " + change + where).ok() == {"Items": []}
    assert now() == normal(after)


def test_update_with_parameters(run, item):
    where, now = item(a=N(1), s=SS("x"))
    run("UPDATE {t} SET a=a+?, b=?, s=set_add(s, ?)" + where + " AND a=?", N(5), M(x=N(1)), SS("y"), N(1)).ok()
    assert now() == {"a": N(6), "b": M(x=N(1)), "s": SS("x", "y")}


@pytest.mark.parametrize("change, returning, shown", [
    case("all old", "SET a=2", "ALL OLD", {"a": N(1), "m": M(x=N(1), y=N(2))}),
    case("all new", "SET a=2", "all new", {"a": N(2), "m": M(x=N(1), y=N(2))}),
    case("modified old", "SET a=2, b=3", "MODIFIED OLD", {"a": N(1)}),
    case("modified new", "SET a=2, b=3", "MODIFIED NEW", {"a": N(2), "b": N(3)}),
    case("a part", "SET m.x=5", "MODIFIED NEW", {"m": M(x=N(5))}, local="shows the whole attribute"),
    case("nothing", "REMOVE a", "MODIFIED NEW", None),
])
def test_returning(run, item, change, returning, shown):
    where, _ = item(a=N(1), m=M(x=N(1), y=N(2)))
    items = run("UPDATE {t} " + change + where + f" RETURNING {returning} *")["Items"]
    assert [{k: v for k, v in i.items() if k not in ("pk", "sk")} for i in items] == ([shown] if shown else [])


@pytest.mark.parametrize("condition, holds", [
    case("true", "a=1", True),
    case("false", "a=2", False),
    case("or", "(a=2 OR a<5)", True),
    case("missing", "b IS MISSING", True),
    case("on a key", "begins_with(sk, 's')", True),
    case("the same key again", "sk='s'", True),
])
def test_condition(run, item, condition, holds):
    where, now = item(a=N(1))
    reply = run("UPDATE {t} SET a=9" + where + " AND " + condition, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    if holds:
        assert reply.ok() == {"Items": []} and now() == {"a": N(9)}
    else:
        expect_error(reply, CONDITION_FAILED, CONDITION_FAILED_TEXT)
        assert reply.json["Item"]["a"] == N(1) and now() == {"a": N(1)}


def test_no_item_to_update(run, item):
    where, now = item(a=N(1))
    run("DELETE FROM {t}" + where).ok()
    for change in ("SET a=1", "REMOVE a"):
        expect_error(run("UPDATE {t} " + change + where), CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert now() is None


@pytest.mark.differs_from_dynamodb_local("reports no capacity")
def test_capacity(run, item):
    where, _ = item()
    reply = run("UPDATE {t} SET g='g', h=1" + where, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert reply["Table"] == {"CapacityUnits": 1.0}
    assert reply["GlobalSecondaryIndexes"] == {"gsi": {"CapacityUnits": 1.0}, "gsik": {"CapacityUnits": 1.0}}


OVERLAP = ("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [{}], path "
           "two: [{}]")
CONDITION_FIRST = "looks for the item first"
KEY = " WHERE pk='a' AND sk='s'"


@pytest.mark.parametrize("statement, message", [
    case("no key", "UPDATE {t} SET a=1", KEYS_WANTED),
    case("half a key", "UPDATE {t} SET a=1 WHERE pk='a'", KEYS_WANTED),
    case("key range", "UPDATE {t} SET a=1 WHERE pk='a' AND sk>'0'", KEYS_WANTED),
    case("key in a list", "UPDATE {t} SET a=1 WHERE pk='a' AND sk IN ['0']", KEYS_WANTED),
    case("or", "UPDATE {t} SET a=1 WHERE pk='a' AND sk='s' OR n=1", KEYS_WANTED),
    case("not", "UPDATE {t} SET a=1 WHERE pk='a' AND NOT sk='s'", KEYS_WANTED),
    case("two keys", "UPDATE {t} SET a=1" + KEY + " AND sk='t'",
         "Multiple conditions on same key sk. Only single item Update/Insert/Delete are supported"),
    case("key type", "UPDATE {t} SET a=1 WHERE pk=1 AND sk='s'", KEY_TYPE + "pk"),
    case("an empty key and a type", "UPDATE {t} SET a=1 WHERE pk='' AND sk=1", KEY_TYPE + "sk"),
    case("key null", "UPDATE {t} SET a=1 WHERE pk IS NULL AND sk='s'",
         "Key value must be of type S, N, or B. Key name: pk, Key type: NULL"),
    case("key as a document", "UPDATE {t} SET a=1 WHERE pk.x='a' AND sk='s'", "Key attributes must be scalars; list random "
         "access '[]' and map lookup '.' are not allowed: Key pk"),
    case("index", "UPDATE {t}.gsi SET a=1" + KEY, "This operation is not supported on an index"),
    case("hash key", "UPDATE {t} SET pk='b'" + KEY,
         INVALID + "Cannot update attribute pk. This attribute is part of the key", local=CONDITION_FIRST),
    case("sort key", "UPDATE {t} SET sk='b'" + KEY,
         INVALID + "Cannot update attribute sk. This attribute is part of the key", local=CONDITION_FIRST),
    case("twice", "UPDATE {t} SET a=1, a=2" + KEY, OVERLAP.format("a", "a")),
    case("set and remove", "UPDATE {t} SET a=1 REMOVE a" + KEY, OVERLAP.format("a", "a")),
    case("condition before the update", "UPDATE {t} SET m=1, m.x=2" + KEY + " AND begins_with(n, 1)",
         "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
    case("overlap", "UPDATE {t} SET m=1, m.x=2" + KEY, OVERLAP.format("m, x", "m")),
    case("product", "UPDATE {t} SET a=a*2" + KEY, "Unsupported operator in Update Expression. Operator: *"),
    case("negation", "UPDATE {t} SET a=-a" + KEY, "Incorrect number of operands for operator or function; operator or "
         "function: -, number of operands: 1"),
    case("size", "UPDATE {t} SET a=size(b)" + KEY, "The function is not allowed in an update expression; function: size"),
    case("unknown function", "UPDATE {t} SET a=foo(b)" + KEY, "Unrecognized function: foo"),
    case("sum of a string", "UPDATE {t} SET a='x'+1" + KEY,
         "Incorrect operand type for operator or function; operator or function: +, operand type: S"),
    case("set_add to another", "UPDATE {t} SET a=set_add(b, <<1>>)" + KEY,
         "The first argument to SET_ADD must equal the assignment value"),
    case("set_add in a sum", "UPDATE {t} SET a=1+set_add(a, <<1>>)" + KEY, "Unrecognized function: set_add"),
    case("set_add of a number", "UPDATE abc SET a=set_add(a, 1)" + KEY,
         "The second argument to SET_ADD must be a value with type SET at 1:26:1"),
    case("set_delete of one", "UPDATE abc SET a=set_delete(a)" + KEY, "SET_DELETE must have exactly two arguments at 1:18:10"),
    case("missing", "UPDATE {t} SET a=MISSING" + KEY, "MISSING must be compared using IS operator"),
    case("alias", "UPDATE {t} x SET a=1" + KEY, "Aliasing is not supported"),
    case("returning a name", "UPDATE {t} SET a=1" + KEY + " RETURNING ALL OLD a",
         "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"),
    case("returning two", "UPDATE {t} SET a=1" + KEY + " RETURNING ALL OLD *, ALL NEW *",
         "Invalid syntax with multiple returning elements in RETURNING clause"),
    case("no name", "UPDATE {t} SET a=1 WHERE pk=?", "Number of parameters in request and statement don't match."),
])
def test_update_refused(run, statement, message):
    invalid(run(statement), message)


@pytest.mark.parametrize("before, change, message", [
    case("no operand", {}, "SET a=nope", "The provided expression refers to an attribute that does not exist in the item"),
    case("no parent", {}, "SET m.x=1", "The document path provided in the update expression is invalid for update"),
    case("type", {"a": S("x")}, "SET a=a+1", "An operand in the update expression has an incorrect data type"),
    case("set type", {"s": SS("x")}, "SET s=set_add(s, <<1>>)",
         "An operand in the update expression has an incorrect data type"),
])
def test_update_of_the_item_refused(run, item, before, change, message):
    where, now = item(**before)
    invalid(run("UPDATE {t} " + change + where), message)
    assert now() == before


# --- DELETE ----------------------------------------------------------------------------------------------------------


def test_delete(run, item):
    where, now = item(a=N(1))
    (old,) = run("DELETE FROM {t}" + where + " RETURNING ALL OLD *")["Items"]
    assert old["a"] == N(1) and now() is None


def test_delete_of_nothing(run, item):
    where, _ = item()
    for more in ("", "", " AND a=1", " AND attribute_exists(pk)", " RETURNING ALL OLD *"):
        assert run("DELETE FROM {t}" + where + more)["Items"] == [] if more != " AND a=1" else True


def test_delete_with_condition(run, item):
    where, now = item(a=N(1))
    reply = run("DELETE FROM {t}" + where + " AND a=2", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    expect_error(reply, CONDITION_FAILED, CONDITION_FAILED_TEXT)
    assert reply.json["Item"]["a"] == N(1)
    run("DELETE FROM {t}" + where + " AND a=1").ok()
    assert now() is None
    assert run("DELETE FROM {t}" + where + " AND a=1").ok() == {"Items": []}


@pytest.mark.parametrize("statement, message", [
    case("half a key", "DELETE FROM {t} WHERE pk='a'", KEYS_WANTED),
    case("no key", "DELETE FROM {t}", KEYS_WANTED),
    case("index", "DELETE FROM {t}.gsi" + KEY, "This operation is not supported on an index"),
    case("returning new", "DELETE FROM {t}" + KEY + " RETURNING ALL NEW *",
         "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."),
    case("returning modified", "DELETE FROM {t}" + KEY + " RETURNING MODIFIED OLD *",
         "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements."),
])
def test_delete_refused(run, statement, message):
    invalid(run(statement), message)
