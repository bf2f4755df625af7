"""Remarks on files of policies: lines that editors link, or JSON."""

from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from propolis.core.errors import DocumentError, Place
from propolis.core.printable import printable

STYLES = {"error": "bold red", "warning": "yellow"}


class Remark(msgspec.Struct, frozen=True):
    """What is wrong and where; lines and columns count from 1, 0 means unknown.

    Attributes:
        level: ``error`` or ``warning``.
        expected: What would be right; empty when the message says it.
    """

    level: str
    path: str
    line: int
    column: int
    message: str
    expected: str = ""


class LintReport(msgspec.Struct, frozen=True):
    """Remarks on files, in their order, and how much was read."""

    files: int
    policies: int
    remarks: tuple[Remark, ...] = ()

    def count(self, level: str) -> int:
        """Remarks of a level."""
        return sum(one.level == level for one in self.remarks)


def render_remarks(report: LintReport) -> RenderableType:
    """One line a remark, then the counts."""
    lines = [_line(one) for one in report.remarks]
    counts = f"{report.count('error'):,} errors, {report.count('warning'):,} warnings"
    headline = Text(f"Policies: {report.policies:,}, files: {report.files:,}; {counts}", "bold")
    return Group(*lines, headline)


def _line(remark: Remark) -> Text:
    error = DocumentError(remark.message, Place(remark.path, remark.line, remark.column), remark.expected)
    return Text.assemble((remark.level, STYLES[remark.level]), " ", printable(str(error)))


def remarks_document(report: LintReport) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "summary": {
            "files": report.files,
            "policies": report.policies,
            "errors": report.count("error"),
            "warnings": report.count("warning"),
        },
        "remarks": msgspec.to_builtins(report.remarks),
    }
