"""has, all, exists, exists_one, map, filter.

Follows cel-spec doc/langdef.md §Macros @ 508bd98 and cel-go parser/macro.go @ v0.30.0.
"""

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Expr, Select
from propolis.lang.cel.library import Macro
from propolis.lang.cel.macros.definition import Arguments, member, variable
from propolis.lang.cel.nodes import Nodes


def _has(target: Expr | None, arguments: Arguments, new: Nodes) -> Expr:
    del target
    field = arguments[0]
    if not isinstance(field, Select) or field.tests_only:
        new.fail(field, "invalid argument to has() macro")
    return new.select(field.operand, field.field, tests_only=True)


def all_of(range_: Expr, names: tuple[str, ...], predicate: Expr, new: Nodes) -> Expr:
    """Whether a predicate holds for every element."""
    start = new.literal(value=True)
    condition = new.call(operators.NOT_STRICTLY_FALSE, new.result())
    return new.fold(range_, names, start, condition, new.call(operators.AND, new.result(), predicate))


def any_of(range_: Expr, names: tuple[str, ...], predicate: Expr, new: Nodes) -> Expr:
    """Whether a predicate holds for some element."""
    start = new.literal(value=False)
    condition = new.call(operators.NOT_STRICTLY_FALSE, new.call(operators.NOT, new.result()))
    return new.fold(range_, names, start, condition, new.call(operators.OR, new.result(), predicate))


def one_of(range_: Expr, names: tuple[str, ...], predicate: Expr, new: Nodes) -> Expr:
    """Whether a predicate holds for exactly one element."""
    start, condition = new.literal(0), new.literal(value=True)
    counted = new.call(operators.ADD, new.result(), new.literal(1))
    step = new.call(operators.CONDITIONAL, predicate, counted, new.result())
    result = new.call(operators.EQUAL, new.result(), new.literal(1))
    second = names[1] if len(names) > 1 else ""
    return new.loop(range_, names[0], second, start, condition, step, result)


def collected(
    range_: Expr, names: tuple[str, ...], predicate: Expr | None, element: Expr, new: Nodes
) -> Expr:
    """The list of what an expression makes of the elements for which a predicate holds."""
    start, condition = new.list(), new.literal(value=True)
    step: Expr = new.call(operators.ADD, new.result(), new.list(element))
    if predicate is not None:
        step = new.call(operators.CONDITIONAL, predicate, step, new.result())
    return new.fold(range_, names, start, condition, step)


def _all(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return all_of(target, (variable(arguments[0], new),), arguments[1], new)


def _exists(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return any_of(target, (variable(arguments[0], new),), arguments[1], new)


def _exists_one(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return one_of(target, (variable(arguments[0], new),), arguments[1], new)


def _map(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    name = variable(arguments[0], new)
    predicate = arguments[1] if len(arguments) == 3 else None  # noqa: PLR2004  # name, predicate, element
    return collected(target, (name,), predicate, arguments[-1], new)


def _filter(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    name = variable(arguments[0], new)
    return collected(target, (name,), arguments[1], new.ident(name), new)


STANDARD_MACROS = (
    Macro("has", 1, is_member=False, expand=_has),
    *member("all", (2,), _all),
    *member("exists", (2,), _exists),
    *member("exists_one", (2,), _exists_one),
    *member("existsOne", (2,), _exists_one),
    *member("map", (2, 3), _map),
    *member("filter", (2,), _filter),
)
