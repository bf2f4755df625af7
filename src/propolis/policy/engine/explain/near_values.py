"""Values around a scalar of a pattern or a side of a condition: some that meet it, some that do not."""

import re
from collections.abc import Iterator
from typing import Any

from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.scalars import NOT_RANGE, RANGE, compile_scalar, operator_of

PLACEHOLDER = "change-me"
"""What stands where only a person knows what should."""

_NUMBER = re.compile(r"([-+]?\d{1,18})((?:\.\d+)?)([A-Za-z]{0,3})", re.ASCII)
_LITERAL = re.compile(r"[^*?]+")
_SEPARATORS = ":/@.-_ "
MOST_TERMS = 64

EXAMPLES = {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "1Gi", "storage": "1Gi"}
"""What stands in place of `PLACEHOLDER` in fields that take quantities alone."""


def meeting(pattern: Any, value: Any) -> list[Any]:
    """Values that meet a scalar pattern, those nearest to the present one first."""
    test = compile_scalar(pattern)
    return [item for item in around(pattern, value) if item is not None and test(item)]


def around(pattern: Any, value: Any) -> list[Any]:
    """Values on both sides of every bound and alternative of a scalar; those like the present one first."""
    found: list[Any] = []
    for item in _all_around(pattern, value):
        if not any(type(item) is type(other) and item == other for other in found):
            found.append(item)
    return sorted(found, key=lambda item: _distance(item, value, pattern))


def _distance(item: Any, value: Any, pattern: Any) -> tuple[bool, bool, bool]:
    """Same type as what is there first; placeholders last."""
    is_placeholder = isinstance(item, str) and PLACEHOLDER in item
    wanted = type(value) if value is not None else type(_typed(pattern))
    return is_placeholder, type(item) is not wanted, False


def _typed(pattern: Any) -> Any:
    """A text that spells a boolean or number as that."""
    if isinstance(pattern, str):
        word = pattern.split("|")[0].strip().lstrip("<>=! ")
        if word in ("true", "false"):
            return word == "true"
        if word.isascii() and word.isdecimal() and len(word) < 19:  # noqa: PLR2004  # digits of 64 bits
            return int(word)
    return pattern


def _all_around(pattern: Any, value: Any) -> Iterator[Any]:
    if isinstance(pattern, bool):
        yield from (pattern, not pattern)
    elif isinstance(pattern, int | float):
        yield from (pattern, pattern + 1, pattern - 1)
    elif isinstance(pattern, str):
        for term in _terms(pattern):
            yield from _around_term(term, value)
        yield from (*((pattern,) if _is_plain(pattern) else ()), PLACEHOLDER)
    else:
        yield from (0, "", PLACEHOLDER)


def _is_plain(pattern: str) -> bool:
    """Whether a pattern is the text that it matches."""
    return not (has_wildcard(pattern) or operator_of(pattern) or "|" in pattern or "&" in pattern)


def _terms(pattern: str) -> list[str]:
    return [term.strip() for part in pattern.split("|")[:MOST_TERMS] for term in part.split("&")[:MOST_TERMS]]


def _around_term(term: str, value: Any) -> Iterator[Any]:
    operator = operator_of(term)
    span = (
        RANGE.fullmatch(term) if operator == "-" else NOT_RANGE.fullmatch(term) if operator == "!-" else None
    )
    if span:
        for bound in span.groups():
            yield from _around_operand(bound, value)
    else:
        yield from _around_operand(term[len(operator) :].strip(), value)


def _around_operand(operand: str, value: Any) -> Iterator[Any]:
    if operand in ("true", "false"):
        yield from (operand == "true", operand != "true")
    number = _NUMBER.fullmatch(operand)
    if number:
        yield from _numbers(int(number[1]), number[2], number[3])
    if has_wildcard(operand):
        yield from _filled(operand, value)
    else:
        yield operand
    if isinstance(value, str):
        yield from _without_literals(operand, value)


def _numbers(number: int, fraction: str, unit: str) -> Iterator[Any]:
    for near in (number, number + 1, number - 1):
        if not unit and not fraction:
            yield near
        yield f"{near}{fraction if near == number else ''}{unit}"


def _filled(pattern: str, value: Any) -> Iterator[str]:
    """Texts that a pattern with wildcards matches, around what is there where that is text."""
    plain = pattern.replace("?*", "*").replace("*?", "*")
    present = value if isinstance(value, str) and value else PLACEHOLDER
    last = present.rpartition("/")[2] if "/" in plain.partition("*")[0] else present
    untagged = [re.split(r"[:@]", present)[0]] if ":" in plain or "@" in plain else []
    for first in (*untagged, last, PLACEHOLDER, ""):
        parts = plain.split("*")
        text = parts[0]
        for number, part in enumerate(parts[1:]):
            text += (first if number == 0 else PLACEHOLDER if part or len(parts) > 2 else "") + part  # noqa: PLR2004  # several stars
        yield text.replace("?", "x")
    yield plain.replace("*", present.rpartition("/")[2], 1).replace("*", PLACEHOLDER).replace("?", "x")


def _without_literals(pattern: str, value: str) -> Iterator[str]:
    """What is there, with what the pattern spells in it replaced: for patterns that forbid."""
    for literal in _LITERAL.findall(pattern):
        word = literal.strip(_SEPARATORS)
        if word and word in value:
            yield value.replace(word, PLACEHOLDER)
