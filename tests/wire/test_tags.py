"""TagResource, UntagResource, ListTagsOfResource."""

import pytest

from support.cases import case
from support.expect import NOT_FOUND, eventually, expect_error, invalid
from support.tables import index, spec

INVALID = "One or more parameter values were invalid: "
TOO_MANY = "Number of Tags exceed the current limit for the provided ResourceArn"
ACCESS_DENIED = "AccessDeniedException"
LOCAL = "DynamoDB Local knows no tags"

pytestmark = pytest.mark.differs_from_dynamodb_local(LOCAL)


@pytest.fixture
def arn(client, tables):
    return client.describe_table(TableName=tables.create())["Table"]["TableArn"]


@pytest.fixture(scope="module")
def shared_arn(client, tables):
    """For requests that are refused."""
    return client.describe_table(TableName=tables.create(spec(gsi=[index("gsi", "g")])))["Table"]["TableArn"]


@pytest.fixture
def tags_of(client):
    def read(arn):
        reply = client.list_tags_of_resource(ResourceArn=arn)
        assert "NextToken" not in reply
        tags = {tag["Key"]: tag["Value"] for tag in reply["Tags"]}
        assert len(tags) == len(reply["Tags"])
        return tags

    return read


@pytest.fixture
def expect_tags(tags_of):
    """AWS shows a change after some seconds."""
    return lambda arn, wanted: eventually(lambda: tags_of(arn), lambda got: got == wanted)


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def test_there_and_back(client, arn, expect_tags):
    expect_tags(arn, {})
    client.tag_resource(ResourceArn=arn, Tags=tags(team="wire", empty=""))
    expect_tags(arn, {"team": "wire", "empty": ""})
    client.tag_resource(ResourceArn=arn, Tags=tags(team="other", Team="a second one"))
    expect_tags(arn, {"team": "other", "Team": "a second one", "empty": ""})
    client.untag_resource(ResourceArn=arn, TagKeys=["team", "never there"])
    expect_tags(arn, {"Team": "a second one", "empty": ""})
    client.untag_resource(ResourceArn=arn, TagKeys=["Team", "empty"])
    expect_tags(arn, {})


def test_tags_of_create_table(client, tables, expect_tags):
    name = tables.create(spec(Tags=tags(team="wire", empty="")))
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    expect_tags(arn, {"team": "wire", "empty": ""})


def test_tags_stay_when_the_table_changes(client, tables, expect_tags):
    name = tables.create(spec(Tags=tags(team="wire")))
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    client.update_table(TableName=name, DeletionProtectionEnabled=True)
    tables.wait_active(name)
    expect_tags(arn, {"team": "wire"})


def test_bodies_are_empty(raw, arn):
    assert raw("TagResource", ResourceArn=arn, Tags=tags(a="b")).body == b""
    assert raw("UntagResource", ResourceArn=arn, TagKeys=["a"]).body == b""


@pytest.mark.parametrize("text", ["a b", "+-=._:/@", "é", "ключ", "表", "\u00a0", "\u3000", "x" * 128])
def test_characters_that_are_taken(client, arn, expect_tags, text):
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": text, "Value": text}])
    expect_tags(arn, {text: text})


def test_256_characters_are_a_value(client, arn, expect_tags):
    client.tag_resource(ResourceArn=arn, Tags=tags(a="表" * 256))
    expect_tags(arn, {"a": "表" * 256})


@pytest.mark.parametrize("text", ["100%", "a,b", "it's", "(x)", "a&b", "a*b", "a;b", "a?b", "a|b", "a\\b", "<a>", "~a", "#", "🔑", "\t"])
def test_characters_that_are_refused(raw, shared_arn, text):
    invalid(raw("TagResource", ResourceArn=shared_arn, Tags=[{"Key": text, "Value": "v"}]),
            f"The Tag Key provided is invalid, Key: {text}")
    invalid(raw("TagResource", ResourceArn=shared_arn, Tags=[{"Key": "k", "Value": text}]),
            f"The Tag Value provided is invalid, Value: {text}")


@pytest.mark.parametrize("entry, message", [
    case("nothing", {}, "The Tag Key provided is invalid, Key: null"),
    case("value alone", {"Value": "v"}, "The Tag Key provided is invalid, Key: null"),
    case("key alone", {"Key": "k"}, "The Tag Value provided is invalid, Value: null"),
    case("empty key", {"Key": "", "Value": "v"}, "The Tag Key provided is invalid, Key: "),
    case("prefix", {"Key": "aws:k", "Value": "v"}, "Tag Key cannot be prefixed with aws:, Key: aws:k"),
    case("prefix in capitals", {"Key": "AWS:k", "Value": "v"}, "Tag Key cannot be prefixed with aws:, Key: AWS:k"),
])  # fmt: skip
def test_bad_tags_and_none_is_stored(raw, shared_arn, tags_of, entry, message):
    invalid(raw("TagResource", ResourceArn=shared_arn, Tags=[{"Key": "good", "Value": "v"}, entry]), message)
    assert tags_of(shared_arn) == {}


