"""Packages of Debian and its descendants: dpkg's status file, and status.d of images without dpkg.

Follows dpkg's status format: a package counts when its status says installed; of ``Source`` the
version in brackets is that of the source package.
"""

import re

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.owned import OwnedPaths, lines_of_packages
from propolis.images.engine.analyzers.text import MOST_PACKAGES, TOO_MANY, decoded, stanzas
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

STATUS = "var/lib/dpkg/status"
STATUS_FOLDER = "var/lib/dpkg/status.d/"
INFO_FOLDER = "var/lib/dpkg/info/"

_DIGESTS = ".md5sums"
_SOURCE = re.compile(r"([^\s(]+)(?:\s*\(([^)]*)\))?")


def analyze(path: str, content: Content) -> Analysis:
    """Packages of a status file."""
    del path
    packages: list[Package] = []
    problems: list[str] = []
    for fields in stanzas(decoded(content)):
        name, version = fields.get("package", ""), fields.get("version", "")
        if not name or not _is_installed(fields.get("status", "")):
            continue
        if len(packages) >= MOST_PACKAGES:
            problems.append(TOO_MANY)
            break
        if not version:
            problems.append(f"package {name} has no version")
            continue
        packages.append(_package(name, version, fields))
    return Analysis(packages=tuple(packages), problems=tuple(problems[-20:]))


def _is_installed(status: str) -> bool:
    """The third word says what is there; files of status.d have no status."""
    words = status.split()
    return not words or (len(words) == 3 and words[2] in ("installed", "unpacked", "half-configured"))  # noqa: PLR2004  # want, flag, status


def _package(name: str, version: str, fields: dict[str, str]) -> Package:
    source = _SOURCE.match(fields.get("source", ""))
    source_name = source.group(1) if source else name
    source_version = (source.group(2) if source else None) or version
    return Package(
        "deb",
        name,
        version,
        source_name=source_name if source_name != name else "",
        source_version=source_version if source_version != version else "",
        architecture=fields.get("architecture", ""),
    )


def wants(path: str) -> bool:
    """The status file, or one of status.d that is no list of digests."""
    if path == STATUS:
        return True
    return path.startswith(STATUS_FOLDER) and not path.endswith((".md5sums", ".preinst", ".postinst"))


def analyze_list(path: str, content: Content) -> Analysis:
    """The files of one package that could be taken for packages of their own.

    A list has a path a line; a list of digests, as images without dpkg keep them, the digest before it.
    """
    lines = lines_of_packages(decoded(content))
    if path.endswith(_DIGESTS):
        lines = (f"/{line.partition('  ')[2].lstrip('/')}" for line in lines)
    owned = OwnedPaths()
    for line in lines:
        if line[:1] == "/":
            owned.add("", line[1:])
    return Analysis(owned_paths=owned.paths, problems=owned.problems)


def wants_list(path: str) -> bool:
    """``/var/lib/dpkg/info/PACKAGE.list``, ``/var/lib/dpkg/status.d/PACKAGE.md5sums``."""
    return path.startswith(STATUS_FOLDER if path.endswith(_DIGESTS) else INFO_FOLDER)


DPKG = Analyzer("dpkg", 1, analyze, names=frozenset({"status"}), wants=wants)
DPKG_FOLDER = Analyzer("dpkg-status-d", 1, analyze, folders=(STATUS_FOLDER,), wants=wants)
DPKG_FILES = Analyzer("dpkg-files", 2, analyze_list, suffixes=(".list", _DIGESTS), wants=wants_list)
