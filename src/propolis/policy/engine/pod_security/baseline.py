"""The checks of the level baseline (Kubernetes Pod Security Standards).

Each takes a pod and gives the violation, or None.
"""

from collections.abc import Callable
from typing import Any

from propolis.core.resource import Document
from propolis.policy.engine.pod_security.pod import Pod, PodContainer, items, mapping, text, texts
from propolis.policy.engine.pod_security.violation import (
    FieldProblem,
    Violation,
    containers_named,
    plural,
    quoted,
    setters,
)

Check = Callable[[Pod], Violation | None]
Found = list[tuple[PodContainer, FieldProblem]]

_APPARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
PROFILES = frozenset({"RuntimeDefault", "Localhost"})


def names_of(found: Found) -> list[str]:
    """Names of the containers, each once, in order."""
    return list(dict.fromkeys(container.name for container, _ in found))


def problems_of(found: Found) -> list[FieldProblem]:
    """The field problems alone."""
    return [problem for _, problem in found]


def sorted_texts(values: list[Any]) -> list[str]:
    """Distinct values as sorted texts."""
    return sorted({str(value) for value in values})


def in_containers(pod: Pod, path: tuple[str, ...], is_bad: Callable[[Any], bool]) -> Found:
    """Containers whose securityContext has a bad value at a path."""
    found: Found = []
    for container in pod.containers():
        value = _at(container.security_context, path)
        if is_bad(value):
            place = ".".join(("securityContext", *path))
            found.append((container, FieldProblem(f"{container.path}.{place}", value)))
    return found


def _at(document: Document | None, path: tuple[str, ...]) -> Any:
    """The value at a path; a type that an object does not tell is the empty text."""
    for key in path[:-1]:
        document = mapping(document, key)
    found = None if document is None else document.get(path[-1])
    return "" if found is None and document is not None and path[-1] == "type" else found


def in_pod(pod: Pod, path: tuple[str, ...], is_bad: Callable[[Any], bool]) -> list[FieldProblem]:
    """The same for the securityContext of the pod."""
    value = _at(pod.security_context, path)
    return [FieldProblem(".".join(("spec", "securityContext", *path)), value)] if is_bad(value) else []


def app_armor(pod: Pod) -> Violation | None:
    """Profiles are RuntimeDefault or Localhost; annotations runtime/default or localhost/NAME."""
    path = ("appArmorProfile", "type")
    own = in_pod(pod, path, _is_bad_profile)
    found = in_containers(pod, path, _is_bad_profile)
    annotations = {
        key: value
        for key, value in sorted(pod.annotations.items())
        if key.startswith(_APPARMOR_PREFIX)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    }
    if not (own or found or annotations):
        return None
    values = sorted_texts([problem.value for problem in [*own, *problems_of(found)]])
    values += [f'{key}="{value}"' for key, value in annotations.items()]
    who = [setters(bool(own), names_of(found))] if own or found else []
    who += [plural("annotation", len(annotations))] if annotations else []
    noted = [FieldProblem(f"metadata.annotations[{key}]", value) for key, value in annotations.items()]
    return Violation(
        "appArmorProfile",
        plural("forbidden AppArmor profile", len(values)),
        f"{' and '.join(who)} must not set AppArmor profile type to {quoted(values)}",
        (*own, *problems_of(found), *noted),
    )


def is_other(value: Any, allowed: frozenset[str]) -> bool:
    """Whether a value is set and none of some texts."""
    return value is not None and not (isinstance(value, str) and value in allowed)


def _is_bad_profile(value: Any) -> bool:
    return is_other(value, PROFILES)


def capabilities(pod: Pod) -> Violation | None:
    """Only capabilities of the default set are added."""
    found = added_capabilities(pod, _CAPABILITIES)
    if not found:
        return None
    problems = tuple(problems_of(found))
    return Violation("capabilities_baseline", "non-default capabilities", adding_detail(found), problems)


def adding_detail(found: Found) -> str:
    """Which containers add which capabilities."""
    values = quoted(sorted_texts([value for _, problem in found for value in problem.value]))
    names = containers_named(names_of(found))
    return f"{names} must not include {values} in securityContext.capabilities.add"


