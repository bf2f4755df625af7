"""Privileges of containers: escalation, capabilities, privileged mode."""

from collections.abc import Collection

from propolis.compliance.engine.checks.wording import NOT_SET, config_rule, listed, shown_field
from propolis.compliance.model.check import ContainerCheck, Fault
from propolis.compliance.model.pod import ContainerView, PodView
from propolis.core.finding import Severity

CATEGORY = "Privileges"
ALLOWED_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
        "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
"""Capabilities that Pod Security (baseline) lets a container add."""


def _gains_privileges(container: ContainerView, _: PodView) -> Fault | None:
    if container.security.get("allowPrivilegeEscalation") is False:
        return None
    return Fault(
        "may gain more privileges than it started with",
        f"{container.path}.securityContext.allowPrivilegeEscalation",
        shown_field(container.security, "allowPrivilegeEscalation"),
        "set it to false",
    )


def _is_privileged(container: ContainerView, _: PodView) -> Fault | None:
    if container.security.get("privileged") is not True:
        return None
    return Fault(
        "runs with all privileges of the node",
        f"{container.path}.securityContext.privileged",
        "true",
        "remove it and add single capabilities if they are needed",
    )


def _keeps_capabilities(container: ContainerView, _: PodView) -> Fault | None:
    if "ALL" in container.dropped:
        return None
    return Fault(
        "keeps capabilities that it may not need",
        f"{container.path}.securityContext.capabilities.drop",
        listed(container.dropped) or NOT_SET,
        "drop ALL and add back what is needed",
    )


def _adds(capability: str, consequence: str) -> ContainerCheck:
    """The check that one capability, or all, is not added."""
    wanted = frozenset({capability, "ALL"})

    def judge(container: ContainerView, _: PodView) -> Fault | None:
        return _added(container, wanted, consequence) if container.added else None

    name, remedy = _ADDING[capability], "drop-capabilities"
    title = f"No container adds the capability {capability}"
    advice = f"Remove {capability} from securityContext.capabilities.add."
    return ContainerCheck(config_rule(name, title, Severity.HIGH, CATEGORY, remedy, advice), judge)


_ADDING = {"SYS_ADMIN": "KSV-0005", "NET_RAW": "KSV-0119", "SYS_MODULE": "KSV-0120"}


def _adds_beyond_default(container: ContainerView, _: PodView) -> Fault | None:
    if not container.added:
        return None
    beyond = frozenset(container.added) - ALLOWED_CAPABILITIES
    return (
        _added(container, beyond, "holds capabilities that Pod Security does not allow") if beyond else None
    )


def _added(container: ContainerView, unwanted: Collection[str], problem: str) -> Fault | None:
    found = [name for name in container.added if name in unwanted]
    if not found:
        return None
    return Fault(
        problem,
        f"{container.path}.securityContext.capabilities.add",
        listed(found),
        "remove it from the list" if len(found) == 1 else "remove them from the list",
    )


CHECKS = (
    ContainerCheck(
        config_rule(
            "KSV-0001",
            "Containers cannot gain privileges",
            Severity.MEDIUM,
            CATEGORY,
            "forbid-privilege-escalation",
            "Set securityContext.allowPrivilegeEscalation to false in every container.",
        ),
        _gains_privileges,
    ),
    ContainerCheck(
        config_rule(
            "KSV-0003",
            "Containers drop all capabilities",
            Severity.LOW,
            CATEGORY,
            "drop-capabilities",
            "Add ALL to securityContext.capabilities.drop in every container.",
        ),
        _keeps_capabilities,
    ),
    _adds("SYS_ADMIN", "has nearly the power of root on the node"),
    ContainerCheck(
        config_rule(
            "KSV-0017",
            "No container is privileged",
            Severity.HIGH,
            CATEGORY,
            "drop-privileged",
            "Remove securityContext.privileged, or set it to false.",
        ),
        _is_privileged,
    ),
    ContainerCheck(
        config_rule(
            "KSV-0022",
            "Containers add no capability beyond those of the runtime's default",
            Severity.MEDIUM,
            CATEGORY,
            "drop-capabilities",
            "Remove unneeded names from securityContext.capabilities.add.",
        ),
        _adds_beyond_default,
    ),
    _adds("NET_RAW", "can forge network packets"),
    _adds("SYS_MODULE", "can load modules into the node's kernel"),
)
