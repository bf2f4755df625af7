"""The door: a policy, its tests and the time in; what they exercise and what they would not notice out."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec

from propolis.core.errors import Place
from propolis.core.evaluation import Lookups, complete
from propolis.core.resource import Document, Resource
from propolis.policy.engine.case_answers import CaseAnswers
from propolis.policy.engine.case_subject import subject_of
from propolis.policy.engine.compiler import unsupported_feature
from propolis.policy.engine.coverage.branches import Branch, branches_of
from propolis.policy.engine.coverage.cel_faults import CelMutant
from propolis.policy.engine.coverage.mutants import MOST_MUTANTS, Mutant, mutants_of
from propolis.policy.engine.coverage.seen import Taken, taken
from propolis.policy.engine.coverage.telling_apart import Example, Teller
from propolis.policy.engine.coverage.trial import Trial, tests_of
from propolis.policy.engine.explain.changes import Explained
from propolis.policy.engine.explain.explain import explain
from propolis.policy.engine.explain.rules import PairedRule, paired_rules
from propolis.policy.engine.explain.trace import Path
from propolis.policy.engine.subject import PolicySubject
from propolis.policy.model.action import Patch
from propolis.policy.model.policy import Policy
from propolis.policy.model.policy_test import PolicyTest

SomeMutant = TypeVar("SomeMutant", Mutant, CelMutant)

Tick = Callable[[], None]
"""Told after every mutant."""


class Survivor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mutant that no test notices.

    Attributes:
        source: Way to the fault in the policy.
        example: A resource that tells it from the policy; None when none was found, so that it may be
            the same policy in other words.
    """

    rule: str
    what: str
    source: Path
    example: Example | None = None
    place: Place | None = None


class Missed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A branch that no test takes."""

    rule: str
    what: str
    text: str
    side: str
    source: Path
    place: Place | None = None


class PolicyCoverage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the tests of a policy exercise.

    Attributes:
        missed: Branches (rules among them) that no test takes.
        killed: Mutants that a test notices.
        survivors: Mutants that none notices, those with an example first.
        untried: Whether there are more mutants than were tried.
        failing: Rows that do not hold for the policy as it is.
        unjudged: Rules that the engine does not evaluate; they count nowhere.
    """

    policy: str
    path: str
    line: int
    tests: int
    rules: int
    branches: int
    missed: tuple[Missed, ...] = ()
    killed: int = 0
    survivors: tuple[Survivor, ...] = ()
    untried: bool = False
    failing: int = 0
    unjudged: tuple[str, ...] = ()

    @property
    def missed_rules(self) -> int:
        """Rules that no test is for."""
        return sum(one.what == "rule" for one in self.missed)

    @property
    def missed_branches(self) -> int:
        """Branches that no test takes, rules apart."""
        return len(self.missed) - self.missed_rules

    @property
    def alive(self) -> int:
        """Survivors that are surely another policy."""
        return sum(one.example is not None for one in self.survivors)

    @property
    def items(self) -> int:
        """All that can be covered: rules, branches, mutants that are surely another policy."""
        return self.rules + self.branches + self.killed + self.alive

    @property
    def covered(self) -> int:
        """All that is covered."""
        return self.items - len(self.missed) - self.alive


def measure(
    policy: Policy,
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
    unjudged = tuple(rule.name for rule in policy.spec.rules if unsupported_feature(rule))
    branches = [one for one in branches_of(policy) if one.rule not in unjudged]
    seen: set[Taken] = set()
    for test, rows in zip(own, trial.rows, strict=True):
        seen |= _taken(policy, test, frozenset(row.resource for row in rows), now)
    rules = [one for one in branches if one.what == "rule"]
    coverage = PolicyCoverage(
        policy=f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name,
        path=policy.origin.path,
        line=policy.origin.line,
        tests=len(own),
        rules=len(rules),
        branches=len(branches) - len(rules),
        missed=tuple(_missed(one) for one in branches if (one.what, one.source, one.side) not in seen),
        failing=sum(not row.is_passed and not row.is_waiting for rows in trial.rows for row in rows),
        unjudged=unjudged,
    )
    if not (with_mutants and own):
        return coverage
    mutants = [one for one in mutants_of(policy, most_mutants + 1) if one.rule not in unjudged]
    killed, survivors = tried(mutants[:most_mutants], trial, Teller(policy, own, now).example, tick)
    return msgspec.structs.replace(
        coverage, killed=killed, survivors=tuple(survivors), untried=len(mutants) > most_mutants
    )


def tried(
    mutants: Sequence[SomeMutant], trial: Trial, example: Callable[[SomeMutant], Example | None], tick: Tick
) -> tuple[int, list[Survivor]]:
    """How many mutants the tests notice, and those that they do not, the ones with an example first."""
    killed = 0
    survivors: list[Survivor] = []
    for mutant in mutants:
        if trial.notices(mutant):
            killed += 1
        else:
            survivors.append(Survivor(mutant.rule, mutant.what, mutant.source, example(mutant)))
        tick()
    return killed, sorted(survivors, key=lambda one: one.example is None)


def _missed(one: Branch) -> Missed:
    return Missed(one.rule, one.what, one.text, one.side, one.source)


def _taken(policy: Policy, test: PolicyTest, resources: frozenset[str], now: datetime) -> set[Taken]:
    """The branches that the compared resources of a test take."""
    operations = sorted({item.operation for item in test.document.results})
    found: set[Taken] = set()
    for resource in test.resources:
        for operation in operations if str(resource.ref) in resources else ():
            found |= _taken_by(policy, test, resource, operation, now)
    return found


def _taken_by(
    policy: Policy, test: PolicyTest, resource: Resource, operation: str, now: datetime
) -> set[Taken]:
    """The branches that one resource takes; a rule sees what rules before it changed."""
    answers = dict(test.answers)
    document = resource.document
    found: set[Taken] = set()
    for pair in paired_rules(policy, test.exceptions):
        subject = subject_of(test, policy, resource, operation, document)
        result = complete(partial(_explained, pair, test, subject, now), answers, CaseAnswers(test).fetch)
        if isinstance(result, Explained) and result.rule is not None:
            found |= set(taken(result.rule))
            document = _after(result, document)
    return found


def _explained(
    pair: PairedRule, test: PolicyTest, subject: PolicySubject, now: datetime, answers: Lookups
) -> Explained:
    return explain(pair, test.exceptions, subject, answers, now)


def _after(result: Explained, document: Document) -> Document:
    own = [one for one in result.actions if isinstance(one, Patch) and not one.is_existing]
    return own[0].document if own else document
