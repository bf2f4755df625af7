"""Manifests and indexes as a registry gives them.

Follows the OCI image specification 1.1 and Docker's schema 2. A document that could be read as both an
index and a manifest is refused (CVE-2021-41190), and so is one whose type is not the one that was told.
"""

import hashlib

import msgspec

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.registry.repository import check_digest

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = (*INDEX_TYPES, *MANIFEST_TYPES)
_EXPECTED = "an image manifest or index"


class Platform(msgspec.Struct, frozen=True):
    """For which machines an image is; an empty variant stands for any."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        """``linux/arm64/v8``."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


LINUX_AMD64 = Platform("linux", "amd64")


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A blob or manifest and what it is; addresses elsewhere (``urls``) are not used."""

    digest: str
    media_type: str = ""
    size: int = 0
    platform: Platform | None = None


class Manifest(msgspec.Struct, frozen=True):
    """A manifest or an index, whose digest was compared with its bytes.

    Attributes:
        manifests: Of an index.
        blobs: Of an image: its configuration, then its layers.
    """

    digest: str
    media_type: str
    content: bytes
    manifests: tuple[Descriptor, ...] = ()
    blobs: tuple[Descriptor, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether it lists images of several platforms."""
        return self.media_type in INDEX_TYPES


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    schema_version: int = 0
    media_type: str = ""
    manifests: tuple[Descriptor, ...] | None = None
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None


def parse_manifest(
    content: bytes, told_type: str, place: Place, digest: str = "", limits: Limits = DEFAULT
) -> Manifest:
    """A document that a registry gave.

    Args:
        content: Its bytes.
        told_type: The media type that came with it; empty for none.
        place: Where it lies, for messages.
        digest: The one that was asked for; empty for none.
        limits: ``image_layers`` of an image.

    Raises:
        DocumentError: Its digest is another, or it is no manifest and no index.
    """
    found = verified(content, digest, place)
    document = _read(content, place)
    media_type = _media_type(document, told_type, place)
    if media_type in INDEX_TYPES:
        return Manifest(found, media_type, content, manifests=_index(document, place))
    return Manifest(found, media_type, content, blobs=_image(document, place, limits))


def verified(content: bytes, digest: str, place: Place) -> str:
    """The digest of some bytes. Raises `DocumentError` where another one was asked for."""
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest and found != digest:
        raise DocumentError(f"its digest is {found}", place, digest)
    return found


def _read(content: bytes, place: Place) -> _Document:
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DocumentError(f"cannot be read: {error}", place, _EXPECTED) from None
    if document.schema_version == 1:
        raise DocumentError("a manifest of schema 1, which nobody vouches for", place, "push the image anew")
    return document


def _media_type(document: _Document, told_type: str, place: Place) -> str:
    """What the document says of itself, else what was told with it; both must not differ."""
    own = document.media_type
    if own and told_type in ACCEPTED and own != told_type:
        raise DocumentError(
            f"calls itself {own[:100]!r} and was sent as {told_type}", place, "one media type"
        )
    media_type = own or told_type
    if media_type not in ACCEPTED:
        raise DocumentError(f"media type {media_type[:100]!r}", place, _EXPECTED)
    return media_type


def _index(document: _Document, place: Place) -> tuple[Descriptor, ...]:
    if document.manifests is None or document.config or document.layers is not None:
        raise DocumentError("no index, or more than one", place, "manifests, and neither config nor layers")
    for one in document.manifests:
        check_digest(one.digest, place)
    return document.manifests


def _image(document: _Document, place: Place, limits: Limits) -> tuple[Descriptor, ...]:
    if document.config is None or document.layers is None or document.manifests is not None:
        raise DocumentError("no image manifest, or more than one", place, "config and layers, no manifests")
    if len(document.layers) > limits.image_layers:
        raise LimitError(f"{len(document.layers)} layers", place, f"at most {limits.image_layers}")
    blobs = (document.config, *document.layers)
    for one in blobs:
        check_digest(one.digest, place)
        if one.size < 0:
            raise DocumentError(f"a size of {one.size} bytes", place, "0 or more")
    return blobs


def choose(index: Manifest, platform: Platform, place: Place) -> Descriptor:
    """The image of a platform, or an index within that may have it.

    Raises:
        DocumentError: There is none; the message names those that there are.
    """
    for one in index.manifests:
        if one.media_type in MANIFEST_TYPES and one.platform and _is_for(one.platform, platform):
            return one
    for one in index.manifests:
        if one.media_type in INDEX_TYPES and (one.platform is None or _is_for(one.platform, platform)):
            return one
    there = sorted({str(one.platform) for one in index.manifests if one.platform and one.platform.os})
    message = f"no image for {platform}"
    raise DocumentError(message, place, f"one of {', '.join(there)[:300]}" if there else "at least one image")


def _is_for(offered: Platform, wanted: Platform) -> bool:
    is_same = (offered.os, offered.architecture) == (wanted.os, wanted.architecture)
    return is_same and (not wanted.variant or offered.variant == wanted.variant)
