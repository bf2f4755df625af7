"""Texts: size, contains, startsWith, endsWith, matches."""

from collections.abc import Callable

from propolis.lang.cel.library import Function, Overload
from propolis.lang.cel.regexes import matches
from propolis.lang.cel.types import BOOL, BYTES, INT, STRING, list_of, map_of, param

_SIZES = (
    ("bytes", BYTES),
    ("list", list_of(param("A"))),
    ("map", map_of(param("A"), param("B"))),
    ("string", STRING),
)


def _test(name: str, identity: str, call: Callable[[str, str], bool], *more: Overload) -> Function:
    return Function(name, (Overload(identity, (STRING, STRING), BOOL, call, is_member=True), *more))


TEXTS = (
    Function(
        "size",
        (
            *(Overload(f"size_{name}", (kind,), INT, len) for name, kind in _SIZES),
            *(Overload(f"{name}_size", (kind,), INT, len, is_member=True) for name, kind in _SIZES),
        ),
    ),
    _test("contains", "contains_string", lambda text, part: part in text),
    _test("startsWith", "starts_with_string", str.startswith),
    _test("endsWith", "ends_with_string", str.endswith),
    _test("matches", "matches_string", matches, Overload("matches", (STRING, STRING), BOOL, matches)),
)
