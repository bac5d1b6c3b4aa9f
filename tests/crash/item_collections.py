"""Whether the server knows the exact size of item collections. It never tells the bytes; but a collection takes no byte more
than the limit, so what still fits into one says how large the server takes it to be."""

from __future__ import annotations

import random

from load import TABLE, wire_key
from server import Refused

LIMIT = 1_200_000  # more than the load (load.py) writes into any
SMALL_LIMIT = 50_000  # and that of transactions (transact_load.py)
INDEX_ROW = 100  # what a row of a local index takes beside its attributes
LOCAL = ("pk", "sk", "lsk", "version")  # what is in a row of the index "local"
FILLER_BYTES_MAX = 300_000
FILLER_SORT_KEY = 1_000_000
PROBED = 5


def number_size(text):
    """docs/formats/items.md; of whole numbers that are not negative."""
    digits = text.zfill(len(text) + len(text) % 2)
    pairs = len(digits.rstrip("0")) + 1 >> 1
    return 1 + pairs


def value_size(value):
    ((kind, content),) = value.items()
    if kind in ("S", "N"):
        return len(content) if kind == "S" else number_size(content)
    if kind == "SS":
        return sum(map(len, content))
    if kind == "L":
        return 3 + sum(1 + value_size(element) for element in content)
    if kind == "M":
        return 3 + sum(1 + len(name) + value_size(member) for name, member in content.items())
    assert kind in ("BOOL", "NULL"), kind
    return 1


def item_size(item):
    return sum(len(name) + value_size(value) for name, value in item.items())


def sums(found):
    """The size of each collection, from the items of the table."""
    sizes = {}
    for (pk, _), item in found.items():
        row = {name: item[name] for name in LOCAL if name in item}
        sizes[pk] = sizes.get(pk, 0) + item_size(item) + (item_size(row) + INDEX_ROW if "lsk" in item else 0)
    return sizes


def fits(client, key, size):
    item = {**wire_key(key), "filler": {"S": ""}}
    item["filler"] = {"S": "x" * (size - item_size(item))}
    try:
        client("PutItem", TableName=TABLE, Item=item)
        return True
    except Refused as error:
        assert error.code == "ItemCollectionSizeLimitExceededException", error
        return False


def probe(client, pk, size, limit):
    """Fills a collection of this size up to the limit, and leaves it as it was."""
    room, keys = limit - size, []
    assert room > 1000, f"collection {pk} has {size} bytes: raise the limit of {limit}"
    while room > 0:
        keys.append((pk, FILLER_SORT_KEY + len(keys)))
        part = room if room <= FILLER_BYTES_MAX else min(FILLER_BYTES_MAX, room - 1000)
        if part == room:
            assert not fits(client, keys[-1], part + 1), f"collection {pk} has {size} bytes; to the server it is smaller"
        assert fits(client, keys[-1], part), f"collection {pk} has {size} bytes; to the server it is larger"
        room -= part
    for key in keys:
        client("DeleteItem", TableName=TABLE, Key=wire_key(key))


def verify_collections(found, client, limit):
    """Some of the collections, and one without items."""
    sizes = sums(found)
    for pk in random.Random(len(found)).sample(sorted(sizes), min(PROBED, len(sizes))):
        probe(client, pk, sizes[pk], limit)
    probe(client, "never written", 0, limit)
