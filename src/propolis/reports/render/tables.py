"""Tables for people: where the cluster stands, workload by workload, and what to fix first."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from propolis.core.assessment import Problem
from propolis.core.finding import OPEN_OUTCOMES, Severity
from propolis.core.printable import printable
from propolis.reports.snapshot import Snapshot
from propolis.store.rows import FindingRow, FixRow, RunRow, WorkloadRow

STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
    "unknown": "dim",
}
COLUMNS = ("critical", "high", "medium", "low")
FIXES_SHOWN = 10
PROBLEMS_SHOWN = 20
BAR_WIDTH = 10


def render_overview(snapshot: Snapshot, fixes: int = FIXES_SHOWN) -> RenderableType:
    """Headline, workloads by namespace, what to fix first, input that could not be used."""
    parts: list[RenderableType] = [headline(snapshot.run), Text("")]
    if snapshot.workloads:
        parts += [workload_table(snapshot.workloads), Text("")]
    if snapshot.fixes:
        parts.append(fix_table(snapshot.fixes, snapshot.run.summary["points"], fixes))
    if snapshot.run.problems:
        parts += [Text(""), problem_list(snapshot.run.problems)]
    return Group(*parts)


def headline(run: RunRow) -> Text:
    """One line with the counts, one with the changes since the run before."""
    summary = run.summary
    severities = summary["severities"]
    line = Text(printable(f"Cluster {run.cluster}"), style="bold")
    line.append(f": {summary['resources']} resources, {summary['workloads']} workloads, ", style="not bold")
    line.append(f"{sum(severities.values())} open findings", style="bold")
    told = [(name, severities[name]) for name in STYLES if severities.get(name)]
    for position, (name, number) in enumerate(told):
        line.append("  " if position == 0 else ", ")
        line.append(f"{number} {name}", style=STYLES[name])
    changes = summary["changes"]
    line.append(f"\nSince the run before: {changes['new']} new, {changes['fixed']} fixed, ", style="not bold")
    line.append(f"{changes['unchanged']} unchanged")
    return line


def workload_table(workloads: Sequence[WorkloadRow]) -> Table:
    """Workloads by namespace, the riskiest first in each."""
    table = Table(title="Workloads at risk", title_justify="left", title_style="bold", expand=True)
    table.add_column("Workload", overflow="fold", ratio=3)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=BAR_WIDTH)
    for name in COLUMNS:
        table.add_column(
            name[0].upper(), justify="right", style=STYLES[name] if name != "critical" else "bold red"
        )
    table.add_column("Why", overflow="fold", ratio=5)
    by_namespace = sorted(workloads, key=lambda row: row.resource.namespace)
    for namespace, rows in groupby(by_namespace, key=lambda row: row.resource.namespace):
        table.add_row(Text(printable(namespace) or "(cluster)", style="bold"), end_section=False)
        for row in sorted(rows, key=lambda row: -row.points):
            table.add_row(*_workload_cells(row))
        table.add_section()
    return table


def _workload_cells(row: WorkloadRow) -> list[RenderableType]:
    counts: list[RenderableType] = [_number(row.open_findings.get(name, 0)) for name in COLUMNS]
    why = "; ".join(factor.reason for factor in row.factors) or "nothing raises its risk"
    name = Padding(Text(printable(f"{row.resource.kind}/{row.resource.name}")), (0, 0, 0, 2))
    return [
        name,
        str(row.score),
        score_bar(row.score),
        *counts,
        Text(printable(why), style="" if row.factors else "dim"),
    ]


def _number(value: int) -> Text:
    return Text(str(value)) if value else Text("·", style="dim")


def score_bar(score: int) -> Text:
    """A bar of ten cells; its colour tells the band of the score."""
    filled = round(score / 100 * BAR_WIDTH)
    return Text("█" * filled, style=_band(score)) + Text("░" * (BAR_WIDTH - filled), style="dim")


def _band(score: int) -> str:
    bands = ((75, "red"), (50, "dark_orange"), (25, "yellow"))
    return next((style for least, style in bands if score >= least), "green")


def fix_table(fixes: Sequence[FixRow], points: float, shown: int = FIXES_SHOWN) -> Table:
    """What to fix first, with what each change removes of all the points."""
    table = Table(title="Fix first", title_justify="left", title_style="bold", expand=True)
    table.add_column("#", justify="right")
    table.add_column("Change", overflow="fold", ratio=5)
    table.add_column("Worst", no_wrap=True)
    table.add_column("Removes", justify="right", no_wrap=True)
    table.add_column("Risk", justify="right", no_wrap=True)
    for row in fixes[:shown]:
        change = Text(printable(row.title), style="bold")
        change.append(f"\n{printable(row.how)}", style="not bold dim")
        removes = f"{row.findings} finding{'s' if row.findings != 1 else ''}"
        severity = Text(row.severity, style=STYLES.get(row.severity, ""))
        table.add_row(str(row.rank), change, severity, removes, f"-{row.points / (points or 1.0):.0%}")
    if len(fixes) > shown:
        table.caption = f"{len(fixes) - shown} more: propolis report show --fixes {len(fixes)}"
        table.caption_justify = "left"
    return table


def finding_table(rows: Iterable[FindingRow]) -> Table:
    """Open findings, one a row, the worst first."""
    table = Table(title="Findings", title_justify="left", title_style="bold", expand=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Resource", overflow="fold", ratio=3)
    table.add_column("Rule", overflow="fold", ratio=3)
    table.add_column("Message", overflow="fold", ratio=6)
    opened = (row for row in rows if row.outcome in OPEN_OUTCOMES)
    for row in sorted(opened, key=lambda row: -Severity(row.severity).rank):
        table.add_row(Text(row.severity, style=STYLES.get(row.severity, "")), *_finding_cells(row))
    return table


def change_table(new: Iterable[FindingRow], fixed: Iterable[FindingRow]) -> Table:
    """What the last run brought and what it took away."""
    table = Table(expand=True)
    table.add_column("Change", no_wrap=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Resource", overflow="fold", ratio=3)
    table.add_column("Rule", overflow="fold", ratio=3)
    table.add_column("Message", overflow="fold", ratio=6)
    for word, style, rows in (("new", "red", new), ("fixed", "green", fixed)):
        for row in rows:
            severity = Text(row.severity, style=STYLES.get(row.severity, ""))
            table.add_row(Text(word, style=style), severity, *_finding_cells(row))
    return table


def _finding_cells(row: FindingRow) -> list[Text]:
    message = row.message or row.title
    return [Text(printable(text)) for text in (row.resource.path, f"{row.source}: {row.rule}", message)]


def problem_list(problems: Sequence[Problem], shown: int = PROBLEMS_SHOWN) -> Text:
    """Input that could not be used, a line each."""
    wrong = [problem for problem in problems if problem.kind != "skipped"]
    skipped = len(problems) - len(wrong)
    text = Text()
    if wrong:
        text.append(
            f"{len(wrong)} input{'s' if len(wrong) != 1 else ''} could not be used\n", style="bold red"
        )
        for problem in wrong[:shown]:
            text.append(f"  {printable(problem.text)}\n")
        if len(wrong) > shown:
            text.append(f"  and {len(wrong) - shown} more\n", style="dim")
    if skipped:
        told = f"{skipped} input{'s' if skipped != 1 else ''} skipped; --format json tells which and why\n"
        text.append(told, style="dim")
    text.rstrip()
    return text
