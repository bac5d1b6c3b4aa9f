"""What update expressions do to one item that holds every type."""

import pytest

from support.cases import case
from support.values import B, BOOL, BS, L, M, N, NS, NULL, S, SS, normal, unique

ITEM = {
    "s": S("abc"),
    "n": N("5"),
    "b": B(b"\x01\x02"),
    "t": BOOL(True),
    "z": NULL,
    "l": L(N(1), S("two"), M(k=N(3))),
    "m": M(a=N(1), b=M(c=S("deep"), l=L(N(7), N(8))), e=S("")),
    "ss": SS("a", "b"),
    "ns": NS(1, 2),
    "bs": BS(b"\x01", b"\x02"),
}
GONE = None  # in a row of expected changes: the attribute is not there afterwards
L3 = ITEM["l"]["L"]


@pytest.fixture
def update(client, hash_table):
    """Puts ITEM (or `item`), updates it and gives what the table then holds, without the key."""

    def run(expression, values=None, names=None, item=ITEM):
        key = {"pk": S(unique("update"))}
        if item is not None:
            client.put_item(TableName=hash_table, Item={**key, **item})
        params = {"TableName": hash_table, "Key": key, "UpdateExpression": expression}
        if values:
            params["ExpressionAttributeValues"] = values
        if names:
            params["ExpressionAttributeNames"] = names
        client.update_item(**params)
        stored = client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
        assert stored.pop("pk") == key["pk"]
        return stored

    return run


def changed(changes, item=ITEM):
    result = {**(item or {}), **changes}
    return normal({name: value for name, value in result.items() if value is not GONE})


V = {":v": N(9)}
SET = [
    # id, expression, values, what is different afterwards
    *[case(f"new {kind}", "SET q = :v", {":v": value}, {"q": value}) for kind, value in [
        ("S", S("x")), ("empty S", S("")), ("N", N("-1.5")), ("B", B(b"\x00")), ("empty B", B(b"")), ("BOOL", BOOL(False)),
        ("NULL", NULL), ("SS", SS("x")), ("NS", NS(3)), ("BS", BS(b"x")), ("L", L(S("x"), N(1))), ("empty L", L()),
        ("M", M(x=N(1))), ("empty M", M())]],
    case("replace, other type", "SET s = :v", V, {"s": N(9)}),
    case("lower case", "set s = :v", V, {"s": N(9)}),
    case("no blanks", "SET s=:v,n=:v", V, {"s": N(9), "n": N(9)}),
    case("copy", "SET q = s", None, {"q": S("abc")}),
    case("copy nested", "SET q = m.b.c, r = l[2].k", None, {"q": S("deep"), "r": N(3)}),
    case("copy into nested", "SET m.b.c = l", None, {"m": M(a=N(1), b=M(c=ITEM["l"], l=L(N(7), N(8))), e=S(""))}),
    case("itself", "SET n = n", None, {}),
    case("swap reads the item as it was", "SET n = s, s = n", None, {"n": S("abc"), "s": N(5)}),
    case("nested and copy read the item as it was", "SET m.a = m.a + :v, q = m.a", V,
         {"m": M(a=N(10), b=M(c=S("deep"), l=L(N(7), N(8))), e=S("")), "q": N(1)}),
    case("new member", "SET m.q = :v", V, {"m": M(a=N(1), b=M(c=S("deep"), l=L(N(7), N(8))), e=S(""), q=N(9))}),
    case("deep member", "SET m.b.c = :v", V, {"m": M(a=N(1), b=M(c=N(9), l=L(N(7), N(8))), e=S(""))}),
    case("element in map", "SET m.b.l[1] = :v", V, {"m": M(a=N(1), b=M(c=S("deep"), l=L(N(7), N(9))), e=S(""))}),
    case("element", "SET l[1] = :v", V, {"l": L(L3[0], N(9), L3[2])}),
    case("element by other type", "SET l[0] = m", None, {"l": L(ITEM["m"], L3[1], L3[2])}),
    case("member of element", "SET l[2].k = :v, l[2].j = s", V, {"l": L(L3[0], L3[1], M(k=N(9), j=S("abc")))}),
    case("two elements", "SET l[0] = :v, l[1] = :v", V, {"l": L(N(9), N(9), L3[2])}),
    case("past the end appends", "SET l[50] = :v", V, {"l": L(*L3, N(9))}),
    case("past the end appends in index order", "SET l[99] = :v, l[50] = s", V, {"l": L(*L3, S("abc"), N(9))}),
    case("the next one appends", "SET l[3] = :v", V, {"l": L(*L3, N(9))}),
    case("all sets and types at once", "SET s = :v, n = s, b = t, t = z, z = b", V,
         {"s": N(9), "n": S("abc"), "b": BOOL(True), "t": NULL, "z": B(b"\x01\x02")}),
    case("add", "SET n = n + :v", V, {"n": N(14)}),
    case("subtract", "SET n = n - :v", V, {"n": N(-4)}),
    case("value first", "SET n = :v - n", V, {"n": N(4)}),
    case("two values", "SET q = :v + :v", V, {"q": N(18)}),
    case("two attributes", "SET q = n + n", None, {"q": N(10)}),
    case("parentheses", "SET n = (n + :v)", V, {"n": N(14)}),
    case("no blanks in a sum", "SET n=n+:v", V, {"n": N(14)}),
    case("if_not_exists there", "SET n = if_not_exists(n, :v)", V, {}),
    case("if_not_exists absent", "SET q = if_not_exists(q, :v)", V, {"q": N(9)}),
    case("if_not_exists of another", "SET q = if_not_exists(s, :v)", V, {"q": S("abc")}),
    case("if_not_exists with path", "SET q = if_not_exists(r, s)", None, {"q": S("abc")}),
    case("if_not_exists null is there", "SET q = if_not_exists(z, :v)", V, {"q": NULL}),
    case("if_not_exists nested path", "SET q = if_not_exists(m.x.y, :v)", V, {"q": N(9)}),
    case("if_not_exists in if_not_exists", "SET q = if_not_exists(r, if_not_exists(r2, :v))", V, {"q": N(9)}),
    case("counter that starts", "SET q = if_not_exists(q, :v) + :v", V, {"q": N(18)}),
    case("counter that goes on", "SET n = if_not_exists(n, :v) + :v", V, {"n": N(14)}),
    case("two if_not_exists", "SET q = if_not_exists(r, n) - if_not_exists(r, :v)", V, {"q": N(-4)}),
    case("list_append", "SET l = list_append(l, :v)", {":v": L(N(9), S("x"))}, {"l": L(*L3, N(9), S("x"))}),
    case("list_append in front", "SET l = list_append(:v, l)", {":v": L(N(9))}, {"l": L(N(9), *L3)}),
    case("list_append itself", "SET l = list_append(l, l)", None, {"l": L(*L3, *L3)}),
    case("list_append nothing", "SET l = list_append(l, :v)", {":v": L()}, {}),
    case("list_append nested", "SET m.b.l = list_append(m.b.l, l)", None,
         {"m": M(a=N(1), b=M(c=S("deep"), l=L(N(7), N(8), *L3)), e=S(""))}),
    case("list_append that starts", "SET q = list_append(if_not_exists(q, :e), :v)", {":e": L(), ":v": L(N(9))},
         {"q": L(N(9))}),
    case("name", "SET #n = :v", V, {"name": N(9)}),
]
NAMES = {"SET #n = :v": {"#n": "name"}}


