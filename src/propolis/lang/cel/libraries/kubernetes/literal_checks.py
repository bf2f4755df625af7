"""What an API server refuses in literals, beside what does not fit the types.

The elements of a list, the keys and the values of a map have one type. Texts that become moments, spans or
patterns can become them. Follows apiserver pkg/cel/environment/base.go @ 24a394e, cel-go checker/checker.go
and cel/validator.go @ v0.30.0.
"""

from collections.abc import Iterator
from enum import Enum

from propolis.lang.cel.ast import Call, CheckedTree, Expr, ListExpr, Literal, MapExpr
from propolis.lang.cel.children import children
from propolis.lang.cel.errors import CelTypeError, EvaluationError, place_of, pointed
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.regexes import compiled
from propolis.lang.cel.substitution import Substitution, most_general
from propolis.lang.cel.types import DYN, Type

_MOST_TOLD = 10
_MIXING = "format"
"""The function whose list of arguments may have ``dyn`` beside other types."""

_CONVERSIONS = {
    one.id: one.call
    for function in STANDARD.functions
    if function.name in ("duration", "timestamp")
    for one in function.overloads
}

Problem = tuple[int, str]
"""The id of a node, and what is wrong with it."""


class Literals(Enum):
    """What literals have to be."""

    MIXED = "mixed"
    """Anything, as CEL itself has it."""
    AGREEING = "agreeing"
    """Of one type in each list or map, where types are known."""
    VALIDATED = "validated"
    """Agreeing, with what is not known as a type of its own, and texts that can become what they have to."""


def check_literals(tree: CheckedTree, literals: Literals) -> None:
    """Looks at the literals of an expression.

    Raises:
        CelTypeError: One is refused.
    """
    if literals is Literals.MIXED:
        return
    problems = [found for node, _ in _nodes(tree.root) for found in _mixed(node, tree.types)]
    if not problems and literals is Literals.VALIDATED:
        problems = list(_validated(tree))
    if problems:
        raise _error(tree, problems)


def _error(tree: CheckedTree, problems: list[Problem]) -> CelTypeError:
    placed = sorted((tree.offsets.get(node_id, 0), message) for node_id, message in problems)
    told = [pointed(message, tree.text, offset) for offset, message in placed[:_MOST_TOLD]]
    return CelTypeError("\n".join(told), place_of(tree.text, placed[0][0]))


def _nodes(root: Expr) -> Iterator[tuple[Expr, bool]]:
    """Every node, and whether it is within a call that may mix types."""
    waiting = [(root, False)]
    while waiting:
        node, may_mix = waiting.pop()
        yield node, may_mix
        is_within = may_mix or (isinstance(node, Call) and node.function == _MIXING)
        waiting += [(child, is_within) for child in children(node)]


def _validated(tree: CheckedTree) -> Iterator[Problem]:
    for node, may_mix in _nodes(tree.root):
        if isinstance(node, Call):
            yield from _bad_text(node, tree)
        elif not may_mix:
            yield from _different(node, tree.types)


# Types.


def _rows(node: Expr, types: dict[int, Type]) -> Iterator[list[tuple[int, Type]]]:
    """Ids and types of what must have one type: elements, keys, values."""
    if isinstance(node, ListExpr):
        yield [
            (element.id, _inner(types[element.id], is_optional=index in node.optionals))
            for index, element in enumerate(node.elements)
        ]
    if isinstance(node, MapExpr):
        keys = [entry.key for entry in node.entries if not isinstance(entry.key, str)]
        yield [(key.id, types[key.id]) for key in keys]
        yield [
            (entry.value.id, _inner(types[entry.value.id], is_optional=entry.is_optional))
            for entry in node.entries
        ]


def _inner(found: Type, *, is_optional: bool) -> Type:
    if not is_optional:
        return found
    return found.parameters[0] if found.kind == "optional" else DYN


def _mixed(node: Expr, types: dict[int, Type]) -> Iterator[Problem]:
    """The first of a row that does not agree with those before it; ``dyn`` agrees with all."""
    for row in _rows(node, types):
        joined: Type | None = None
        for node_id, found in row:
            if joined is None:
                joined = found
            elif Substitution().assignable((joined,), (found,)):
                joined = most_general(joined, found)
            else:
                yield _mismatch(node_id, joined, found)
                break


def _different(node: Expr, types: dict[int, Type]) -> Iterator[Problem]:
    """Those of a row that have another type than the first; of a list the first of them."""
    for row in _rows(node, types):
        others = [_mismatch(node_id, row[0][1], found) for node_id, found in row if found != row[0][1]]
        yield from others[:1] if isinstance(node, ListExpr) else others


def _mismatch(node_id: int, expected: Type, found: Type) -> Problem:
    return node_id, f"expected type '{expected}' but found '{found}'"


# Texts.


def _bad_text(node: Call, tree: CheckedTree) -> Iterator[Problem]:
    """A first argument that is written as a constant and cannot become what the function makes of it.

    Of ``matches(text, pattern)`` that is the text, which cel-go takes for the pattern too.
    """
    first = node.arguments[0] if node.arguments else None
    if not isinstance(first, Literal) or node.function not in ("duration", "timestamp", "matches"):
        return
    try:
        if node.function != "matches":
            _convert(first.value, tree.overloads.get(node.id, ()))
        elif isinstance(first.value, str):
            compiled(first.value)
    except EvaluationError:
        yield first.id, f"invalid {node.function} argument"


def _convert(value: object, overloads: tuple[str, ...]) -> None:
    if len(overloads) == 1 and overloads[0] in _CONVERSIONS:
        _CONVERSIONS[overloads[0]](value)
