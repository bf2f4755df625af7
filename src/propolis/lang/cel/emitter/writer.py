"""The source that grows: lines, names, the table of values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

Path = tuple[Any, ...]
"""What identifies a value that cannot change while it is in sight: ("object",), (("object",), "spec")."""


class Code(msgspec.Struct, frozen=True):
    """A Python expression, in brackets where it needs them.

    Attributes:
        text: The source.
        kind: Its type where that is certain: "bool", "int", "float", "str", "list", "map", "none"; empty for
        any. is_name: Whether it is a variable, so that it may stand twice.
    """

    text: str
    kind: str = ""
    is_name: bool = False


class Known(msgspec.Struct, frozen=True):
    """A variable that holds the value of a path.

    Attributes:
        name: Of the variable.
        may_be_absent: Whether it may hold `ABSENT`: it was only asked for.
        is_lazy: Whether it holds `ABSENT` until it is first needed.
    """

    name: str
    may_be_absent: bool = False
    is_lazy: bool = False


class Writer:
    """Lines of the function's body, and the values that its names stand for."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.table = table
        self.known: dict[Path, Known] = {}
        self.present: frozenset[Path] = frozenset()
        self._depth = 2
        self._names = 0
        self._values: dict[tuple[type, Any], str] = {}

    def line(self, text: str) -> None:
        """Adds a statement."""
        self.lines.append("    " * self._depth + text)

    def name(self, letter: str = "t") -> str:
        """A variable of its own."""
        self._names += 1
        return f"{letter}{self._names}"

    def value(self, value: Any) -> str:
        """The name of a value of the table."""
        key = (type(value), value) if isinstance(value, (str, int, float)) else (object, id(value))
        name = self._values.get(key)
        if name is None:
            name = self._values[key] = f"K{len(self.table)}"
            self.table[name] = value
        return name

    def stored(self, code: Code) -> Code:
        """The same value in a variable."""
        if code.is_name:
            return code
        name = self.name()
        self.line(f"{name} = {code.text}")
        return Code(name, code.kind, is_name=True)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Indented lines; what becomes known in them is forgotten behind them."""
        known, present = dict(self.known), self.present
        self._depth += 1
        yield
        self._depth -= 1
        self.known, self.present = known, present

    @contextmanager
    def aside(self) -> Iterator[list[str]]:
        """Like `block`, but the lines go to a list of their own."""
        lines, self.lines = self.lines, []
        with self.block():
            yield self.lines
        self.lines = lines
