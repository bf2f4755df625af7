"""What to ask the advisory database about an installed package."""

from collections.abc import Mapping

import msgspec

from propolis.images.engine.distributions import family_of
from propolis.images.model.package import Distribution, Package
from propolis.images.model.package_names import normal_name

SYSTEM_TYPES = frozenset({"deb", "apk", "rpm"})
"""Types whose advisories are those of the distribution."""

_ECOSYSTEMS: Mapping[str, str] = {
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "conan": "ConanCenter",
    "cran": "CRAN",
    "gem": "RubyGems",
    "githubactions": "GitHub Actions",
    "golang": "Go",
    "hackage": "Hackage",
    "hex": "Hex",
    "julia": "Julia",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "opam": "opam",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
}


class Question(msgspec.Struct, frozen=True):
    """Is this version of this package affected in this ecosystem?"""

    ecosystem: str
    package: str
    version: str


def questions_of(package: Package, distribution: Distribution) -> tuple[Question, ...]:
    """The questions of one package; none where no ecosystem is known for it."""
    if package.type in SYSTEM_TYPES:
        return _system_questions(package, distribution)
    ecosystem = _ECOSYSTEMS.get(package.type)
    if ecosystem is None:
        return ()
    return (Question(ecosystem, normal_name(ecosystem, package.name), package.version),)


def _system_questions(package: Package, distribution: Distribution) -> tuple[Question, ...]:
    family = family_of(distribution)
    if family is None:
        return ()
    asked: dict[tuple[str, str], None] = {}
    if family.asks_source:
        asked[package.source_name or package.name, package.source_version or package.version] = None
    if family.asks_binary:
        asked[package.name, package.version] = None
    ecosystems = family.ecosystems(distribution)
    return tuple(Question(ecosystem, *named) for ecosystem in ecosystems for named in asked)


def ecosystems_of(package: Package, distribution: Distribution) -> tuple[str, ...]:
    """Every ecosystem that could know the package; the first is the one to show."""
    if package.type in SYSTEM_TYPES:
        family = family_of(distribution)
        return family.ecosystems(distribution) if family else ()
    ecosystem = _ECOSYSTEMS.get(package.type)
    return (ecosystem,) if ecosystem else ()
