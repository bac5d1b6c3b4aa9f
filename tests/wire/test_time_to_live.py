"""UpdateTimeToLive, DescribeTimeToLive, and items that expire."""

import random
import time

import pytest

from support.cases import case
from support.expect import NOT_FOUND, eventually, expect_error, invalid
from support.tables import index, spec
from support.values import BOOL, L, N, NS, S

LOCAL_TEXT = "other texts"
expires = pytest.mark.only("stator", "expiring takes longer there")


@pytest.fixture
def switch(client):
    def run(table, on, name="expires"):
        specification = {"Enabled": on, "AttributeName": name}
        reply = client.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
        assert reply["TimeToLiveSpecification"] == specification

    return run


@pytest.fixture
def description(client):
    return lambda table: client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]


def ask(raw, table, on, name="expires"):
    return raw("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"Enabled": on, "AttributeName": name})


# --- the setting ------------------------------------------------------------------------------------------------------


def test_off_at_first(description, tables):
    assert description(tables.create()) == {"TimeToLiveStatus": "DISABLED"}


@pytest.mark.only("stator", "AWS allows one change in half an hour")
def test_on_and_off(raw, switch, description, tables):
    table = tables.create()
    switch(table, True)
    assert description(table) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    switch(table, False)
    assert description(table) == {"TimeToLiveStatus": "DISABLED"}
    invalid(ask(raw, table, False), "TimeToLive is already disabled")
    switch(table, True, "other")
    assert description(table) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "other"}


@pytest.mark.differs_from_dynamodb_local(LOCAL_TEXT)
def test_changes_that_are_refused(raw, switch, description, tables):
    table = tables.create()
    invalid(ask(raw, table, False), "TimeToLive is already disabled")
    switch(table, True)
    invalid(ask(raw, table, True), "TimeToLive is already enabled")
    other = "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    invalid(ask(raw, table, True, "other"), other)
    invalid(ask(raw, table, False, "other"), other)
    assert description(table)["AttributeName"] == "expires"


def test_by_arn(client, raw, tables):
    arn = client.describe_table(TableName=tables.create())["Table"]["TableArn"]
    ask(raw, arn, True).ok()
    assert client.describe_time_to_live(TableName=arn)["TimeToLiveDescription"]["AttributeName"] == "expires"


NULL = "Value null at '{}' failed to satisfy constraint: Member must not be null"
SPECIFICATION = "timeToLiveSpecification"


@pytest.mark.differs_from_dynamodb_local(LOCAL_TEXT)
@pytest.mark.parametrize("specification, message", [
    case("none", None, "1 validation error detected: " + NULL.format(SPECIFICATION)),
    case("empty", {}, f"2 validation errors detected: {NULL.format(SPECIFICATION + '.attributeName')}; "
                      f"{NULL.format(SPECIFICATION + '.enabled')}"),
    case("no name", {"Enabled": True}, "1 validation error detected: " + NULL.format(SPECIFICATION + ".attributeName")),
    case("no flag", {"AttributeName": "a"}, "1 validation error detected: " + NULL.format(SPECIFICATION + ".enabled")),
    case("empty name", {"Enabled": True, "AttributeName": ""},
         f"1 validation error detected: Value '' at '{SPECIFICATION}.attributeName' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1"),
    case("long name", {"Enabled": True, "AttributeName": "a" * 256},
         f"1 validation error detected: Value '{'a' * 256}' at '{SPECIFICATION}.attributeName' failed to satisfy constraint: "
         "Member must have length less than or equal to 255"),
])  # fmt: skip
def test_malformed(raw, hash_table, specification, message):
    invalid(raw("UpdateTimeToLive", TableName=hash_table, TimeToLiveSpecification=specification), message)


def test_names_of_any_length(switch, description, tables):
    table = tables.create()
    switch(table, True, "é" * 100)
    assert description(table)["AttributeName"] == "é" * 100


@pytest.mark.differs_from_dynamodb_local(LOCAL_TEXT)
def test_no_such_table(raw):
    message = "Requested resource not found: Table: stator-wire-never-made not found"
    expect_error(ask(raw, "stator-wire-never-made", True), NOT_FOUND, message)
    expect_error(raw("DescribeTimeToLive", TableName="stator-wire-never-made"), NOT_FOUND, message)


# --- expiring ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(switch, tables):
    name = tables.create(spec("pk", "sk", lsi=[index("lsi", "pk", "l")], gsi=[index("gsi", "g", projection="KEYS_ONLY")]))
    switch(name, True)
    return name


@pytest.fixture
def keys(client):
    """The partition keys that a scan of the table, or of an index, finds."""
    def read(table, **where):
        return {item["pk"]["S"] for item in client.scan(TableName=table, **where)["Items"]}

    return read


def item(pk, expires=None):
    more = {} if expires is None else {"expires": expires if isinstance(expires, dict) else N(expires)}
    return {"pk": S(pk), "sk": S("s"), "l": S("l"), "g": S("g"), **more}


def now(offset=0):
    return int(time.time()) + offset


