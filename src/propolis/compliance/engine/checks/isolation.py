"""The walls around containers: seccomp, AppArmor, SELinux, /proc, sysctls, volumes, the root file system."""

from typing import Any

from propolis.compliance.engine.checks.wording import config_rule, listed, shown, shown_field
from propolis.compliance.model.check import ContainerCheck, Fault, PodCheck
from propolis.compliance.model.pod import ContainerView, PodView, map_of, numbered_maps
from propolis.core.finding import Rule, Severity

CATEGORY = "Isolation"
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    }
)
"""Sysctls that Pod Security (baseline) allows: they belong to the pod alone."""
SAFE_SELINUX_TYPES = frozenset(
    {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
)
CORE_VOLUMES = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "hostPath", "image",
        "persistentVolumeClaim", "projected", "secret",
    }
)  # fmt: skip
"""Volume types that Pod Security (restricted) allows, and hostPath, which has checks of its own."""


def _rule(name: str, title: str, severity: Severity, remedy: str, remediation: str) -> Rule:
    return config_rule(name, title, severity, CATEGORY, remedy, remediation)


def _writes_root(container: ContainerView, _: PodView) -> Fault | None:
    if container.security.get("readOnlyRootFilesystem") is True:
        return None
    return Fault(
        "can change the files of its own image",
        f"{container.path}.securityContext.readOnlyRootFilesystem",
        shown_field(container.security, "readOnlyRootFilesystem"),
        "set it to true and mount an emptyDir where it writes",
    )


def _shows_proc(container: ContainerView, _: PodView) -> Fault | None:
    found = container.security.get("procMount")
    if found in (None, "", "Default"):
        return None
    place = f"{container.path}.securityContext.procMount"
    return Fault("sees parts of /proc that are hidden by default", place, shown(found), "remove it")


def _seccomp_type(container: ContainerView, pod: PodView) -> tuple[Any, str]:
    """Type of the seccomp profile in force, and where it is set; a container's own goes first."""
    for security, path in ((container.security, container.path), (pod.security, pod.path)):
        profile = security.get("seccompProfile")
        if isinstance(profile, dict):
            return profile.get("type"), f"{path}.securityContext.seccompProfile.type"
    if pod.annotations:
        for key in (SECCOMP_CONTAINER_ANNOTATION + container.name, SECCOMP_ANNOTATION):
            if key in pod.annotations:
                return pod.annotations[key], f"annotation {key}"
    return None, f"{container.path}.securityContext.seccompProfile.type"


def _lacks_seccomp(container: ContainerView, pod: PodView) -> Fault | None:
    found, place = _seccomp_type(container, pod)
    if found in ("RuntimeDefault", "Localhost", "runtime/default", "docker/default"):
        return None
    if isinstance(found, str) and found.startswith("localhost/"):
        return None
    return Fault("may make any system call", place, shown(found), "set it to RuntimeDefault")


def _runs_unfiltered(container: ContainerView, pod: PodView) -> Fault | None:
    found, place = _seccomp_type(container, pod)
    if found is not None and str(found).lower() != "unconfined":
        return None
    return Fault("runs without a filter of system calls", place, shown(found), "set it to RuntimeDefault")


def _disables_apparmor(container: ContainerView, pod: PodView) -> Fault | None:
    if "appArmorProfile" not in container.security and "appArmorProfile" not in pod.security:
        return _disables_apparmor_by_annotation(container, pod)
    for security, path in ((container.security, container.path), (pod.security, pod.path)):
        profile = security.get("appArmorProfile")
        if isinstance(profile, dict):
            if profile.get("type") in ("RuntimeDefault", "Localhost"):
                return None
            place = f"{path}.securityContext.appArmorProfile.type"
            return Fault(
                "runs outside of AppArmor", place, shown_field(profile, "type"), "set it to RuntimeDefault"
            )
    return None


def _disables_apparmor_by_annotation(container: ContainerView, pod: PodView) -> Fault | None:
    """The way of Kubernetes before 1.30."""
    if not pod.annotations:
        return None
    key = APPARMOR_ANNOTATION + container.name
    found = pod.annotations.get(key)
    if found in (None, "", "runtime/default") or (isinstance(found, str) and found.startswith("localhost/")):
        return None
    return Fault("runs outside of AppArmor", f"annotation {key}", shown(found), "set it to runtime/default")


