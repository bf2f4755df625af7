"""``regex.replace``, ``regex.extract``, ``regex.extractAll``, on RE2.

Follows cel-go ext/regex.go @ v0.30.0.
"""

import re
from collections.abc import Iterator
from typing import Any

from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.operations.arithmetic import MOST_JOINED
from propolis.lang.cel.regexes import compiled, limit_effort
from propolis.lang.cel.types import INT, STRING, list_of, optional_of
from propolis.lang.cel.values import NONE, OptionalValue

_ESCAPE = re.compile(r"\\([\s\S]|$)")


def _replace(text: str, pattern: str, replacement: str, count: int = -1) -> str:
    if count == 0:
        return text
    parts: list[str] = []
    position = length = 0
    for number, found in enumerate(_found(pattern, text)):
        if number == count:
            break
        made = _expanded(replacement, found)
        parts += [text[position : found.start()], made]
        length += len(made)
        if length > MOST_JOINED:
            raise CostError(f"the text has more than {MOST_JOINED} characters")
        position = found.end()
    return "".join([*parts, text[position:]])


def _found(pattern: str, text: str) -> Iterator[Any]:
    limit_effort(pattern, text)
    try:
        yield from compiled(pattern).finditer(text)
    except UnicodeError as error:
        raise EvaluationError("the string has half of a surrogate pair") from error


def _expanded(replacement: str, found: Any) -> str:
    def part(escape: re.Match[str]) -> str:
        character = escape[1]
        if character == "\\":
            return "\\"
        if not (character.isascii() and character.isdigit()):
            raise EvaluationError(f"invalid replacement string: {replacement[:80]!r}")
        if int(character) > found.re.groups:
            raise EvaluationError(
                f"replacement string references group {character} but regex has {found.re.groups} group(s)"
            )
        return found.group(int(character)) or ""

    return _ESCAPE.sub(part, replacement)


def _single(pattern: str) -> bool:
    """Whether the pattern has a group.

    Raises:
        EvaluationError: It has more than one.
    """
    groups = compiled(pattern).groups
    if groups > 1:
        raise EvaluationError(f"regular expression has more than one capturing group: {pattern[:80]!r}")
    return bool(groups)


def _extract(text: str, pattern: str) -> OptionalValue:
    has_group = _single(pattern)
    found = next(_found(pattern, text), None)
    if found is None:
        return NONE
    if not has_group:
        return OptionalValue(found.group(0))
    return OptionalValue(found.group(1)) if found.group(1) else NONE


def _extract_all(text: str, pattern: str) -> list[str]:
    group = 1 if _single(pattern) else 0
    matches = [found.group(group) for found in _found(pattern, text)]
    return [match for match in matches if match] if group else matches


def regex() -> Library:
    """The library; it needs the one of optional values."""
    texts = (STRING, STRING)
    return Library(
        "regex",
        functions=(
            Function(
                "regex.extract",
                (Overload("regex_extract_string_string", texts, optional_of(STRING), _extract),),
            ),
            Function(
                "regex.extractAll",
                (Overload("regex_extractAll_string_string", texts, list_of(STRING), _extract_all),),
            ),
            Function(
                "regex.replace",
                (
                    Overload("regex_replace_string_string_string", (*texts, STRING), STRING, _replace),
                    Overload(
                        "regex_replace_string_string_string_int", (*texts, STRING, INT), STRING, _replace
                    ),
                ),
            ),
        ),
    )
