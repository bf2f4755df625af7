"""``find`` and ``findAll`` (library/regex.go), on RE2."""

from typing import Any

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import function, member
from propolis.lang.cel.library import Library
from propolis.lang.cel.types import INT, STRING, list_of
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.regexes import compile_regex


def _find(text: str, pattern: str) -> str:
    found = _compiled(pattern).search(_readable(text))
    return found[0] if found else ""


def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    """As Go finds: an empty match right behind another match is none."""
    parts: list[str] = []
    end = -1
    for found in _compiled(pattern).finditer(_readable(text)) if most else ():
        if found.start() == found.end() == end:
            continue
        end = found.end()
        parts.append(found[0])
        if len(parts) == most:
            break
    return parts


def _readable(text: str) -> str:
    """The text itself.

    Raises:
        EvaluationError: It has halves of characters, which RE2 does not take.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EvaluationError("the text is no Unicode") from error
    return text


def _compiled(pattern: str) -> Any:
    try:
        return compile_regex(_readable(pattern))
    except ExpressionError as error:
        raise EvaluationError(f"Illegal regex: {error.message}") from error


REGEX_LIBRARY = Library(
    "kubernetes.regex",
    functions=(
        function("find", member("string_find_string", (STRING, STRING), STRING, _find)),
        function(
            "findAll",
            member("string_find_all_string", (STRING, STRING), list_of(STRING), _find_all),
            member("string_find_all_string_int", (STRING, STRING, INT), list_of(STRING), _find_all),
        ),
    ),
)