def _changes_selinux(pod: PodView) -> Fault | None:
    """SELinux options that give a process another user, role or a type beyond those of containers."""
    owners = [(pod.security, pod.path)]
    owners += [(container.security, container.path) for container in pod.containers]
    for security, path in owners:
        options = map_of(security.get("seLinuxOptions"))
        for field in ("type", "user", "role"):
            value = options.get(field) or ""
            if value and (field != "type" or str(value) not in SAFE_SELINUX_TYPES):
                place = f"{path}.securityContext.seLinuxOptions.{field}"
                return Fault("leaves the SELinux domain of containers", place, shown(value), "remove it")
    return None


def _sets_sysctls(pod: PodView) -> Fault | None:
    entries = numbered_maps(pod.security.get("sysctls"))
    found = [
        (index, str(entry.get("name")))
        for index, entry in entries
        if str(entry.get("name")) not in SAFE_SYSCTLS
    ]
    if not found:
        return None
    place = f"{pod.path}.securityContext.sysctls[{found[0][0]}].name"
    names = listed(name for _, name in found)
    return Fault("sets kernel parameters that reach beyond the pod", place, names, "remove the entry")


def _uses_other_volumes(pod: PodView) -> Fault | None:
    for index, volume in pod.volumes:
        kinds = [key for key in volume if key != "name" and key not in CORE_VOLUMES]
        if kinds:
            place = f"{pod.path}.volumes[{index}]"
            return Fault(
                "mounts a volume type that Pod Security does not allow",
                place,
                listed(kinds),
                "use a persistentVolumeClaim or a csi volume",
            )
    return None


CHECKS = (
    ContainerCheck(
        _rule(
            "KSV-0002",
            "Containers stay within AppArmor",
            Severity.LOW,
            "set-apparmor",
            "Set securityContext.appArmorProfile.type to RuntimeDefault.",
        ),
        _disables_apparmor,
    ),
    ContainerCheck(
        _rule(
            "KSV-0014",
            "The root file system is read-only",
            Severity.HIGH,
            "set-read-only-root",
            "Set securityContext.readOnlyRootFilesystem to true.",
        ),
        _writes_root,
    ),
    PodCheck(
        _rule(
            "KSV-0025",
            "Pods keep the SELinux domain of containers",
            Severity.MEDIUM,
            "set-selinux",
            "Remove user, role and foreign types from seLinuxOptions.",
        ),
        _changes_selinux,
    ),
    PodCheck(
        _rule(
            "KSV-0026",
            "Pods set no sysctl that reaches beyond them",
            Severity.MEDIUM,
            "set-sysctls",
            "Remove unsafe names from securityContext.sysctls.",
        ),
        _sets_sysctls,
    ),
    ContainerCheck(
        _rule(
            "KSV-0027",
            "Containers keep /proc masked",
            Severity.MEDIUM,
            "set-proc-mount",
            "Remove securityContext.procMount.",
        ),
        _shows_proc,
    ),
    PodCheck(
        _rule(
            "KSV-0028",
            "Pods use volume types that Pod Security allows",
            Severity.LOW,
            "restrict-volume-types",
            "Use configMap, secret, emptyDir, projected, downwardAPI, csi or persistentVolumeClaim volumes.",
        ),
        _uses_other_volumes,
    ),
    ContainerCheck(
        _rule(
            "KSV-0030",
            "Containers run under a seccomp profile",
            Severity.LOW,
            "set-seccomp",
            "Set securityContext.seccompProfile.type to RuntimeDefault for the pod.",
        ),
        _lacks_seccomp,
    ),
    ContainerCheck(
        _rule(
            "KSV-0104",
            "Containers run with a filter of system calls",
            Severity.MEDIUM,
            "set-seccomp",
            "Set securityContext.seccompProfile.type to RuntimeDefault.",
        ),
        _runs_unfiltered,
    ),
)
