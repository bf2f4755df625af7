"""The door of the engine: rules, a subject, look-ups and the time in; findings and actions out."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Evaluation, LookupKey, Lookups, MissingLookups, OverrunError
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document, reference_of
from propolis.lang.jmespath import Environment
from propolis.lang.json_patch import find_patch
from propolis.policy.engine.asked import Asked
from propolis.policy.engine.context import Context, ContextError, Entry
from propolis.policy.engine.images import images_of
from propolis.policy.engine.policy_set import CompiledRule, ContextOf, PolicySet
from propolis.policy.engine.reported import with_properties
from propolis.policy.engine.request import Request
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.subject import SOMEBODY, PolicySubject
from propolis.policy.model.action import Patch

APPLIED = frozenset({Outcome.PASS, Outcome.FAIL})
"""Outcomes after which a policy that applies one rule leaves out the others."""


REFUSING = frozenset({Outcome.FAIL, Outcome.ERROR})
"""Outcomes that refuse a request where the rule is enforced."""


_PASS, _FAIL = Outcome.PASS, Outcome.FAIL
"""Looked up once: members of an enumeration are found slowly."""


TOO_DEEP = RuleResult(Outcome.ERROR, "the resource is nested too deep for this rule")
TOO_LONG = RuleResult(Outcome.ERROR, "the rule takes too long on this resource, and was stopped")


class Decision(Evaluation, frozen=True):
    """An evaluation and what it means for the request that brought the subject.

    Attributes:
        refusing: Those of the findings for which admission refuses the request.
    """

    refusing: tuple[Finding, ...] = ()


def evaluate(rules: PolicySet, subject: PolicySubject, lookups: Lookups, now: datetime) -> Decision:
    """Judges one subject by all rules that are for it; rules see what rules before them changed.

    Rules that have nothing to say (nothing in any list, a pattern on a deletion) give no finding.

    Raises:
        MissingLookups: All look-ups that rules stopped for.
    """
    session = _Session(subject, Asked(lookups), now)
    request = session.request
    session.judge(rules.rules_for(request))
    return session.decision()


class _Session:
    """One evaluation: the subject as rules have changed it so far, and what they said."""

    __slots__ = (
        "_actions", "_asked", "_changed_by", "_context_of", "_document", "_done", "_environment", "_findings",
        "_is_background", "_missing", "_now", "_ref", "_refusing", "_subject", "request",
    )  # fmt: skip

    def __init__(self, subject: PolicySubject, asked: Asked, now: datetime) -> None:
        self._asked = asked
        self._now = now
        self._subject = subject
        self._ref = subject.resource.ref
        self._document = subject.resource.document
        self._is_background = subject.is_background
        self._environment = Environment(now, asked.ask)
        self._findings: list[Finding] = []
        self._refusing: list[Finding] = []
        self._actions: list[Action] = []
        self._changed_by: list[str] = []
        self._missing: set[LookupKey] = set()
        self._done: set[tuple[int, int]] = set()
        self.request = Request(subject, asked.ask)
        self._context_of = lazy_context(self.request, self._environment)

    def judge(self, rules: Iterable[CompiledRule]) -> None:
        """Adds what the rules say."""
        is_background, done, add = self._is_background, self._done, self._add
        append, ref, now = self._findings.append, self._ref, self._now
        for rule in rules:
            if is_background and not rule.in_background:
                continue
            if done and (rule.policy, rule.phase) in done:
                continue
            try:
                request, matches = self.request, rule.matches
                if matches is not None and not matches(request):
                    continue
                result = rule.run(request, self._context_of)
                if result is None:
                    continue
                is_plain = result.outcome is _PASS and result.patched is None
                if is_plain and not (result.actions or rule.stops):
                    append(Finding(rule.rule, ref, _PASS, result.message, now, result.evidence))
                else:
                    add(rule, result)
            except MissingLookups as question:
                self._missing |= question.keys
            except RecursionError:
                add(rule, TOO_DEEP)
            except OverrunError:
                add(rule, TOO_LONG)

    def _add(self, rule: CompiledRule, result: RuleResult) -> None:
        outcome, of = result.outcome, rule.rule
        if result.properties is not None:
            of = with_properties(of, result.properties)
        shown = Outcome.WARN if outcome is _FAIL and not of.scored else outcome
        finding = Finding(of, self._ref, shown, result.message, self._now, result.evidence)
        self._findings.append(finding)
        if rule.stops and outcome in APPLIED:
            self._done.add((rule.policy, rule.phase))
        if outcome is _PASS:
            if result.actions:
                self._actions += result.actions
            if result.patched is not None:
                self._change(rule, result.patched)
        elif outcome in REFUSING:
            self._actions += result.actions
            if rule.enforcement and rule.enforcement.refuses(
                self.request, result, lambda: self._before(rule)
            ):
                self._refusing.append(finding)

    def _change(self, rule: CompiledRule, document: Document) -> None:
        self._changed_by.append(f"{rule.rule.policy}/{rule.rule.name}")
        self._document = document
        resource = msgspec.structs.replace(self._subject.resource, document=document)
        subject = msgspec.structs.replace(self._subject, resource=resource)
        self.request = Request(subject, self._asked.ask)
        self._context_of = lazy_context(self.request, self._environment)

    def _before(self, rule: CompiledRule) -> RuleResult | None:
        """What the rule says of the object before an update, as if it were created now.

        None where the rule would not have been for it: who made it is not known, and what was made is the
        object, no subresource of it.
        """
        old = self._subject.old or {}
        was = reference_of(old)
        kind, version = was.kind or self._ref.kind, was.api_version or self._ref.api_version
        ref = msgspec.structs.replace(self._ref, name=was.name, kind=kind, api_version=version)
        resource = msgspec.structs.replace(self._subject.resource, ref=ref, document=old)
        subject = msgspec.structs.replace(self._subject, resource=resource, old=None, operation="CREATE")
        made = Request(msgspec.structs.replace(subject, user=SOMEBODY, subresource=""), self._asked.ask)
        if not (rule.may_be_for(made.group, made.version, made.kind, "") and rule.is_within(made)):
            return None
        if rule.matches is not None and not rule.matches(made):
            return None
        request = Request(subject, self._asked.ask)
        return _run(rule, request, lazy_context(request, self._environment))

    def decision(self) -> Decision:
        """All that was said.

        Raises:
            MissingLookups: All look-ups that rules stopped for.
        """
        if self._missing:
            raise MissingLookups(self._missing)
        actions = (*self._patch(), *self._actions)
        return Decision(
            tuple(self._findings), actions, frozenset(self._asked.used), None, tuple(self._refusing)
        )

    def _patch(self) -> tuple[Action, ...]:
        """One patch of the subject for all rules that changed it."""
        resource = self._subject.resource
        operations = find_patch(resource.document, self._document) if self._changed_by else []
        if not operations:
            return ()
        rules = tuple(self._changed_by)
        reason = f"{', '.join(rules)} changes it"
        return (Patch(resource.ref, reason, rules, tuple(operations), self._document),)


def _result(rule: CompiledRule, request: Request, context_of: ContextOf) -> RuleResult | None:
    """What a rule says, None where it is not for the request."""
    try:
        if rule.matches is not None and not rule.matches(request):
            return None
    except RecursionError:
        return TOO_DEEP
    return _run(rule, request, context_of)


def _run(rule: CompiledRule, request: Request, context_of: ContextOf) -> RuleResult | None:
    try:
        return rule.run(request, context_of)
    except RecursionError:
        return TOO_DEEP


def lazy_context(request: Request, environment: Environment) -> ContextOf:
    """Gives the context of a request: its variables and ``images``, made when it is first asked for."""
    made: list[Context] = []

    def context_of() -> Context:
        if not made:
            entries = (Entry("images", _load_images),)
            is_delete = request.operation == "DELETE"
            given = frozenset(request.subject.values)
            context = Context(request.variables(), environment, entries, is_delete=is_delete, given=given)
            made.append(context.remembering())
        return made[0]

    def _load_images(context: Context) -> object:
        del context
        try:
            return images_of(request.document)
        except ValueError as error:
            raise ContextError(str(error)) from error

    return context_of
