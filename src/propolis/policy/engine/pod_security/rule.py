"""The ``podSecurity`` way of a validate rule.

Follows Kyverno pkg/engine/handlers/validation/validate_pss.go @ 111e07b.
"""

import re
from typing import Any

from propolis.core.finding import Outcome
from propolis.lang.image_reference import parse_image_reference
from propolis.policy.engine.context import Context
from propolis.policy.engine.evidence import ExceptionEvidence, PodSecurityControl, PodSecurityEvidence
from propolis.policy.engine.pod_security.exclusions import judged, without_excluded
from propolis.policy.engine.pod_security.pod import Pod, pod_of
from propolis.policy.engine.pod_security.registry import LEVELS, parse_version
from propolis.policy.engine.pod_security.shape import misshapen
from propolis.policy.engine.pod_security.violation import FieldProblem, Violation
from propolis.policy.engine.result import RuleResult
from propolis.policy.engine.validate import Validate
from propolis.policy.model.validation import PodSecurity

_CONTAINERS = re.compile(r"containers?\s*(.*?)\s*must")
_PREFIXES = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec"}


def compile_pod_security(name: str, rule: PodSecurity) -> Validate:
    """A podSecurity rule as a function."""
    level, version = rule.level or "", parse_version(rule.version or "")
    if level not in LEVELS or version is None:
        text = f"failed to parse pod security api version: {level!r}, {rule.version!r}"
        return lambda _context, _value: RuleResult(Outcome.ERROR, text)
    passed = RuleResult(Outcome.PASS, f"Validation rule '{name}' passed.")
    opening = (
        f"Validation rule '{name}' failed. It violates PodSecurity \"{level}:{rule.version or 'latest'}\": "
    )
    exclusions = rule.exclude or ()

    def validate(context: Context, value: Any) -> RuleResult:
        problem = misshapen(value)
        pod = None if problem else pod_of(value)
        if pod is None:
            text = problem or "the kind makes no pods"
            return RuleResult(Outcome.ERROR, f"Error while getting new resource: {text}")
        found = judged(pod, level, version) if level != "privileged" else []
        found = without_excluded(found, exclusions, pod, level, version) if found and exclusions else found
        if not found:
            return passed
        for item in context.exceptions:
            found = without_excluded(found, item.pod_security, pod, level, version)
        if not found:
            let_off = ExceptionEvidence(tuple(item.key for item in context.exceptions))
            text = f"rule is skipped due to policy exceptions {', '.join(let_off.exceptions)}"
            return RuleResult(Outcome.SKIP, text, let_off)
        kind = str(value.get("kind"))
        text = opening + "".join(_printed(one, kind) for one in found)
        controls = tuple(f"{one.reason}: {one.detail}" for one in found)
        checks = tuple(PodSecurityControl(one.check, _images(one, pod)) for one in found)
        evidence = PodSecurityEvidence(controls, level, rule.version or "", checks)
        return RuleResult(Outcome.FAIL, text, evidence)

    return validate


def _images(found: Violation, pod: Pod) -> tuple[str, ...]:
    """Images of the containers that a violation names; the name of one whose image cannot be read."""
    named = _CONTAINERS.search(found.detail)
    if named is None:
        return ()
    images = {one.name: one.image for one in pod.containers()}
    images |= {one.name: one.image for one in pod.containers() if one.list_name == "containers"}
    names = named[1].replace('"', "").replace(" ", "").split(",")
    references = [(name, parse_image_reference(images.get(name, ""))) for name in names]
    return tuple(name if info is None else info.reference for name, info in references)


def _printed(found: Violation, kind: str) -> str:
    problems = ", ".join(_moved(problem, kind).text() for problem in found.problems)
    return f"(Forbidden reason: {found.reason}, field error list: [{problems}])"


def _moved(problem: FieldProblem, kind: str) -> FieldProblem:
    """A problem at its place in the workload rather than in the pod."""
    if kind == "Pod":
        return problem
    prefix = _PREFIXES.get(kind, "spec.template.spec")
    path = problem.path
    moved = prefix + path[4:] if path.startswith("spec") else prefix.removesuffix("spec") + path
    return FieldProblem(moved, problem.value, problem.is_missing)
