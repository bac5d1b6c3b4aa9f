"""A load of transactions, and what it knows of them.

Each worker has a group of items, spread over all shards, that only it writes to, and only by transactions over the whole
group: after version v every item is what `Group.expected(v)` says. So a look at the group tells whether a transaction
that was never answered was done, and half of one is found at once. It is then sent again with its ClientRequestToken:
whether it was done before or not, it must have been done exactly once.

All workers also move money between accounts that they share. Nobody may ever see another sum.
"""

from __future__ import annotations

import threading
import time
import uuid
from random import Random

from item_collections import verify_collections
from load import TABLE, key_of, wire_key
from server import GONE, Refused
from verify import describe, plain, read_table, verify_global_index, verify_local_index

GROUP_ITEMS = 6
ACCOUNTS = 8
EACH = 1000
SETTLE_SECONDS_MAX = 30
ACCOUNT_KEYS = [(f"account {n}", 0) for n in range(ACCOUNTS)]


def get_all(keys):
    return [{"Get": {"TableName": TABLE, "Key": wire_key(key)}} for key in keys]


def is_conflict(error):
    """Nothing but the conflict with another transaction is wrong."""
    codes = {reason["Code"] for reason in error.reply.get("CancellationReasons", [])}
    return "TransactionConflict" in codes and codes <= {"None", "TransactionConflict"}


class Group:
    def __init__(self, number):
        self.number = number
        self.keys = [(f"group {number}-{n}", n) for n in range(GROUP_ITEMS)]
        self.version = 0
        self.pending = None  # the request of the next version, sent but never answered

    def _stamp(self, version):
        return {
            "version": {"N": str(version)},
            "lsk": {"N": str(version % 5)},
            "gpk": {"S": f"versions {version % 3}"},
            "gsk": {"N": str(version)},
        }

    def expected(self, version):
        """The first item is updated, so it also counts; the last one is there every other time; the others are put."""
        items = {key: {**wire_key(key), **self._stamp(version)} for key in self.keys[:-1]}
        if version == 0:
            return {}
        items[self.keys[0]]["times"] = {"N": str(version)}
        if version % 2 == 0:
            items[self.keys[-1]] = {**wire_key(self.keys[-1]), "body": {"S": "x" * 3000}}
        return items

    def request(self):
        """The transaction from this version to the next."""
        version, first, last = self.version + 1, self.keys[0], self.keys[-1]
        items = self.expected(version)
        stamp = self._stamp(version)
        actions = [{
            "Update": {
                "TableName": TABLE,
                "Key": wire_key(first),
                "UpdateExpression": "ADD times :one SET " + ", ".join(f"{name} = :{name}" for name in stamp),
                "ExpressionAttributeValues": {":one": {"N": "1"}, **{f":{name}": value for name, value in stamp.items()}},
            }
        }]
        actions += [{"Put": {"TableName": TABLE, "Item": items[key]}} for key in self.keys[1:-1]]
        if last in items:
            actions.append({"Put": {"TableName": TABLE, "Item": items[last], "ConditionExpression": "attribute_not_exists(pk)"}})
        else:
            condition = {"ConditionExpression": "attribute_exists(pk)"} if self.version > 0 else {}
            actions.append({"Delete": {"TableName": TABLE, "Key": wire_key(last), **condition}})
        return {"TransactItems": actions, "ClientRequestToken": str(uuid.uuid4())}

    def advance(self, call):
        self.pending = self.pending or self.request()
        call("TransactWriteItems", **self.pending)
        self.pending = None
        self.version += 1

    def verify(self, found, call):
        """Settles what was never answered."""
        state = {key: found[key] for key in self.keys if key in found}
        versions = [self.version] + ([self.version + 1] if self.pending else [])
        fits = [version for version in versions if state == self.expected(version)]
        assert fits, (
            f"group {self.number} must be wholly of version {versions} and is\n"
            + "\n".join(f"{key}: {describe(state.get(key))}" for key in self.keys)
        )
        if self.pending:
            self.advance(call)
        reply = call("TransactGetItems", TransactItems=get_all(self.keys))
        now = {key_of(r["Item"]): plain(r["Item"]) for r in reply["Responses"] if r}
        assert now == self.expected(self.version), f"group {self.number}: a repetition did not do it once"
        return len(versions) == 2 and fits[-1] == versions[-1]


