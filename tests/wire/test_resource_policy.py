"""PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy and CreateTable's ResourcePolicy: what is kept, shown and refused. Who
may do what by them is in test_auth_policies.py."""

from __future__ import annotations

import json

import pytest

from support.tables import new_name, spec

pytestmark = pytest.mark.only("stator", "changes are at once; DynamoDB wants 15 seconds between two")

NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: "
INVALID = "One or more parameter values were invalid: "


def deny(action="dynamodb:PutItem", **more):
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", **more}


def document(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


@pytest.fixture
def arn(raw, tables):
    return raw("DescribeTable", TableName=tables.create(spec(), label="policy"))["Table"]["TableArn"]


def name_of(arn):
    return arn.rpartition("/")[2]


def put(raw, arn, policy, **more):
    return raw("PutResourcePolicy", ResourceArn=arn, Policy=policy, **more)


def assert_refused(response, code, message):
    assert (response.status, response.code, response.message) == (400, code, message)


def test_life_of_a_policy(raw, arn):
    assert_refused(raw("GetResourcePolicy", ResourceArn=arn), "PolicyNotFoundException", NOT_FOUND + arn)
    assert raw("DeleteResourcePolicy", ResourceArn=arn).ok() == {}
    first = put(raw, arn, document(deny())).ok()["RevisionId"]
    assert first.isdigit() and len(first) == 13
    shown = raw("GetResourcePolicy", ResourceArn=arn).ok()
    assert shown == {"Policy": document(deny()).replace(" ", ""), "RevisionId": first}
    second = put(raw, arn, document(deny("dynamodb:GetItem"))).ok()["RevisionId"]
    assert int(second) > int(first)
    assert raw("DeleteResourcePolicy", ResourceArn=arn).ok() == {"RevisionId": second}
    assert raw("GetResourcePolicy", ResourceArn=arn).code == "PolicyNotFoundException"
    again = raw("DeleteResourcePolicy", ResourceArn=arn).ok()
    assert int(again["RevisionId"]) > int(second), "of the deletion"
    assert int(put(raw, arn, document(deny())).ok()["RevisionId"]) > int(again["RevisionId"])


def test_the_same_policy_changes_nothing(raw, arn):
    revision = put(raw, arn, document(deny(), deny("dynamodb:GetItem", Sid="x"))).ok()["RevisionId"]
    for text in (
        json.dumps({"Statement": [deny(), deny(["dynamodb:GetItem"], Sid="x")], "Version": "2012-10-17"}, indent=4),
        json.dumps({"Version": "2012-10-17", "Statement": [
            {"Resource": ["*"], "Action": "dynamodb:PutItem", "Principal": "*", "Effect": "deny"},
            deny("dynamodb:GetItem", Sid="x")]}),
    ):
        assert put(raw, arn, text).ok()["RevisionId"] == revision
    assert put(raw, arn, document(deny("dynamodb:GetItem", Sid="x"), deny())).ok()["RevisionId"] != revision


def test_expected_revisions(raw, arn):
    table = name_of(arn)
    missing = NOT_FOUND + f"Requested update for policy with revision id 123, but table {table} has no associated " \
        "resource-based policy."
    for response in (put(raw, arn, document(deny()), ExpectedRevisionId="123"),
                     raw("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId="123")):
        assert_refused(response, "PolicyNotFoundException", missing)
    revision = put(raw, arn, document(deny()), ExpectedRevisionId="NO_POLICY").ok()["RevisionId"]
    assert_refused(
        put(raw, arn, document(deny()), ExpectedRevisionId="NO_POLICY"), "PolicyNotFoundException",
        NOT_FOUND + f"Requested policy update expecting none to be present for table {table}, but a policy exists with "
        f"revision id {revision}.",
    )
    other = NOT_FOUND + f"Requested update for policy with revision id 123, but the policy associated to target table " \
        f"{table} has revision id {revision}."
    for response in (put(raw, arn, document(deny()), ExpectedRevisionId="123"),
                     raw("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId="123")):
        assert_refused(response, "PolicyNotFoundException", other)
    second = put(raw, arn, document(deny("dynamodb:Scan")), ExpectedRevisionId=revision).ok()["RevisionId"]
    assert raw("DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=second).ok() == {"RevisionId": second}


UNBOUNDED = ("Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure "
             "least-privilege form of access")


@pytest.mark.parametrize(
    "policy, message",
    [
        ("", INVALID + "Invalid policy document: This policy contains invalid Json"),
        ("{not json", INVALID + "Invalid policy document: This policy contains invalid Json"),
        ('{"Version":"2012-10-17","Statement":[]}',
         INVALID + "Invalid policy document: Could not parse the policy: Statement is empty!"),
        (document({"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*"}),
         INVALID + "Invalid policy document: Missing required field Resource"),
        (document(deny(Sid="a"), deny(Sid="a")),
         INVALID + "Invalid policy document: The Statement Ids in the policy are not unique"),
        (document(deny(Principal={"AWS": "nobody"})), INVALID + "Invalid principal in policy document."),
        (document({**deny(), "Effect": "Allow"}), UNBOUNDED),
        (document({**deny(), "Effect": "Allow", "Principal": {"AWS": "*"}}), UNBOUNDED),
        (document(deny()) + " " * 20480, INVALID + "Maximum policy size of 20480 bytes exceeded"),
        (document(deny(Effect="Perhaps")), INVALID + "Invalid policy document: Syntax errors in policy."),
    ],
)
def test_documents_that_are_refused(raw, arn, policy, message):
    kept = put(raw, arn, document(deny())).ok()
    assert_refused(put(raw, arn, policy), "ValidationException", message)
    assert raw("GetResourcePolicy", ResourceArn=arn)["RevisionId"] == kept["RevisionId"]


def test_largest_document(raw, arn):
    text = document(deny())
    put(raw, arn, text + " " * (20480 - len(text))).ok()
    assert raw("GetResourcePolicy", ResourceArn=arn)["Policy"] == text.replace(" ", "")


def test_forms_of_arns(raw, arn):
    def each(changed):
        return [raw("GetResourcePolicy", ResourceArn=changed), put(raw, changed, document(deny())),
                raw("DeleteResourcePolicy", ResourceArn=changed)]

    for response in each(name_of(arn)):
        assert_refused(response, "ValidationException", INVALID + f"ARNs must start with 'arn:': {name_of(arn)}")
    for response in each(arn + "-missing"):
        assert_refused(response, "ResourceNotFoundException",
                       f"Requested resource not found: Table: {name_of(arn)}-missing not found")
    for response in each(arn + "/index/x"):
        assert_refused(response, "ValidationException", INVALID + "Invalid resource arn provided, only table or stream is "
                       f"accepted. Provided resource arn: {arn}/index/x")
    for response in each(arn + "/backup/0170"):
        assert_refused(response, "ValidationException",
                       INVALID + f"Provided Arn is not a DynamoDB resource arn: {arn}/backup/0170")
    parts = arn.split(":")
    for position, value in ((1, "aws-cn"), (3, "mars-1")):
        other = ":".join(parts[:position] + [value] + parts[position + 1:])
        for response in each(other):
            assert_refused(response, "ValidationException", INVALID + f"Invalid resource Arn: {other}")
    for response in each(":".join(parts[:4] + ["999999999999"] + parts[5:])):
        assert_refused(response, "ValidationException", "This action is only supported by accounts that match the "
                       "resource owner\u2019s account.")


def test_create_table_with_a_policy(raw, client):
    name = new_name("policy")
    created = raw("CreateTable", TableName=name, **spec(), ResourcePolicy=document(deny())).ok()["TableDescription"]
    try:
        assert "ResourcePolicy" not in created
        shown = raw("GetResourcePolicy", ResourceArn=created["TableArn"]).ok()
        assert json.loads(shown["Policy"])["Statement"] == [deny()]
    finally:
        client.delete_table(TableName=name)
    assert raw("GetResourcePolicy", ResourceArn=created["TableArn"]).code == "ResourceNotFoundException"
    refused = raw("CreateTable", TableName=name, **spec(), ResourcePolicy="{")
    assert_refused(refused, "ValidationException", INVALID + "Invalid policy document: This policy contains invalid Json")
    assert raw("DescribeTable", TableName=name).code == "ResourceNotFoundException"


def test_other_changes_keep_the_policy(raw, client, arn):
    revision = put(raw, arn, document(deny())).ok()["RevisionId"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    client.update_table(TableName=name_of(arn), DeletionProtectionEnabled=True)
    client.update_table(TableName=name_of(arn), DeletionProtectionEnabled=False)
    assert raw("GetResourcePolicy", ResourceArn=arn)["RevisionId"] == revision
