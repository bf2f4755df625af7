"""What reports say of rules, in the words that dashboards know.

Follows Kyverno pkg/utils/report/results.go @ v1.19.1.
"""

import msgspec

from propolis.core.finding import Reported, Rule
from propolis.policy.model.cel.policy import (
    KUBERNETES,
    CelPolicy,
    DeletingSpec,
    GeneratingSpec,
)
from propolis.policy.model.cel.settings import Evaluation
from propolis.policy.model.policy import Policy
from propolis.policy.model.rule import PolicyRule

SEVERITIES = frozenset({"critical", "high", "medium", "low", "info"})
_SCAN, _REVIEW = "background scan", "admission review"
_SOURCES = {
    "ValidatingPolicy": "KyvernoValidatingPolicy",
    "ImageValidatingPolicy": "KyvernoImageValidatingPolicy",
    "MutatingPolicy": "KyvernoMutatingPolicy",
    "GeneratingPolicy": "KyvernoGeneratingPolicy",
    "DeletingPolicy": "KyvernoDeletingPolicy",
    "ValidatingAdmissionPolicy": "ValidatingAdmissionPolicy",
    "MutatingAdmissionPolicy": "MutatingAdmissionPolicy",
}
_BINDINGS = {"MutatingAdmissionPolicy": "mapBinding"}
"""Properties that name bindings, where it is not ``binding``."""
_DOES = {
    "MutatingPolicy": "changes",
    "MutatingAdmissionPolicy": "changes",
    "GeneratingPolicy": "makes",
    "DeletingPolicy": "makes",
}


def reported_of(policy: Policy, rule: PolicyRule) -> Reported:
    """Of a rule of a ClusterPolicy or Policy."""
    spec = policy.spec
    process = _process(is_scanned=spec.background is not False, is_reviewed=spec.admission is not False)
    properties = {**(rule.report_properties or {}), "process": process}
    return Reported(
        policy.kind, "kyverno", severity_of(policy), tuple(sorted(properties.items())), _does(policy)
    )


def reported_of_cel(policy: CelPolicy, binding: str = "") -> Reported:
    """Of a policy in CEL, and of the binding by which it judges."""
    bound = ((_BINDINGS.get(policy.base_kind, "binding"), binding),) if binding else ()
    properties = (*bound, ("process", _cel_process(policy)))
    does = _DOES.get(policy.base_kind, "judges")
    source = _SOURCES.get(policy.base_kind, policy.kind)
    return Reported(policy.kind, source, severity_of(policy), properties, does)


def with_properties(rule: Rule, properties: dict[str, str]) -> Rule:
    """A rule whose properties have other texts in one finding."""
    reported = rule.reported
    if reported is None:
        return rule
    texts = {**dict(reported.properties), **properties, "process": dict(reported.properties)["process"]}
    changed = msgspec.structs.replace(reported, properties=tuple(sorted(texts.items())))
    return msgspec.structs.replace(rule, reported=changed)


def severity_of(policy: Policy | CelPolicy) -> str:
    """The severity that the annotation names; empty for none and for words that reports do not know."""
    severity = policy.annotation("severity")
    return severity if severity in SEVERITIES else ""


def _does(policy: Policy) -> str:
    rules = policy.spec.rules
    if any(rule.validation is not None or rule.verify_images is not None for rule in rules):
        return "judges"
    return "changes" if any(rule.mutate is not None for rule in rules) else "makes"


def _cel_process(policy: CelPolicy) -> str:
    spec = policy.spec
    if policy.group == KUBERNETES:
        return _SCAN
    if isinstance(spec, GeneratingSpec | DeletingSpec):
        return _REVIEW
    evaluation = spec.evaluation or Evaluation()
    scans, reviews = evaluation.background, evaluation.admission
    return _process(
        is_scanned=scans is None or scans.enabled is not False,
        is_reviewed=reviews is None or reviews.enabled is not False,
    )


def _process(*, is_scanned: bool, is_reviewed: bool) -> str:
    """Where results come from; empty where a policy is for neither."""
    if is_scanned:
        return _SCAN
    return _REVIEW if is_reviewed else ""
