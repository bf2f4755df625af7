"""What admission tells the cluster as events: refusals, violations that were let in, errors.

Follows Kyverno pkg/webhooks @ v1.19.1. A trial (``--dry-run``) tells nothing: it is to have no effects.
"""

from propolis.cluster.events import EventWriter
from propolis.core.finding import Outcome
from propolis.policy.engine.evaluate import Decision
from propolis.policy.engine.events import EventChoice, UidOf, admission_events
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.kyverno_settings import KyvernoSettings

_QUIET = frozenset({Outcome.PASS})


class AdmissionEvents:
    """Tells of decisions, behind them.

    Attributes:
        uid_of: The uids of policies, so that ``kubectl describe`` of a policy finds its events.
    """

    def __init__(self, writer: EventWriter, omitted: frozenset[str] = frozenset()) -> None:
        self.uid_of: UidOf = lambda _kind, _namespace, _name: ""
        self.writer = writer
        self._omitted = omitted
        self._settings: KyvernoSettings | None = None
        self._choice = EventChoice()

    def take(self, subject: PolicySubject, decision: Decision, settings: KyvernoSettings) -> None:
        """Tells what is to be told of a decision; returns at once."""
        choice = self._chosen(settings)
        findings = decision.findings
        if not (choice.success or any(one.outcome not in _QUIET for one in findings)):
            return
        document = subject.resource.document
        for event in admission_events(findings, decision.refusing, choice, self.uid_of, document):
            self.writer.tell(event.reason, event.regarding, event.related, event.action, event.note)

    def _chosen(self, settings: KyvernoSettings) -> EventChoice:
        if settings is not self._settings:
            self._settings = settings
            self._choice = EventChoice(
                settings.generates_success_events, settings.success_event_actions, self._omitted
            )
        return self._choice
