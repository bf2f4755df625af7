"""What policies say of resources, as a table for people."""

from rich.console import Group, RenderableType
from rich.text import Text

from propolis.core.finding import Outcome
from propolis.core.printable import printable
from propolis.reports.render.grid import Cell, Grid
from propolis.reports.render.policy_apply import ApplyReport, headline

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.WARN: "yellow",
    Outcome.ERROR: "bold red",
    Outcome.SKIP: "dim",
}
MOST_ROWS = 1000
"""Rows that a table shows; people read no more, and laying out a table takes its time."""


def render_apply_table(report: ApplyReport, *, is_detailed: bool = False) -> RenderableType:
    """Findings by resource, those that passed only in detail, and the counts."""
    found = [
        (str(one.resource.ref), finding)
        for one in report.judged
        for finding in one.findings
        if is_detailed or finding.outcome is not Outcome.PASS
    ]
    rows: list[list[Cell]] = []
    above = ""
    for resource, finding in found[:MOST_ROWS]:
        texts = ("" if resource == above else resource, finding.rule.policy, finding.rule.name)
        cells = [(printable(text), "") for text in texts]
        outcome = (str(finding.outcome), STYLES[finding.outcome])
        rows.append([*cells, outcome, (printable(finding.message), "")])
        above = resource
    counts = Text(headline(report), "bold")
    header = ("Resource", "Policy", "Rule", "Result", "Message")
    return Group(Grid(header, rows), more(len(found)), counts) if rows else counts


def more(rows: int) -> Text:
    """What is told below a table of so many rows."""
    hidden = rows - MOST_ROWS
    return Text(f"and {hidden:,} more rows; --format json and markdown list all\n" if hidden > 0 else "")
