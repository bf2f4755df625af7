"""``semver`` and comparisons of versions (library/semverlib.go).

Version 1 adds the argument that normalizes: no ``v`` before, missing numbers are 0, no leading zeros.
"""

from typing import ClassVar

import msgspec

from propolis.lang.cel.errors import EvaluationError
from propolis.lang.cel.libraries.kubernetes.declare import call, function, getter, member
from propolis.lang.cel.library import Function, Library
from propolis.lang.cel.types import BOOL, INT, STRING, Type, object_type
from propolis.lang.go_quote import quote
from propolis.lang.semver import Version, parse_version

SEMVER_TYPE = object_type("kubernetes.Semver")
_NUMBERS = frozenset("0123456789")
_MOST = 3


class Semver(msgspec.Struct, frozen=True, order=True):
    """A version; what follows a plus does not count."""

    version: Version
    cel_type: ClassVar[Type] = SEMVER_TYPE

    def __str__(self) -> str:
        """Its text, without what follows a plus."""
        major, minor, patch, before = self.version
        parts = [text if kind else str(number) for kind, number, text in before if kind != _RELEASE]
        return f"{major}.{minor}.{patch}" + (f"-{'.'.join(parts)}" if parts else "")


_RELEASE = 2
"""The kind of part that stands for "no pre-release"."""


def parse_semver(text: str, normalizes: bool = False) -> Semver:  # noqa: FBT001, FBT002  # the second argument of the function
    """The version that a text says.

    Raises:
        EvaluationError: It is none.
    """
    found = parse_version(_normalized(text) if normalizes else text)
    if found is None:
        raise EvaluationError(_short_problem(text) if normalizes else _problem(text))
    return Semver(found)


def _is_semver(text: str, normalizes: bool = False) -> bool:  # noqa: FBT001, FBT002  # the second argument of the function
    return parse_version(_normalized(text) if normalizes else text) is not None


def _normalized(text: str) -> str:
    """With three numbers, none of them padded; a short version with a suffix stays wrong."""
    parts = text.removeprefix("v").split(".", _MOST - 1)
    if len(parts) < _MOST and set(parts[-1]) & set("+-"):
        return ".".join(parts)
    return ".".join([*map(_without_zeros, parts), *["0"] * (_MOST - len(parts))])


def _without_zeros(part: str) -> str:
    if len(part) <= 1:
        return part
    rest = part.lstrip("0")
    return rest if rest and rest[0] in _NUMBERS else f"0{rest}"


def _short_problem(text: str) -> str:
    """Why a text cannot be normalized to a version."""
    parts = text.removeprefix("v").split(".", _MOST - 1)
    if len(parts) < _MOST and set(parts[-1]) & set("+-"):
        return "short version cannot contain PreRelease/Build meta data"
    return _problem(_normalized(text))


def _problem(text: str) -> str:
    """Why a text is no version, as the parser of Kubernetes says it."""
    if not text:
        return "Version string empty"
    parts = text.split(".", _MOST - 1)
    if len(parts) != _MOST:
        return "No Major.Minor.Patch elements found"
    rest, _, _build = parts[2].partition("+")
    patch, _, _before = rest.partition("-")
    for name, number in (("major", parts[0]), ("minor", parts[1]), ("patch", patch)):
        if not number:
            return 'strconv.ParseUint: parsing "": invalid syntax'
        if set(number) - _NUMBERS:
            return f"Invalid character(s) found in {name} number {quote(number)}"
        if len(number) > 1 and number[0] == "0":
            return f"{name.capitalize()} number must not contain leading zeroes {quote(number)}"
    return f"{quote(text[:80])} is no version"


def _compare(one: Semver, other: Semver) -> int:
    return (one > other) - (one < other)


def _wrapped(number: int) -> int:
    """As Go narrows 64 bits without sign to 64 bits with one."""
    return (number + 2**63) % 2**64 - 2**63


_TWO = (SEMVER_TYPE, SEMVER_TYPE)
_PARSE = call("string_to_semver", (STRING,), SEMVER_TYPE, parse_semver)
_IS = call("is_semver_string", (STRING,), BOOL, _is_semver)
_COMMON: tuple[Function, ...] = (
    function("isGreaterThan", member("semver_is_greater_than", _TWO, BOOL, lambda one, other: one > other)),
    function("isLessThan", member("semver_is_less_than", _TWO, BOOL, lambda one, other: one < other)),
    function("compareTo", member("semver_compare_to", _TWO, INT, _compare)),
    getter("major", "semver_major", SEMVER_TYPE, INT, lambda one: _wrapped(one.version[0])),
    getter("minor", "semver_minor", SEMVER_TYPE, INT, lambda one: _wrapped(one.version[1])),
    getter("patch", "semver_patch", SEMVER_TYPE, INT, lambda one: _wrapped(one.version[2])),
)
_TYPES = {"kubernetes.Semver": SEMVER_TYPE}

SEMVER_V0 = Library(
    "kubernetes.semver.v0", (function("semver", _PARSE), function("isSemver", _IS), *_COMMON), types=_TYPES
)
SEMVER_V1 = Library(
    "kubernetes.semver.v1",
    (
        function("semver", _PARSE, call("string_bool_to_semver", (STRING, BOOL), SEMVER_TYPE, parse_semver)),
        function("isSemver", _IS, call("is_semver_string_bool", (STRING, BOOL), BOOL, _is_semver)),
        *_COMMON,
    ),
    types=_TYPES,
)
