"""Which libraries an API server of a version has for expressions.

Follows apiserver pkg/cel/environment/base.go @ 24a394e.
"""

from collections.abc import Callable
from functools import cache

from propolis.core.errors import DocumentError
from propolis.lang.cel.libraries.extensions import (
    lists,
    optionals,
    sets,
    strings,
    two_variable_comprehensions,
)
from propolis.lang.cel.libraries.kubernetes.authorizer import AUTHORIZER_LIBRARY, AUTHORIZER_SELECTORS_LIBRARY
from propolis.lang.cel.libraries.kubernetes.formats import FORMAT_LIBRARY
from propolis.lang.cel.libraries.kubernetes.lists import LISTS_V0, LISTS_V1
from propolis.lang.cel.libraries.kubernetes.literal_checks import Literals
from propolis.lang.cel.libraries.kubernetes.network import CIDR_LIBRARY, IP_LIBRARY
from propolis.lang.cel.libraries.kubernetes.quantity import QUANTITY_LIBRARY
from propolis.lang.cel.libraries.kubernetes.regex import REGEX_LIBRARY
from propolis.lang.cel.libraries.kubernetes.semver import SEMVER_V1
from propolis.lang.cel.libraries.kubernetes.url_library import URL_LIBRARY
from propolis.lang.cel.libraries.standard import STANDARD
from propolis.lang.cel.library import Library

Version = tuple[int, int]
NEWEST: Version = (1, 37)
CROSS_TYPE_NUMERICS: Version = (1, 28)
"""From here on ``1 < 2.0`` passes the checker."""
VALIDATORS: Version = (1, 29)
"""From here on literals are validated."""

_FIRST: Version = (1, 0)
_ENDLESS: Version = (10**9, 0)
_SINCE: tuple[tuple[Version, Version, Callable[[], Library]], ...] = (
    (_FIRST, _ENDLESS, lambda: STANDARD),
    (_FIRST, _ENDLESS, lambda: URL_LIBRARY),
    (_FIRST, _ENDLESS, lambda: REGEX_LIBRARY),
    (_FIRST, (1, 37), lambda: LISTS_V0),
    ((1, 37), _ENDLESS, lambda: LISTS_V1),
    ((1, 27), _ENDLESS, lambda: AUTHORIZER_LIBRARY),
    ((1, 28), _ENDLESS, optionals),
    ((1, 28), _ENDLESS, lambda: QUANTITY_LIBRARY),
    (_FIRST, (1, 29), lambda: strings(0)),
    ((1, 29), _ENDLESS, lambda: strings(2)),
    ((1, 29), _ENDLESS, sets),
    ((1, 30), _ENDLESS, lambda: IP_LIBRARY),
    ((1, 30), _ENDLESS, lambda: CIDR_LIBRARY),
    ((1, 31), _ENDLESS, lambda: FORMAT_LIBRARY),
    ((1, 31), _ENDLESS, lambda: AUTHORIZER_SELECTORS_LIBRARY),
    ((1, 32), _ENDLESS, two_variable_comprehensions),
    ((1, 33), _ENDLESS, lambda: SEMVER_V1),
    ((1, 34), _ENDLESS, lambda: lists(3)),
)
"""First version that has a library, and the first that has it no more."""


def environment_at(version: str = "") -> tuple[Library, ...]:
    """The libraries of a version such as "1.30"; of the newest that is known where it is empty.

    ``jsonpatch`` is not in it: only expressions that make JSON patches have that (`JSON_PATCH_LIBRARY`).

    Raises:
        DocumentError: The text is no version.
    """
    return _libraries(parse_minor(version) if version else NEWEST)


def uses_cross_type_numerics(version: str = "") -> bool:
    """Whether the checker of a version lets numbers of different types be compared."""
    return not version or parse_minor(version) >= CROSS_TYPE_NUMERICS


def literals_at(version: str = "") -> Literals:
    """What a version asks of literals."""
    is_validated = not version or parse_minor(version) >= VALIDATORS
    return Literals.VALIDATED if is_validated else Literals.AGREEING


def parse_minor(version: str) -> Version:
    """Major and minor of a version such as "1.30", "v1.30.2".

    Raises:
        DocumentError: It is none.
    """
    parts = version.removeprefix("v").split(".")
    if len(parts) < 2 or not all(part.isdecimal() and len(part) <= 9 for part in parts[:2]):  # noqa: PLR2004  # major and minor
        raise DocumentError(f"{version[:40]!r} is no version of Kubernetes", expected='one such as "1.30"')
    return int(parts[0]), int(parts[1])


@cache
def _libraries(version: Version) -> tuple[Library, ...]:
    return tuple(make() for since, until, make in _SINCE if since <= version < until)
