"""Documents in which the place of a fault in a pattern is there, with values that meet it and that do not."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from propolis.core.resource import Document
from propolis.policy.engine import anchors
from propolis.policy.engine.anchors import parse_anchor
from propolis.policy.engine.coverage.faults import DROP, changed
from propolis.policy.engine.explain.near_values import PLACEHOLDER, around
from propolis.policy.engine.explain.pattern_edits import built
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.merging import merged
from propolis.policy.engine.scalars import compile_scalar

MOST_ELEMENTS = 3
MOST_DEPARTURES = 8
_LEAVES_OUT = (anchors.NEGATION, anchors.EXISTENCE)

Way = tuple[Path, Any]
"""A place and the value that makes the way to it."""


def directed_documents(document: Document, pattern: Any, other: Any, fault: Path) -> Iterator[Document]:
    """Documents around one place.

    Args:
        document: The resource, or what a pattern of a foreach is about.
        pattern: As it is.
        other: With the fault.
        fault: Way to the fault below the pattern.
    """
    for start, target, asked in _reached(document, pattern, fault):
        present = _at(start, target)
        for value in (*_values(asked), *_values(_at(other, fault))):
            if isinstance(present, dict) and isinstance(value, dict):
                yield changed(start, target, merged(present, value))
            elif target:
                yield changed(start, target, value)
            else:
                yield start


def _reached(document: Any, pattern: Any, fault: Path) -> Iterator[tuple[Any, Path, Any]]:
    """Documents in which the place is there: the document, the place, what is asked of it."""
    if not fault:
        yield document, (), pattern
        return
    step, rest = fault[0], fault[1:]
    if isinstance(pattern, list) and isinstance(step, int) and step < len(pattern):
        items = document if isinstance(document, list) and document else [built(pattern[step])]
        for index, item in enumerate(items[:MOST_ELEMENTS]):
            for inner, place, asked in _reached(item, pattern[step], rest):
                yield [*items[:index], inner, *items[index + 1 :]], (index, *place), asked
    elif isinstance(pattern, dict) and step in pattern:
        anchor = parse_anchor(str(step))
        name = anchor.key if anchor else str(step)
        whole = document if isinstance(document, dict) else {}
        present = whole.get(name)
        inside = _begun(pattern[step]) if present is None else present
        for inner, place, asked in _reached(inside, pattern[step], rest):
            yield {**whole, name: inner}, (name, *place), asked


def _begun(pattern: Any) -> Any:
    return built(pattern) if isinstance(pattern, dict | list) else None


def _values(asked: Any) -> list[Any]:
    """What may stand in a place: nothing, the least that is asked, all that is asked, values around it."""
    if isinstance(asked, dict | list):
        return [built(asked), whole(asked), *islice(_departing(asked), MOST_DEPARTURES), DROP]
    return (
        [*(item for item in around(asked, None) if item is not None), DROP] if asked is not None else [DROP]
    )


def whole(pattern: Any) -> Any:
    """A value that has all that a pattern speaks of, what is optional too."""
    if isinstance(pattern, dict):
        found: dict[str, Any] = {}
        for key, inner in pattern.items():
            anchor = parse_anchor(key)
            if anchor is None or anchor.modifier not in _LEAVES_OUT:
                found[anchor.key if anchor else key] = whole(inner)
        return found
    if isinstance(pattern, list):
        return [whole(pattern[0])] if pattern else []
    return built(pattern)


def _departing(pattern: Any) -> Iterator[Any]:
    """Values that have all that a pattern speaks of, of which one leaf does not meet it."""
    if isinstance(pattern, dict):
        full = whole(pattern)
        for key, inner in pattern.items():
            anchor = parse_anchor(key)
            name = anchor.key if anchor else key
            if anchor is not None and anchor.modifier == anchors.NEGATION:
                yield {**full, name: PLACEHOLDER}
            else:
                for value in _departing(inner):
                    yield {**full, name: value}
    elif isinstance(pattern, list):
        for value in _departing(pattern[0]) if pattern else ():
            yield [value]
    else:
        test = compile_scalar(pattern)
        yield from islice((item for item in around(pattern, None) if not test(item)), 1)


def _at(pattern: Any, path: Path) -> Any:
    for part in path:
        keys: Any = (
            pattern if isinstance(pattern, dict) else range(len(pattern)) if isinstance(pattern, list) else ()
        )
        if part not in keys:
            return None
        pattern = pattern[part]
    return pattern
