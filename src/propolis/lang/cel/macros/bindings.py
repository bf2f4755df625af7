"""``cel.bind(name, value, expression)``; ``optMap`` and ``optFlatMap`` of optional values.

Follows cel-go ext/bindings.go and cel/library.go @ v0.30.0.
"""

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Expr
from propolis.lang.cel.macros.definition import Arguments, member, of_namespace, variable
from propolis.lang.cel.nodes import Nodes


def _bind(arguments: Arguments, new: Nodes) -> Expr:
    return new.bind(variable(arguments[0], new), arguments[1], arguments[2])


def _value(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    value = new.call("value", target=new.copy(target))
    return new.bind(variable(arguments[0], new), value, arguments[1])


def _map(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    made = new.call("optional.of", _value(target, arguments, new))
    return _if_present(target, made, new)


def _flat_map(target: Expr, arguments: Arguments, new: Nodes) -> Expr:
    return _if_present(target, _value(target, arguments, new), new)


def _if_present(target: Expr, made: Expr, new: Nodes) -> Expr:
    is_there = new.call("hasValue", target=target)
    return new.call(operators.CONDITIONAL, is_there, made, new.call("optional.none"))


BINDING_MACROS = (of_namespace("cel", "bind", 3, _bind),)
OPTIONAL_MAP_MACROS = member("optMap", (2,), _map)
OPTIONAL_FLAT_MAP_MACROS = member("optFlatMap", (2,), _flat_map)
"""Of version 1 of the optional library."""
