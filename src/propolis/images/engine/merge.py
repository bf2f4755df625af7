"""Layers laid upon each other: what of each layer is still there in the image.

Follows the OCI image specification 1.1, layer.md: whiteouts hide what is below, opaque folders hide
all of it, and a file that stands where a folder stood hides the folder.
"""

import zlib
from collections.abc import Iterator, Sequence

import msgspec

from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import AnalyzedFile, LayerContent
from propolis.images.model.package import Distribution, Package

OS_TYPES = frozenset({"deb", "apk", "rpm"})
"""Packages of a distribution's own manager."""


class ImageContent(msgspec.Struct, frozen=True):
    """What is in an image once its layers are laid upon each other.

    Attributes:
        packages: With their layer and whether it is the base's, those of the distribution first.
        problems: As the layers told them, with their path.
    """

    distribution: Distribution | None
    packages: tuple[Package, ...]
    problems: tuple[str, ...]


def merge_layers(layers: Sequence[tuple[ImageLayer, LayerContent]]) -> ImageContent:
    """What remains of all layers, the lowest first."""
    present: dict[str, tuple[ImageLayer, AnalyzedFile]] = {}
    for layer, content in layers:
        _hide(present, content)
        for file in content.files:
            present[file.path] = (layer, file)
    owned = {path for _, file in present.values() for path in file.analysis.owned_paths}
    found = [
        package
        for path, (layer, file) in present.items()
        if path not in owned
        for package in _placed(file, layer)
    ]
    found.sort(key=lambda package: (package.type not in OS_TYPES, package.type, package.name, package.path))
    return ImageContent(_distribution(present), tuple(found), tuple(_problems(layers, present)))


def _hide(present: dict[str, tuple[ImageLayer, AnalyzedFile]], content: LayerContent) -> None:
    """Takes away what the layer hides of those below."""
    if not present:
        return
    gone = set(content.removed)
    gone.update(zlib.decompress(content.shadows).decode("utf-8", "surrogateescape").splitlines())
    opaque = set(content.opaque)
    for path in list(present):
        if path in gone or any(parent in gone or parent in opaque for parent in parents(path)):
            del present[path]


def parents(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first, the root as empty text last."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield ""


def _placed(file: AnalyzedFile, layer: ImageLayer) -> Iterator[Package]:
    for package in file.analysis.packages:
        yield msgspec.structs.replace(
            package, path=package.path or file.path, layer=layer.diff_id, is_base=layer.is_base
        )


def _distribution(present: dict[str, tuple[ImageLayer, AnalyzedFile]]) -> Distribution | None:
    """The one of ``/etc/os-release`` before that of ``/usr/lib/os-release``, then any other."""
    told = {
        path: file.analysis.distribution for path, (_, file) in present.items() if file.analysis.distribution
    }
    for path in ("etc/os-release", "usr/lib/os-release"):
        if path in told:
            return told[path]
    return next(iter(told.values()), None)


def _problems(
    layers: Sequence[tuple[ImageLayer, LayerContent]], present: dict[str, tuple[ImageLayer, AnalyzedFile]]
) -> Iterator[str]:
    for _, content in layers:
        yield from content.problems
    for path, (_, file) in present.items():
        for problem in file.analysis.problems:
            yield f"{path}: {problem}"
