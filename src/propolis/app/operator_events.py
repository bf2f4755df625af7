"""What a scan finds anew, as events on policies and resources in Kyverno's words."""

from collections.abc import Iterable, Sequence

from propolis.app.operator_telling import Known
from propolis.cluster.events import EventWriter
from propolis.core.finding import OPEN_OUTCOMES, Finding
from propolis.policy.controllers.subjects import Statement, Subject
from propolis.policy.engine.events import EventChoice, scan_events


class ScanEvents:
    """An observer of judgements. What the first scan finds is not told: reports hold it."""

    def __init__(self, writer: EventWriter, omitted: frozenset[str] = frozenset()) -> None:
        self._writer = writer
        self._omitted = omitted
        self._cluster: Known | None = None
        self._is_settled = False

    def opened(self, cluster: Known) -> None:
        """The policies of the cluster are known."""
        self._cluster = cluster

    def settled(self) -> None:
        """What fails from now on is new."""
        self._is_settled = True

    def observe(self, subject: Subject, said: Sequence[Statement], before: Sequence[Statement]) -> None:
        """Tells what policies say that said something else before."""
        if not self._is_settled or self._cluster is None:
            return
        changed = _changed(said, before)
        findings = [_finding(subject, one) for one in said if one.unit in changed and _is_new(one, before)]
        if not findings:
            return
        settings = self._cluster.kyverno_settings
        choice = EventChoice(settings.generates_success_events, settings.success_event_actions, self._omitted)
        document = subject.of.document(subject)
        for event in scan_events(findings, choice, self._cluster.uid_of, document):
            self._writer.tell(event.reason, event.regarding, event.related, event.action, event.note)


def _changed(said: Sequence[Statement], before: Sequence[Statement]) -> set[str]:
    """Policies that say something else than before."""
    return {unit for unit in {one.unit for one in said} if _of(unit, said) != _of(unit, before)}


def _of(unit: str, statements: Iterable[Statement]) -> set[tuple[str, str, str]]:
    return {_identity(one) for one in statements if one.unit == unit}


def _is_new(one: Statement, before: Sequence[Statement]) -> bool:
    """Whether a violation was none before; what is none always counts."""
    if one.outcome not in OPEN_OUTCOMES:
        return True
    return all(_identity(one) != _identity(other) for other in before if other.unit == one.unit)


def _identity(one: Statement) -> tuple[str, str, str]:
    return one.rule.name, one.subject, one.outcome


def _finding(subject: Subject, one: Statement) -> Finding:
    return Finding(one.rule, subject.ref, one.outcome, one.message, None, one.evidence, one.subject)
