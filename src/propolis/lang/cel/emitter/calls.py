"""Calls as Python: inline where plain Python gives the same or raises, else a call of the function.

``not_same_when`` of every shortcut: bools are numbers in Python, texts contain texts, and 0 and 1 are keys
and elements that a bool would find too.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call, Expr, Literal
from propolis.lang.cel.dispatch import dispatcher, unbound
from propolis.lang.cel.emitter.constants import UNKNOWN
from propolis.lang.cel.emitter.writer import Code
from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.library import Overload
from propolis.lang.cel.operations.access import contains
from propolis.lang.cel.operations.equality import equal, not_equal
from propolis.lang.cel.regexes import compiled
from propolis.lang.cel.values import OptionalValue

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter

_LARGEST_EXACT = 2**53
_CLASSES = {
    "bool": "bool",
    "int": "int",
    "double": "float",
    "string": "str",
    "list": "list",
    "map": "dict",
    "bytes": "bytes",
}
_KINDS = {"bool": "bool", "int": "int", "double": "float", "string": "str", "list": "list"}
_GUARDED = {"bool": "bool", "int": "int", "float": "float", "str": "str", "list": "list", "dict": "map"}
_ORDER = {
    operators.LESS: "<",
    operators.LESS_OR_EQUAL: "<=",
    operators.GREATER: ">",
    operators.GREATER_OR_EQUAL: ">=",
}


def emit(emitter: "Emitter", node: Call) -> Code:
    """The code of a call that is neither logic nor a field."""
    shortcut = _SHORTCUTS.get((node.function, node.target is not None, len(node.arguments)))
    if shortcut is not None and is_standard(emitter, node):
        code = shortcut(emitter, node)
        if code is not None:
            return code
    operands = node.arguments if node.target is None else (node.target, *node.arguments)
    return _called(emitter, node, emitter.all(operands))


def is_standard(emitter: "Emitter", node: Call) -> bool:
    """Whether a function has the overloads that a shortcut knows, and no others."""
    function = emitter.environment.functions.get(node.function)
    if function is None:
        return False
    ids = {overload.id for overload in function.overloads}
    return ids <= _KNOWN or not ids.isdisjoint(_SAME)


def _called(emitter: "Emitter", node: Call, codes: list[Code]) -> Code:
    """A call of the overload that is certain, with guards for its arguments, or of what chooses one."""
    function = emitter.environment.functions.get(node.function)
    if function is None:
        text = ", ".join(["runtime", *(code.text for code in codes)])
        return Code(f"{emitter.writer.value(unbound(node.function))}({text})")
    if function.call is not None:
        kind = "bool" if node.function in _BOOLS else ""
        return Code(emitter.called(function.call, [code.text for code in codes]), kind)
    found = emitter.tree.overloads.get(node.id, ())
    if len(found) == 1:
        overload = next(one for one in function.overloads if one.id == found[0])
        guarded = _guarded(emitter, overload, codes)
        if guarded is not None:
            return guarded
    call = dispatcher(function, len(codes), is_member=node.target is not None, checked=found)
    inside = ["runtime", *(code.text for code in codes)]
    return Code(emitter.called(call, inside), _certain_kind(emitter, node))


def _certain_kind(emitter: "Emitter", node: Call) -> str:
    """The kind that all overloads of a name, receiver and number of arguments give."""
    function = emitter.environment.functions[node.function]
    is_member = node.target is not None
    count = len(node.arguments) + is_member
    kinds = {
        _KINDS.get(overload.result.kind, "")
        for overload in function.overloads
        if overload.is_member == is_member and len(overload.arguments) == count
    }
    return kinds.pop() if len(kinds) == 1 else ""


def _guarded(emitter: "Emitter", overload: Overload, codes: list[Code]) -> Code | None:
    """A direct call where simple tests of classes prove that the overload fits."""
    guards: list[str] = []
    texts: list[str] = []
    for code, wanted in zip(codes, overload.arguments, strict=True):
        if wanted.kind in ("dyn", "param"):
            texts.append(code.text)
            continue
        class_name = _CLASSES.get(wanted.kind)
        if class_name is None:
            return None
        if code.kind == _GUARDED.get(class_name):
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
    return Code(text, _KINDS.get(overload.result.kind, ""))


# Equality.


def _equal(emitter: "Emitter", node: Call) -> Code | None:
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
    return _called(emitter, node, [first, second])


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


# Order.


def _ordered(emitter: "Emitter", node: Call) -> Code:
    one, other = emitter.all(node.arguments)
    sign = _ORDER[node.function]
    if one.kind == other.kind and one.kind in ("int", "str"):
        return Code(f"({one.text} {sign} {other.text})", "bool")
    call = emitter.writer.value(emitter.environment.functions[node.function].call)
    if other.kind == "int" and other.is_name:
        first, again = emitter.named(one)
        return Code(
            f"({again} {sign} {other.text} if type({first}) is int else {call}({again}, {other.text}))",
            "bool",
        )
    return Code(f"{call}({one.text}, {other.text})", "bool")


# Sums, membership, sizes, texts.


def _add(emitter: "Emitter", node: Call) -> Code | None:
    """A text that is known makes Python raise for anything but a text beside it."""
    is_text = any(type(emitter.constants.of(argument)) is str for argument in node.arguments)
    codes = emitter.all(node.arguments)
    if is_text and not emitter.loop_depth:
        return Code(f"({codes[0].text} + {codes[1].text})", "str")
    return _called(emitter, node, codes)


def _in(emitter: "Emitter", node: Call) -> Code | None:
    values = emitter.constants.of(node.arguments[1])
    if isinstance(values, list) and all(type(value) is str for value in values):
        code = emitter.emit(node.arguments[0])
        return Code(f"({code.text} in {emitter.writer.value(frozenset(values))})", "bool")
    value, container = emitter.all(node.arguments)
    if value.kind != "str" or not value.is_name:
        return _called(emitter, node, [value, container])
    first, again = emitter.named(container)
    instead = emitter.called(contains, [value.text, again])
    is_plain = f"type({first}) is dict"
    if not emitter.loop_depth:
        is_plain += f" or type({again}) is list"
    return Code(f"({value.text} in {again} if {is_plain} else {instead})", "bool")


def _not(emitter: "Emitter", node: Call) -> Code:
    return Code(f"(not {emitter.truth(node.arguments[0])})", "bool")


def _size(emitter: "Emitter", node: Call) -> Code:
    operand = node.arguments[0] if node.target is None else node.target
    return Code(f"len({emitter.emit(operand).text})", "int")


def _converted(emitter: "Emitter", node: Call) -> Code:
    """A conversion to a type that the value most often has already."""
    class_name = _CLASSES[node.function]
    code = emitter.emit(node.arguments[0])
    if code.kind == _GUARDED[class_name]:
        return code
    first, again = emitter.named(code)
    instead = _called(emitter, node, [Code(again, is_name=True)])
    return Code(f"({again} if type({first}) is {class_name} else {instead.text})", instead.kind)


def _text_test(pattern: str) -> Callable[["Emitter", Call], Code | None]:
    """A test of a text by another that is known: of anything but a text the method raises."""

    def emit_test(emitter: "Emitter", node: Call) -> Code | None:
        argument = node.arguments[0]
        if not isinstance(argument, Literal) or type(argument.value) is not str or node.target is None:
            return None
        code = emitter.emit(node.target)
        return Code(pattern.format(text=code.text, part=emitter.writer.value(argument.value)), "bool")

    return emit_test


def _matches(emitter: "Emitter", node: Call) -> Code | None:
    operands = node.arguments if node.target is None else (node.target, *node.arguments)
    pattern = emitter.constants.of(operands[1])
    if type(pattern) is not str or emitter.loop_depth:
        return None
    try:
        search = compiled(pattern).search
    except EvaluationError:
        return None
    first, again = emitter.named(emitter.emit(operands[0]))
    name = emitter.writer.value(search)
    return Code(f"({name}({again}) is not None if type({first}) is str else leave())", "bool")


# Optional values.


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


def _or_value(emitter: "Emitter", node: Call) -> Code | None:
    return None if node.target is None else _value_or(emitter, node.target, node.arguments[0])


def _or_value_compat(emitter: "Emitter", node: Call) -> Code | None:
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


def _has_value(emitter: "Emitter", node: Call) -> Code | None:
    text = None if node.target is None else _optional(emitter, node.target, "ABSENT")
    return None if text is None else Code(f"({text} is not ABSENT)", "bool")


_BOOLS = frozenset({operators.EQUAL, operators.NOT_EQUAL, operators.IN, operators.NOT, *_ORDER})
_STANDARD = {
    "size_bytes", "size_list", "size_map", "size_string",
    "bytes_size", "list_size", "map_size", "string_size",
    "contains_string", "starts_with_string", "ends_with_string", "matches", "matches_string",
    "__orValueCompat___dyn_dyn", "optional_orValue_value", "optional_hasValue",
    "equals", "not_equals", "logical_not", "in_list", "in_map",
    "add_bytes", "add_double", "add_duration_duration", "add_duration_timestamp", "add_timestamp_duration",
    "add_int64", "add_list", "add_string", "add_uint64",
}  # fmt: skip
_SAME = frozenset({"string_to_string", "int64_to_int64", "double_to_double", "bool_to_bool"})
"""Overloads that give what they get, whatever others their function has."""
_RELATED = ("bool", "int64", "uint64", "double", "string", "bytes", "timestamp", "duration")
_KNOWN = _STANDARD | {
    f"{word}_{names}"
    for word in ("less", "less_equals", "greater", "greater_equals")
    for names in (*_RELATED, *(f"{one}_{other}" for one in _RELATED[1:4] for other in _RELATED[1:4]))
}
_SHORTCUTS: dict[tuple[str, bool, int], Callable[["Emitter", Call], Code | None]] = {
    (operators.EQUAL, False, 2): _equal,
    (operators.NOT_EQUAL, False, 2): _equal,
    (operators.IN, False, 2): _in,
    (operators.NOT, False, 1): _not,
    (operators.ADD, False, 2): _add,
    ("string", False, 1): _converted,
    ("int", False, 1): _converted,
    ("double", False, 1): _converted,
    ("bool", False, 1): _converted,
    ("size", False, 1): _size,
    ("size", True, 0): _size,
    ("startsWith", True, 1): _text_test("{text}.startswith({part})"),
    ("endsWith", True, 1): _text_test("{text}.endswith({part})"),
    ("contains", True, 1): _text_test("({text}.find({part}) >= 0)"),
    ("matches", True, 1): _matches,
    ("matches", False, 2): _matches,
    ("orValue", True, 1): _or_value,
    ("__orValueCompat__", False, 2): _or_value_compat,
    ("hasValue", True, 0): _has_value,
} | {(name, False, 2): _ordered for name in _ORDER}
