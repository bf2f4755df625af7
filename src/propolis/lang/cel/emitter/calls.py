"""Calls as Python: inline where plain Python gives the same or raises, else a call of the function.

What is inline stands in `comparisons.py`, `simple_calls.py` and `optional_values.py`, everything else in
`dispatching.py`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from propolis.lang.cel import operators
from propolis.lang.cel.ast import Call
from propolis.lang.cel.emitter.comparisons import ORDER, equality, ordered_code
from propolis.lang.cel.emitter.dispatching import called
from propolis.lang.cel.emitter.optional_values import has_value, or_value, or_value_compat
from propolis.lang.cel.emitter.simple_calls import (
    containment,
    converted,
    matches,
    membership,
    negation,
    size,
    sum_of,
    text_test,
)
from propolis.lang.cel.emitter.writer import Code

if TYPE_CHECKING:
    from propolis.lang.cel.emitter.nodes import Emitter


def emit(emitter: "Emitter", node: Call) -> Code:
    """The code of a call that is neither logic nor a field."""
    shortcut = _SHORTCUTS.get((node.function, node.target is not None, len(node.arguments)))
    if shortcut is not None and is_standard(emitter, node):
        code = shortcut(emitter, node)
        if code is not None:
            return code
    operands = node.arguments if node.target is None else (node.target, *node.arguments)
    return called(emitter, node, emitter.all(operands))


def is_standard(emitter: "Emitter", node: Call) -> bool:
    """Whether a function has the overloads that a shortcut knows, and no others."""
    function = emitter.environment.functions.get(node.function)
    if function is None:
        return False
    ids = {overload.id for overload in function.overloads}
    return ids <= _KNOWN or not ids.isdisjoint(_SAME)


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
    (operators.EQUAL, False, 2): equality,
    (operators.NOT_EQUAL, False, 2): equality,
    (operators.IN, False, 2): membership,
    (operators.NOT, False, 1): negation,
    (operators.ADD, False, 2): sum_of,
    ("string", False, 1): converted,
    ("int", False, 1): converted,
    ("double", False, 1): converted,
    ("bool", False, 1): converted,
    ("size", False, 1): size,
    ("size", True, 0): size,
    ("startsWith", True, 1): text_test("{text}.startswith({part})"),
    ("endsWith", True, 1): text_test("{text}.endswith({part})"),
    ("contains", True, 1): containment,
    ("matches", True, 1): matches,
    ("matches", False, 2): matches,
    ("orValue", True, 1): or_value,
    ("__orValueCompat__", False, 2): or_value_compat,
    ("hasValue", True, 0): has_value,
} | {(name, False, 2): ordered_code for name in ORDER}
