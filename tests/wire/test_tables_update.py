"""UpdateTable: billing mode, throughput, deletion protection, table class, stream."""

import re

import pytest

from support.cases import case
from support.expect import LIMIT_EXCEEDED, expect_error, invalid
from support.tables import attributes, index, spec
from support.values import S

INVALID = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
MORE = {"ReadCapacityUnits": 4, "WriteCapacityUnits": 6}


@pytest.fixture(scope="module")
def describe(client):
    return lambda name: client.describe_table(TableName=name)["Table"]


@pytest.fixture(scope="module")
def update(client, tables):
    def run(name, **params):
        table = client.update_table(TableName=name, **params)["TableDescription"]
        assert table["TableName"] == name
        assert table["TableStatus"] in ("UPDATING", "ACTIVE")
        tables.wait_active(name)

    return run


def units(table):
    got = table["ProvisionedThroughput"]
    return {name: got[name] for name in UNITS}


@pytest.fixture
def provisioned(tables):
    return tables.create(spec(BillingMode="PROVISIONED", ProvisionedThroughput=UNITS))


def test_throughput_goes_up_and_down(describe, update, provisioned):
    for wanted in (MORE, UNITS):
        update(provisioned, ProvisionedThroughput=wanted)
        assert units(describe(provisioned)) == wanted


@pytest.mark.differs_from_dynamodb_local("does not date changes")
def test_throughput_changes_are_dated(describe, update, provisioned):
    assert "LastIncreaseDateTime" not in describe(provisioned)["ProvisionedThroughput"]
    update(provisioned, ProvisionedThroughput=MORE)
    update(provisioned, ProvisionedThroughput=UNITS)
    got = describe(provisioned)["ProvisionedThroughput"]
    assert got["LastIncreaseDateTime"] <= got["LastDecreaseDateTime"]
    assert got["NumberOfDecreasesToday"] == 1


