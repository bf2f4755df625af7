"""What the names at the root of an expression stand for."""

from collections.abc import Iterable, Mapping

import msgspec

from propolis.policy.engine.convert.values import Found, Value

ALWAYS = frozenset({"object.metadata", "oldObject.metadata"})
"""Objects that are always there."""


class Scope(msgspec.Struct, frozen=True):
    """What the names at the root of an expression stand for.

    Attributes:
        names: ``element``, context entries, as they are in CEL.
        always: Expressions of objects that are always there.
        holder: What ``request.object`` is: ``oldObject`` for deletions.
        taken: Names of variables around, which loops must not use.
        is_unmoved: Whether fields of the object are written so that no autogen moves them.
    """

    names: Mapping[str, Found] = {}
    always: frozenset[str] = ALWAYS
    holder: str = "object"
    taken: frozenset[str] = frozenset()
    is_unmoved: bool = False

    def with_element(self, element: Value, taken: Iterable[str]) -> "Scope":
        """The scope inside of a loop."""
        return msgspec.structs.replace(
            self, names={**self.names, "element": element}, taken=self.taken | frozenset(taken)
        )
