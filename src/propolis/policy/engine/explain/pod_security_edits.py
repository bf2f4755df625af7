"""Ways to mend what the Pod Security Standards forbid: each field to blame gets an allowed value."""

import re
from typing import Any

from propolis.policy.engine.exceptions import CompiledException
from propolis.policy.engine.explain.edits import Candidate, cheapest, removing, setting, together
from propolis.policy.engine.explain.pod_security_trace import prefix_of
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.pod_security.exclusions import judged, without_excluded
from propolis.policy.engine.pod_security.pod import pod_of
from propolis.policy.engine.pod_security.registry import LEVELS, parse_version
from propolis.policy.engine.pod_security.violation import FieldProblem
from propolis.policy.model.validation import PodSecurity

ALLOWED: dict[str, Any] = {
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "drop": ["ALL"],
    "seccompProfile": {"type": "RuntimeDefault"},
    "hostNetwork": False,
    "hostPID": False,
    "hostIPC": False,
    "hostProcess": False,
    "procMount": "Default",
    "capabilities": {"drop": ["ALL"]},
}
"""Values that every level allows, by the last name of the field."""

_PART = re.compile(r"([^.\[\]]+)|\[(\d+|'[^']*'|\"[^\"]*\")\]")


def pod_security_edits(
    rule: PodSecurity, exceptions: list[CompiledException], document: Any
) -> list[Candidate]:
    """Ways to mend all violations at once, not verified."""
    level, version = rule.level or "", parse_version(rule.version or "")
    pod = pod_of(document)
    if level not in LEVELS or version is None or pod is None or level == "privileged":
        return []
    found = without_excluded(judged(pod, level, version), rule.exclude or (), pod, level, version)
    for item in exceptions:
        found = without_excluded(found, item.pod_security, pod, level, version)
    kind = str(document.get("kind"))
    parts = [_ways(problem, kind, document) for one in found for problem in one.problems]
    return together([part for part in parts if part])


def _ways(problem: FieldProblem, kind: str, document: Any) -> list[Candidate]:
    path = _path(problem.path, kind)
    value, is_there = _at(document, path)
    name = str(path[-1])
    name = "seccompProfile" if path[-2:] == ("seccompProfile", "type") and not is_there else name
    path = path[:-1] if name == "seccompProfile" and path[-1] == "type" else path
    if path[-1] == "seccompProfile":
        value, is_there = _at(document, path)
    ways = [setting(path, ALLOWED[name], value, is_there=is_there)] if name in ALLOWED else []
    if isinstance(value, list) and name == "drop":
        ways = [setting((*path, len(value)), "ALL", None, is_there=False)]
    if is_there:
        ways.append(removing(path, value))
        ways += [setting(path, "RuntimeDefault", value, is_there=True)] if name == "type" else []
    return cheapest(ways)


def _path(text: str, kind: str) -> Path:
    """``spec.containers[0].image`` of a pod as a way in the workload."""
    parts: list[str | int] = []
    for name, index in _PART.findall(text):
        parts.append(name or (int(index) if index.isdecimal() else index[1:-1]))
    prefix = prefix_of(kind)
    return (*prefix, *parts[1:]) if parts[:1] == ["spec"] else (*prefix[:-1], *parts)


def _at(document: Any, path: Path) -> tuple[Any, bool]:
    here = document
    for part in path:
        keys: Any = here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        if part not in keys:
            return None, False
        here = here[part]
    return here, True
