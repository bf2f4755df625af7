"""Recipes of example images: YAML that says what is installed in which layer."""

from datetime import datetime
from pathlib import Path

import msgspec
import yaml


class Listed(msgspec.Struct, frozen=True):
    """Packages that lie in a folder of their own language."""

    folder: str
    packages: tuple[str, ...]


class GoProgram(msgspec.Struct, frozen=True):
    """A program built by Go: where it lies, the compiler, itself, its modules (``path version``)."""

    path: str
    version: str
    main: str
    modules: tuple[str, ...] = ()


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the build.

    Packages are written ``name version [source]``. Debian's source is what dpkg writes after
    ``Source:``; an rpm may name its module stream after it.

    Attributes:
        step: The command, for the history.
        debian: Added to those of the layers below, in dpkg's status file.
        distroless: One file a package, as images without dpkg keep them.
        alpine: Added to those below, in apk's database.
        rpm: Added to those below, in the rpm database.
        python: Into the folder of Python's own packages.
        files: Text by path.
    """

    step: str
    debian: tuple[str, ...] = ()
    distroless: tuple[str, ...] = ()
    alpine: tuple[str, ...] = ()
    rpm: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    npm: Listed | None = None
    go: GoProgram | None = None
    files: dict[str, str] = {}


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image.

    Attributes:
        image: The reference under which manifests use it.
        base: The recipe that it stands on, relative to the folder of recipes.
        distribution: Lines of os-release, in the first layer.
        ends_with: The last step, which makes no layer.
    """

    image: str
    created: datetime
    layers: tuple[Layer, ...]
    ends_with: str
    base: str = ""
    distribution: dict[str, str] = {}


def read_recipe(path: Path) -> Recipe:
    """A recipe from its file. Raises `msgspec.ValidationError` naming the field that is wrong."""
    return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Recipe)
