"""How each ecosystem writes constraints, and `parse_constraint`, which reads them all."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from propolis.core.errors import DocumentError
from propolis.lang.versions.constraints import brackets, pep440
from propolis.lang.versions.constraints.model import Constraint, Test, refuse_long, refuse_many, wrong
from propolis.lang.versions.constraints.operators import pessimistic_prefix, tilde_prefix
from propolis.lang.versions.constraints.parts import PartStyle, read_parts
from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.registry import order_of

_READABLE = re.compile(r"[vV=\s]*[0-9]+(?:\.[0-9]+)*(?:[-+_.]?[A-Za-z][^\s,|]*|[-+_~][^\s,|]*)?\s*")
_OR = re.compile(r"\s*\|\|?\s*|\s+or\s+")
_HAS_BRACKETS = re.compile(r"\s*[\[(]")


@dataclass(frozen=True, slots=True)
class Style:
    """What an ecosystem's expressions may hold.

    Attributes:
        order: Of the versions.
        parts: Operators and their meaning.
        is_readable: Which versions can be asked about; others are an error.
        has_brackets: Whether ``[1.0,2.0)`` is understood.
        is_pep440: Whether the specifiers of PEP 440 rule instead of operators.
    """

    order: VersionOrder
    parts: PartStyle = field(default_factory=PartStyle)
    is_readable: Callable[[str], bool] = lambda version: _READABLE.fullmatch(version) is not None
    has_brackets: bool = False
    is_pep440: bool = False


_PLAIN = PartStyle()
_NPM = PartStyle(tilde=tilde_prefix, caret=True, wildcards=True, partial_is_wildcard=True, hyphen_ranges=True)
_CARGO = PartStyle(tilde=tilde_prefix, caret=True, wildcards=True, bare_sign="^")
_COMPOSER = PartStyle(tilde=pessimistic_prefix, caret=True, wildcards=True, hyphen_ranges=True)
_GENERIC = PartStyle(tilde=tilde_prefix, caret=True)
_PART_STYLES: Mapping[str, PartStyle] = {
    "npm": _NPM, "crates.io": _CARGO, "Packagist": _COMPOSER, "RubyGems": _PLAIN, "Hex": _PLAIN,
    "Pub": PartStyle(caret=True), "Go": _GENERIC, "Maven": _GENERIC, "NuGet": _GENERIC, "Bitnami": _GENERIC,
    "Julia": _GENERIC, "SwiftURL": _GENERIC, "ConanCenter": _GENERIC,
}  # fmt: skip
_WITH_BRACKETS = frozenset({"Maven", "NuGet"})
_ANY_NUMBERED = frozenset({"maven"})


def style_of(ecosystem: str) -> Style:
    """The style of an ecosystem's constraints.

    Raises:
        DocumentError: where the ecosystem's versions have no order.
    """
    order = order_of(ecosystem)
    if order is None:
        raise DocumentError(
            f"versions of ecosystem {ecosystem!r} have no order", expected="an OSV ecosystem name"
        )
    name = ecosystem.partition(":")[0]
    if name == "PyPI":
        return Style(order, is_readable=order.is_valid, is_pep440=True)
    if name in _PART_STYLES:
        return Style(order, _PART_STYLES[name], has_brackets=name in _WITH_BRACKETS)
    return Style(order, replace(_PLAIN, keeps_signs_in_versions=True), is_readable=order.is_valid)


def parse_constraint(ecosystem: str, expression: str) -> Constraint:
    """Reads an expression in the style of an ecosystem.

    Raises:
        DocumentError: for an expression that cannot be read, with the column.
        LimitError: for one that is too long.
    """
    refuse_long(expression)
    if not expression.strip():
        raise wrong(expression, 1, "a version constraint such as '>=1.0, <2.0'")
    style = style_of(ecosystem)
    if style.is_pep440:
        tests, text = pep440.read(style.order, expression)
        return Constraint(style.order, style.is_readable, tests, text)
    if style.has_brackets and _HAS_BRACKETS.match(expression):
        tests, text = brackets.read(style.order, expression)
        return Constraint(style.order, style.is_readable, tests, text)
    return _by_operators(style, expression)


def _by_operators(style: Style, expression: str) -> Constraint:
    alternatives: list[tuple[Test, ...]] = []
    texts: list[str] = []
    position = 0
    for found in [*_OR.finditer(expression), None]:
        end = found.start() if found else len(expression)
        tests, text = read_parts(style.order, style.parts, style.is_readable, expression, position, end)
        alternatives.append(tests)
        texts.append(text)
        position = found.end() if found else end
    refuse_many(sum(map(len, alternatives)))
    return Constraint(style.order, style.is_readable, tuple(alternatives), " || ".join(texts))
