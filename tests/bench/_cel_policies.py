"""Pod Security as ValidatingPolicies, as people write them: 16 policies, and two more for common labels."""

from typing import TYPE_CHECKING

from propolis.policy.model.cel.parse import parse_cel_policy
from propolis.policy.model.cel.policy import CelPolicy

if TYPE_CHECKING:
    from propolis.core.resource import Document

ALL = (
    "object.spec.containers + object.spec.?initContainers.orValue([]) "
    "+ object.spec.?ephemeralContainers.orValue([])"
)
ADDABLE = (
    "['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', "
    "'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT']"
)
VOLUMES = (
    "['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', "
    "'secret']"
)
SYSCTLS = "['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies']"
SECURITY = "object.spec.?securityContext"

STANDARDS = {
    "capabilities": "variables.all.all(c, "
    f"c.?securityContext.?capabilities.?add.orValue([]).all(a, a in {ADDABLE}))",
    "host-namespaces": "!object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false) "
    "&& !object.spec.?hostIPC.orValue(false)",
    "host-path": "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
    "host-ports": "variables.all.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
    "host-process": "variables.all.all(c, !c.?securityContext.?windowsOptions.?hostProcess.orValue(false))",
    "privileged": "variables.all.all(c, !c.?securityContext.?privileged.orValue(false))",
    "proc-mount": "variables.all.all(c, c.?securityContext.?procMount.orValue('Default') == 'Default')",
    "selinux-type": f"{SECURITY}.?seLinuxOptions.?type.orValue('') in "
    "['', 'container_t', 'container_init_t', 'container_kvm_t']",
    "selinux-user": f"!has(object.spec.securityContext) || !({SECURITY}.?seLinuxOptions.?user.hasValue() || "
    f"{SECURITY}.?seLinuxOptions.?role.hasValue())",
    "app-armor": "object.metadata.?annotations.orValue({}).all(k, !k.startsWith('container.apparmor') || "
    "object.metadata.annotations[k] == 'runtime/default')",
    "seccomp": f"{SECURITY}.?seccompProfile.?type.orValue('RuntimeDefault') in "
    "['RuntimeDefault', 'Localhost']",
    "sysctls": f"{SECURITY}.?sysctls.orValue([]).all(s, s.name in {SYSCTLS})",
    "escalation": "variables.all.all(c, !c.?securityContext.?allowPrivilegeEscalation.orValue(true))",
    "non-root": f"{SECURITY}.?runAsNonRoot.orValue(false) || "
    "variables.all.all(c, c.?securityContext.?runAsNonRoot.orValue(false))",
    "root-user": "variables.all.all(c, c.?securityContext.?runAsUser.orValue(1) != 0)",
    "volume-types": f"object.spec.?volumes.orValue([]).all(v, v.exists(k, k in {VOLUMES}))",
}
MORE = {
    "labels": "has(object.metadata.labels) && 'app' in object.metadata.labels",
    "tags": "variables.all.all(c, c.image.contains(':') && !c.image.endsWith(':latest'))",
}


def _policy(name: str, expression: str) -> CelPolicy:
    document: Document = {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "resources": ["pods"],
                        "operations": ["CREATE", "UPDATE"],
                    }
                ]
            },
            "variables": [{"name": "all", "expression": ALL}],
            "validations": [{"expression": expression, "message": f"{name} is violated"}],
        },
    }
    return parse_cel_policy(document)


def standards() -> list[CelPolicy]:
    """16 policies for the Pod Security Standards."""
    return [_policy(name, expression) for name, expression in STANDARDS.items()]


def eighteen() -> list[CelPolicy]:
    """The same and two more."""
    return [*standards(), *(_policy(name, expression) for name, expression in MORE.items())]
