"""CreateTable: what it makes and what it refuses."""

import re

import pytest

from support.cases import case
from support.expect import IN_USE, expect_error, invalid
from support.tables import attributes, index, new_name, schema, spec
from support.values import unique

INVALID = "One or more parameter values were invalid: "
WORDS = "words it in its own way"
UNITS = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}


@pytest.fixture(scope="module")
def describe(client):
    return lambda name: client.describe_table(TableName=name)["Table"]


@pytest.mark.differs_from_dynamodb_local("leaves members out")
def test_description_at_once(raw, tables, endpoint):
    name = new_name()
    reply = raw("CreateTable", {"TableName": name, **spec("pk", "sk", {"sk": "N"})}).ok()
    tables.adopt(name)
    table = reply["TableDescription"]
    assert table["TableName"] == name
    assert table["TableStatus"] in ("CREATING", "ACTIVE")
    assert table["KeySchema"] == schema("pk", "sk")
    assert sorted(table["AttributeDefinitions"], key=lambda a: a["AttributeName"]) == attributes(pk="S", sk="N")
    assert (table["ItemCount"], table["TableSizeBytes"]) == (0, 0)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", table["TableId"])
    assert re.fullmatch(rf"arn:aws:dynamodb:{endpoint.region}:\d{{12}}:table/{re.escape(name)}", table["TableArn"])
    assert isinstance(table["CreationDateTime"], (int, float))
    assert table["DeletionProtectionEnabled"] is False
    for absent in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes", "StreamSpecification", "LatestStreamArn", "SSEDescription"):
        assert absent not in table
    tables.wait_active(name)


