"""What policies say of resources, without a store: a table, JSON, YAML, JUnit's XML or Markdown."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.core.assessment import Problem
from propolis.core.finding import Finding, Outcome
from propolis.core.printable import printable
from propolis.core.resource import Document, Resource
from propolis.reports.render.machine import encode
from propolis.reports.render.policy_junit import Case, render_junit
from propolis.reports.render.policy_markdown import markdown_table

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.WARN: "yellow",
    Outcome.ERROR: "bold red",
    Outcome.SKIP: "dim",
}
_STATES = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.ERROR: "error"}
"""Of JUnit; it has no warnings, and what is skipped is shown there with its message."""

MOST_ROWS = 1000
"""Rows that a table shows; people read no more, and laying out a table takes its time."""


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


def render_apply_table(report: ApplyReport, *, is_detailed: bool = False) -> RenderableType:
    """Findings by resource, those that passed only in detail, and the counts."""
    table = Table()
    for name in ("Resource", "Policy", "Rule", "Result", "Message"):
        table.add_column(name, overflow="fold")
    rows = [
        (str(one.resource.ref), found)
        for one in report.judged
        for found in one.findings
        if is_detailed or found.outcome is not Outcome.PASS
    ]
    above = ""
    for resource, found in rows[:MOST_ROWS]:
        texts = ("" if resource == above else resource, found.rule.policy, found.rule.name)
        cells = [Text(printable(text)) for text in texts]
        outcome = Text(str(found.outcome), STYLES[found.outcome])
        table.add_row(*cells, outcome, Text(printable(found.message)))
        above = resource
    headline = Text(_headline(report), "bold")
    return Group(table, more(len(rows)), headline) if rows else headline


def more(rows: int) -> Text:
    """What is told below a table of so many rows."""
    hidden = rows - MOST_ROWS
    return Text(f"and {hidden:,} more rows; --format json and markdown list all\n" if hidden > 0 else "")


def _headline(report: ApplyReport) -> str:
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
    return f"{table}\n{_headline(report)}\n".encode(errors="replace")


class _Dumper(yaml.CSafeDumper):
    """YAML without anchors: what shares a part is written out."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never an alias."""
        del data
        return True


def yaml_stream(documents: list[Document]) -> bytes:
    """Documents as a YAML stream, keys in their order."""
    text = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, explicit_start=True)
    return str(text).encode(errors="replace")
