"""Random writes beside a model in Python: each reply and, at the end, the whole table must be what the model says."""

import random

import pytest

from support.expect import CONDITION_FAILED, CONDITION_FAILED_TEXT, expect_error
from support.tables import spec
from support.values import N, NS, S, normal, unique

STEPS = 400


@pytest.fixture(scope="module")
def table(tables):
    return tables.create(spec("pk", "sk", {"sk": "N"}))


class Model:
    def __init__(self):
        self.items = {}

    def expected(self, place):
        item = self.items.get(place)
        return normal(item) if item else None


def key_of(place):
    return {"pk": S(place[0]), "sk": N(place[1])}


def put(rng, raw, table, model, place):
    item = {**key_of(place), "n": N(rng.randint(-9, 9)), "tags": NS(*rng.sample(range(9), 3))}
    reply = raw("PutItem", TableName=table, Item=item, ReturnValues="ALL_OLD").ok()
    assert normal(reply.get("Attributes")) == model.expected(place)
    model.items[place] = item


def delete(rng, raw, table, model, place):
    reply = raw("DeleteItem", TableName=table, Key=key_of(place), ReturnValues="ALL_OLD").ok()
    assert normal(reply.get("Attributes")) == model.expected(place)
    model.items.pop(place, None)


def add(rng, raw, table, model, place):
    number, tag = rng.randint(-9, 9), rng.randrange(20)
    reply = raw("UpdateItem", TableName=table, Key=key_of(place), UpdateExpression="ADD n :n, tags :t SET recent = :n",
                ExpressionAttributeValues={":n": N(number), ":t": NS(tag)}, ReturnValues="ALL_NEW").ok()
    item = dict(model.items.get(place, key_of(place)))
    item["n"] = N(int(item.get("n", N(0))["N"]) + number)
    item["tags"] = NS(*{*item.get("tags", NS())["NS"], str(tag)})
    item["recent"] = N(number)
    model.items[place] = item
    assert normal(reply["Attributes"]) == model.expected(place)


def put_if_absent(rng, raw, table, model, place):
    item = {**key_of(place), "n": N(0)}
    response = raw("PutItem", TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)",
                   ReturnValuesOnConditionCheckFailure="ALL_OLD")
    if place in model.items:
        expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)
        assert normal(response.json["Item"]) == model.expected(place)
    else:
        response.ok()
        model.items[place] = item


def update_if_positive(rng, raw, table, model, place):
    response = raw("UpdateItem", TableName=table, Key=key_of(place), UpdateExpression="SET n = n - :one REMOVE recent",
                   ConditionExpression="n > :zero", ExpressionAttributeValues={":one": N(1), ":zero": N(0)})
    item = model.items.get(place)
    if item and int(item["n"]["N"]) > 0:
        response.ok()
        model.items[place] = {name: value for name, value in item.items() if name != "recent"}
        model.items[place]["n"] = N(int(item["n"]["N"]) - 1)
    else:
        expect_error(response, CONDITION_FAILED, CONDITION_FAILED_TEXT)


def get(rng, raw, table, model, place):
    reply = raw("GetItem", TableName=table, Key=key_of(place), ConsistentRead=True).ok()
    assert normal(reply.get("Item")) == model.expected(place)


@pytest.mark.parametrize("seed", range(5))
def test_replies_and_table_follow_the_model(raw, client, table, seed):
    rng = random.Random(seed)
    model = Model()
    partitions = [unique(f"model{seed}") for _ in range(6)]
    for _ in range(STEPS):
        place = rng.choice(partitions), rng.randrange(-2, 2)
        step = rng.choice([put, delete, add, put_if_absent, update_if_positive, get])
        step(rng, raw, table, model, place)
    stored = {}
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, PaginationConfig={"PageSize": 7}):
        for item in page["Items"]:
            place = item["pk"]["S"], int(item["sk"]["N"])
            assert place not in stored, f"expected each item once in a scan, {place} came twice"
            if place[0] in partitions:
                stored[place] = normal(item)
    assert stored == {place: normal(item) for place, item in model.items.items()}
