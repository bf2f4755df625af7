"""The library of Google as an oracle: cel-cpp in Python.

Importing this module fails where it has no wheel.
"""

import datetime as dt
import re
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings

from propolis.lang.cel.values import Duration, Timestamp, UInt
from tests.harness.cel_runs import Failed

_KINDS = cel.Type
ENVIRONMENT = cel.NewEnv(
    variables={
        "object": _KINDS.DYN,
        "other": _KINDS.DYN,
        "number": _KINDS.INT,
        "text": _KINDS.STRING,
        "texts": _KINDS.List(_KINDS.STRING),
    },
    extensions=[
        ext_bindings.ExtBindings(),
        ext_optional.ExtOptional(),
        ext_strings.ExtStrings(4),
        ext_math.ExtMath(),
        ext_encoders.ExtEncoders(),
    ],
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = 86_400

KNOWN_DIFFERENCES = {
    r"\bint\(.*duration\(": "a duration as a number of nanoseconds: cel-go has it, cel-cpp does not",
    r"has\(|\.\?|\[\?": "what has no fields has none of a name for cel-go, is an error for cel-cpp",
    r"orValue": "what is no optional value is given as it is by cel-go, an error for cel-cpp",
    r" in ": "a list or map as a key is in no map for cel-go, an error for cel-cpp",
}
"""Patterns of expressions that may be an error for their library only, and why."""
THEIR_OWN = {r"\b(int|uint|double)\(": "a bool as a number: cel-cpp has it, cel-go does not"}
"""Patterns of expressions that may be an error for us only, and why."""


def is_known_difference(text: str) -> bool:
    """Whether an error of theirs is listed."""
    return any(re.search(pattern, text) for pattern in KNOWN_DIFFERENCES)


def is_their_own(text: str) -> bool:
    """Whether an error of ours is listed."""
    return any(re.search(pattern, text) for pattern in THEIR_OWN)


def compiled(text: str) -> Any:
    """Their program; None when they refuse the expression."""
    try:
        return ENVIRONMENT.compile(text)
    except Exception:  # noqa: BLE001  # it raises bare exceptions
        return None


def outcome(program: Any, variables: dict[str, Any]) -> Any:
    """Their value as ours, `Failed`, or None where they cannot say what it is."""
    try:
        value = program.eval(data=variables)
    except Exception as error:  # noqa: BLE001  # it raises bare exceptions
        return None if "UNIMPL" in str(error) else Failed("error")
    try:
        return Failed("error") if value.type() == _KINDS.ERROR else _plain(value)
    except (TypeError, RuntimeError):
        return None


def _plain(value: Any) -> Any:
    inner = value.value()
    if isinstance(inner, list):
        return [_plain(element) for element in inner]
    if isinstance(inner, dict):
        return {key: _plain(its) for key, its in inner.items()}
    return UInt(inner) if value.type() == _KINDS.UINT else inner


def is_same(found: Any, expected: Any) -> bool:
    """Whether a value of ours is theirs: times to the microsecond, maps in any order."""
    if expected is None and found is not None and not isinstance(found, Failed):
        return _has_unseen(found)
    if _has_unseen(found):
        return True
    if isinstance(found, Failed) or isinstance(expected, Failed):
        return isinstance(found, Failed) and isinstance(expected, Failed)
    if isinstance(found, list):
        return isinstance(expected, list) and sorted(map(_key, found)) == sorted(map(_key, expected))
    return _key(found) == _key(expected)


def _has_unseen(value: Any) -> bool:
    """Whether a value holds what their library does not give to Python."""
    text = repr(value)
    return "OptionalValue(" in text or "Type(kind" in text


def _key(value: Any) -> str:
    if isinstance(value, Timestamp):
        return f"timestamp {value.nanoseconds // 1000}"
    if isinstance(value, Duration):
        return f"duration {value.nanoseconds // 1000}"
    if isinstance(value, dt.datetime):
        return f"timestamp {_microseconds(value - _EPOCH)}"
    if isinstance(value, dt.timedelta):
        return f"duration {_microseconds(value)}"
    if isinstance(value, list):
        return f"[{', '.join(sorted(map(_key, value)))}]"
    if isinstance(value, dict):
        entries = (f"{_key_of_map(key)}: {_key(its)}" for key, its in value.items())
        return f"{{{', '.join(sorted(entries))}}}"
    if isinstance(value, (bytes, bytearray)):
        return f"bytes {bytes(value)!r}"
    return f"{type(value).__name__} {value!r}" if type(value) is not UInt else f"uint {int(value)}"


def _key_of_map(key: Any) -> str:
    """Keys of both kinds of whole numbers look the same from Python."""
    return str(int(key)) if isinstance(key, int) and type(key) is not bool else _key(key)


def _microseconds(span: dt.timedelta) -> int:
    return (span.days * _DAY + span.seconds) * 1_000_000 + span.microseconds
