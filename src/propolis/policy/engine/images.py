"""Image references of a resource, as the variable ``images`` shows them.

Follows Kyverno pkg/utils/image and pkg/utils/api/image.go @ 111e07b, and the reference grammar of
distribution/reference.
"""

import re
from functools import lru_cache
from typing import Any

import msgspec

from propolis.core.resource import Document
from propolis.core.workload import POD_PATHS, descend

DEFAULT_REGISTRY = "docker.io"
_LISTS = ("initContainers", "containers", "ephemeralContainers")

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"({_HOST}(?::[0-9]+)?)/({_COMPONENT}(?:/{_COMPONENT})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
    r"(?:@([A-Za-z][A-Za-z0-9]*(?:[+.\-_][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_LONGEST = 2048


class ImageInfo(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The parts of an image reference."""

    registry: str
    name: str
    path: str
    tag: str = ""
    digest: str = ""
    reference: str = ""
    reference_with_tag: str = ""


@lru_cache(maxsize=16384)
def parse_image(text: str) -> ImageInfo | None:
    """The parts of an image reference, or None when it is none.

    A reference without registry is one of ``docker.io``; without tag and digest its tag is ``latest``.
    """
    full = _with_registry(text)
    found = _REFERENCE.fullmatch(full) if len(full) <= _LONGEST else None
    if found is None:
        return None
    registry, path, tag, digest = found.groups()
    tag = tag or ("" if digest else "latest")
    image = f"{registry}/{path}"
    return ImageInfo(
        registry=registry,
        name=path.rpartition("/")[2],
        path=path,
        tag=tag,
        digest=digest or "",
        reference=f"{image}@{digest}" if digest else f"{image}:{tag}",
        reference_with_tag=f"{image}:{tag}",
    )


def _with_registry(text: str) -> str:
    first, slash, _ = text.partition("/")
    is_host = slash and (re.search("[.:]", first) or first == "localhost" or first.lower() != first)
    return text if is_host else f"{DEFAULT_REGISTRY}/{text}"


def images_of(document: Document) -> dict[str, Any]:
    """``images``: for each list of containers, name to parts. Containers without an image are left out.

    Raises:
        ValueError: An image reference cannot be read.
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
        image = item.get("image") if isinstance(item, dict) else None
        if not isinstance(image, str) or not image.strip():
            continue
        info = parse_image(image)
        if info is None:
            raise ValueError(f"invalid image {image[:200]!r}")
        place = f"{pointer}/{index}/image"
        found[str(item.get("name", place))] = {**msgspec.to_builtins(info), "jsonPointer": place}
    return found
