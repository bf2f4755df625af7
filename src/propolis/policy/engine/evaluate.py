"""The door of the engine: rules, a subject, look-ups and the time in; findings and actions out."""

from datetime import datetime

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, MissingLookups
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import Document, ResourceRef
from propolis.lang.jmespath import Environment
from propolis.lang.json_patch import find_patch
from propolis.policy.engine.context import Context, ContextError, Entry
from propolis.policy.engine.images import images_of
from propolis.policy.engine.policy_set import CompiledRule, ContextOf, PolicySet
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Patch

APPLIED = frozenset({Outcome.PASS, Outcome.FAIL})
"""Outcomes after which a policy that applies one rule leaves out the others."""


def evaluate(rules: PolicySet, subject: PolicySubject, lookups: Lookups, now: datetime) -> Evaluation:
    """Judges one subject by all rules that are for it; rules see what rules before them changed.

    Rules that have nothing to say (nothing in any list, a pattern on a deletion) give no finding.

    Raises:
        MissingLookups: All look-ups that rules stopped for.
    """
    asked = _Asked(lookups)
    environment = Environment(now, asked.ask)
    request = Request(subject, asked.ask)
    context_of = _lazy_context(request, environment)
    ref = subject.resource.ref
    findings: list[Finding] = []
    changes = _Changes(subject)
    missing: set[LookupKey] = set()
    done: set[tuple[int, int]] = set()
    for rule in rules.rules_for(request.group, request.version, request.kind, request.subresource):
        if (done and (rule.policy, rule.phase) in done) or (subject.is_background and not rule.in_background):
            continue
        try:
            result = _result(rule, request, context_of)
        except MissingLookups as question:
            missing |= question.keys
            continue
        if result is None:
            continue
        findings.append(_finding(rule, ref, result, now))
        if rule.stops and result.outcome in APPLIED:
            done.add((rule.policy, rule.phase))
        changes.actions += result.actions
        if result.patched is not None:
            request = Request(changes.apply(rule.rule, result.patched), asked.ask)
            context_of = _lazy_context(request, environment)
    if missing:
        raise MissingLookups(missing)
    return Evaluation(tuple(findings), changes.all_actions(), used=frozenset(asked.used))


class _Changes:
    """What rules did to the subject, and what else they want done."""

    def __init__(self, subject: PolicySubject) -> None:
        self._subject = subject
        self._document = subject.resource.document
        self._rules: list[str] = []
        self.actions: list[Action] = []

    def apply(self, rule: Rule, document: Document) -> PolicySubject:
        """The subject with a document that a rule changed."""
        self._rules.append(f"{rule.policy}/{rule.name}")
        self._document = document
        resource = msgspec.structs.replace(self._subject.resource, document=document)
        return msgspec.structs.replace(self._subject, resource=resource)

    def all_actions(self) -> tuple[Action, ...]:
        """One patch of the subject for all rules that changed it, then the other actions."""
        resource = self._subject.resource
        operations = find_patch(resource.document, self._document) if self._rules else []
        if not operations:
            return tuple(self.actions)
        rules = tuple(self._rules)
        reason = f"{', '.join(rules)} changes it"
        return (Patch(resource.ref, reason, rules, tuple(operations), self._document), *self.actions)


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
