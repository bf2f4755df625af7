"""A compiled set of checks: sorted by what they judge, so that a resource meets only its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from propolis.compliance.engine.checks.catalog import BUILT_IN
from propolis.compliance.engine.checks.wording import config_rule
from propolis.compliance.model.check import (
    Check,
    ContainerCheck,
    LookupCheck,
    PodCheck,
    ResourceCheck,
)
from propolis.core.finding import Rule, Severity

UNREADABLE = config_rule(
    "PROP-0000",
    "The document can be audited",
    Severity.MEDIUM,
    "Documents",
    "",
    "Correct the document; the API server refuses it as it is.",
)
"""The rule of workloads without a pod spec."""


class CheckSet(msgspec.Struct, frozen=True):
    """Checks by what they judge.

    Attributes:
        by_kind: Checks of whole resources by API group and kind.
    """

    containers: tuple[ContainerCheck, ...]
    pods: tuple[PodCheck, ...]
    lookups: tuple[LookupCheck, ...]
    by_kind: Mapping[tuple[str, str], tuple[ResourceCheck, ...]]

    def rules(self) -> tuple[Rule, ...]:
        """The rule of every check, each once."""
        checks: list[Check] = [*self.containers, *self.pods, *self.lookups]
        checks += [check for found in self.by_kind.values() for check in found]
        return tuple(dict.fromkeys(check.rule for check in checks))


def compile_checks(checks: Iterable[Check]) -> CheckSet:
    """Sorts checks into a set."""
    containers: list[ContainerCheck] = []
    pods: list[PodCheck] = []
    lookups: list[LookupCheck] = []
    by_kind: dict[tuple[str, str], list[ResourceCheck]] = defaultdict(list)
    for check in checks:
        match check:
            case ContainerCheck():
                containers.append(check)
            case PodCheck():
                pods.append(check)
            case LookupCheck():
                lookups.append(check)
            case ResourceCheck():
                for kind in check.kinds:
                    by_kind[kind].append(check)
    return CheckSet(
        containers=tuple(containers),
        pods=tuple(pods),
        lookups=tuple(lookups),
        by_kind={kind: tuple(found) for kind, found in by_kind.items()},
    )


def checks() -> CheckSet:
    """The built-in checks, compiled."""
    return compile_checks(BUILT_IN)
