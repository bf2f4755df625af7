"""What tests of policies gave: a table, JSON, JUnit's XML or Markdown."""

from collections import Counter
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.core.printable import printable
from propolis.policy.engine.expectation import Row
from propolis.reports.render.encoding import encode
from propolis.reports.render.policy_apply_table import MOST_ROWS, more
from propolis.reports.render.policy_junit import Case, render_junit
from propolis.reports.render.policy_markdown import markdown_table

STYLES = {"passed": "green", "failed": "bold red", "error": "bold red", "skipped": "yellow"}


class JudgedRow(msgspec.Struct, frozen=True):
    """A comparison of a test.

    Attributes:
        state: ``passed``, ``failed``, ``skipped`` (not judged by this engine) or ``error``
            (the test is broken).
        path: The file of the test.
    """

    row: Row
    state: str
    path: str


class TestReport(msgspec.Struct, frozen=True):
    """All comparisons of some tests.

    Attributes:
        tests: How many tests were read.
        counts: Rows by state, where ``rows`` are not all of them.
    """

    __test__ = False  # no test of this project

    tests: int
    rows: tuple[JudgedRow, ...] = ()
    counts: dict[str, int] | None = None

    def count(self, state: str) -> int:
        """Comparisons of a state."""
        return (self.counts or Counter(one.state for one in self.rows)).get(state, 0)

    def failing(self) -> "TestReport":
        """Only what does not hold, under the counts of everything."""
        rows = tuple(one for one in self.rows if one.state in ("failed", "error"))
        return TestReport(self.tests, rows, dict(Counter(one.state for one in self.rows)))


def render_test_table(report: TestReport) -> RenderableType:
    """One row a comparison, and the counts."""
    table = Table(expand=True)
    for name, ratio in (
        ("Test", 2),
        ("Policy", 3),
        ("Rule", 3),
        ("Resource", 3),
        ("Result", 0),
        ("Reason", 4),
    ):
        table.add_column(name, overflow="fold", ratio=ratio or None)
    for one in report.rows[:MOST_ROWS]:
        row = one.row
        texts = [Text(printable(text)) for text in (row.test, row.policy, row.rule, row.resource)]
        table.add_row(*texts, Text(one.state, STYLES[one.state]), Text(printable(_reason(one))))
    headline = Text(_headline(report), "bold")
    return Group(table, more(len(report.rows)), headline) if report.rows else headline


def _headline(report: TestReport) -> str:
    told = ", ".join(f"{report.count(state):,} {state}" for state in STYLES if report.count(state))
    return f"{report.tests:,} tests: {told or 'nothing compared'}"


def _reason(one: JudgedRow) -> str:
    return one.row.reason or ("this engine does not evaluate it" if one.state == "skipped" else "")


def render_tests(report: TestReport, format_: str) -> bytes:
    """The report as ``json``, ``junit`` or ``markdown``."""
    if format_ == "json":
        return encode(test_document(report))
    return render_junit(map(_case, report.rows)) if format_ == "junit" else _markdown(report)


def test_document(report: TestReport) -> dict[str, Any]:
    """The report as JSON has it. What is skipped is neither passed nor failed."""
    return {
        "summary": {
            "tests": report.tests,
            "passed": report.count("passed"),
            "failed": report.count("failed"),
            "errors": report.count("error"),
            "skipped": report.count("skipped"),
        },
        "results": [_result(one) for one in report.rows],
    }


def _result(one: JudgedRow) -> dict[str, Any]:
    row = one.row
    return {
        "test": row.test,
        "policy": row.policy,
        "rule": row.rule,
        "kind": row.kind or _kind(row),
        "resource": row.resource,
        "expected": row.expected,
        "actual": row.actual,
        "reason": _reason(one),
        "state": one.state,
        "file": one.path,
    }


def _kind(row: Row) -> str:
    """The kind in ``namespace/Kind/name``."""
    parts = row.resource.split("/")
    return parts[-2] if len(parts) > 1 else ""


def _case(one: JudgedRow) -> Case:
    row = one.row
    name = " ".join(part for part in (row.policy, row.rule, row.resource) if part)
    return Case(row.test or one.path, one.path, name or row.test, one.state, _reason(one))


def _markdown(report: TestReport) -> bytes:
    heading = ("Test", "Policy", "Rule", "Resource", "Result", "Reason")
    rows = [
        (one.row.test, one.row.policy, one.row.rule, one.row.resource, one.state, _reason(one))
        for one in report.rows
    ]
    return f"{markdown_table(heading, rows)}\n{_headline(report)}\n".encode(errors="replace")
