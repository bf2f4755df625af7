"""Texts: positions, parts, replacements, quotes.

Follows cel-go ext/strings.go @ v0.30.0; a start beyond the end is an error, as cel-spec tests it. Positions
count code points. ``format`` stands in `formatting.py`,
as it was before version 4 in `formatting_v1.py`.
"""

from collections.abc import Callable
from typing import Any

from propolis.lang.cel.errors import CostError, EvaluationError
from propolis.lang.cel.libraries.extensions.formatting import formatted
from propolis.lang.cel.libraries.extensions.formatting_v1 import formatted_in_english
from propolis.lang.cel.library import Function, Library, Overload
from propolis.lang.cel.operations.arithmetic import MOST_JOINED
from propolis.lang.cel.types import DYN, INT, STRING, Type, list_of

_TEXTS = list_of(STRING)
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_QUOTED = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)


def _out_of_range(position: int) -> EvaluationError:
    return EvaluationError(f"index out of range: {position}")


def _char_at(text: str, position: int) -> str:
    if not 0 <= position <= len(text):
        raise _out_of_range(position)
    return text[position : position + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text.find(part, start)


def _last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


def _last_index_of_from(text: str, part: str, start: int) -> int:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text.rfind(part, 0, start + len(part))


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    times = text.count(old) if count < 0 else min(text.count(old), count)
    if len(text) + times * len(new) > MOST_JOINED:
        raise CostError(f"the text has more than {MOST_JOINED} characters")
    return text.replace(old, new, count)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        return list(text) if count < 0 or count > len(text) else [*text[: count - 1], text[count - 1 :]]
    return text.split(separator, count - 1 if count > 0 else -1)


def _from(text: str, start: int) -> str:
    if not 0 <= start <= len(text):
        raise _out_of_range(start)
    return text[start:]


def _between(text: str, start: int, end: int) -> str:
    if start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for position in (start, end):
        if not 0 <= position <= len(text):
            raise _out_of_range(position)
    return text[start:end]


def _join(texts: list[Any], separator: str = "") -> str:
    for text in texts:
        if type(text) is not str:
            raise EvaluationError(f"join: invalid input: {text!r:.80}")
    if sum(map(len, texts)) + len(separator) * len(texts) > MOST_JOINED:
        raise CostError(f"the text has more than {MOST_JOINED} characters")
    return separator.join(texts)


def _quote(text: str) -> str:
    readable = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return f'"{readable.translate(_QUOTED)}"'


def _member(name: str, *overloads: tuple[str, tuple[Type, ...], Type, Callable[..., Any]]) -> Function:
    return Function(
        name,
        tuple(
            Overload(identity, arguments, result, call, is_member=True)
            for identity, arguments, result, call in overloads
        ),
    )


_FUNCTIONS = (
    _member("charAt", ("string_char_at_int", (STRING, INT), STRING, _char_at)),
    _member(
        "indexOf",
        ("string_index_of_string", (STRING, STRING), INT, _index_of),
        ("string_index_of_string_int", (STRING, STRING, INT), INT, _index_of),
    ),
    _member(
        "lastIndexOf",
        ("string_last_index_of_string", (STRING, STRING), INT, _last_index_of),
        ("string_last_index_of_string_int", (STRING, STRING, INT), INT, _last_index_of_from),
    ),
    _member("lowerAscii", ("string_lower_ascii", (STRING,), STRING, lambda text: text.translate(_LOWER))),
    _member("upperAscii", ("string_upper_ascii", (STRING,), STRING, lambda text: text.translate(_UPPER))),
    _member(
        "replace",
        ("string_replace_string_string", (STRING, STRING, STRING), STRING, _replace),
        ("string_replace_string_string_int", (STRING, STRING, STRING, INT), STRING, _replace),
    ),
    _member(
        "split",
        ("string_split_string", (STRING, STRING), _TEXTS, _split),
        ("string_split_string_int", (STRING, STRING, INT), _TEXTS, _split),
    ),
    _member(
        "substring",
        ("string_substring_int", (STRING, INT), STRING, _from),
        ("string_substring_int_int", (STRING, INT, INT), STRING, _between),
    ),
    _member("trim", ("string_trim", (STRING,), STRING, lambda text: text.strip(_SPACE))),
    _member(
        "join",
        ("list_join", (_TEXTS,), STRING, _join),
        ("list_join_string", (_TEXTS, STRING), STRING, _join),
    ),
)
_QUOTES = (Function("strings.quote", (Overload("strings_quote", (STRING,), STRING, _quote),)),)
_REVERSE = (_member("reverse", ("string_reverse", (STRING,), STRING, lambda text: text[::-1])),)
_REVERSE_VERSION, _PLAIN_FORMAT_VERSION = 3, 4


def _format(version: int) -> Function:
    call = formatted if version >= _PLAIN_FORMAT_VERSION else formatted_in_english
    return _member("format", ("string_format", (STRING, list_of(DYN)), STRING, call))


def strings(version: int = 4) -> Library:
    """The library; ``format`` and quotes from version 1, ``reverse`` from version 3.

    Up to version 3 ``format`` writes numbers as American English does.
    """
    return Library(
        f"strings.v{version}",
        functions=_FUNCTIONS
        + ((_format(version), *_QUOTES) if version >= 1 else ())
        + (_REVERSE if version >= _REVERSE_VERSION else ()),
    )
