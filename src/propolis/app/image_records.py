"""Scanned images as rows of the store."""

from typing import Any

import msgspec

from propolis.app.image_scan import ScannedImage

PACKAGE_FIELDS = ("type", "name", "version", "path", "layer", "is_base", "licences")


def image_row(scanned: ScannedImage, resource_id: int, run_id: int) -> dict[str, Any]:
    """The row of an image."""
    distribution = scanned.content.distribution
    return {
        "resource_id": resource_id,
        "run_id": run_id,
        "digest": scanned.ref.name,
        "names": list(scanned.image.names),
        "distribution": (distribution.name or f"{distribution.id} {distribution.version}")
        if distribution
        else "",
        "content": {
            "layers": msgspec.to_builtins(scanned.image.layers),
            "packages": [
                {field: getattr(package, field) for field in PACKAGE_FIELDS}
                for package in scanned.content.packages
            ],
            "coverage": msgspec.to_builtins(scanned.matching.coverage),
            "problems": list(scanned.content.problems),
        },
    }
