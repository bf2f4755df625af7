"""How rules and needs of the RBAC assessment are written."""

from collections.abc import Iterable

from propolis.compliance.model.grant import Need, Permission, RiskyGrant, Scope
from propolis.core.finding import Rule, Severity

SOURCE = "rbac"
POLICY = "rbac"
RBAC = "rbac.authorization.k8s.io"
ADMISSION = "admissionregistration.k8s.io"
CERTIFICATES = "certificates.k8s.io"
CHANGE = ("update", "patch")
MAKE_OR_CHANGE = ("create", "update", "patch")
CONTROLLERS = (
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
)
"""API group and name of everything that makes pods."""


def rbac_rule(
    name: str,
    title: str,
    severity: Severity,
    remediation: str,
    remedy: str = "narrow-role",
    category: str = "RBAC",
) -> Rule:
    """A rule of the RBAC assessment."""
    return Rule(
        source=SOURCE,
        policy=POLICY,
        name=name,
        title=title,
        severity=severity,
        category=category,
        remedy=remedy,
        remediation=remediation,
    )


def grant(
    name: str,
    severity: Severity,
    power: str,
    advice: str,
    scope: Scope,
    *needs: Need,
    known_as: Iterable[str] = (),
    remedy: str = "narrow-role",
) -> RiskyGrant:
    """A risky grant; its title says that nobody holds it beyond what clusters come with."""
    rule = rbac_rule(name, f"No role lets its holders {power}", severity, advice, remedy)
    return RiskyGrant(rule=rule, power=power, scope=scope, needs=needs, known_as=tuple(known_as))


def on(
    resources: str | tuple[str, ...],
    verbs: str | tuple[str, ...],
    group: str = "",
    name: str = "",
    *,
    is_for_all: bool = False,
) -> Need:
    """A need that any of the verbs on any of the resources meets."""
    return tuple(
        Permission(group, resource, verb, name, is_for_all)
        for resource in ([resources] if isinstance(resources, str) else resources)
        for verb in ([verbs] if isinstance(verbs, str) else verbs)
    )


def on_controllers(verbs: tuple[str, ...]) -> Need:
    """A need that any of the verbs on anything that makes pods meets."""
    return tuple(Permission(group, resource, verb) for group, resource in CONTROLLERS for verb in verbs)
