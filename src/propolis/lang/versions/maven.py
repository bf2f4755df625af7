"""Maven versions. Follows the version order specification of the POM reference (ComparableVersion).

Tokens between dots, hyphens and changes between digits and other characters. At one place: alpha < beta <
milestone < rc < snapshot < end < sp < other words < numbers after a hyphen < numbers after a dot.
Zeros and release words (``final``, ``ga``, ``release``) at the end, before a hyphen or a word, do not count.
"""

import re
from itertools import zip_longest

from propolis.lang.versions.order import Key, VersionOrder, anything

_RANKS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4}
_END, _SERVICE_PACK, _WORD, _AFTER_HYPHEN, _AFTER_DOT = range(5, 10)
_RELEASES = frozenset({"", "final", "ga", "release"})
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_TOKENS = re.compile(r"[0-9]+|[^0-9.\-]+|[.\-]")
_NULLS: frozenset[tuple[int, ...]] = frozenset({(_AFTER_DOT, 0), (_AFTER_HYPHEN, 0), (_END,)})

_Piece = tuple[int | str, ...]


def make_key(version: str) -> Key:
    """A rank and a value for each token that counts, closed by the end mark."""
    kept: list[_Piece] = []
    for prefix, token in _tokens(version.strip().lower()):
        piece = _piece(prefix, token)
        if piece[0] != _AFTER_DOT:
            _drop_nulls(kept)
        kept.append(piece)
    _drop_nulls(kept)
    return (*(value for piece in kept for value in piece), _END)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Each token with the separator before it; a change of character class counts as a hyphen."""
    found: list[tuple[str, str]] = []
    prefix, is_open = ".", True
    parts = _TOKENS.findall(text)
    for part, following in zip_longest(parts, parts[1:], fillvalue=""):
        if part in {".", "-"}:
            if is_open:
                found.append((prefix, "0"))
            prefix, is_open = part, True
            continue
        if following[:1].isdigit():
            part = _SHORT.get(part, part)  # noqa: PLW2901  # the short words need a number right behind
        found.append((prefix if is_open else "-", part))
        is_open = False
    return [*found, (prefix, "0")] if is_open else found


def _piece(prefix: str, token: str) -> _Piece:
    """The rank of a token at its place, and its value where it has one."""
    if token[0] in "0123456789":
        return (_AFTER_DOT if prefix == "." else _AFTER_HYPHEN, int(token))
    if token in _RELEASES:
        return (_END,)
    if token == "sp":  # noqa: S105  # a word of versions, not a secret
        return (_SERVICE_PACK,)
    rank = _RANKS.get(token)
    return (_WORD, token) if rank is None else (rank,)


def _drop_nulls(kept: list[_Piece]) -> None:
    """Takes what does not count from the end; the first token stays."""
    while len(kept) > 1 and kept[-1] in _NULLS:
        kept.pop()


ORDER = VersionOrder("maven", make_key, anything)
