"""One judgement of a resource: a rule that breaks or never ends is an error of that rule alone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from propolis.core.evaluation import Answer, LookupKey, MissingLookups, complete
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Resource
from propolis.policy.engine.evaluate import Decision, evaluate
from propolis.policy.engine.policy_set import PolicySet
from propolis.policy.engine.subject import PolicySubject

Guard = Callable[[Callable[[], Decision]], Decision]
"""Runs an evaluation, and stops it where it takes too long."""


def unguarded(evaluation: Callable[[], Decision]) -> Decision:
    """Stops nothing."""
    return evaluation()


class Judging:
    """How resources are judged.

    Attributes:
        guard: Runs every evaluation.
        faults: Rules that broke or were stopped.
    """

    def __init__(self, answers: Mapping[LookupKey, Answer]) -> None:
        self.guard: Guard = unguarded
        self.faults = 0
        self._answers = answers

    def judge(
        self, resource: Resource, sets: Sequence[PolicySet], now: datetime, *, may_ask: bool
    ) -> tuple[list[Finding], set[LookupKey]]:
        """What rules say, each set by itself, and the look-ups that this depends on.

        Args:
            resource: Whole.
            sets: Of rules.
            now: The time.
            may_ask: Whether what is not known is asked; else it is an error of the rule that asks.

        Raises:
            MissingLookups: All look-ups that are not known yet.
        """
        subject = PolicySubject(resource, is_background=True)
        decide = self._asking if may_ask else self._final
        findings: list[Finding] = []
        used: set[LookupKey] = set()
        missing: set[LookupKey] = set()
        for rules in sets:
            try:
                decision = self._decided(decide, rules, subject, now)
            except MissingLookups as question:
                missing |= question.keys
            else:
                used |= decision.used
                findings += decision.findings
        if missing:
            raise MissingLookups(missing)
        return findings, used

    def _asking(self, rules: PolicySet, subject: PolicySubject, now: datetime) -> Decision:
        return self.guard(partial(evaluate, rules, subject, self._answers, now))

    def _final(self, rules: PolicySet, subject: PolicySubject, now: datetime) -> Decision:
        return complete(
            lambda answers: self.guard(partial(evaluate, rules, subject, answers, now)),
            dict(self._answers),
            lambda _keys: {},
        )

    def _decided(
        self,
        decide: Callable[[PolicySet, PolicySubject, datetime], Decision],
        rules: PolicySet,
        subject: PolicySubject,
        now: datetime,
    ) -> Decision:
        """The decision; where a rule breaks, of each rule alone. Raises `MissingLookups`."""
        try:
            return decide(rules, subject, now)
        except MissingLookups:
            raise
        except Exception as error:  # noqa: BLE001  # a fault in one rule must not end the scan of all
            if len(rules.rules) == 1:
                self.faults += 1
                return _fault(rules, subject, now, error)
        ref = subject.resource.ref
        findings: list[Finding] = []
        used: frozenset[LookupKey] = frozenset()
        for rule in rules.rules:
            if rule.may_be_for(ref.group, ref.api_version.rpartition("/")[2], ref.kind, ""):
                decision = self._decided(decide, PolicySet([rule]), subject, now)
                findings += decision.findings
                used |= decision.used
        return Decision(tuple(findings), (), used)


def _fault(rules: PolicySet, subject: PolicySubject, now: datetime, error: Exception) -> Decision:
    told = f"the rule could not be evaluated: {type(error).__name__}"
    return Decision((Finding(rules.rules[0].rule, subject.resource.ref, Outcome.ERROR, told, now),))
