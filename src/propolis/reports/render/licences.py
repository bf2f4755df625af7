"""Licences as CycloneDX tells them: an SPDX id, an SPDX expression, or the words of the package."""

import functools
from collections.abc import Iterable
from typing import Any

from license_expression import ExpressionError, ParseError, get_spdx_licensing

MOST_CHARACTERS = 500
FAULTS = (
    ExpressionError, ParseError, AssertionError, AttributeError, IndexError, TypeError, ValueError,
    RecursionError,
)  # fmt: skip
"""What the library raises for words that are no expression: beside its own errors it trips over some."""

_JOINTS = frozenset(" ()")


def licence_choices(licences: Iterable[str]) -> list[dict[str, Any]]:
    """The value of ``licenses``.

    An expression may only stand alone, so that beside others it is told in the package's own words.
    """
    written = list(dict.fromkeys(text for text in licences if text.strip()))
    if len(written) == 1 and (spdx := spdx_of(written[0])):
        return [{"license": {"id": spdx}} if _is_id(spdx) else {"expression": spdx}]
    return [{"license": _one(text)} for text in written]


def _one(text: str) -> dict[str, str]:
    spdx = spdx_of(text)
    return {"id": spdx} if _is_id(spdx) else {"name": text}


def _is_id(spdx: str) -> bool:
    """One licence of the SPDX list, neither joined nor defined elsewhere."""
    return bool(spdx) and _JOINTS.isdisjoint(spdx) and not spdx.startswith("LicenseRef-")


@functools.lru_cache(4096)
def spdx_of(text: str) -> str:
    """The SPDX expression in its normal form; empty for words that are none."""
    if len(text) > MOST_CHARACTERS:
        return ""
    try:
        parsed = _spdx().parse(text, validate=True)
    except FAULTS:
        return ""
    return str(parsed) if parsed is not None else ""


@functools.cache
def _spdx() -> Any:
    """The list of SPDX, read once."""
    return get_spdx_licensing()
