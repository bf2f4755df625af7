"""The user and groups as which containers run, and the service account token that they get."""

from typing import Any

from propolis.compliance.engine.checks.wording import config_rule, shown
from propolis.compliance.model.check import ContainerCheck, Fault, PodCheck
from propolis.compliance.model.pod import ContainerView, PodView
from propolis.core.finding import Severity

CATEGORY = "Identity"
HIGHEST_RESERVED_ID = 10_000
"""Ids up to here may belong to a user or group of the node."""


def _effective(container: ContainerView, pod: PodView, field: str) -> Any:
    """A securityContext field of the container, or else of the pod."""
    found = container.security.get(field)
    return pod.security.get(field) if found is None else found


def _may_run_as_root(container: ContainerView, pod: PodView) -> Fault | None:
    if _effective(container, pod, "runAsNonRoot") is True:
        return None
    return Fault(
        "may run as root",
        f"{container.path}.securityContext.runAsNonRoot",
        shown(_effective(container, pod, "runAsNonRoot")),
        "set it to true",
    )


def _runs_as_user_zero(container: ContainerView, pod: PodView) -> Fault | None:
    if container.security.get("runAsUser") != 0 and pod.security.get("runAsUser") != 0:
        return None
    for security, path in ((container.security, container.path), (pod.security, pod.path)):
        if _is_zero(security.get("runAsUser")):
            return Fault(
                "runs as root",
                f"{path}.securityContext.runAsUser",
                "0",
                "choose a user id above 0 or remove it",
            )
    return None


def _low_id(field: str, what: str) -> Any:
    """The judge that a user or group id stands above those of the node."""

    def judge(container: ContainerView, pod: PodView) -> Fault | None:
        found = _effective(container, pod, field)
        if _is_number(found) and found > HIGHEST_RESERVED_ID:
            return None
        return Fault(
            f"may share its {what} id with a {what} of the node",
            f"{container.path}.securityContext.{field}",
            shown(found),
            f"choose a number above {HIGHEST_RESERVED_ID}",
        )

    return judge


def _in_root_group(pod: PodView) -> Fault | None:
    """Group 0 as primary, volume or supplementary group of the pod or a container."""
    owners = [(pod.security, pod.path)]
    owners += [(container.security, container.path) for container in pod.containers]
    for security, path in owners:
        for field in ("runAsGroup", "fsGroup", "supplementalGroups"):
            value = security.get(field)
            if _is_zero(value) or (isinstance(value, list) and any(map(_is_zero, value))):
                return Fault(
                    "belongs to the root group",
                    f"{path}.securityContext.{field}",
                    "0",
                    "choose a group id above 0",
                )
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_zero(value: Any) -> bool:
    return _is_number(value) and value == 0


CHECKS = (
    ContainerCheck(
        config_rule(
            "KSV-0012",
            "Containers cannot run as root",
            Severity.MEDIUM,
            CATEGORY,
            "set-run-as-non-root",
            "Set securityContext.runAsNonRoot to true for the pod or every container.",
        ),
        _may_run_as_root,
    ),
    ContainerCheck(
        config_rule(
            "KSV-0020",
            "User ids stand above those of the node",
            Severity.LOW,
            CATEGORY,
            "set-run-as-user",
            "Set securityContext.runAsUser to a number above 10000.",
        ),
        _low_id("runAsUser", "user"),
    ),
    ContainerCheck(
        config_rule(
            "KSV-0021",
            "Group ids stand above those of the node",
            Severity.LOW,
            CATEGORY,
            "set-run-as-user",
            "Set securityContext.runAsGroup to a number above 10000.",
        ),
        _low_id("runAsGroup", "group"),
    ),
    ContainerCheck(
        config_rule(
            "KSV-0105",
            "No container asks for user 0",
            Severity.LOW,
            CATEGORY,
            "set-run-as-user",
            "Set securityContext.runAsUser to a number above 0, or remove it.",
        ),
        _runs_as_user_zero,
    ),
    PodCheck(
        config_rule(
            "KSV-0116",
            "Pods do not belong to the root group",
            Severity.LOW,
            CATEGORY,
            "set-run-as-user",
            "Use group ids above 0 in runAsGroup, fsGroup and supplementalGroups.",
        ),
        _in_root_group,
    ),
)
