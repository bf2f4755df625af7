"""Packages that installed JSON files name: npm's package.json, Composer's installed.json."""

from typing import Any

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import short
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package


def analyze_npm(path: str, content: Content) -> Analysis:
    """The package of a package.json; nothing for one that only marks a folder."""
    document = _loaded(path, content)
    if not isinstance(document, dict):
        return Analysis()
    name, version = document.get("name"), document.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name or not version:
        return Analysis()
    return Analysis(packages=(Package("npm", short(name), short(version), licences=_npm_licences(document)),))


def _npm_licences(document: dict[str, Any]) -> tuple[str, ...]:
    """``license`` as a text, ``{"type": ...}``, or the old list ``licenses``."""
    found = document.get("license") or document.get("licenses")
    listed = found if isinstance(found, list) else [found]
    named = (one.get("type") if isinstance(one, dict) else one for one in listed)
    return tuple(short(one) for one in named if isinstance(one, str) and one)


def wants_npm(path: str) -> bool:
    """The package.json of a package, not those that only mark a folder within an installed one."""
    _, found, within = f"/{path}".rpartition("/node_modules/")
    parts = within.split("/")
    return not found or len(parts) == (3 if parts[0].startswith("@") else 2)


def analyze_composer(path: str, content: Content) -> Analysis:
    """The packages that Composer installed: a list, or ``{"packages": [...]}`` since version 2."""
    document = _loaded(path, content)
    listed = document.get("packages") if isinstance(document, dict) else document
    found = (_composer_package(one) for one in (listed if isinstance(listed, list) else ()))
    return Analysis(packages=tuple(one for one in found if one is not None))


def _composer_package(entry: Any) -> Package | None:
    if not isinstance(entry, dict):
        return None
    name, version = entry.get("name"), entry.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    licences = entry.get("license")
    listed = licences if isinstance(licences, list) else [licences]
    return Package(
        "composer",
        short(name),
        short(version),
        licences=tuple(short(one) for one in listed if isinstance(one, str)),
    )


def _loaded(path: str, content: Content) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(f"no JSON: {error}", Place(path), "a JSON file") from None


NPM = Analyzer(
    "npm-packages", 2, analyze_npm, names=frozenset({"package.json"}), wants=wants_npm, max_bytes=4 * MEBIBYTE
)
COMPOSER = Analyzer(
    "composer-installed", 1, analyze_composer, names=frozenset({"installed.json"}), max_bytes=16 * MEBIBYTE
)
