"""The configuration audit: every check on one resource.

One finding for each check that holds, and one for each container, pod or resource that fails it.
"""

from collections.abc import Iterator
from datetime import datetime

from propolis.compliance.engine.check_set import UNREADABLE, CheckSet
from propolis.compliance.model.check import ConfigEvidence, ContainerCheck, Fault, LookupCheck
from propolis.compliance.model.pod import PodView, view_pod
from propolis.core.evaluation import Answer, Evaluation, LookupKey, Lookups, MissingLookups
from propolis.core.finding import Finding, Outcome, Rule
from propolis.core.resource import Resource, ResourceRef
from propolis.core.workload import POD_PATHS, is_workload

OLD_GROUPS = ("", "extensions")
"""Groups that workload kinds had once, or are written with by mistake; their pods are judged as well."""


def evaluate(rules: CheckSet, subject: Resource, lookups: Lookups, now: datetime) -> Evaluation:
    """Judges one resource; asks for the ServiceAccount of a pod that leaves a decision to it."""
    ref = subject.ref
    findings: list[Finding] = []
    used: frozenset[LookupKey] = frozenset()
    if ref.kind in POD_PATHS and (is_workload(ref) or ref.group in OLD_GROUPS):
        pod = view_pod(subject.document, ref)
        if pod is None:
            return Evaluation(findings=(_unreadable(ref, now),))
        used = _judge_pod(rules, pod, lookups, now, findings)
    own = rules.by_kind.get((ref.group, ref.kind), ())
    findings += [_one(check.rule, ref, check.judge(subject), ref.kind, now) for check in own]
    return Evaluation(findings=tuple(findings), used=used)


def _judge_pod(
    rules: CheckSet, pod: PodView, lookups: Lookups, now: datetime, findings: list[Finding]
) -> frozenset[LookupKey]:
    """Adds the findings of a workload; returns the look-ups that they depend on."""
    for judged in rules.containers:
        findings += _of_containers(judged, pod, now)
    findings += [_one(check.rule, pod.ref, check.judge(pod), "pod", now) for check in rules.pods]
    keys = {check.rule.name: check.asks(pod) for check in rules.lookups}
    missing = [key for key in keys.values() if key is not None and lookups.get(key) is None]
    if missing:
        raise MissingLookups(missing)
    findings += [_answered(check, pod, keys[check.rule.name], lookups, now) for check in rules.lookups]
    return frozenset(key for key in keys.values() if key is not None)


def _of_containers(check: ContainerCheck, pod: PodView, now: datetime) -> Iterator[Finding]:
    """A failure for each container that fails; one pass when none does."""
    passes = True
    judge = check.judge
    for container in pod.containers:
        if container.is_ephemeral and not check.with_ephemeral:
            continue
        fault = judge(container, pod)
        if fault is not None:
            passes = False
            yield _failure(check.rule, pod.ref, fault, f"container {container.name}", container.name, now)
    if passes:
        yield _pass(check.rule, pod.ref, now)


def _answered(
    check: LookupCheck, pod: PodView, key: LookupKey | None, lookups: Lookups, now: datetime
) -> Finding:
    """The finding of a check that needed an answer; without the answer it is an error."""
    found = lookups[key] if key is not None else Answer()
    if found.error:
        text = f"cannot be judged: {found.error}"
        return Finding(check.rule, pod.ref, Outcome.ERROR, text, now)
    return _one(check.rule, pod.ref, check.judge(pod, found.value), "pod", now)


def _one(rule: Rule, ref: ResourceRef, fault: Fault | None, who: str, now: datetime) -> Finding:
    return _pass(rule, ref, now) if fault is None else _failure(rule, ref, fault, who, "", now)


def _pass(rule: Rule, ref: ResourceRef, now: datetime) -> Finding:
    return Finding(rule, ref, Outcome.PASS, rule.title, now)


def _failure(rule: Rule, ref: ResourceRef, fault: Fault, who: str, container: str, now: datetime) -> Finding:
    evidence = ConfigEvidence(path=fault.path, found=fault.found, container=container)
    return Finding(rule, ref, Outcome.FAIL, f"{who} {fault.text}", now, evidence, container)


def _unreadable(ref: ResourceRef, now: datetime) -> Finding:
    """A workload that makes no pods: an error, so that it is not taken for a clean one."""
    path = ".".join(POD_PATHS[ref.kind])
    text = f"nothing can be audited: {path} is missing or not a map; write the pod's spec there"
    return Finding(UNREADABLE, ref, Outcome.ERROR, text, now)
