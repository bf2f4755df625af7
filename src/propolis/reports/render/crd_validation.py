"""Objects judged by definitions: lines as an API server words them, or JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.assessment import Problem
from propolis.core.resource import Resource
from propolis.policy.engine.crd.definition import RuleCost
from propolis.policy.engine.crd.field_errors import FieldError

DEAREST = 3
"""Rules of a version whose costs are told."""


class VersionRules(msgspec.Struct, frozen=True):
    """The rules of one version; ``is_partial`` where its schema says more than is checked."""

    name: str
    costs: tuple[RuleCost, ...]
    is_partial: bool = False


class JudgedObject(msgspec.Struct, frozen=True):
    """An object and what is wrong with it."""

    resource: Resource
    errors: tuple[FieldError, ...]

    @property
    def is_valid(self) -> bool:
        """Whether an API server would take it."""
        return all(one.is_warning for one in self.errors)


class CrdReport(msgspec.Struct, frozen=True):
    """All that was judged, and what could not be used."""

    versions: tuple[VersionRules, ...]
    judged: tuple[JudgedObject, ...]
    problems: tuple[Problem, ...]


def report_lines(report: CrdReport) -> Iterator[str]:
    """What is wrong, then the counts."""
    for one in report.judged:
        for error in one.errors:
            level = "warning" if error.is_warning else "invalid"
            yield f"{level} {one.resource.ref}: {error.text}"
    valid = sum(one.is_valid for one in report.judged)
    rules = sum(len(one.costs) for one in report.versions)
    yield (
        f"Versions: {len(report.versions)}, rules: {rules}; objects: {len(report.judged)}, valid: {valid}, "
        f"invalid: {len(report.judged) - valid}"
    )
    for version in report.versions:
        if version.is_partial:
            yield f"{version.name}: allOf, anyOf, oneOf, not and format of its schema are not checked"


def cost_lines(report: CrdReport) -> Iterator[str]:
    """The dearest rules of each version."""
    for version in report.versions:
        for one in version.costs[:DEAREST]:
            yield f"{version.name} {pointer(one.path)}: at most {one.cost:,} units for one object"


def pointer(path: tuple[str | int, ...]) -> str:
    """A path of a schema on one line."""
    text = "openAPIV3Schema"
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


def report_document(report: CrdReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "versions": [
            {
                "name": one.name,
                "rules": [{"path": pointer(cost.path), "cost": cost.cost} for cost in one.costs],
                "isPartial": one.is_partial,
            }
            for one in report.versions
        ],
        "objects": [
            {
                "resource": str(one.resource.ref),
                "path": one.resource.origin.path,
                "line": one.resource.origin.line,
                "isValid": one.is_valid,
                "errors": [
                    {
                        "field": error.path,
                        "reason": error.reason,
                        "message": error.text,
                        "isWarning": error.is_warning,
                    }
                    for error in one.errors
                ],
            }
            for one in report.judged
        ],
        "problems": [one.text for one in report.problems],
    }
