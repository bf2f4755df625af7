"""Which resource is judged next: namespaces first, then what changed, beside what a whole scan has left."""

from collections import deque
from collections.abc import Callable, Iterator

from propolis.policy.controllers.subjects import EVERYTHING, Subject

SHARE = 4
"""Changes that are judged before one of a scan that waits has its turn."""


class DirtyQueue:
    """Each resource is judged once however often it was put in: `Subject.due` tells if it still waits."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        """Makes an empty one; ``wake`` is called whenever something is put in."""
        self._wake = wake
        self._first: deque[Subject] = deque()
        self._fresh: deque[Subject] = deque()
        self._bulk: deque[Subject] = deque()
        self._turn = 0

    def put(self, subject: Subject, units: frozenset[str], *, is_bulk: bool = False) -> None:
        """Has a resource judged by some policies."""
        was_due = bool(subject.due)
        subject.due = units if not was_due else _joined(subject.due, units)
        if subject.of.served.kind == "Namespace":
            self._first.append(subject)
        elif not is_bulk:
            self._fresh.append(subject)
        elif not was_due:
            self._bulk.append(subject)
        self._wake()

    def again(self, subject: Subject) -> None:
        """Puts one back that had to wait for an answer."""
        if subject.due and not subject.is_gone:
            self._fresh.append(subject)
            self._wake()

    def pop(self) -> Subject | None:
        """The next one that is due; None for none."""
        for queue in self._in_turn():
            while queue:
                subject = queue.popleft()
                if subject.due and not subject.is_gone:
                    return subject
        return None

    def _in_turn(self) -> Iterator[deque[Subject]]:
        self._turn = (self._turn + 1) % (SHARE + 1)
        yield self._first
        yield from (self._fresh, self._bulk) if self._turn else (self._bulk, self._fresh)

    def __len__(self) -> int:
        """How many wait, at most."""
        return len(self._first) + len(self._fresh) + len(self._bulk)


def _joined(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    return EVERYTHING if EVERYTHING in (one, other) else one | other
