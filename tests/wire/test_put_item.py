"""PutItem."""

import pytest

from support.expect import expect_error, NOT_FOUND, NOT_FOUND_TEXT
from support.values import S, unique


def test_put_then_get_round_trips(client, hash_table):
    key = {"pk": S(unique())}
    client.put_item(TableName=hash_table, Item={**key, "a": S("x")})
    got = client.get_item(TableName=hash_table, Key=key, ConsistentRead=True)["Item"]
    assert got == {**key, "a": S("x")}


@pytest.mark.differs_from_dynamodb_local("words it in its own way")
def test_unknown_table_is_not_found(raw):
    response = raw("PutItem", TableName="stator-wire-no-such-table", Item={"pk": S("x")})
    expect_error(response, NOT_FOUND, NOT_FOUND_TEXT)
