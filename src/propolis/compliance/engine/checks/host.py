"""What pods take from their node: namespaces, paths, ports, processes."""

from collections.abc import Iterator

from propolis.compliance.engine.checks.wording import config_rule, listed
from propolis.compliance.model.check import ContainerCheck, Fault, PodCheck
from propolis.compliance.model.pod import ContainerView, PodView, map_of, numbered_maps
from propolis.core.finding import Rule, Severity

CATEGORY = "Host access"
RUNTIME_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "podman.sock")
RUNTIME_FOLDERS = frozenset(
    f"{run}/{name}" for run in ("/run", "/var/run") for name in ("docker", "containerd", "crio", "podman")
)
"""Folders of sockets by which whoever writes there commands the runtime."""
SYSTEM_PATHS = frozenset(
    {
        "/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/sys", "/usr", "/var/lib/docker",
        "/var/lib/kubelet", "/var/lib/containerd", "/etc/kubernetes", "/var/lib/etcd", "/run", "/var/run",
    }
)  # fmt: skip
"""Folders of a node from which it can be taken over."""


def _rule(name: str, title: str, severity: Severity, remedy: str, remediation: str) -> Rule:
    return config_rule(name, title, severity, CATEGORY, remedy, remediation)


def _shares(field: str, name: str, what: str, consequence: str) -> PodCheck:
    """The check that a host namespace is not shared."""

    def judge(pod: PodView) -> Fault | None:
        if pod.spec.get(field) is not True:
            return None
        return Fault(consequence, f"{pod.path}.{field}", "true", "remove it")

    title = f"Pods do not share the node's {what}"
    return PodCheck(_rule(name, title, Severity.HIGH, "leave-host-namespaces", f"Remove {field}."), judge)


def _host_paths(pod: PodView) -> Iterator[tuple[str, str]]:
    """Place and path of every hostPath volume; places name the volume's path field."""
    for index, volume in pod.volumes:
        host_path = volume.get("hostPath")
        if host_path is not None:
            path = map_of(host_path).get("path")
            yield f"{pod.path}.volumes[{index}].hostPath.path", path if isinstance(path, str) else ""


def _mounts_host_paths(pod: PodView) -> Fault | None:
    found = list(_host_paths(pod))
    if not found:
        return None
    paths = listed(path or "empty" for _, path in found)
    return Fault("reads files of the node", found[0][0], paths, "use a volume that belongs to the cluster")


def _mounts_runtime_socket(pod: PodView) -> Fault | None:
    found = [(place, path) for place, path in _host_paths(pod) if _commands_runtime(path)]
    if not found:
        return None
    place, path = found[0]
    return Fault("controls every container of the node", place, path, "remove the volume")


def _mounts_system_path(pod: PodView) -> Fault | None:
    found = [(place, path) for place, path in _host_paths(pod) if _clean(path) in SYSTEM_PATHS]
    if not found:
        return None
    paths = listed(path for _, path in found)
    return Fault(
        "reaches into the node's own system", found[0][0], paths, "mount the one folder that is needed"
    )


def _commands_runtime(path: str) -> bool:
    """Whether a path is a socket of a container runtime, or the folder of one."""
    return _clean(path) in RUNTIME_FOLDERS or _clean(path).rpartition("/")[2] in RUNTIME_SOCKETS


def _clean(path: str) -> str:
    """A path without its last slashes."""
    return path.rstrip("/") or ("/" if path else "")


def _uses_host_ports(container: ContainerView, _: PodView) -> Fault | None:
    if "ports" not in container.document:
        return None
    entries = numbered_maps(container.document["ports"])
    found = [(index, port["hostPort"]) for index, port in entries if port.get("hostPort")]
    if not found:
        return None
    place = f"{container.path}.ports[{found[0][0]}].hostPort"
    return Fault(
        "occupies ports of the node", place, listed(str(port) for _, port in found), "remove hostPort"
    )


def _runs_host_process(container: ContainerView, pod: PodView) -> Fault | None:
    if "windowsOptions" not in container.security and "windowsOptions" not in pod.security:
        return None
    for security, path in ((container.security, container.path), (pod.security, pod.path)):
        if map_of(security.get("windowsOptions")).get("hostProcess") is True:
            place = f"{path}.securityContext.windowsOptions.hostProcess"
            return Fault("runs as a process of the Windows node", place, "true", "remove it")
    return None


CHECKS = (
    PodCheck(
        _rule(
            "KSV-0006",
            "Pods do not mount the socket of the container runtime",
            Severity.HIGH,
            "remove-host-path",
            "Remove the hostPath volume of the runtime's socket.",
        ),
        _mounts_runtime_socket,
    ),
    _shares("hostIPC", "KSV-0008", "IPC namespace", "reads the shared memory of the node's processes"),
    _shares("hostNetwork", "KSV-0009", "network", "listens and speaks with the node's own addresses"),
    _shares("hostPID", "KSV-0010", "process namespace", "sees the processes of the node"),
    PodCheck(
        _rule(
            "KSV-0023",
            "Pods mount no path of the node",
            Severity.MEDIUM,
            "remove-host-path",
            "Replace hostPath volumes by persistentVolumeClaim, configMap or emptyDir.",
        ),
        _mounts_host_paths,
    ),
    ContainerCheck(
        _rule(
            "KSV-0024",
            "Containers occupy no port of the node",
            Severity.HIGH,
            "remove-host-ports",
            "Remove hostPort and use a Service.",
        ),
        _uses_host_ports,
        with_ephemeral=False,
    ),
    ContainerCheck(
        _rule(
            "KSV-0103",
            "No container runs as a process of a Windows node",
            Severity.MEDIUM,
            "remove-host-process",
            "Remove securityContext.windowsOptions.hostProcess.",
        ),
        _runs_host_process,
    ),
    PodCheck(
        _rule(
            "KSV-0121",
            "Pods mount no system path of the node",
            Severity.HIGH,
            "remove-host-path",
            "Remove hostPath volumes of system folders.",
        ),
        _mounts_system_path,
    ),
)
