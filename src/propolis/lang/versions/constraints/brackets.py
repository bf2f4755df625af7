"""Interval notation of Maven and NuGet: ``[1.0,2.0)``, ``(,1.5]``, ``[1.2]``, several joined by commas.

Follows the Maven POM reference ("Dependency Version Requirement Specification") and NuGet's "Package
versioning".
"""

import re

from propolis.lang.versions.constraints.model import Test, refuse_many, wrong
from propolis.lang.versions.constraints.operators import comparison
from propolis.lang.versions.order import VersionOrder

_INTERVAL = re.compile(r"\s*([\[(])\s*([^\s,\[\]()]*)\s*(?:(,)\s*([^\s,\[\]()]*)\s*)?([\])])\s*")
_EXPECTED = "an interval such as '[1.0,2.0)' or '(,1.5]'"


def read(order: VersionOrder, expression: str) -> tuple[tuple[tuple[Test, ...], ...], str]:
    """One alternative for each interval, and the expression in one spelling.

    Raises:
        DocumentError: for what is no interval, with the column.
    """
    alternatives: list[tuple[Test, ...]] = []
    texts: list[str] = []
    position = 0
    while position < len(expression):
        found = _INTERVAL.match(expression, position)
        if found is None:
            raise wrong(expression, position + 1, _EXPECTED)
        parts = _parts(expression, found)
        alternatives.append(tuple(comparison(sign, order.key(version)) for sign, version in parts))
        texts.append(", ".join(sign + version for sign, version in parts) or "*")
        position = found.end()
        if position < len(expression) and expression[position] == ",":
            position += 1
    refuse_many(len(alternatives))
    return tuple(alternatives), " || ".join(texts)


def _parts(expression: str, found: re.Match[str]) -> list[tuple[str, str]]:
    """Signs and versions of one interval; one version alone in square brackets is exact."""
    opening, low, comma, high, closing = found.groups()
    if not comma:
        if opening != "[" or closing != "]" or not low:
            raise wrong(expression, found.start() + 1, _EXPECTED)
        return [("=", low)]
    parts = [(">=" if opening == "[" else ">", low)] if low else []
    return parts + ([("<=" if closing == "]" else "<", high)] if high else [])
