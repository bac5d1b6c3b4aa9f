"""Throughput that is enforced: --throttle on.

Nothing waits for a bucket to fill, and nothing depends on how fast the machine is: a table of one unit a second holds 300 units
(Developer Guide, "Burst capacity"), so one item of 400 KB puts it in debt for more than a minute, in which everything else is
refused."""

from __future__ import annotations

import time

import pytest

from support.expect import CONDITION_FAILED, DYNAMODB, eventually, expect_error, invalid
from support.raw import Raw
from support.tables import index, new_name, spec
from support.transact import CONDITION, NONE, cancelled, check, get, put, update
from support.values import N, S, unique

EXCEEDED = DYNAMODB + "ProvisionedThroughputExceededException"
THROTTLING = "com.amazon.coral.availability#ThrottlingException"
TABLE_TEXT = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with "
    "the UpdateTable API."
)
INDEX_WRITE_TEXT = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider "
    "increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API."
)
INDEX_READ_TEXT = (
    "The level of configured provisioned throughput for the index was exceeded. Consider increasing your provisioning level with "
    "the UpdateTable API."
)
MAXIMUM_TEXT = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
HOT_TEXT = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so "
    "please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
KB = 1024
LARGE = 400 * KB  # 400 write units, 100 read units


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def provisioned(read, write, **more):
    return spec(BillingMode="PROVISIONED", ProvisionedThroughput=units(read, write), **more)


def item_of(pk, size=10):
    return {"pk": S(pk), "f": S("x" * (size - len("pk") - len(pk) - 1))}


@pytest.fixture(scope="module")
def raw(start_server, credentials):
    return Raw(start_server("--throttle", "on"), credentials)


@pytest.fixture
def create(raw):
    """create(spec) makes a table at once. The server ends with the run: nobody removes them."""

    def make(params):
        name = new_name("throttle")
        raw("CreateTable", TableName=name, **params).ok()
        return name

    return make


@pytest.fixture
def put_item(raw):
    def put(table, pk, size=10, **more):
        return raw("PutItem", TableName=table, Item=item_of(pk, size), **more)

    return put


@pytest.fixture
def drain_writes(put_item):
    """In debt for 100 s at one unit a second."""

    def drain(table):
        put_item(table, "large", LARGE).ok()
        return table

    return drain


@pytest.fixture
def drain_reads(raw):
    """The table has an item "large": 100 read units each time."""

    def drain(table):
        until_refused(lambda: raw("GetItem", TableName=table, Key={"pk": S("large")}, ConsistentRead=True), 10)
        return table

    return drain


@pytest.fixture
def dry(create, drain_writes, drain_reads):
    """A table of 1/1 with nothing left of either."""
    return drain_reads(drain_writes(create(provisioned(1, 1))))


def arn(table, index=None):
    return f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}" + (f"/index/{index}" if index else "")


def throttled(reply, reason, resource, type=EXCEEDED, message=TABLE_TEXT):
    expect_error(reply, type, message)
    member = "throttlingReasons" if type == THROTTLING else "ThrottlingReasons"
    assert reply.json[member] == [{"reason": reason, "resource": resource}]
    assert set(reply.json) == {"__type", "message", member}


def until_refused(request, tries=400):
    for _ in range(tries):
        reply = request()
        if reply.status != 200:
            return reply
    raise AssertionError(f"{tries} requests were admitted")


