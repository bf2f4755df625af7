"""Images of registries, scanned where they are published; no layer is kept on this machine."""

from collections.abc import Sequence
from pathlib import Path

from propolis.app.image_scan import ARCHIVES, ScannedImage, scan_image
from propolis.app.progress import Progress, silent
from propolis.app.registry_images import RegistryBlobs
from propolis.cluster.observation import problem_of
from propolis.core import clock
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, Place
from propolis.images.sources.image_archive import find_images, is_file_reference
from propolis.images.sources.layer_cache import LayerCache
from propolis.images.sources.matcher import Matcher
from propolis.lang.image_reference import parse_image_reference
from propolis.registry.client import Access, RegistryClient
from propolis.registry.documents import LINUX_AMD64, Platform

_MOST_PARTS = 3


def is_published(reference: str) -> bool:
    """Whether a reference names an image of a registry: it can, and there is no such file.

    What looks like a path (``./web``, ``/srv/web``) or like an archive (``web.tar``) is none.
    """
    if is_file_reference(reference) or Path(reference).name.endswith(ARCHIVES):
        return False
    return not reference.startswith((".", "/")) and parse_image_reference(reference) is not None


def parse_platform(text: str) -> Platform:
    """``linux/arm64`` or ``linux/arm/v7``; linux/amd64 where nothing is said. Raises `DocumentError`."""
    if not text:
        return LINUX_AMD64
    parts = text.split("/")
    if not 1 < len(parts) <= _MOST_PARTS or not all(parts):
        raise DocumentError(
            "no platform", Place(text[:200]), "OS/ARCHITECTURE[/VARIANT], such as linux/arm64"
        )
    return Platform(*parts)


def scan_published(
    references: Sequence[str],
    access: Access,
    platform: Platform,
    cache: LayerCache,
    matcher: Matcher,
    progress: Progress = silent,
) -> tuple[list[ScannedImage], list[Problem]]:
    """Every image that its registry gives; what cannot be read is a problem."""
    images: list[ScannedImage] = []
    problems: list[Problem] = []
    today = clock.now().date()
    with RegistryClient(access) as client:
        for done, reference in enumerate(references):
            progress("Scanning published images", done, len(references))
            try:
                blobs = RegistryBlobs(client, reference, platform)
                images += [scan_image(one, blobs, "", cache, matcher, today) for one in find_images(blobs)]
            except Error as error:
                problems.append(problem_of(error))
    progress("Scanning published images", len(references), len(references))
    return images, problems