@pytest.mark.parametrize("expression, values, changes", SET)
def test_set(update, expression, values, changes):
    assert normal(update(expression, values, NAMES.get(expression))) == changed(changes)


REMOVE = [
    case("attribute", "REMOVE s", None, {"s": GONE}),
    case("lower case", "remove s", None, {"s": GONE}),
    case("several", "REMOVE s, n, b", None, {"s": GONE, "n": GONE, "b": GONE}),
    case("absent", "REMOVE q", None, {}),
    case("member", "REMOVE m.a", None, {"m": M(b=M(c=S("deep"), l=L(N(7), N(8))), e=S(""))}),
    case("absent member", "REMOVE m.q", None, {}),
    case("whole inner map", "REMOVE m.b", None, {"m": M(a=N(1), e=S(""))}),
    case("last member leaves an empty map", "REMOVE l[2].k", None, {"l": L(L3[0], L3[1], M())}),
    case("element", "REMOVE l[1]", None, {"l": L(L3[0], L3[2])}),
    case("elements by their positions before", "REMOVE l[0], l[1]", None, {"l": L(L3[2])}),
    case("elements in any order", "REMOVE l[2], l[0]", None, {"l": L(L3[1])}),
    case("all elements leave an empty list", "REMOVE l[0], l[1], l[2]", None, {"l": L()}),
    case("out of range", "REMOVE l[9]", None, {}),
    case("element and member of another", "REMOVE l[0], l[2].k", None, {"l": L(L3[1], M())}),
    case("element in map", "REMOVE m.b.l[0]", None, {"m": M(a=N(1), b=M(c=S("deep"), l=L(N(8))), e=S(""))}),
    case("remove and set elements", "REMOVE l[0] SET l[1] = :v", V, {"l": L(N(9), L3[2])}),
    case("remove and copy", "REMOVE s SET q = s", None, {"s": GONE, "q": S("abc")}),
]


@pytest.mark.parametrize("expression, values, changes", REMOVE)
def test_remove(update, expression, values, changes):
    assert normal(update(expression, values)) == changed(changes)


