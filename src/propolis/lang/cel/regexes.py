"""Regular expressions of expressions, on RE2: time grows with the text, never exponentially."""

from functools import lru_cache
from typing import Any

import re2

from propolis.lang.cel.errors import CostError, EvaluationError

LONGEST_PATTERN = 16_384
MOST_EFFORT = 50_000_000
"""Characters of a pattern times characters of a text; Kubernetes allows forty million in one call."""
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


def limit_effort(pattern: str, text: str) -> None:
    """Refuses a long pattern on a long text.

    Raises:
        CostError: They are too long together.
    """
    if len(pattern) * len(text) > MOST_EFFORT:
        raise CostError("the regular expression and the text are too long together")


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern is found in a text.

    Raises:
        EvaluationError: The pattern or the text cannot be used.
        CostError: They are too long together.
    """
    limit_effort(pattern, text)
    try:
        return compiled(pattern).search(text) is not None
    except UnicodeError as error:
        raise EvaluationError("the string has half of a surrogate pair") from error
