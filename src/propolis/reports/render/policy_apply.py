"""What policies say of resources, without a store: JSON, YAML, JUnit's XML or Markdown."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from propolis.core.assessment import Problem
from propolis.core.finding import Finding, Outcome
from propolis.core.resource import Document, Resource
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_junit import Case, render_junit
from propolis.reports.render.policy_markdown import markdown_table
from propolis.reports.render.yaml_text import yaml_stream

_STATES = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.ERROR: "error"}
"""Of JUnit; it has no warnings, and what is skipped is shown there with its message."""


class JudgedResource(msgspec.Struct, frozen=True):
    """A resource and what was found on it."""

    resource: Resource
    findings: tuple[Finding, ...]


class MadeDocument(msgspec.Struct, frozen=True):
    """What policies made.

    Attributes:
        action: ``patched``, ``generated``, or ``deleted`` (the document then only names the resource).
        rules: As ``policy/rule``.
    """

    action: str
    rules: tuple[str, ...]
    document: Document


class ApplyReport(msgspec.Struct, frozen=True):
    """What policies say of resources, and what of the input could not be used."""

    policies: int
    judged: tuple[JudgedResource, ...] = ()
    documents: tuple[MadeDocument, ...] = ()
    problems: tuple[Problem, ...] = ()

    def counts(self) -> dict[str, int]:
        """Findings by outcome."""
        found = Counter(finding.outcome for one in self.judged for finding in one.findings)
        return {str(outcome): found.get(outcome, 0) for outcome in Outcome}


def headline(report: ApplyReport) -> str:
    """The counts in a line."""
    counts = ", ".join(f"{name}: {number:,}" for name, number in report.counts().items())
    return f"Policies: {report.policies:,}, resources: {len(report.judged):,}; {counts}"


def render_apply(report: ApplyReport, format_: str) -> bytes:
    """The report as ``json``, ``yaml``, ``junit`` or ``markdown``."""
    match format_:
        case "json":
            return encode(apply_document(report))
        case "yaml":
            return yaml_stream([apply_document(report)])
        case "junit":
            return render_junit(_cases(report))
    return _markdown(report)


def apply_document(report: ApplyReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "summary": {"policies": report.policies, "resources": len(report.judged), **report.counts()},
        "findings": [_finding(one.resource, finding) for one in report.judged for finding in one.findings],
        "documents": [msgspec.to_builtins(made) for made in report.documents],
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
    }


def _finding(resource: Resource, finding: Finding) -> dict[str, Any]:
    rule, ref = finding.rule, resource.ref
    return {
        "policy": rule.policy,
        "rule": rule.name,
        "resource": {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "namespace": ref.namespace,
            "name": ref.name,
        },
        "outcome": str(finding.outcome),
        "severity": str(finding.severity),
        "category": rule.category,
        "message": finding.message,
        "remediation": rule.remediation,
        "evidence": msgspec.to_builtins(finding.evidence),
        "origin": {"path": resource.origin.path, "line": resource.origin.line},
    }


def _cases(report: ApplyReport) -> Iterator[Case]:
    for one in report.judged:
        suite = str(one.resource.ref)
        for finding in one.findings:
            name = f"{finding.rule.policy}/{finding.rule.name}"
            state = _STATES.get(finding.outcome, "skipped")
            yield Case(suite, one.resource.origin.path or suite, name, state, finding.message)


def _markdown(report: ApplyReport) -> bytes:
    rows = [
        (str(one.resource.ref), found.rule.policy, found.rule.name, str(found.outcome), found.message)
        for one in report.judged
        for found in one.findings
    ]
    table = markdown_table(("Resource", "Policy", "Rule", "Result", "Message"), rows)
    return f"{table}\n{headline(report)}\n".encode(errors="replace")
