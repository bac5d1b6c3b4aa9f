"""Requests and transactions with several flaws: that what Stator tells is a flaw, and why the other one, which DynamoDB Local tells, may
come later. The proofs are answers of DynamoDB Local to parts of the request."""

from __future__ import annotations

import json
import re

import capacity
import repair
from about import index_keys, inside, keys_in, strings, table_of, tables_in, updates_key
from compare import Diff, plain_numbers
from tables import BY_NAME
from texts import MALFORMED, UNSUPPORTED, alike

FAILED = "The conditional request failed"
CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons "
TWICE = "Transaction request cannot include multiple operations on one item"
SINGLE = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "DeleteItem", "Get": "GetItem"}
CONDITIONS = ("ConditionExpression", "Expected", "ConditionalOperator", "ReturnValuesOnConditionCheckFailure")
SHOWN = ("ReturnValues", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics")


def refused(diff: Diff) -> bool:
    return not diff.stator.ok and not diff.local.ok


def single(action: dict) -> tuple[str, dict]:
    """The request of its own that does what an action of a transaction does; a check becomes a conditional delete."""
    (kind, request), = action.items()
    return SINGLE[kind], request


def without_condition(request: dict) -> dict:
    kept = {name: held for name, held in request.items() if name not in CONDITIONS}
    repair.prune(kept)
    return kept


# --- updates with several actions ---


def actions_of(expression: str) -> list[str]:
    """The actions of an update, each as an update of its own."""
    found = []
    for clause in re.findall(r"(?:SET|REMOVE|ADD|DELETE) .*?(?= SET | REMOVE | ADD | DELETE |$)", expression):
        word, _, rest = clause.partition(" ")
        found += [f"{word} {action.strip()}" for action in re.split(r",(?![^()]*\))", rest)]
    return found


def actions_alone(request: dict) -> list[tuple[str, dict]]:
    """The actions of an update or of an UPDATE statement, as requests without a condition."""
    if "Statement" in request:
        found = re.fullmatch(r"(UPDATE \S+) (.*) (WHERE .*?)( RETURNING .*)?", request["Statement"], re.DOTALL)
        if not found:
            return []
        before = found[1] + " "
        alone = []
        for action in re.split(r" (?=SET |REMOVE )", found[2]):
            skipped = request["Statement"].count("?", 0, request["Statement"].index(action)), action.count("?"), found[2].count("?")
            held = request.get("Parameters", [])
            kept = held[skipped[0] : skipped[0] + skipped[1]] + held[skipped[2]:]
            text = f"{before}{action} {found[3]}"
            alone.append(("ExecuteStatement", {"Statement": text, "Parameters": kept} if kept else {"Statement": text}))
        return alone
    kept = {name: held for name, held in request.items() if name not in (*CONDITIONS, *SHOWN, "UpdateExpression", "AttributeUpdates")}
    repair.keys(kept)
    table = table_of(request)
    keys = table.keys if table else []
    requests = [{**kept, "AttributeUpdates": {("zzz" if name in keys else name): update}}
                for name, update in request.get("AttributeUpdates", {}).items()]
    for action in actions_of(request.get("UpdateExpression", "")):
        requests.append({**kept, "UpdateExpression": action})
        repair.prune(requests[-1])
    return [("UpdateItem", alone) for alone in requests]


def told_alone(diff: Diff, request: dict, message: str) -> bool:
    """DynamoDB Local says this to one of several actions of an update, when that is alone."""
    told = []
    for operation, alone in actions_alone(request):
        item = diff.client.send("GetItem", {"TableName": alone["TableName"], "Key": alone["Key"]}) if operation == "UpdateItem" else None
        told.append((alone, diff.ask(operation, alone).message))
        if item and not told[-1][1]:  # it was taken: put back what was there
            if "Item" in item.body:
                diff.client.send("PutItem", {"TableName": alone["TableName"], "Item": item.body["Item"]})
            else:
                diff.client.send("DeleteItem", {"TableName": alone["TableName"], "Key": alone["Key"]})
    return len(told) > 1 and any(alike(alone, message, text) for alone, text in told)


def updates_own_key(request: dict, message: str) -> bool:
    """One of AttributeUpdates is about the key attribute that the text names."""
    found = repair.UPDATED_KEY.fullmatch(message)
    table = table_of(request)
    return bool(found and table) and found[1] in table.keys and found[1] in request.get("AttributeUpdates", {})


def several_actions(diff: Diff) -> bool:
    if diff.operation not in ("UpdateItem", "ExecuteStatement") or not refused(diff) or diff.stator.type != "ValidationException":
        return False
    of_item = diff.local.message == FAILED or repair.repair(diff.local.message) is not None
    ours = updates_own_key(diff.request, diff.stator.message) or told_alone(diff, diff.request, diff.stator.message)
    return ours and (of_item or told_alone(diff, diff.request, diff.local.message))


def several_in_statement(diff: Diff, statement: dict, ours: dict, theirs: dict) -> bool:
    return all(response["Error"]["Code"] == "ValidationError" and told_alone(diff, statement, response["Error"]["Message"])
               for response in (ours, theirs))


def index_key_taken(diff: Diff) -> bool:
    """DynamoDB Local has taken an update that left an index key of a wrong type."""
    if not diff.local.ok:
        return False
    if diff.operation == "UpdateItem":
        wanted = "Type mismatch for attribute to update" if "AttributeUpdates" in diff.request else UNSUPPORTED
        return diff.stator.message == wanted and holds_wrong_type(diff, diff.request)
    if diff.operation == "ExecuteStatement":
        table, key, _ = capacity.statement_key(diff.request)
        return diff.stator.message == UNSUPPORTED and holds_wrong_type(diff, {"TableName": table, "Key": key})
    if diff.operation != "TransactWriteItems":
        return False
    reasons = zip(diff.request["TransactItems"], diff.stator.body["CancellationReasons"])
    return all(reason["Code"] == "None" or (reason.get("Message") == UNSUPPORTED and holds_wrong_type(diff, action["Update"]))
               for action, reason in reasons)


def holds_wrong_type(diff: Diff, request: dict) -> bool:
    table = BY_NAME[request["TableName"]]
    item = diff.client.send("GetItem", {"TableName": table.name, "Key": request["Key"]}).body["Item"]
    return any(name in item and list(item[name]) != [table.type(name)] for index in table.indexes for name in (index.hash, index.range))


def index_key_taken_by_statement(diff: Diff, statement: dict, ours: dict, theirs: dict) -> bool:
    """The same by one statement of a batch."""
    table, key, _ = capacity.statement_key(statement)
    return "Error" not in theirs and ours["Error"]["Message"] == UNSUPPORTED and holds_wrong_type(diff, {"TableName": table, "Key": key})


def type_of_key(diff: Diff) -> bool:
    """DynamoDB Local compares the type that attribute_type asks for with the key's type, and takes the statement without that."""
    wrong = "One or more parameter values were invalid: Condition parameter type does not match schema type"
    if diff.operation != "ExecuteStatement" or diff.local.message != wrong or not diff.stator.ok:
        return False
    keys = {name for table in tables_in(diff.request) for name in (*table.keys, *index_keys(table))}
    text = re.sub(r'attribute_type\("?(\w+)"?,', lambda found: "attribute_type(zzz," if found[1] in keys else found[0],
                  diff.request["Statement"])
    return text != diff.request["Statement"] and diff.ask("ExecuteStatement", {**diff.request, "Statement": text}).ok


def long_key_in_query(diff: Diff) -> bool:
    """DynamoDB Local does not measure the keys of a query."""
    return diff.operation in ("Query", "ExecuteStatement") and has_long_key(diff.request, diff.stator.message) and (
        diff.local.ok or repair.FILTER_FLAWS.fullmatch(diff.local.message) is not None)


def has_long_key(request: dict, message: str) -> bool:
    limit = 2048 if message.endswith("Size of hashkey has exceeded the maximum size limit of2048 bytes") else 1024
    rule = limit == 2048 or message.endswith("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
    return rule and any(re.search(rf"(\w)\1{{{limit}}}", text) for part in inside(request) for text in strings(part))


def several_in_batch(diff: Diff) -> bool:
    """A batch is wrong in several places: DynamoDB Local tells both flaws of one key, item or table alone."""
    told = []
    for name, held in diff.request["RequestItems"].items():
        if diff.operation == "BatchGetItem":
            told += [diff.ask("GetItem", {"TableName": name, "Key": key}).message for key in held["Keys"]]
            told.append(diff.ask("BatchGetItem", {"RequestItems": {name: held}}).message)
        for write in held if diff.operation == "BatchWriteItem" else ():
            told.append(diff.ask("BatchWriteItem", {"RequestItems": {name: [write]}}).message)
    told = [text for text in told if text]
    return len(told) > 1 and all(any(alike(diff.request, text, other) or text == other for other in told)
                                 for text in (diff.stator.message, diff.local.message))


def index_read_counts(diff: Diff) -> bool:
    """DynamoDB Local looks for repeated keys among SELECTs from indexes too, which cannot be in a batch."""
    if diff.operation != "BatchExecuteStatement" or "contains duplicates" not in diff.local.message or not diff.stator.ok:
        return False
    kept = [statement for statement in diff.request["Statements"] if '"."' not in statement["Statement"]]
    return len(kept) < len(diff.request["Statements"]) and "duplicates" not in diff.ask("BatchExecuteStatement", {"Statements": kept}).message


def removes_inside_nothing(diff: Diff) -> bool:
    """A path is removed from an item that is not there."""
    wrong = "The document path provided in the update expression is invalid for update"
    if diff.local.message != wrong or diff.stator.message == wrong:
        return False
    updates = [diff.request] if diff.operation == "UpdateItem" else [
        action["Update"] for action in diff.request.get("TransactItems", ()) if "Update" in action]
    return any("REMOVE" in update["UpdateExpression"] and "Item" not in diff.client.send(
        "GetItem", {"TableName": update["TableName"], "Key": update["Key"]}).body for update in updates)


# --- the request before the table, the table before the item ---


def request_first(diff: Diff) -> bool:
    """Stator tells a flaw of the request alone, DynamoDB Local one that only the table or the item shows."""
    if not refused(diff) or diff.stator.type != "ValidationException" or "TransactItems" in diff.request:
        return False
    return repair.told_first(diff.operation, diff.request, diff.local.message,
                             lambda text: alike(diff.request, diff.stator.message, text), diff.ask)


def key_is_updated(diff: Diff) -> bool:
    """A statement that updates a key is refused; DynamoDB Local finds first that there is no such item."""
    return diff.operation == "ExecuteStatement" and diff.local.message == FAILED and updates_key(diff.request, diff.stator.message)


def name_of_table(diff: Diff) -> bool:
    """No table can have this name: DynamoDB Local says so to a SELECT from it, but to an INSERT that there is no such table, and to
    others what is wrong with their conditions."""
    statements = diff.request.get("TransactStatements", [diff.request])
    wrong = "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'."
    if not refused(diff) or not diff.stator.message.endswith(wrong):
        return False
    names = [re.search(r'(?:INTO|FROM|UPDATE) "([^"]*)"', statement["Statement"]) for statement in statements]
    return any(name and diff.ask("ExecuteStatement", {"Statement": f'SELECT * FROM "{name[1]}"'}).message == wrong for name in names)


# --- transactions ---


def refused_alone(diff: Diff, action: dict, message: str) -> bool:
    """DynamoDB Local says the same to the action alone, or to one of several actions of its update."""
    if "Statement" in action and action["Statement"].startswith("EXISTS"):
        if has_long_key(action, message):
            return True  # DynamoDB Local does not measure them
        told = diff.ask("ExecuteTransaction", {"TransactStatements": [action]}).body["CancellationReasons"][0]
        return alike(action, message, told.get("Message", ""))
    if "Statement" in action:
        told = diff.ask("ExecuteStatement", action).message
        return alike(action, message, told) or (told == FAILED and updates_key(action, message)) or told_alone(diff, action, message)
    operation, request = single(action)
    answer = diff.ask(operation, without_condition(request))
    if answer.ok:
        return message == UNSUPPORTED and operation == "UpdateItem" and holds_wrong_type(diff, request)
    return alike(request, message, answer.message) or (operation == "UpdateItem" and told_alone(diff, request, message))


def errors_by_position(diff: Diff) -> bool:
    """Each ValidationError is what DynamoDB Local refuses the action with when it is alone."""
    if not refused(diff) or diff.stator.type != "TransactionCanceledException":
        return False
    reasons = diff.stator.body["CancellationReasons"]
    actions = diff.request.get("TransactItems") or diff.request.get("TransactStatements")
    codes = [reason["Code"] for reason in reasons]
    if "ValidationError" not in codes or len(actions) != len(reasons) or diff.stator.message != f"{CANCELLED}[{', '.join(codes)}]":
        return False
    if not set(codes) <= {"None", "ValidationError", "ConditionalCheckFailed", "DuplicateItem"}:
        return False
    return all(refused_alone(diff, action, reason["Message"])
               for action, reason in zip(actions, reasons) if reason["Code"] == "ValidationError")


def reasons_in_words(diff: Diff, duplicate: bool) -> bool:
    """The reasons are DynamoDB Local's, but for a stop behind the text of a failed condition and, if so asked, the code of a duplicate."""
    told = diff.stator.body.get("CancellationReasons") if refused(diff) else None
    found = json.dumps(diff.local.body.get("CancellationReasons")).replace(f'"{FAILED}."', f'"{FAILED}"')
    if duplicate:
        found = found.replace('{"Code": "ValidationError", "Message": "Duplicate primary key exists in table"}',
                              '{"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}')
    return bool(told) and told == json.loads(found) and \
        diff.stator.message == f"{CANCELLED}[{', '.join(reason['Code'] for reason in told)}]"


def acts_twice(diff: Diff) -> bool:
    """Two actions on one item: refused before any condition is looked at."""
    if diff.stator.message != TWICE or diff.local.ok:
        return False
    if "TransactStatements" in diff.request:
        keys = [key for statement in diff.request["TransactStatements"] if (key := key_of(statement))]
    else:
        keys = [(table.name, {name: held.get(name) for name in table.keys}) for table, held, _ in keys_in(diff.request)]
    seen = [json.dumps(plain_numbers(key), sort_keys=True) for key in keys]
    return len(set(seen)) < len(seen)


def key_of(statement: dict) -> tuple | None:
    try:
        return capacity.statement_key(statement)[:2]
    except (TypeError, KeyError, IndexError, AttributeError):
        return None  # it has none


def several_in_transaction(diff: Diff) -> bool:
    """One action is refused with Stator's text when it is alone; DynamoDB Local tells another one's, or that a condition failed."""
    if diff.operation not in ("TransactWriteItems", "TransactGetItems") or diff.stator.type != "ValidationException":
        return False
    if diff.local.ok and not diff.stator.message.startswith("Key attributes must be scalars"):
        return False
    actions = diff.request["TransactItems"]
    told = [diff.ask(*single(action)).message for action in actions]
    ours = [alike(single(action)[1], diff.stator.message, text) for action, text in zip(actions, told)]
    checks = ["ConditionCheck" in action for action in actions]  # of which DynamoDB Local does not look at the keys in conditions
    if any(ours) and (not all(ours) or all(checks)):
        return True
    return any(repair.told_first(*single(action), text, lambda other: alike(action, diff.stator.message, other), diff.ask)
               for action, text in zip(actions, told) if text != "")


def statement_alone(diff: Diff) -> bool:
    """Stator tells a flaw of one statement's text, which DynamoDB Local tells as well when the statement is alone."""
    found = re.fullmatch(r"Validation failed in TransactStatements\[(\d+)\]: (.*)", diff.stator.message, re.DOTALL)
    if not found or diff.operation != "ExecuteTransaction" or diff.local.ok:
        return False
    statement = diff.request["TransactStatements"][int(found[1])]
    if found[2] == "RETURNING clause is not supported in ExecuteTransaction." and " RETURNING " in statement["Statement"]:
        return True
    for text in (statement["Statement"], re.sub(r'"\."\w+"', '"', statement["Statement"])):  # as it is, and without an index
        alone = {**statement, "Statement": text}
        told = diff.ask("ExecuteTransaction", {"TransactStatements": [alone]}).message
        if alike(alone, found[2], told.removeprefix("Validation failed in TransactStatements[0]: ")):
            return True
    return False


def empty_key_of_exists(diff: Diff) -> bool:
    """A key that is empty: DynamoDB Local tells it of the SELECT alone."""
    if diff.operation != "ExecuteTransaction" or "for a key attribute cannot contain an empty" not in diff.stator.message:
        return False
    inner = [{**statement, "Statement": statement["Statement"][len("EXISTS("):-1]}
             for statement in diff.request["TransactStatements"] if statement["Statement"].startswith("EXISTS(")]
    return any(diff.ask("ExecuteStatement", statement).message == diff.stator.message for statement in inner)


def malformed_alone(diff: Diff) -> bool:
    """A statement of a transaction that is none: told without its number, and before the others."""
    if diff.operation != "ExecuteTransaction" or not refused(diff) or not diff.stator.message.startswith(MALFORMED):
        return False
    return any(alike(statement, diff.stator.message, diff.ask("ExecuteTransaction", {"TransactStatements": [statement]}).message)
               for statement in diff.request["TransactStatements"])
