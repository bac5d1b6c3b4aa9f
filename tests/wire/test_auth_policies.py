"""What users may do: identity policies of a server of our own, asked over the wire with boto3."""

from __future__ import annotations

import json

import pytest

from support.own import Own, environment, eventually, refusal
from support.tables import spec
from support.values import B, N, S

pytestmark = pytest.mark.only("stator", "about our own server")

ACCOUNT = "arn:aws:dynamodb:us-east-1:000000000000:"
ROOT = ("AKIAROOT0123456789", "root secret of tests")


class Policed(Own):
    def __init__(self, pytestconfig, folder):
        super().__init__(pytestconfig, folder)
        self.files = folder
        self.key_of_alice = self.user("add", "alice")
        with environment(STATOR_ROOT_ACCESS_KEY_ID=ROOT[0], STATOR_ROOT_SECRET_ACCESS_KEY=ROOT[1]):
            self.start()
        self.root = self.client(ROOT)
        self.alice = self.client(self.key_of_alice)
        self.count = 0

    def may(self, *statements):
        """Alice may do this from now on, and nothing else."""
        self.count += 1
        marker = {"Effect": "Deny", "Action": "dynamodb:ListTables", "Resource": "*",
                  "Condition": {"StringLike": {"aws:UserAgent": f"*marker-{self.count};*"}}}
        document = {"Version": "2012-10-17", "Statement": [*statements, marker]}
        path = self.files / "policy.json"
        path.write_text(json.dumps(document))
        self.user("policy", "put", "alice", "test", str(path))
        probe = self.client(self.key_of_alice, user_agent=f"marker-{self.count};")
        eventually(lambda: refusal(probe.list_tables) == explicit("ListTables", "*"))


@pytest.fixture(scope="module")
def policed(pytestconfig, tmp_path_factory):
    made = Policed(pytestconfig, tmp_path_factory.mktemp("policed"))
    for name in ("music", "films"):
        made.root.create_table(TableName=name, **with_index())
    made.root.create_table(TableName="numbers", **spec("pk", types={"pk": "N"}))
    made.root.create_table(TableName="bytes", **spec("pk", types={"pk": "B"}))
    made.root.tag_resource(ResourceArn=ACCOUNT + "table/films", Tags=[{"Key": "team", "Value": "blue"}])
    for owner in ("alice", "bob"):
        made.root.put_item(TableName="music", Item={"pk": S(owner), "sk": S("1"), "g": S(owner), "shown": S("p"),
                                                    "hidden": S("s")})
    yield made
    made.stop()


def with_index():
    keys = [{"AttributeName": "g", "KeyType": "HASH"}]
    return spec("pk", "sk", gsi=[{"IndexName": "by_g", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}])


def allow(action, resource="*", **condition):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


def deny(action, resource="*", **condition):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **condition}


def silent(action, resource):
    return {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:iam::000000000000:user/alice is not authorized to perform: dynamodb:{action} on "
        f"resource: {resource} because no identity-based policy allows the dynamodb:{action} action",
    }


def explicit(action, resource):
    return {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:iam::000000000000:user/alice is not authorized to perform: dynamodb:{action} on "
        f"resource: {resource} with an explicit deny in an identity-based policy",
    }


def table(name):
    return f"{ACCOUNT}table/{name}"


KEY = {"pk": S("alice"), "sk": S("1")}
OTHER = {"pk": S("bob"), "sk": S("1")}


def test_without_a_policy_nothing_is_allowed(policed):
    policed.user("policy", "put", "alice", "test", write(policed, allow("s3:*")))
    eventually(lambda: refusal(policed.alice.list_tables) == silent("ListTables", "*"))
    assert refusal(policed.alice.get_item, TableName="music", Key=KEY) == silent("GetItem", table("music"))
    assert refusal(policed.alice.get_item, TableName="nope", Key=KEY) == silent("GetItem", table("nope"))
    assert refusal(policed.alice.describe_table, TableName="music") == silent("DescribeTable", table("music"))
    assert refusal(policed.alice.create_table, TableName="new-one", **spec()) == silent("CreateTable", table("new-one"))
    assert refusal(policed.alice.describe_limits) == silent("DescribeLimits", "*")
    query = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": S("x")}}
    assert refusal(policed.alice.query, TableName="music", IndexName="by_g", **query) == silent(
        "Query", table("music") + "/index/by_g"
    )
    # what is no request at all is told first
    assert refusal(policed.alice.get_item, TableName="music")["Code"] == "ValidationException"


