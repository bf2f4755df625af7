"""``propolis db``: the advisories that images are matched against."""

from pathlib import Path

import click


@click.group()
def db() -> None:
    """Import, update or describe the advisories.

    \b
    Example:
      propolis db status
    """


@db.command()
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table", show_default=True)
def status(format_: str) -> None:
    """Tell which advisories are there, from whom, on which terms, and how new.

    \b
    Example:
      propolis db status --format json
    """
    import sys

    import msgspec

    from propolis.app.advisories import advisory_status
    from propolis.reports.render.encoding import encode

    found = advisory_status()
    if format_ == "json":
        sys.stdout.buffer.write(encode(msgspec.to_builtins(found)))
        return
    from propolis.cli.printer import output
    from propolis.reports.render.advisory_tables import status_table

    output().print(status_table(found))


@db.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--source", default="imported", show_default=True, help="Name under which the records are kept."
)
def import_(paths: tuple[Path, ...], source: str) -> int:
    """Add advisories in OSV form: files, folders, zips, JSON Lines, each also packed by zstd.

    \b
    Example:
      propolis db import all.zip advisories/
    """
    from propolis.app.advisories import import_paths
    from propolis.cli.printer import errors, output
    from propolis.cli.root import EXIT_INPUT

    report = import_paths(paths, source)
    output().print(f"{report.advisories:,} advisories taken, {report.outdated:,} older than what was there")
    for error in report.errors[:20]:
        errors().print(str(error), markup=False)
    if report.refused:
        errors().print(f"{report.refused:,} records could not be read")
    return EXIT_INPUT if report.refused else 0


@db.command()
@click.option("--url", default="", help="Server with the layout of OSV's export.  [default: OSV's own]")
@click.option("--ecosystem", multiple=True, help="Only these ecosystems. May be given several times.")
def update(url: str, ecosystem: tuple[str, ...]) -> int:
    """Bring the advisories up to date from a server with the layout of OSV's export.

    \b
    Example:
      propolis db update --ecosystem Debian --ecosystem PyPI
    """
    from propolis.app.advisories import update_advisories
    from propolis.cli.printer import errors, output, progress
    from propolis.cli.root import EXIT_WORLD

    with progress() as steps:
        report = update_advisories(url, ecosystem, steps)
    for one in report.ecosystems:
        if one.error is not None:
            errors().print(f"{one.ecosystem}: {one.error}", markup=False)
        else:
            output().print(f"{one.ecosystem}: {one.way}, {one.advisories:,} taken, {one.removed:,} removed")
    return EXIT_WORLD if any(one.error for one in report.ecosystems) else 0
