"""Opens images that lie in files: OCI layouts (folder or tar) and the archives of ``docker save``.

A reference is ``PATH``, ``PATH:TAG`` or ``PATH@DIGEST``; the tag is the annotation
``org.opencontainers.image.ref.name`` of the index, or the tag of a saved name.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.images.model.image import Image
from propolis.images.model.manifest import (
    BASE_DIGEST_ANNOTATION,
    BASE_NAME_ANNOTATION,
    INDEX_TYPES,
    LAYER_TYPES,
    MANIFEST_TYPES,
    NAME_ANNOTATION,
    Config,
    Descriptor,
    Index,
    Manifest,
    Platform,
    SavedImage,
    check_digest,
    image_of,
    parse,
)
from propolis.images.sources.blobs import Blobs, FolderBlobs, TarBlobs, read_small

DEFAULT_PLATFORM = Platform("linux", "amd64")
MOST_INDEXES = 4
"""How deep indexes may lie within each other."""


class OpenImage:
    """An image and where its layers lie."""

    def __init__(self, image: Image, blobs: Blobs, layer_names: tuple[str, ...]) -> None:
        self.image = image
        self.blobs = blobs
        self.layer_names = layer_names


class FoundImage:
    """An image that a reference names; its manifest and configuration are read by `load`."""

    def __init__(self, load: Callable[[], OpenImage]) -> None:
        self._load = load

    def load(self) -> OpenImage:
        """Reads manifest and configuration, and checks their digests. Raises `DocumentError`."""
        return self._load()


def open_blobs(path: Path, limits: Limits = DEFAULT) -> Blobs:
    """The blobs at a path. Raises `SourceError` or `DocumentError`."""
    return FolderBlobs(path) if path.is_dir() else TarBlobs(path, limits)


def is_file_reference(reference: str) -> bool:
    """Whether there is a file or folder that a reference names, its tag or digest aside."""
    return any(
        Path(path).exists() for path in (reference, *_before(reference, "@"), *_before(reference, ":"))
    )


def _before(reference: str, mark: str) -> tuple[str, ...]:
    path, found, _ = reference.rpartition(mark)
    return (path,) if found and path else ()


def split_reference(reference: str) -> tuple[Path, str, str]:
    """Path, tag and digest of a reference; the whole is a path when such a file is there."""
    if Path(reference).exists():
        return Path(reference), "", ""
    path, at, digest = reference.rpartition("@")
    if at and Path(path).exists():
        return Path(path), "", digest
    path, colon, tag = reference.rpartition(":")
    if colon and Path(path).exists():
        return Path(path), tag, ""
    raise DocumentError(
        "no such file or folder", Place(reference), "an OCI layout or an archive of docker save"
    )


def find_images(blobs: Blobs, tag: str = "", digest: str = "", limits: Limits = DEFAULT) -> list[FoundImage]:
    """The images that blobs hold, all or those of a tag or digest; at least one.

    Raises:
        DocumentError: It is no image, or none of this tag or digest.
    """
    if blobs.has("manifest.json"):
        return _saved_images(blobs, tag, digest, limits)
    if blobs.has("index.json"):
        return _layout_images(blobs, tag, digest, limits)
    raise DocumentError(
        "no image", Place(blobs.place), "index.json of an OCI layout, or manifest.json of docker save"
    )


def _layout_images(blobs: Blobs, tag: str, digest: str, limits: Limits) -> list[FoundImage]:
    place = Place(f"{blobs.place}/index.json")
    index = parse(read_small(blobs, "index.json", limits), Index, place)
    wanted = [one for one in index.manifests if _is_wanted(one, tag, digest)]
    if not wanted:
        raise DocumentError("no image of this reference", place, _expected(tag, digest))
    return [_layout_image(blobs, descriptor, (), limits) for descriptor in wanted]


def _is_wanted(descriptor: Descriptor, tag: str, digest: str) -> bool:
    name = (descriptor.annotations or {}).get(NAME_ANNOTATION, "")
    return (not tag or name == tag) and (not digest or descriptor.digest == digest)


def _expected(tag: str, digest: str) -> str:
    if not tag and not digest:
        return "at least one manifest"
    return f"one with the {f'tag {tag}' if tag else f'digest {digest}'}"


def _layout_image(
    blobs: Blobs, descriptor: Descriptor, names: tuple[str, ...], limits: Limits, depth: int = 0
) -> FoundImage:
    """The image of a descriptor, indexes followed to the platform's own."""
    name = (descriptor.annotations or {}).get(NAME_ANNOTATION)
    names = names or ((name,) if name else ())
    if descriptor.media_type in INDEX_TYPES:
        content, place = _verified(blobs, descriptor, limits)
        if depth >= MOST_INDEXES:
            raise LimitError("indexes within indexes", place, f"at most {MOST_INDEXES}")
        chosen = _of_platform(parse(content, Index, place), place)
        return _layout_image(blobs, chosen, names, limits, depth + 1)
    if descriptor.media_type not in MANIFEST_TYPES:
        place = Place(f"{blobs.place}/index.json")
        raise DocumentError(f"media type {descriptor.media_type!r}", place, "an image manifest or index")
    return FoundImage(partial(_load, blobs, descriptor, names, limits))


