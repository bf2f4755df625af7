"""Lists that are sets, or maps by some keys of their elements.

Follows apiserver pkg/cel/common/valuesunstructured.go @ v0.36.3: their order does not matter to equality, and
``+`` merges.
"""

from typing import Any

from propolis.lang.cel.operations.equality import equal, identity_of
from propolis.lang.cel.operations.size import limited
from propolis.lang.cel.values import MergingList


class SetList(MergingList):
    """``x-kubernetes-list-type: set``."""

    __slots__ = ()

    def joined(self, other: list[Any]) -> "SetList":
        """The elements of both, each once; what is here keeps its place."""
        limited([self, other])
        known = set(map(identity_of, self))
        made = SetList(self)
        for element in other:
            identity = identity_of(element)
            if identity not in known:
                known.add(identity)
                made.append(element)
        return made

    def is_same(self, other: list[Any]) -> bool:
        """Whether both have as many elements, and all of the other's are here."""
        limited(other)
        known = set(map(identity_of, self))
        return len(self) == len(other) and all(identity_of(element) in known for element in other)


class KeyedList(MergingList):
    """``x-kubernetes-list-type: map``."""

    __slots__ = ("keys",)

    def __init__(self, elements: list[Any], keys: tuple[str, ...]) -> None:
        super().__init__(elements)
        self.keys = keys

    def _key(self, element: Any) -> Any:
        if not isinstance(element, dict):
            return identity_of(element)
        return tuple(identity_of(element.get(key)) if key in element else None for key in self.keys)

    def joined(self, other: list[Any]) -> "KeyedList":
        """Elements of the other in the place of those with their keys here, or behind them."""
        made = list(self)
        positions = {self._key(element): position for position, element in enumerate(made)}
        for element in other:
            key = self._key(element)
            if key in positions:
                made[positions[key]] = element
            else:
                positions[key] = len(made)
                made.append(element)
        return KeyedList(made, self.keys)

    def is_same(self, other: list[Any]) -> bool:
        """Whether both have as many elements, and those with the same keys are equal."""
        if len(self) != len(other):
            return False
        found = {self._key(element): element for element in self}
        keys = [(self._key(element), element) for element in other]
        return all(key in found and equal(found[key], element) for key, element in keys)
