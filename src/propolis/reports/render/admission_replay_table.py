"""A replay for people: what would change, by which line and when, then who would meet it."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
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

ASKERS_SHOWN = 10
"""Of each rule."""
RULES_SHOWN = 30
BARS = " ▁▂▃▄▅▆▇█"
STYLES: dict[Change, str] = {
    "newly refused": "bold red",
    "refused as before": "yellow",
    "no longer refused": "green",
    "cannot tell": "magenta",
}
_THEN = {"absent": "policy absent then", "same": "same policy then", "other text": "policy was another then"}


def render_replay(report: ReplayReport) -> RenderableType:
    """Headline, rules each with its askers, what was not looked at."""
    return Group(*_parts(report))


def _parts(report: ReplayReport) -> Iterator[RenderableType]:
    yield _headline(report)
    rules = by_rule(report.cases)
    for row in rules[:RULES_SHOWN]:
        yield from _rule(row, report)
    if len(rules) > RULES_SHOWN:
        yield Text(f"\n{len(rules) - RULES_SHOWN:,} more rules: --format json has all", "dim")
    if report.unseen:
        yield Text(f"\nNo request was recorded of: {', '.join(report.unseen)}", "yellow")


def _headline(report: ReplayReport) -> Text:
    line = Text(f"{report.requests:,} requests", "bold")
    if report.first is not None and report.last is not None:
        line.append(f" from {_time(report.first)} to {_time(report.last)} UTC", "not bold")
    line.append(f", policies: {report.policies:,}\n", "not bold")
    counts = [(change, report.refused.get(change, 0)) for change in STYLES]
    told = [(change, count) for change, count in counts if count or change == "newly refused"]
    for number, (change, count) in enumerate(told):
        line.append(", " if number else "", "not bold")
        line.append(f"{count:,} {change}", STYLES[change] if count else "bold green")
    if report.changed:
        line.append(f", {report.changed:,} changed", "not bold cyan")
    return line


def _time(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _rule(row: RuleCases, report: ReplayReport) -> Iterator[RenderableType]:
    """A heading with the line, when it happens, what it says, and whom it meets."""
    action = report.actions.get(row.policy, "")
    name = printable(f"{row.policy}/{row.rule}" if row.rule else row.policy)
    heading = Text(f"\n{name}", "bold")
    heading.append(f" ({action})" if action else "", "not bold")
    heading.append(f"  {printable(str(row.place))}" if row.place else "", "not bold cyan")
    yield heading
    when = Text("  ")
    when.append(
        _chart(chart_counts(row.cases, report.first or report.since, report.last or report.until)), "red"
    )
    for change, style in STYLES.items():
        if row.count(change):
            when.append(f"  {row.count(change):,} {change}", style)
    yield when
    yield Padding(Text(printable(row.cases[-1].message), "italic"), (0, 0, 0, 2))
    askers = by_asker(row.cases)
    yield Padding(_askers(askers[:ASKERS_SHOWN]), (0, 0, 0, 2))
    if len(askers) > ASKERS_SHOWN:
        yield Text(f"  {len(askers) - ASKERS_SHOWN:,} more rows: --format json has all", "dim")


def _chart(counts: Sequence[int]) -> str:
    """Counts as bars of an eighth to eight eighths; none where there is nothing."""
    most = max(counts) or 1
    return "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in counts)


def _askers(rows: Sequence[Asker]) -> Table:
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "left", "left", "left", "left"):
        table.add_column(justify=justify, overflow="fold")
    for row in rows:
        case = row.case
        was = f", said {case.was}" if case.was else ""
        table.add_row(
            Text(f"{row.count:,}x", STYLES[row.change]),
            Text(_what(row)),
            Text(printable(case.user), "bold"),
            Text(_span(row)),
            Text(f"{_THEN[case.then]}{was}", "dim"),
        )
    return table


def _span(row: Asker) -> str:
    """The days from the first to the last."""
    first, last = f"{row.first:%Y-%m-%d}", f"{row.last:%Y-%m-%d}"
    return _time(row.last) if first == last else f"{first} to {last}"


def _what(row: Asker) -> str:
    case = row.case
    more = f" and {row.names - 1:,} more" if row.names > 1 else ""
    dry = " (dry run)" if case.is_dry_run else ""
    return f"{printable(f'{case.operation} {case.resource}')}{more}{dry}"