@expires
def test_items_expire(client, table, keys):
    due = now(2)
    for pk, when in {"past": now(-100), "soon": due, "later": now(1000), "never": None}.items():
        client.put_item(TableName=table, Item=item(pk, when))
    assert "past" not in eventually(lambda: keys(table), lambda found: "past" not in found)
    seen = time.time()
    while "soon" in keys(table):
        seen = time.time()
        assert seen < due + 20
    assert time.time() >= due
    assert keys(table) == {"later", "never"}
    for where in ({"IndexName": "gsi"}, {"IndexName": "lsi"}):
        eventually(lambda: keys(table, **where), lambda found: found == {"later", "never"})


@expires
@pytest.mark.parametrize("text", ["{}", "{}.5", "{}e0", "{:e}"])
def test_forms_of_numbers(client, table, keys, text):
    when = now(-1000)
    shown = f"{when // 10}e1" if text == "{:e}" else text.format(when)
    client.put_item(TableName=table, Item=item("a", shown))
    eventually(lambda: keys(table), lambda found: found == set())


@expires
def test_what_does_not_expire(client, table, keys):
    stay = {"string": S(str(now(-10))), "set": NS(now(-10)), "flag": BOOL(True), "list": L(N(now(-10))), "zero": N(0),
            "negative": N(-5), "old": N(now(-6 * 366 * 86400)), "milliseconds": N(now() * 1000), "huge": N("9E+125")}
    for pk, value in stay.items():
        client.put_item(TableName=table, Item=item(pk, value))
    client.put_item(TableName=table, Item=item("four years", now(-4 * 365 * 86400)))
    client.put_item(TableName=table, Item=item("mark", now(1)))
    assert eventually(lambda: keys(table), lambda found: "mark" not in found) == set(stay)


@expires
def test_items_from_before(client, raw, tables, keys):
    table = tables.create(spec("pk", "sk"))
    for i in range(0, 500, 25):
        puts = [{"PutRequest": {"Item": item(f"p{j}", now(-10) if j % 2 else now(1000))}} for j in range(i, i + 25)]
        client.batch_write_item(RequestItems={table: puts})
    ask(raw, table, True).ok()
    assert eventually(lambda: keys(table), lambda found: len(found) == 250) == {f"p{j}" for j in range(0, 500, 2)}


@expires
def test_the_last_write_counts(client, table, keys):
    """Items that were about to expire, and do not any more; and the other way round."""
    for pk in ("put", "updated", "removed", "deleted"):
        client.put_item(TableName=table, Item=item(pk, now(2)))
    client.put_item(TableName=table, Item=item("earlier", now(1000)))
    client.put_item(TableName=table, Item=item("put", now(1000)))
    key = {"sk": S("s")}
    client.update_item(TableName=table, Key={"pk": S("updated"), **key}, UpdateExpression="ADD expires :n",
                       ExpressionAttributeValues={":n": N(1000)})
    client.update_item(TableName=table, Key={"pk": S("removed"), **key}, UpdateExpression="REMOVE expires")
    client.delete_item(TableName=table, Key={"pk": S("deleted"), **key})
    client.put_item(TableName=table, Item=item("deleted"))
    client.update_item(TableName=table, Key={"pk": S("earlier"), **key}, UpdateExpression="SET expires = :n",
                       ExpressionAttributeValues={":n": N(now(2))})
    client.put_item(TableName=table, Item=item("mark", now(3)))
    found = eventually(lambda: keys(table), lambda found: not found & {"mark", "earlier"})
    assert found == {"put", "updated", "removed", "deleted"}


@expires
def test_transactions(client, table, keys):
    puts = [{"Put": {"TableName": table, "Item": item(f"t{i}", now(-1) if i % 2 else now(1000))}} for i in range(20)]
    client.transact_write_items(TransactItems=puts)
    eventually(lambda: keys(table), lambda found: found == {f"t{i}" for i in range(0, 20, 2)})


@expires
def test_switched_off_items_stay(client, switch, table, keys, tables):
    client.put_item(TableName=table, Item=item("stays", now(2)))
    switch(table, False)
    marked = tables.create(spec("pk", "sk"))
    switch(marked, True)
    client.put_item(TableName=marked, Item=item("mark", now(3)))
    eventually(lambda: keys(marked), lambda found: found == set())
    assert keys(table) == {"stays"}
    switch(table, True)
    eventually(lambda: keys(table), lambda found: found == set())


@expires
def test_key_attribute_as_time(client, switch, tables):
    table = tables.create(spec("pk", "expires", {"expires": "N"}))
    switch(table, True)
    for i in range(-5, 5):
        client.put_item(TableName=table, Item={"pk": S("p"), "expires": N(now(i * 1000 - 500))})
    eventually(lambda: client.scan(TableName=table)["Count"], lambda count: count == 4)


@expires
def test_random_times(client, table, keys):
    """Many writes of few items: exactly those whose last time is due are gone."""
    rng = random.Random(20261122)
    last = {}
    for _ in range(300):
        pk = f"p{rng.randrange(40)}"
        offset = rng.choice([-100, -1, 500, 1000, None])
        last[pk] = offset
        client.put_item(TableName=table, Item=item(pk, None if offset is None else now(offset)))
    stay = {pk for pk, offset in last.items() if offset is None or offset > 0}
    eventually(lambda: keys(table), lambda found: found <= stay)
    # One that expired before its last write is gone for good only if that write did not bring it back: it did.
    assert keys(table) == stay