def test_billing_mode_there_and_back(describe, update, provisioned):
    update(provisioned, BillingMode="PAY_PER_REQUEST")
    table = describe(provisioned)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] is not None
    assert units(table) == {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    update(provisioned, BillingMode="PROVISIONED", ProvisionedThroughput=MORE)
    table = describe(provisioned)
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert units(table) == MORE


@pytest.mark.differs_from_dynamodb_local("has no warm throughput")
def test_warm_throughput_follows_the_highest(describe, update, tables):
    def warm(*tables):
        return [(t["WarmThroughput"]["ReadUnitsPerSecond"], t["WarmThroughput"]["WriteUnitsPerSecond"]) for t in tables]

    name = tables.create(spec(gsi=[{**index("by-g", "g"), "ProvisionedThroughput": UNITS}], BillingMode="PROVISIONED",
                              ProvisionedThroughput=UNITS))
    table = describe(name)
    assert warm(table, *table["GlobalSecondaryIndexes"]) == [(2, 3), (2, 3)]
    of_index = [{"Update": {"IndexName": "by-g", "ProvisionedThroughput": MORE}}]
    update(name, ProvisionedThroughput=MORE, GlobalSecondaryIndexUpdates=of_index)
    update(name, ProvisionedThroughput=UNITS)
    table = describe(name)
    assert warm(table, *table["GlobalSecondaryIndexes"]) == [(4, 6), (4, 6)]
    update(name, BillingMode="PAY_PER_REQUEST")
    table = describe(name)
    assert warm(table, *table["GlobalSecondaryIndexes"]) == [(12000, 4000), (12000, 4000)]


@pytest.mark.differs_from_dynamodb_local("lets modes be switched at will")
def test_four_switches_to_on_demand(raw, update, provisioned):
    for _ in range(4):
        update(provisioned, BillingMode="PAY_PER_REQUEST")
        update(provisioned, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    expect_error(raw("UpdateTable", TableName=provisioned, BillingMode="PAY_PER_REQUEST"), LIMIT_EXCEEDED, re.compile(
        r"Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day\(s\)\. Last update at .* UTC "
        r"\d{4}\. Next update can be made at .* UTC \d{4}"
    ))  # fmt: skip


def test_throughput_of_an_index(describe, update, tables):
    name = tables.create(spec(gsi=[{**index("by-g", "g"), "ProvisionedThroughput": UNITS}], BillingMode="PROVISIONED",
                              ProvisionedThroughput=UNITS))
    update(name, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-g", "ProvisionedThroughput": MORE}}])
    table = describe(name)
    assert units(table) == UNITS
    assert units(table["GlobalSecondaryIndexes"][0]) == MORE


def test_items_stay(client, describe, update, provisioned):
    item = {"pk": S("x"), "a": S("y")}
    client.put_item(TableName=provisioned, Item=item)
    update(provisioned, BillingMode="PAY_PER_REQUEST")
    assert client.get_item(TableName=provisioned, Key={"pk": S("x")}, ConsistentRead=True)["Item"] == item


def test_deletion_protection_on_and_off(describe, update, tables):
    name = tables.create()
    for wanted in (True, False):
        update(name, DeletionProtectionEnabled=wanted)
        assert describe(name)["DeletionProtectionEnabled"] is wanted


@pytest.mark.differs_from_dynamodb_local("has no table classes")
def test_table_class(describe, update, tables):
    name = tables.create()
    update(name, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert describe(name)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


@pytest.mark.differs_from_dynamodb_local("tells no on-demand limits")
def test_on_demand_throughput(describe, update, tables):
    name = tables.create()
    limits = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    update(name, OnDemandThroughput=limits)
    assert describe(name)["OnDemandThroughput"] == limits


def test_stream_on_and_off(describe, update, tables):
    name = tables.create()
    wanted = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    update(name, StreamSpecification=wanted)
    table = describe(name)
    assert table["StreamSpecification"] == wanted
    arn = table["LatestStreamArn"]
    assert arn.startswith(table["TableArn"] + "/stream/")
    update(name, StreamSpecification={"StreamEnabled": False})
    table = describe(name)
    assert not table.get("StreamSpecification", {}).get("StreamEnabled", False)
    assert table.get("LatestStreamArn", arn) == arn, "expected the last stream to keep its name"


def test_stream_made_anew_has_another_label(describe, update, tables):
    name = tables.create(spec(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
    first = describe(name)["LatestStreamArn"]
    update(name, StreamSpecification={"StreamEnabled": False})
    update(name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"})
    assert describe(name)["LatestStreamArn"] != first


@pytest.fixture(scope="module")
def on_demand(tables):
    return tables.create(spec(gsi=[index("by-g", "g")]))


@pytest.fixture(scope="module")
def with_units(tables):
    return tables.create(spec(gsi=[{**index("by-g", "g"), "ProvisionedThroughput": UNITS}], BillingMode="PROVISIONED",
                              ProvisionedThroughput=UNITS))


REFUSED = [
    case("nothing", "on_demand", {},
         re.compile("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, .* is required")),
    case("definitions alone", "on_demand", {"AttributeDefinitions": attributes(pk="S", g="S")},
         re.compile("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, .* is required")),
    case("provisioned without units", "on_demand", {"BillingMode": "PROVISIONED"}, None),
    case("units on demand", "on_demand", {"ProvisionedThroughput": UNITS}, None),
    case("units and on demand", "with_units", {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": UNITS}, None),
    case("billing mode", "on_demand", {"BillingMode": "FREE"},
         "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: "
         "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
    case("zero units", "with_units", {"ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
         "1 validation error detected: Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
    case("the same units", "with_units", {"ProvisionedThroughput": UNITS},
         "The provisioned throughput for the table will not change. The requested value equals the current value. "
         "Current ReadCapacityUnits provisioned for the table: 2. Requested ReadCapacityUnits: 2. "
         "Current WriteCapacityUnits provisioned for the table: 3. Requested WriteCapacityUnits: 3. "
         "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."),
    case("no index updates", "on_demand", {"GlobalSecondaryIndexUpdates": []}, None),
    case("empty index update", "on_demand", {"GlobalSecondaryIndexUpdates": [{}]}, None),
    case("stream without view", "on_demand", {"StreamSpecification": {"StreamEnabled": True}}, None),
    case("no stream, but a view", "on_demand",
         {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}}, None),
    case("no stream to disable", "on_demand", {"StreamSpecification": {"StreamEnabled": False}}, None),
    case("table class X", "on_demand", {"TableClass": "X"},
         re.compile(r".*\[STANDARD, STANDARD_INFREQUENT_ACCESS\]\.?")),
]
LOCAL_TAKES = {"units on demand", "units and on demand", "billing mode"}


@pytest.mark.parametrize("table, params, message", [
    case(r.id, *r.values, local="takes it" if r.id in LOCAL_TAKES else None) for r in REFUSED])
def test_refused(raw, request, endpoint, table, params, message):
    response = raw("UpdateTable", {"TableName": request.getfixturevalue(table), **params})
    invalid(response, None if endpoint.kind == "dynamodb-local" else message)


def test_second_stream_is_refused(raw, tables):
    name = tables.create(spec(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}))
    response = raw("UpdateTable", TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    invalid(response, re.compile("Table already has an enabled stream.*"))


@pytest.mark.parametrize("action", ["Update", "Delete"])
def test_unknown_index(raw, with_units, action):
    body = {"IndexName": "unknown", **({"ProvisionedThroughput": UNITS} if action == "Update" else {})}
    response = raw("UpdateTable", TableName=with_units, GlobalSecondaryIndexUpdates=[{action: body}])
    # A missing index is a ValidationException in reads; here reports show both.
    assert (response.status, response.code in ("ResourceNotFoundException", "ValidationException")) == (400, True), response.body
