"""Wildcards of Kubernetes policy languages: ``*`` any run of characters, ``?`` exactly one.

Follows Kyverno ext/wildcard @ 111e07b. A pattern compiles once to a function; matching takes time
proportional to text times pattern, whatever the pattern (no backtracking over several stars).
"""

import re
from collections.abc import Callable
from functools import lru_cache

Matcher = Callable[[str], bool]


def has_wildcard(text: str) -> bool:
    """Whether a text holds ``*`` or ``?``."""
    return "*" in text or "?" in text


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches the pattern."""
    return compile_wildcard(pattern)(text)


@lru_cache(maxsize=16384)
def compile_wildcard(pattern: str) -> Matcher:
    """The function that tells whether a text matches the pattern."""
    if not has_wildcard(pattern):
        return pattern.__eq__
    if "?" in pattern:
        return _compile_segments(pattern)
    stars = pattern.count("*")
    if pattern.strip("*") == "":
        return _anything
    if stars == 1:
        return _compile_one_star(pattern)
    if stars == 2 and pattern[0] == pattern[-1] == "*":  # noqa: PLR2004  # *middle*
        middle = pattern[1:-1]
        return lambda text: middle in text
    return _compile_segments(pattern)


def _anything(text: str) -> bool:
    del text
    return True


def _compile_one_star(pattern: str) -> Matcher:
    """``prefix*``, ``*suffix`` and ``prefix*suffix``."""
    prefix, _, suffix = pattern.partition("*")
    if not suffix:
        return lambda text: text.startswith(prefix)
    if not prefix:
        return lambda text: text.endswith(suffix)
    least = len(prefix) + len(suffix)
    return lambda text: len(text) >= least and text.startswith(prefix) and text.endswith(suffix)


def _compile_segments(pattern: str) -> Matcher:
    """Any pattern: the runs between stars are found from left to right, the last one from the right."""
    first, *rest = (_segment(part) for part in re.split(r"\*+", pattern))
    if not rest:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = rest
    last_length = len(re.split(r"\*+", pattern)[-1])

    def match(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        position = found.end()
        for segment in middle:
            found = segment.search(text, position)
            if found is None:
                return False
            position = found.end()
        start = len(text) - last_length
        return start >= position and last.fullmatch(text, start) is not None

    return match


def _segment(part: str) -> re.Pattern[str]:
    """A run without stars; it has no repetition, so finding it cannot backtrack."""
    return re.compile(
        "".join("." if character == "?" else re.escape(character) for character in part), re.DOTALL
    )
