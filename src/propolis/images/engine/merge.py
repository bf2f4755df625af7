"""Layers laid upon each other: what of each layer is still there in the image.

Follows the OCI image specification 1.1, layer.md: whiteouts hide what is below, opaque folders hide
all of it, and a file that stands where a folder stood hides the folder.

A database of packages is one file, written anew by every layer that installs something. A package that
stood in it below, in the same version, still belongs to the layer that brought it.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from propolis.images.engine.analyzers.release_files import PATHS as RELEASE_PATHS
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import AnalyzedFile, LayerContent
from propolis.images.model.package import Distribution, Package

RELEASE_ORDER = ("etc/os-release", "usr/lib/os-release", *RELEASE_PATHS)
"""Which file of those that name the distribution is believed first."""

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


_Identity = tuple[str, str, str]
"""Name, version and architecture."""


@dataclass(frozen=True)
class _Standing:
    """A file that is there, the layer of it, and the layers of the packages of a database."""

    layer: ImageLayer
    file: AnalyzedFile
    origins: Mapping[_Identity, ImageLayer]


def merge_layers(layers: Sequence[tuple[ImageLayer, LayerContent]]) -> ImageContent:
    """What remains of all layers, the lowest first."""
    present: dict[str, _Standing] = {}
    for layer, content in layers:
        below = {file.path: present[file.path] for file in content.files if file.path in present}
        _hide(present, content)
        for file in content.files:
            present[file.path] = _standing(layer, file, below.get(file.path))
    owned = {path for one in present.values() for path in one.file.analysis.owned_paths}
    found = [package for path, one in present.items() if path not in owned for package in _placed(one)]
    found.sort(key=lambda package: (package.type not in OS_TYPES, package.type, package.name, package.path))
    return ImageContent(_distribution(present), tuple(found), tuple(_problems(layers, present)))


def _standing(layer: ImageLayer, file: AnalyzedFile, below: _Standing | None) -> _Standing:
    origins = {
        identity: below.origins.get(identity, layer) if below else layer
        for package in file.analysis.packages
        if package.type in OS_TYPES
        for identity in (_identity(package),)
    }
    return _Standing(layer, file, origins)


def _identity(package: Package) -> _Identity:
    return package.name, package.version, package.architecture


def _hide(present: dict[str, _Standing], content: LayerContent) -> None:
    """Takes away what the layer hides of those below."""
    if not present:
        return
    gone = set(content.removed)
    gone.update(zlib.decompress(content.shadows).decode().split("\n"))
    gone.discard("")
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


def _placed(standing: _Standing) -> Iterator[Package]:
    for package in standing.file.analysis.packages:
        layer = standing.origins.get(_identity(package), standing.layer)
        yield msgspec.structs.replace(
            package,
            path=package.path or standing.file.path,
            layer=layer.diff_id,
            is_base=layer.is_base,
        )


def _distribution(present: Mapping[str, _Standing]) -> Distribution | None:
    """What os-release names, else an older release file; a file of the same that is more exact wins."""
    told = {path: found for path, one in present.items() if (found := one.file.analysis.distribution)}
    found = next((told[path] for path in RELEASE_ORDER if path in told), None)
    if found is None:
        return next(iter(told.values()), None)
    for other in told.values():
        if other.id == found.id and other.version.startswith(f"{found.version}."):
            return msgspec.structs.replace(found, version=other.version)
    return found


def _problems(
    layers: Sequence[tuple[ImageLayer, LayerContent]], present: Mapping[str, _Standing]
) -> Iterator[str]:
    for _, content in layers:
        yield from content.problems
    for path, one in present.items():
        for problem in one.file.analysis.problems:
            yield f"{path}: {problem}"
