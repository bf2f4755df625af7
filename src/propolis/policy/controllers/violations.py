"""New failures as events: on the resource, and on the policy with the resource beside.

Words follow Kyverno pkg/event/events.go @ v1.19.1. What the first scan finds is not told again by each start
of a process: reports hold it.
"""

from collections.abc import Callable, Sequence

from propolis.core.finding import OPEN_OUTCOMES
from propolis.core.resource import ResourceRef
from propolis.policy.controllers.subjects import Statement, Subject
from propolis.policy.controllers.units import policy_reference

VIOLATION = "PolicyViolation"
ACTION = "Resource Passed"
"""A scan refuses nothing."""

TellEvent = Callable[[str, ResourceRef, ResourceRef | None, str, str], object]
"""Takes reason, what the event is about, what else it concerns, action and note; returns at once."""


class Violations:
    """An observer of judgements."""

    def __init__(self, tell: TellEvent) -> None:
        self._tell = tell
        self._is_settled = False

    def settled(self) -> None:
        """What fails from now on is new."""
        self._is_settled = True

    def observe(self, subject: Subject, said: Sequence[Statement], before: Sequence[Statement]) -> None:
        """Tells what fails and did not before."""
        if not self._is_settled:
            return
        known = {_identity(one) for one in before}
        for statement in said:
            if statement.outcome in OPEN_OUTCOMES and _identity(statement) not in known:
                self._violated(subject.ref, statement)

    def _violated(self, resource: ResourceRef, statement: Statement) -> None:
        policy = policy_reference(statement.unit)
        outcome, rule = str(statement.outcome), statement.rule.name
        place = f"{resource.namespace}/{resource.name}" if resource.namespace else resource.name
        of_rule = f"[{rule}] {outcome}" if rule else outcome
        message = f"; {statement.message}" if statement.message else ""
        on_resource = f"policy {policy.name}/{rule} {outcome}: {statement.message}"
        self._tell(VIOLATION, resource, None, ACTION, on_resource)
        self._tell(VIOLATION, policy, resource, ACTION, f"{resource.kind} {place}: {of_rule}{message}")


def _identity(statement: Statement) -> tuple[str, str, str, str]:
    return statement.unit, statement.rule.name, statement.subject, statement.outcome
