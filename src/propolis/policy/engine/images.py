"""Images of a resource, as the variable ``images`` shows them.

Follows Kyverno pkg/utils/api/image.go @ 111e07b.
"""

from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS, descend
from propolis.lang.image_reference import parse_image_reference

_LISTS = ("initContainers", "containers", "ephemeralContainers")


def images_of(document: Document) -> dict[str, Any]:
    """``images``: for each list of containers, name to parts. Containers without an image are left out.

    Raises:
        ValueError: An image reference, or a container, cannot be read.
    """
    path = POD_PATHS.get(str(document.get("kind")))
    spec = descend(document, path) if path else None
    images: dict[str, Any] = {}
    for list_name in _LISTS if spec and path else ():
        found = _images_in((spec or {}).get(list_name), f"/{'/'.join(path or ())}/{list_name}")
        if found:
            images[list_name] = found
    return images


def _images_in(containers: Any, pointer: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, item in enumerate(containers if isinstance(containers, list) else ()):
        if not isinstance(item, dict):
            raise ValueError(f"invalid image config: {pointer}/{index} is no object")  # noqa: TRY004  # one kind of wrong
        image = item.get("image")
        if not isinstance(image, str) or not image.strip():
            continue
        info = parse_image_reference(image)
        if info is None:
            raise ValueError(f"invalid image {image[:200]!r}")
        place = f"{pointer}/{index}/image"
        found[str(item.get("name", place))] = {**msgspec.to_builtins(info), "jsonPointer": place}
    return found
