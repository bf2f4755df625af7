"""Macros over index and element, or key and value.

Follows cel-go ext/comprehensions.go @ v0.30.0.
"""

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Expr
from propolis.lang.cel.macros.definition import Arguments, member, variables
from propolis.lang.cel.macros.standard import all_of, any_of, collected, one_of
from propolis.lang.cel.nodes import Nodes

_WITH_PREDICATE = 4
"""Arguments of a transformation that filters: two names, predicate, expression."""


def _all(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return all_of(target, variables(arguments[:2], new), arguments[2], new)


def _exists(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return any_of(target, variables(arguments[:2], new), arguments[2], new)


def _exists_one(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return one_of(target, variables(arguments[:2], new), arguments[2], new)


def _predicate(arguments: Arguments) -> Expr | None:
    return arguments[2] if len(arguments) == _WITH_PREDICATE else None


def _list(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return collected(target, variables(arguments[:2], new), _predicate(arguments), arguments[-1], new)


def _map(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    names = variables(arguments[:2], new)
    step = new.call(operators.MAP_INSERT, new.result(), new.ident(names[0]), arguments[-1])
    return _inserted(target, names, arguments, step, new)


def _entry(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    names = variables(arguments[:2], new)
    return _inserted(
        target, names, arguments, new.call(operators.MAP_INSERT, new.result(), arguments[-1]), new
    )


def _inserted(target: Expr, names: tuple[str, ...], arguments: Arguments, step: Expr, new: Nodes) -> Expr:
    predicate = _predicate(arguments)
    if predicate is not None:
        step = new.call(operators.CONDITIONAL, predicate, step, new.result())
    return new.fold(target, names, new.map(), new.literal(value=True), step)


TWO_VARIABLE_MACROS = (
    *member("all", (3,), _all),
    *member("exists", (3,), _exists),
    *member("existsOne", (3,), _exists_one),
    *member("exists_one", (3,), _exists_one),
    *member("transformList", (3, 4), _list),
    *member("transformMap", (3, 4), _map),
    *member("transformMapEntry", (3, 4), _entry),
)
