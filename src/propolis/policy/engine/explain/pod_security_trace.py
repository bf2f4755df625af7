"""podSecurity: every control of the level, and what exclusions and exceptions let off."""

from collections.abc import Sequence
from typing import Any

from propolis.core.finding import Outcome
from propolis.policy.engine.exceptions import CompiledException
from propolis.policy.engine.explain.trace import ERROR, MET, SKIPPED, UNMET, Budget, Node, Path, Traced
from propolis.policy.engine.pod_security.exclusions import CONTROLS, judged, without_excluded
from propolis.policy.engine.pod_security.pod import pod_of
from propolis.policy.engine.pod_security.registry import BASELINE, LEVELS, RESTRICTED, parse_version
from propolis.policy.engine.pod_security.shape import misshapen
from propolis.policy.engine.pod_security.violation import Violation
from propolis.policy.model.validation import PodSecurity

PREFIXES: dict[str, Path] = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
TEMPLATE: Path = ("spec", "template", "spec")


def trace_pod_security(
    rule: PodSecurity,
    exceptions: Sequence[CompiledException],
    document: Any,
    source: Path,
    budget: Budget,
) -> Traced:
    """The controls of a level; ``exceptions`` are those that let single controls off."""
    level, version = rule.level or "", parse_version(rule.version or "")
    if level not in LEVELS or version is None:
        note = "there is no such level or version"
        return Traced(Outcome.ERROR, (Node("podSecurity", level, ERROR, note=note, source=source),))
    problem = misshapen(document)
    pod = None if problem else pod_of(document)
    if pod is None:
        note = problem or "the kind makes no pods"
        return Traced(Outcome.ERROR, (Node("podSecurity", level, ERROR, note=note, source=source),))
    found = judged(pod, level, version) if level != "privileged" else []
    kept = without_excluded(found, rule.exclude or (), pod, level, version)
    left = kept
    for item in exceptions if kept else ():
        left = without_excluded(left, item.pod_security, pod, level, version)
    outcome = Outcome.PASS if not kept else Outcome.FAIL if left else Outcome.SKIP
    nodes = _controls(level, found, kept, left, source, budget)
    word = {Outcome.PASS: MET, Outcome.SKIP: SKIPPED}.get(outcome, UNMET)
    text = f"{level}:{rule.version or 'latest'}"
    return Traced(outcome, (Node("podSecurity", text, word, source=source, children=tuple(nodes)),))


def _controls(
    level: str,
    found: list[Violation],
    kept: list[Violation],
    left: list[Violation],
    source: Path,
    budget: Budget,
) -> list[Node]:
    if level == "privileged":
        return []
    controls = BASELINE if level == "baseline" else (*BASELINE, *RESTRICTED)
    nodes: list[Node] = []
    for control in controls:
        if not budget.take():
            continue
        violation = _of(found, control.name)
        title = _title(control.name)
        if violation is None:
            nodes.append(Node("control", title, MET, source=source))
        elif _of(kept, control.name) is None:
            nodes.append(
                Node("control", title, SKIPPED, violation.detail, "let off by exclude", (*source, "exclude"))
            )
        elif _of(left, control.name) is None:
            nodes.append(Node("control", title, SKIPPED, violation.detail, "let off by an exception", source))
        else:
            text = "; ".join(
                problem.text() for problem in (_of(left, control.name) or violation).problems[:8]
            )
            nodes.append(Node("control", title, UNMET, violation.detail, text, source))
    return nodes


def _of(violations: list[Violation], name: str) -> Violation | None:
    return next((one for one in violations if one.check == name), None)


def _title(check: str) -> str:
    """The control's name as people know it, or that of the check."""
    return next((name for name, checks in CONTROLS.items() if check in checks), check)


def prefix_of(kind: str) -> Path:
    """Way to the pod's spec in a workload."""
    return PREFIXES.get(kind, TEMPLATE)
