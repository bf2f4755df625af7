"""``scan image`` from its options: some references, read and matched, nothing stored."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from propolis.app.image_scan import NO_DISTRIBUTION, ScannedImage, open_advisories, scan_paths
from propolis.app.progress import Progress
from propolis.app.published_images import is_published, parse_platform, scan_published
from propolis.app.settings import read_settings
from propolis.core import clock
from propolis.core.assessment import Problem
from propolis.core.resource import ResourceRef
from propolis.images.model.image import Image
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.layer_cache import LayerCache
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.rootfs import read_rootfs
from propolis.registry.client import Access
from propolis.registry.docker_config import read_docker_config


class Scanned(msgspec.Struct, frozen=True):
    """Images, what could not be read, and the advisories they were matched against."""

    images: list[ScannedImage]
    problems: list[Problem]
    advisories: AdvisoryDatabase


def scan_rootfs(root: Path, progress: Progress) -> Scanned:
    """The packages of a root file system, as those of an image without layers.

    Raises:
        DocumentError: It is no folder.
        SourceError: The advisories cannot be prepared, or the folder cannot be read.
    """
    settings, now = read_settings(), clock.now()
    advisories = open_advisories(settings, now, progress)
    content = read_rootfs(root, ANALYZERS)
    matching = Matcher(advisories).match(
        content.packages, content.distribution or NO_DISTRIBUTION, now.date()
    )
    image = Image("", "", (str(root),), "linux", "", None, ())
    ref = ResourceRef("", "RootFs", str(root))
    return Scanned([ScannedImage(ref, root.name, str(root), image, content, matching)], [], advisories)


def scan_references(
    references: Sequence[str], progress: Progress, platform: str = "", *, is_insecure: bool = False
) -> Scanned:
    """The images of some references: those of files where there are such, else those of registries.

    Raises:
        DocumentError: A reference names no image, or the platform is none.
        SourceError: The advisories cannot be prepared, or the credentials not be read.
    """
    wanted = parse_platform(platform)
    settings, now = read_settings(), clock.now()
    published = [one for one in references if is_published(one)]
    access = Access(read_docker_config(settings.docker_config), is_insecure) if published else Access()
    advisories = open_advisories(settings, now, progress)
    matcher = Matcher(advisories)
    local = [one for one in references if one not in published]
    images, problems = scan_paths(local, "", settings, matcher, now.date(), progress)
    if published:
        cache = LayerCache(settings.cache / "layers", ANALYZERS)
        pulled, refused = scan_published(published, access, wanted, cache, matcher, progress)
        images, problems = [*images, *pulled], [*problems, *refused]
    return Scanned(images, problems, advisories)
