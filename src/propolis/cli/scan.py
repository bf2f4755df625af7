"""``propolis scan``: what is inside images and what of it is vulnerable; nothing is stored."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from propolis.cli.options import SEVERITIES
from propolis.cli.root import EXIT_FINDINGS, EXIT_INPUT, EXIT_WORLD

if TYPE_CHECKING:
    from propolis.app.image_scan import ScannedImage
    from propolis.app.scan_command import Scanned

FORMATS = ("table", "json", "cyclonedx", "vulnerabilityreport", "sbomreport")


@click.group()
def scan() -> None:
    """Scan images and root file systems, without keeping anything.

    \b
    Example:
      propolis scan image saved.tar
    """


@scan.command()
@click.argument("references", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 when a vulnerability has this severity or a worse one.",
)
@click.option(
    "--platform", default="", help="Of a published image: OS/ARCH[/VARIANT].  [default: linux/amd64]"
)
@click.option("--insecure", "is_insecure", is_flag=True, help="Ask registries over plain http.")
def image(
    references: tuple[str, ...], format_: str, fail_on: str | None, platform: str, *, is_insecure: bool
) -> int:
    """Scan OCI layouts, archives of docker save, and images of registries.

    An IMAGE is a file or folder, PATH[:TAG|@DIGEST]; where there is none, a reference to a registry, for
    which the credentials of docker login are used.

    \b
    Examples:
      propolis scan image registry.example/shop/cart:1.19
      docker save shop/cart:1.19 | gzip > cart.tar.gz && propolis scan image cart.tar.gz
      propolis scan image layout/:1.19 --format cyclonedx > cart.cdx.json
    """
    from propolis.app.scan_command import scan_references
    from propolis.cli.printer import progress

    with progress() as steps:
        scanned = scan_references(references, steps, platform, is_insecure=is_insecure)
    return _conclude(scanned, format_, fail_on)


@scan.command()
@click.argument("root", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 when a vulnerability has this severity or a worse one.",
)
def rootfs(root: Path, format_: str, fail_on: str | None) -> int:
    """Scan a root file system: a machine's, or an image that was unpacked.

    \b
    Example:
      propolis scan rootfs /
    """
    from propolis.app.scan_command import scan_rootfs
    from propolis.cli.printer import progress

    with progress() as steps:
        scanned = scan_rootfs(root, steps)
    return _conclude(scanned, format_, fail_on)


def _conclude(scanned: "Scanned", format_: str, fail_on: str | None) -> int:
    """Prints, and gives the exit code."""
    from propolis.cli.printer import errors
    from propolis.core.finding import Severity
    from propolis.core.printable import printable

    _print(scanned, format_)
    for problem in scanned.problems:
        errors().print(printable(problem.text), markup=False, soft_wrap=True)
    kinds = {problem.kind for problem in scanned.problems}
    if kinds:
        return EXIT_INPUT if "document" in kinds else EXIT_WORLD
    found = (one.severity.rank for image in scanned.images for one in image.matching.vulnerabilities)
    return EXIT_FINDINGS if fail_on and max(found, default=-1) >= Severity(fail_on).rank else 0


def _print(scanned: "Scanned", format_: str) -> None:
    """Tables one after the other; of the other formats one document, or a list of several."""
    if format_ == "table":
        from propolis.cli.printer import output
        from propolis.reports.render.image_tables import render_image

        for one in scanned.images:
            output().print(render_image(one.image, one.content, one.matching))
        return
    from propolis.reports.render.encoding import encode

    documents = [_document(one, scanned, format_) for one in scanned.images]
    sys.stdout.buffer.write(encode(documents[0] if len(documents) == 1 else documents))
    sys.stdout.buffer.flush()


def _document(one: "ScannedImage", scanned: "Scanned", format_: str) -> dict[str, Any]:
    from propolis.core import clock

    if format_ == "cyclonedx":
        from propolis.reports.render.cyclonedx import cyclonedx_document

        return cyclonedx_document(one.image, one.content, clock.now(), one.matching)
    if format_ in ("sbomreport", "vulnerabilityreport"):
        from propolis.app.image_reports import report_of

        return report_of(format_, one, scanned.advisories, clock.now())
    from propolis.reports.render.image_document import image_document

    return image_document(one.image, one.content, one.matching)
