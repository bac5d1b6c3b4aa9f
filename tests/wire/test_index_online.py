"""Global indexes that are added to a table with items in it, and deleted again, beside the traffic."""

from __future__ import annotations

import concurrent.futures
import random
import re
import threading

import pytest

from support.cases import case
from support.expect import DYNAMODB, IN_USE, LIMIT_EXCEEDED, eventually, expect_error, invalid
from support.reading import of_partition, put_all, read_all
from support.tables import attributes, index, schema, spec
from support.values import N, S, normal

INVALID = "One or more parameter values were invalid: "
STILL_IN_USE = "Attempt to change a resource which is still in use: "
ONE_AT_A_TIME = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
MORE = {"ReadCapacityUnits": 4, "WriteCapacityUnits": 6}
# AWS allocates resources for minutes before it fills even an empty index.
SETTLED_SECONDS = 1800
ITEMS = 3000
KEEPERS = 7


class Table:
    """One table, as these tests use it."""

    def __init__(self, raw, name):
        self.raw, self.name = raw, name

    def __call__(self, operation, **params):
        return self.raw(operation, TableName=self.name, **params)

    def update(self, *updates, types=None, **params):
        """UpdateTable; `types` are the AttributeDefinitions."""
        if types is not None:
            params["AttributeDefinitions"] = attributes(**types)
        return self("UpdateTable", GlobalSecondaryIndexUpdates=list(updates), **params)

    def describe(self):
        return self("DescribeTable")["Table"]

    def index(self, name):
        """Its description, or None."""
        found = [i for i in self.describe().get("GlobalSecondaryIndexes", []) if i["IndexName"] == name]
        return found[0] if found else None

    def wait_active(self, name):
        return eventually(lambda: self.index(name), lambda i: i["IndexStatus"] == "ACTIVE", SETTLED_SECONDS)

    def wait_gone(self, name):
        eventually(lambda: self.index(name), lambda i: i is None, SETTLED_SECONDS)
        eventually(self.describe, lambda t: t["TableStatus"] == "ACTIVE", SETTLED_SECONDS)

    def settle(self):
        """Waits until every index is ACTIVE or gone, so that the table can be changed and deleted."""
        eventually(self.describe, lambda t: t["TableStatus"] == "ACTIVE" and all(
            i["IndexStatus"] == "ACTIVE" for i in t.get("GlobalSecondaryIndexes", [])), SETTLED_SECONDS)

    def scan(self, name=None, **params):
        return read_all(self.raw, "Scan", TableName=self.name, **({"IndexName": name} if name else {}), **params)

    def query(self, name, value, key, **params):
        return read_all(self.raw, "Query", TableName=self.name, IndexName=name, **of_partition(value, key), **params)


def create(name, hash_key, range_key=None, projection="ALL", **more):
    return {"Create": {**index(name, hash_key, range_key, projection), **more}}


def create_keys(name, hash_keys, range_keys):
    keys = [{"AttributeName": k, "KeyType": "HASH"} for k in hash_keys]
    keys += [{"AttributeName": k, "KeyType": "RANGE"} for k in range_keys]
    return {"Create": {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}}


def delete(name):
    return {"Delete": {"IndexName": name}}


@pytest.fixture(scope="module")
def make(raw, tables):
    """make(spec(…)) makes a table; all are settled at the end, so that they can be deleted."""
    made = []

    def new(params=None, label="online"):
        made.append(Table(raw, tables.create(params or spec(), label=label)))
        return made[-1]

    yield new
    for table in made:
        if table("DescribeTable").status == 200:
            table.settle()


def canonical(items):
    return sorted((normal(i) for i in items), key=lambda i: str(sorted(i.items())))


def by_name(definitions):
    return sorted(definitions, key=lambda d: d["AttributeName"])


# --- a table with items in it ---


def some_item(number):
    """Some have no keeper, and some have one that does not fit an index on it: a number, or nothing."""
    item = {"pk": S(f"item {number}"), "n": N(number), "text": S(f"text {number}")}
    keeper = {0: None, 1: N(number), 2: S("")}.get(number % 10, S(f"keeper {number % KEEPERS}"))
    if keeper is not None:
        item["keeper"] = keeper
    return item


def fits(item):
    return "S" in item.get("keeper", {}) and item["keeper"]["S"] != ""