def write(policed, *statements):
    path = policed.files / "other.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(path)


def test_one_table_and_its_indexes(policed):
    policed.may(allow(["dynamodb:GetItem", "dynamodb:Query"], [table("music"), table("music") + "/index/*"]))
    assert policed.alice.get_item(TableName="music", Key=KEY)["Item"]["pk"] == S("alice")
    assert policed.alice.get_item(TableName=table("music"), Key=KEY)["Item"]["pk"] == S("alice")
    query = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": S("alice")}}
    assert policed.alice.query(TableName="music", IndexName="by_g", **query)["Count"] == 1
    assert refusal(policed.alice.get_item, TableName="films", Key=KEY) == silent("GetItem", table("films"))
    assert refusal(policed.alice.put_item, TableName="music", Item=KEY) == silent("PutItem", table("music"))
    policed.may(allow("dynamodb:*", table("music")))
    assert refusal(policed.alice.query, TableName="music", IndexName="by_g", **query) == silent(
        "Query", table("music") + "/index/by_g"
    )


def test_explicit_denial(policed):
    policed.may(allow("dynamodb:*"), deny("dynamodb:Delete*", table("music")))
    assert refusal(policed.alice.delete_item, TableName="music", Key=KEY) == explicit("DeleteItem", table("music"))
    assert refusal(policed.alice.delete_table, TableName="music") == explicit("DeleteTable", table("music"))
    assert refusal(policed.alice.delete_item, TableName="films", Key=KEY) is None
    assert policed.root.describe_table(TableName="music")["Table"]["TableStatus"] == "ACTIVE"


LEADING = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}


def test_leading_keys(policed):
    policed.may(allow("dynamodb:*", Condition=LEADING))
    alice, denied = policed.alice, "AccessDeniedException"

    def code(call, **parameters):
        return (refusal(call, **parameters) or {}).get("Code")

    for key, expected in ((KEY, None), (OTHER, denied)):
        owner = key["pk"]
        at = {"TableName": "music", "Key": key}
        assert code(alice.get_item, **at) == expected
        assert code(alice.update_item, **at, UpdateExpression="SET x = :x", ExpressionAttributeValues={":x": N(1)}) == expected
        assert code(alice.put_item, TableName="films", Item=key) == expected
        assert code(alice.delete_item, TableName="films", Key=key) == expected
        for condition in ("pk = :p", "#p = :p AND sk > :s", "(sk > :s) AND (pk = :p)"):
            parameters = {"KeyConditionExpression": condition, "ExpressionAttributeValues": {":p": owner}}
            if ":s" in condition:
                parameters["ExpressionAttributeValues"][":s"] = S("0")
            if "#p" in condition:
                parameters["ExpressionAttributeNames"] = {"#p": "pk"}
            assert code(alice.query, TableName="music", **parameters) == expected, condition
        assert code(alice.query, TableName="music", IndexName="by_g", KeyConditionExpression="g = :p",
                    ExpressionAttributeValues={":p": owner}) == expected
        assert code(alice.query, TableName="music",
                    KeyConditions={"pk": {"AttributeValueList": [owner], "ComparisonOperator": "EQ"}}) == expected
        assert code(alice.batch_get_item, RequestItems={"music": {"Keys": [KEY, {**key, "sk": S("2")}]}}) == expected
        assert code(alice.batch_write_item,
                    RequestItems={"films": [{"PutRequest": {"Item": KEY}},
                                            {"DeleteRequest": {"Key": {**key, "sk": S("2")}}}]}) == expected
        assert code(alice.transact_get_items, TransactItems=[{"Get": at}]) == expected
        assert code(alice.transact_write_items, TransactItems=[
            {"Put": {"TableName": "films", "Item": KEY}}, {"Delete": {"TableName": "films", "Key": {**key, "sk": S("3")}}},
        ]) == expected
        assert code(alice.execute_statement, Statement="SELECT * FROM music WHERE pk = ?", Parameters=[owner]) == expected
        assert code(alice.execute_statement, Statement=f"SELECT * FROM \"music\".\"by_g\" WHERE g = '{owner['S']}'") == expected
        assert code(alice.execute_statement, Statement="UPDATE music SET y = 1 WHERE pk = ? AND sk = '1'",
                    Parameters=[owner]) == expected
        batch = alice.batch_execute_statement(Statements=[
            {"Statement": "SELECT * FROM music WHERE pk = ? AND sk = '1'", "Parameters": [owner]}])["Responses"]
        assert batch[0].get("Error", {}).get("Code") == (expected and "AccessDenied")
        assert code(alice.execute_transaction, TransactStatements=[
            {"Statement": "UPDATE music SET y = 1 WHERE pk = ? AND sk = '1'", "Parameters": [owner]}]) == expected
    # a scan has no leading keys, and ForAllValues of nothing is true: as with AWS, do not allow Scan then
    assert refusal(alice.scan, TableName="music") is None


