"""Scanned images as objects of the Trivy operator: one report a workload and container, or one an image."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from propolis.app.image_scan import ImageScan, ScannedImage
from propolis.core.resource import ResourceRef
from propolis.images.model.packed import Facts, Texts
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.reports.render.sbomreport import sbom_report
from propolis.reports.render.vulnerabilityreport import vulnerability_report


def report_of(
    kind: str,
    scanned: ScannedImage,
    advisories: AdvisoryDatabase,
    now: datetime,
    owner: ResourceRef | None = None,
    container: str = "",
    reference: str = "",
) -> dict[str, Any]:
    """A ``vulnerabilityreport`` or ``sbomreport`` of an image, for the workload that runs it."""
    image, content, matching = scanned.image, scanned.content, scanned.matching
    if kind == "sbomreport":
        return sbom_report(image, content, owner, container, now, reference=reference)
    facts, texts = _told(scanned, advisories)
    return vulnerability_report(
        image, content, matching, owner, container, now, reference=reference, facts=facts, texts=texts
    )


def reports_of_run(kind: str, scan: ImageScan, advisories: AdvisoryDatabase, now: datetime) -> dict[str, Any]:
    """The reports of all containers whose image was scanned, in one ``v1 List``."""
    known = {one.ref.key: one for one in scan.images}
    items = [
        report_of(kind, known[use.image.key], advisories, now, use.workload, use.container, use.reference)
        for use in scan.uses
        if use.image is not None
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _told(scanned: ScannedImage, advisories: AdvisoryDatabase) -> tuple[dict[int, Facts], dict[int, Texts]]:
    """What the advisories of an image's vulnerabilities say, by their numbers."""
    numbers = _numbers(scanned)
    return dict(advisories.facts(numbers)), {number: advisories.texts(number) for number in numbers}


def _numbers(scanned: ScannedImage) -> Iterable[int]:
    return sorted({number for one in scanned.matching.vulnerabilities for number in one.advisories})
