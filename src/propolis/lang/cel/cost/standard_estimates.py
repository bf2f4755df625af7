"""What calls of the standard functions cost beside their arguments, and how large their results are.

Follows cel-go checker/cost.go functionCost @ v0.30.0.
"""

from propolis.lang.cel.cost import units
from propolis.lang.cel.cost.calls import Estimate, Question, Rule, pattern_cost
from propolis.lang.cel.cost.ranges import ENDLESS, Range
from propolis.lang.cel.cost.sizes import Sizes


def _traversal(question: Question, sizes: Sizes) -> Estimate | None:
    """The first argument is gone through."""
    return Estimate(sizes.of(question.arguments[0]).scaled(units.PER_CHARACTER))


def _to_bytes(question: Question, sizes: Sizes) -> Estimate | None:
    """A character may take four bytes."""
    size = sizes.of(question.arguments[0])
    return Estimate(size.scaled(units.PER_CHARACTER), Range(size.low, min(ENDLESS, size.high * 4)))


def _to_text(question: Question, sizes: Sizes) -> Estimate | None:
    """Four bytes may be one character."""
    size = sizes.of(question.arguments[0])
    return Estimate(size.scaled(units.PER_CHARACTER), Range(size.low // 4, size.high))


def _quoted(question: Question, sizes: Sizes) -> Estimate | None:
    """Every character may be escaped; two quotes are added."""
    size = sizes.of(question.arguments[0])
    most = min(ENDLESS, size.high * 2 + 2)
    return Estimate(size.scaled(units.PER_CHARACTER), Range(size.low + 2, most))


def _formatted(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    return Estimate(sizes.of(question.target).scaled(units.PER_CHARACTER))


def _in_list(question: Question, sizes: Sizes) -> Estimate | None:
    return Estimate(sizes.of(question.arguments[1]).scaled(1))


def _matches(question: Question, sizes: Sizes) -> Estimate | None:
    operands = (*([question.target] if question.target else []), *question.arguments)
    return Estimate(pattern_cost(sizes.of(operands[0]), sizes.of(operands[1])))


def _contains(question: Question, sizes: Sizes) -> Estimate | None:
    if question.target is None:
        return None
    text, part = sizes.of(question.target), sizes.of(question.arguments[0])
    return Estimate(text.scaled(units.PER_CHARACTER).times(part.scaled(units.PER_CHARACTER)))


def _compared(question: Question, sizes: Sizes) -> Estimate | None:
    """The shorter of both is gone through; values of one size cost 1."""
    one, other = (sizes.of(argument) for argument in question.arguments)
    most = min(one.high, other.high)
    return Estimate(Range(1 if most else 0, most).scaled(units.PER_CHARACTER))


STANDARD: dict[str, Rule] = {
    "string_format": _formatted,
    "string_to_bytes": _to_bytes,
    "bytes_to_string": _to_text,
    "strings_quote": _quoted,
    "starts_with_string": _traversal,
    "ends_with_string": _traversal,
    "in_list": _in_list,
    "matches": _matches,
    "matches_string": _matches,
    "contains_string": _contains,
    "equals": _compared,
    "not_equals": _compared,
    **{
        f"{relation}_{kind}": _compared
        for relation in ("less", "less_equals", "greater", "greater_equals")
        for kind in ("string", "bytes")
    },
}
"""By the overload's id."""
