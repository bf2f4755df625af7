"""What is certain of the presence of values when a condition came out one way."""

from collections.abc import Callable

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, Expr, Select
from propolis.lang.cel.emitter.writer import Path

PathOf = Callable[[Expr], Path | None]


def present_when(node: Expr, path_of: PathOf, *, is_true: bool) -> frozenset[Path]:
    """Paths whose values are there whenever the condition gives ``is_true``."""
    if isinstance(node, Select) and node.tests_only:
        base = path_of(node.operand)
        return frozenset({(base, node.field)}) if is_true and base is not None else frozenset()
    if isinstance(node, Call) and node.target is None:
        if node.function == operators.NOT:
            return present_when(node.arguments[0], path_of, is_true=not is_true)
        if node.function == (operators.AND if is_true else operators.OR):
            one, other = (present_when(side, path_of, is_true=is_true) for side in node.arguments)
            return one | other
    return frozenset()
