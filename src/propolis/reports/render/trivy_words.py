"""Words by which Trivy and what stands on it name distributions and kinds of packages."""

from propolis.images.model.package import Distribution, Package
from propolis.images.model.purl import SYSTEM_TYPES

_FAMILIES = {
    "rhel": "redhat",
    "almalinux": "alma",
    "amzn": "amazon",
    "ol": "oracle",
    "mariner": "cbl-mariner",
    "sle-micro": "slem",
}
"""By the id of os-release, where it differs."""

_TYPES = {
    "pypi": "python-pkg",
    "npm": "node-pkg",
    "maven": "jar",
    "gem": "gemspec",
    "golang": "gobinary",
    "cargo": "rustbinary",
    "composer": "composer-vendor",
    "nuget": "dotnet-core",
}
"""By the type of the package URL: how packages of an image are found."""


def family_of(distribution: Distribution | None) -> str:
    """The family of a distribution; empty without one."""
    return _FAMILIES.get(distribution.id, distribution.id) if distribution else ""


def type_of(package: Package, distribution: Distribution | None) -> str:
    """Of a distribution's package its family, of all others their own word."""
    if package.type in SYSTEM_TYPES:
        return family_of(distribution) or package.type
    return _TYPES.get(package.type, package.type)


def class_of(package: Package) -> str:
    """Whether a package manager of a distribution or of a language brought it."""
    return "os-pkgs" if package.type in SYSTEM_TYPES else "lang-pkgs"
