"""ExecuteStatement: SELECT."""

import pytest

from support.cases import case
from support.expect import NOT_FOUND, NOT_FOUND_TEXT, expect_error, invalid
from support.partiql import HASH, RANGE, Statements, rows
from support.values import L, M, N, S

ONE = " FROM {t} WHERE pk='a' AND sk='1'"
INVALID = "One or more parameter values were invalid: "


@pytest.fixture(scope="module")
def run(raw, client, tables):
    t, h = tables.create(RANGE, label="partiql"), tables.create(HASH, label="partiql")
    for row in rows():
        client.put_item(TableName=t, Item=row)
    for pk in "abc":
        client.put_item(TableName=h, Item={"pk": S(pk), "v": N(1)})
    return Statements(raw, t, h)


def keys(response):
    return ["".join(i[k]["S"] for k in ("pk", "sk") if k in i) for i in response.ok()["Items"]]


def test_all_attributes(run):
    (item,) = run("SELECT *" + ONE)["Items"]
    assert item["m"] == M(x=N(1), y=L(S("p"), M(z=S("deep")))) and len(item) == 11


def test_reply_of_a_whole_query(run):
    assert run("SELECT pk" + ONE).ok() == {"Items": [{"pk": S("a")}]}


@pytest.mark.parametrize("columns, shown", [
    case("path", "m.x", {"x": N(1)}),
    case("quoted", '"m"."x"', {"x": N(1)}),
    case("in brackets", "m['x']", {"x": N(1)}),
    case("element", "m.y[0]", {"y[0]": S("p")}),
    case("elements", "m.y[0], m.y[1]", {"y[0]": S("p"), "y[1]": M(z=S("deep"))}),
    case("below an element", "m.y[1].z", {"z": S("deep")}, local="shows the list that it has compacted"),
    case("missing", "nope, m.nada, m.y[7]", {}),
    case("in parentheses", "(pk), ((m)).x", {"pk": S("a"), "x": N(1)}),
    case("names are case-sensitive", "PK", {}),
])
def test_columns(run, columns, shown):
    assert run(f"SELECT {columns}{ONE}")["Items"] == [shown]


@pytest.mark.parametrize("where, expected", [
    case("hash key", "pk='a'", ["a0", "a1", "a2"]),
    case("both keys", "pk='a' AND sk='1'", ["a1"]),
    case("value first", "'a'=pk AND '1'=sk", ["a1"]),
    case("greater", "pk='a' AND sk>'0'", ["a1", "a2"]),
    case("less, value first", "pk='a' AND '1'<sk", ["a2"], local="takes it for sk < '1'"),
    case("between", "pk='a' AND sk BETWEEN '0' AND '1'", ["a0", "a1"]),
    case("begins_with", "pk='a' AND BEGINS_WITH(sk, '1')", ["a1"]),
    case("two bounds", "pk='a' AND sk>'0' AND sk<'2'", ["a1"]),
    case("sort key in a list", "pk='a' AND sk IN ['0','2']", ["a0", "a2"]),
    case("sort key not equal", "pk='a' AND sk<>'0'", ["a1", "a2"]),
    case("sort key !=", "pk='a' AND sk!='0'", ["a1", "a2"]),
    case("sort key in OR", "pk='a' AND (sk='0' OR sk='1')", ["a0", "a1"]),
    case("contradiction", "pk='a' AND pk='b'", []),
    case("two equalities", "pk='a' AND sk='0' AND sk='1'", []),
    case("partitions in order", "pk IN ['b','a']", ["b0", "b1", "b2", "a0", "a1", "a2"]),
    case("partitions in parentheses", "pk IN ('a','b') AND sk='1'", ["a1", "b1"], local="scans"),
    case("one in parentheses", "pk IN ('a') AND sk='1'", ["a1"]),
    case("partition twice", "pk IN ['b','b'] AND sk='0'", ["b0", "b0"], local="scans"),
    case("filter", "pk='a' AND n>=10", ["a1", "a2"]),
    case("filter on a path", "pk='a' AND m.y[1].z='deep' AND m.x=1", ["a1"]),
    case("two paths", "pk='a' AND n=m.x", ["a0"]),
    case("not", "pk='a' AND NOT n=0", ["a1", "a2"]),
    case("not in", "pk='a' AND n NOT IN [0]", ["a1", "a2"]),
    case("not between", "pk='a' AND n NOT BETWEEN 0 AND 10", ["a2"]),
    case("bag", "pk='a' AND n IN <<10>>", ["a1"]),
    case("missing", "pk='a' AND x IS MISSING AND sk='0'", ["a0"]),
    case("not missing", "pk='a' AND x IS NOT MISSING", []),
    case("null", "pk='a' AND u IS NULL AND sk='0'", ["a0"]),
    case("missing is not null", "pk='a' AND x IS NULL", []),
    case("is not null", "pk='a' AND n IS NOT NULL AND sk='0'", ["a0"]),
    case("of a type", "pk='a' AND t IS BOOL AND n IS NUMERIC AND l IS STRING AND sk='0'", ["a0"]),
    case("contains", "pk='a' AND contains(ss, 'x') AND sk='0'", ["a0"]),
    case("function is true", "pk='a' AND contains(ss, 'x') = true AND sk='0'", ["a0"]),
    case("function is false", "pk='a' AND contains(ss, 'x') = false", []),
    case("attribute_type", "pk='a' AND attribute_type(n, 'N') AND sk='0'", ["a0"]),
    case("size", "pk='a' AND size(m) > 1 AND sk='0'", ["a0"]),
    case("attribute_exists", "pk='a' AND attribute_exists(m.x) AND sk='0'", ["a0"]),
    case("set", "pk='a' AND ss=<<'y','x'>> AND sk='0'", ["a0"]),
    case("map", "pk='a' AND m={'x':1}", []),
    case("signs", "pk='a' AND n > -1 AND n < +1 AND n = - 0", ["a0"]),
    case("number forms", "pk='a' AND n = 1e1 AND n = 10.0 AND n = 10. AND n = 010", ["a1"]),
    case("redundant parentheses", "((pk='a')) AND ((sk=('0')))", ["a0"]),
    case("comments", "pk='a' /* not\n -- this */ AND sk='0' -- nor this", ["a0"]),
])
def test_where(run, where, expected):
    assert keys(run("SELECT pk, sk FROM {t} WHERE " + where)) == expected


