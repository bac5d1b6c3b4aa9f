"""A table for PartiQL, and statements on it in which {t} and {h} stand for the names of tables."""

from __future__ import annotations

from .tables import index, spec
from .values import B, BOOL, L, M, N, NULL, S, SS

RANGE = spec("pk", "sk", {"h": "N"}, lsi=[index("lsi", "pk", "l", "KEYS_ONLY")],
             gsi=[index("gsi", "g", "h"), index("gsik", "g", None, "KEYS_ONLY")])
HASH = spec("pk")


def rows() -> list[dict]:
    return [
        {"pk": S(pk), "sk": S(str(i)), "l": S(f"l{3 - i}"), "g": S("g"), "h": N(i), "n": N(i * 10), "ss": SS("x", "y"),
         "m": M(x=N(i), y=L(S("p"), M(z=S("deep")))), "b": B(b"\1\2\3"), "t": BOOL(True), "u": NULL}
        for pk in "ab" for i in range(3)
    ]


class Statements:
    """Runs statements, with {t} and {h} replaced, through a function like raw."""

    def __init__(self, raw, t: str, h: str):
        self.raw = raw
        self.names = {"{t}": f'"{t}"', "{h}": f'"{h}"'}

    def text(self, statement: str) -> str:
        for short, name in self.names.items():
            statement = statement.replace(short, name)
        return statement

    def __call__(self, statement: str, *parameters, **more):
        if parameters:
            more["Parameters"] = list(parameters)
        return self.raw("ExecuteStatement", Statement=self.text(statement), **more)

    def batch(self, *statements, **more):
        listed = [{"Statement": s} if isinstance(s, str) else s for s in statements]
        listed = [{**s, "Statement": self.text(s["Statement"])} for s in listed]
        return self.raw("BatchExecuteStatement", Statements=listed, **more)
