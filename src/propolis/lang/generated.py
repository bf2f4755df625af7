"""Python functions made from source that engines write.

A rule language compiles to source of a few fixed shapes. No text of a document becomes source: keys,
literals and numbers stand in a tuple of constants, and a line holds only names of the emitter: `c0` for a
constant, `v0` for a variable, `f0` for a function. So equal shapes share their bytecode, whatever they say.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec

BUILTINS = {
    "bool": bool,
    "dict": dict,
    "enumerate": enumerate,
    "float": float,
    "int": int,
    "len": len,
    "list": list,
    "str": str,
    "type": type,
}
"""All that generated code may call without being given it."""


_LONGEST_REMEMBERED = 16_384
"""Characters of source whose bytecode is kept; longer source is rare and would fill the memory."""


class Block:
    """Lines of one function under way.

    Attributes:
        level: Of the line that comes next; the function's own lines have 0.
    """

    __slots__ = ("_count", "head", "level", "lines")

    def __init__(self, head: str) -> None:
        self.head = head
        self.lines: list[str] = []
        self.level = 0
        self._count = 0

    def line(self, text: str) -> None:
        """Adds a line."""
        self.lines.append("  " * (self.level + 2) + text)

    def variable(self) -> str:
        """A new name."""
        self._count += 1
        return f"v{self._count}"

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """Lines below a line that opens a block."""
        self.line(head)
        self.level += 1
        before = len(self.lines)
        try:
            yield
        finally:
            if len(self.lines) == before:
                self.line("pass")
            self.level -= 1

    def text(self) -> str:
        """The function."""
        return "\n".join([f"  def {self.head}:", *self.lines])


class Generated(msgspec.Struct, frozen=True):
    """Source and the constants that it names.

    Attributes:
        notes: What some constants are, by their number: those that do not show it.
    """

    source: str
    constants: tuple[Any, ...]
    notes: dict[int, str] = {}


class Emitter:
    """Functions under way and the constants of all of them."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.constants: list[Any] = []
        self._texts: dict[str, str] = {}
        self._notes: dict[int, str] = {}

    def constant(self, value: Any, note: str = "") -> str:
        """The name of a constant; equal texts share one. A note says what a function is."""
        if type(value) is str and value in self._texts:
            return self._texts[value]
        self.constants.append(value)
        if note:
            self._notes[len(self.constants) - 1] = note
        name = f"c{len(self.constants) - 1}"
        if type(value) is str:
            self._texts[value] = name
        return name

    def function(self, parameters: str) -> tuple[str, Block]:
        """A new function: its name and its block."""
        name = f"f{len(self.blocks)}"
        block = Block(f"{name}({parameters})")
        self.blocks.append(block)
        return name, block

    def generated(self) -> Generated:
        """A function ``make`` that takes the constants and gives the first function."""
        names = ", ".join(f"c{number}" for number in range(len(self.constants)))
        functions = "\n".join(block.text() for block in self.blocks)
        return Generated(
            f"def make({names}):\n{functions}\n  return f0\n", tuple(self.constants), self._notes
        )


class Language:
    """Makes functions that know the names of one language and no others.

    Attributes:
        names: What its code may use beside `BUILTINS`.
    """

    def __init__(self, label: str, names: Mapping[str, Any]) -> None:
        self._label = f"<{label}>"
        self._names = {"__builtins__": BUILTINS, **names}
        self.names = frozenset(names)
        self._maker = lru_cache(maxsize=4096)(self._make)

    def function(self, generated: Generated) -> Callable[..., Any]:
        """The function that some source describes; constants that are `Generated` become functions first."""
        constants = [
            self.function(constant) if type(constant) is Generated else constant
            for constant in generated.constants
        ]
        maker = self._maker if len(generated.source) <= _LONGEST_REMEMBERED else self._make
        made: Callable[..., Any] = maker(generated.source)(*constants)
        return made

    def _make(self, source: str) -> Callable[..., Any]:
        names = dict(self._names)
        exec(compile(source, self._label, "exec"), names)  # noqa: S102  # holds no text of a document
        make: Callable[..., Any] = names["make"]
        return make