def test_on_demand(tables, describe):
    table = describe(tables.create(spec()))
    assert table["TableStatus"] == "ACTIVE"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == table["ProvisionedThroughput"]["WriteCapacityUnits"] == 0
    assert table["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0


@pytest.mark.differs_from_dynamodb_local("tells no warm throughput")
def test_on_demand_warm_throughput(tables, describe):
    table = describe(tables.create(spec(gsi=[index("by-g", "g")])))
    expected = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert table["WarmThroughput"] == expected
    assert table["GlobalSecondaryIndexes"][0]["WarmThroughput"] == expected


@pytest.mark.differs_from_dynamodb_local("leaves members out")
@pytest.mark.parametrize("mode", [{}, {"BillingMode": "PROVISIONED"}], ids=["default", "PROVISIONED"])
def test_provisioned(client, tables, describe, mode):
    name = new_name()
    params = spec(gsi=[{**index("by-g", "g"), "ProvisionedThroughput": UNITS}])
    params.pop("BillingMode")
    client.create_table(TableName=name, **params, **mode, ProvisionedThroughput=UNITS)
    tables.adopt(name)
    tables.wait_active(name)
    table = describe(name)
    for part in (table, table["GlobalSecondaryIndexes"][0]):
        got = part["ProvisionedThroughput"]
        assert {k: got[k] for k in UNITS} == UNITS
        assert got["NumberOfDecreasesToday"] == 0
    assert table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED") == "PROVISIONED"


@pytest.mark.differs_from_dynamodb_local("leaves members out")
def test_indexes(tables, describe, endpoint):
    local = [index("local-all", "pk", "l"), index("local-keys", "pk", "g", "KEYS_ONLY"), index("local-some", "pk", "h", ["a", "b"])]
    global_ = [index("global-hash", "g"), index("global-both", "g", "h", "KEYS_ONLY"), index("global-some", "h", "pk", ["a"])]
    table = describe(tables.create(spec("pk", "sk", {"l": "N", "g": "S", "h": "B"}, local, global_)))
    assert sorted(a["AttributeName"] for a in table["AttributeDefinitions"]) == ["g", "h", "l", "pk", "sk"]
    for made, told, kind in ((local, table["LocalSecondaryIndexes"], "local"), (global_, table["GlobalSecondaryIndexes"], "global")):
        by_name = {i["IndexName"]: i for i in told}
        assert set(by_name) == {i["IndexName"] for i in made}
        for wanted in made:
            got = by_name[wanted["IndexName"]]
            assert got["KeySchema"] == wanted["KeySchema"]
            assert got["Projection"]["ProjectionType"] == wanted["Projection"]["ProjectionType"]
            assert sorted(got["Projection"].get("NonKeyAttributes", [])) == wanted["Projection"].get("NonKeyAttributes", [])
            assert got["IndexArn"] == f"{table['TableArn']}/index/{wanted['IndexName']}"
            assert (got["ItemCount"], got["IndexSizeBytes"]) == (0, 0)
            if kind == "global":
                assert got["IndexStatus"] == "ACTIVE"
                assert got["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
            else:
                assert "IndexStatus" not in got


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_stream_specification_is_shown(tables, describe, view):
    wanted = {"StreamEnabled": True, "StreamViewType": view}
    table = describe(tables.create(spec(StreamSpecification=wanted)))
    assert table["StreamSpecification"] == wanted
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", table["LatestStreamLabel"])
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"


def test_stream_not_enabled(tables, describe):
    table = describe(tables.create(spec(StreamSpecification={"StreamEnabled": False})))
    assert "LatestStreamArn" not in table


@pytest.mark.differs_from_dynamodb_local("tells no table class")
def test_table_class(tables, describe):
    table = describe(tables.create(spec(TableClass="STANDARD_INFREQUENT_ACCESS")))
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_deletion_protection(client, tables, describe):
    name = tables.create(spec(DeletionProtectionEnabled=True))
    assert describe(name)["DeletionProtectionEnabled"] is True
    client.update_table(TableName=name, DeletionProtectionEnabled=False)


@pytest.mark.differs_from_dynamodb_local("tells no on-demand limits")
def test_on_demand_throughput(tables, describe):
    limits = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    assert describe(tables.create(spec(OnDemandThroughput=limits)))["OnDemandThroughput"] == limits


def test_tags_are_taken(tables):
    tables.create(spec(Tags=[{"Key": "team", "Value": "wire"}, {"Key": "empty", "Value": ""}]))


@pytest.mark.differs_from_dynamodb_local("tells no encryption")
def test_encryption_with_a_key_of_ones_own_is_shown(tables, describe):
    table = describe(tables.create(spec(SSESpecification={"Enabled": True, "SSEType": "KMS"})))
    shown = table["SSEDescription"]
    assert (shown["Status"], shown["SSEType"]) == ("ENABLED", "KMS")
    assert shown["KMSMasterKeyArn"].startswith("arn:aws:kms:")


def test_encryption_with_the_owned_key_is_not_shown(tables, describe):
    assert "SSEDescription" not in describe(tables.create(spec(SSESpecification={"Enabled": False})))


def test_longest_names(client, tables, describe):
    name = new_name().ljust(255, "x")
    attribute = "a" * 255
    client.create_table(TableName=name, **spec(attribute, gsi=[index("i" * 255, "g")]))
    tables.adopt(name)
    tables.wait_active(name)
    assert describe(name)["KeySchema"] == schema(attribute)


def test_names_of_all_characters(client, tables, describe):
    name = new_name("A.b_C-9")
    client.create_table(TableName=name, **spec("ünder.score #1", gsi=[index("A.b_C-9", "g h")]))
    tables.adopt(name)
    tables.wait_active(name)
    assert describe(name)["GlobalSecondaryIndexes"][0]["KeySchema"] == schema("g h")


def test_twenty_global_and_five_local_indexes(tables, describe):
    global_ = [index(f"g{i:02}", f"g{i:02}") for i in range(20)]
    local = [index(f"l{i:02}", "pk", f"l{i:02}") for i in range(5)]
    table = describe(tables.create(spec("pk", "sk", lsi=local, gsi=global_)))
    assert (len(table["GlobalSecondaryIndexes"]), len(table["LocalSecondaryIndexes"])) == (20, 5)


@pytest.mark.differs_from_dynamodb_local("knows no such keys")
@pytest.mark.parametrize("hashes, ranges", [(2, 0), (4, 4)])
def test_global_index_of_several_attributes(client, tables, describe, hashes, ranges):
    keys = [{"AttributeName": f"h{i}", "KeyType": "HASH"} for i in range(hashes)]
    keys += [{"AttributeName": f"r{i}", "KeyType": "RANGE"} for i in range(ranges)]
    many = {**index("many", "h0"), "KeySchema": keys}
    types = {k["AttributeName"]: "S" for k in keys}
    assert describe(tables.create(spec("pk", types=types, gsi=[many])))["GlobalSecondaryIndexes"][0]["KeySchema"] == keys


@pytest.mark.differs_from_dynamodb_local(WORDS)
def test_existing_table(raw, tables):
    name = tables.create()
    expect_error(raw("CreateTable", {"TableName": name, **spec()}), IN_USE, f"Table already exists: {name}")


def test_existing_table_is_in_use(raw, tables):
    name = tables.create()
    expect_error(raw("CreateTable", {"TableName": name, **spec("other")}), IN_USE)


@pytest.mark.differs_from_dynamodb_local("fails with 500")
def test_names_are_case_sensitive(client, tables):
    name = new_name("case")
    for spelled in (name, name.upper()):
        client.create_table(TableName=spelled, **spec())
        tables.adopt(spelled)
    tables.wait_active(name)


@pytest.fixture
def create(raw, tables):
    """CreateTable with members changed, or left out if None."""

    def run(changes):
        name = new_name()
        params = {k: v for k, v in {"TableName": name, **spec(), **changes}.items() if v is not None}
        response = raw("CreateTable", params)
        if response.status == 200:
            tables.adopt(params["TableName"])
        return response

    return run


def constraint(value, path, text):
    return f"1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {text}"


def keys(*names_and_kinds):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in names_and_kinds]


REFUSED = [
    case("no name", {"TableName": None}, None),
    case("empty name", {"TableName": ""}, None),
    case("short name", {"TableName": "ab"}, None),
    case("long name", {"TableName": "a" * 256}, None),
    case("blanks in name", {"TableName": "a b c"}, None),
    case("letters outside ASCII in name", {"TableName": "täble"}, None),
    case("slash in name", {"TableName": "a/b/c"}, None),
    case("no key schema", {"KeySchema": None}, None),
    case("empty key schema", {"KeySchema": []}, constraint("'[]'", "keySchema", "Member must have length greater than or equal to 1")),
    case("no attribute definitions", {"AttributeDefinitions": None}, None),
    case("three keys", {"KeySchema": keys(("pk", "HASH"), ("b", "RANGE"), ("c", "RANGE")),
                        "AttributeDefinitions": attributes(pk="S", b="S", c="S")}, None),
    case("range first", {"KeySchema": keys(("b", "RANGE"), ("pk", "HASH")), "AttributeDefinitions": attributes(pk="S", b="S")},
         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    case("range only", {"KeySchema": keys(("pk", "RANGE"))}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    case("two hashes", {"KeySchema": keys(("pk", "HASH"), ("b", "HASH")), "AttributeDefinitions": attributes(pk="S", b="S")},
         "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    case("one attribute twice", {"KeySchema": keys(("pk", "HASH"), ("pk", "RANGE"))},
         "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    case("undefined hash", {"KeySchema": schema("q")}, None),
    case("undefined range", {"KeySchema": schema("pk", "q")}, None),
    case("definition not used", {"AttributeDefinitions": attributes(pk="S", q="S")},
         INVALID + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"),
    case("definition twice", {"AttributeDefinitions": attributes(pk="S") + attributes(pk="N")}, None),
    case("type X", {"AttributeDefinitions": attributes(pk="X")},
         re.compile(re.escape(constraint("'X'", "attributeDefinitions.1.member.attributeType",
                                         "Member must satisfy enum value set: ")) + r"\[[BNS], [BNS], [BNS]\]")),
    case("type BOOL", {"AttributeDefinitions": attributes(pk="BOOL")}, None),
    case("key type X", {"KeySchema": keys(("pk", "X"))},
         constraint("'X'", "keySchema.1.member.keyType", "Member must satisfy enum value set: [HASH, RANGE]")),
    case("empty attribute name", {"KeySchema": schema(""), "AttributeDefinitions": [{"AttributeName": "", "AttributeType": "S"}]}, None),
    case("attribute name of 256", {"KeySchema": schema("a" * 256),
                                   "AttributeDefinitions": [{"AttributeName": "a" * 256, "AttributeType": "S"}]}, None),
    case("billing mode", {"BillingMode": "FREE"},
         constraint("'FREE'", "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")),
    case("units on demand", {"ProvisionedThroughput": UNITS},
         INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    case("no units", {"BillingMode": "PROVISIONED"},
         INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    case("no units, no mode", {"BillingMode": None},
         INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    case("no write units", {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1}},
         constraint("null", "provisionedThroughput.writeCapacityUnits", "Member must not be null")),
    case("zero units", {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1}},
         constraint("'0'", "provisionedThroughput.readCapacityUnits", "Member must have value greater than or equal to 1")),
    case("negative units", {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": -1}},
         constraint("'-1'", "provisionedThroughput.writeCapacityUnits", "Member must have value greater than or equal to 1")),
    case("stream without view", {"StreamSpecification": {"StreamEnabled": True}}, None),
    case("no stream, but a view", {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}}, None),
    case("stream view X", {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "X"}}, None),
    case("stream without enabled", {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}, None),
    case("table class X", {"TableClass": "X"}, re.compile(r".*\[STANDARD, STANDARD_INFREQUENT_ACCESS\]\.?")),
    case("encryption AES256", {"SSESpecification": {"Enabled": True, "SSEType": "AES256"}}, None),
    case("encryption off, but a type", {"SSESpecification": {"Enabled": False, "SSEType": "KMS"}}, None),
]


LOCAL_TAKES = {"table class X", "encryption AES256", "encryption off, but a type", "units on demand", "billing mode"}


@pytest.mark.parametrize("changes, message", [
    case(r.id, *r.values, local="takes it" if r.id in LOCAL_TAKES else None) for r in REFUSED])
def test_refused(create, endpoint, changes, message):
    invalid(create(changes), None if endpoint.kind == "dynamodb-local" else message)


# Changes that have a local index on a table of pk and sk, or a global one.
def with_local(*indexes, **defined):
    return {**spec("pk", "sk", defined), "LocalSecondaryIndexes": list(indexes)}


def with_global(*indexes, **defined):
    return {**spec("pk", "sk", defined), "GlobalSecondaryIndexes": list(indexes)}


def projected(kind, *names, **more):
    projection = {k: v for k, v in {"ProjectionType": kind, "NonKeyAttributes": list(names) or None, **more}.items() if v is not None}
    return {**index("idx", "pk", "l"), "Projection": projection}


INDEXES = [
    case("local on a table without sort key", {**spec("pk", types={"l": "S"}), "LocalSecondaryIndexes": [index("idx", "pk", "l")]},
         INVALID + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
    case("local of another hash", with_local(index("idx", "l", "sk"), l="S"),
         INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for index: idx. "
                   "index hash key: l, table hash key: pk"),
    case("local without range", with_local(index("idx", "pk")), INVALID + "Index KeySchema does not have a range key for index: idx"),
    case("two local of one name", with_local(index("idx", "pk", "l"), index("idx", "pk", "l"), l="S"),
         INVALID + "Duplicate index name: idx"),
    case("local and global of one name",
         {**with_local(index("idx", "pk", "l"), l="S"), "GlobalSecondaryIndexes": [index("idx", "l")]},
         INVALID + "Duplicate index name: idx"),
    case("two global of one name", with_global(index("idx", "g"), index("idx", "g"), g="S"), INVALID + "Duplicate index name: idx"),
    case("six local", with_local(*[index(f"idx{i}", "pk", "l") for i in range(6)], l="S"),
         INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    case("21 global", with_global(*[index(f"idx{i}", "g") for i in range(21)], g="S"),
         INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    case("no global", {"GlobalSecondaryIndexes": []}, INVALID + "List of GlobalSecondaryIndexes is empty"),
    case("local undefined", with_local(index("idx", "pk", "l")),
         INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [l], AttributeDefinitions: [pk, sk]"),
    case("global undefined", with_global(index("idx", "g")),
         INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [g], AttributeDefinitions: [pk, sk]"),
    case("definition not used", with_global(index("idx", "g"), g="S", q="S"), None),
    case("short name", with_local(index("ab", "pk", "l"), l="S"),
         constraint("'ab'", "localSecondaryIndexes.1.member.indexName", "Member must have length greater than or equal to 3")),
    case("blank in name", with_global(index("a b", "g"), g="S"),
         constraint("'a b'", "globalSecondaryIndexes.1.member.indexName",
                    "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")),
    case("global range first", with_global({**index("idx", "g"), "KeySchema": keys(("g", "RANGE"))}, g="S"),
         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    case("no projection", with_local({k: v for k, v in index("idx", "pk", "l").items() if k != "Projection"}, l="S"),
         constraint("null", "localSecondaryIndexes.1.member.projection", "Member must not be null")),
    case("no projection type", with_local(projected(None), l="S"), INVALID + "Unknown ProjectionType: null"),
    case("projection X", with_local(projected("X"), l="S"),
         constraint("'X'", "localSecondaryIndexes.1.member.projection.projectionType",
                    "Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]")),
    case("INCLUDE nothing", with_local(projected("INCLUDE"), l="S"),
         INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    case("INCLUDE none", with_local(projected("INCLUDE", NonKeyAttributes=[]), l="S"), None),
    case("INCLUDE 21", with_local(projected("INCLUDE", *[f"a{i}" for i in range(21)]), l="S"), None),
    case("ALL and names", with_local(projected("ALL", "a"), l="S"),
         INVALID + "ProjectionType is ALL, but NonKeyAttributes is specified"),
    case("KEYS_ONLY and names", with_local(projected("KEYS_ONLY", "a"), l="S"),
         INVALID + "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"),
    case("101 names in all", with_global(*[index(f"idx{i}", "g", None, [f"a{i}-{j}" for j in range(17)]) for i in range(6)], g="S"),
         None),
    case("units of an index on demand", with_global({**index("idx", "g"), "ProvisionedThroughput": UNITS}, g="S"), None),
    case("no units of an index",
         {**with_global(index("idx", "g"), g="S"), "BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}, None),
]
LOCAL_TAKES_INDEX = {"INCLUDE 21", "units of an index on demand"}


@pytest.mark.parametrize("changes, message", [
    case(r.id, *r.values, local="takes it" if r.id in LOCAL_TAKES_INDEX else None) for r in INDEXES])
def test_index_refused(create, endpoint, changes, message):
    invalid(create(changes), None if endpoint.kind == "dynamodb-local" else message)


def test_hundred_projected_names_are_accepted(tables):
    tables.create(spec("pk", gsi=[index(f"idx{i}", "g", None, [f"a{i}-{j}" for j in range(20)]) for i in range(5)]))


def test_a_refused_table_is_not_there(raw, client):
    name = new_name(unique("refused"))
    invalid(raw("CreateTable", {"TableName": name, **spec(), "KeySchema": schema("q")}))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName=name)
