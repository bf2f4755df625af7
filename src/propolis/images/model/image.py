"""An image: its identity, its configuration, its layers. Follows the OCI image specification 1.1."""

from datetime import datetime

import msgspec


class History(msgspec.Struct, frozen=True):
    """One step of the build.

    Attributes:
        created_by: The command.
        is_empty: Whether the step made no layer.
    """

    created_by: str = ""
    is_empty: bool = False


class ImageLayer(msgspec.Struct, frozen=True):
    """A layer as the image names it.

    Attributes:
        diff_id: ``sha256:...`` of the layer's tar, uncompressed.
        digest: ``sha256:...`` of the blob as stored; empty where the archive gives none.
        created_by: The step of the build that made it; empty where the history does not tell.
        is_base: Whether it belongs to the base image.
    """

    diff_id: str
    digest: str = ""
    created_by: str = ""
    is_base: bool = False


class Image(msgspec.Struct, frozen=True):
    """An image of one platform.

    Attributes:
        id: Digest of its configuration.
        digest: Of its manifest; empty where the archive gives none.
        names: References by which it is known, as written (``registry.example/shop/web:1.2``).
        layers: The lowest first.
        base_name: The image that this one says it stands on; empty where it does not tell.
        base_digest: Likewise, the digest of that image's manifest.
        variables: Names of environment variables that it sets; their values are not kept.
    """

    id: str
    digest: str
    names: tuple[str, ...]
    os: str
    architecture: str
    created: datetime | None
    layers: tuple[ImageLayer, ...]
    variables: tuple[str, ...] = ()
    base_name: str = ""
    base_digest: str = ""
