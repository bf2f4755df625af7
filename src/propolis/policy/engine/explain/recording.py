"""A context that remembers which variables were asked for and what they gave."""

from collections.abc import Sequence
from typing import Any

import msgspec

from propolis.lang.jmespath import Expression, ExpressionError
from propolis.policy.engine.context import Context, Entry
from propolis.policy.engine.explain.trace import ERROR, Budget, Node, Path, brief


class Record:
    """Variables and entries as they were asked for; inner ones below the entry that asked."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._stack: list[list[Node]] = [[]]
        self._seen: set[tuple[int, str, str]] = set()
        self._entries: dict[int, Node] = {}

    def variable(self, text: str, value: str, problem: str = "") -> None:
        """Remembers a variable; the same one with the same value once."""
        key = (len(self._stack), text, value or problem)
        if key not in self._seen and self._budget.take():
            self._seen.add(key)
            self._stack[-1].append(Node("variable", text, ERROR if problem else "", value, problem))

    def taken(self) -> tuple[Node, ...]:
        """What was asked for since the last time."""
        found = tuple(self._stack[-1])
        self._stack[-1].clear()
        self._seen.clear()
        return found

    def entry_node(self, index: int) -> Node | None:
        """An entry of the rule as it was loaded first; None when nothing asked for it."""
        return self._entries.get(index)

    def entry_nodes(self) -> tuple[Node, ...]:
        """All entries of the rule that were loaded."""
        return tuple(self._entries.values())

    def entries(self, made: Sequence[Entry], source: Path) -> tuple[Entry, ...]:
        """Entries whose loading is remembered; ``source`` is the rule (empty) or the list that has them."""
        return tuple(self._entry(one, index, source) for index, one in enumerate(made))

    def _entry(self, entry: Entry, index: int, source: Path) -> Entry:
        at = (*source, "context", index)

        def load(context: Context) -> Any:
            self._stack.append([])
            node = Node("context", entry.name, ERROR, source=at)
            try:
                value = entry.load(context)
                node = Node("context", entry.name, "", brief(value), source=at)
            except ExpressionError as error:
                node = Node("context", entry.name, ERROR, note=error.message, source=at)
                raise
            finally:
                self._loaded(node, None if source else index)
            return value

        return Entry(entry.name, load, entry.is_external)

    def _loaded(self, node: Node, index: int | None) -> None:
        """Keeps an entry with what it asked for: of the rule once, of a list where it was asked for."""
        whole = msgspec.structs.replace(node, children=tuple(self._stack.pop()))
        if index is not None:
            self._entries.setdefault(index, whole)
        elif self._budget.take():
            self._stack[-1].append(whole)


class RecordingContext(Context):
    """A context whose queries are remembered, and those of its children."""

    __slots__ = ("record",)

    record: Record

    def child(
        self, values: dict[str, Any], entries: Sequence[Entry] = (), given: frozenset[str] = frozenset()
    ) -> "RecordingContext":
        """A context below this one that writes into the same record."""
        return recording(super().child(values, entries, given), self.record)

    def query(self, expression: Expression) -> Any:
        """The value of an expression, remembered.

        Raises:
            ExpressionError: As `Context.query` says.
        """
        try:
            found = super().query(expression)
        except ExpressionError as error:
            self.record.variable(expression.text, "", error.message)
            raise
        self.record.variable(expression.text, brief(found))
        return found


def recording(context: Context, record: Record) -> RecordingContext:
    """The same context, which remembers; what is loaded later is not shared."""
    made = RecordingContext(context.root, context.environment)
    for name in Context.__slots__:
        setattr(made, name, getattr(context, name))
    made.record = record
    return made
