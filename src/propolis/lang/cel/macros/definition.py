"""What a macro is made of, and the checks that several share.

Follows cel-go parser/macro.go @ v0.30.0.
"""

from collections.abc import Callable

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Expr, Ident
from propolis.lang.cel.library import Macro
from propolis.lang.cel.nodes import Nodes

Arguments = tuple[Expr, ...]


def member(
    name: str, counts: tuple[int, ...], function: Callable[[Expr, Arguments, Nodes], Expr]
) -> tuple[Macro, ...]:
    """A macro that is called on any expression."""

    def expand(target: Expr | None, arguments: Arguments, new: Nodes) -> Expr | None:
        return None if target is None else function(target, arguments, new)

    return tuple(Macro(name, count, is_member=True, expand=expand) for count in counts)


def of_namespace(
    namespace: str, name: str, count: int | None, function: Callable[[Arguments, Nodes], Expr]
) -> Macro:
    """A macro that is called as ``namespace.name(...)``."""

    def expand(target: Expr | None, arguments: Arguments, new: Nodes) -> Expr | None:
        is_called = isinstance(target, Ident) and target.name == namespace
        return function(arguments, new) if is_called else None

    return Macro(name, count, is_member=True, expand=expand)


def variable(node: Expr, new: Nodes) -> str:
    """The name that a macro declares.

    Raises:
        CelSyntaxError: It is no simple name.
    """
    if not isinstance(node, Ident) or node.name.startswith("."):
        new.fail(node, "argument is not an identifier")
    if node.name in (operators.RESULT, "__result__"):
        new.fail(node, "iteration variable overwrites accumulator variable")
    return node.name


def variables(nodes: Arguments, new: Nodes) -> tuple[str, ...]:
    """Several names that differ.

    Raises:
        CelSyntaxError: One is no simple name, or two are the same.
    """
    names = tuple(variable(node, new) for node in nodes)
    if len(set(names)) != len(names):
        new.fail(nodes[-1], f"duplicate variable name: {names[-1]}")
    return names