def _load(blobs: Blobs, descriptor: Descriptor, names: tuple[str, ...], limits: Limits) -> OpenImage:
    content, place = _verified(blobs, descriptor, limits)
    manifest = parse(content, Manifest, place)
    if len(manifest.layers) > limits.image_layers:
        raise LimitError(f"{len(manifest.layers)} layers", place, f"at most {limits.image_layers}")
    for layer in manifest.layers:
        if layer.media_type not in LAYER_TYPES:
            raise DocumentError(f"a layer of media type {layer.media_type!r}", place, "a layer that is a tar")
    config, config_place = _verified(blobs, manifest.config, limits)
    digests = tuple(check_digest(layer.digest, place) for layer in manifest.layers)
    parsed = parse(config, Config, config_place)
    image = image_of(parsed, manifest.config.digest, descriptor.digest, names, digests, config_place)
    return OpenImage(_with_base(image, manifest), blobs, tuple(_blob_name(one) for one in digests))


def _with_base(image: Image, manifest: Manifest) -> Image:
    """What the manifest says about the image below it."""
    told = manifest.annotations or {}
    return msgspec.structs.replace(
        image,
        base_name=told.get(BASE_NAME_ANNOTATION, ""),
        base_digest=told.get(BASE_DIGEST_ANNOTATION, ""),
    )


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _verified(blobs: Blobs, descriptor: Descriptor, limits: Limits) -> tuple[bytes, Place]:
    """A small blob, once its digest proved right."""
    name = _blob_name(check_digest(descriptor.digest, Place(blobs.place)))
    place = Place(f"{blobs.place}/{name}")
    content = read_small(blobs, name, limits)
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if found != descriptor.digest:
        raise DocumentError(f"its digest is {found}", place, descriptor.digest)
    return content, place


def _of_platform(index: Index, place: Place) -> Descriptor:
    """The image for ordinary Linux machines, or the first one of any platform."""
    images = [one for one in index.manifests if one.media_type in MANIFEST_TYPES | INDEX_TYPES]
    if not images:
        raise DocumentError("no image in this index", place, "at least one manifest")
    for one in images:
        if one.platform and (one.platform.os, one.platform.architecture) == ("linux", "amd64"):
            return one
    return images[0]


def _saved_images(blobs: Blobs, tag: str, digest: str, limits: Limits) -> list[FoundImage]:
    place = Place(f"{blobs.place}/manifest.json")
    saved = parse(read_small(blobs, "manifest.json", limits), tuple[SavedImage, ...], place)
    wanted = [
        one
        for one in saved
        if _is_saved(one, tag) and (not digest or _digest_of(blobs, one, limits) == digest)
    ]
    if not wanted:
        raise DocumentError("no image of this reference", place, _expected(tag, digest))
    return [FoundImage(partial(_load_saved, blobs, one, limits)) for one in wanted]


def _is_saved(saved: SavedImage, tag: str) -> bool:
    return not tag or any(name == tag or name.endswith(f":{tag}") for name in saved.repo_tags or ())


def _digest_of(blobs: Blobs, saved: SavedImage, limits: Limits) -> str:
    return f"sha256:{hashlib.sha256(read_small(blobs, saved.config, limits)).hexdigest()}"


def _load_saved(blobs: Blobs, saved: SavedImage, limits: Limits) -> OpenImage:
    place = Place(f"{blobs.place}/{saved.config}")
    if len(saved.layers) > limits.image_layers:
        raise LimitError(f"{len(saved.layers)} layers", place, f"at most {limits.image_layers}")
    content = read_small(blobs, saved.config, limits)
    image_id = f"sha256:{hashlib.sha256(content).hexdigest()}"
    names = saved.repo_tags or ()
    image = image_of(parse(content, Config, place), image_id, "", names, ("",) * len(saved.layers), place)
    return OpenImage(image, blobs, saved.layers)