KEY = {"pk": S("small")}
OF_KEY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("small")}}
WRITES = {
    "PutItem": {"Item": KEY},
    "UpdateItem": {"Key": KEY},
    "DeleteItem": {"Key": KEY},
    "BatchWriteItem": lambda table: {"RequestItems": {table: [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": {"pk": S("b")}}}]}},
    "ExecuteStatement": lambda table: {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk':'small'}}"},
}
READS = {
    "GetItem": {"Key": KEY},
    "Query": OF_KEY,
    "Scan": {"Limit": 1},
    "BatchGetItem": lambda table: {"RequestItems": {table: {"Keys": [KEY, {"pk": S("b")}]}}},
    "ExecuteStatement": lambda table: {"Statement": f"SELECT * FROM \"{table}\" WHERE pk IN ['small','b']"},
}


def params_of(params, table):
    return params(table) if callable(params) else {"TableName": table, **params}


# --- provisioned tables


def test_300_writes_and_no_more(create, put_item):
    table = create(provisioned(1, 1))
    started = time.monotonic()
    keys = (f"k{i}" for i in range(2000))
    throttled(until_refused(lambda: put_item(table, next(keys)), 2000), "TableWriteProvisionedThroughputExceeded", arn(table))
    done = int(next(keys)[1:]) - 1
    # Each second that passes meanwhile adds one.
    assert 300 <= done <= 301 + (time.monotonic() - started)


def test_it_fills_again(create, put_item):
    table = create(provisioned(1, 1))
    put_item(table, "large", 299 * KB).ok()
    until_refused(lambda: put_item(table, "small"))
    eventually(lambda: put_item(table, "small").status == 200)


@pytest.mark.parametrize("operation", WRITES)
def test_every_write(raw, create, drain_writes, operation):
    table = drain_writes(create(provisioned(1, 1)))
    reply = raw(operation, **params_of(WRITES[operation], table))
    throttled(reply, "TableWriteProvisionedThroughputExceeded", arn(table))
    assert "Item" not in raw("GetItem", TableName=table, Key=KEY, ConsistentRead=True).ok()


@pytest.mark.parametrize("operation", READS)
def test_every_read(raw, dry, operation):
    throttled(raw(operation, **params_of(READS[operation], dry)), "TableReadProvisionedThroughputExceeded", arn(dry))


def test_reads_and_writes_are_apart(raw, create, drain_writes, drain_reads, put_item):
    table = drain_writes(create(provisioned(1, 1)))
    raw("GetItem", TableName=table, Key=KEY).ok()
    other = create(provisioned(1, 2))
    put_item(other, "large", LARGE).ok()
    drain_reads(other)
    put_item(other, "small").ok()


def test_a_page_is_charged_when_it_is_read(raw, create, put_item):
    table = create(provisioned(1, 4000))
    for i in range(12):
        eventually(lambda: put_item(table, f"k{i}", 100 * KB).status == 200)
    scan = {"TableName": table, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    consumed = 0
    while consumed < 300:
        consumed += raw("Scan", **scan)["ConsumedCapacity"]["CapacityUnits"]
    assert consumed > 400  # the last page went over
    throttled(raw("Scan", **scan), "TableReadProvisionedThroughputExceeded", arn(table))


def test_statements_are_charged(raw, create, put_item):
    one, several = create(provisioned(1, 1)), create(provisioned(1, 1))
    for table in (one, several):
        put_item(table, "k", 290 * KB).ok()  # 73 units to read
        put_item(table, "b").ok()
    statement = "SELECT * FROM \"{}\" WHERE pk='k'"
    run = lambda: raw("ExecuteStatement", Statement=statement.format(one), ConsistentRead=True)  # noqa: E731
    throttled(until_refused(run, 10), "TableReadProvisionedThroughputExceeded", arn(one))
    wanted = [{"Statement": statement.format(several), "ConsistentRead": True}]
    for _ in range(10):
        reply = raw("BatchExecuteStatement", Statements=wanted).ok()
    assert reply["Responses"][0]["Error"]["Code"] == "ProvisionedThroughputExceeded"


def test_refused_before_it_is_evaluated(raw, create, drain_writes):
    table = drain_writes(create(provisioned(1, 1)))
    for more in ({"ConditionExpression": "attribute_exists(nothing)"}, {"UpdateExpression": "SET f = f + f"}):
        reply = raw("UpdateItem", TableName=table, Key={"pk": S("large")}, **more)
        throttled(reply, "TableWriteProvisionedThroughputExceeded", arn(table))
    # What is wrong with the request itself comes first.
    invalid(raw("UpdateItem", TableName=table, Key={"pk": S("large")}, UpdateExpression="SET"))
    invalid(raw("PutItem", TableName=table, Item={"sk": S("no key")}))


def test_a_failed_condition_consumes(raw, create, put_item):
    table = create(provisioned(1, 1))
    put_item(table, "k", 250 * KB).ok()
    reply = put_item(table, "k", ConditionExpression="attribute_not_exists(pk)")
    expect_error(reply, CONDITION_FAILED)
    throttled(put_item(table, "other"), "TableWriteProvisionedThroughputExceeded", arn(table))


def test_an_invalid_update_consumes_nothing(raw, create, put_item):
    table = create(provisioned(1, 1))
    put_item(table, "k", 250 * KB).ok()
    for _ in range(2):
        invalid(raw("UpdateItem", TableName=table, Key={"pk": S("k")}, UpdateExpression="SET a = b"))
    put_item(table, "other").ok()


def test_update_table_counts_at_once(raw, create, drain_writes, put_item):
    table = drain_writes(create(provisioned(1, 1)))
    throttled(put_item(table, "small"), "TableWriteProvisionedThroughputExceeded", arn(table))
    raw("UpdateTable", TableName=table, ProvisionedThroughput=units(1, 1000)).ok()
    eventually(lambda: put_item(table, "small").status == 200)  # the debt of 100 s is one of 0.1 s now
    raw("UpdateTable", TableName=table, ProvisionedThroughput=units(1, 1)).ok()
    raw("UpdateTable", TableName=table, BillingMode="PAY_PER_REQUEST").ok()
    put_item(table, "small").ok()


def test_other_tables_do_not_suffer(create, drain_writes, put_item):
    drain_writes(create(provisioned(1, 1)))
    put_item(create(provisioned(1, 1)), "small").ok()


def test_expired_items_go_for_nothing(raw, create, drain_writes):
    table = create(provisioned(1, 1))
    raw("PutItem", TableName=table, Item={**KEY, "t": N(int(time.time()) - 100)}).ok()
    drain_writes(table)
    raw("UpdateTimeToLive", TableName=table, TimeToLiveSpecification={"AttributeName": "t", "Enabled": True}).ok()
    eventually(lambda: "Item" not in raw("GetItem", TableName=table, Key=KEY, ConsistentRead=True).ok())
    assert raw("PutItem", TableName=table, Item=KEY).type == EXCEEDED


# --- batches


def test_batch_write_gives_back_what_it_could_not_do(raw, create, drain_writes):
    dry, full = drain_writes(create(provisioned(1, 1))), create(provisioned(1, 1))
    wanted = [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": {"pk": S("large")}}}]
    reply = raw("BatchWriteItem", RequestItems={dry: wanted, full: wanted}, ReturnConsumedCapacity="TOTAL").ok()
    assert reply["UnprocessedItems"] == {dry: wanted}
    assert {c["TableName"]: c["CapacityUnits"] for c in reply["ConsumedCapacity"]} == {dry: 0.0, full: 2.0}
    assert "Item" in raw("GetItem", TableName=full, Key=KEY, ConsistentRead=True).ok()
    assert "Item" in raw("GetItem", TableName=dry, Key={"pk": S("large")}, ConsistentRead=True).ok()


def test_batch_write_as_far_as_it_goes(raw, create):
    """One after the other on each shard; shards that begin side by side each find something left."""
    table = create(provisioned(1, 1))
    wanted = [{"PutRequest": {"Item": item_of(f"k{i}", LARGE)}} for i in range(12)]
    left = raw("BatchWriteItem", RequestItems={table: wanted})["UnprocessedItems"][table]
    assert 1 <= len(left) <= 11 and all(request in wanted for request in left)


def test_batch_get_gives_back_what_it_could_not_do(raw, create, dry):
    full = create(provisioned(1, 1))
    raw("PutItem", TableName=full, Item=KEY).ok()
    wanted = {"Keys": [KEY, {"pk": S("large")}], "ConsistentRead": True, "ProjectionExpression": "#p", "ExpressionAttributeNames": {"#p": "pk"}}
    reply = raw("BatchGetItem", RequestItems={dry: wanted, full: wanted}, ReturnConsumedCapacity="TOTAL").ok()
    assert reply["UnprocessedKeys"] == {dry: wanted}
    assert reply["Responses"] == {dry: [], full: [KEY]}
    assert {c["TableName"]: c["CapacityUnits"] for c in reply["ConsumedCapacity"]} == {dry: 0.0, full: 2.0}


def test_batch_get_as_far_as_it_goes(raw, create, put_item):
    table = create(provisioned(1, 4000))
    keys = [{"pk": S(f"k{i}")} for i in range(20)]
    for key in keys:
        eventually(lambda: put_item(table, key["pk"]["S"], 200 * KB).status == 200)  # a partition takes five a second
    reply = raw("BatchGetItem", RequestItems={table: {"Keys": keys, "ConsistentRead": True}}).ok()
    # 50 units each: the seventh begins with what is earned meanwhile, if at all.
    read = len(reply["Responses"][table])
    assert 6 <= read <= 8
    assert reply["UnprocessedKeys"] == {table: {"Keys": keys[read:], "ConsistentRead": True}}


# --- transactions

REASON = {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_TEXT}


def test_transact_write(raw, create, drain_writes):
    dry, full = drain_writes(create(provisioned(1, 1))), create(provisioned(1, 1))
    for action in (put(dry, KEY), update(dry, KEY, "SET a = :a", {":a": S("a")}), check(dry, KEY, "attribute_exists(pk)")):
        cancelled(raw("TransactWriteItems", TransactItems=[put(full, KEY), action]), NONE, REASON)
    refused = put(full, {"pk": S("b")}, ConditionExpression="attribute_exists(pk)")
    cancelled(raw("TransactWriteItems", TransactItems=[put(dry, KEY), refused]), REASON, CONDITION)
    statements = [{"Statement": f"INSERT INTO \"{t}\" VALUE {{'pk':'small'}}"} for t in (full, dry)]
    cancelled(raw("ExecuteTransaction", TransactStatements=statements), NONE, REASON)
    assert "Item" not in raw("GetItem", TableName=full, Key=KEY, ConsistentRead=True).ok()


def test_transact_write_costs_twice(raw, create, put_item):
    table = create(provisioned(1, 1))
    raw("TransactWriteItems", TransactItems=[put(table, item_of(f"k{i}", 90 * KB)) for i in range(2)]).ok()
    throttled(put_item(table, "small"), "TableWriteProvisionedThroughputExceeded", arn(table))


def test_a_cancelled_transaction_consumes(raw, create, put_item):
    table = create(provisioned(1, 1))
    put_item(table, "k", 120 * KB).ok()
    reply = raw("TransactWriteItems", TransactItems=[put(table, item_of("k"), ConditionExpression="attribute_not_exists(pk)")])
    cancelled(reply, CONDITION)
    throttled(put_item(table, "small"), "TableWriteProvisionedThroughputExceeded", arn(table))


def test_transact_get(raw, create, dry):
    full = create(provisioned(1, 1))
    cancelled(raw("TransactGetItems", TransactItems=[get(full, KEY), get(dry, KEY)]), NONE, REASON)
    statements = [{"Statement": f"SELECT * FROM \"{t}\" WHERE pk='small'"} for t in (dry, full)]
    cancelled(raw("ExecuteTransaction", TransactStatements=statements), REASON, NONE)


def test_transact_get_costs_twice(raw, create, put_item):
    table = create(provisioned(1, 4000))
    for i in range(2):
        put_item(table, f"k{i}", 320 * KB).ok()
    raw("TransactGetItems", TransactItems=[get(table, {"pk": S(f"k{i}")}) for i in range(2)]).ok()
    assert raw("GetItem", TableName=table, Key=KEY).type == EXCEEDED


def test_a_repeated_token_reads(raw, create):
    table = create(provisioned(1, 4000))
    request = {"TransactItems": [put(table, item_of("k", LARGE))], "ClientRequestToken": unique("token")}
    raw("TransactWriteItems", **request).ok()
    raw("GetItem", TableName=table, Key=KEY).ok()
    for _ in range(2):
        raw("TransactWriteItems", **request).ok()  # 200 units each time
    throttled(raw("GetItem", TableName=table, Key=KEY), "TableReadProvisionedThroughputExceeded", arn(table))


def test_batch_of_statements(raw, create, dry):
    full = create(provisioned(1, 1))
    for statement in ("INSERT INTO \"{}\" VALUE {{'pk':'small'}}", "SELECT * FROM \"{}\" WHERE pk='none'"):
        reply = raw("BatchExecuteStatement", Statements=[{"Statement": statement.format(t)} for t in (dry, full)]).ok()
        refused = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_TEXT}, "TableName": dry}
        assert reply["Responses"] == [refused, {"TableName": full}]


# --- global secondary indexes


@pytest.fixture
def indexed(create):
    """A table with plenty and an index "by_g" with one unit of each."""
    return create(provisioned(4000, 4000, gsi=[{**index("by_g", "g"), "ProvisionedThroughput": units(1, 1)}]))


def test_an_index_without_capacity_stops_the_table(raw, indexed):
    large = {**item_of("k", 350 * KB), "g": S("g")}
    raw("PutItem", TableName=indexed, Item=large).ok()
    reply = raw("PutItem", TableName=indexed, Item={"pk": S("b"), "g": S("other")})
    throttled(reply, "IndexWriteProvisionedThroughputExceeded", arn(indexed, "by_g"), message=INDEX_WRITE_TEXT)
    assert "Item" not in raw("GetItem", TableName=indexed, Key={"pk": S("b")}, ConsistentRead=True).ok()
    reply = raw("DeleteItem", TableName=indexed, Key={"pk": S("k")})
    throttled(reply, "IndexWriteProvisionedThroughputExceeded", arn(indexed, "by_g"), message=INDEX_WRITE_TEXT)
    reason = {"Code": "ProvisionedThroughputExceeded", "Message": INDEX_WRITE_TEXT}
    cancelled(raw("TransactWriteItems", TransactItems=[put(indexed, {**KEY, "g": S("g")})]), reason)
    # What the index does not keep is none of its business.
    raw("PutItem", TableName=indexed, Item={"pk": S("c")}).ok()
    raw("PutItem", TableName=indexed, Item=large).ok()
    expect_error(raw("PutItem", TableName=indexed, Item={**KEY, "g": S("g")}, ConditionExpression="attribute_exists(pk)"), CONDITION_FAILED)


def test_reads_of_an_index_are_its_own(raw, indexed):
    raw("PutItem", TableName=indexed, Item={**item_of("k", 250 * KB), "g": S("g")}).ok()
    query = {"IndexName": "by_g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": S("g")}}
    eventually(lambda: raw("Query", TableName=indexed, Limit=1, Select="COUNT", **query).json["Count"] == 1)
    throttled(until_refused(lambda: raw("Query", TableName=indexed, **query)), "IndexReadProvisionedThroughputExceeded", arn(indexed, "by_g"), message=INDEX_READ_TEXT)
    reply = raw("Scan", TableName=indexed, IndexName="by_g")
    throttled(reply, "IndexReadProvisionedThroughputExceeded", arn(indexed, "by_g"), message=INDEX_READ_TEXT)
    reply = raw("ExecuteStatement", Statement=f"SELECT * FROM \"{indexed}\".\"by_g\" WHERE g='g'")
    throttled(reply, "IndexReadProvisionedThroughputExceeded", arn(indexed, "by_g"), message=INDEX_READ_TEXT)
    raw("Scan", TableName=indexed).ok()
    raw("GetItem", TableName=indexed, Key={"pk": S("k")}).ok()


def test_update_of_an_index_counts_at_once(raw, indexed):
    raw("PutItem", TableName=indexed, Item={**item_of("k", 350 * KB), "g": S("g")}).ok()
    small = {"TableName": indexed, "Item": {"pk": S("b"), "g": S("g")}}
    assert raw("PutItem", **small).type == EXCEEDED
    change = {"Update": {"IndexName": "by_g", "ProvisionedThroughput": units(1, 1000)}}
    raw("UpdateTable", TableName=indexed, GlobalSecondaryIndexUpdates=[change]).ok()
    eventually(lambda: raw("PutItem", **small).status == 200)


def test_local_indexes_are_charged_to_the_table(raw, create):
    table = create(provisioned(1, 1, range_key="sk", lsi=[index("by_l", "pk", "l")]))
    raw("PutItem", TableName=table, Item={**item_of("k", 160 * KB), "sk": S("s"), "l": S("l")}).ok()  # 161 for each
    reply = raw("PutItem", TableName=table, Item={"pk": S("b"), "sk": S("s")})
    throttled(reply, "TableWriteProvisionedThroughputExceeded", arn(table))
    query = {"IndexName": "by_l", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("k")}, "ConsistentRead": True}
    throttled(until_refused(lambda: raw("Query", TableName=table, **query)), "TableReadProvisionedThroughputExceeded", arn(table))
    throttled(raw("GetItem", TableName=table, Key={"pk": S("b"), "sk": S("s")}), "TableReadProvisionedThroughputExceeded", arn(table))


# --- on demand


def on_demand(read=None, write=None, **more):
    given = {"MaxReadRequestUnits": read, "MaxWriteRequestUnits": write}
    return spec(OnDemandThroughput={k: v for k, v in given.items() if v is not None}, **more)


def test_maximum_for_writes(raw, create, drain_writes, put_item):
    table = drain_writes(create(on_demand(write=1)))
    for operation, params in WRITES.items():
        reply = raw(operation, **params_of(params, table))
        throttled(reply, "TableWriteMaxOnDemandThroughputExceeded", arn(table), THROTTLING, MAXIMUM_TEXT)
    reason = {"Code": "ThrottlingError", "Message": MAXIMUM_TEXT}
    cancelled(raw("TransactWriteItems", TransactItems=[put(table, KEY)]), reason)
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk':'small'}}"
    reply = raw("BatchExecuteStatement", Statements=[{"Statement": statement}]).ok()
    assert reply["Responses"] == [{"Error": reason, "TableName": table}]
    raw("GetItem", TableName=table, Key=KEY).ok()
    raw("UpdateTable", TableName=table, OnDemandThroughput={"MaxWriteRequestUnits": -1}).ok()
    eventually(lambda: put_item(table, "small").status == 200)


def test_maximum_for_reads(raw, create, put_item, drain_reads):
    table = create(on_demand(read=1))
    put_item(table, "large", LARGE).ok()
    drain_reads(table)
    for operation, params in READS.items():
        reply = raw(operation, **params_of(params, table))
        throttled(reply, "TableReadMaxOnDemandThroughputExceeded", arn(table), THROTTLING, MAXIMUM_TEXT)
    cancelled(raw("TransactGetItems", TransactItems=[get(table, KEY)]), {"Code": "ThrottlingError", "Message": MAXIMUM_TEXT})
    put_item(table, "small").ok()


def test_maximum_of_an_index(raw, create):
    table = create(spec(gsi=[{**index("by_g", "g"), "OnDemandThroughput": {"MaxWriteRequestUnits": 1}}]))
    raw("PutItem", TableName=table, Item={**item_of("k", 350 * KB), "g": S("g")}).ok()
    reply = raw("PutItem", TableName=table, Item={"pk": S("b"), "g": S("g")})
    throttled(reply, "IndexWriteMaxOnDemandThroughputExceeded", arn(table, "by_g"), THROTTLING, MAXIMUM_TEXT)


# --- partitions


def test_a_hot_key_on_demand(raw, create, put_item):
    table = create(spec())
    reply = until_refused(lambda: put_item(table, "hot", LARGE))  # 1,000 units a second, in 2.5 items
    throttled(reply, "TableWriteKeyRangeThroughputExceeded", arn(table), THROTTLING, HOT_TEXT)
    others = [put_item(table, f"k{i}").status for i in range(50)]
    assert others.count(200) > 25  # one partition of eight is hot


def test_a_hot_key_of_a_provisioned_table(raw, create, put_item):
    table = create(provisioned(40000, 40000))
    reply = until_refused(lambda: put_item(table, "hot", LARGE))
    throttled(reply, "TableWriteKeyRangeThroughputExceeded", arn(table))


def test_reads_of_a_hot_key(raw, create):
    table = create(spec("pk", "sk"))
    keys = [{"pk": S("hot"), "sk": S(str(i))} for i in range(5)]
    for key in keys:  # 400 units each, of 1,000 a second
        eventually(lambda: raw("PutItem", TableName=table, Item={**item_of("hot", LARGE - 3), **key}).status == 200)
    actions = [get(table, key) for key in keys]  # 1,000 units, of 3,000 a second
    reply = until_refused(lambda: raw("TransactGetItems", TransactItems=actions))
    cancelled(reply, *[{"Code": "ThrottlingError", "Message": HOT_TEXT}] * 5)
    throttled(until_refused(lambda: raw("Scan", TableName=table, ConsistentRead=True)), "TableReadKeyRangeThroughputExceeded", arn(table), THROTTLING, HOT_TEXT)


# --- off


def test_nothing_is_refused_unless_asked_for(start_server, credentials):
    raw = Raw(start_server(), credentials)
    name = new_name("unthrottled")
    raw("CreateTable", TableName=name, **provisioned(1, 1)).ok()
    for _ in range(3):
        raw("PutItem", TableName=name, Item=item_of("k", LARGE)).ok()
        raw("GetItem", TableName=name, Key={"pk": S("k")}, ConsistentRead=True).ok()
