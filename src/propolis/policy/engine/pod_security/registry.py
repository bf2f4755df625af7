"""Which checks a level has in which version of Kubernetes.

Follows k8s.io/pod-security-admission/policy @ 8f84a87. A version is a minor number; policies of a
version above the newest known are judged by the newest.
"""

import re
from functools import lru_cache

import msgspec

from propolis.policy.engine.pod_security import baseline, restricted
from propolis.policy.engine.pod_security.baseline import Check, unless_user_namespace, unless_windows
from propolis.policy.engine.pod_security.pod import Pod
from propolis.policy.engine.pod_security.violation import Violation

NEWEST = 37
LEVELS = ("privileged", "baseline", "restricted")

_SYSCTLS_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    }
)
_SYSCTLS_27 = _SYSCTLS_0 | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_29 = _SYSCTLS_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
_SYSCTLS_32 = _SYSCTLS_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
_SYSCTLS_37 = _SYSCTLS_32 | {"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"}
_TYPES_0 = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_TYPES_31 = _TYPES_0 | {"container_engine_t"}


class Control(msgspec.Struct, frozen=True):
    """A check over the versions.

    Attributes:
        revisions: First minor version of each revision, rising, and the check from then on.
        overrides: Checks of baseline that this one of restricted makes needless.
    """

    name: str
    revisions: tuple[tuple[int, Check], ...]
    overrides: str = ""

    def check_for(self, version: int) -> Check | None:
        """The revision of a version; None before the first."""
        found = [check for minimum, check in self.revisions if minimum <= version]
        return found[-1] if found else None


BASELINE = (
    Control("appArmorProfile", ((0, baseline.app_armor),)),
    Control("capabilities_baseline", ((0, baseline.capabilities),)),
    Control("hostNamespaces", ((0, baseline.host_namespaces),)),
    Control("hostPathVolumes", ((0, baseline.host_path_volumes),)),
    Control("hostPorts", ((0, baseline.host_ports),)),
    Control("hostProbesAndHostLifecycle", ((34, baseline.host_probes),)),
    Control("privileged", ((0, baseline.privileged),)),
    Control("procMount", ((0, baseline.proc_mount), (35, unless_user_namespace(baseline.proc_mount)))),
    Control("seLinuxOptions", ((0, baseline.se_linux(_TYPES_0)), (31, baseline.se_linux(_TYPES_31)))),
    Control("seccompProfile_baseline", ((0, baseline.seccomp_annotations), (19, baseline.seccomp))),
    Control(
        "sysctls",
        (
            (0, baseline.sysctls(_SYSCTLS_0)),
            (27, baseline.sysctls(_SYSCTLS_27)),
            (29, baseline.sysctls(_SYSCTLS_29)),
            (32, baseline.sysctls(_SYSCTLS_32)),
            (37, baseline.sysctls(_SYSCTLS_37)),
        ),
    ),
    Control("windowsHostProcess", ((0, baseline.host_process),)),
)
"""Checks of baseline, in the order of their names."""

RESTRICTED = (
    Control(
        "allowPrivilegeEscalation",
        ((8, restricted.privilege_escalation), (25, unless_windows(restricted.privilege_escalation))),
    ),
    Control(
        "capabilities_restricted",
        ((22, restricted.capabilities), (25, unless_windows(restricted.capabilities))),
        "capabilities_baseline",
    ),
    Control("procMount_restricted", ((35, baseline.proc_mount),), "procMount"),
    Control("restrictedVolumes", ((0, restricted.volumes),), "hostPathVolumes"),
    Control(
        "runAsNonRoot",
        ((0, restricted.run_as_non_root), (35, unless_user_namespace(restricted.run_as_non_root))),
    ),
    Control("runAsUser", ((23, restricted.run_as_user), (35, unless_user_namespace(restricted.run_as_user)))),
    Control(
        "seccompProfile_restricted",
        ((19, restricted.seccomp), (25, unless_windows(restricted.seccomp))),
        "seccompProfile_baseline",
    ),
)
"""Checks that restricted adds, in the order of their names."""


def parse_version(text: str) -> int | None:
    """The minor number of ``v1.30``; ``latest`` and empty are the newest; None for other text."""
    if text in ("", "latest"):
        return NEWEST
    found = re.fullmatch(r"v1\.(0|[1-9][0-9]{0,3})", text, re.ASCII)
    return int(found[1]) if found else None


@lru_cache(maxsize=256)
def checks_for(level: str, version: int) -> tuple[Check, ...]:
    """The checks that the API server runs: those of baseline first, without those made needless."""
    if level == "privileged":
        return ()
    controls: tuple[Control, ...] = BASELINE
    if level == "restricted":
        needless = {one.overrides for one in RESTRICTED if one.check_for(version)}
        controls = tuple(one for one in (*BASELINE, *RESTRICTED) if one.name not in needless)
    return tuple(check for one in controls if (check := one.check_for(min(version, NEWEST))))


def violations(pod: Pod, level: str, version: int = NEWEST) -> list[Violation]:
    """What a pod does that the level forbids, as the API server judges it."""
    return [found for check in checks_for(level, version) if (found := check(pod)) is not None]


@lru_cache(maxsize=256)
def all_checks_for(level: str, version: int) -> tuple[Check, ...]:
    """The checks that Kyverno runs: none is made needless by another, none waits for its version."""
    controls = BASELINE if level == "baseline" else (*BASELINE, *RESTRICTED)
    return tuple(one.check_for(version) or one.revisions[0][1] for one in controls)
