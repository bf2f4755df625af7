"""How deep and how large a document may become, counted while it is built."""

from typing import Any

from propolis.core.errors import LimitError
from propolis.core.limits import Limits
from propolis.lang.yaml.syntax import place

MOST_DEPTH = 250
"""Deeper than this nothing is read, whatever the limits say: the builder recurses per level."""

_BYTES_PER_NODE = 8
_BYTES_PER_SHARE = 64


class Budget:
    """Counts values against the limit; copies of aliased values count as if they were written out.

    A file of plain text never meets the limit of values: real documents take more than 8 bytes a
    value, so a long one may have more. Every 64 bytes of a text count as a value too, so that
    copies of long texts are bounded as well.
    """

    def __init__(self, limits: Limits, size_bytes: int) -> None:
        self._most = most_nodes(limits, size_bytes)
        self.left = self._most + size_bytes // _BYTES_PER_SHARE
        self._depth = min(limits.document_depth, MOST_DEPTH)

    def spend(self, nodes: int, event: Any) -> None:
        """Takes some values off; raises `LimitError` when none are left."""
        self.left -= nodes
        if self.left < 0:
            raise LimitError(
                f"more than {self._most:,} values once aliases are expanded",
                place(event),
                "fewer aliases of aliases",
            )

    def check_depth(self, depth: int, event: Any) -> None:
        """Raises `LimitError` for a list or map that stands too deep."""
        if depth > self._depth:
            raise too_deep(self._depth).at(place(event))


def most_nodes(limits: Limits, size_bytes: int) -> int:
    """Values that a document of this size may hold."""
    return max(limits.document_nodes, size_bytes // _BYTES_PER_NODE)


def cost_of_text(text: str) -> int:
    """What a scalar counts."""
    return 1 + len(text) // _BYTES_PER_SHARE


def too_deep(most: int) -> LimitError:
    """The error of a document that nests too deep."""
    return LimitError(f"lists and maps nest deeper than {most} levels", expected="a flatter document")
