"""Patterns as Python source: the fast way to learn that a resource meets one.

The function that is made says True only where `pattern.compile_pattern` finds no departure; False means:
look closer. So it needs no messages and no rare cases. Source holds names of this module alone; every
key and every test of the pattern stands in a tuple of constants. Patterns that are too large or nested too
deep, or that have anchors which need a closer look anyhow, have no such function.
"""

from collections.abc import Callable
from typing import Any

from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.scalars import compile_scalar

Meets = Callable[[Any], bool]

MOST_LEVELS = 14
"""Levels of nested blocks; Python has at most 20."""
MOST_LINES = 2_000
_WILD_FIELDS = ("labels", "annotations")
_WORDS = {"true": "True", "false": "False"}


class _UnsuitedError(Exception):
    """The pattern needs a closer look."""


def compile_meets(pattern: Any) -> Meets | None:
    """The function for a pattern; None where it has none."""
    try:
        source, constants = emit(pattern)
    except _UnsuitedError:
        return None
    made: dict[str, Any] = {}
    exec(compile(source, "<pattern>", "exec"), made)  # noqa: S102  # holds no text of the pattern
    meets: Meets = made["make"](*constants)
    return meets


def meets_later(pattern: Any) -> Meets:
    """The function for a pattern, made when it is first called; one that has none says False."""
    made: list[Meets] = []

    def meets(value: Any) -> bool:
        if not made:
            made.append(compile_meets(pattern) or _never)
        return made[0](value)

    return meets


def _never(value: Any) -> bool:
    del value
    return False


def emit(pattern: Any) -> tuple[str, tuple[Any, ...]]:
    """Source of a function ``make`` and the constants that it takes.

    Raises:
        _UnsuitedError: The pattern has no such function.
    """
    emitter = _Emitter()
    emitter.value(pattern, "v0", 2, 0)
    names = ", ".join(f"c{number}" for number in range(len(emitter.constants)))
    body = "\n".join(emitter.lines)
    return f"def make({names}):\n def meets(v0):\n{body}\n  return True\n return meets\n", tuple(
        emitter.constants
    )


class _Emitter:
    """Lines of source and the constants that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: list[Any] = []
        self._variables = 0

    def value(self, pattern: Any, name: str, indent: int, level: int) -> None:
        """Lines that return False unless the value of a variable meets a pattern."""
        if level > MOST_LEVELS or len(self.lines) > MOST_LINES:
            raise _UnsuitedError
        if isinstance(pattern, dict):
            self._line(indent, f"if type({name}) is not dict: return False")
            for key, inner in pattern.items():
                self._key(key, inner, name, indent, level)
        elif isinstance(pattern, list):
            self._list(pattern, name, indent, level)
        else:
            self._scalar(pattern, name, indent)

    def _line(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)

    def _constant(self, value: Any) -> str:
        self.constants.append(value)
        return f"c{len(self.constants) - 1}"

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _key(self, key: str, pattern: Any, name: str, indent: int, level: int) -> None:
        anchor = parse_anchor(key)
        modifier = anchor.modifier if anchor else anchors.ADD
        plain = anchor.key if anchor else key
        if plain in _WILD_FIELDS and isinstance(pattern, dict):
            raise _UnsuitedError
        if modifier == anchors.ADD and anchor is not None:
            plain = key
        constant, inner = self._constant(plain), self._variable()
        if modifier == anchors.NEGATION:
            self._line(indent, f"if {constant} in {name}: return False")
            return
        self._line(indent, f"{inner} = {name}.get({constant})")
        if modifier == anchors.EQUALITY:
            self._line(indent, f"if {inner} is None:")
            self._line(indent + 1, f"if {constant} in {name}: return False")
            self._line(indent, "else:")
            self.value(pattern, inner, indent + 1, level + 1)
        elif modifier in (anchors.ADD, anchors.CONDITION):
            if pattern == "*" or modifier == anchors.CONDITION:
                self._line(indent, f"if {inner} is None: return False")
            if pattern != "*" or modifier == anchors.CONDITION:
                self.value(pattern, inner, indent, level)
        else:
            raise _UnsuitedError

    def _list(self, pattern: list[Any], name: str, indent: int, level: int) -> None:
        if not pattern or not isinstance(pattern[0], dict):
            raise _UnsuitedError
        item = self._variable()
        self._line(indent, f"if type({name}) is not list: return False")
        self._line(indent, f"for {item} in {name}:")
        self.value(pattern[0], item, indent + 1, level + 1)

    def _scalar(self, pattern: Any, name: str, indent: int) -> None:
        test = self._constant(compile_scalar(pattern))
        closer = f"(type({name}) is list or not {test}({name}))"
        word = _WORDS.get(pattern) if isinstance(pattern, str) else None
        first = f"{name} is not {word} and " if word else ""
        self._line(indent, f"if {first}{closer}: return False")
