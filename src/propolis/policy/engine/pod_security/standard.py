"""A level of the Pod Security Standards as a set of rules: one finding for each control and workload."""

from datetime import datetime
from functools import cache

import msgspec

from propolis.core.evaluation import Evaluation
from propolis.core.finding import Finding, Outcome, Rule, Severity
from propolis.core.resource import Resource
from propolis.policy.engine.evidence import PodSecurityEvidence
from propolis.policy.engine.pod_security.baseline import Check
from propolis.policy.engine.pod_security.pod import pod_of
from propolis.policy.engine.pod_security.registry import BASELINE, LEVELS, RESTRICTED, parse_version
from propolis.policy.engine.pod_security.shape import misshapen

_TEXTS: dict[str, tuple[str, Severity, str, str]] = {
    "appArmorProfile": (
        "AppArmor is not switched off", Severity.MEDIUM, "set-apparmor",
        "Set appArmorProfile.type to RuntimeDefault or Localhost, or leave it out.",
    ),
    "capabilities_baseline": (
        "Containers add only capabilities of the default set", Severity.HIGH, "drop-capabilities",
        "Remove other capabilities from capabilities.add.",
    ),
    "hostNamespaces": (
        "Pods stay out of the namespaces of the node", Severity.HIGH, "leave-host-namespaces",
        "Remove hostNetwork, hostPID and hostIPC.",
    ),
    "hostPathVolumes": (
        "Pods mount nothing of the node", Severity.HIGH, "remove-host-path",
        "Replace hostPath volumes by claims, ConfigMaps, Secrets or emptyDirs.",
    ),
    "hostPorts": (
        "Containers take no ports of the node", Severity.MEDIUM, "remove-host-ports",
        "Remove hostPort and reach the pod through a Service.",
    ),
    "hostProbesAndHostLifecycle": (
        "Probes and lifecycle hooks call the pod alone", Severity.MEDIUM, "remove-probe-hosts",
        "Remove host from the handlers of probes and lifecycle hooks.",
    ),
    "privileged": (
        "Containers are not privileged", Severity.CRITICAL, "drop-privileged",
        "Remove privileged and add the single capabilities that are needed.",
    ),
    "procMount": (
        "The proc file system keeps its masks", Severity.MEDIUM, "set-proc-mount",
        "Remove procMount or set it to Default.",
    ),
    "seLinuxOptions": (
        "SELinux keeps its container types", Severity.MEDIUM, "set-selinux",
        "Use a container type; remove user and role.",
    ),
    "seccompProfile_baseline": (
        "Seccomp is not switched off", Severity.MEDIUM, "set-seccomp",
        "Set seccompProfile.type to RuntimeDefault, or remove Unconfined.",
    ),
    "sysctls": (
        "Pods set only safe kernel parameters", Severity.MEDIUM, "set-sysctls",
        "Remove the sysctl, or ask for it in the configuration of the node.",
    ),
    "windowsHostProcess": (
        "Windows HostProcess containers are not allowed", Severity.HIGH, "remove-host-process",
        "Remove hostProcess from windowsOptions.",
    ),
    "allowPrivilegeEscalation": (
        "Containers forbid privilege escalation", Severity.MEDIUM, "forbid-privilege-escalation",
        "Set allowPrivilegeEscalation to false on every container.",
    ),
    "capabilities_restricted": (
        "Containers drop all capabilities", Severity.MEDIUM, "drop-capabilities",
        "Set capabilities.drop to ALL; add nothing but NET_BIND_SERVICE.",
    ),
    "procMount_restricted": (
        "The proc file system keeps its masks", Severity.MEDIUM, "set-proc-mount",
        "Remove procMount or set it to Default.",
    ),
    "restrictedVolumes": (
        "Pods use only volumes that stay in the cluster", Severity.MEDIUM, "restrict-volume-types",
        "Use a ConfigMap, Secret, projected, downwardAPI, emptyDir, ephemeral, CSI, image or claim volume.",
    ),
    "runAsNonRoot": (
        "Containers do not run as root", Severity.MEDIUM, "set-run-as-non-root",
        "Set runAsNonRoot to true on the pod or on every container.",
    ),
    "runAsUser": (
        "No container asks for user 0", Severity.MEDIUM, "set-run-as-user",
        "Remove runAsUser or give it a number above 0.",
    ),
    "seccompProfile_restricted": (
        "Containers run under a seccomp profile", Severity.MEDIUM, "set-seccomp",
        "Set seccompProfile.type to RuntimeDefault on the pod or on every container.",
    ),
}  # fmt: skip


class Standard(msgspec.Struct, frozen=True):
    """The controls of one level and version, each with its rule."""

    controls: tuple[tuple[Rule, Check], ...]


@cache
def compile_standard(level: str, version: str = "latest") -> Standard:
    """The standard of a level (``baseline``) and version (``v1.34`` or ``latest``).

    Raises:
        ValueError: There is no such level or version.
    """
    minor = parse_version(version)
    if level not in LEVELS or minor is None:
        raise ValueError(f"{level}:{version} is no Pod Security level and version")
    chosen = {"privileged": (), "baseline": BASELINE}.get(level, (*BASELINE, *RESTRICTED))
    needless = {one.overrides for one in chosen if one.check_for(minor)}
    return Standard(
        tuple(
            (_rule(one.name, level), check)
            for one in chosen
            if one.name not in needless and (check := one.check_for(minor))
        )
    )


def _rule(name: str, level: str) -> Rule:
    title, severity, remedy, remediation = _TEXTS[name]
    own = "Restricted" if any(one.name == name for one in RESTRICTED) else "Baseline"
    return Rule(
        source="policy",
        policy=f"pod-security-{level}",
        name=name,
        title=title,
        severity=severity,
        category=f"Pod Security Standards ({own})",
        remedy=remedy,
        remediation=remediation,
    )


def evaluate_standard(standard: Standard, resource: Resource, now: datetime) -> Evaluation:
    """One finding for each control; none for what makes no pods. Messages are those of the API server."""
    pod = pod_of(resource.document)
    if pod is None:
        return Evaluation()
    problem = misshapen(resource.document)
    if problem:
        return Evaluation(
            tuple(Finding(rule, resource.ref, Outcome.ERROR, problem, now) for rule, _ in standard.controls)
        )
    findings = []
    for rule, check in standard.controls:
        found = check(pod)
        if found is None:
            findings.append(Finding(rule, resource.ref, Outcome.PASS, "", now))
        else:
            text = f"{found.reason} ({found.detail})"
            findings.append(
                Finding(rule, resource.ref, Outcome.FAIL, text, now, PodSecurityEvidence((text,)))
            )
    return Evaluation(tuple(findings))