@pytest.mark.parametrize("where, expected", [
    case("nothing", "", ["a0", "a1", "a2", "b0", "b1", "b2"]),
    case("sort key alone", "WHERE sk='0'", ["a0", "b0"]),
    case("or", "WHERE pk='a' OR sk='0'", ["a0", "a1", "a2", "b0"]),
    case("hash keys in OR", "WHERE pk='a' OR pk='b'", ["a0", "a1", "a2", "b0", "b1", "b2"]),
    case("items in OR", "WHERE (pk='a' AND sk='0') OR (pk='b' AND sk='1')", ["a0", "b1"]),
    case("hash key range", "WHERE pk>'a'", ["b0", "b1", "b2"]),
    case("precedence", "WHERE pk='a' AND n>0 OR n<5", ["a0", "a1", "a2", "b0"]),
    case("constants", "WHERE 1=1 AND begins_with('abc', 'a') AND sk='0'", ["a0", "b0"]),
])
def test_scan(run, where, expected):
    assert sorted(keys(run("SELECT pk, sk FROM {t} " + where))) == expected


@pytest.mark.parametrize("order, expected", [
    case("sort key", "pk='a' ORDER BY sk", ["a0", "a1", "a2"]),
    case("descending", "pk='a' ORDER BY sk DESC", ["a2", "a1", "a0"]),
    case("of the hash key too", "pk='a' ORDER BY sk desc, pk asc", ["a2", "a1", "a0"]),
    case("hash key first", "pk IN ['a','b'] ORDER BY pk DESC, sk DESC", ["b2", "b1", "b0", "a2", "a1", "a0"],
         local="reverses twice"),
    case("hash keys", "pk IN ['b','a'] AND sk='0' ORDER BY pk", ["a0", "b0"], local="keeps the list's order"),
    case("hash keys in OR", "(pk='a' OR pk='b') AND sk='0' ORDER BY pk DESC", ["b0", "a0"], local="scans"),
])
def test_order(run, order, expected):
    assert keys(run("SELECT pk, sk FROM {t} WHERE " + order)) == expected


def test_global_index(run):
    assert keys(run("SELECT pk, sk FROM {t}.\"gsi\" WHERE g='g' AND h=1 AND pk='a'")) == ["a1"]
    (item,) = run("SELECT * FROM {t}.gsik WHERE g='g' AND pk='b' AND sk='1'")["Items"]
    assert item == {"pk": S("b"), "sk": S("1"), "g": S("g")}