def test_too_long(raw, shared_arn):
    for entry, what in (({"Key": "k" * 129, "Value": ""}, "Key"), ({"Key": "k", "Value": "v" * 257}, "Value")):
        message = invalid(raw("TagResource", ResourceArn=shared_arn, Tags=[entry])).message
        assert message.startswith(f"The Tag {what} provided is invalid, {what}: {what[0].lower() * 50}")


def test_duplicates(raw, shared_arn):
    twice = [{"Key": "dup", "Value": "1"}, {"Key": "x", "Value": ""}, {"Key": "dup", "Value": "2"}]
    invalid(raw("TagResource", ResourceArn=shared_arn, Tags=twice),
            "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup")


def test_nothing_to_do(raw, shared_arn):
    invalid(raw("TagResource", ResourceArn=shared_arn, Tags=[]), "Atleast one Tag needs to be provided as Input.")
    invalid(raw("UntagResource", ResourceArn=shared_arn, TagKeys=[]), "Atleast one Tag Key needs to be provided as Input.")


@pytest.mark.parametrize("operation, member", [("TagResource", "tags"), ("UntagResource", "tagKeys")])
def test_missing_members(raw, shared_arn, operation, member):
    null = "Value null at '{}' failed to satisfy constraint: Member must not be null"
    invalid(raw(operation, ResourceArn=shared_arn), "1 validation error detected: " + null.format(member))
    invalid(raw(operation), f"2 validation errors detected: {null.format('resourceArn')}; {null.format(member)}")


@pytest.mark.parametrize("keys, message", [
    case("empty", [""], "The Tag Key provided is invalid, Key: "),
    case("bad character", ["a#"], "The Tag Key provided is invalid, Key: a#"),
    case("prefix", ["aws:k"], "Tag Key cannot be prefixed with aws:, Key: aws:k"),
    case("51", [f"k{i}" for i in range(51)], TOO_MANY),
])  # fmt: skip
def test_bad_keys_to_remove(raw, shared_arn, keys, message):
    invalid(raw("UntagResource", ResourceArn=shared_arn, TagKeys=keys), message)


def test_fifty_tags(client, raw, arn, expect_tags):
    fifty = {f"k{i:02}": "v" for i in range(50)}
    client.tag_resource(ResourceArn=arn, Tags=tags(**fifty))
    expect_tags(arn, fifty)  # in one page
    invalid(raw("TagResource", ResourceArn=arn, Tags=tags(k50="v")), TOO_MANY)
    invalid(raw("TagResource", ResourceArn=arn, Tags=tags(k00="new", k50="v")), TOO_MANY)
    again = {key: "new" for key in fifty}
    client.tag_resource(ResourceArn=arn, Tags=tags(**again))
    expect_tags(arn, again)


def change(arn, **parts):
    """The ARN with parts exchanged: service, region, account, resource."""
    names = ("arn", "partition", "service", "region", "account", "resource")
    return ":".join(parts.get(name, part) for name, part in zip(names, arn.split(":")))


REQUESTS = [("ListTagsOfResource", {}), ("TagResource", {"Tags": [{"Key": "k", "Value": "v"}]}), ("UntagResource", {"TagKeys": ["k"]})]


@pytest.mark.parametrize("operation, more", REQUESTS, ids=[r[0] for r in REQUESTS])
def test_resources_that_are_none(raw, shared_arn, operation, more):
    def ask(arn):
        return raw(operation, ResourceArn=arn, **more)

    invalid(ask("nonsense"), INVALID + "ARNs must start with 'arn:': nonsense")
    expect_error(ask(change(shared_arn, service="s3")), ACCESS_DENIED)
    expect_error(ask(change(shared_arn, account="123456789012")), ACCESS_DENIED)
    elsewhere = change(shared_arn, region="xx-nowhere-9")
    invalid(ask(elsewhere), "Invalid TableArn: Invalid ResourceArn provided as input " + elsewhere)
    backup = shared_arn + "/backup/01489602797149-73d8d5bc"
    invalid(ask(backup), INVALID + "Provided Arn is not a DynamoDB resource arn: " + backup)
    gsi = shared_arn + "/index/gsi"
    invalid(ask(gsi), INVALID + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: " + gsi)
    missing = change(shared_arn, resource="table/stator-wire-never-made")
    expect_error(ask(missing), NOT_FOUND, f"Requested resource not found: ResourcArn: {missing} not found")


def test_tags_go_with_the_table(client, raw, tables):
    name = tables.create(spec(Tags=tags(team="wire")))
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    client.delete_table(TableName=name)
    tables.wait_gone(name)
    eventually(lambda: raw("ListTagsOfResource", ResourceArn=arn).status == 400)
    client.create_table(TableName=name, **spec())
    tables.wait_active(name)
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
