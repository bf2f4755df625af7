"""Regular expressions of expressions, on RE2: time grows with the text, never exponentially."""

from functools import lru_cache
from typing import Any

import re2

from propolis.lang.cel.errors import EvaluationError

LONGEST_PATTERN = 16_384
_MEMORY_BYTES = 8 * 1024 * 1024


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> Any:
    """A compiled pattern.

    Raises:
        EvaluationError: RE2 does not take it, or it is longer than `LONGEST_PATTERN`.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise EvaluationError(f"the regular expression has more than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        return re2.compile(pattern, options=options)
    except (re2.error, UnicodeError) as error:
        raise EvaluationError(f"the regular expression {pattern[:80]!r} is wrong: {error}") from error


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text.

    Raises:
        EvaluationError: The pattern or the text cannot be used.
    """
    try:
        return compiled(pattern).search(text) is not None
    except UnicodeError as error:
        raise EvaluationError("the string has half of a surrogate pair") from error
