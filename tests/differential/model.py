"""What botocore's model of the service says of a request, independently of Stator: members of a wrong JSON type, and the
constraints that are broken, with the text that tells of them.

The forms of the texts are those of "Validation errors detected" in AWS's error messages, as public bug reports quote them."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Iterator

import botocore.loaders
import botocore.model

MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("dynamodb", "service-2"))
VIOLATIONS_MAX = 10
ECHO_MAX = 200
ENUM = re.compile(r"enum value set: \[([A-Z_, ]*)\]")
NAME = {"min": 3, "max": 255, "pattern": "[a-zA-Z0-9_.-]+"}

STRUCTURE = "Start of structure or map found where not expected"
LIST = "Start of list found where not expected"
TAKES = {"string": (str,), "blob": (str,), "boolean": (bool,), "integer": (int, float), "long": (int, float), "list": (list,),
         "map": (dict,), "structure": (dict,)}
TOKENS = {bool: lambda value: "TRUE_VALUE" if value else "FALSE_VALUE", int: lambda _: "NUMBER_VALUE", float: lambda _: "DECIMAL_VALUE",
          str: lambda _: "STRING_VALUE"}


def input_of(operation: str):
    return MODEL.operation_model(operation).input_shape


# --- JSON types ---


def wrong_types(shape, value: Any) -> Iterator[str]:
    """The text for each member of another type than the model's, in the order of the request."""
    if value is None:
        return
    kind = shape.type_name
    if type(value) not in TAKES[kind]:
        yield wrong_type(kind, value)
    elif kind == "structure":
        for name, held in value.items():
            if name in shape.members:
                yield from wrong_types(shape.members[name], held)
    elif kind == "list":
        for held in value:
            yield from wrong_types(shape.member, held)
    elif kind == "map":
        for held in value.values():
            yield from wrong_types(shape.value, held)
    elif kind == "blob":
        yield from wrong_base64(value)


def wrong_type(kind: str, value: Any) -> str:
    if isinstance(value, dict):
        return STRUCTURE
    if isinstance(value, list):
        return LIST
    if kind in ("list", "map"):
        return "Unexpected field type"
    if kind == "structure":
        return "Unexpected value type in payload"
    if kind == "blob":
        return "only base-64-encoded strings are convertible to bytes"
    if kind == "boolean" and isinstance(value, str):
        return "Unexpected token received from parser"
    return f"{TOKENS[type(value)](value)} cannot be converted to {kind.capitalize()}"


def wrong_base64(text: str) -> Iterator[str]:
    if len(text.encode()) % 4:
        yield f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(text.encode())}"
        return
    try:
        again = base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError):
        yield "Invalid Base64 character"
        return
    if again != text:
        yield "Invalid last non-pad Base64 character dectected"


def known_members(shape, value: Any) -> Any:
    """The value without the members that the model does not have: nobody looks at those."""
    kind = shape.type_name
    if kind in ("structure", "map") and isinstance(value, dict):
        shapes = shape.members if kind == "structure" else dict.fromkeys(value, shape.value)
        return {name: known_members(shapes[name], held) for name, held in value.items() if name in shapes}
    if kind == "list" and isinstance(value, list):
        return [known_members(shape.member, held) for held in value]
    return value


# --- constraints ---


