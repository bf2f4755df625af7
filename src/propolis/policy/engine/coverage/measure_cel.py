"""The door for policies in CEL: a policy, its tests and the time in; what they exercise out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.coverage.cel_branches import cel_branches_of
from propolis.policy.engine.coverage.cel_probes import Probes
from propolis.policy.engine.coverage.measure import Missed, PolicyCoverage
from propolis.policy.engine.coverage.seen import Taken
from propolis.policy.engine.coverage.trial import Trial, tests_of
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy_test import PolicyTest


def measure_cel(policy: CelPolicy, tests: Sequence[PolicyTest], now: datetime) -> PolicyCoverage:
    """Judges the tests of one policy; ``tests`` may be about others too."""
    own = tests_of(policy, tests)
    trial = Trial(policy, own, now)
    branches = cel_branches_of(policy)
    seen = {
        one
        for test, rows in zip(own, trial.rows, strict=True)
        for one in _taken(policy, test, frozenset(row.resource for row in rows), now)
    }
    missed = [one for one in branches if (one.what, one.source, one.side) not in seen]
    return PolicyCoverage(
        policy=policy.key,
        path=policy.origin.path,
        line=policy.origin.line,
        tests=len(own),
        rules=1,
        branches=len(branches) - 1,
        missed=tuple(Missed(one.rule, one.what, one.text, one.side, one.source) for one in missed),
        failing=sum(not row.is_passed and not row.is_waiting for rows in trial.rows for row in rows),
    )


def _taken(policy: CelPolicy, test: PolicyTest, resources: frozenset[str], now: datetime) -> Iterator[Taken]:
    """The branches that the compared resources of a test take."""
    probes = Probes(policy, test, now)
    for _, subject in subjects_of(policy, test, resources):
        yield from probes.taken(subject)


def subjects_of(
    policy: CelPolicy, test: PolicyTest, resources: frozenset[str]
) -> Iterator[tuple[str, PolicySubject]]:
    """The compared resources of a test by name, under every operation that it states."""
    operations = sorted({item.operation for item in test.document.results})
    for resource in test.resources:
        for operation in operations if str(resource.ref) in resources else ():
            yield str(resource.ref), subject_of(test, policy, resource, operation, resource.document)
    for payload in test.payloads:
        if str(payload.resource.ref) in resources:
            yield str(payload.resource.ref), PolicySubject(payload.resource, mode=payload.mode)
