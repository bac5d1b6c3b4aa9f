"""The load, and what it knows: workers that write to keys of their own and remember every answer.

A worker's keys are touched by nobody else, so it knows the exact item behind each. A write that was sent but never
answered leaves two possible states for its keys; the next look decides which it is, and from then on it is certain. For a
transaction that is one decision for all of its keys.
Two kinds of writes are shared: a counter (every acknowledged ADD must be in it) and claims (puts with
attribute_not_exists: whoever was told that he won must still own it).
"""

from __future__ import annotations

import random
import threading
import time

from server import GONE, Refused

TABLE = "load"
KEYS_PER_WORKER = 120
SORT_KEYS = 12  # so a partition key holds several items, and a local index has something to sort
COUNTER = ("counter", 0)
CLAIMS = 400
CLAIM_PK = "claim"
DOOMED_PK = "doomed"  # items that were to expire before they were written: there for a while, or not
SHARED = (COUNTER[0], CLAIM_PK, DOOMED_PK)
TTL = {"AttributeName": "expires", "Enabled": True}
FAR_SECONDS = 4_102_444_800

SPECIFICATION = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "lsk", "AttributeType": "N"},
        {"AttributeName": "gpk", "AttributeType": "S"},
        {"AttributeName": "gsk", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "local",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "lsk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["version"]},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "global",
            "KeySchema": [{"AttributeName": "gpk", "KeyType": "HASH"}, {"AttributeName": "gsk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def key_of(item):
    return item["pk"]["S"], int(item["sk"]["N"])


def wire_key(key):
    return {"pk": {"S": key[0]}, "sk": {"N": str(key[1])}}


class Worker:
    def __init__(self, number, seed):
        self.number = number
        self.rng = random.Random(f"{seed} worker {number}")
        self.keys = [(f"w{number}-{n // SORT_KEYS}", n % SORT_KEYS) for n in range(KEYS_PER_WORKER)]
        self.certain = {}  # key -> item, or absent
        self.possible = {}  # key -> states (item or None) of a write that was never answered
        self.counted = 0  # acknowledged ADDs
        self.maybe_counted = 0  # sent ADDs without an answer
        self.claimed = set()  # claims that were acknowledged
        self.maybe_claimed = set()
        self.unanswered = []  # transactions: key -> (state before, state after)
        self.acknowledged = 0
        self.counts = {}  # acknowledged writes by kind
        self.version = 0
        self.failure = None
        self.tolerates_errors = False  # an answer that is a server's error ends the run, as the server's end does
        self.refused = None  # that error
        self.body_bytes_min = 0
        self.is_mixed = False  # also transactions, statements, items that expire

    # --- what is written ---

    def _body(self):
        size = self.rng.choice((0, 10, 100, 100, 400, 400, 400, 3000, 3000, 60000))
        return "".join(self.rng.choices("abcdefgh", k=64)) * ((max(size, self.body_bytes_min) + 63) // 64)

    def _item(self, key):
        self.version += 1
        item = {
            **wire_key(key),
            "version": {"N": str(self.version)},
            "body": {"S": self._body()},
            "labels": {"SS": sorted({self.rng.choice("pqrstuv") for _ in range(3)})},
            "nested": {"M": {"list": {"L": [{"N": str(self.version)}, {"BOOL": True}, {"NULL": True}]}}},
        }
        if self.rng.random() < 0.7:
            item["lsk"] = {"N": str(self.rng.randrange(50))}
        if self.rng.random() < 0.7:
            item["gpk"] = {"S": f"group {self.rng.randrange(20)}"}
            item["gsk"] = {"N": str(self.rng.randrange(1000))}
        if self.rng.random() < 0.3:
            item["expires"] = {"N": str(FAR_SECONDS + self.rng.randrange(1000))}
        return item

    def _put(self, call):
        key = self.rng.choice(self.keys)
        item = self._item(key)
        self._attempt(call, "PutItem", {key: item}, TableName=TABLE, Item=item)

    def _delete(self, call):
        key = self.rng.choice(self.keys)
        self._attempt(call, "DeleteItem", {key: None}, TableName=TABLE, Key=wire_key(key))

    def _update(self, call):
        key = self.rng.choice(self.keys)
        self.version += 1
        body, group = self._body(), f"group {self.rng.randrange(20)}"
        item = dict(self.certain.get(key) or wire_key(key))
        hits = int(item.get("hits", {"N": "0"})["N"]) + 1
        tags = item.get("tags", {"L": []})["L"][-3:]
        item.update(
            version={"N": str(self.version)},
            body={"S": body},
            gpk={"S": group},
            gsk={"N": str(self.version)},
            hits={"N": str(hits)},
            tags={"L": [*tags, {"S": f"tag {self.version}"}]},
        )
        item.pop("lsk", None)
        self._attempt(
            call,
            "UpdateItem",
            {key: item},
            TableName=TABLE,
            Key=wire_key(key),
            UpdateExpression="SET version = :v, body = :b, gpk = :g, gsk = :v, tags = list_append(:old, :t)"
            " REMOVE lsk ADD hits :one",
            ExpressionAttributeValues={
                ":v": {"N": str(self.version)},
                ":b": {"S": body},
                ":g": {"S": group},
                ":old": {"L": tags},
                ":t": {"L": [{"S": f"tag {self.version}"}]},
                ":one": {"N": "1"},
            },
        )

    def _batch(self, call):
        keys = self.rng.sample(self.keys, self.rng.randrange(2, 26))
        states = {key: self._item(key) if self.rng.random() < 0.8 else None for key in keys}
        requests = [
            {"PutRequest": {"Item": item}} if item else {"DeleteRequest": {"Key": wire_key(key)}}
            for key, item in states.items()
        ]
        self._attempt(call, "BatchWriteItem", states, RequestItems={TABLE: requests})

    def _refused_put(self, call):
        """A condition that must fail, and must change nothing."""
        if not self.certain:
            return
        key = self.rng.choice(list(self.certain))
        try:
            call("PutItem", TableName=TABLE, Item=self._item(key), ConditionExpression="attribute_not_exists(pk)")
        except Refused as error:
            self._expect_failed_condition(error)
            self.acknowledged += 1
        else:
            raise AssertionError(f"a put on {key} succeeded although the item is there")

    @staticmethod
    def _expect_failed_condition(error):
        if error.code != "ConditionalCheckFailedException":
            raise error

    def _count(self, call):
        self.maybe_counted += 1
        call(
            "UpdateItem",
            TableName=TABLE,
            Key=wire_key(COUNTER),
            UpdateExpression="ADD hits :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        self.maybe_counted -= 1
        self.counted += 1
        self.acknowledged += 1

    def _claim(self, call):
        number = self.rng.randrange(CLAIMS)
        if number in self.claimed:
            return
        self.maybe_claimed.add(number)
        try:
            call(
                "PutItem",
                TableName=TABLE,
                Item={**wire_key((CLAIM_PK, number)), "owner": {"N": str(self.number)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except Refused as error:
            self._expect_failed_condition(error)
        else:
            self.claimed.add(number)
        self.maybe_claimed.discard(number)
        self.acknowledged += 1

    def _transact(self, call):
        """Puts and deletions of keys that are on several shards, if there are several."""
        keys = self.rng.sample(self.keys, self.rng.randrange(2, 8))
        states = {key: self._item(key) if self.rng.random() < 0.8 else None for key in keys}
        actions = [
            {"Put": {"TableName": TABLE, "Item": item}}
            if item
            else {"Delete": {"TableName": TABLE, "Key": wire_key(key)}}
            for key, item in states.items()
        ]
        self.unanswered.append({key: (self.certain.get(key), state) for key, state in states.items()})
        self._attempt(call, "TransactWriteItems", states, TransactItems=actions)
        self.unanswered.pop()

    def _statement(self, call):
        key = self.rng.choice(self.keys)
        old = self.certain.get(key)
        where, parameters = "WHERE pk = ? AND sk = ?", [*wire_key(key).values()]
        item = self._item(key)
        if old is None:
            names = list(item)
            text = f'INSERT INTO "{TABLE}" VALUE {{{", ".join(f"{name!r}: ?" for name in names)}}}'
            state, parameters = item, [item[name] for name in names]
        elif self.rng.random() < 0.7:
            state = {**old, "version": item["version"], "body": item["body"], "gpk": {"S": "stated"}, "gsk": item["version"]}
            text = f'UPDATE "{TABLE}" SET version = ? SET body = ? SET gpk = ? SET gsk = ? {where}'
            parameters = [state[name] for name in ("version", "body", "gpk", "gsk")] + parameters
        else:
            text, state = f'DELETE FROM "{TABLE}" {where}', None
        self._attempt(call, "ExecuteStatement", {key: state}, Statement=text, Parameters=parameters)

    def _doom(self, call):
        item = {**wire_key((DOOMED_PK, self.rng.randrange(50))), "expires": {"N": str(int(time.time()) - 60)}}
        item.update(lsk={"N": "1"}, gpk={"S": "doomed"}, gsk={"N": "1"})
        call("PutItem", TableName=TABLE, Item=item)
        self.acknowledged += 1

    # --- how it is remembered ---

    def _attempt(self, call, operation, states, **request):
        for key, state in states.items():
            self.possible[key] = (self.certain.get(key), state)
        reply = call(operation, **request)
        refused = set()
        for entry in reply.get("UnprocessedItems", {}).get(TABLE, []):
            refused.add(key_of(entry["PutRequest"]["Item"] if "PutRequest" in entry else entry["DeleteRequest"]["Key"]))
        for key, state in states.items():
            del self.possible[key]
            if key not in refused:
                self.remember(key, state)
        self.acknowledged += 1
        self.counts[operation] = self.counts.get(operation, 0) + 1

    def remember(self, key, state):
        if state is None:
            self.certain.pop(key, None)
        else:
            self.certain[key] = state

    def run(self, server, stop):
        """Writes until the server is gone or `stop` is set."""
        client = server.client()
        actions = [self._put, self._update, self._delete, self._batch, self._refused_put, self._count, self._claim]
        weights = [30, 30, 10, 15, 5, 5, 5]
        if self.is_mixed:
            actions += [self._transact, self._statement, self._doom]
            weights += [15, 20, 3]
        try:
            while not stop.is_set():
                self.rng.choices(actions, weights)[0](client)
        except GONE:
            pass
        except Refused as error:
            if self.tolerates_errors and error.status >= 500:
                self.refused = error
            else:
                self.failure = error
        except BaseException as error:  # pylint: disable=broad-except # reported by Load.join
            self.failure = error
        finally:
            client.close()


class Load:
    """All workers, over the rounds of a test."""

    def __init__(self, workers, seed, is_mixed=False):
        self.workers = [Worker(n, seed) for n in range(workers)]
        for worker in self.workers:
            worker.is_mixed = is_mixed
        self._threads = []
        self._stop = threading.Event()

    def start(self, server):
        self._stop.clear()
        self._threads = [threading.Thread(target=w.run, args=(server, self._stop)) for w in self.workers]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()

    def join(self):
        for thread in self._threads:
            thread.join()
        for worker in self.workers:
            if worker.failure is not None:
                raise worker.failure

    @property
    def acknowledged(self):
        return sum(w.acknowledged for w in self.workers)

    @property
    def unanswered(self):
        """Writes that were sent and never answered, since the last look."""
        return sum(len(w.possible) for w in self.workers)

    @property
    def counts(self):
        kinds = sorted({kind for w in self.workers for kind in w.counts})
        return {kind: sum(w.counts.get(kind, 0) for w in self.workers) for kind in kinds}
