"""Prints the state of a cluster in one of the formats."""

import sys
from typing import TYPE_CHECKING

from propolis.core.errors import SourceError
from propolis.reports.snapshot import Snapshot, read_snapshot
from propolis.store.database import Database
from propolis.store.finding_queries import FindingFilter

if TYPE_CHECKING:
    from propolis.app.image_scan import ImageScan


def load_snapshot(database: Database, cluster: str, wanted: FindingFilter | None = None) -> Snapshot:
    """The latest run of a cluster.

    Raises:
        SourceError: Nothing is stored for it.
    """
    snapshot = read_snapshot(database, cluster, wanted)
    if snapshot is None:
        what = f"cluster {cluster}" if cluster else "any cluster"
        raise SourceError("report", database.path, f"no run of {what} is stored; run propolis assess first")
    return snapshot


def print_snapshot(
    database: Database, cluster: str, format_: str, wanted: FindingFilter | None = None
) -> None:
    """Prints in a format of ``propolis assess --format``."""
    snapshot = load_snapshot(database, cluster, wanted)
    if format_ == "table":
        from propolis.cli.printer import output
        from propolis.reports.render.tables import render_overview

        output().print(render_overview(snapshot))
    else:
        sys.stdout.buffer.write(render(snapshot, format_))
        sys.stdout.buffer.flush()


def print_image_reports(scan: "ImageScan | None", format_: str) -> None:
    """Prints the images of a run as objects of the Trivy operator."""
    from propolis.app.image_reports import reports_of_run
    from propolis.app.image_scan import open_advisories
    from propolis.app.settings import read_settings
    from propolis.core import clock
    from propolis.reports.render.encoding import encode

    if scan is not None:
        now = clock.now()
        document = reports_of_run(format_, scan, open_advisories(read_settings(), now), now)
        sys.stdout.buffer.write(encode(document))
        sys.stdout.buffer.flush()


def render(snapshot: Snapshot, format_: str) -> bytes:
    """The state of a cluster as json, sarif or policyreport."""
    if format_ == "sarif":
        from propolis.reports.render.sarif import render_sarif

        return render_sarif(snapshot)
    from propolis.reports.render.encoding import encode
    from propolis.reports.render.machine import render_json

    if format_ == "policyreport":
        from propolis.reports.render.policyreport import render_policy_reports

        return encode(render_policy_reports(snapshot))
    return render_json(snapshot)
