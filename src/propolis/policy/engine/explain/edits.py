"""Changes of a resource that may let it pass, and what they cost."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.explain.trace import Path

MOST_CANDIDATES = 8
"""Ways to mend one part that are looked at; the cheapest are kept."""

REPLACE, REMOVE, ADD = 0, 1, 2


class Edit(msgspec.Struct, frozen=True):
    """One place and what becomes of it.

    Attributes:
        value: What is there afterwards; of a removal nothing.
        kind: `REPLACE`, `REMOVE` or `ADD`.
        weight: Scalars that are changed.
        is_loss: Whether an object goes from a list: a container, a volume.
        is_doubtful: Whether the place only chooses what is looked at, so that a change evades the rule.
    """

    path: Path
    value: Any
    kind: int
    weight: int
    is_loss: bool = False
    is_doubtful: bool = False


class Candidate(msgspec.Struct, frozen=True):
    """Edits that belong together."""

    edits: tuple[Edit, ...] = ()

    @property
    def cost(self) -> tuple[int, ...]:
        """Objects lost from lists count most; then changed scalars; replacing, removing, adding."""
        losses = sum(edit.is_loss for edit in self.edits)
        doubts = sum(edit.is_doubtful for edit in self.edits)
        return losses, self.weight, doubts, sum(edit.kind for edit in self.edits), len(self.edits)

    @property
    def weight(self) -> int:
        """Scalars that are changed."""
        return sum(edit.weight for edit in self.edits)

    def joined(self, other: "Candidate") -> "Candidate":
        """Both; an edit that both have counts once."""
        return Candidate((*self.edits, *(edit for edit in other.edits if edit not in self.edits)))


UNCHANGED = Candidate()


def leaves(value: Any) -> int:
    """Scalars below a value; an empty list or object counts as one."""
    count, todo = 0, [value]
    while todo:
        item = todo.pop()
        inner = list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []
        todo += inner
        count += not inner
    return count


def setting(path: Path, value: Any, old: Any, *, is_there: bool) -> Candidate:
    """Puts a value in a place."""
    if not is_there:
        return Candidate((Edit(path, value, ADD, leaves(value)),))
    return Candidate((Edit(path, value, REPLACE, max(leaves(value), leaves(old))),))


def removing(path: Path, old: Any) -> Candidate:
    """Takes away what is in a place."""
    is_loss = bool(path) and isinstance(path[-1], int) and isinstance(old, dict)
    return Candidate((Edit(path, None, REMOVE, leaves(old), is_loss),))


def cheapest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The cheapest few, each once."""
    found: list[Candidate] = []
    for one in sorted(candidates, key=lambda candidate: candidate.cost):
        if one not in found:
            found.append(one)
        if len(found) >= MOST_CANDIDATES:
            break
    return found


def together(parts: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """Ways to do all parts at once: of each part one way. Without a way for one part there is none."""
    found = [UNCHANGED]
    for ways in parts:
        found = cheapest(one.joined(way) for one in found for way in ways)
        if not found:
            return []
    return found


def edited(document: Document, edits: Sequence[Edit]) -> Document | None:
    """The document after some edits; None where one does not fit it."""
    holder: dict[str, Any] = {"": copy.deepcopy(document)}
    removals = sorted(
        (edit for edit in edits if edit.kind == REMOVE),
        key=lambda edit: tuple(map(_rank, edit.path)),
        reverse=True,
    )
    for edit in (*(edit for edit in edits if edit.kind != REMOVE), *removals):
        if not _apply(holder, edit):
            return None
    found = holder.get("")
    return found if isinstance(found, dict) else None


def _rank(part: str | int) -> tuple[int, str]:
    return (part, "") if isinstance(part, int) else (-1, part)


def _apply(holder: dict[str, Any], edit: Edit) -> bool:
    parent: Any = holder
    path = ("", *edit.path)
    for position, part in enumerate(path[:-1]):
        parent = _step(parent, part, path[position + 1], makes=edit.kind != REMOVE)
        if parent is None:
            return edit.kind == REMOVE
    return _put(parent, path[-1], edit)


def _step(parent: Any, part: str | int, following: str | int, *, makes: bool) -> Any:
    """One level down; what is absent on the way to an addition is made."""
    if isinstance(parent, dict) and isinstance(part, str):
        if makes and parent.get(part) is None:
            parent[part] = [] if isinstance(following, int) else {}
        return parent.get(part)
    if isinstance(parent, list) and isinstance(part, int) and part < len(parent):
        return parent[part]
    return None


def _put(parent: Any, last: str | int, edit: Edit) -> bool:
    if isinstance(parent, dict) and isinstance(last, str):
        if edit.kind == REMOVE:
            parent.pop(last, None)
        else:
            parent[last] = copy.deepcopy(edit.value)
        return True
    if not (isinstance(parent, list) and isinstance(last, int) and last <= len(parent)):
        return False
    if edit.kind == REMOVE:
        del parent[last : last + 1]
    else:
        parent[last : last + 1] = [copy.deepcopy(edit.value)]
    return True
