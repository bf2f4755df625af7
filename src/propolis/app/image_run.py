"""Images as a part of a run: for whom their findings count, which changes they name, how they are kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from propolis.app.image_records import image_row
from propolis.app.image_scan import ImageScan, ScannedImage
from propolis.images.engine.findings import ImageFindings
from propolis.insight.ledger import Standing
from propolis.insight.remedies import Remedy
from propolis.store.writer import RunWriter

Found = Sequence[tuple[ScannedImage, ImageFindings]]


def users_of(scan: ImageScan | None, standings: Mapping[str, Standing]) -> dict[str, list[Standing]]:
    """The workloads that run each image, by the image's key; each workload once."""
    users: dict[str, dict[str, Standing]] = {}
    for use in scan.uses if scan else ():
        if use.image is not None:
            standing = standings[use.workload.key]
            users.setdefault(use.image.key, {})[standing.target.key] = standing
    return {key: list(found.values()) for key, found in users.items()}


def remedies_of(found: Found) -> dict[str, Remedy]:
    """All changes that the images' findings name."""
    return {
        key: Remedy(change.title, change.how)
        for _, of_image in found
        for key, change in of_image.changes.items()
    }


def exploited_by_workload(found: Found, users: Mapping[str, Iterable[Standing]]) -> dict[str, dict[str, str]]:
    """Vulnerabilities with known attacks in the images of each workload, with what mends them."""
    names: dict[str, dict[str, str]] = {}
    for scanned, of_image in found:
        for standing in users.get(scanned.ref.key, ()):
            names.setdefault(standing.target.key, {}).update(of_image.exploited)
    return names


def store_images(writer: RunWriter, scan: ImageScan) -> None:
    """Keeps the images and their uses."""
    rows = [image_row(one, writer.resource_id(one.ref), writer.run_id) for one in scan.images]
    uses = [
        {
            "run_id": writer.run_id,
            "resource_id": writer.resource_id(use.workload),
            "container": use.container,
            "reference": use.reference,
            "image_id": None if use.image is None else writer.resource_id(use.image),
        }
        for use in scan.uses
    ]
    writer.add_images(rows, uses)


def image_counts(scan: ImageScan | None) -> dict[str, Any]:
    """How many images the workloads name, and how many of them were scanned."""
    if scan is None:
        return {"named": 0, "scanned": 0}
    named = {use.reference for use in scan.uses}
    missing = {use.reference for use in scan.uses if use.image is None}
    return {"named": len(named), "scanned": len(named) - len(missing)}
