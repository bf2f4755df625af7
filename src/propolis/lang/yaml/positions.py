"""Where a field stands in its file, asked for only when a person is to be shown it."""

from collections.abc import Iterator, Sequence
from typing import Any

from yaml import events as ev
from yaml.error import YAMLError

from propolis.core.errors import Place
from propolis.lang.yaml.encoding import EncodingProblem, to_utf8
from propolis.lang.yaml.split import Piece, split
from propolis.lang.yaml.syntax import events_of, place

Path = Sequence[str | int]
"""Keys and list indexes from the document's root to a field."""


def position_of(data: bytes, line: int, path: Path) -> tuple[int, int]:
    """Line and column, from 1, of a field: of its key in a map, of the item in a list.

    Args:
        data: The file.
        line: `Parsed.line` of the document in it.
        path: Way to the field. Where it ends early (a field is absent, or came through an alias),
            the place of the nearest field above it is given.
    """
    found = piece_text(data, line)
    if found is None:
        return line, 1
    text, first_line = found
    try:
        here = _descend(iter(events_of(text), None), path)
    except (YAMLError, StopIteration):
        return line, 1
    return here.line + first_line - 1, here.column


def piece_text(data: bytes, line: int) -> tuple[bytes, int] | None:
    """The text of the document that begins at a line and the line of its file on which the text begins."""
    try:
        pieces = list(split(to_utf8(data)))
    except EncodingProblem:
        return None
    for piece in reversed(pieces):
        if piece.line <= line:
            return _from(piece, line)
    return None


def _from(piece: Piece, line: int) -> tuple[bytes, int]:
    if line <= piece.line:
        return piece.text, piece.first_line
    return b"".join(
        piece.text.splitlines(keepends=True)[line - piece.first_line :]
    ), line  # a later JSON value


def _descend(events: Iterator[Any], path: Path) -> Place:
    here = event = next(event for event in events if isinstance(event, ev.NodeEvent))
    for step in path:
        match event, step:
            case ev.MappingStartEvent(), str():
                found = _entry(events, step)
            case ev.SequenceStartEvent(), int():
                found = _item(events, step)
            case _:
                break
        if found is None:
            break
        here, event = found
    return place(here)


def _entry(events: Iterator[Any], key: str) -> tuple[Any, Any] | None:
    """The events of a key and of its value."""
    while not isinstance(key_event := next(events), ev.MappingEndEvent):
        if isinstance(key_event, ev.ScalarEvent) and key_event.value == key:
            return key_event, next(events)
        _skip(events, key_event)
        _skip(events, next(events))
    return None


def _item(events: Iterator[Any], index: int) -> tuple[Any, Any] | None:
    """The first event of a list's item, twice: it is its own place."""
    while not isinstance(event := next(events), ev.SequenceEndEvent):
        if index == 0:
            return event, event
        index -= 1
        _skip(events, event)
    return None


def _skip(events: Iterator[Any], event: Any) -> None:
    """Passes over the rest of a node whose first event was taken."""
    depth = int(isinstance(event, ev.CollectionStartEvent))
    while depth:
        event = next(events)
        depth += isinstance(event, ev.CollectionStartEvent) - isinstance(event, ev.CollectionEndEvent)
