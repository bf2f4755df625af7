"""Conditions as small trees, simplified while they are put together, written as CEL at the end."""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec


class Call(msgspec.Struct, frozen=True):
    """A condition that is a call, a macro or a name."""

    text: str


class Compare(msgspec.Struct, frozen=True):
    """``left operator right``."""

    left: str
    operator: str
    right: str


class Choice(msgspec.Struct, frozen=True):
    """``when ? then : other``: unlike ``&&`` and ``||`` it takes errors of its first part for errors."""

    when: "Term"
    then: "Term"
    other: "Term"


class Not(msgspec.Struct, frozen=True):
    """The opposite of a condition."""

    inner: "Term"


class And(msgspec.Struct, frozen=True):
    """All of some conditions, from left to right."""

    parts: tuple["Term", ...]


class Or(msgspec.Struct, frozen=True):
    """One of some conditions, from left to right."""

    parts: tuple["Term", ...]


Term: TypeAlias = Call | Compare | Choice | Not | And | Or

TRUE = Call("true")
FALSE = Call("false")
_OPPOSITES = {"==": "!=", "!=": "=="}


def not_(term: Term) -> Term:
    """The opposite."""
    match term:
        case Not(inner=inner):
            return inner
        case Compare(left=left, operator=operator, right=right) if operator in _OPPOSITES:
            return Compare(left, _OPPOSITES[operator], right)
    if term in (TRUE, FALSE):
        return FALSE if term == TRUE else TRUE
    if isinstance(term, And | Or) and all(isinstance(one, Not) for one in term.parts):
        join = or_ if isinstance(term, And) else and_
        return join(map(not_, term.parts))
    return Not(term)


def and_(terms: Iterable[Term]) -> Term:
    """All of some conditions; what a part repeats of those before it is left out."""
    parts: list[Term] = []
    for term in terms:
        for one in term.parts if isinstance(term, And) else (term,):
            if one == FALSE:
                return FALSE
            if one != TRUE and one not in parts:
                parts.append(one)
    return TRUE if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def or_(terms: Iterable[Term]) -> Term:
    """One of some conditions; after ``!(a && b)`` no part needs to ask for a and b again."""
    parts: list[Term] = []
    known: list[Term] = []
    for term in terms:
        for one in term.parts if isinstance(term, Or) else (term,):
            found = _without(one, known)
            if found == TRUE:
                return TRUE
            if found != FALSE and found not in parts:
                parts.append(found)
            opposite = not_(found)
            known += opposite.parts if isinstance(opposite, And) else [opposite]
    return FALSE if not parts else parts[0] if len(parts) == 1 else Or(tuple(parts))


def _without(term: Term, known: list[Term]) -> Term:
    if isinstance(term, And):
        return and_(one for one in term.parts if one not in known)
    return TRUE if term in known else term


def written(term: Term) -> str:
    """The condition as CEL."""
    match term:
        case Call(text=text):
            return text
        case Compare(left=left, operator=operator, right=right):
            return f"{left} {operator} {right}"
        case Choice(when=when, then=then, other=other):
            return f"{_tight(when)} ? {_tight(then)} : {_tight(other)}"
        case Not(inner=inner):
            return f"!{_tight(inner)}"
        case And(parts=parts):
            return " && ".join(_within(one, Or) for one in parts)
    return " || ".join(_within(one, And) for one in term.parts)


def expression(term: Term) -> str:
    """The condition as a text of a policy: long ones have a line for each part."""
    text = written(term)
    if len(text) <= _LONGEST_LINE or not isinstance(term, And | Or):
        return text
    is_and = isinstance(term, And)
    parts = [_within(one, Or if is_and else And) for one in term.parts]
    return (" &&\n" if is_and else " ||\n").join(parts)


_LONGEST_LINE = 100


def _tight(term: Term) -> str:
    """As the operand of ``!`` or of a choice."""
    return written(term) if isinstance(term, Call | Not) else f"({written(term)})"


def _within(term: Term, looser: type) -> str:
    return f"({written(term)})" if isinstance(term, looser | Choice) else written(term)