class Checker:
    """Collects a pattern for each broken constraint. The echo of a container is not compared: it differs between regions."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, value: Any, path: str, constraint: str) -> None:
        if len(self.found) == VIOLATIONS_MAX:
            return
        text = str(value)
        echo = re.escape(text) if len(text) < ECHO_MAX else re.escape(text[:ECHO_MAX]) + ".*"  # long ones are cut
        shown = "null" if value is None else "'.*'" if isinstance(value, (dict, list)) else f"'{echo}'"
        self.found.append(f"Value {shown} at {re.escape(repr(path))} failed to satisfy constraint: {re.escape(constraint)}")

    def structure(self, shape, value: dict, path: str) -> None:
        for name, member in shape.members.items():
            at = (path + "." if path else "") + name[0].lower() + name[1:]
            held = value.get(name)
            if held is not None:
                self.value(member, held, at)
            elif name in shape.required_members:
                self.add(None, at, "Member must not be null")

    def value(self, shape, value: Any, path: str) -> None:
        kind = shape.type_name
        self.limits(shape, value, path)
        if kind == "structure" and shape.name != "AttributeValue":
            self.structure(shape, value, path)
        elif kind == "list":
            self.elements(shape.member, value, list(enumerate(value, 1)), path, "Member")
        elif kind == "map":
            if shape.key.name in ("TableName", "TableArn"):
                self.names(value, path)
            self.elements(shape.value, value, list(value.items()), path, "Map value")
        elif kind == "string" and shape.enum and value not in shape.enum:
            self.add(value, path, f"Member must satisfy enum value set: [{', '.join(sorted(shape.enum))}]")

    def limits(self, shape, value: Any, path: str) -> None:
        limits = NAME if shape.name == "TableArn" and value and not value.startswith("arn:") else shape.metadata
        for text in broken(limits, value):
            self.add(value, path, text)

    def names(self, value: dict, path: str) -> None:
        if any(broken(NAME, name) for name in value if not name.startswith("arn:")):
            self.add(value, path, "Map keys must satisfy constraint: " + all_limits(NAME))

    def elements(self, element, value: Any, held: list, path: str, what: str) -> None:
        """Limits of elements that are scalars or lists are told of once, at the container."""
        if element.type_name in ("string", "list", "map") and any(one is None or broken(element.metadata, one) for _, one in held):
            self.add(value, path, f"{what} must satisfy constraint: {all_limits(element.metadata)}")
        if element.type_name in ("structure", "list", "map"):
            for name, one in held:
                if one is not None and element.type_name == "structure":
                    self.value(element, one, f"{path}.{name}.member")
                elif one is not None:
                    self.inside(element, one, f"{path}.{name}.member")

    def inside(self, shape, value: Any, path: str) -> None:
        if shape.type_name == "list":
            self.elements(shape.member, value, list(enumerate(value, 1)), path, "Member")
        else:
            self.elements(shape.value, value, list(value.items()), path, "Map value")


def broken(limits: dict, value: Any) -> list[str]:
    if isinstance(value, bool):
        return []
    number = isinstance(value, (int, float))
    measured = int(value) if number else len(value.encode("utf-16-le")) // 2 if isinstance(value, str) else len(value)
    what = "value" if number else "length"
    found = []
    if "min" in limits and measured < limits["min"]:
        found.append(f"Member must have {what} greater than or equal to {limits['min']}")
    if "max" in limits and measured > limits["max"]:
        found.append(f"Member must have {what} less than or equal to {limits['max']}")
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        found.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    return found


def all_limits(limits: dict) -> str:
    found = []
    if "max" in limits:
        found.append(f"Member must have length less than or equal to {limits['max']}")
    if "min" in limits:
        found.append(f"Member must have length greater than or equal to {limits['min']}")
    if "pattern" in limits:
        found.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    return f"[{', '.join(found) or 'Member must not be null'}]"


def sorted_enums(message: str) -> str:
    """The service tells the values of an enum in an order that no document gives."""
    return ENUM.sub(lambda found: f"enum value set: [{', '.join(sorted(found[1].split(', ')))}]", message)


def violations(operation: str, request: Any) -> list[str]:
    """Patterns of what is broken, in the order of the model; what is wrong with the name of a table is told alone."""
    shape = input_of(operation)
    names = Checker()
    if "TableName" in shape.members and request.get("TableName") is not None:
        names.limits(shape.members["TableName"], request["TableName"], "tableName")
    if "RequestItems" in shape.members and request.get("RequestItems") is not None:
        names.names(request["RequestItems"], "requestItems")
    if names.found:
        return names.found
    checker = Checker()
    checker.structure(shape, request, "")
    return checker.found


def says_violations(operation: str, request: Any, message: str) -> bool:
    """True if the text tells of the broken constraints, and of nothing else."""
    found = violations(operation, request)
    head = f"{len(found)} validation error{'s'[:len(found) > 1]} detected: "
    return bool(found) and re.fullmatch(re.escape(head) + "; ".join(found), sorted_enums(message), re.DOTALL) is not None


def says_wrong_type(operation: str, request: Any, message: str) -> bool:
    """True if a member is of another JSON type than the model's, and the text is that for the first of them."""
    return message == next(wrong_types(input_of(operation), request), None)
