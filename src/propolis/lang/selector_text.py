"""Label selectors as ``kubectl --selector`` and queries write them: ``app=web,tier in (a, b),!canary``.

Grammar (kubernetes/apimachinery pkg/labels):

    selector    = [ requirement { "," requirement } ]
    requirement = "!" key | key [ equals value | ( "in" | "notin" ) "(" value { "," value } ")" ]
    equals      = "=" | "==" | "!="
"""

import re
from typing import Any

from propolis.core.errors import DocumentError

_TOKEN = re.compile(r"\s*([A-Za-z0-9][-A-Za-z0-9_./]*|==|!=|[=!(),])")
_EXPECTED = "a selector such as app=web,tier in (a,b),!canary"
_SETS = {"in": "In", "notin": "NotIn"}
_EQUALS = {"=": "In", "==": "In", "!=": "NotIn"}


def parse_selector_text(text: str) -> dict[str, Any]:
    """The selector as a ``LabelSelector`` document; the empty text selects everything.

    Raises:
        DocumentError: It is no selector.
    """
    tokens = _tokens(text)
    found: list[dict[str, Any]] = []
    while tokens:
        found.append(_requirement(tokens, text))
        if tokens and (tokens.pop(0) != "," or not tokens):
            raise _wrong(text)
    return {"matchExpressions": found} if found else {}


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise _wrong(text)
        tokens.append(match.group(1))
        position = match.end()
    return tokens


def _requirement(tokens: list[str], text: str) -> dict[str, Any]:
    if tokens[0] == "!":
        tokens.pop(0)
        return {"key": _word(tokens, text), "operator": "DoesNotExist"}
    key = _word(tokens, text)
    following = tokens[0] if tokens else ","
    if following in _EQUALS:
        tokens.pop(0)
        value = _word(tokens, text) if tokens and tokens[0] != "," else ""
        return {"key": key, "operator": _EQUALS[following], "values": [value]}
    if following in _SETS:
        tokens.pop(0)
        return {"key": key, "operator": _SETS[following], "values": _values(tokens, text)}
    return {"key": key, "operator": "Exists"}


def _values(tokens: list[str], text: str) -> list[str]:
    if not tokens or tokens.pop(0) != "(":
        raise _wrong(text)
    values: list[str] = []
    while tokens and tokens[0] != ")":
        values.append("" if tokens[0] == "," else _word(tokens, text))
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    if not tokens or tokens.pop(0) != ")":
        raise _wrong(text)
    return values


def _word(tokens: list[str], text: str) -> str:
    if not tokens or not tokens[0][0].isalnum():
        raise _wrong(text)
    return tokens.pop(0)


def _wrong(text: str) -> DocumentError:
    return DocumentError(f"{text[:200]!r} is no label selector", expected=_EXPECTED)
