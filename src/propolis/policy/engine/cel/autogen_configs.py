"""What a policy on pods says of their controllers, as its status tells it.

Follows Kyverno pkg/cel/autogen and pkg/cel/policies/*/autogen @ v1.19.1.
"""

from collections.abc import Iterator

import msgspec

from propolis.core.resource import Document
from propolis.policy.engine.cel.autogen import can_be_moved, for_controllers
from propolis.policy.engine.cel.extraction import for_custom_workloads
from propolis.policy.model.cel.policy import CelPolicy

_KINDS = {
    "cronjobs": "CronJob",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "jobs": "Job",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
}


def autogen_configs(policy: CelPolicy) -> dict[str, Document]:
    """``defaults`` for controllers with a template, ``cronjobs``, ``extract`` for other workloads."""
    if not can_be_moved(policy):
        return {}
    found = {}
    for moved in for_controllers(policy):
        targets = list(_targets(moved))
        found["cronjobs" if targets[0]["resource"] == "cronjobs" else "defaults"] = _config(moved, targets)
    custom = for_custom_workloads(policy)
    if custom is not None:
        found["extract"] = _config(custom, list(_targets(custom)))
    return found


def _config(policy: CelPolicy, targets: list[Document]) -> Document:
    return {"spec": msgspec.to_builtins(policy.spec), "targets": targets}


def _targets(policy: CelPolicy) -> Iterator[Document]:
    """The kinds that the constraints of a moved policy name."""
    constraints = policy.spec.match_constraints
    for rule in (constraints.resource_rules or ()) if constraints else ():
        for group, version in zip(rule.api_groups or (), rule.api_versions or (), strict=False):
            for resource in rule.resources or ():
                kind = _KINDS.get(resource) or _guessed(resource)
                yield {"group": group, "version": version, "resource": resource, "kind": kind}


def _guessed(plural: str) -> str:
    singular = plural.removesuffix("s")
    return singular[:1].upper() + singular[1:]
