"""What holds of every resource of a cluster, kept up as resources, policies, answers and the time change.

A scan is told what changed, and judges one resource a `step`. It waits for nothing and asks nobody: a
resource whose judgement needs an answer that is not there is set aside until `answered` brings it. So a scan
is a function of what it was told, and whatever the order, it ends where a judgement of everything at once
would end.

A result depends on the policies, the document, the answers used and the dates named; each of them leads here
to the resources that depend on it, and for policies to their part of the result alone.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from propolis.cluster.discovery import Served
from propolis.core.evaluation import MAX_ROUNDS, Answer, LookupKey, MissingLookups
from propolis.core.finding import Finding
from propolis.core.resource import Origin, Resource
from propolis.policy.controllers.answers import Answers
from propolis.policy.controllers.dirty_queue import DirtyQueue
from propolis.policy.controllers.judging import Judging
from propolis.policy.controllers.moments import next_date
from propolis.policy.controllers.sink import FindingSink
from propolis.policy.controllers.statements import Statements
from propolis.policy.controllers.subjects import EVERYTHING, NOTHING, KindSubjects, Statement, Subject
from propolis.policy.controllers.units import ScanRules
from propolis.policy.engine.policy_set import PolicySet

if TYPE_CHECKING:
    from propolis.policy.controllers.concerns import Concern

CLOCK_SECONDS = 30.0
"""After which a policy that asks the time judges again, where no date that is named tells when."""

IsFiltered = Callable[[Subject], bool]
"""Whether a resource is left out, as Kyverno's settings say."""

Local = Callable[[LookupKey], Answer | None]
"""Answers a look-up from what is at hand; None where it has to be asked."""


class Counts(msgspec.Struct):
    """What a scan has done."""

    evaluations: int = 0
    unchanged: int = 0


