"""Anchors: keys of a pattern that say more than their name. Follows Kyverno pkg/engine/anchor @ 111e07b."""

import re
from functools import lru_cache

import msgspec

CONDITION = ""
GLOBAL = "<"
NEGATION = "X"
ADD = "+"
EQUALITY = "="
EXISTENCE = "^"

_ANCHOR = re.compile(r"([+<=X^])?\((.+)\)", re.DOTALL)


class Anchor(msgspec.Struct, frozen=True):
    """A modifier and the key that it modifies."""

    modifier: str
    key: str


@lru_cache(maxsize=8192)
def parse_anchor(text: str) -> Anchor | None:
    """``X(key)`` to its parts; None for a plain key."""
    found = _ANCHOR.fullmatch(text.strip())
    return Anchor(found[1] or "", found[2]) if found else None


def plain_key(text: str) -> str:
    """The key without its anchor."""
    anchor = parse_anchor(text)
    return anchor.key if anchor else text