@pytest.mark.differs_from_dynamodb_local("fails where the sort key of the index is in ORDER BY")
def test_local_index(run):
    assert run("SELECT sk, l FROM {t}.\"lsi\" WHERE pk='a' ORDER BY l DESC")["Items"] == [
        {"sk": S("0"), "l": S("l3")}, {"sk": S("1"), "l": S("l2")}, {"sk": S("2"), "l": S("l1")}]


@pytest.mark.differs_from_dynamodb_local("fails")
def test_local_index_fetches(run):
    assert run("SELECT n FROM {t}.lsi WHERE pk='a' AND l='l1'")["Items"] == [{"n": N(20)}]
    assert run("SELECT * FROM {t}.lsi WHERE pk='a' AND n=20")["Items"] == [
        {"pk": S("a"), "sk": S("2"), "l": S("l1")}]


def test_parameters(run):
    assert keys(run("SELECT pk, sk FROM {t} WHERE pk=? AND sk IN [?, ?] AND n>=?", S("a"), S("0"), S("2"), N(5))) == ["a2"]
    assert keys(run("SELECT pk, sk FROM {t} WHERE m=?", rows()[1]["m"])) in (["a1", "b1"], ["b1", "a1"])
    assert keys(run("SELECT pk, sk FROM {t} WHERE pk='a' AND sk='0'", S("unused"))) == ["a0"]


@pytest.mark.parametrize("statement, expected", [
    case("query", "SELECT pk, sk FROM {t} WHERE pk='a'", ["a0", "a1", "a2"]),
    case("descending", "SELECT pk, sk FROM {t} WHERE pk='a' ORDER BY sk DESC", ["a2", "a1", "a0"],
         local="loses its place"),
    case("partitions", "SELECT pk, sk FROM {t} WHERE pk IN ['b','x','a']", ["b0", "b1", "b2", "a0", "a1", "a2"],
         local="loses its place"),
    case("index", "SELECT pk, sk FROM {t}.lsi WHERE pk='a'", ["a2", "a1", "a0"]),
    case("filter", "SELECT pk, sk FROM {t} WHERE pk='a' AND n<>10", ["a0", "a2"]),
])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages(run, statement, expected, limit):
    found, more = [], {}
    for _ in range(20):
        reply = run(statement, Limit=limit, **more)
        assert len(reply["Items"]) <= limit
        found += keys(reply)
        if "NextToken" not in reply.ok():
            break
        more = {"NextToken": reply["NextToken"]}
    assert found == expected


def test_scan_in_pages(run):
    first = run("SELECT pk, sk FROM {t}", Limit=4)
    rest = run("SELECT pk, sk FROM {t}", NextToken=first["NextToken"])
    assert "NextToken" not in rest.ok()
    assert sorted(keys(first) + keys(rest)) == ["a0", "a1", "a2", "b0", "b1", "b2"]


@pytest.mark.differs_from_dynamodb_local("has no LastEvaluatedKey")
def test_last_evaluated_key(run):
    assert run("SELECT pk FROM {t} WHERE pk='a'", Limit=2)["LastEvaluatedKey"] == {"pk": S("a"), "sk": S("1")}


@pytest.mark.differs_from_dynamodb_local("fails where the text is base64")
@pytest.mark.parametrize("token", ["abc", "e30=", "eyJwIjo5LCJrIjp7fX0=", "eyJwIjowLCJrIjoxfQ=="])
def test_bad_token(run, token):
    invalid(run("SELECT pk FROM {t} WHERE pk='a'", NextToken=token), "Invalid NextToken")


@pytest.mark.differs_from_dynamodb_local("reports no capacity")
def test_capacity(run):
    def units(statement, **more):
        return run(statement, ReturnConsumedCapacity="TOTAL", **more)["ConsumedCapacity"]["CapacityUnits"]

    assert units("SELECT * FROM {t} WHERE pk='a'") == 0.5
    assert units("SELECT * FROM {t} WHERE pk='a'", ConsistentRead=True) == 1.0
    assert units("SELECT * FROM {t} WHERE pk IN ['a','b']") == 1.0
    assert units("SELECT * FROM {t}") == 0.5


KEY_SCALAR = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"
KEY_TYPE = "Key attribute's data type should match its data type in table's schema: Key "
CONDITION_TYPE = INVALID + "Condition parameter type does not match schema type"
EMPTY_KEY = ("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
             "string value. Key: ")
IN_FORM = ("IN operator must have a left hand argument of type Variable Reference and right hand argument of type Seq "
           "with at least one member")
OPERATOR = "Unsupported operator in Condition Expression. Operator: "
BOOLEAN = "WHERE clause must contain an expression that resolves to a boolean"
NAME = "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'."