class Scan:
    """One scan.

    Attributes:
        kinds: The resources that are judged, by group and kind.
        answers: What is known of the world beside them.
        counts: What was done.
        is_filtered: Whether a resource is left out; `judge_all` after a change.
        observe: Is told of every judgement that differs: the resource, what rules say, what they said before.
        local: Answers look-ups from what is at hand.
        judging: How a resource is judged.
        wake: Is called when there is something to do.
    """

    def __init__(
        self,
        sinks: Sequence[FindingSink],
        now: Callable[[], datetime],
        concern_of: "Callable[[LookupKey], Concern | None]",
        server: str = "",
    ) -> None:
        self.kinds: dict[tuple[str, str], KindSubjects] = {}
        self.answers = Answers(concern_of)
        self.judging = Judging(self.answers)
        self.counts = Counts()
        self.rules = ScanRules({})
        self.is_filtered: IsFiltered = lambda _subject: False
        self.observe: Callable[[Subject, Sequence[Statement], Sequence[Statement]], None] = _nobody
        self.local: Local = lambda _key: None
        self.wake: Callable[[], None] = lambda: None
        self._sinks = sinks
        self._now = now
        self._origin = Origin(server)
        self._queue = DirtyQueue(self._wake)
        self._statements = Statements()
        self._rounds: dict[Subject, int] = {}
        self._dates: list[tuple[float, int, Subject | str]] = []
        self._number = 0
        self._mixed: set[Subject] = set()

    # What changes

    def take_rules(self, rules: ScanRules) -> None:
        """Judges by these policies from now on: again only by those that are other than before."""
        before, self.rules = self.rules, rules
        changed = rules.changed_from(before)
        for kind in self.kinds.values():
            served = kind.served
            place = served.group, served.version, served.kind
            due = changed & (rules.for_kind(*place) | before.for_kind(*place))
            if due:
                for subject in kind:
                    self._queue.put(subject, due, is_bulk=True)
        now = self._now().timestamp()
        for key in changed & rules.units.keys():
            for moment in rules.units[key].dates:
                if moment > now:
                    self._remind(moment, key)

    def subjects_of(self, served: Served) -> KindSubjects:
        """The place for the resources of a kind, made where there is none; a reflector fills it."""
        key = served.group, served.kind
        if key not in self.kinds:
            self.kinds[key] = KindSubjects(served, self._changed, self._gone, self._wake)
        return self.kinds[key]

    def leave(self, group: str, kind: str) -> None:
        """Forgets the resources of a kind: no policy is for it any more, or it is not served."""
        found = self.kinds.pop((group, kind), None)
        if found is not None:
            found.clear()

    def _changed(self, subject: Subject) -> None:
        served = subject.of.served
        self._queue.put(subject, EVERYTHING, is_bulk=not subject.of.is_listed)
        self.answers.touched((served.group, served.plural), subject.namespace, subject.name)

    def _gone(self, subject: Subject) -> None:
        served = subject.of.served
        self.answers.forget(subject)
        self._mixed.discard(subject)
        if self._rounds.pop(subject, 0):
            self.answers.release(subject)
        if subject.told:
            before, subject.told = subject.told, ()
            self._statements.release(before)
            self.observe(subject, (), before)
            for sink in self._sinks:
                sink.drop(subject.ref)
        self.answers.touched((served.group, served.plural), subject.namespace, subject.name)

    def answered(self, key: LookupKey, answer: Answer) -> None:
        """Takes an answer over."""
        waited, depend = self.answers.take(key, answer)
        for subject in depend:
            self._queue.put(subject, EVERYTHING)
        for subject in waited - depend:
            self._queue.again(subject)

    def _wake(self) -> None:
        self.wake()

    def judge_all(self) -> None:
        """Judges everything again."""
        for kind in self.kinds.values():
            for subject in kind:
                self._queue.put(subject, EVERYTHING, is_bulk=True)

    def tidy(self) -> None:
        """Judges whole what was judged by parts: it may seem to depend on what policies asked that went."""
        for subject in self._mixed:
            if subject.used:
                self._queue.put(subject, EVERYTHING, is_bulk=True)
        self._mixed.clear()

    # The time

    def next_moment(self) -> float:
        """When something has to be judged again though nothing changed, in seconds of 1970; 0 for never."""
        return self._dates[0][0] if self._dates else 0.0

    def look_at_clock(self) -> None:
        """Has judged again what a date that has passed may change."""
        now = self._now().timestamp()
        while self._dates and self._dates[0][0] <= now:
            moment, _, what = heapq.heappop(self._dates)
            if isinstance(what, str):
                self._unit_is_due(what)
            elif what.expires == moment and not what.is_gone:
                what.expires = 0.0
                self._queue.put(what, self._asking_time(what) or NOTHING, is_bulk=True)

    def _unit_is_due(self, key: str) -> None:
        for kind in self.kinds.values():
            served = kind.served
            if key in self.rules.for_kind(served.group, served.version, served.kind):
                for subject in kind:
                    self._queue.put(subject, frozenset((key,)))

    def _asking_time(self, subject: Subject) -> frozenset[str]:
        served, units = subject.of.served, self.rules.units
        keys = self.rules.for_kind(served.group, served.version, served.kind)
        return frozenset(key for key in keys if units[key].asks_time)

    def _remind(self, moment: float, what: Subject | str) -> None:
        self._number += 1
        heapq.heappush(self._dates, (moment, self._number, what))

    # Judging

    @property
    def waiting(self) -> int:
        """Resources in the queue, at most."""
        return len(self._queue)

    @property
    def is_done(self) -> bool:
        """Whether nothing is due and nobody waits for an answer."""
        return not self._queue and not self._rounds

    def step(self) -> bool:
        """Judges the next resource; whether there was one."""
        subject = self._queue.pop()
        if subject is None:
            return False
        due, subject.due = subject.due, NOTHING
        try:
            self._judge(subject, due)
        except MissingLookups as missing:
            subject.due = due
            self._rounds[subject] = self._rounds.get(subject, 0) + 1
            self._ask(missing.keys, subject)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            subject.of.refuse(subject, str(error))
        return True

    def _ask(self, keys: Iterable[LookupKey], subject: Subject) -> None:
        self.answers.want(keys, subject)
        for key in keys:
            answer = self.local(key)
            if answer is not None:
                self.answered(key, answer)

    def _judge(self, subject: Subject, due: frozenset[str]) -> None:
        """Raises `MissingLookups`."""
        now = self._now()
        is_left_out = self.is_filtered(subject)
        is_whole = is_left_out or due == EVERYTHING
        said: list[Statement] = []
        used: set[LookupKey] = set()
        if not is_left_out:
            sets = self.rules.whole if is_whole else self._sets_of(due)
            said, used = self._said(subject, sets, now)
        if is_whole:
            self._mixed.discard(subject)
        else:
            self._mixed.add(subject)
            said += [one for one in subject.told if one.unit not in due and one.unit in self.rules.units]
            used.update(subject.used)
        said.sort(key=_unit)
        self._rounds.pop(subject, None)
        self.counts.evaluations += 1
        self.answers.use(subject, used)
        self._expire(subject, now)
        self._tell(subject, self._statements.shared(said), now)

    def _sets_of(self, due: Iterable[str]) -> list[PolicySet]:
        units = self.rules.units
        return [units[key].rules for key in sorted(due) if key in units]

    def _said(
        self, subject: Subject, sets: Sequence[PolicySet], now: datetime
    ) -> tuple[list[Statement], set[LookupKey]]:
        """What policies say, and the look-ups that this depends on. Raises `MissingLookups`."""
        resource = Resource(subject.ref, subject.of.document(subject), self._origin)
        may_ask = self._rounds.get(subject, 0) < MAX_ROUNDS
        findings, used = self.judging.judge(resource, sets, now, may_ask=may_ask)
        unit_of, of = self.rules.unit_of, self._statements.of
        return [of(unit_of(one.rule), one) for one in findings], used

    def _expire(self, subject: Subject, now: datetime) -> None:
        """Remembers when the resource has to be judged again though nothing changes."""
        if not self._asking_time(subject):
            subject.expires = 0.0
            return
        moment = now.timestamp()
        named = next_date(subject.of.text(subject), moment)
        expires = min(named or moment + CLOCK_SECONDS, moment + CLOCK_SECONDS)
        subject.expires = expires
        self._remind(expires, subject)

    def _tell(self, subject: Subject, said: tuple[Statement, ...], now: datetime) -> None:
        """Tells who wants to know, where anything is other than before."""
        before = subject.told
        self._statements.release(before)
        subject.told = said
        if said is before or said == before:
            self.counts.unchanged += 1
            return
        self.observe(subject, said, before)
        ref = subject.ref
        findings = [
            Finding(one.rule, ref, one.outcome, one.message, now, one.evidence, one.subject) for one in said
        ]
        for sink in self._sinks:
            sink.put(ref, findings)


def _unit(statement: Statement) -> str:
    return statement.unit


def _nobody(_subject: Subject, _said: Sequence[Statement], _before: Sequence[Statement]) -> None:
    """Nobody wants to know."""
