"""Optional fields with a value for those that are absent, without making an optional value."""

from typing import TYPE_CHECKING

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, Expr, Literal
from propolis.lang.cel.emitter.constants import UNKNOWN
from propolis.lang.cel.emitter.writer import Code
from propolis.lang.cel.values import OptionalValue

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


def _optional_step(node: Expr) -> tuple[Expr, str] | None:
    """What an optional field is taken of, and its key."""
    is_step = isinstance(node, Call) and node.function in (
        operators.OPTIONAL_SELECT,
        operators.OPTIONAL_INDEX,
    )
    if (
        is_step
        and isinstance(node, Call)
        and isinstance(key := node.arguments[1], Literal)
        and type(key.value) is str
    ):
        return node.arguments[0], key.value
    return None


def _optional(emitter: "Emitter", node: Expr, absent: str) -> str | None:
    """The value in a chain of optional fields, or what ``absent`` says. None where there is no chain."""
    step = _optional_step(node)
    if step is None:
        return None
    operand, key = step
    name = emitter.writer.name()
    inner = _optional(emitter, operand, "ABSENT")
    if inner is None:
        looked_up = emitter.looked_up(operand, key, None)
        is_last = absent == "ABSENT"
        return looked_up if is_last else f"({name} if ({name} := {looked_up}) is not ABSENT else {absent})"
    before = emitter.writer.name()
    got = f"{before}.get({emitter.writer.value(key)}, ABSENT)"
    return (
        f"({name} if ({before} := {inner}) is not ABSENT and ({name} := {got}) is not ABSENT else {absent})"
    )


def or_value(emitter: "Emitter", node: Call) -> Code | None:
    """``optional.orValue(otherwise)``."""
    return None if node.target is None else _value_or(emitter, node.target, node.arguments[0])


def or_value_compat(emitter: "Emitter", node: Call) -> Code | None:
    """What the macro of Kyverno's policies makes of ``orValue``: a function that needs both of its values."""
    target, otherwise = node.arguments
    return None if emitter.constants.of(otherwise) is UNKNOWN else _value_or(emitter, target, otherwise)


def _value_or(emitter: "Emitter", target: Expr, otherwise: Expr) -> Code | None:
    """The value that is held, or another; what holds none is given as it is."""
    writer = emitter.writer
    with writer.aside() as lines:
        default = emitter.emit(otherwise)
    if lines:
        return None
    text = _optional(emitter, target, default.text)
    if text is None:
        first, again = emitter.named(emitter.emit(target))
        kind = writer.value(OptionalValue)
        held = f"{again}.value if type({again}) is {kind} else {again}"
        text = f"(({held}) if type({first}) is not {kind} or {again}.has_value else {default.text})"
    return Code(text)


def has_value(emitter: "Emitter", node: Call) -> Code | None:
    """``optional.hasValue()`` of a chain of fields."""
    text = None if node.target is None else _optional(emitter, node.target, "ABSENT")
    return None if text is None else Code(f"({text} is not ABSENT)", "bool")
