"""Takes findings as they come and gives scores and fixes at the end.

Only sums are kept, so memory grows with the number of resources and rules, not of findings.
"""

from collections import ChainMap, Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from propolis.core.assessment import Factor, FixGroup, FixTarget, Weakness, WorkloadScore
from propolis.core.finding import OPEN_OUTCOMES, Finding, Outcome, Rule, Severity
from propolis.core.resource import ResourceRef
from propolis.core.workload import is_workload
from propolis.insight.remedies import REMEDIES, Remedy
from propolis.insight.score import bundle_points, finding_points, points_removed, score_of, total_points

VULNERABILITY = "vulnerability"
"""Source of findings that are weaknesses of their own, and not views of one."""


class Standing(msgspec.Struct, frozen=True):
    """Whom a resource counts for: the resource to change, its team, whether it runs pods."""

    target: ResourceRef
    team: str
    is_workload: bool


class _Tally(msgspec.Struct):
    """What is known of one remedy on one resource."""

    rule: Rule
    severity: Severity
    points: float = 0.0
    findings: int = 0

    def weight(self) -> float:
        is_bundle = self.rule.source == VULNERABILITY and self.findings > 1
        return bundle_points(self.points, self.findings) if is_bundle else self.points

    def add(self, finding: Finding) -> None:
        self.findings += 1
        self.points = max(self.points, finding_points(finding.severity, finding.outcome))
        if finding.severity.rank > self.severity.rank:
            self.severity, self.rule = finding.severity, finding.rule


