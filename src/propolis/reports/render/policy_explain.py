"""Explanations of rules: a tree for terminals, JSON, Markdown."""

from typing import Any

import msgspec

from propolis.core.assessment import Problem
from propolis.core.resource import Resource
from propolis.policy.engine.explain.explanation import NO_MATCH, Advice, RuleExplanation
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_explain_markdown import render_markdown

OPEN = frozenset({"fail", "warn", "error"})


class ExplainedResource(msgspec.Struct, frozen=True):
    """A resource and every rule on it.

    Attributes:
        together: One change with which all rules that fail pass; None where at most one fails.
    """

    resource: Resource
    rules: tuple[RuleExplanation, ...]
    together: Advice | None = None


class ExplainReport(msgspec.Struct, frozen=True):
    """Explanations, and what of the input could not be used."""

    policies: int
    explained: tuple[ExplainedResource, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a rule fails or cannot be evaluated."""
        return any(rule.outcome in OPEN for one in self.explained for rule in one.rules)


def render_explanations(report: ExplainReport, format_: str) -> bytes:
    """The report as ``json`` or ``markdown``."""
    if format_ == "json":
        return encode(explain_document(report))
    return render_markdown([(str(one.resource.ref), one.rules, one.together) for one in report.explained])


def explain_document(report: ExplainReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "summary": {
            "policies": report.policies,
            "resources": len(report.explained),
            "rules": sum(rule.outcome != NO_MATCH for one in report.explained for rule in one.rules),
        },
        "resources": [_resource(one) for one in report.explained],
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
    }


def _resource(one: ExplainedResource) -> dict[str, Any]:
    ref, origin = one.resource.ref, one.resource.origin
    return {
        "resource": {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "namespace": ref.namespace,
            "name": ref.name,
        },
        "origin": {"path": origin.path, "line": origin.line},
        "rules": [msgspec.to_builtins(rule) for rule in one.rules],
        "together": None if one.together is None else msgspec.to_builtins(one.together),
    }
