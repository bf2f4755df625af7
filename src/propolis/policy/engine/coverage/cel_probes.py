"""Which branches of a policy in CEL a resource takes: the engine judges it by parts of the policy.

A part is the policy with one condition, validation, mutation or generator alone. So parameters, exceptions,
forms for controllers and verified images count as they do for the whole; a trace shows only the first
parameter and verifies no image. Sides have the words of traces.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from propolis.core.action import Action
from propolis.core.evaluation import Answer, Evaluation, LookupKey, complete
from propolis.core.finding import Outcome
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.coverage.branches import APPLIES
from propolis.policy.engine.coverage.cel_branches import BASE, CHANGES, MAKES, conditions_of
from propolis.policy.engine.coverage.seen import Taken
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.explain.trace import MET, SKIPPED, UNMET
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Patch
from propolis.policy.model.cel.image import ImageSettings
from propolis.policy.model.cel.match import Validation
from propolis.policy.model.cel.policy import (
    CelPolicy,
    CelSpec,
    DeletingSpec,
    GeneratingSpec,
    ImageValidatingSpec,
    MutatingSpec,
    ValidatingSpec,
)
from propolis.policy.model.policy_test import PolicyTest

_SIDES = {Outcome.PASS: MET, Outcome.FAIL: UNMET, Outcome.WARN: UNMET}
_TRUE = (Validation("true"),)


class Judge:
    """The engine with one policy and the files of a test."""

    def __init__(self, policy: CelPolicy, test: PolicyTest, now: datetime) -> None:
        self._rules = compile_policies([policy], test.exceptions, test.bindings, lists_parameters=True)
        self._answers: dict[LookupKey, Answer] = dict(test.answers)
        self._fetch = CaseAnswers(test).fetch
        self._now = now

    def __call__(self, subject: PolicySubject) -> Evaluation:
        """What the policy says of a subject."""
        return complete(
            lambda answers: evaluate(self._rules, subject, answers, self._now), self._answers, self._fetch
        )


class Probes:
    """A policy and its parts before the resources of one test."""

    def __init__(self, policy: CelPolicy, test: PolicyTest, now: datetime) -> None:
        def judge(spec: CelSpec) -> Judge:
            return Judge(msgspec.structs.replace(policy, spec=spec), test, now)

        spec = policy.spec
        self._field, conditions = conditions_of(policy)
        self._whole = judge(spec)
        self._bare = judge(_idle(spec, ()))
        self._conditions = [judge(_idle(spec, (one,))) for one in conditions]
        self._checks = [judge(one) for one in _single(spec, "validations")]
        self._changes = [judge(one) for one in _single(spec, "mutations")]
        self._makers = [judge(one) for one in _single(spec, "generate")]

    def taken(self, subject: PolicySubject) -> Iterator[Taken]:
        """The branches that a subject takes; one that an exception lets off takes none."""
        is_judged = bool(_outcomes(self._whole(subject)) - {Outcome.SKIP})
        if is_judged:
            yield "rule", BASE, APPLIES
        bare = _outcomes(self._bare(subject)) - {Outcome.SKIP}
        for index, judge in enumerate(self._conditions if bare else ()):
            source = (*BASE, self._field, index, "expression")
            for side in _condition_sides(_outcomes(judge(subject)), is_deletion=self._field == "conditions"):
                yield "condition", source, side
        if is_judged:
            yield from self._work(subject, is_reached=Outcome.PASS in bare)

    def _work(self, subject: PolicySubject, *, is_reached: bool) -> Iterator[Taken]:
        """What the policy does with a subject that it is for; its checks where nothing fails before them."""
        for index, judge in enumerate(self._checks if is_reached else ()):
            for outcome in _outcomes(judge(subject)) & _SIDES.keys():
                yield "expression", (*BASE, "validations", index, "expression"), _SIDES[outcome]
        for index, judge in enumerate(self._changes):
            if any(_is_change(one, subject) for one in judge(subject).actions):
                yield "mutation", (*BASE, "mutations", index), CHANGES
        for index, judge in enumerate(self._makers):
            if judge(subject).actions:
                yield "generation", (*BASE, "generate", index), MAKES


def _outcomes(found: Evaluation) -> set[Outcome]:
    return {one.outcome for one in found.findings}


def _condition_sides(outcomes: set[Outcome], *, is_deletion: bool) -> Iterator[str]:
    """A condition that is not met skips the policy, or fails a deletion; an error is neither."""
    unmet = {Outcome.FAIL} if is_deletion else {Outcome.SKIP}
    if outcomes & unmet:
        yield SKIPPED
    if outcomes - unmet - {Outcome.ERROR}:
        yield MET


def _is_change(action: Action, subject: PolicySubject) -> bool:
    if not isinstance(action, Patch):
        return False
    return action.is_existing or action.document != subject.resource.document


def _idle(spec: CelSpec, conditions: Any) -> CelSpec:
    """A spec with some conditions; what it validates is always true, so that nothing else decides."""
    if isinstance(spec, DeletingSpec):
        return msgspec.structs.replace(spec, conditions=conditions)
    spec = msgspec.structs.replace(spec, match_conditions=conditions)
    if isinstance(spec, ValidatingSpec | ImageValidatingSpec):
        return _validating(spec, _TRUE)
    return spec


def _single(spec: CelSpec, field: str) -> Iterator[CelSpec]:
    """The spec with each entry of a list alone; conditions stay, so that what they guard is not met bare."""
    for one in getattr(spec, field, None) or ():
        if isinstance(spec, ValidatingSpec | ImageValidatingSpec):
            yield _validating(spec, (one,))
        elif isinstance(spec, MutatingSpec | GeneratingSpec):
            yield msgspec.structs.replace(spec, **{field: (one,)})


def _validating(
    spec: ValidatingSpec | ImageValidatingSpec, checks: tuple[Validation, ...]
) -> ValidatingSpec | ImageValidatingSpec:
    """A spec with other validations; that another one verifies the images is not asked of them."""
    if not isinstance(spec, ImageValidatingSpec):
        return msgspec.structs.replace(spec, validations=checks)
    settings = msgspec.structs.replace(spec.validation_configurations or ImageSettings(), required=False)
    return msgspec.structs.replace(spec, validations=checks, validation_configurations=settings)
