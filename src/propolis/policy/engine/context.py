"""What variables are resolved in: one JSON root and entries that are loaded when they are named.

Follows Kyverno pkg/engine/context @ 111e07b: an entry is loaded when a query names it at a root
position; while it loads, only entries above it may be loaded.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from propolis.lang.jmespath import Environment, Expression, ExpressionError

Load = Callable[["Context"], Any]

MOST_LOADS = 32
"""Entries that may be loading at the same time, one for the other."""


class ContextError(ExpressionError):
    """A context entry cannot be loaded."""


class Entry(msgspec.Struct, frozen=True):
    """A named value and how it is loaded.

    Attributes:
        is_external: Whether the world answers; then a value that comes with the subject counts instead.
    """

    name: str
    load: Load
    is_external: bool = False


class Context:
    """The root of the variables of one evaluation. A child sees its parent's values and adds its own."""

    __slots__ = (
        "_entries", "_known", "_limit", "_loaded", "environment", "exceptions", "given", "is_delete", "root",
    )  # fmt: skip

    def __init__(
        self,
        root: dict[str, Any],
        environment: Environment,
        entries: Sequence[Entry] = (),
        *,
        is_delete: bool = False,
        given: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.environment = environment
        self.is_delete = is_delete
        self.given = given
        self.exceptions: Sequence[Any] = ()
        self._entries = tuple(entries)
        self._loaded: set[int] = set()
        self._limit: list[int] = []
        self._known: dict[Expression, Any] | None = None

    def remembering(self) -> "Context":
        """The same context, which asks each expression once: many rules ask the same."""
        self._known = {}
        return self

    def child(
        self, values: dict[str, Any], entries: Sequence[Entry] = (), given: frozenset[str] = frozenset()
    ) -> "Context":
        """A context below this one, with more values and entries.

        ``given`` names what comes with the subject: external entries of these names are left out.
        """
        known = self.given | given
        context = Context({**self.root, **values}, self.environment, is_delete=self.is_delete, given=known)
        kept = (entry for entry in entries if not (entry.is_external and entry.name in known))
        context._entries = (*self._entries, *kept)
        context._loaded = set(self._loaded)
        return context

    def with_object(self, document: Any) -> "Context":
        """A context in which ``request.object`` is another document."""
        request = self.root.get("request")
        fields = request if isinstance(request, dict) else {}
        return self.child({"request": {**fields, "object": document}})

    def excepting(self, exceptions: Sequence[Any]) -> "Context":
        """The same context for a check that knows exceptions of its own."""
        context = self.child({})
        context.exceptions = exceptions
        return context

    def query(self, expression: Expression) -> Any:
        """The value of an expression.

        Raises:
            ExpressionError: A key is missing, a function or an entry fails.
        """
        known = self._known
        if known is not None and expression in known:
            return known[expression]
        if self._entries:
            self._load_named(expression.text)
        found = expression.query(self.root, self.environment)
        if known is not None:
            known[expression] = found
        return found

    def _load_named(self, text: str) -> None:
        limit = self._limit[-1] if self._limit else len(self._entries)
        for index in range(limit):
            entry = self._entries[index]
            if index not in self._loaded and names(text, entry.name):
                self._load(index, entry)

    def _load(self, index: int, entry: Entry) -> None:
        if len(self._limit) >= MOST_LOADS:
            raise ContextError(f"context entry {entry.name}: more than {MOST_LOADS} entries load one another")
        self._loaded.add(index)
        self._limit.append(index)
        try:
            self.root[entry.name] = entry.load(self)
        except BaseException:
            self._loaded.discard(index)
            raise
        finally:
            self._limit.pop()


@lru_cache(maxsize=16384)
def names(text: str, name: str) -> bool:
    """Whether a query names an entry at a root position: ``x`` or ``x.y``, not ``y.x``."""
    return re.search(rf"(?:\A|[^.0-9A-Za-z]){re.escape(name)}\b", text) is not None