class Worker:
    def __init__(self, number, seed):
        self.rng = Random(f"{seed} transactions {number}")
        self.group = Group(number)
        self.acknowledged = 0
        self.conflicts = 0
        self.readings = 0
        self.failure = None
        self.tolerates_errors = False
        self.refused = None

    def _transfer(self, call):
        """One try: a conflict is given up."""
        keys = self.rng.sample(ACCOUNT_KEYS, 3)
        amounts = [self.rng.randrange(1, 9), self.rng.randrange(1, 9)]
        amounts.append(-sum(amounts))
        updates = [
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": wire_key(key),
                    "UpdateExpression": "ADD balance :v SET gpk = :g",
                    "ExpressionAttributeValues": {":v": {"N": str(amount)}, ":g": {"S": f"branch {self.rng.randrange(3)}"}},
                }
            }
            for key, amount in zip(keys, amounts)
        ]
        try:
            call("TransactWriteItems", TransactItems=updates)
            self.acknowledged += 1
        except Refused as error:
            if not is_conflict(error):
                raise
            self.conflicts += 1

    def _look(self, call):
        try:
            reply = call("TransactGetItems", TransactItems=get_all(ACCOUNT_KEYS))
        except Refused as error:
            if not is_conflict(error):
                raise
            self.conflicts += 1
            return
        check_sum(r["Item"] for r in reply["Responses"])
        self.readings += 1

    def _advance(self, call):
        self.group.advance(call)
        self.acknowledged += 1

    def run(self, server, stop):
        client = server.client()
        try:
            while not stop.is_set():
                self.rng.choices((self._advance, self._transfer, self._look), (5, 4, 1))[0](client)
        except GONE:
            pass
        except Refused as error:
            if self.tolerates_errors and error.status >= 500:
                self.refused = error
            elif not (self.tolerates_errors and is_conflict(error)):
                self.failure = error
        except BaseException as error:  # pylint: disable=broad-except # reported by Load.join
            self.failure = error
        finally:
            client.close()


def check_sum(items):
    balances = [int(item["balance"]["N"]) for item in items]
    assert len(balances) == ACCOUNTS and sum(balances) == ACCOUNTS * EACH, f"balances {balances} sum up to {sum(balances)}"


class Load:
    def __init__(self, workers, seed):
        self.workers = [Worker(n, seed) for n in range(workers)]
        self._threads = []
        self._stop = threading.Event()

    def prepare(self, client):
        """Opens the accounts."""
        puts = [{"Put": {"TableName": TABLE, "Item": {**wire_key(key), "balance": {"N": str(EACH)}, "gsk": {"N": "0"}}}}
                for key in ACCOUNT_KEYS]
        client("TransactWriteItems", TransactItems=puts)

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

    def settle(self, server):
        """Repeats what was never answered until it is, on a server that goes on after a commit that failed."""
        client = server.client()
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        for worker in self.workers:
            while worker.group.pending:
                try:
                    worker.group.advance(client)
                except Refused as error:
                    is_under_way = error.code == "TransactionInProgressException" or is_conflict(error)
                    assert is_under_way and time.monotonic() < deadline, f"group {worker.group.number}: {error}"
                    time.sleep(0.05)
        while True:  # accounts have no token: a transfer that failed holds them until it is done or undone
            try:
                client("TransactWriteItems", TransactItems=[
                    {"ConditionCheck": {"TableName": TABLE, "Key": wire_key(key), "ConditionExpression": "attribute_exists(pk)"}}
                    for key in ACCOUNT_KEYS])
                break
            except Refused as error:
                assert is_conflict(error) and time.monotonic() < deadline, error
                time.sleep(0.05)
        client.close()

    def verify(self, server):
        """Every transaction is wholly done or wholly undone, and those that were acknowledged are done. Gives how many
        were done but never answered."""
        client = server.client()
        found = read_table(client)
        check_sum(found[key] for key in ACCOUNT_KEYS)
        done = sum(worker.group.verify(found, client) for worker in self.workers)
        found = read_table(client)
        verify_local_index(found, client)
        verify_global_index(found, client)
        if server.collection_bytes_max is not None:
            verify_collections(found, client, server.collection_bytes_max)
        client.close()
        return done