class Ledger:
    """Sums of one run.

    Args:
        standings: Whom each resource counts for, by `ResourceRef.key`.
        users: The workloads for which a shared resource counts, an image for all that run it; each
            of them has its weaknesses.
        remedies: Changes that only this run knows, beside `remedies.REMEDIES`.
    """

    def __init__(
        self,
        standings: dict[str, Standing],
        users: Mapping[str, Sequence[Standing]] = MappingProxyType({}),
        remedies: Mapping[str, Remedy] = MappingProxyType({}),
    ) -> None:
        self._standings = standings
        self._users = users
        self._remedies = ChainMap(dict(remedies), REMEDIES)
        self._tallies: dict[str, dict[str, _Tally]] = defaultdict(dict)
        self._counts: dict[tuple[str, Outcome, Severity], int] = {}
        self._ref: ResourceRef | None = None
        self._current: list[dict[str, _Tally]] = []

    def add(self, finding: Finding) -> None:
        """Counts one finding. Quick when findings of one resource come together."""
        rule, outcome = finding.rule, finding.outcome
        counted = (rule.source, outcome, rule.severity)
        self._counts[counted] = self._counts.get(counted, 0) + 1
        if outcome not in OPEN_OUTCOMES:
            return
        if finding.resource is not self._ref:
            self._ref = finding.resource
            counted_for = self._users.get(self._ref.key) or (self._standing(self._ref),)
            self._current = [self._tallies[standing.target.key] for standing in counted_for]
        remedy = finding.change
        for tallies in self._current:
            tally = tallies.get(remedy)
            if tally is None:
                tally = tallies[remedy] = _Tally(finding.rule, finding.severity)
            tally.add(finding)

    def _standing(self, ref: ResourceRef) -> Standing:
        standing = self._standings.get(ref.key)
        if standing is None:
            standing = self._standings[ref.key] = Standing(ref, ref.namespace or ref.kind, is_workload=False)
        return standing

    def _targets(self) -> dict[str, Standing]:
        """Each resource to change once, by its own key."""
        return {standing.target.key: standing for standing in self._standings.values()}

    def weaknesses(self, key: str) -> tuple[Weakness, ...]:
        """The weaknesses of one resource, most points first."""
        found = [
            Weakness(remedy, self._title(remedy, tally.rule), tally.severity, tally.weight(), tally.findings)
            for remedy, tally in self._tallies.get(key, {}).items()
        ]
        return tuple(sorted(found, key=lambda weakness: (-weakness.points, weakness.remedy)))

    def scores(
        self, factors: Callable[[ResourceRef, tuple[Weakness, ...]], tuple[Factor, ...]]
    ) -> list[WorkloadScore]:
        """Every workload's score, the most points first.

        Args:
            factors: Gives the factors of a workload with these weaknesses.
        """
        scores = []
        for key, standing in self._targets().items():
            if standing.is_workload:
                weaknesses = self.weaknesses(key)
                found = factors(standing.target, weaknesses)
                points = total_points(weaknesses, found)
                score = WorkloadScore(
                    standing.target, standing.team, score_of(points), points, found, weaknesses
                )
                scores.append(score)
        return sorted(scores, key=lambda score: (-score.points, score.resource))

    def fixes(self, scores: Iterable[WorkloadScore]) -> list[FixGroup]:
        """What to fix first: one group a remedy and team, the one that removes most risk first."""
        factors = {score.resource.key: score.factors for score in scores}
        groups: dict[tuple[str, str], list[FixTarget]] = defaultdict(list)
        worst: dict[tuple[str, str], _Tally] = {}
        standings = self._targets()
        for key, tallies in self._tallies.items():
            standing = standings[key]
            weaknesses = self.weaknesses(key)
            total = sum(weakness.points for weakness in weaknesses)
            for weakness in weaknesses:
                group = (weakness.remedy, standing.team)
                removed = points_removed(total, weakness, factors.get(key, ()))
                groups[group].append(FixTarget(standing.target, weakness.findings, removed))
                if group not in worst or weakness.severity.rank > worst[group].severity.rank:
                    worst[group] = tallies[weakness.remedy]
        fixes = [
            self._group(remedy, team, worst[remedy, team], found) for (remedy, team), found in groups.items()
        ]
        return sorted(fixes, key=lambda fix: (-fix.points, -fix.findings, fix.remedy, fix.team))

    def points(self, scores: Iterable[WorkloadScore]) -> float:
        """Risk of everything: workloads with their factors, and what runs no pods."""
        others = (key for key, standing in self._targets().items() if not standing.is_workload)
        return sum(score.points for score in scores) + sum(
            weakness.points for key in others for weakness in self.weaknesses(key)
        )

    def _title(self, remedy: str, rule: Rule) -> str:
        """The change in words; a rule without a remedy is its own."""
        known = self._remedies.get(remedy)
        return known.title if known else f"Satisfy {rule.title or rule.name}"

    def _group(self, remedy: str, team: str, worst: _Tally, targets: list[FixTarget]) -> FixGroup:
        ordered = tuple(sorted(targets, key=lambda one: (-one.points, -one.findings, one.resource)))
        known = self._remedies.get(remedy)
        return FixGroup(
            remedy=remedy,
            team=team,
            title=f"{self._title(remedy, worst.rule)} in {_told(ordered)} of {team}",
            how=known.how if known else worst.rule.remediation,
            severity=worst.severity,
            findings=sum(target.findings for target in ordered),
            points=sum(target.points for target in ordered),
            targets=ordered,
        )

    def counts(self) -> dict[str, Any]:
        """Findings by outcome; open findings by severity and by source."""
        outcomes: Counter[str] = Counter()
        severities: Counter[str] = Counter()
        sources: Counter[str] = Counter()
        for (source, outcome, severity), number in self._counts.items():
            outcomes[outcome.value] += number
            if outcome in OPEN_OUTCOMES:
                severities[severity.value] += number
                sources[source] += number
        return {"outcomes": dict(outcomes), "severities": dict(severities), "sources": dict(sources)}


def _told(targets: tuple[FixTarget, ...]) -> str:
    """``Deployment cart`` for one, ``7 Deployments``, ``7 workloads`` or ``7 resources`` for more."""
    kinds = {target.resource.kind for target in targets}
    if len(targets) == 1:
        return f"{targets[0].resource.kind} {targets[0].resource.name}"
    if len(kinds) == 1:
        return f"{len(targets)} {_plural(kinds.pop())}"
    noun = "workloads" if all(is_workload(target.resource) for target in targets) else "resources"
    return f"{len(targets)} {noun}"


def _plural(kind: str) -> str:
    if kind.endswith("s"):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
