"""Texts of CEL: literals, fields, tests of texts by wildcards."""

import json
import re
from typing import Any

from propolis.lang.wildcard import has_wildcard
from propolis.policy.engine.convert.refused import Refused
from propolis.policy.engine.convert.terms import TRUE, Call, Compare, Term, and_, or_

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESERVED = frozenset({
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if",
    "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip
_SIMPLE = re.compile(r"[^'\\\n\r\t\x00-\x1f\x7f\ud800-\udfff]*")


def literal(value: Any) -> str:
    """A JSON value as CEL.

    Raises:
        Refused: It is a list or object of values of several types, or a number that CEL has not.
    """
    if isinstance(value, str):
        return f"'{value}'" if _SIMPLE.fullmatch(value) else _quoted(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Refused(f"the number {value} is too large for CEL")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    raise Refused(f"a value of {type(value).__name__}")


def _quoted(value: str) -> str:
    """In double quotes, with the escapes of JSON, all of which CEL knows but surrogates."""
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):  # noqa: PLR2004  # surrogates
        raise Refused("a text with half a character in it")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def is_name(key: str) -> bool:
    """Whether a key can stand after a dot."""
    return _NAME.fullmatch(key) is not None and key not in _RESERVED


def field(base: str, key: str) -> str:
    """``base.key`` or ``base['key']``."""
    return f"{base}.{key}" if is_name(key) else f"{base}[{literal(key)}]"


MAY_BE_NULL = frozenset({"object.rules", "oldObject.rules"})
"""Lists that the API server writes as null where they are empty."""


def has(base: str, key: str) -> Term:
    """Whether an object has a key, with something in it."""
    if f"{base}.{key}" in MAY_BE_NULL:
        return and_([Call(f"has({base}.{key})"), Compare(f"{base}.{key}", "!=", "null")])
    return Call(f"has({base}.{key})") if is_name(key) else Compare(literal(key), "in", base)


def optional(base: str, keys: list[str], default: str) -> str:
    """What is at the end of some keys, or a default where one of them is absent."""
    way = "".join(f".?{key}" if is_name(key) else f"[?{literal(key)}]" for key in keys)
    return f"{base}{way}.orValue({default})"


def wildcard(text: str, pattern: str) -> Term:
    """Whether the text that an expression gives matches a wildcard."""
    if not has_wildcard(pattern):
        return Compare(text, "==", literal(pattern))
    if pattern.strip("*") == "":
        return TRUE
    if pattern in ("?*", "*?"):
        return Compare(text, "!=", "''")
    inner = pattern.strip("*")
    if "?" not in inner and "*" not in inner:
        match pattern.startswith("*"), pattern.endswith("*"):
            case True, True:
                return Call(f"{text}.contains({literal(inner)})")
            case False, True:
                return Call(f"{text}.startsWith({literal(inner)})")
            case _:
                return Call(f"{text}.endsWith({literal(inner)})")
    return Call(f"{text}.matches({literal(regex_of(pattern))})")


_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def regex_of(pattern: str) -> str:
    """A wildcard as a regular expression of RE2 that matches the whole text."""
    parts = ["^(?s:"]
    for character in re.sub(r"\*+", "*", pattern):
        if character == "*":
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        else:
            parts.append(f"\\{character}" if character in _SPECIAL else character)
    return "".join(parts) + ")$"


def one_of(text: str, patterns: list[str]) -> Term:
    """Whether a text matches one of some wildcards."""
    words = [item for item in dict.fromkeys(patterns) if not has_wildcard(item)]
    wild = [item for item in dict.fromkeys(patterns) if has_wildcard(item)]
    terms: list[Term] = []
    if len(words) == 1:
        terms.append(Compare(text, "==", literal(words[0])))
    elif words:
        terms.append(Compare(text, "in", literal(words)))
    return or_([*terms, *(wildcard(text, item) for item in wild)])
