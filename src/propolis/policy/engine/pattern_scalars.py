"""Scalars of a pattern inside of generated code: a quick test in line, the whole test behind it.

The text in line is true where a value does not obviously meet the scalar. Only then `Leaf.meets` is asked,
which knows every rule; so a text must never be false for a value that does not meet the scalar.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from propolis.lang.quantity import NANO, parse_quantity
from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.scalars import NOT_RANGE, RANGE, compile_scalar, operator_of

Name = Callable[[Any], str]
"""Gives the name of a constant."""

_ORDERS = {">": ">", "<": "<", ">=": ">=", "<=": "<="}
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_FURTHEST = 10**100
"""Whole numbers beyond it are not compared in line; quantities have a longest text."""


class Leaf:
    """A scalar of a pattern and the test of a value, whose elements all count where it is a list.

    Attributes:
        known: Texts of which it is known that they meet the scalar; they come again and again.
    """

    __slots__ = ("_test", "known", "pattern")

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern
        self.known: set[str] = set()
        self._test = compile_scalar(pattern)

    def meets(self, value: Any) -> bool:
        """Whether a value meets the scalar."""
        if type(value) is list:
            return all(map(self._test, value))
        if not self._test(value):
            return False
        if type(value) is str and len(value) <= _LONGEST_KNOWN and len(self.known) < MOST_KNOWN:
            self.known.add(value)
        return True


MOST_KNOWN = 256
_LONGEST_KNOWN = 64


@lru_cache(maxsize=16384, typed=True)
def leaf_of(pattern: Any) -> Leaf:
    """The leaf of a scalar; equal ones share it."""
    return Leaf(pattern)


def doubt_text(pattern: Any, var: str, name: Name) -> str:
    """Python that is true where the value of a variable does not obviously meet a scalar."""
    if isinstance(pattern, str):
        text = _text_doubt(pattern, var, name)
        return text or f"(type({var}) is not str or {var} not in {name(leaf_of(pattern).known)})"
    if isinstance(pattern, bool):
        return f"{var} is not {pattern}"
    if isinstance(pattern, int | float):
        differs = f"{var} != {name(pattern)}"
        return f"({differs} or type({var}) is bool)" if pattern in (0, 1) else differs
    return f"{var} is not None"


def _text_doubt(pattern: str, var: str, name: Name) -> str:
    """The test of a text of a pattern; empty where only the whole test can tell."""
    if pattern in ("true", "false"):
        return f"{var} is not {pattern.title()}"
    words = [word.strip(" ") for word in pattern.split("|")]
    if all(map(_is_word, words)):
        found = [*words, *(int(word) for word in words if _WHOLE.fullmatch(word) and int(word) not in (0, 1))]
        return f"{var} != {name(words[0])}" if len(found) == 1 else f"{var} not in {name(tuple(found))}"
    if len(words) == 1 and "&" not in pattern:
        return _term_doubt(words[0], var, name)
    return ""


def _is_word(word: str) -> bool:
    """Whether the text stands for itself."""
    return not has_wildcard(word) and "&" not in word and operator_of(word) == ""


def _term_doubt(term: str, var: str, name: Name) -> str:
    operator = operator_of(term)
    if operator == "-" and (found := RANGE.fullmatch(term)):
        least, most = _whole(found[1]), _whole(found[2])
        if least is not None and most is not None:
            return f"(type({var}) is not int or not {name(least)} <= {var} <= {name(most)})"
    if operator in _ORDERS:
        return _order_doubt(operator, _whole(term[len(operator) :].strip()), var, name)
    if operator in ("", "!") and not NOT_RANGE.fullmatch(term):
        return _wildcard_doubt(term[len(operator) :].strip(), var, name, is_wanted=not operator)
    return ""


def _whole(operand: str) -> int | None:
    """A quantity that is a whole number."""
    quantity = parse_quantity(operand) if _WHOLE.fullmatch(operand) else None
    return None if quantity is None else quantity.nano // NANO


def _order_doubt(operator: str, bound: int | None, var: str, name: Name) -> str:
    if bound is None:
        return ""
    furthest = name(_FURTHEST)
    in_order = f"{var} {operator} {name(bound)} and -{furthest} < {var} < {furthest}"
    return f"(type({var}) is not int or not ({in_order}))"


def _wildcard_doubt(operand: str, var: str, name: Name, *, is_wanted: bool) -> str:
    """Texts with at most one run of text in the wildcard; a word only where it is refused."""
    if operand == "*":
        return f"type({var}) is not str" if is_wanted else ""
    test = _matches_text(operand, var, name)
    return test and f"(type({var}) is not str or {'not ' if is_wanted else ''}{test})"


def _matches_text(operand: str, var: str, name: Name) -> str:
    """Whether a text matches a wildcard with one run of characters; empty for others."""
    if operand == "?*":
        return var
    run = operand.strip("*")
    if not run or has_wildcard(run) or parse_quantity(operand) is not None:
        return ""
    stars = operand[: operand.index(run)], operand[operand.index(run) + len(run) :]
    match stars:
        case ("", "*"):
            return f"{var}.startswith({name(run)})"
        case ("*", ""):
            return f"{var}.endswith({name(run)})"
        case ("*", "*"):
            return f"({name(run)} in {var})"
    return ""
