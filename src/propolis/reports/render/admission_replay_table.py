"""A replay for people: what would change, by which line and when, then who would meet it."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from propolis.core.printable import printable
from propolis.reports.render.admission_replay import (
    Asker,
    Change,
    ReplayReport,
    RuleCases,
    by_asker,
    by_rule,
    chart_counts,
)
from propolis.reports.render.grid import Cell, Grid

ASKERS_SHOWN = 25
RULES_SHOWN = 50
BARS = " ▁▂▃▄▅▆▇█"
STYLES: dict[Change, str] = {
    "newly refused": "bold red",
    "refused as before": "yellow",
    "no longer refused": "green",
    "cannot tell": "magenta",
}
_THEN = {"absent": "policy absent", "same": "same policy", "other text": "policy was another"}


def render_replay(report: ReplayReport) -> RenderableType:
    """Headline, rules, askers, what was not looked at."""
    return Group(*_parts(report))


def _parts(report: ReplayReport) -> Iterator[RenderableType]:
    yield _headline(report)
    rules = by_rule(report.cases)
    if rules:
        yield Text("")
        yield Grid(
            ("Rule", "Line", "Newly", "Before", "Freed", "?", "When"),
            [_rule_row(row, report) for row in rules[:RULES_SHOWN]],
        )
    askers = by_asker(report.cases)
    if askers:
        yield Text("")
        yield Grid(
            ("Change", "Times", "Last", "Who", "What", "Policy then", "Line", "Message"),
            [_asker_row(row) for row in askers[:ASKERS_SHOWN]],
        )
        if len(askers) > ASKERS_SHOWN:
            yield Text(f"{len(askers) - ASKERS_SHOWN:,} more rows: --format json has all", "dim")
    if report.unseen:
        yield Text(f"No request was recorded of: {', '.join(report.unseen)}", "yellow")


def _headline(report: ReplayReport) -> Text:
    line = Text(f"{report.requests:,} requests", "bold")
    if report.first is not None and report.last is not None:
        line.append(f" from {_time(report.first)} to {_time(report.last)} UTC", "not bold")
    line.append(f", {report.policies:,} policies: ", "not bold")
    for number, change in enumerate(STYLES):
        count = report.refused.get(change, 0)
        line.append(", " if number else "")
        line.append(f"{count:,} {change}", STYLES[change] if count else "dim")
    if report.changed:
        line.append(f", {report.changed:,} changed", "cyan")
    return line


def _time(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _rule_row(row: RuleCases, report: ReplayReport) -> Sequence[Cell]:
    changes: tuple[Change, ...] = tuple(STYLES)
    counts = [row.count(change) for change in changes]
    action = report.actions.get(row.policy, "")
    return (
        (
            printable(f"{row.policy}/{row.rule}" if row.rule else row.policy)
            + (f" ({action})" if action else ""),
            "",
        ),
        (printable(str(row.place or "")), "cyan"),
        *(
            (f"{count:,}" if count else "", STYLES[change])
            for count, change in zip(counts, changes, strict=True)
        ),
        (_chart(chart_counts(row.cases, report.first or report.since, report.last or report.until)), "red"),
    )


def _chart(counts: Sequence[int]) -> str:
    """Counts as bars of an eighth to eight eighths; none where there is nothing."""
    most = max(counts) or 1
    return "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in counts)


def _asker_row(row: Asker) -> Sequence[Cell]:
    case = row.case
    was = "" if not case.was else f", said {case.was}"
    return (
        (row.change, STYLES[row.change]),
        (f"{row.count:,}", ""),
        (_time(row.last), ""),
        (printable(case.user), ""),
        (_what(row), ""),
        (_THEN[case.then] + was, "dim"),
        (printable(str(case.place or "")), "cyan"),
        (printable(case.message), ""),
    )


def _what(row: Asker) -> str:
    case = row.case
    more = f" and {row.names - 1:,} more" if row.names > 1 else ""
    dry = " (dry run)" if case.is_dry_run else ""
    return f"{printable(f'{case.operation} {case.resource}')}{more}{dry}"
