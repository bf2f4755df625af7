"""The reference loader: libyaml's events to values with the meaning of sigs.k8s.io/yaml.

Values are built straight from the events of PyYAML's C parser: no node tree in between, aliases
are paid for before they are copied, and every error knows its place. Follows
go.yaml.in/yaml/v2 decode.go, with duplicate keys refused as its strict mode does.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from yaml import events as ev
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from propolis.core.errors import DocumentError
from propolis.core.limits import Limits
from propolis.lang.yaml import scalars
from propolis.lang.yaml.anchors import Anchors
from propolis.lang.yaml.budget import Budget, cost_of_text
from propolis.lang.yaml.encoding import text_of
from propolis.lang.yaml.syntax import events_of, place, reader_error, syntax_error

Value = TypeVar("Value")


def load(data: bytes, limits: Limits) -> Any:
    """The value of one document.

    Raises:
        DocumentError: With the place within ``data``; `LimitError` when it is too deep or, with
            aliases expanded, too large.
    """
    text_of(data)
    try:
        return _Builder(events_of(data), Budget(limits, len(data))).document()
    except MarkedYAMLError as error:
        raise syntax_error(error) from None
    except ReaderError as error:
        raise reader_error(error, data) from None


class _Builder:
    """Builds one document from events; recursion is bounded by the depth that `Budget` allows."""

    def __init__(self, next_event: Callable[[], Any], budget: Budget) -> None:
        self._next = next_event
        self._budget = budget
        self._anchors = Anchors(budget)

    def document(self) -> Any:
        """The only document; none is null."""
        self._next()  # the start of the stream
        if isinstance(self._next(), ev.StreamEndEvent):
            return None
        value = self._value(self._next(), 0)
        self._next()  # the end of the document
        after = self._next()
        if not isinstance(after, ev.StreamEndEvent):
            raise DocumentError("a second document begins here", place(after), "--- before it")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        """A node as a value: what JSON cannot hold is refused."""
        value = self._node(event, depth)
        return _in_place(scalars.json_number, value, event) if isinstance(value, float) else value

    def _node(self, event: Any, depth: int) -> Any:
        """A node as YAML means it; as a key a float is written otherwise than as a value."""
        if isinstance(event, ev.AliasEvent):
            return self._anchors.copy(event, depth)
        left = self._budget.left
        anchored = self._anchors.open(event.anchor) if event.anchor else None
        if isinstance(event, ev.ScalarEvent):
            self._budget.spend(cost_of_text(event.value), event)
            value = _scalar(event)
        else:
            self._budget.spend(1, event)
            self._budget.check_depth(depth + 1, event)
            is_map = isinstance(event, ev.MappingStartEvent)
            value = self._map(depth + 1) if is_map else self._list(depth + 1)
        if anchored:
            anchored.close(value, left - self._budget.left)
        return value

    def _list(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := self._next(), ev.SequenceEndEvent):
            found.append(self._value(event, depth))
        return found

    def _map(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: set[str] = set()
        while not isinstance(event := self._next(), ev.MappingEndEvent):
            if _is_merge(event):
                self._merge(found, merged, depth)
                continue
            key = self._key(event, depth)
            if key in found and key not in merged:
                raise DocumentError(f"the key {key!r} is there twice", place(event), "each key once")
            merged.discard(key)
            found[key] = self._value(self._next(), depth)
        return found

    def _key(self, event: Any, depth: int) -> str:
        value = self._node(event, depth)
        if isinstance(value, dict | list):
            raise DocumentError("a map or a list cannot be a key", place(event), "text")
        return _in_place(scalars.json_key, value, event)

    def _merge(self, into: dict[str, Any], merged: set[str], depth: int) -> None:
        """``<<``: what comes later in the text wins, and of several maps the first."""
        event = self._next()
        value = self._value(event, depth)
        for part in reversed(value) if isinstance(value, list) else (value,):
            if not isinstance(part, dict):
                raise DocumentError("<< has no map to merge", place(event), "a map or a list of maps")
            merged.update(key for key in part if key not in into)
            into.update(part)


def _scalar(event: Any) -> Any:
    """Follows go-yaml: a tag decides, quoted text is text, else the form of the word does."""
    if event.tag is not None:
        return _in_place(lambda text: scalars.resolve_tagged(event.tag, text), event.value, event)
    return scalars.resolve_plain(event.value) if event.implicit[0] else event.value


def _is_merge(event: Any) -> bool:
    return (
        isinstance(event, ev.ScalarEvent)
        and event.value == "<<"
        and (event.implicit[0] or event.tag == scalars.MERGE_TAG)
    )


def _in_place(convert: Callable[[Any], Value], value: Any, event: Any) -> Value:
    try:
        return convert(value)
    except scalars.ScalarError as error:
        raise DocumentError(str(error), place(event), error.expected) from None
