"""Anchors and aliases: an alias is a copy, paid for before it is made.

go-yaml shares nothing either, for JSON is written in between. So a caller may change one place of
a document without changing another, and a bomb of aliases fails by arithmetic.
"""

from typing import Any

from propolis.core.errors import DocumentError
from propolis.lang.yaml.budget import Budget
from propolis.lang.yaml.syntax import place


class _Anchored:
    """A value and what its copy costs; `is_open` while it is being built."""

    __slots__ = ("cost", "is_open", "value")

    def __init__(self) -> None:
        self.is_open = True
        self.cost = 0
        self.value: Any = None

    def close(self, value: Any, cost: int) -> None:
        self.is_open = False
        self.value, self.cost = value, cost


class Anchors:
    """The anchors of one document; a name that is given again means the newer value."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._by_name: dict[str, _Anchored] = {}

    def open(self, name: str) -> _Anchored:
        """Registers a value that is about to be built."""
        self._by_name[name] = anchored = _Anchored()
        return anchored

    def copy(self, event: Any, depth: int) -> Any:
        """The value of an alias that stands at some depth.

        Raises:
            DocumentError: No such anchor, or a value that contains itself.
            LimitError: The copy would be too large or too deep.
        """
        anchored = self._by_name.get(event.anchor)
        if anchored is None:
            raise DocumentError(
                f"no anchor &{event.anchor} stands before this alias", place(event), "an anchor, or quotes"
            )
        if anchored.is_open:
            raise DocumentError(
                f"the value of &{event.anchor} contains itself", place(event), "a finite value"
            )
        self._budget.spend(anchored.cost, event)
        return self._copied(anchored.value, depth, event)

    def _copied(self, value: Any, depth: int, event: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        self._budget.check_depth(depth + 1, event)
        if isinstance(value, dict):
            return {key: self._copied(item, depth + 1, event) for key, item in value.items()}
        return [self._copied(item, depth + 1, event) for item in value]
