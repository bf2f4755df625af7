"""What one layer brings, as far as an analyzer wanted it. Kept in the cache under its diff id."""

import msgspec

from propolis.images.model.package import Distribution, Package


class Analysis(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one file says.

    Attributes:
        distribution: Of an os-release file.
        packages: That it names; their ``path`` and ``layer`` are filled in later.
        owned_paths: Files that a distribution's package manager put there, without a leading slash,
            as far as they could be taken for packages of their own.
        problems: What in the file could not be read.
    """

    distribution: Distribution | None = None
    packages: tuple[Package, ...] = ()
    owned_paths: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class AnalyzedFile(msgspec.Struct, frozen=True):
    """A file that an analyzer wanted: its path without a leading slash, and what it says."""

    path: str
    analyzer: str
    analysis: Analysis


class LayerContent(msgspec.Struct, frozen=True):
    """One layer.

    Attributes:
        files: In the order of the layer.
        removed: Paths that its whiteouts take away from the layers below.
        opaque: Folders of which nothing from below stays.
        shadows: All other paths that are no folders: what stands there in a layer below is gone,
            with everything beneath. Joined by newlines and compressed by zlib.
        entries: Number of entries in the tar.
        size_bytes: Of the tar, uncompressed.
        problems: What in the layer could not be read or was refused.
    """

    diff_id: str
    files: tuple[AnalyzedFile, ...]
    removed: tuple[str, ...]
    opaque: tuple[str, ...]
    shadows: bytes
    entries: int
    size_bytes: int
    problems: tuple[str, ...] = ()