@pytest.mark.parametrize("statement, message", [
    case("the second equality of a key is a condition", "SELECT * FROM {t} WHERE pk = 'a' AND pk = 3", CONDITION_TYPE),
    case("no key is null", "SELECT * FROM {t} WHERE pk = 'a' AND pk IS NULL", CONDITION_TYPE),
    case("alias of a column", "SELECT pk AS k FROM {t}", "Aliasing is not supported"),
    case("alias of a table", "SELECT * FROM {t} x", "Aliasing is not supported"),
    case("column twice", 'SELECT pk, "pk" FROM {t}', "Duplicate identifiers in select clause: pk"),
    case("label twice", "SELECT m.x, x FROM {t}", "Duplicate identifiers in select clause: x"),
    case("overlap", "SELECT m, m.x FROM {t}", "Two document paths overlap with each other; must remove or rewrite one of "
         "these paths; path one: [m, x], path two: [m]"),
    case("count", "SELECT COUNT(*) FROM {t}", "Unexpected path component at 1:8:5"),
    case("sum", "SELECT n+1 FROM {t}", "Unexpected path component at 1:9:1"),
    case("constant", "SELECT 'a' FROM {t}", "Unexpected path component at 1:8:3"),
    case("place in the second line", "SELECT pk,\n  1 FROM {t}", "Unexpected path component at 2:3:1"),
    case("all below", "SELECT m.* FROM {t}", "Changing item's hierarchy while reading isn't supported"),
    case("negative index", "SELECT m[-1] FROM {t}", "List index is not within the allowable range; index: [-1] at 1:11:1"),
    case("fraction", "SELECT m[1.5] FROM {t}", "Unexpected path component at 1:10:3"),
    case("distinct", "SELECT DISTINCT pk FROM {t}", "Unsupported token in expression: DISTINCT"),
    case("value", "SELECT VALUE pk FROM {t}", "Select projection doesn't support value or pivot keywords"),
    case("group by", "SELECT pk FROM {t} GROUP BY pk", "Unsupported clause: GROUP BY"),
    case("two tables", "SELECT * FROM {t}, {h}", "Only select from a single table or index is supported."),
    case("no table", "SELECT * FROM 'abc'", "Unexpected from source"),
    case("difference of tables", "SELECT * FROM abc-def WHERE pk='a'", "Unexpected from source"),
    case("table name", "SELECT * FROM x", NAME),
    case("empty table name", 'SELECT * FROM ""', "Path component cannot be an empty string"),
    case("too many parts", "SELECT * FROM {t}.gsi.x", "A path may contain at most 2 components in the FROM clause"),
    case("unknown index", "SELECT * FROM {t}.nope", "The table does not have the specified index: nope"),
    case("not projected", "SELECT n FROM {t}.gsik WHERE g='g'",
         INVALID + "Global secondary index gsik does not project [n]"),
    case("key type", "SELECT * FROM {t} WHERE pk=1", KEY_TYPE + "pk"),
    case("sort key type", "SELECT * FROM {t} WHERE pk='a' AND sk=1", KEY_TYPE + "sk"),
    case("sort key type in a scan", "SELECT * FROM {t} WHERE sk=1", CONDITION_TYPE),
    case("hash key range", "SELECT * FROM {t} WHERE pk>1", CONDITION_TYPE),
    case("hash key in", "SELECT * FROM {t} WHERE pk IN [1]", CONDITION_TYPE),
    case("table's key in an index", "SELECT * FROM {t}.gsi WHERE g='g' AND pk=1", CONDITION_TYPE),
    case("key contains", "SELECT * FROM {t} WHERE contains(sk, 1)", CONDITION_TYPE),
    case("empty key", "SELECT * FROM {t} WHERE pk=''", EMPTY_KEY + "pk"),
    case("empty sort key", "SELECT * FROM {t} WHERE pk='a' AND sk>''", EMPTY_KEY + "sk"),
    case("key as a document", "SELECT * FROM {t} WHERE pk.x='a'", KEY_SCALAR),
    case("key column as a document", "SELECT pk.x FROM {t}", KEY_SCALAR),
    case("same path", "SELECT * FROM {t} WHERE pk=pk", "The first operand must be distinct from the remaining operands for "
         "this operator or function; operator: =, first operand: [pk]"),
    case("order without where", "SELECT * FROM {t} ORDER BY sk",
         "Must have WHERE clause in the statement when using ORDER BY clause."),
    case("order without hash key", "SELECT * FROM {t} WHERE n=0 ORDER BY sk", "Must have at least one non-optional hash key "
         "condition in WHERE clause when using ORDER BY clause."),
    case("order by others", "SELECT * FROM {t} WHERE pk='a' ORDER BY n",
         "Variable reference n in ORDER BY clause must be part of the primary key"),
    case("order by a path", "SELECT * FROM {t} WHERE pk='a' ORDER BY m.x",
         "Argument to ORDER BY must be of type VariableReference. Type: PATH"),
    case("= missing", "SELECT * FROM {t} WHERE x=MISSING", "MISSING must be compared using IS operator"),
    case("like", "SELECT * FROM {t} WHERE pk LIKE 'a%'", OPERATOR + "like"),
    case("sum in a condition", "SELECT * FROM {t} WHERE n=5+5", OPERATOR + "+"),
    case("concatenation", "SELECT * FROM {t} WHERE pk||'a'='aa'", OPERATOR + "||"),
    case("unknown function", "SELECT * FROM {t} WHERE Foo(n)", "Unrecognized function: foo"),
    case("operand count", "SELECT * FROM {t} WHERE begins_with(pk)", "Incorrect number of operands for operator or "
         "function; operator or function: begins_with, number of operands: 1"),
    case("operand type", "SELECT * FROM {t} WHERE begins_with(n, 1)", "Incorrect operand type for operator or function; "
         "operator or function: begins_with, operand type: N"),
    case("operator type", "SELECT * FROM {t} WHERE n<[1]",
         "Incorrect operand type for operator or function; operator or function: <, operand type: L"),
    case("update function", "SELECT * FROM {t} WHERE list_append(n, n)=1",
         "The function is not allowed in a condition expression; function: list_append"),
    case("no condition", "SELECT * FROM {t} WHERE n", BOOLEAN),
    case("size alone", "SELECT * FROM {t} WHERE size(n)", BOOLEAN),
    case("and of names", "SELECT * FROM {t} WHERE n AND pk='a'", "The arguments to AND/OR must be Expressions"),
    case("not a name", "SELECT * FROM {t} WHERE NOT n", "The argument to NOT must be a Type or Expression"),
    case("in nothing", "SELECT * FROM {t} WHERE n IN []", IN_FORM),
    case("in a number", "SELECT * FROM {t} WHERE n IN 10", IN_FORM),
    case("is of a function", "SELECT * FROM {t} WHERE size(m) IS MISSING",
         "The left hand side argument to IS must be a Variable Reference, Literal, or Path"),
    case("between types", "SELECT * FROM {t} WHERE n BETWEEN 'a' AND 10", "The BETWEEN operator requires same data type for "
         "lower and upper bounds; lower bound operand: AttributeValue: {S:a}, upper bound operand: AttributeValue: {N:10}"),
    case("in too many", "SELECT * FROM {t} WHERE n IN [" + ",".join(map(str, range(101))) + "]",
         "The IN operator is provided with too many operands; number of operands: 101"),
    case("operators", "SELECT * FROM {t} WHERE " + " OR ".join(f"n={i}" for i in range(302)),
         "The expression contains too many operators; operator count: 301"),
    case("deep path", "SELECT a" + ".b" * 40 + " FROM {t}",
         "The document path has too many nesting levels; nesting levels: 41"),
    case("deep value", "SELECT * FROM {t} WHERE n=" + "[" * 200 + "]" * 200, "Nesting Levels have exceeded supported limits"),
    case("subquery", "SELECT * FROM {h} WHERE EXISTS(SELECT * FROM {h})", None),
    case("no parameter", "SELECT * FROM {t} WHERE pk=?", "Number of parameters in request and statement don't match."),
])
def test_refused(run, statement, message):
    invalid(run(statement), message)


def test_unknown_table(run, endpoint):
    text = NOT_FOUND_TEXT if endpoint.kind != "dynamodb-local" else "Cannot do operations on a non-existent table"
    expect_error(run("SELECT * FROM nope"), NOT_FOUND, text)


@pytest.mark.differs_from_dynamodb_local("takes 100")
def test_hash_keys_at_most(run):
    def some(count):
        return run("SELECT pk FROM {h} WHERE pk IN [" + ",".join(f"'x{i}'" for i in range(count)) + "]")

    some(50).ok()
    invalid(some(51), "The IN operator is provided with too many operands; number of operands: 51")


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_consistent_read_of_global_index(run):
    invalid(run("SELECT * FROM {t}.gsi WHERE g='g'", ConsistentRead=True),
            "Consistent reads are not supported on global secondary indexes")
