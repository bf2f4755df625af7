"""Statements are shared: ten thousand pods of one template have one list of them between them."""

from collections.abc import Sequence

from propolis.core.finding import Finding
from propolis.policy.controllers.subjects import Statement

FEWEST = 10_000
"""Statements below which none are looked for that nobody uses any more."""

Told = tuple[Statement, ...]
_Ids = tuple[int, ...]


class Statements:
    """All statements and lists of them that are in use, each once; known by their place in memory."""

    def __init__(self) -> None:
        self._single: dict[tuple[object, ...], Statement] = {}
        self._most = FEWEST
        self._lists: dict[_Ids, Told] = {}
        self._counts: dict[_Ids, int] = {}

    def of(self, unit: str, finding: Finding) -> Statement:
        """The one statement that says what a finding does."""
        rule = finding.rule
        made = Statement(unit, rule, finding.outcome, finding.message, finding.evidence, finding.subject)
        key = (id(rule), finding.outcome, finding.message, finding.evidence, finding.subject)
        try:
            return self._single.setdefault(key, made)
        except TypeError:  # its evidence holds a map
            return made

    def shared(self, said: Sequence[Statement]) -> Told:
        """The one list that says this; one more uses it."""
        ids = tuple(map(id, said))
        told = self._lists.setdefault(ids, tuple(said)) if ids else ()
        if ids:
            self._counts[ids] = self._counts.get(ids, 0) + 1
        if len(self._single) > self._most:
            self._sweep()
        return told

    def release(self, told: Told) -> None:
        """One uses a list no more."""
        ids = tuple(map(id, told))
        left = self._counts.get(ids, 0) - 1
        if left > 0:
            self._counts[ids] = left
        else:
            self._counts.pop(ids, None)
            self._lists.pop(ids, None)

    def _sweep(self) -> None:
        """Forgets statements that are in no list."""
        used = {number for ids in self._lists for number in ids}
        self._single = {key: one for key, one in self._single.items() if id(one) in used}
        self._most = max(FEWEST, 2 * len(self._single))

    def __len__(self) -> int:
        """How many different lists there are."""
        return len(self._lists)