def added_capabilities(pod: Pod, allowed: frozenset[str]) -> Found:
    """Containers that add others than the allowed capabilities."""
    found: Found = []
    for container in pod.containers():
        added = texts(mapping(container.security_context, "capabilities"), "add")
        bad = sorted(set(added) - allowed)
        if bad:
            found.append((container, FieldProblem(f"{container.path}.securityContext.capabilities.add", bad)))
    return found


def host_namespaces(pod: Pod) -> Violation | None:
    """The pod is in no namespace of the node."""
    bad = [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(name) is True]
    if not bad:
        return None
    return Violation(
        "hostNamespaces",
        "host namespaces",
        ", ".join(f"{name}=true" for name in bad),
        tuple(FieldProblem(f"spec.{name}", value=True) for name in bad),
    )


def host_path_volumes(pod: Pod) -> Violation | None:
    """No volume shows files of the node."""
    found = [
        (text(volume.get("name")), FieldProblem(f"spec.volumes[{index}].hostPath", _path_of(volume)))
        for index, volume in enumerate(items(pod.spec, "volumes"))
        if isinstance(volume, dict) and volume.get("hostPath") is not None
    ]
    if not found:
        return None
    names = [name for name, _ in found]
    detail = f"{plural('volume', len(names))} {quoted(names)}"
    return Violation("hostPathVolumes", "hostPath volumes", detail, tuple(problem for _, problem in found))


def _path_of(volume: Document) -> str:
    return text((mapping(volume, "hostPath") or {}).get("path"))


def host_ports(pod: Pod) -> Violation | None:
    """No container takes a port of the node."""
    found: Found = [
        (container, FieldProblem(f"{container.path}.ports[{index}].hostPort", port["hostPort"]))
        for container in pod.containers()
        for index, port in enumerate(items(container.document, "ports"))
        if isinstance(port, dict) and port.get("hostPort") not in (None, 0)
    ]
    if not found:
        return None
    names, ports = names_of(found), sorted_texts([problem.value for _, problem in found])
    detail = (
        f"{containers_named(names)} {plural('uses', len(names), 'use')} "
        f"{plural('hostPort', len(ports))} {', '.join(ports)}"
    )
    return Violation("hostPorts", "hostPort", detail, tuple(problems_of(found)))


_HANDLERS = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def host_probes(pod: Pod) -> Violation | None:
    """Handlers of probes and lifecycle hooks name no host."""
    found: Found = []
    for container in pod.containers():
        for way in _HANDLERS:
            handler: Document | None = container.document
            for key in way:
                handler = mapping(handler, key)
            for kind in ("httpGet", "tcpSocket"):
                host = (mapping(handler, kind) or {}).get("host")
                if host not in (None, ""):
                    place = ".".join((container.path, *way, kind, "host"))
                    found.append((container, FieldProblem(place, host)))
    if not found:
        return None
    names, hosts = sorted(names_of(found)), sorted_texts([problem.value for _, problem in found])
    detail = (
        f"{containers_named(names)} {plural('uses', len(names), 'use')} "
        f"{plural('probe or lifecycle host', len(hosts))} {quoted(hosts)}"
    )
    return Violation(
        "hostProbesAndHostLifecycle", "probe or lifecycle host", detail, tuple(problems_of(found))
    )


def privileged(pod: Pod) -> Violation | None:
    """No container is privileged."""
    found = in_containers(pod, ("privileged",), lambda value: value is True)
    if not found:
        return None
    detail = f"{containers_named(names_of(found))} must not set securityContext.privileged=true"
    return Violation("privileged", "privileged", detail, tuple(problems_of(found)))


def proc_mount(pod: Pod) -> Violation | None:
    """The masks of /proc stay."""
    found = in_containers(pod, ("procMount",), lambda value: value not in (None, "Default"))
    if not found:
        return None
    values = quoted(sorted_texts([problem.value for _, problem in found]))
    detail = f"{containers_named(names_of(found))} must not set securityContext.procMount to {values}"
    return Violation("procMount", "procMount", detail, tuple(problems_of(found)))


def unless_user_namespace(check: Check) -> Check:
    """A check that lets pods of a user namespace through."""
    return lambda pod: None if pod.has_user_namespace else check(pod)


def unless_windows(check: Check) -> Check:
    """A check that lets pods for Windows through."""
    return lambda pod: None if pod.is_windows else check(pod)


