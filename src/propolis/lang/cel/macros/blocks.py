"""``cel.block([values], expression)`` with ``cel.index(n)`` for one of them, and ``cel.iterVar(n, m)``.

Optimizers write expressions so. Follows cel-spec tests/simple/testdata/block_ext.textproto @ 508bd98. A block
becomes nested bindings, each evaluated when it is first used.
"""

from propolis.lang.cel.ast import Expr, Ident, ListExpr, Literal
from propolis.lang.cel.macros.definition import Arguments, of_namespace
from propolis.lang.cel.nodes import Nodes


def _block(arguments: Arguments, new: Nodes) -> Expr:
    values, body = arguments
    if not isinstance(values, ListExpr) or values.optionals:
        new.fail(values, "cel.block() takes a list of expressions")
    for index in range(len(values.elements) - 1, -1, -1):
        body = new.bind(f"@index{index}", values.elements[index], body)
    return body


def _index(arguments: Arguments, new: Nodes) -> Ident:
    return new.ident(f"@index{_number(arguments[0], new)}")


def _iteration_variable(arguments: Arguments, new: Nodes) -> Ident:
    depth, position = (_number(argument, new) for argument in arguments)
    return new.ident(f"@it:{depth}:{position}")


def _number(node: Expr, new: Nodes) -> int:
    if not isinstance(node, Literal) or type(node.value) is not int or node.value < 0:
        new.fail(node, "the argument is a whole number that is not negative")
    return int(node.value)


BLOCK_MACROS = (
    of_namespace("cel", "block", 2, _block),
    of_namespace("cel", "index", 1, _index),
    of_namespace("cel", "iterVar", 2, _iteration_variable),
)