ADD = [
    case("number", "ADD n :v", {":v": N("1.5")}, {"n": N("6.5")}),
    case("negative", "ADD n :v", {":v": N("-7")}, {"n": N("-2")}),
    case("absent number", "ADD q :v", {":v": N(3)}, {"q": N(3)}),
    case("string set", "ADD ss :v", {":v": SS("b", "c")}, {"ss": SS("a", "b", "c")}),
    case("number set, one in another spelling", "ADD ns :v", {":v": NS("2.0", 3)}, {"ns": NS(1, 2, 3)}),
    case("binary set", "ADD bs :v", {":v": BS(b"\x03")}, {"bs": BS(b"\x01", b"\x02", b"\x03")}),
    case("absent set", "ADD q :v", {":v": SS("x")}, {"q": SS("x")}),
    case("member", "ADD m.a :v", {":v": N(1)}, {"m": M(a=N(2), b=M(c=S("deep"), l=L(N(7), N(8))), e=S(""))}),
    case("absent member", "ADD m.q :v", {":v": N(1)}, {"m": M(a=N(1), b=M(c=S("deep"), l=L(N(7), N(8))), e=S(""), q=N(1))}),
    case("element", "ADD l[0] :v", {":v": N(1)}, {"l": L(N(2), L3[1], L3[2])}),
    case("past the end", "ADD l[7] :v", {":v": N(1)}, {"l": L(*L3, N(1))}),
    case("several", "add n :v, q :v, ss :s", {":v": N(1), ":s": SS("c")}, {"n": N(6), "q": N(1), "ss": SS("a", "b", "c")}),
]


@pytest.mark.parametrize("expression, values, changes", ADD)
def test_add(update, expression, values, changes):
    assert normal(update(expression, values)) == changed(changes)


DELETE = [
    case("element of set", "DELETE ss :v", {":v": SS("b", "c")}, {"ss": SS("a")}),
    case("last elements remove the attribute", "DELETE ss :v", {":v": SS("b", "a")}, {"ss": GONE}),
    case("none of them", "DELETE ss :v", {":v": SS("x")}, {}),
    case("numbers by value", "DELETE ns :v", {":v": NS("2.00")}, {"ns": NS(1)}),
    case("binary", "delete bs :v", {":v": BS(b"\x01")}, {"bs": BS(b"\x02")}),
    case("absent", "DELETE q :v", {":v": SS("x")}, {}),
    case("absent member", "DELETE m.q :v", {":v": SS("x")}, {}),
    case("two sets", "DELETE ss :v, ns :n", {":v": SS("a"), ":n": NS(1)}, {"ss": SS("b"), "ns": NS(2)}),
]


@pytest.mark.parametrize("expression, values, changes", DELETE)
def test_delete(update, expression, values, changes):
    assert normal(update(expression, values)) == changed(changes)


def test_set_in_a_map_is_added_to_and_deleted_from(update):
    item = {"m": M(ss=SS("a", "b"))}
    stored = update("ADD m.ss :v", {":v": SS("c")}, item=item)
    assert normal(stored) == normal({"m": M(ss=SS("a", "b", "c"))})
    assert update("DELETE m.ss :v", {":v": SS("a", "b")}, item=item) == {"m": M()}


CLAUSES = [
    "SET q = :v REMOVE s ADD n :v DELETE ss :s",
    "DELETE ss :s ADD n :v REMOVE s SET q = :v",
    "REMOVE s DELETE ss :s SET q = :v ADD n :v",
    "remove s delete ss :s set q = :v add n :v",
]


@pytest.mark.parametrize("expression", CLAUSES)
def test_clauses_in_any_order(update, expression):
    stored = update(expression, {":v": N(9), ":s": SS("a")})
    assert normal(stored) == changed({"q": N(9), "s": GONE, "n": N(14), "ss": SS("b")})


MISSING = [
    case("set", "SET q = :v", V, {"q": N(9)}),
    case("add", "ADD q :v", V, {"q": N(9)}),
    case("add set", "ADD q :v", {":v": SS("x")}, {"q": SS("x")}),
    case("remove", "REMOVE q", None, {}),
    case("remove member", "REMOVE q.r", None, {}, local="refuses the path"),
    case("remove element", "REMOVE q[0]", None, {}, local="refuses the path"),
    case("delete", "DELETE q :v", {":v": SS("x")}, {}),
    case("if_not_exists", "SET q = if_not_exists(q, :v)", V, {"q": N(9)}),
]


@pytest.mark.parametrize("expression, values, expected", MISSING)
def test_update_of_a_missing_item_makes_it(update, expression, values, expected):
    assert update(expression, values, item=None) == expected


def test_names_with_dots_and_other_characters(update):
    names = {"#a": "a.b", "#b": "x[0]", "#c": "ü 😀", "#d": "#v"}
    stored = update("SET #a = :v, #b = :v, #c = :v, #d = :v", V, names, item={})
    assert stored == {name: N(9) for name in names.values()}


def test_non_reserved_keywords_as_names(update):
    assert update("SET remove1 = :v, settle = :v", V, item={}) == {"remove1": N(9), "settle": N(9)}


def test_one_placeholder_many_times(update):
    stored = update("SET " + ", ".join(f"a{i} = :v" for i in range(100)), V, item={})
    assert stored == {f"a{i}": N(9) for i in range(100)}


def test_4096_bytes_are_accepted(update):
    expression = "SET q = :v".ljust(4096)
    assert update(expression, V, item={}) == {"q": N(9)}
