"""An image of a registry as an OCI layout, so that it is read like one that lies in a file."""

import io
from typing import BinaryIO

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.images.model.manifest import NAME_ANNOTATION
from propolis.registry.client import RegistryClient
from propolis.registry.documents import LINUX_AMD64, Platform

_INDEX = "index.json"


class RegistryBlobs:
    """The `Blobs` of one image; nothing but what its manifest names can be opened.

    Manifests are fetched when it is made, configuration and layers when they are opened.

    Attributes:
        place: The reference, for messages.
        digest: Of what the reference names: the index where there is one. Pods tell this one.

    Raises:
        DocumentError: The reference is none, or names no image for the platform.
        SourceError: The registry refuses or cannot be asked.
    """

    def __init__(self, client: RegistryClient, reference: str, platform: Platform = LINUX_AMD64) -> None:
        top, image = client.image(reference, platform)
        self.place = reference
        self.digest = top.digest
        self._client = client
        self._repository = client.repository_of(reference)
        descriptor = {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": len(image.content),
            "annotations": {NAME_ANNOTATION: reference},
        }
        self._contents = {
            _INDEX: msgspec.json.encode({"schemaVersion": 2, "manifests": [descriptor]}),
            _name(image.digest): image.content,
        }
        self._blobs = {_name(one.digest): one for one in image.blobs}

    def has(self, name: str) -> bool:
        """Whether there is a file of a name."""
        return name in self._contents or name in self._blobs

    def open(self, name: str) -> BinaryIO:
        """Opens one from its start. Raises `DocumentError` where there is none; reading it, `SourceError`."""
        if name in self._contents:
            return io.BytesIO(self._contents[name])
        if name not in self._blobs:
            raise DocumentError("not there", Place(f"{self.place}/{name}"), "a file of the image")
        descriptor = self._blobs[name]
        return self._client.open_blob(self._repository, descriptor.digest, descriptor.size)

    def close(self) -> None:
        """Nothing is held open; the client belongs to the caller."""


def _name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
