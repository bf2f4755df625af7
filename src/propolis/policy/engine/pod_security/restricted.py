"""The checks that the level restricted adds (Kubernetes Pod Security Standards)."""

from propolis.core.resource import Document
from propolis.policy.engine.pod_security.baseline import (
    SECCOMP_TYPE,
    Found,
    added_capabilities,
    adding_detail,
    bad_seccomp,
    in_containers,
    in_pod,
    names_of,
    problems_of,
)
from propolis.policy.engine.pod_security.pod import Pod, items, mapping, text, texts
from propolis.policy.engine.pod_security.violation import (
    FieldProblem,
    Violation,
    containers_named,
    plural,
    quoted,
    setters,
)

_VOLUMES = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
        "persistentVolumeClaim", "projected", "secret",
    }
)  # fmt: skip
_OTHER_VOLUMES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
    "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
    "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
)  # fmt: skip


def privilege_escalation(pod: Pod) -> Violation | None:
    """Every container forbids privilege escalation."""
    found: Found = []
    for container in pod.containers():
        context = container.security_context
        path = f"{container.path}.securityContext.allowPrivilegeEscalation"
        if context is None:
            found.append((container, FieldProblem(path, is_missing=True)))
        elif context.get("allowPrivilegeEscalation") is not False:
            value = context.get("allowPrivilegeEscalation")
            found.append((container, FieldProblem(path, "nil" if value is None else value)))
    if not found:
        return None
    return Violation(
        "allowPrivilegeEscalation",
        "allowPrivilegeEscalation != false",
        f"{containers_named(names_of(found))} must set securityContext.allowPrivilegeEscalation=false",
        tuple(problems_of(found)),
    )


def capabilities(pod: Pod) -> Violation | None:
    """Every container drops ALL and adds nothing but NET_BIND_SERVICE."""
    missing: Found = []
    for container in pod.containers():
        dropped = texts(mapping(container.security_context, "capabilities"), "drop")
        if "ALL" not in dropped:
            path = f"{container.path}.securityContext.capabilities.drop"
            problem = (
                FieldProblem(path, sorted(set(dropped))) if dropped else FieldProblem(path, is_missing=True)
            )
            missing.append((container, problem))
    adding = added_capabilities(pod, frozenset({"NET_BIND_SERVICE"}))
    if not (missing or adding):
        return None
    details = []
    if missing:
        details.append(
            f'{containers_named(names_of(missing))} must set securityContext.capabilities.drop=["ALL"]'
        )
    if adding:
        details.append(adding_detail(adding))
    return Violation(
        "capabilities_restricted",
        "unrestricted capabilities",
        "; ".join(details),
        tuple(problems_of([*missing, *adding])),
    )


def volumes(pod: Pod) -> Violation | None:
    """Volumes are of the types that stay in the cluster."""
    found: list[tuple[str, str, int]] = []
    for index, volume in enumerate(items(pod.spec, "volumes")):
        if not isinstance(volume, dict) or _stays_in_cluster(volume):
            continue
        kind = next((kind for kind in _OTHER_VOLUMES if volume.get(kind) is not None), "unknown")
        found.append((text(volume.get("name")), kind, index))
    if not found:
        return None
    names, kinds = [name for name, _, _ in found], sorted({kind for _, kind, _ in found})
    detail = (
        f"{plural('volume', len(names))} {quoted(names)} {plural('uses', len(names), 'use')} "
        f"{plural('restricted volume type', len(kinds))} {quoted(kinds)}"
    )
    problems = tuple(FieldProblem(f"spec.volumes[{index}].{kind}") for _, kind, index in found)
    return Violation("restrictedVolumes", "restricted volume types", detail, problems)


def _stays_in_cluster(volume: Document) -> bool:
    """Whether a volume is of an allowed type; one without any becomes an emptyDir."""
    sources = [kind for kind, source in volume.items() if kind != "name" and source is not None]
    return not sources or not _VOLUMES.isdisjoint(sources)


def run_as_non_root(pod: Pod) -> Violation | None:
    """The pod or every container says runAsNonRoot, and none denies it."""
    path = ("runAsNonRoot",)
    own = in_pod(pod, path, lambda value: value is False)
    denying = in_containers(pod, path, lambda value: value is False)
    is_set = bool(in_pod(pod, path, lambda value: value is True))
    silent = [] if is_set else in_containers(pod, path, lambda value: value is None)
    missing = [(one, FieldProblem(problem.path, is_missing=True)) for one, problem in silent]
    if not (own or denying or missing):
        return None
    if own or denying:
        detail = f"{setters(bool(own), names_of(denying))} must not set securityContext.runAsNonRoot=false"
    else:
        detail = f"pod or {containers_named(names_of(missing))} must set securityContext.runAsNonRoot=true"
    problems = (*own, *problems_of(denying), *problems_of(missing))
    return Violation("runAsNonRoot", "runAsNonRoot != true", detail, problems)


def run_as_user(pod: Pod) -> Violation | None:
    """Nobody asks for user 0."""
    own = in_pod(pod, ("runAsUser",), lambda value: value == 0 and value is not False)
    found = in_containers(pod, ("runAsUser",), lambda value: value == 0 and value is not False)
    if not (own or found):
        return None
    detail = f"{setters(bool(own), names_of(found))} must not set runAsUser=0"
    return Violation("runAsUser", "runAsUser=0", detail, (*own, *problems_of(found)))


def seccomp(pod: Pod) -> Violation | None:
    """The pod or every container has a seccomp profile."""
    bad = bad_seccomp("seccompProfile_restricted", pod)
    if bad is not None:
        return bad
    if in_pod(pod, SECCOMP_TYPE, lambda value: value is not None):
        return None
    silent = in_containers(pod, SECCOMP_TYPE, lambda value: value is None)
    if not silent:
        return None
    return Violation(
        "seccompProfile_restricted",
        "seccompProfile",
        f"pod or {containers_named(names_of(silent))} must set "
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
        tuple(FieldProblem(problem.path, is_missing=True) for _, problem in silent),
    )
