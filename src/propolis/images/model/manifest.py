"""Manifests, indexes and configurations of images.

Follows the OCI image specification 1.1, Docker's schema 2 and the ``manifest.json`` of ``docker save``.
"""

from datetime import datetime
from typing import TypeVar

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.images.model.base_image import base_layer_count
from propolis.images.model.image import History, Image, ImageLayer

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFEST_TYPES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
LAYER_TYPES = frozenset(
    {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    }
)
NAME_ANNOTATION = "org.opencontainers.image.ref.name"
BASE_NAME_ANNOTATION = "org.opencontainers.image.base.name"
BASE_DIGEST_ANNOTATION = "org.opencontainers.image.base.digest"

T = TypeVar("T")


class Platform(msgspec.Struct, frozen=True):
    """For which machines an image is."""

    os: str = ""
    architecture: str = ""
    variant: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A blob and what it is."""

    digest: str
    media_type: str = ""
    size: int = 0
    annotations: dict[str, str] | None = None
    platform: Platform | None = None
    artifact_type: str = ""


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """A list of manifests."""

    manifests: tuple[Descriptor, ...]
    schema_version: int = 2


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """One image: its configuration and layers."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = ""
    annotations: dict[str, str] | None = None


class SavedImage(msgspec.Struct, frozen=True, rename="pascal"):
    """An entry of ``manifest.json``: names of files in the archive."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...] | None = None


class _Step(msgspec.Struct, frozen=True):
    created_by: str = ""
    empty_layer: bool = False


class _RootFs(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] = ()


class _Settings(msgspec.Struct, frozen=True):
    env: tuple[str, ...] | None = msgspec.field(default=None, name="Env")


class Config(msgspec.Struct, frozen=True):
    """The configuration of an image, as far as it is used."""

    rootfs: _RootFs
    os: str = ""
    architecture: str = ""
    created: datetime | None = None
    history: tuple[_Step, ...] | None = None
    config: _Settings | None = None


def parse(content: bytes, kind: type[T], place: Place) -> T:
    """Reads JSON. Raises `DocumentError` naming the field that is wrong."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(
            f"cannot be read: {error}", place, f"the JSON of an image's {kind.__name__.lower()}"
        ) from None


def check_digest(digest: str, place: Place) -> str:
    """A digest that may be used as a file name. Raises `DocumentError`."""
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or len(value) != 64 or not set(value) <= set("0123456789abcdef"):  # noqa: PLR2004  # sha256
        raise DocumentError(f"a digest {digest[:80]!r}", place, "sha256: and 64 hexadecimal digits")
    return digest


def image_of(
    config: Config,
    image_id: str,
    digest: str,
    names: tuple[str, ...],
    blob_digests: tuple[str, ...],
    place: Place,
) -> Image:
    """An image from its parts; ``blob_digests`` has one entry a layer, empty where not known.

    Raises:
        DocumentError: The configuration names another number of layers.
    """
    diff_ids = config.rootfs.diff_ids
    if len(diff_ids) != len(blob_digests):
        message = f"the configuration names {len(diff_ids)} layers, the manifest {len(blob_digests)}"
        raise DocumentError(message, place, "the same number")
    history = [History(step.created_by, step.empty_layer) for step in config.history or ()]
    steps = [step.created_by for step in history if not step.is_empty]
    base = base_layer_count(history)
    layers = tuple(
        ImageLayer(
            diff_id=check_digest(diff_id, place),
            digest=blob_digest,
            created_by=steps[index] if len(steps) == len(diff_ids) else "",
            is_base=index < base,
        )
        for index, (diff_id, blob_digest) in enumerate(zip(diff_ids, blob_digests, strict=True))
    )
    settings = config.config.env if config.config else None
    variables = tuple(line.partition("=")[0] for line in settings or ())
    return Image(image_id, digest, names, config.os, config.architecture, config.created, layers, variables)
