"""Other documents around what expressions in CEL read: the fields that they name, with their constants.

Expressions are read as text: a field or a constant that is none costs a try, and the engine decides.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from propolis.core.resource import Document
from propolis.policy.engine.coverage.faults import DROP, changed
from propolis.policy.engine.explain.near_values import PLACEHOLDER
from propolis.policy.engine.explain.trace import Path

MOST_CONSTANTS = 24
MOST_NODES = 200
"""Objects of a document that are looked at."""
MOST_DEPTH = 24

_CHAIN = re.compile(r"[A-Za-z_]\w{0,99}(?:\.\??[A-Za-z_]\w{0,99}){1,12}(?!\w)", re.ASCII)
_STRING = re.compile(r"'([^'\\\n]{0,200})'|\"([^\"\\\n]{0,200})\"")
_NUMBER = re.compile(r"(?<![\w.'\"])\d{1,9}(?![\w.'\"])", re.ASCII)
_FIXED = ((), ("apiVersion",), ("kind",))
"""Another kind is another resource."""


def documents_around(document: Document, texts: Sequence[str]) -> Iterator[Document]:
    """Documents that differ in one field from one; those about the first expressions come first."""
    constants = constants_of(texts)
    nodes = list(_nodes(document, (), MOST_NODES))
    done: set[Path] = set()
    for chain, is_call in dict.fromkeys(one for text in texts for one in _chains(text)):
        members = chain[:-1] if is_call else chain
        for path, node in nodes:
            if _is_start(path, members[0]) and members[1:]:
                yield from _along(document, path, node, members[1:], constants, done)


def constants_of(texts: Sequence[str]) -> list[Any]:
    """The strings and numbers of expressions, the latter with their neighbors."""
    found: list[Any] = []
    for text in texts:
        found += [one for match in _STRING.findall(text) for one in match if one]
        numbers = [int(match) for match in _NUMBER.findall(text)]
        found += [near for number in numbers for near in (number, number - 1, number + 1)]
    return list(dict.fromkeys(found))[:MOST_CONSTANTS]


def _chains(text: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """What is selected from what, and whether the last of it is called."""
    for match in _CHAIN.finditer(text):
        parts = match.group().replace("?", "").split(".")
        yield tuple(parts), text[match.end() : match.end() + 1] == "("


def _nodes(value: Any, path: Path, most: int) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The document and the objects in its lists: what a chain can start from."""
    waiting: list[tuple[Path, Any]] = [(path, value)]
    while waiting and most:
        path, value = waiting.pop(0)
        if isinstance(value, dict) and (not path or isinstance(path[-1], int)):
            most -= 1
            yield path, value
        if len(path) < MOST_DEPTH and isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif len(path) < MOST_DEPTH and isinstance(value, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(value)]


def _is_start(path: Path, head: str) -> bool:
    """``object`` is the document; what a macro or a variable names may be an object of a list."""
    return not path if head in ("object", "oldObject") else bool(path)


def _along(
    document: Document,
    path: Path,
    node: Any,
    members: tuple[str, ...],
    constants: Sequence[Any],
    done: set[Path],
) -> Iterator[Document]:
    """Every field on a chain with other values, the innermost first, down to the first that is not there."""
    if not isinstance(node, dict):
        return
    at = (*path, members[0])
    if members[0] not in node:
        for value in (True, False, *constants, PLACEHOLDER, {}, []):
            yield changed(document, at, _nested(members[1:], value))
        return
    inner = node[members[0]]
    if members[1:]:
        yield from _along(document, at, inner, members[1:], constants, done)
    if at not in done and at not in _FIXED:
        done.add(at)
        for value in _others(inner, constants):
            yield changed(document, at, value)


def _nested(members: tuple[str, ...], value: Any) -> Any:
    for member in reversed(members):
        value = {member: value}
    return value


def _others(value: Any, constants: Sequence[Any]) -> Iterator[Any]:
    """Nothing, then values of the same kind."""
    yield DROP
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, list):
        yield []
        yield from ([*value, one] for one in (*constants, PLACEHOLDER) if not isinstance(one, int))
        yield from ([one] for one in (*constants, PLACEHOLDER))
    elif isinstance(value, dict):
        yield {}
        texts = [one for one in constants if isinstance(one, str)]
        yield from (
            {key: inner for key, inner in value.items() if key != one} for one in texts if one in value
        )
        yield from ({**value, one: PLACEHOLDER} for one in texts)
        yield from ({**value, one: other} for one in texts for other in texts if one != other)
    else:
        wanted = int if isinstance(value, int) else str
        yield from (one for one in (*constants, PLACEHOLDER) if isinstance(one, wanted) and one != value)
        yield from (f"{one}{PLACEHOLDER}" for one in constants if isinstance(one, str) and wanted is str)
