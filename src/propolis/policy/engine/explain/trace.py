"""The tree that an explanation is: what was asked, where, what was found, and what came of it.

Nodes know nothing of the language that a rule is written in, so that any engine can fill them.
"""

from typing import Any, TypeAlias

import msgspec

from propolis.core.errors import Place
from propolis.core.finding import Outcome
from propolis.policy.engine.formatting import shown

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a document."""

MET = "met"
UNMET = "not met"
SKIPPED = "skipped"
ERROR = "error"
MOST_NODES = 5_000
"""Nodes of one rule; parts beyond them have a say in the outcome and are counted, not told."""


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a rule on one resource.

    Attributes:
        what: Its kind: ``match``, ``condition``, ``leaf``, ``element`` and the like.
        text: What it asks, as the policy has it.
        outcome: `MET`, `UNMET`, `SKIPPED`, `ERROR`; empty for a value that is only told.
        value: What was found, as JSON, shortened.
        note: Anything else worth knowing: the anchor that left it out, an error.
        source: Way to it in the document of the policy.
        target: Way to what it looks at in the resource; None where it looks at something else.
        place: Where ``source`` stands, once somebody has looked it up.
        found_at: Where ``target`` stands.
    """

    what: str
    text: str = ""
    outcome: str = ""
    value: str = ""
    note: str = ""
    source: Path = ()
    target: Path | None = None
    place: Place | None = None
    found_at: Place | None = None
    children: tuple["Node", ...] = ()


class Budget:
    """How many nodes may still be told."""

    __slots__ = ("dropped", "left")

    def __init__(self, most: int = MOST_NODES) -> None:
        self.left = most
        self.dropped = 0

    def take(self) -> bool:
        """Whether there is room for one more."""
        if self.left > 0:
            self.left -= 1
            return True
        self.dropped += 1
        return False


class Traced(msgspec.Struct, frozen=True):
    """What a trace says of a check: the outcome that it comes to by itself, and its nodes.

    Attributes:
        outcome: None when the check has nothing to say.
    """

    outcome: Outcome | None
    nodes: tuple[Node, ...] = ()


def outcome_word(*, holds: bool) -> str:
    """`MET` or `UNMET`."""
    return MET if holds else UNMET


def brief(value: Any) -> str:
    """A value for one line: scalars as JSON, of lists and objects what they hold."""
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        return f"[{len(value)} items]"
    if isinstance(value, list) and any(isinstance(item, list | dict) for item in value):
        return f"[{len(value)} item{'' if len(value) == 1 else 's'}]"
    if isinstance(value, dict):
        names = ", ".join(str(key)[:40] for key, _ in zip(value, range(MOST_ITEMS), strict=False))
        return f"{{{names}{', ...' if len(value) > MOST_ITEMS else ''}}}"
    return shown(value)


MOST_ITEMS = 8


def path_text(path: Path) -> str:
    """``spec.containers[0].image``; keys with dots in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier() or part.replace("-", "_").isidentifier():
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text
