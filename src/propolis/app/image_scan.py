"""Images in files, scanned: what is in them, what of it is vulnerable, who uses them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec

from propolis.app.progress import Progress, silent
from propolis.app.settings import Settings
from propolis.cluster.observation import problem_of
from propolis.core.assessment import Problem
from propolis.core.errors import DocumentError, Error, Place
from propolis.core.inventory import Inventory
from propolis.core.resource import ResourceRef
from propolis.core.workload import containers, is_workload, pod_spec
from propolis.images.engine.findings import ImageFindings, findings_of
from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Distribution
from propolis.images.model.vulnerability import Matching
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.blobs import Blobs
from propolis.images.sources.image_archive import FoundImage, find_images, open_blobs, split_reference
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.layer_cache import LayerCache
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.shipped import ensure_database
from propolis.lang.image_reference import parse_image_reference

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst")
NO_DISTRIBUTION = Distribution()


class ScannedImage(msgspec.Struct, frozen=True):
    """One image, read and matched.

    Attributes:
        ref: Under which its findings are kept; the name is the digest of manifest or configuration.
        name: What people call it: its first name, without registry.
        place: Where it lies.
    """

    ref: ResourceRef
    name: str
    place: str
    image: Image
    content: ImageContent
    matching: Matching


class ImageUse(msgspec.Struct, frozen=True):
    """A container of a workload and the image that it runs; None where that was not scanned."""

    workload: ResourceRef
    container: str
    reference: str
    image: ResourceRef | None


class ImageScan(msgspec.Struct, frozen=True):
    """All images of a run and who uses them."""

    images: tuple[ScannedImage, ...]
    uses: tuple[ImageUse, ...]
    problems: tuple[Problem, ...]


def advisory_database(settings: Settings) -> Path:
    """Where the advisories lie."""
    return settings.cache / "advisories.db"


def open_advisories(settings: Settings, now: datetime, progress: Progress = silent) -> AdvisoryDatabase:
    """The advisories; on a fresh machine those that ship are unpacked first (some seconds).

    Raises:
        SourceError: The cache folder cannot be written, or the database is damaged.
    """
    path = advisory_database(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    progress("Preparing advisories", 0, 1)
    ensure_database(path, now)
    progress("Preparing advisories", 1, 1)
    return AdvisoryDatabase(path)


def scan_paths(
    paths: Sequence[str],
    cluster: str,
    settings: Settings,
    matcher: Matcher,
    today: date,
    progress: Progress = silent,
) -> tuple[list[ScannedImage], list[Problem]]:
    """Every image of some folders, archives and references of them; what cannot be read is a problem.

    Raises:
        DocumentError: A path is not there.
    """
    cache = LayerCache(settings.cache / "layers", ANALYZERS)
    scanned: dict[str, ScannedImage] = {}
    problems: list[Problem] = []
    places = [place for path in paths for place in _places(path)]
    for done, (path, tag, digest) in enumerate(places):
        progress("Scanning images", done, len(places))
        try:
            for one in _scan_file(path, tag, digest, cluster, cache, matcher, today):
                scanned[one.ref.key] = one
        except Error as error:
            problems.append(problem_of(error))
    progress("Scanning images", len(places), len(places))
    return list(scanned.values()), problems


def _places(reference: str) -> Iterator[tuple[Path, str, str]]:
    """Layouts and archives at a path: itself, or all those of a folder."""
    path, tag, digest = split_reference(reference)
    if not path.is_dir() or (path / "index.json").exists() or (path / "manifest.json").exists():
        yield path, tag, digest
        return
    found = [one for one in sorted(path.iterdir()) if _looks_like_image(one)]
    if not found:
        raise DocumentError("no image is here", Place(str(path)), "OCI layouts, or archives of docker save")
    for one in found:
        yield one, "", ""


def _looks_like_image(path: Path) -> bool:
    return (path / "index.json").is_file() if path.is_dir() else path.name.endswith(ARCHIVES)


def _scan_file(
    path: Path, tag: str, digest: str, cluster: str, cache: LayerCache, matcher: Matcher, today: date
) -> Iterator[ScannedImage]:
    blobs = open_blobs(path)
    try:
        for found in find_images(blobs, tag, digest):
            yield scan_image(found, blobs, cluster, cache, matcher, today)
    finally:
        blobs.close()


def scan_image(
    found: FoundImage, blobs: Blobs, cluster: str, cache: LayerCache, matcher: Matcher, today: date
) -> ScannedImage:
    """One image of some blobs, read and matched. Raises `DocumentError` or `SourceError`."""
    opened = found.load()
    image = opened.image
    content = read_image(opened, ANALYZERS, cache)
    matching = matcher.match(content.packages, content.distribution or NO_DISTRIBUTION, today)
    identity = image.digest or image.id
    name = _short_name(image.names[0]) if image.names else Path(blobs.place).name
    return ScannedImage(
        ResourceRef("", "Image", identity, "", cluster), name, blobs.place, image, content, matching
    )


def _short_name(reference: str) -> str:
    parsed = parse_image_reference(reference)
    if parsed is None:
        return reference
    return f"{parsed.name}:{parsed.tag}" if parsed.tag else parsed.name


def image_findings(scanned: ScannedImage, now: datetime) -> ImageFindings:
    """The findings of an image."""
    return findings_of(scanned.matching, scanned.ref, scanned.name, now)


def uses_of(inventory: Inventory, images: Iterable[ScannedImage]) -> list[ImageUse]:
    """Which container runs which image, by digest or by reference."""
    known: dict[str, ResourceRef] = {}
    for one in images:
        known.setdefault(one.image.digest or one.image.id, one.ref)
        for name in one.image.names:
            known[_normal(name)] = one.ref
    return [
        ImageUse(resource.ref, container.name, container.image, _image_of(container.image, known))
        for resource in inventory
        if is_workload(resource.ref)
        for container in containers(pod_spec(resource.document) or {})
        if container.image
    ]


def _image_of(reference: str, known: dict[str, ResourceRef]) -> ResourceRef | None:
    """By digest where the reference has one, since a tag may have moved; else by name and tag."""
    parsed = parse_image_reference(reference)
    if parsed is None:
        return None
    return known.get(parsed.digest) if parsed.digest else known.get(parsed.reference_with_tag)


def _normal(name: str) -> str:
    parsed = parse_image_reference(name)
    return parsed.reference_with_tag if parsed else name
