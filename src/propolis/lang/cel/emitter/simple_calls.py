"""Sums, membership, sizes, conversions and tests of texts, inline where Python raises for other types."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from propolis.lang.cel.ast import Call, Literal
from propolis.lang.cel.emitter.dispatching import CLASSES, GUARDED, called
from propolis.lang.cel.emitter.writer import Code
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.operations.access import contains
from propolis.lang.cel.regexes import MOST_EFFORT, compiled

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


_SHORT = 4096
"""Characters of a text that costs nothing to go through."""


def sum_of(emitter: "Emitter", node: Call) -> Code | None:
    """A text that is known makes Python raise for anything but a text beside it."""
    is_text = any(type(emitter.constants.of(argument)) is str for argument in node.arguments)
    codes = emitter.all(node.arguments)
    if is_text and not emitter.loop_depth:
        return Code(f"({codes[0].text} + {codes[1].text})", "str")
    return called(emitter, node, codes)


def membership(emitter: "Emitter", node: Call) -> Code | None:
    """``value in container``."""
    values = emitter.constants.of(node.arguments[1])
    if isinstance(values, list) and all(type(value) is str for value in values):
        code = emitter.emit(node.arguments[0])
        return Code(f"({code.text} in {emitter.writer.value(frozenset(values))})", "bool")
    value, container = emitter.all(node.arguments)
    if value.kind != "str" or not value.is_name:
        return called(emitter, node, [value, container])
    first, again = emitter.named(container)
    instead = emitter.called(contains, [value.text, again])
    is_plain = f"type({first}) is dict"
    if not emitter.loop_depth:
        is_plain += f" or type({again}) is list"
    return Code(f"({value.text} in {again} if {is_plain} else {instead})", "bool")


def negation(emitter: "Emitter", node: Call) -> Code:
    """``!value``."""
    return Code(f"(not {emitter.truth(node.arguments[0])})", "bool")


def size(emitter: "Emitter", node: Call) -> Code:
    """Of a text, bytes, a list or a map; of anything else Python raises."""
    operand = node.arguments[0] if node.target is None else node.target
    return Code(f"len({emitter.emit(operand).text})", "int")


def converted(emitter: "Emitter", node: Call) -> Code:
    """A conversion to a type that the value most often has already."""
    class_name = CLASSES[node.function]
    code = emitter.emit(node.arguments[0])
    if code.kind == GUARDED[class_name]:
        return code
    first, again = emitter.named(code)
    instead = called(emitter, node, [Code(again, is_name=True)])
    return Code(f"({again} if type({first}) is {class_name} else {instead.text})", instead.kind)


def text_test(pattern: str) -> Callable[["Emitter", Call], Code | None]:
    """A test of a text by another that is known: of anything but a text the method raises."""

    def emit_test(emitter: "Emitter", node: Call) -> Code | None:
        argument = node.arguments[0]
        if not isinstance(argument, Literal) or type(argument.value) is not str or node.target is None:
            return None
        code = emitter.emit(node.target)
        return Code(pattern.format(text=code.text, part=emitter.writer.value(argument.value)), "bool")

    return emit_test


def containment(emitter: "Emitter", node: Call) -> Code | None:
    """``text.contains(part)``; in loops a long text is charged for."""
    part = emitter.constants.of(node.arguments[0])
    if type(part) is not str or node.target is None:
        return None
    code, name = emitter.emit(node.target), emitter.writer.value(part)
    if not emitter.loop_depth:
        return Code(f"({code.text}.find({name}) >= 0)", "bool")
    first, again = emitter.named(code)
    charged = emitter.called(str.find, [again, name])
    return Code(f"(({again}.find({name}) if len({first}) < {_SHORT} else {charged}) >= 0)", "bool")


def matches(emitter: "Emitter", node: Call) -> Code | None:
    """A pattern that is known is compiled once; in loops the function is called, which is charged for."""
    operands = node.arguments if node.target is None else (node.target, *node.arguments)
    pattern = emitter.constants.of(operands[1])
    if type(pattern) is not str or emitter.loop_depth:
        return None
    try:
        search = compiled(pattern).search
    except EvaluationError:
        return None
    first, again = emitter.named(emitter.emit(operands[0]))
    name, longest = emitter.writer.value(search), emitter.writer.value(MOST_EFFORT // max(1, len(pattern)))
    is_short = f"type({first}) is str and len({again}) <= {longest}"
    return Code(f"({name}({again}) is not None if {is_short} else leave())", "bool")
