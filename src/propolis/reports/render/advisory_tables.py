"""What the advisory database holds, for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from propolis.core.printable import printable
from propolis.images.sources.advisory_db.reader import DatabaseStatus

MEGABYTE = 1_000_000
OLDEST_YEAR = 1990
"""Records of some sources bear no date; they come with one long before there were advisories."""


def status_table(status: DatabaseStatus) -> RenderableType:
    """Counts, then one row a source."""
    size = f"{status.size_bytes / MEGABYTE:.0f} MB"
    line = Text(f"{status.advisories:,} advisories", style="bold")
    line.append(
        f" on {status.packages:,} packages of {len(status.ecosystems)} ecosystems; news about attacks with"
        f" {status.weaknesses:,} weaknesses; {size}, built {status.built:%Y-%m-%d %H:%M} UTC",
        style="not bold",
    )
    table = Table(title="Sources", title_justify="left", title_style="bold", expand=True)
    table.add_column("Source", overflow="fold", ratio=3)
    table.add_column("Records", justify="right")
    table.add_column("Newest")
    table.add_column("Licence", overflow="fold", ratio=2)
    for source in status.sources:
        is_dated = source.newest is not None and source.newest.year > OLDEST_YEAR
        newest = f"{source.newest:%Y-%m-%d}" if is_dated else source.dated
        table.add_row(printable(source.name), f"{source.records:,}", newest, printable(source.licence))
    return Group(line, Text(""), table)
