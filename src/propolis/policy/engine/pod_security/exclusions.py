"""Controls that a podSecurity rule lets off: for some images, for some values of a field.

Follows Kyverno pkg/pss/evaluate.go @ 111e07b. An exclusion without images is about the pod itself; it
is found by judging the pod with one empty container in place of its own. Each field that is let
off takes one problem of that field away.
"""

import re

import msgspec

from propolis.lang.wildcard import matches
from propolis.policy.engine.pod_security.pod import LISTS, Pod, items
from propolis.policy.engine.pod_security.registry import all_checks_for
from propolis.policy.engine.pod_security.violation import FieldProblem, Violation
from propolis.policy.model.validation import PodSecurityExclusion

CONTROLS = {
    "Capabilities": ("capabilities_baseline", "capabilities_restricted"),
    "Seccomp": ("seccompProfile_baseline", "seccompProfile_restricted"),
    "Privileged Containers": ("privileged",),
    "Host Ports": ("hostPorts",),
    "/proc Mount Type": ("procMount",),
    "HostProcess": ("windowsHostProcess",),
    "SELinux": ("seLinuxOptions",),
    "Host Namespaces": ("hostNamespaces",),
    "HostPath Volumes": ("hostPathVolumes",),
    "Sysctls": ("sysctls",),
    "AppArmor": ("appArmorProfile",),
    "Privilege Escalation": ("allowPrivilegeEscalation",),
    "Running as Non-root": ("runAsNonRoot",),
    "Running as Non-root user": ("runAsUser",),
    "Volume Types": ("restrictedVolumes",),
    "Host Probes / Lifecycle Hooks": ("hostProbesAndHostLifecycle",),
}
"""Names of controls, as the documentation of Kubernetes has them, to the checks."""

_INDEX = re.compile(r"\d+")
_CONTAINER = re.compile(r"spec\.(containers|initContainers|ephemeralContainers)\[(\d+)\]")


def judged(pod: Pod, level: str, version: int) -> list[Violation]:
    """Violations as Kyverno finds them."""
    return [found for check in all_checks_for(level, version) if (found := check(pod)) is not None]


def without_excluded(
    found: list[Violation], exclusions: tuple[PodSecurityExclusion, ...], pod: Pod, level: str, version: int
) -> list[Violation]:
    """The violations that no exclusion lets off."""
    for exclusion in exclusions:
        chosen = _chosen(pod, exclusion)
        for other in judged(chosen, level, version):
            if other.check in CONTROLS.get(exclusion.control_name, ()):
                found = [_reduced(one, other, exclusion, pod, chosen) for one in found]
        found = [one for one in found if one.problems]
    return found


def _chosen(pod: Pod, exclusion: PodSecurityExclusion) -> Pod:
    """The pod with the containers that an exclusion is about."""
    if not exclusion.images:
        spec = {key: value for key, value in pod.spec.items() if key not in LISTS}
        return Pod(pod.annotations, {**spec, "containers": [{"name": "fake"}]})
    images = exclusion.images
    lists = {
        name: [item for item in items(pod.spec, name) if isinstance(item, dict) and _is_one_of(item, images)]
        for name in LISTS
    }
    return Pod({}, lists)


def _is_one_of(container: dict[str, object], images: tuple[str, ...]) -> bool:
    image = container.get("image")
    return isinstance(image, str) and any(matches(pattern, image) for pattern in images)


def _reduced(
    found: Violation, other: Violation, exclusion: PodSecurityExclusion, pod: Pod, chosen: Pod
) -> Violation:
    """A violation without the problems that are let off."""
    if found.check != other.check:
        return found
    problems = list(found.problems)
    for problem in other.problems:
        if not _is_let_off(problem, exclusion):
            continue
        names = (_container(chosen, problem), bool(exclusion.images))
        for index, own in enumerate(problems):
            is_same = _field(own) == _field(problem)
            if is_same and (not names[1] or _container(pod, own) == names[0]):
                del problems[index]
                break
    return msgspec.structs.replace(found, problems=tuple(problems))


def _is_let_off(problem: FieldProblem, exclusion: PodSecurityExclusion) -> bool:
    field = exclusion.restricted_field
    if field and _field(problem) != field:
        return False
    values = exclusion.values or ()
    return not values or all(any(matches(pattern, one) for pattern in values) for one in _values(problem))


def _field(problem: FieldProblem) -> str:
    return _INDEX.sub("*", problem.path)


def _values(problem: FieldProblem) -> list[str]:
    if isinstance(problem.value, bool):
        return [str(problem.value).lower()]
    if isinstance(problem.value, list):
        return [str(item) for item in problem.value]
    return [] if problem.value in (None, "") else [str(problem.value)]


def _container(pod: Pod, problem: FieldProblem) -> str:
    """Name of the container that a problem is about; empty for the pod itself."""
    found = _CONTAINER.match(problem.path)
    if not found:
        return ""
    listed = items(pod.spec, found[1])
    item = listed[int(found[2])] if int(found[2]) < len(listed) else None
    return str(item.get("name", "")) if isinstance(item, dict) else ""