@pytest.fixture(scope="module")
def filled(make):
    """(table, items, the answer to the UpdateTable that added by-keeper, the descriptions seen until it was ACTIVE)"""
    table = make(spec())
    items = [some_item(n) for n in range(ITEMS)]
    put_all(table.raw, table.name, items)
    answer = table.update(create("by-keeper", "keeper", "n"), types={"keeper": "S", "n": "N"})["TableDescription"]
    seen = []

    def look():
        seen.append(table.describe())
        return seen[-1]["GlobalSecondaryIndexes"][0]

    eventually(look, lambda i: i["IndexStatus"] == "ACTIVE", SETTLED_SECONDS)
    return table, items, answer, seen


def test_answer_to_create(filled):
    _, _, answer, _ = filled
    assert by_name(answer["AttributeDefinitions"]) == attributes(keeper="S", n="N", pk="S")
    (got,) = answer["GlobalSecondaryIndexes"]
    assert (got["IndexName"], got["IndexStatus"], got["Backfilling"]) == ("by-keeper", "CREATING", False)
    assert got["KeySchema"] == schema("keeper", "n")
    assert got["Projection"] == {"ProjectionType": "ALL"}


@pytest.mark.differs_from_dynamodb_local("leaves the table ACTIVE, and the index without counts")
def test_answer_to_create_in_full(filled):
    _, _, answer, _ = filled
    (got,) = answer["GlobalSecondaryIndexes"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["AttributeDefinitions"] == by_name(answer["AttributeDefinitions"])
    assert (got["ItemCount"], got["IndexSizeBytes"]) == (0, 0)
    assert got["IndexArn"] == answer["TableArn"] + "/index/by-keeper"
    assert got["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert got["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "UPDATING"}


def test_description_on_the_way(filled):
    """CREATING and Backfilling go together; an ACTIVE index says nothing of it."""
    _, _, _, seen = filled
    for table in seen:
        (got,) = table["GlobalSecondaryIndexes"]
        assert (got["IndexStatus"] == "CREATING") == ("Backfilling" in got)
        assert got["IndexStatus"] in ("CREATING", "ACTIVE")
        if got.get("Backfilling"):
            assert table["TableStatus"] == "ACTIVE"
    assert seen[-1]["TableStatus"] == "ACTIVE"


@pytest.mark.differs_from_dynamodb_local("keeps items that do not fit")
def test_index_equals_the_table(filled):
    table, items, _, _ = filled
    assert canonical(table.scan("by-keeper")) == canonical(i for i in items if fits(i))


def test_query_in_order(filled):
    table, items, _, _ = filled
    for keeper in range(KEEPERS):
        value = S(f"keeper {keeper}")
        expected = [normal(i) for i in items if i.get("keeper") == value]
        assert [normal(i) for i in table.query("by-keeper", value, "keeper")] == expected
        assert [normal(i) for i in table.query("by-keeper", value, "keeper", Limit=50, ScanIndexForward=False)] == expected[::-1]


def test_items_that_do_not_fit_stay_in_the_table(filled):
    table, items, _, _ = filled
    assert canonical(table.scan(ConsistentRead=True)) == canonical(items)


def test_items_that_do_not_fit_can_be_mended(filled):
    table, _, _, _ = filled
    key, keeper = {"pk": S("item 1")}, S("keeper mended")
    values = {"ExpressionAttributeValues": {":o": keeper}}
    table("UpdateItem", Key=key, UpdateExpression="SET keeper = :o", **values).ok()
    eventually(lambda: table.query("by-keeper", keeper, "keeper"), lambda got: len(got) == 1)
    table("PutItem", Item=some_item(1) | {"keeper": keeper}).ok()
    table("UpdateItem", Key=key, UpdateExpression="REMOVE keeper").ok()
    eventually(lambda: table.query("by-keeper", keeper, "keeper"), lambda got: got == [])
    table("DeleteItem", Key={"pk": S("item 2")}).ok()
    table("PutItem", Item={k: v for k, v in some_item(2).items() if k != "keeper"}).ok()


def test_items_that_do_not_fit_are_refused_from_now_on(filled, endpoint):
    table, _, _, _ = filled
    response = table("PutItem", Item={"pk": S("new"), "n": N(1), "keeper": N(1)})
    invalid(response, None if endpoint.kind == "dynamodb-local" else
            INVALID + "Type mismatch for Index Key keeper Expected: S Actual: N IndexName: by-keeper")


@pytest.mark.differs_from_dynamodb_local("counts otherwise")
def test_capacity_names_the_new_index(filled):
    table, _, _, _ = filled
    got = table("PutItem", Item={"pk": S("counted"), "n": N(1), "keeper": S("counted")}, ReturnConsumedCapacity="INDEXES")
    assert got["ConsumedCapacity"]["GlobalSecondaryIndexes"] == {"by-keeper": {"CapacityUnits": 1.0}}
    table("DeleteItem", Key={"pk": S("counted")}).ok()


@pytest.mark.only("stator", "AWS counts every six hours")
def test_counted_once_it_is_active(filled):
    table, _, _, _ = filled
    expected = len(table.scan("by-keeper"))
    eventually(lambda: table.index("by-keeper"), lambda i: i["ItemCount"] == expected and i["IndexSizeBytes"] > 0, 60)


# --- beside the traffic ---


@pytest.mark.differs_from_dynamodb_local("fails writes while it fills an index")
def test_writes_while_the_index_is_created(make):
    """Whatever happens to items before, during and behind the filling: in the end the index equals the table."""
    table = make(spec("pk", "sk", {"sk": "N"}))
    keys = [(f"p{p}", s) for p in range(40) for s in range(30)]
    put_all(table.raw, table.name, [item_at(pk, sk, random.Random(f"{pk} {sk}")) for pk, sk in keys])
    stop = threading.Event()

    def write(worker):
        generator, written = random.Random(worker), 0
        while not stop.is_set():
            pk, sk = generator.choice(keys)
            key = {"pk": S(pk), "sk": N(sk)}
            what = generator.randrange(4)
            if what == 0:
                table("DeleteItem", Key=key).ok()
            elif what == 1:
                table("UpdateItem", Key=key, UpdateExpression="SET g = :g", ExpressionAttributeValues={
                    ":g": S(f"g{generator.randrange(5)}")}).ok()
            else:
                table("PutItem", Item=item_at(pk, sk, generator)).ok()
            written += 1
        return written

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, worker) for worker in range(4)]
        try:
            table.update(create("by-g", "g", "r", ["a"]), types={"g": "S", "r": "N"}).ok()
            table.wait_active("by-g")
        finally:
            stop.set()
        assert sum(writer.result() for writer in writers) > 0
    items = table.scan(ConsistentRead=True)
    expected = canonical(
        {k: i[k] for k in ("pk", "sk", "g", "r", "a") if k in i} for i in items if "g" in i and "r" in i)
    assert len(expected) > 100
    eventually(lambda: canonical(table.scan("by-g")), lambda got: got == expected, 60)
    found = [i for g in range(5) for i in table.query("by-g", S(f"g{g}"), "g")]
    assert canonical(found) == expected


