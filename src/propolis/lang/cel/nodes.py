"""Making nodes of a tree: fresh ids, places, errors at places."""

from typing import Any, NoReturn

from propolis.lang.cel import operators
from propolis.lang.cel.ast import (
    Call,
    Comprehension,
    Expr,
    Ident,
    ListExpr,
    Literal,
    MapExpr,
    Select,
)
from propolis.lang.cel.children import with_children
from propolis.lang.cel.errors import CelSyntaxError, place_of, pointed

MOST_NODES = 200_000
"""Most nodes that macros may copy an expression to."""


class Nodes:
    """Makes nodes with fresh ids; ``place`` is where those that macros make stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.offsets: dict[int, int] = {}
        self.spans: dict[int, tuple[int, int]] = {}
        self.macros: dict[int, Expr] = {}
        self._last = 0

    def id(self) -> int:
        """An id of its own, at `place`."""
        self._last += 1
        self.offsets[self._last] = self.place
        return self._last

    def at(self, offset: int) -> int:
        """An id of its own, at another place."""
        self._last += 1
        self.offsets[self._last] = offset
        return self._last

    def literal(self, value: Any) -> Literal:
        """A constant."""
        return Literal(self.id(), value)

    def ident(self, name: str) -> Ident:
        """A name."""
        return Ident(self.id(), name)

    def result(self) -> Ident:
        """The accumulator of a macro."""
        return Ident(self.id(), operators.RESULT)

    def select(self, operand: Expr, field: str, *, tests_only: bool = False) -> Select:
        """A field."""
        return Select(self.id(), operand, field, tests_only)

    def call(self, function: str, *arguments: Expr, target: Expr | None = None) -> Call:
        """A call."""
        return Call(self.id(), function, arguments, target)

    def list(self, *elements: Expr) -> ListExpr:
        """A list."""
        return ListExpr(self.id(), elements)

    def map(self) -> MapExpr:
        """An empty map."""
        return MapExpr(self.id(), ())

    def fold(
        self, range_: Expr, variables: tuple[str, ...], start: Expr, condition: Expr, step: Expr
    ) -> Expr:
        """A loop over a range that gives its accumulator."""
        second = variables[1] if len(variables) > 1 else ""
        return self.loop(range_, variables[0], second, start, condition, step, self.result())

    def loop(
        self, range_: Expr, variable: str, second: str, start: Expr, condition: Expr, step: Expr, result: Expr
    ) -> Expr:
        """A loop over a range, with what is made of its accumulator."""
        return Comprehension(
            self.id(), range_, variable, second, operators.RESULT, start, condition, step, result
        )

    def bind(self, name: str, value: Expr, body: Expr) -> Expr:
        """``body`` with a name for a value."""
        return Comprehension(
            self.id(),
            self.list(),
            operators.UNUSED,
            "",
            name,
            value,
            self.literal(value=False),
            self.ident(name),
            body,
        )

    def copy(self, node: Expr) -> Expr:
        """The same expression with ids of its own.

        Raises:
            CelSyntaxError: Macros in macros would copy more than `MOST_NODES` nodes.
        """
        identity = self.at(self.offsets[node.id])
        if identity > MOST_NODES:
            self.fail(node, f"macros make more than {MOST_NODES} nodes")
        if node.id in self.spans:
            self.spans[identity] = self.spans[node.id]
        if node.id in self.macros:
            self.macros[identity] = self.macros[node.id]
        return with_children(node, identity, self.copy, self.id)

    def fail(self, node: Expr, message: str) -> NoReturn:
        """An error at the place of a node.

        Raises:
            CelSyntaxError: Always.
        """
        self.fail_at(self.offsets[node.id], message)

    def fail_at(self, offset: int, message: str) -> NoReturn:
        """An error at a place.

        Raises:
            CelSyntaxError: Always.
        """
        raise CelSyntaxError(
            pointed(f"Syntax error: {message}", self.text, offset), place_of(self.text, offset)
        )
