"""Regular expressions in functions, on RE2: time grows with the text, never exponentially."""

import re
from functools import lru_cache
from typing import Any

import re2

from propolis.core.limits import DEFAULT
from propolis.lang.jmespath.errors import ExpressionError
from propolis.lang.jmespath.signature import STRING, Function
from propolis.lang.jmespath.texts import TEXT_OR_NUMBER, plain, text_of

LONGEST_PATTERN = 4096
_GROUP = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


@lru_cache(maxsize=1024)
def compile_regex(pattern: str) -> Any:
    """A compiled RE2 pattern.

    Raises:
        ExpressionError: RE2 does not take it, or it is longer than `LONGEST_PATTERN`.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ExpressionError(f"the regular expression has more than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        raise ExpressionError(f"the regular expression {pattern[:80]!r} is wrong: {error}") from error


def _match(pattern: str, value: Any) -> bool:
    return compile_regex(pattern).search(text_of(value)) is not None


def _replace(pattern: str, value: Any, replacement: Any, *, is_literal: bool) -> str:
    """Replaces every match; ``$1`` and ``${name}`` stand for groups unless the text is literal."""
    text, template = text_of(value), text_of(replacement)
    parts: list[str] = []
    position = length = 0
    for found in compile_regex(pattern).finditer(text):
        made = template if is_literal else _expanded(template, found)
        parts += [text[position : found.start()], made]
        length += len(made)
        if length > DEFAULT.text_bytes:
            raise ExpressionError(f"regex_replace_all() builds more than {DEFAULT.text_bytes} characters")
        position = found.end()
    return "".join([*parts, text[position:]])


def _expanded(template: str, found: Any) -> str:
    def group(name: re.Match[str]) -> str:
        if name[0] == "$$":
            return "$"
        key: str = name[1] or name[2]
        if key.isdigit():
            return (found.group(int(key)) or "") if int(key) <= found.re.groups else ""
        return (found.groupdict() or {}).get(key) or ""

    return _GROUP.sub(group, template)


REGEX_FUNCTIONS = (
    Function("regex_match", plain(_match), (STRING, TEXT_OR_NUMBER)),
    Function(
        "regex_replace_all",
        plain(lambda pattern, text, new: _replace(pattern, text, new, is_literal=False)),
        (STRING, TEXT_OR_NUMBER, TEXT_OR_NUMBER),
    ),
    Function(
        "regex_replace_all_literal",
        plain(lambda pattern, text, new: _replace(pattern, text, new, is_literal=True)),
        (STRING, TEXT_OR_NUMBER, TEXT_OR_NUMBER),
    ),
)