def item_at(pk, sk, generator):
    item = {"pk": S(pk), "sk": N(sk), "a": S(str(generator.random())), "b": S("not projected")}
    if generator.random() < 0.8:
        item["g"] = S(f"g{generator.randrange(5)}")
    if generator.random() < 0.8:
        item["r"] = N(generator.randrange(1000))
    return item


def test_projections(make):
    table = make(spec("pk", "sk"))
    item = {"pk": S("p"), "sk": S("s"), "g": S("g"), "a": S("A"), "b": S("B")}
    table("PutItem", Item=item).ok()
    shown = {"KEYS_ONLY": ("pk", "sk", "g"), "a,b": ("pk", "sk", "g", "a", "b"), "ALL": tuple(item)}
    for number, (projection, names) in enumerate(shown.items()):
        chosen = projection if projection in ("KEYS_ONLY", "ALL") else projection.split(",")
        name = f"index-{number}"
        table.update(create(name, "g", projection=chosen), types={"g": "S"}).ok()
        table.wait_active(name)
        assert table.query(name, S("g"), "g") == [{k: item[k] for k in names}]
    assert [i["IndexName"] for i in table.describe()["GlobalSecondaryIndexes"]] == ["index-0", "index-1", "index-2"]


@pytest.mark.differs_from_dynamodb_local("keeps one hash and one range attribute")
def test_several_key_attributes(make):
    table = make(spec("pk"))
    hash_keys, range_keys = ["h1", "h2", "h3", "h4"], ["r1", "r2", "r3", "r4"]
    names = hash_keys + range_keys
    items = []
    for number in range(200):
        item = {"pk": S(str(number)), "h1": S("a"), "h2": N(number % 2), "h3": S("c"), "h4": S("d")}
        item |= {"r1": S(str(number % 3)), "r2": N(number % 5), "r3": S("x"), "r4": N(number)}
        if number % 10 == 7:
            del item[names[number // 10 % 8]]
        if number % 10 == 8:
            item["r2"] = S("a string")
        items.append(item)
    put_all(table.raw, table.name, items)
    types = {n: "S" for n in names} | {"h2": "N", "r2": "N", "r4": "N"}
    table.update(create_keys("by-many", hash_keys, range_keys), types=types).ok()
    described = table.wait_active("by-many")
    assert [(k["AttributeName"], k["KeyType"]) for k in described["KeySchema"]] == [
        (n, "HASH") for n in hash_keys] + [(n, "RANGE") for n in range_keys]
    inside = [i for i in items if all(n in i and types[n] in i[n] for n in names)]
    assert canonical(table.scan("by-many")) == canonical(inside)
    got = read_all(table.raw, "Query", TableName=table.name, IndexName="by-many",
                   KeyConditionExpression="h1 = :a AND h2 = :o AND h3 = :c AND h4 = :d AND r1 = :r",
                   ExpressionAttributeValues={":a": S("a"), ":o": N(1), ":c": S("c"), ":d": S("d"), ":r": S("2")})
    expected = [i for i in inside if i["h2"] == N(1) and i["r1"] == S("2")]
    assert got == sorted(expected, key=lambda i: (int(i["r2"]["N"]), i["r3"]["S"], int(i["r4"]["N"])))
    assert len(got) > 10


# --- deleting ---


def test_delete_and_create_anew(make):
    table = make(spec(gsi=[index("keep", "k")]))
    items = [{"pk": S(str(n)), "g": S(f"g{n % 3}"), "k": S("k")} for n in range(300)]
    put_all(table.raw, table.name, items)
    for _ in range(2):
        table.update(create("by-g", "g"), types={"g": "S"}).ok()
        table.wait_active("by-g")
        assert canonical(table.scan("by-g")) == canonical(items)
        answer = table.update(delete("by-g"))["TableDescription"]
        (gone,) = [i for i in answer["GlobalSecondaryIndexes"] if i["IndexName"] == "by-g"]
        assert gone["IndexStatus"] == "DELETING" and "Backfilling" not in gone
        table.wait_gone("by-g")
        invalid(table("Scan", IndexName="by-g"), "The table does not have the specified index: by-g")
        assert by_name(table.describe()["AttributeDefinitions"]) == attributes(k="S", pk="S")
        items = [{**item, "g": S("another")} for item in items[:200]]
        put_all(table.raw, table.name, items)
        items += [{"pk": S(str(n)), "g": S(f"g{n % 3}"), "k": S("k")} for n in range(200, 300)]
    eventually(lambda: canonical(table.scan("keep")), lambda got: got == canonical(items))


@pytest.mark.only("stator", "AWS refuses it while resources are allocated; DynamoDB Local is too fast to be caught")
def test_delete_while_it_is_created(make):
    table = make(spec())
    put_all(table.raw, table.name, [some_item(n) for n in range(ITEMS)])
    for _ in range(3):
        table.update(create("by-keeper", "keeper"), types={"keeper": "S"}).ok()
        answer = table.update(delete("by-keeper"))["TableDescription"]
        assert (answer["TableStatus"], answer["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("UPDATING", "DELETING")
        table.wait_gone("by-keeper")
    table.update(create("by-keeper", "keeper"), types={"keeper": "S"}).ok()
    table.wait_active("by-keeper")
    assert len(table.scan("by-keeper")) == ITEMS * 7 // 10


def test_attributes_of_another_type_once_the_index_is_gone(make):
    table = make(spec(gsi=[index("by-g", "g")]))
    table("PutItem", Item={"pk": S("a"), "g": S("g")}).ok()
    table.update(delete("by-g")).ok()
    table.wait_gone("by-g")
    table("PutItem", Item={"pk": S("a"), "g": N(1)}).ok()
    table.update(create("by-g", "g"), types={"g": "N"}).ok()
    table.wait_active("by-g")
    assert table.query("by-g", N(1), "g") == [{"pk": S("a"), "g": N(1)}]


# --- what a table refuses meanwhile ---

CREATE_TRIES, DELETE_TRIES = 6, 20


def create_paid(name, key):
    return create(name, key, ProvisionedThroughput=UNITS)


def paid_table(make, *names):
    return make(spec(gsi=[{**index(name, "k"), "ProvisionedThroughput": UNITS} for name in names], BillingMode="PROVISIONED",
                     ProvisionedThroughput=UNITS))


def meet(table, name, status, tries, begin, attempts, prepare):
    """Sends `attempts` while the index has the status. It may have gone on before all are answered: then `prepare` makes
    it take longer, and all is done again. So none may do harm if it is taken after all; tests/unit has the others."""
    for number in range(tries):
        prepare(number)
        begin().ok()
        seen = table.describe()
        responses = [send() for send, _, _ in attempts]
        if (table.index(name) or {}).get("IndexStatus") == status:
            for response, (_, code, message) in zip(responses, attempts):
                expect_error(response, code, message)
            return seen
        table.settle()
        if table.index(name) is not None and status == "CREATING":
            table.update(delete(name)).ok()
            table.wait_gone(name)
    raise AssertionError(f"{name} was never {status} for long enough")


@pytest.mark.only("stator", "the table is made larger until this server is slow enough")
def test_while_an_index_is_created(make):
    table = paid_table(make, "other")

    def prepare(number):
        first, last = (0, 4000) if number == 0 else (4000 << (number - 1), 4000 << number)
        put_all(table.raw, table.name, [{"pk": S(str(n)), "g": S(f"g{n}"), "t": S("x" * 500)} for n in range(first, last)])

    backfilling = "Cannot read from backfilling global secondary index: slow"
    validation = "com.amazon.coral.validate#ValidationException"
    attempts = [
        (lambda: table("Scan", IndexName="slow"), validation, backfilling),
        (lambda: table("Query", IndexName="slow", **of_partition(S("g1"), "g")), validation, backfilling),
        (lambda: table.update(create_paid("second", "h"), types={"h": "S"}), LIMIT_EXCEEDED, ONE_AT_A_TIME),
        (lambda: table.update(delete("unknown")), LIMIT_EXCEEDED, ONE_AT_A_TIME),
        (lambda: table.update(create_paid("slow", "g"), types={"g": "S"}), IN_USE,
         STILL_IN_USE + f"Index is being created.  Table: {table.name} Index: slow"),
        (lambda: table("UpdateTable", OnDemandThroughput={"MaxReadRequestUnits": 5}), IN_USE,
         STILL_IN_USE + "OnDemandThroughput cannot be updated while index creation is in progress for indexes: [slow]"),
    ]  # fmt: skip
    described = meet(table, "slow", "CREATING", CREATE_TRIES,
                     lambda: table.update(create_paid("slow", "g"), types={"g": "S"}), attempts, prepare)
    (slow,) = [i for i in described["GlobalSecondaryIndexes"] if i["IndexName"] == "slow"]
    assert (described["TableStatus"], slow["IndexStatus"], slow["Backfilling"]) == ("ACTIVE", "CREATING", True)
    assert slow["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **UNITS}
    # What the table takes meanwhile: throughput of its own and of indexes, protection.
    table("UpdateTable", ProvisionedThroughput=MORE).ok()
    for name in ("other", "slow"):
        table.update({"Update": {"IndexName": name, "ProvisionedThroughput": MORE}}).ok()
    for protected in (True, False):
        table("UpdateTable", DeletionProtectionEnabled=protected).ok()
    active = table.wait_active("slow")
    assert {k: active["ProvisionedThroughput"][k] for k in MORE} == MORE
    assert len(table.scan("slow", ProjectionExpression="pk")) == len(table.scan(ProjectionExpression="pk"))


@pytest.mark.only("stator", "how long it takes elsewhere is not known")
def test_while_an_index_is_deleted(make):
    table = paid_table(make, "going")
    deleting = STILL_IN_USE + f"Index is being deleted.  Table: {table.name} Index: going"
    iops = STILL_IN_USE + f"Can't change table IOPS when an index is being deleted. Table: {table.name} Indexes: [going]"
    attempts = [
        (lambda: table.update(delete("going")), IN_USE, deleting),
        (lambda: table.update(create_paid("going", "k"), types={"k": "S"}), IN_USE, deleting),
        (lambda: table.update({"Update": {"IndexName": "going", "ProvisionedThroughput": MORE}}), IN_USE, deleting),
        (lambda: table("UpdateTable", ProvisionedThroughput=MORE), IN_USE, iops),
    ]

    def prepare(number):
        if table.index("going") is None:
            table.update(create_paid("going", "k"), types={"k": "S"}).ok()
        table.wait_active("going")

    described = meet(table, "going", "DELETING", DELETE_TRIES, lambda: table.update(delete("going")), attempts, prepare)
    (going,) = [i for i in described["GlobalSecondaryIndexes"] if i["IndexName"] == "going"]
    assert (described["TableStatus"], going["IndexStatus"]) == ("UPDATING", "DELETING")
    table.wait_gone("going")


# --- refusals ---


@pytest.fixture(scope="module")
def on_demand(make):
    return make(spec("pk", "sk", lsi=[index("local", "pk", "l")], gsi=[index("by-g", "g")]))


@pytest.fixture(scope="module")
def provisioned(make):
    return make(spec(gsi=[{**index("by-g", "g"), "ProvisionedThroughput": UNITS}], BillingMode="PROVISIONED",
                     ProvisionedThroughput=UNITS))


X = {"x": "S"}
REFUSED = [
    case("no definitions", "on_demand", [create("new", "x")], {}, INVALID + "AttributeDefinitions is not specified for index: new"),
    case("other definitions", "on_demand", [create("new", "x")], {"types": {"y": "S"}},
         "Invalid KeySchema: Some index key attribute have no definition"),
    case("definitions of the table alone", "on_demand", [create("new", "g")], {"types": {"pk": "S", "sk": "S"}},
         "Invalid KeySchema: Some index key attribute have no definition"),
    case("another type", "on_demand", [create("new", "g")], {"types": {"g": "N"}},
         INVALID + "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
         "Existing schema: Schema:[SchemaElement: key{g:S:HASH}] New schema: Schema:[SchemaElement: key{g:N:HASH}]"),
    case("existing index", "on_demand", [create("by-g", "x")], {"types": X}, "Attempting to create an index which already exists"),
    case("existing local index", "on_demand", [create("local", "x")], {"types": X},
         "Attempting to create an index which already exists"),
    case("five hash attributes", "on_demand", [create_keys("new", "abcde", "")], {"types": dict.fromkeys("abcde", "S")},
         INVALID + "The KeySchema exceeds the maximum allowed number of HASH key attributes"),
    case("range alone", "on_demand", [create_keys("new", "", "x")], {"types": X},
         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    case("no projection type", "on_demand",
         [{"Create": {"IndexName": "new", "KeySchema": schema("x"), "Projection": {}}}], {"types": X},
         INVALID + "Unknown ProjectionType: null"),
    case("include nothing", "on_demand", [create("new", "x", projection="INCLUDE")], {"types": X},
         INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    case("no projection", "on_demand", [{"Create": {"IndexName": "new", "KeySchema": schema("x")}}], {"types": X},
         re.compile(r"1 validation error detected: Value null at 'globalSecondaryIndexUpdates\.1\.member\.create\.projection' "
                    "failed to satisfy constraint: Member must not be null")),
    case("units on demand", "on_demand", [create("new", "x", ProvisionedThroughput=UNITS)], {"types": X},
         INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: new when BillingMode is "
         "PAY_PER_REQUEST"),
    case("no units", "provisioned", [create("new", "x")], {"types": X},
         INVALID + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new"),
    case("on-demand maxima", "provisioned",
         [create("new", "x", ProvisionedThroughput=UNITS, OnDemandThroughput={"MaxReadRequestUnits": 5})], {"types": X},
         INVALID + "MaxReadRequestUnits for OnDemandThroughput for index : new cannot be specified when the table BillingMode "
         "is PROVISIONED"),
    case("little warmth", "on_demand", [create("new", "x", WarmThroughput={"ReadUnitsPerSecond": 5})], {"types": X},
         re.compile(INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for index new is lower than initial throughput "
                    "for OnDemand.*")),
    case("with units of the table", "provisioned", [create_paid("new", "x")], {"types": X, "ProvisionedThroughput": MORE},
         INVALID + "You cannot create or delete index while updating table IOPS"),
    case("delete with units of the table", "provisioned", [delete("by-g")], {"ProvisionedThroughput": MORE},
         INVALID + "You cannot create or delete index while updating table IOPS"),
    case("with a stream", "on_demand", [create("new", "x")],
         {"types": X, "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
         INVALID + "You cannot create or delete index while changing stream status"),
    case("with warmth of the table", "on_demand", [create("new", "x")],
         {"types": X, "WarmThroughput": {"ReadUnitsPerSecond": 20000}},
         INVALID + "Create global secondary index cannot be specified when updating WarmThroughput"),
    case("with protection", "on_demand", [create("new", "x")], {"types": X, "DeletionProtectionEnabled": True},
         INVALID + "DeletionProtection modification must be the only operation in the request"),
    case("twice", "on_demand", [create("new", "x"), delete("new")], {"types": X},
         INVALID + "Only one global secondary index update per index is allowed simultaneously. Index: new"),
    case("two in one", "on_demand", [create("new", "x") | delete("new")], {"types": X},
         INVALID + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"),
    case("delete a local index", "on_demand", [delete("local")], {},
         "Cannot delete an index that is not a GlobalSecondaryIndex: local"),
]  # fmt: skip


@pytest.mark.differs_from_dynamodb_local("has other words, and takes some")
@pytest.mark.parametrize("table, updates, params, message", REFUSED)
def test_refused(request, table, updates, params, message):
    table = request.getfixturevalue(table)
    before = table.describe()
    invalid(table.update(*updates, **params), message)
    assert table.describe() == before


@pytest.mark.parametrize("updates", [
    case("two new", [create("new", "x"), create("newer", "x")]),
    case("a new and an old", [create("new", "x"), delete("by-g")]),
])  # fmt: skip
def test_two_at_once(on_demand, updates):
    expect_error(on_demand.update(*updates, types=X), LIMIT_EXCEEDED, ONE_AT_A_TIME)


@pytest.mark.differs_from_dynamodb_local("does not name the index")
def test_delete_unknown(on_demand):
    expect_error(on_demand.update(delete("unknown")), DYNAMODB + "ResourceNotFoundException",
                 f"Requested resource not found: Index unknown for table {on_demand.name}")


@pytest.mark.differs_from_dynamodb_local("takes more")
def test_more_than_20(make):
    table = make(spec(gsi=[index(f"index-{n}", "g") for n in range(20)]))
    expect_error(table.update(create("index-20", "g"), types={"g": "S"}), LIMIT_EXCEEDED,
                 "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20")


@pytest.mark.differs_from_dynamodb_local("takes more")
def test_more_than_100_projected_attributes(make):
    names = [f"a{n}" for n in range(100)]
    table = make(spec(gsi=[index(f"index-{n}", "g", None, names[n : n + 20]) for n in range(0, 100, 20)]))
    response = table.update(create("new", "g", projection=["more"]), types={"g": "S"})
    invalid(response, INVALID + "Number of projected attributes in all indexes exceeds per-table limit of 100")


@pytest.mark.differs_from_dynamodb_local("refuses or keeps them")
def test_definitions_that_no_index_needs_are_ignored(make):
    table = make(spec())
    table.update(create("by-g", "g"), types={"pk": "N", "g": "S", "unused": "S"}).ok()
    table.wait_active("by-g")
    assert table.describe()["AttributeDefinitions"] == attributes(g="S", pk="S")


@pytest.mark.differs_from_dynamodb_local("does not take both")
def test_create_beside_another_update_and_a_billing_mode(make):
    table = make(spec(gsi=[{**index("old", "g"), "ProvisionedThroughput": UNITS}], BillingMode="PROVISIONED",
                      ProvisionedThroughput=UNITS))
    change = {"Update": {"IndexName": "old", "ProvisionedThroughput": MORE}}
    table.update(create_paid("new", "g"), change, types={"g": "S"}).ok()
    table.wait_active("new")
    assert {k: table.index("old")["ProvisionedThroughput"][k] for k in MORE} == MORE
    table.update(create("newer", "g"), types={"g": "S"}, BillingMode="PAY_PER_REQUEST").ok()
    table.wait_active("newer")
    eventually(table.describe, lambda t: t["TableStatus"] == "ACTIVE", SETTLED_SECONDS)
    assert table.describe()["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    warm = table.index("newer")["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (12000, 4000)
