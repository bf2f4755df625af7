"""Installed Python packages: METADATA of wheels, PKG-INFO of eggs.

Follows the core metadata specification: RFC 822 headers up to the first empty line; a line of spaces alone
belongs to the field above.
"""

import re

from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import decoded, short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

NAMES = frozenset({"METADATA", "PKG-INFO"})
_FOLDER = re.compile(
    r"\.(?:dist-info/METADATA|egg-info/(?:PKG-INFO|METADATA)|egg/EGG-INFO/PKG-INFO)$|\.egg-info$"
)
_LICENCE_CLASSIFIER = "License :: "


def analyze(path: str, content: Content) -> Analysis:
    """The package of one metadata file; nothing where it names none."""
    del path
    package = package_of(decoded(content))
    return Analysis(packages=(package,) if package else ())


def package_of(text: str) -> Package | None:
    """The package that metadata describes; None where it names none."""
    headers: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line:
            break
        key, colon, value = line.partition(":")
        if colon and line[:1] not in " \t":
            headers.setdefault(key.strip().lower(), []).append(short(value))
    name, version = _first(headers, "name"), _first(headers, "version")
    if not name or not version:
        return None
    return Package("pypi", name, version, licences=_licences(headers))


def _first(headers: dict[str, list[str]], key: str) -> str:
    return headers.get(key, [""])[0]


def _licences(headers: dict[str, list[str]]) -> tuple[str, ...]:
    """The expression, else classifiers, else the free text when it is one line."""
    if expression := _first(headers, "license-expression"):
        return (expression,)
    classifiers = [value for value in headers.get("classifier", ()) if value.startswith(_LICENCE_CLASSIFIER)]
    named = [value.rpartition(" :: ")[2] for value in classifiers if value.count(" :: ") > 1]
    free = _first(headers, "license")
    return tuple(named) or ((free,) if free and free != "UNKNOWN" else ())


def wants(path: str) -> bool:
    """Metadata in the folder of an installed package."""
    return _FOLDER.search(path) is not None


PYTHON = Analyzer("python-packages", 2, analyze, names=NAMES, suffixes=(".egg-info",), wants=wants)
