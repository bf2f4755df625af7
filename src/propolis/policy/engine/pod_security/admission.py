"""Pod Security as the API server admits: levels by labels of namespaces, defaults, exemptions.

Follows kubernetes/pod-security-admission admission/api and policy @ 8f84a87. A label that cannot be read
means restricted where it enforces and privileged where it only tells, of the newest version.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from propolis.core.evaluation import Evaluation
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document, Resource
from propolis.core.workload import pod_spec
from propolis.policy.engine.pod_security.registry import LEVELS, parse_version
from propolis.policy.engine.pod_security.standard import compile_standard, evaluate_standard

PREFIX = "pod-security.kubernetes.io/"
Mode = Literal["enforce", "audit", "warn"]
MODES: tuple[Mode, ...] = ("enforce", "audit", "warn")


class Defaults(msgspec.Struct, frozen=True, rename="kebab"):
    """Levels and versions where a namespace has no labels."""

    enforce: str = "privileged"
    enforce_version: str = "latest"
    audit: str = "privileged"
    audit_version: str = "latest"
    warn: str = "privileged"
    warn_version: str = "latest"


class Exemptions(msgspec.Struct, frozen=True, rename="camel"):
    """Who and what is never judged, by exact names."""

    usernames: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    runtime_classes: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True):
    """A PodSecurityConfiguration of ``pod-security.admission.config.k8s.io``."""

    defaults: Defaults = Defaults()
    exemptions: Exemptions = Exemptions()


def level_of(labels: Mapping[str, str], mode: Mode, defaults: Defaults) -> tuple[str, str]:
    """Level and version of one mode in a namespace."""
    level = labels.get(f"{PREFIX}{mode}", getattr(defaults, mode))
    version = labels.get(f"{PREFIX}{mode}-version", getattr(defaults, f"{mode}_version"))
    if level not in LEVELS:
        return ("restricted" if mode == "enforce" else "privileged"), "latest"
    return level, version if parse_version(version) is not None else "latest"


def is_exempt(exemptions: Exemptions, namespace: str, username: str, document: Document) -> bool:
    """Whether a request is not judged at all."""
    spec = pod_spec(document) or {}
    return (
        namespace in exemptions.namespaces
        or username in exemptions.usernames
        or spec.get("runtimeClassName") in exemptions.runtime_classes
    )


def evaluate_admission(
    configuration: Configuration,
    resource: Resource,
    labels: Mapping[str, str],
    username: str,
    now: datetime,
) -> Evaluation:
    """One finding for each mode and control of the levels that a workload's namespace has.

    What is enforced fails for Pods. For their controllers it is a warning, as are ``audit`` and ``warn``:
    the API server does not refuse a controller, but the pods that it makes.
    """
    if is_exempt(configuration.exemptions, resource.ref.namespace, username, resource.document):
        return Evaluation()
    findings: list[Finding] = []
    for mode in MODES:
        level, version = level_of(labels, mode, configuration.defaults)
        if level == "privileged":
            continue
        found = evaluate_standard(compile_standard(level, version), resource, now).findings
        findings += [_in_mode(one, mode, resource.ref.kind) for one in found]
    return Evaluation(tuple(findings))


def _in_mode(finding: Finding, mode: Mode, kind: str) -> Finding:
    rule = msgspec.structs.replace(finding.rule, policy=f"{finding.rule.policy}-{mode}")
    refuses = mode == "enforce" and kind == "Pod"
    outcome = Outcome.WARN if finding.outcome is Outcome.FAIL and not refuses else finding.outcome
    return msgspec.structs.replace(finding, rule=rule, outcome=outcome)
