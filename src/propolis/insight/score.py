"""Points, factors and the score of one workload: functions of values that a person can check by hand.

A weakness has the weight of its worst finding, however many engines saw it; a bundle of
vulnerabilities weighs more the more there are (`bundle_points`). The points of a
workload are the sum of its weaknesses times the product of its factors. The score folds points
into 0 to 100: `HALF_POINTS` points are a score of 50, twice as many 75.
"""

from collections.abc import Iterable
from math import log10, prod

from propolis.core.assessment import Factor, Weakness
from propolis.core.finding import Outcome, Severity

WEIGHTS = {
    Severity.CRITICAL: 20.0,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 3.0,
    Severity.LOW: 1.0,
    Severity.INFO: 0.0,
    Severity.UNKNOWN: 1.0,
}
"""Points of a failure by severity."""

OUTCOME_SHARES = {Outcome.FAIL: 1.0, Outcome.WARN: 0.5, Outcome.ERROR: 0.0}
"""Share of the weight that counts; what could not be judged is shown but has no points."""

HALF_POINTS = 60.0


def finding_points(severity: Severity, outcome: Outcome) -> float:
    """Points of one finding before any factor."""
    return WEIGHTS[severity] * OUTCOME_SHARES.get(outcome, 0.0)


def bundle_points(points: float, number: int) -> float:
    """Points of vulnerabilities that one change mends: the worst one's, and as much again for each tenfold.

    Unlike findings of several engines about one setting, each of them is a weakness of its own.
    """
    return points * (1 + log10(number))


def total_points(weaknesses: Iterable[Weakness], factors: Iterable[Factor]) -> float:
    """Points of a workload."""
    return sum(weakness.points for weakness in weaknesses) * prod(factor.multiplier for factor in factors)


def score_of(points: float) -> int:
    """0 (nothing known against it) to 99; however many points, there could be more."""
    return min(99, round(100 * (1 - 2 ** (-points / HALF_POINTS))))


def points_removed(total: float, weakness: Weakness, factors: Iterable[Factor]) -> float:
    """Points that are gone once a weakness is mended, and the factors that its remedy takes away.

    Args:
        total: Points of all weaknesses of the workload, before any factor.
        weakness: The one to mend.
        factors: The workload's factors.
    """
    now = left = 1.0
    for factor in factors:
        now *= factor.multiplier
        if factor.remedy != weakness.remedy:
            left *= factor.multiplier
    return total * now - (total - weakness.points) * left