def se_linux(types: frozenset[str]) -> Check:
    """SELinux types are of containers; user and role are not set."""
    tests: dict[str, Callable[[Any], bool]] = {
        "type": lambda value: is_other(value, types),
        "user": lambda value: value not in (None, ""),
        "role": lambda value: value not in (None, ""),
    }

    def check(pod: Pod) -> Violation | None:
        own: list[FieldProblem] = []
        found: Found = []
        for field, is_bad in tests.items():
            own += in_pod(pod, ("seLinuxOptions", field), is_bad)
            found += in_containers(pod, ("seLinuxOptions", field), is_bad)
        problems = [*own, *problems_of(found)]
        if not problems:
            return None
        ordered = [one.name for one in pod.containers() if one.name in names_of(found)]
        who = setters(bool(own), list(dict.fromkeys(ordered)))
        detail = f"{who} set forbidden securityContext.seLinuxOptions: {_se_linux_detail(problems)}"
        return Violation("seLinuxOptions", "seLinuxOptions", detail, tuple(problems))

    return check


def _se_linux_detail(problems: list[FieldProblem]) -> str:
    types = sorted_texts([problem.value for problem in problems if problem.path.endswith(".type")])
    parts = [f"{plural('type', len(types))} {quoted(types)}"] if types else []
    parts += [
        f"{field} may not be set"
        for field in ("user", "role")
        if any(problem.path.endswith(f".{field}") for problem in problems)
    ]
    return "; ".join(parts)


def seccomp_annotations(pod: Pod) -> Violation | None:
    """Until v1.18: the annotations name a profile."""
    keys = [_SECCOMP_POD, *(f"{_SECCOMP_PREFIX}{container.name}" for container in pod.containers())]
    bad = {
        key: pod.annotations[key]
        for key in sorted(set(keys))
        if key in pod.annotations and not _is_seccomp_annotation(pod.annotations[key])
    }
    if not bad:
        return None
    listed = ", ".join(f'{key}="{value}"' for key, value in bad.items())
    problems = tuple(FieldProblem(f"metadata.annotations[{key}]", value) for key, value in bad.items())
    detail = f"forbidden {plural('annotation', len(bad))} {listed}"
    return Violation("seccompProfile_baseline", "seccompProfile", detail, problems)


def _is_seccomp_annotation(value: str) -> bool:
    return value in ("runtime/default", "docker/default") or value.startswith("localhost/")


SECCOMP_TYPE = ("seccompProfile", "type")


def is_bad_seccomp(value: Any) -> bool:
    """Whether a profile type is set and allows everything."""
    return is_other(value, PROFILES)


def seccomp(pod: Pod) -> Violation | None:
    """Nobody sets a profile that allows everything."""
    return bad_seccomp("seccompProfile_baseline", pod)


def bad_seccomp(check: str, pod: Pod) -> Violation | None:
    """The violation of profiles that are set and bad."""
    own = in_pod(pod, SECCOMP_TYPE, is_bad_seccomp)
    found = in_containers(pod, SECCOMP_TYPE, is_bad_seccomp)
    problems = [*own, *problems_of(found)]
    if not problems:
        return None
    values = quoted(sorted_texts([problem.value for problem in problems]))
    who = setters(bool(own), names_of(found))
    detail = f"{who} must not set securityContext.seccompProfile.type to {values}"
    return Violation(check, "seccompProfile", detail, tuple(problems))


def sysctls(allowed: frozenset[str]) -> Check:
    """Only kernel parameters that each pod has for itself are set."""

    def check(pod: Pod) -> Violation | None:
        found = [
            (text(item.get("name")), f"spec.securityContext.sysctls[{index}].name")
            for index, item in enumerate(items(pod.security_context or {}, "sysctls"))
            if isinstance(item, dict) and is_other(item.get("name", ""), allowed)
        ]
        if not found:
            return None
        detail = ", ".join(name for name, _ in found)
        problems = tuple(FieldProblem(path, name) for name, path in found)
        return Violation("sysctls", "forbidden sysctls", detail, problems)

    return check


def host_process(pod: Pod) -> Violation | None:
    """Nothing runs as a process of a Windows node."""
    path = ("windowsOptions", "hostProcess")
    own = in_pod(pod, path, lambda value: value is True)
    found = in_containers(pod, path, lambda value: value is True)
    if not (own or found):
        return None
    detail = (
        f"{setters(bool(own), names_of(found))} must not set securityContext.windowsOptions.hostProcess=true"
    )
    return Violation("windowsHostProcess", "hostProcess", detail, (*own, *problems_of(found)))
