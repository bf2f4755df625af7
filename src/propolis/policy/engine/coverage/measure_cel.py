"""The door for policies in CEL; as for the others, what tests exercise and would not notice comes out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.coverage.cel_branches import cel_branches_of
from propolis.policy.engine.coverage.cel_faults import cel_mutants_of
from propolis.policy.engine.coverage.cel_probes import Probes
from propolis.policy.engine.coverage.cel_telling_apart import CelTeller
from propolis.policy.engine.coverage.measure import Missed, PolicyCoverage, Tick, tried
from propolis.policy.engine.coverage.mutants import MOST_MUTANTS
from propolis.policy.engine.coverage.seen import Taken
from propolis.policy.engine.coverage.trial import Trial, tests_of
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.cel.policy import CelPolicy
from propolis.policy.model.policy_test import PolicyTest


def measure_cel(
    policy: CelPolicy,
    tests: Sequence[PolicyTest],
    now: datetime,
    *,
    with_mutants: bool = True,
    tick: Tick = lambda: None,
    most_mutants: int = MOST_MUTANTS,
) -> PolicyCoverage:
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
    coverage = PolicyCoverage(
        policy=policy.key,
        path=policy.origin.path,
        line=policy.origin.line,
        tests=len(own),
        rules=1,
        branches=len(branches) - 1,
        missed=tuple(Missed(one.rule, one.what, one.text, one.side, one.source) for one in missed),
        failing=sum(not row.is_passed and not row.is_waiting for rows in trial.rows for row in rows),
    )
    if not (with_mutants and own):
        return coverage
    mutants = cel_mutants_of(policy, most_mutants + 1)
    killed, survivors = tried(mutants[:most_mutants], trial, CelTeller(policy, own, now).example, tick)
    return msgspec.structs.replace(
        coverage, killed=killed, survivors=tuple(survivors), untried=len(mutants) > most_mutants
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
