"""Sizes of what an expression handles, as far as the expression and its schema tell them.

Follows cel-go checker/cost.go (computeSize, entrySizeEstimate, scopes) @ v0.30.0.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from propolis.lang.cel.ast import CheckedTree, Expr, Ident, ListExpr, Literal, MapExpr
from propolis.lang.cel.cost.ranges import ONE, UNKNOWN, Range, exactly
from propolis.lang.cel.types import Type

Path = tuple[str, ...]
"""Where a value comes from: a variable, then fields, ``@items``, ``@keys``, ``@values``, ``@indices``."""

SizeOf = Callable[[Path, Type], Range | None]
"""Characters, bytes, items or entries of a value of a path and type; None where nobody knows. An empty path
is that of a value that the expression made."""


class Value(msgspec.Struct, frozen=True):
    """An operand of a call, as estimates see it.

    Attributes:
        path: Empty where it is made by the expression.
        size: None where it is unknown.
        node: None for an element that no node stands for.
    """

    path: Path
    type: Type
    size: Range | None = None
    node: Expr | None = None


class Entries(msgspec.Struct, frozen=True):
    """Sizes of what is in a list or map; keys of a list are its positions."""

    kind: str
    keys: Range
    values: Range

    def joined(self, other: "Entries") -> "Entries":
        """What holds both."""
        return Entries(self.kind, self.keys.joined(other.keys), self.values.joined(other.values))


class Local(msgspec.Struct, frozen=True):
    """A variable of a macro."""

    path: Path
    size: Range | None = None
    entries: Entries | None = None


_SCALARS = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})
ACCUMULATORS = ("@result", "__result__")


class Sizes:
    """What is known of the nodes of one tree; grows while the tree is walked."""

    def __init__(self, tree: CheckedTree, size_of: SizeOf | None) -> None:
        self._tree = tree
        self._size_of = size_of
        self._paths: dict[int, Path] = {}
        self._sizes: dict[int, Range] = {}
        self._entries: dict[int, Entries] = {}
        self._locals: dict[str, list[Local]] = {}

    def type(self, node: Expr) -> Type:
        """The type that the checker found."""
        return self._tree.types[node.id]

    def value(self, node: Expr) -> Value:
        """A node as an operand."""
        path = self.path(node)
        if path and path[0] in ACCUMULATORS:
            path = ()
        return Value(path, self.type(node), self.size(node), node)

    def of(self, value: Value) -> Range:
        """The size of an operand."""
        if value.size is not None:
            return value.size
        return self._asked(value.path, value.type) or UNKNOWN

    def items(self, value: Value) -> Value | None:
        """The elements of a list; None for what has none by its type."""
        if not value.type.parameters:
            return None
        return Value((*value.path, "@items") if value.path else (), value.type.parameters[0])

    def _asked(self, path: Path, of: Type) -> Range | None:
        return self._size_of(path, of) if self._size_of is not None else None

    def path(self, node: Expr) -> Path:
        """Where a node's value comes from."""
        local = self.local(node)
        return local.path if local is not None else self._paths.get(node.id, ())

    def local(self, node: Expr) -> Local | None:
        """The variable of a macro that a name means."""
        stack = self._locals.get(node.name) if isinstance(node, Ident) else None
        return stack[-1] if stack else None

    def set_path(self, node: Expr, path: Path) -> None:
        """Notes where a node's value comes from."""
        self._paths[node.id] = path

    def enter(self, name: str, local: Local) -> None:
        """Begins the scope of a variable."""
        self._locals.setdefault(name, []).append(local)

    def leave(self, name: str) -> None:
        """Ends it."""
        self._locals[name].pop()

    def size(self, node: Expr) -> Range | None:
        """The size of a node's value, where it is known."""
        if node.id in self._sizes:
            return self._sizes[node.id]
        found = _literal_size(node) or self._asked(self.path(node), self.type(node))
        if found is not None:
            self._sizes[node.id] = found
            return found
        if _is_scalar(self.type(node)):
            return ONE
        local = self.local(node)
        return local.size if local is not None else None

    def size_or_unknown(self, node: Expr) -> Range:
        """The size, or all that it may be."""
        found = self.size(node)
        return UNKNOWN if found is None else found

    def set_size(self, node: Expr, size: Range | None) -> None:
        """Notes a size."""
        if size is not None:
            self._sizes[node.id] = size

    def entries(self, node: Expr) -> Entries | None:
        """Sizes of what is in a node's value, where they are known."""
        if node.id in self._entries:
            return self._entries[node.id]
        local = self.local(node)
        return local.entries if local is not None else None

    def set_entries(self, node: Expr, entries: Entries | None) -> None:
        """Notes sizes of entries."""
        if entries is not None:
            self._entries[node.id] = entries

    def container(self, node: Expr) -> str:
        """Whether a range is a list or a map."""
        entries = self.entries(node)
        return entries.kind if entries is not None else self.type(node).kind


def _is_scalar(of: Type) -> bool:
    if of.kind == "optional":
        return bool(of.parameters) and _is_scalar(of.parameters[0])
    return of.kind in _SCALARS


def _literal_size(node: Expr) -> Range | None:
    if isinstance(node, Literal):
        value: Any = node.value
        return exactly(len(value)) if isinstance(value, str | bytes) else ONE
    if isinstance(node, ListExpr):
        return exactly(len(node.elements))
    if isinstance(node, MapExpr):
        return exactly(len(node.entries))
    return None
