"""Equality and order, inline where Python's are the same.

Bools are numbers in Python: 0, 1 and what may be a bool are told apart.
"""

from typing import TYPE_CHECKING, Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, Expr
from propolis.lang.cel.emitter.constants import UNKNOWN
from propolis.lang.cel.emitter.dispatching import called
from propolis.lang.cel.emitter.writer import Code
from propolis.lang.cel.operations.equality import equal, not_equal

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


_LARGEST_EXACT = 2**53
ORDER = {
    operators.LESS: "<",
    operators.LESS_OR_EQUAL: "<=",
    operators.GREATER: ">",
    operators.GREATER_OR_EQUAL: ">=",
}
"""Signs of the relations."""


def equality(emitter: "Emitter", node: Call) -> Code | None:
    """Whether two values are equal, or are not."""
    one, other = node.arguments
    is_equal = node.function == operators.EQUAL
    for side, constant in ((one, other), (other, one)):
        value = emitter.constants.of(constant)
        if value is not UNKNOWN and (code := _equal_to(emitter, side, value, is_equal=is_equal)):
            return code
    first, second = emitter.all(node.arguments)
    if (
        first.kind == "str"
        or second.kind == "str"
        or (first.kind == second.kind and first.kind in ("int", "bool"))
    ):
        return Code(f"({first.text} {'==' if is_equal else '!='} {second.text})", "bool")
    return called(emitter, node, [first, second])


def _equal_to(emitter: "Emitter", side: Expr, value: Any, *, is_equal: bool) -> Code | None:
    """A comparison with a value that is known; None where Python's would differ."""
    if value is None or type(value) is bool:
        return Code(f"({emitter.emit(side).text} {'is' if is_equal else 'is not'} {value!r})", "bool")
    sign, name = "==" if is_equal else "!=", emitter.constant(value).text
    if type(value) is str:
        return Code(f"({emitter.emit(side).text} {sign} {name})", "bool")
    if type(value) is list and all(type(element) is str for element in value):
        return _equal_to_texts(emitter, side, name, is_equal=is_equal)
    if type(value) is not int or abs(value) > _LARGEST_EXACT:
        return None
    code = emitter.emit(side)
    if value not in (0, 1) or code.kind == "int":
        return Code(f"({code.text} {sign} {name})", "bool")
    first, again = emitter.named(code)
    joint = f"and type({again}) is not bool" if is_equal else f"or type({again}) is bool"
    return Code(f"({first} {sign} {name} {joint})", "bool")


def _equal_to_texts(emitter: "Emitter", side: Expr, name: str, *, is_equal: bool) -> Code:
    """A comparison with a list of texts: Python's is the same for plain lists."""
    first, again = emitter.named(emitter.emit(side))
    sign, call = ("==", equal) if is_equal else ("!=", not_equal)
    instead = emitter.called(call, [again, name])
    return Code(f"({again} {sign} {name} if type({first}) is list else {instead})", "bool")


def ordered_code(emitter: "Emitter", node: Call) -> Code:
    """Which of two values is less."""
    one, other = emitter.all(node.arguments)
    sign = ORDER[node.function]
    if one.kind == other.kind and one.kind in ("int", "str"):
        return Code(f"({one.text} {sign} {other.text})", "bool")
    call = emitter.environment.functions[node.function].call
    if other.kind == "int" and other.is_name:
        first, again = emitter.named(one)
        instead = emitter.called(call, [again, other.text])
        return Code(f"({again} {sign} {other.text} if type({first}) is int else {instead})", "bool")
    return Code(emitter.called(call, [one.text, other.text]), "bool")
