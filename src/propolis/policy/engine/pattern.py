"""Patterns: a tree that a resource must contain.

Follows Kyverno pkg/engine/validate @ 111e07b. Maps are checked key by key, anchors first; a list of
one map checks every element; a scalar checks every element of a list. `pattern_emitter` writes the code.
"""

from functools import lru_cache
from typing import Any

import msgspec

from propolis.lang.generated import Generated, Language
from propolis.policy.engine.mismatch import FAIL, SKIP, Above, Mismatch, Site, says
from propolis.policy.engine.pattern_emitter import PatternEmitter
from propolis.policy.engine.pattern_labels import Check, Seen, compile_labels
from propolis.policy.engine.pattern_tree import MOST_LEVELS, PatternTooDeepError, check_levels

__all__ = ["MOST_LEVELS", "Check", "PatternTooDeepError", "Seen", "compile_pattern", "pattern_check"]

LANGUAGE = Language("pattern", {"SKIP": SKIP})
"""The names that the code of a pattern knows."""


def compile_pattern(pattern: Any) -> Check:
    """The function that gives the first departure of a value from a pattern.

    It takes the value, a dictionary that tells of condition and existence anchors whether the resource has
    their keys, and the leaves that fill the holes of the pattern.

    Raises:
        PatternTooDeepError: As it says.
    """
    return LANGUAGE.function(generate_pattern(pattern))


def generate_pattern(pattern: Any) -> Generated:
    """The code of a pattern, as `compile_pattern` makes it a function.

    Raises:
        PatternTooDeepError: As it says.
    """
    check_levels(pattern)
    return PatternEmitter(_check_labels, _check_pairs).emit(pattern)


_encode = msgspec.json.Encoder(order="deterministic").encode


def pattern_check(pattern: Any) -> Check:
    """The check of a pattern that is known only now; equal patterns share it.

    Raises:
        PatternTooDeepError: As it says.
    """
    return _check_of_json(_encode(pattern))


@lru_cache(maxsize=4096)
def _check_of_json(encoded: bytes) -> Check:
    return compile_pattern(msgspec.json.decode(encoded))


def _check_labels(pattern: Any) -> Check:
    return compile_labels(pattern, compile_pattern)


def _check_pairs(pattern: list[Any]) -> Check:
    """Lists of lists: element by element."""
    inner = [compile_pattern(item) for item in pattern]
    places = Above((None,), skips=False, reasons="", is_direct=False)
    whole = Site(SKIP, says(""), ())

    def check(value: Any, seen: Seen, holes: tuple[Any, ...] = ()) -> Mismatch | None:
        if len(value) < len(inner):
            departure = Site(FAIL, says(_lengths(len(value), len(inner))), ())(value)
            departure.is_placeless = True
            return departure
        skipped: list[Mismatch] = []
        for index, one in enumerate(inner):
            found = one(value[index], seen, holes)
            if found is not None:
                places(found, index)
                if found.kind is not SKIP:
                    return found
                skipped.append(found)
        return whole.of_all(skipped) if skipped and len(skipped) == len(inner) else None

    return check


def _lengths(found: int, wanted: int) -> str:
    return (
        "validate Array failed, array length mismatch, "
        f"resource Array len is {found} and pattern Array len is {wanted}"
    )
