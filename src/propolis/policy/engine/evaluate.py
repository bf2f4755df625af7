"""The door of the engine: rules, a subject, look-ups and the time in; findings out."""

from datetime import datetime

from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, MissingLookups
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import ResourceRef
from propolis.lang.jmespath import Environment
from propolis.policy.engine.context import Context, ContextError, Entry
from propolis.policy.engine.images import images_of
from propolis.policy.engine.policy_set import CompiledRule, ContextOf, PolicySet
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.subject import PolicySubject

APPLIED = frozenset({Outcome.PASS, Outcome.FAIL})
"""Outcomes after which a policy that applies one rule leaves out the others."""


def evaluate(rules: PolicySet, subject: PolicySubject, lookups: Lookups, now: datetime) -> Evaluation:
    """Judges one subject by all rules that are for it.

    Rules that have nothing to say (nothing in any list, a pattern on a deletion) give no finding.

    Raises:
        MissingLookups: All look-ups that rules stopped for.
    """
    asked = _Asked(lookups)
    request = Request(subject, asked.ask)
    context_of = _lazy_context(request, Environment(now, asked.ask))
    ref = subject.resource.ref
    findings: list[Finding] = []
    missing: set[LookupKey] = set()
    done: set[int] = set()
    for rule in rules.rules_for(request.group, request.version, request.kind, request.subresource):
        if rule.policy in done or (subject.is_background and not rule.in_background):
            continue
        try:
            result = _result(rule, request, context_of)
        except MissingLookups as question:
            missing |= question.keys
            continue
        if result is not None:
            findings.append(_finding(rule, ref, result, now))
            if rule.stops and result.outcome in APPLIED:
                done.add(rule.policy)
    if missing:
        raise MissingLookups(missing)
    return Evaluation(tuple(findings), used=frozenset(asked.used))


def _result(rule: CompiledRule, request: Request, context_of: ContextOf) -> RuleResult | None:
    """What a rule says, None where it is not for the request."""
    try:
        matches = rule.matches
        return rule.run(request, context_of) if matches is None or matches(request) else None
    except RecursionError:
        return RuleResult(Outcome.ERROR, "the resource is nested too deep for this rule")


def _finding(rule: CompiledRule, ref: ResourceRef, result: RuleResult, now: datetime) -> Finding:
    outcome = result.outcome
    if outcome is Outcome.FAIL and not rule.rule.scored:
        outcome = Outcome.WARN
    return Finding(rule.rule, ref, outcome, result.message, now, result.evidence)


class _Asked:
    """Look-ups with a record of what was used."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self.used: set[LookupKey] = set()

    def ask(self, key: LookupKey) -> Answer:
        if key not in self._lookups:
            raise MissingLookups((key,))
        self.used.add(key)
        return self._lookups[key]


def _lazy_context(request: Request, environment: Environment) -> ContextOf:
    made: list[Context] = []

    def context_of() -> Context:
        if not made:
            entries = (Entry("images", _load_images),)
            is_delete = request.operation == "DELETE"
            given = frozenset(request.subject.values)
            made.append(Context(request.variables(), environment, entries, is_delete=is_delete, given=given))
        return made[0]

    def _load_images(context: Context) -> object:
        del context
        try:
            return images_of(request.document)
        except ValueError as error:
            raise ContextError(str(error)) from error

    return context_of
