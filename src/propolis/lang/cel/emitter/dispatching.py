"""Calls of the overload that is certain, with guards for its arguments, or of what chooses one."""

from typing import TYPE_CHECKING

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call
from propolis.lang.cel.dispatch import dispatcher, unbound
from propolis.lang.cel.emitter.writer import Code
from propolis.lang.cel.library import Overload

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


CLASSES = {
    "bool": "bool",
    "int": "int",
    "double": "float",
    "string": "str",
    "list": "list",
    "map": "dict",
    "bytes": "bytes",
}
"""Python classes of simple types, by kind."""
KINDS = {"bool": "bool", "int": "int", "double": "float", "string": "str", "list": "list"}
"""Kinds of code by kinds of types."""
GUARDED = {"bool": "bool", "int": "int", "float": "float", "str": "str", "list": "list", "dict": "map"}
"""Kinds of code by Python classes."""
BOOLS = frozenset(
    {
        operators.EQUAL,
        operators.NOT_EQUAL,
        operators.IN,
        operators.NOT,
        operators.LESS,
        operators.LESS_OR_EQUAL,
        operators.GREATER,
        operators.GREATER_OR_EQUAL,
    }
)
"""Operators that always give a bool."""


def called(emitter: "Emitter", node: Call, codes: list[Code]) -> Code:
    """A call of the overload that is certain, with guards for its arguments, or of what chooses one."""
    function = emitter.environment.functions.get(node.function)
    if function is None:
        text = ", ".join(["runtime", *(code.text for code in codes)])
        return Code(f"{emitter.writer.value(unbound(node.function))}({text})")
    if function.call is not None:
        kind = "bool" if node.function in BOOLS else ""
        return Code(emitter.called(function.call, [code.text for code in codes]), kind)
    found = emitter.tree.overloads.get(node.id, ())
    if len(found) == 1:
        overload = next(one for one in function.overloads if one.id == found[0])
        direct = guarded(emitter, overload, codes)
        if direct is not None:
            return direct
    call = dispatcher(function, len(codes), is_member=node.target is not None, checked=found)
    inside = ["runtime", *(code.text for code in codes)]
    return Code(emitter.called(call, inside), certain_kind(emitter, node))


def certain_kind(emitter: "Emitter", node: Call) -> str:
    """The kind that all overloads of a name, receiver and number of arguments give."""
    function = emitter.environment.functions[node.function]
    is_member = node.target is not None
    count = len(node.arguments) + is_member
    kinds = {
        KINDS.get(overload.result.kind, "")
        for overload in function.overloads
        if overload.is_member == is_member and len(overload.arguments) == count
    }
    return kinds.pop() if len(kinds) == 1 else ""


def guarded(emitter: "Emitter", overload: Overload, codes: list[Code]) -> Code | None:
    """A direct call where simple tests of classes prove that the overload fits."""
    guards: list[str] = []
    texts: list[str] = []
    for code, wanted in zip(codes, overload.arguments, strict=True):
        if wanted.kind in ("dyn", "param"):
            texts.append(code.text)
            continue
        class_name = CLASSES.get(wanted.kind)
        if class_name is None:
            return None
        if code.kind == GUARDED.get(class_name):
            texts.append(code.text)
            continue
        first, again = emitter.named(code)
        guards.append(f"type({first}) is {class_name}")
        texts.append(again)
    if guards and any(
        not code.is_name and code.text == text for code, text in zip(codes, texts, strict=True)
    ):
        return None  # a guard would be evaluated before an operand that stands to its left
    call = emitter.called(overload.call, (["runtime"] if overload.needs_runtime else []) + texts)
    text = f"({call} if {' and '.join(guards)} else leave())" if guards else call
    return Code(text, KINDS.get(overload.result.kind, ""))
