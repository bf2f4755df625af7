"""Where all fields of a document stand, read once: for those who show many of them to a person."""

from collections.abc import Iterator
from typing import Any

from yaml import events as ev
from yaml.error import YAMLError

from propolis.lang.yaml.positions import Path, piece_text
from propolis.lang.yaml.syntax import events_of, place

MOST_POSITIONS = 200_000
"""Fields of one document whose places are kept; those behind them get the place of what holds them."""

Position = tuple[int, int]


class PositionIndex:
    """Places of the fields of one document.

    Args:
        data: The file.
        line: `Parsed.line` of the document in it.
    """

    def __init__(self, data: bytes, line: int) -> None:
        self._first = (line, 1)
        self._known: dict[tuple[str | int, ...], Position] = {}
        found = piece_text(data, line)
        if found is None:
            return
        text, first_line = found
        try:
            events = iter(events_of(text), None)
            first = next(event for event in events if isinstance(event, ev.NodeEvent))
            _Reader(self._known, events, first_line - 1).node((), first, first)
        except (YAMLError, StopIteration, RecursionError):
            return

    def at(self, path: Path) -> Position:
        """Line and column, from 1, of a field or of the nearest one above it that is there."""
        parts = tuple(path)
        for length in range(len(parts), -1, -1):
            found = self._known.get(parts[:length])
            if found is not None:
                return found
        return self._first


class _Reader:
    def __init__(
        self, known: dict[tuple[str | int, ...], Position], events: Iterator[Any], before: int
    ) -> None:
        self._known = known
        self._events = events
        self._before = before

    def node(self, path: tuple[str | int, ...], here: Any, event: Any) -> None:
        """Keeps the place of a node (that of its key in a map) and of all below it."""
        if len(self._known) < MOST_POSITIONS:
            found = place(here)
            self._known.setdefault(path, (found.line + self._before, found.column))
        if isinstance(event, ev.MappingStartEvent):
            while not isinstance(key := next(self._events), ev.MappingEndEvent):
                self._entry(path, key)
        elif isinstance(event, ev.SequenceStartEvent):
            index = 0
            while not isinstance(item := next(self._events), ev.SequenceEndEvent):
                self.node((*path, index), item, item)
                index += 1

    def _entry(self, path: tuple[str | int, ...], key: Any) -> None:
        if isinstance(key, ev.ScalarEvent):
            self.node((*path, key.value), key, next(self._events))
            return
        depth = int(isinstance(key, ev.CollectionStartEvent))
        while depth:
            event = next(self._events)
            depth += isinstance(event, ev.CollectionStartEvent) - isinstance(event, ev.CollectionEndEvent)
        value = next(self._events)
        self.node((*path, ""), value, value)
