"""From header blobs of an rpm database to packages."""

import re
from collections.abc import Iterable

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzers.owned import OwnedPaths
from propolis.images.engine.analyzers.text import short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package
from propolis.images.model.rpm import RpmHeader, Tag

_SOURCE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<release>[^-]+)\.(?:no)?src\.rpm")
MOST_PATH_CHARACTERS = 64 * MEBIBYTE
"""Of all paths of one package; the largest of distributions have a tenth."""

KEYS = "gpg-pubkey"
"""Public keys are kept as if they were packages."""


def analysis_of(blobs: Iterable[bytes | memoryview], place: Place) -> Analysis:
    """Packages of a database; one damaged header does not hide the others."""
    packages: list[Package] = []
    owned = OwnedPaths()
    problems: list[str] = []
    try:
        for blob in blobs:
            try:
                header = RpmHeader(blob, place)
                package = package_of(header)
                paths = header.paths_within(MOST_PATH_CHARACTERS)
            except DocumentError as error:
                problems.append(error.message)
                continue
            if package.name != KEYS:
                packages.append(package)
                for path in paths:
                    owned.add("", path[1:])
    except DocumentError as error:
        problems.append(error.message)
    problems += owned.problems
    return Analysis(packages=tuple(packages), owned_paths=owned.paths, problems=tuple(problems[-20:]))


def package_of(header: RpmHeader) -> Package:
    """The package of a header. Raises `DocumentError` for damaged ones."""
    name = short(header.text(Tag.NAME))
    epoch = header.integer(Tag.EPOCH)
    before = f"{epoch}:" if epoch else ""
    version = f"{before}{short(header.text(Tag.VERSION))}-{short(header.text(Tag.RELEASE))}"
    source_name, source_version = source_of(header.text(Tag.SOURCERPM), name, before)
    licence = short(header.text(Tag.LICENSE))
    return Package(
        "rpm",
        name,
        version,
        source_name=source_name,
        source_version=source_version if source_version != version else "",
        architecture=short(header.text(Tag.ARCH)),
        module=short(header.text(Tag.MODULARITYLABEL)),
        licences=(licence,) if licence else (),
    )


def source_of(file_name: str, name: str, before: str) -> tuple[str, str]:
    """Name and version of the source package, from the name of its file.

    Args:
        file_name: ``NAME-VERSION-RELEASE.src.rpm``.
        name: Of the installed package; a source of the same name is told as empty.
        before: The epoch with its colon, which the name of the file does not hold.
    """
    found = _SOURCE.fullmatch(file_name[:1000])
    if found is None:
        return "", ""
    return found["name"] if found["name"] != name else "", f"{before}{found['version']}-{found['release']}"
