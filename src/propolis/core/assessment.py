"""What one run of the main job says of a cluster, beside its findings."""

import msgspec

from propolis.core.finding import Severity
from propolis.core.resource import ResourceRef


class Factor(msgspec.Struct, frozen=True):
    """Why a workload's points are multiplied.

    Attributes:
        name: Stable word (``exposed-to-internet``).
        multiplier: By how much; above 1 raises the risk.
        reason: What was seen, for people.
        remedy: Key of the remedy that takes the factor away; empty when none does.
    """

    name: str
    multiplier: float
    reason: str
    remedy: str = ""


class Weakness(msgspec.Struct, frozen=True):
    """What one change on a workload would resolve; findings of several engines count once.

    Attributes:
        remedy: The key of the change, or the rule where the rule names none.
        title: The change in words.
        severity: The worst of its findings.
        points: Before the factors are applied.
        findings: How many open findings it resolves.
    """

    remedy: str
    title: str
    severity: Severity
    points: float
    findings: int


class WorkloadScore(msgspec.Struct, frozen=True):
    """How much risk a workload carries.

    ``points`` is the sum of its weaknesses times the product of its factors, open upwards and
    additive over workloads. ``score`` folds it into 0 to 100 for people.
    """

    resource: ResourceRef
    team: str
    score: int
    points: float
    factors: tuple[Factor, ...]
    weaknesses: tuple[Weakness, ...]


class FixTarget(msgspec.Struct, frozen=True):
    """One resource to change for a fix, with what that removes."""

    resource: ResourceRef
    findings: int
    points: float


class FixGroup(msgspec.Struct, frozen=True):
    """One change, wherever one team has to make it.

    Attributes:
        points: Risk that is gone when all targets are changed, in the unit of `WorkloadScore`.
    """

    remedy: str
    team: str
    title: str
    how: str
    severity: Severity
    findings: int
    points: float
    targets: tuple[FixTarget, ...]


class Problem(msgspec.Struct, frozen=True):
    """Input that could not be used, or a part of the world that did not answer.

    Attributes:
        kind: ``document`` (the input is wrong), ``source`` (the world failed) or ``skipped``
            (not for this program; told, but no error).
        text: The message for people, place included.
    """

    kind: str
    text: str