def test_leading_keys_of_other_types(policed):
    policed.may(allow("dynamodb:*", Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["1.5", "AQI="]}}))
    for text in ("1.5", "1.50", "15e-1", "0.15E+1"):
        assert refusal(policed.alice.get_item, TableName="numbers", Key={"pk": {"N": text}}) is None
    assert refusal(policed.alice.get_item, TableName="numbers", Key={"pk": N(2)})["Code"] == "AccessDeniedException"
    assert refusal(policed.alice.get_item, TableName="bytes", Key={"pk": B(b"\x01\x02")}) is None
    assert refusal(policed.alice.get_item, TableName="bytes", Key={"pk": B(b"\x01\x03")})["Code"] == "AccessDeniedException"


def test_denied_leading_keys_cannot_be_hidden(policed):
    policed.may(allow("dynamodb:*"),
                deny("dynamodb:*", Condition={"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["bob"]}}))
    denied = explicit("BatchGetItem", table("music"))
    assert refusal(policed.alice.batch_get_item, RequestItems={"music": {"Keys": [KEY, OTHER]}}) == denied
    raw = '{"TableName":"music","Key":{"pk":{"S":"alice"},"sk":{"S":"1"},"pk":{"S":"bob"}}}'
    from support.signing import Signed, send

    host = policed.server.url.removeprefix("http://")
    key = policed.key_of_alice
    request = Signed(key["AccessKeyId"], key["SecretAccessKey"], host, operation="GetItem", body=raw.encode())
    assert send(host, request.authorized(), raw.encode()).code == "AccessDeniedException"


def test_attributes_and_select(policed):
    policed.may(allow("dynamodb:*", Condition={
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "shown", "g"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES",
                                 "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }))
    alice, denied = policed.alice, "AccessDeniedException"
    at = {"TableName": "music", "Key": KEY}
    assert alice.get_item(**at, ProjectionExpression="shown, sk")["Item"] == {"shown": S("p"), "sk": S("1")}
    assert refusal(alice.get_item, **at)["Code"] == denied
    assert refusal(alice.get_item, **at, ProjectionExpression="shown, hidden")["Code"] == denied
    assert refusal(alice.get_item, **at, ProjectionExpression="#p", ExpressionAttributeNames={"#p": "hidden"})["Code"] == denied
    assert refusal(alice.get_item, **at, AttributesToGet=["shown"]) is None
    assert refusal(alice.get_item, **at, AttributesToGet=["hidden"])["Code"] == denied
    query = {"TableName": "music", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": S("alice")}}
    assert refusal(alice.query, **query, ProjectionExpression="shown") is None
    assert refusal(alice.query, **query)["Code"] == denied
    assert refusal(alice.query, **query, ProjectionExpression="shown",
                   FilterExpression="attribute_exists(hidden)")["Code"] == denied
    update = {**at, "ExpressionAttributeValues": {":x": S("p")}}
    assert refusal(alice.update_item, **update, UpdateExpression="SET shown = :x") is None
    assert refusal(alice.update_item, **update, UpdateExpression="SET hidden = :x")["Code"] == denied
    assert refusal(alice.update_item, **update, UpdateExpression="SET shown = if_not_exists(hidden, :x)")["Code"] == denied
    assert refusal(alice.update_item, **update, UpdateExpression="SET shown = :x",
                   ConditionExpression="hidden = :x")["Code"] == denied
    assert refusal(alice.update_item, **update, UpdateExpression="SET shown = :x", ReturnValues="ALL_NEW")["Code"] == denied
    assert refusal(alice.update_item, **at, AttributeUpdates={"hidden": {"Value": S("x")}})["Code"] == denied
    assert refusal(alice.put_item, TableName="films", Item={**KEY, "shown": S("x")}) is None
    assert refusal(alice.put_item, TableName="films", Item={**KEY, "hidden": S("x")})["Code"] == denied
    assert refusal(alice.batch_write_item, RequestItems={"films": [{"PutRequest": {"Item": {**KEY, "x": S("x")}}}]})["Code"] == denied
    # statements are not taken apart: refused rather than guessed
    assert refusal(alice.execute_statement, Statement="SELECT shown FROM music WHERE pk = 'alice'")["Code"] == denied


def test_transactions(policed):
    policed.may(allow("dynamodb:*"), deny(
        ["dynamodb:PutItem", "dynamodb:DeleteItem"],
        Condition={"Null": {"dynamodb:EnclosingOperation": "true"}}), deny("dynamodb:ConditionCheckItem", table("films")))
    put = {"TableName": "films", "Item": KEY}
    assert refusal(policed.alice.put_item, **put) == explicit("PutItem", table("films"))
    assert refusal(policed.alice.transact_write_items, TransactItems=[{"Put": put}]) is None
    check = {"ConditionCheck": {"TableName": "films", "Key": OTHER, "ConditionExpression": "attribute_not_exists(pk)"}}
    assert refusal(policed.alice.transact_write_items, TransactItems=[{"Put": put}, check]) == explicit(
        "ConditionCheckItem", table("films")
    )
    policed.may(allow("dynamodb:PutItem", Condition={"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}))
    assert refusal(policed.alice.transact_write_items, TransactItems=[{"Put": put}]) is None
    assert refusal(policed.alice.put_item, **put) == silent("PutItem", table("films"))


def test_statements(policed):
    policed.may(allow(["dynamodb:PartiQLSelect", "dynamodb:PartiQLInsert"]),
                deny("dynamodb:PartiQLSelect", Condition={"Bool": {"dynamodb:FullTableScan": "true"}}))
    run = policed.alice.execute_statement
    assert refusal(run, Statement="SELECT * FROM music WHERE pk = 'alice'") is None
    assert refusal(run, Statement="SELECT * FROM music") == explicit("PartiQLSelect", table("music"))
    assert refusal(run, Statement="SELECT * FROM music WHERE sk = '1'") == explicit("PartiQLSelect", table("music"))
    assert refusal(run, Statement="INSERT INTO films VALUE {'pk': 'z', 'sk': '1'}") is None
    assert refusal(run, Statement="DELETE FROM films WHERE pk = 'z' AND sk = '1'") == silent("PartiQLDelete", table("films"))
    assert refusal(run, Statement="UPDATE films SET a = 1 WHERE pk = 'z' AND sk = '1'") == silent("PartiQLUpdate", table("films"))
    assert refusal(run, Statement="SELECT")["Code"] == "ValidationException"
    batch = policed.alice.batch_execute_statement(Statements=[
        {"Statement": "SELECT * FROM music WHERE pk = 'alice' AND sk = '1'"},
        {"Statement": "SELECT * FROM films WHERE sk = '1'"}])["Responses"]
    assert batch[0]["Item"]["pk"] == S("alice")
    assert batch[1] == {"Error": {"Code": "AccessDenied", "Message": explicit("PartiQLSelect", table("films"))["Message"]}}
    batch = policed.alice.batch_execute_statement(Statements=[
        {"Statement": "INSERT INTO films VALUE {'pk': 'y', 'sk': '1'}"},
        {"Statement": "DELETE FROM films WHERE pk = 'z' AND sk = '1'"}])["Responses"]
    assert "Error" not in batch[0] and batch[1]["Error"]["Code"] == "AccessDenied"
    assert "Item" in policed.root.get_item(TableName="films", Key={"pk": S("z"), "sk": S("1")}), "it is still there"


def test_several_tables_in_a_batch(policed):
    policed.may(allow(["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"], table("music")))
    assert refusal(policed.alice.batch_get_item, RequestItems={"music": {"Keys": [KEY]}}) is None
    assert refusal(policed.alice.batch_get_item, RequestItems={"music": {"Keys": [KEY]}, "films": {"Keys": [KEY]}}) == silent(
        "BatchGetItem", table("films")
    )
    assert refusal(policed.alice.batch_write_item, RequestItems={"films": [{"DeleteRequest": {"Key": KEY}}]}) == silent(
        "BatchWriteItem", table("films")
    )


def test_where_when_and_which_tags(policed):
    local = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    policed.may(allow("dynamodb:ListTables", Condition={**local, "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}))
    assert refusal(policed.alice.list_tables) is None
    policed.may(allow("dynamodb:ListTables", Condition={"NotIpAddress": local["IpAddress"]}))
    assert refusal(policed.alice.list_tables) == silent("ListTables", "*")
    policed.may(allow("dynamodb:ListTables", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}))
    assert refusal(policed.alice.list_tables) == silent("ListTables", "*")
    policed.may(allow("dynamodb:ListTables", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    assert refusal(policed.alice.list_tables) == silent("ListTables", "*")
    policed.may(allow("dynamodb:Scan", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}))
    assert refusal(policed.alice.scan, TableName="films") is None
    assert refusal(policed.alice.scan, TableName="music") == silent("Scan", table("music"))
    policed.may(allow("dynamodb:TagResource", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["free"]}}))
    tag = policed.alice.tag_resource
    assert refusal(tag, ResourceArn=table("music"), Tags=[{"Key": "free", "Value": "x"}]) is None
    assert refusal(tag, ResourceArn=table("music"), Tags=[{"Key": "team", "Value": "x"}]) == silent("TagResource", table("music"))
    policed.may(allow("dynamodb:Scan", Condition={"StringEquals": {"dynamodb:ReturnConsumedCapacity": "NONE"}}))
    assert refusal(policed.alice.scan, TableName="films") is None
    assert refusal(policed.alice.scan, TableName="films", ReturnConsumedCapacity="TOTAL") == silent("Scan", table("films"))


def test_create_with_tags(policed):
    policed.may(allow("dynamodb:CreateTable"))
    made = {"TableName": "tagged", **spec(), "Tags": [{"Key": "a", "Value": "b"}]}
    assert refusal(policed.alice.create_table, **made) == silent("TagResource", table("tagged"))
    del made["Tags"]
    assert refusal(policed.alice.create_table, **made) is None


def test_the_command_line(policed):
    good = write(policed, allow("dynamodb:GetItem"))
    assert policed.user("policy", "put", "alice", "second", good)["State"] == "policy put"
    assert policed.user("policy", "list", "alice")["PolicyNames"] == ["test", "second"]
    shown = policed.try_user("policy", "get", "alice", "second")
    assert json.loads(shown.stdout)["Statement"] == [allow("dynamodb:GetItem")]
    policed.user("policy", "remove", "alice", "second")
    assert policed.user("policy", "list", "alice")["PolicyNames"] == ["test"]
    bad = policed.files / "bad.json"
    bad.write_text('{"Version": "2012-10-17", "Statement": {"Effect": "Allow"}}')
    for arguments, code, words in (
        (("put", "alice", "bad", str(bad)), 1, "needs either Action or NotAction"),
        (("put", "alice", "bad", str(bad) + "x"), 1, "No such file"),
        (("put", "alice", "bad/name", good), 1, "is not the name of a policy"),
        (("put", "nobody", "x", good), 1, "there is no user 'nobody'"),
        (("get", "alice", "nope"), 1, "has no policy 'nope'"),
        (("remove", "alice", "nope"), 1, "has no policy 'nope'"),
        (("put", "alice", "x"), 2, "needs a file"),
        (("get", "alice"), 2, "needs the name of a policy"),
    ):
        done = policed.try_user("policy", *arguments)
        assert done.returncode == code and words in done.stderr, (arguments, done)
    admin = policed.user("add", "chief", "--admin")
    eventually(lambda: refusal(policed.client(admin).list_tables) is None)
    policed.user("remove", "chief")


# --- policies of tables ----------------------------------------------------------------------------------------------

ALICE = "arn:aws:iam::000000000000:user/alice"


def of_table(policed, *statements, by=None, **more):
    (by or policed.root).put_resource_policy(
        ResourceArn=table("films"), Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), **more
    )


@pytest.fixture
def films(policed):
    yield policed
    policed.root.delete_resource_policy(ResourceArn=table("films"))


def test_tables_allow_and_deny(films):
    alice = films.alice
    films.may(allow("dynamodb:Scan"))
    assert refusal(alice.get_item, TableName="films", Key=KEY) == silent("GetItem", table("films"))
    of_table(films, {**allow("dynamodb:GetItem", table("films")), "Principal": {"AWS": ALICE}})
    assert refusal(alice.get_item, TableName="films", Key=KEY) is None
    assert refusal(alice.scan, TableName="films") is None, "her own policy still counts"
    assert refusal(alice.get_item, TableName="music", Key=KEY) == silent("GetItem", table("music"))
    denied = {
        "Code": "AccessDeniedException",
        "Message": f"User: {ALICE} is not authorized to perform: dynamodb:Scan on resource: {table('films')} with an "
        "explicit deny in a resource-based policy",
    }
    of_table(films, {**deny("dynamodb:Scan", "*"), "Principal": "*"})
    assert refusal(alice.scan, TableName="films") == denied, "effective with the next request"
    assert refusal(films.root.scan, TableName="films") is None, "the root user may do everything"
    of_table(films, {**deny("dynamodb:Scan", "*"), "NotPrincipal": {"AWS": ALICE}})
    assert refusal(alice.scan, TableName="films") is None
    of_table(films, {**allow("dynamodb:GetItem", table("films")), "Principal": {"AWS": "000000000000"}})
    assert refusal(alice.get_item, TableName="films", Key=KEY) == silent("GetItem", table("films"))


def test_tables_have_conditions_and_indexes(films):
    films.may(allow("s3:*"))
    mine = {**allow("dynamodb:Query", [table("films"), table("films") + "/index/*"], Condition=LEADING),
            "Principal": {"AWS": ALICE}}
    of_table(films, mine)

    def query(owner, **more):
        return refusal(films.alice.query, TableName="films", ExpressionAttributeValues={":p": S(owner)}, **more)

    assert query("alice", KeyConditionExpression="pk = :p") is None
    assert query("bob", KeyConditionExpression="pk = :p") == silent("Query", table("films"))
    assert query("alice", IndexName="by_g", KeyConditionExpression="g = :p") is None
    assert query("bob", IndexName="by_g", KeyConditionExpression="g = :p") == silent("Query", table("films") + "/index/by_g")


def test_lockout(films):
    films.may(allow("dynamodb:*"))
    lock = {**deny("dynamodb:PutResourcePolicy"), "Principal": {"AWS": ALICE}}
    assert refusal(of_table, films, lock, by=films.alice) == {
        "Code": "AccessDeniedException",
        "Message": "The new resource policy will not allow you to update the resource policy in the future.",
    }
    assert refusal(of_table, films, {**deny("dynamodb:DeleteResourcePolicy"), "Principal": "*"}, by=films.alice) is None
    of_table(films, lock, by=films.alice, ConfirmRemoveSelfResourceAccess=True)
    assert refusal(of_table, films, lock, by=films.alice)["Code"] == "AccessDeniedException"
    of_table(films, {**deny("dynamodb:Scan"), "Principal": {"AWS": ALICE}})


def test_permissions_of_policies(films):
    films.may(allow("dynamodb:CreateTable"))
    assert refusal(films.alice.get_resource_policy, ResourceArn=table("films")) == silent("GetResourcePolicy", table("films"))
    assert refusal(films.alice.delete_resource_policy, ResourceArn=table("films")) == silent(
        "DeleteResourcePolicy", table("films")
    )
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**deny("dynamodb:Scan"), "Principal": "*"}]})
    assert refusal(films.alice.create_table, TableName="policed", **spec(), ResourcePolicy=text) == silent(
        "PutResourcePolicy", table("policed")
    )
