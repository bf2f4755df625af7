"""Which order the versions of an ecosystem have. All ecosystem names of the OSV schema 1.7 are answered here.

An ecosystem name may carry a release or a repository after a colon (``Debian:12``, ``Ubuntu:22.04:LTS``,
``Maven:https://maven.google.com``); the order depends on the name alone, but for vendors that patch the
packages of several ecosystems (``Root:Alpine:3.18``), where the second part decides.
"""

from collections.abc import Mapping

from propolis.lang.versions import (
    alpine,
    bitnami,
    cran,
    debian,
    go,
    hackage,
    maven,
    nuget,
    packagist,
    pub,
    pypi,
    rpm,
    rubygems,
    semver,
)
from propolis.lang.versions.order import VersionOrder

ORDERS: Mapping[str, VersionOrder] = {
    # distributions with dpkg
    "Debian": debian.ORDER,
    "Ubuntu": debian.ORDER,
    "opam": debian.ORDER,
    # distributions with apk
    "Alpaquita": alpine.ORDER,
    "Alpine": alpine.ORDER,
    "BellSoft Hardened Containers": alpine.ORDER,
    "Chainguard": alpine.ORDER,
    "CleanStart": alpine.ORDER,
    "MinimOS": alpine.ORDER,
    "Wolfi": alpine.ORDER,
    # distributions with rpm; the last five are no names of OSV
    "AlmaLinux": rpm.ORDER,
    "Azure Linux": rpm.ORDER,
    "Mageia": rpm.ORDER,
    "Photon OS": rpm.ORDER,
    "Red Hat": rpm.ORDER,
    "Rocky Linux": rpm.ORDER,
    "SUSE": rpm.ORDER,
    "openEuler": rpm.ORDER,
    "openSUSE": rpm.ORDER,
    "Amazon Linux": rpm.ORDER,
    "CBL-Mariner": rpm.ORDER,
    "CentOS": rpm.ORDER,
    "Fedora": rpm.ORDER,
    "Oracle Linux": rpm.ORDER,
    # languages and applications
    "Bitnami": bitnami.ORDER,
    "CRAN": cran.ORDER,
    "GHC": hackage.ORDER,
    "Go": go.ORDER,
    "Hackage": hackage.ORDER,
    "Kubernetes": go.ORDER,
    "Maven": maven.ORDER,
    "NuGet": nuget.ORDER,
    "Packagist": packagist.ORDER,
    "Pub": pub.ORDER,
    "PyPI": pypi.ORDER,
    "RubyGems": rubygems.ORDER,
    # semantic versions
    "Bioconductor": semver.ORDER,
    "ConanCenter": semver.ORDER,
    "GitHub Actions": semver.ORDER,
    "Hex": semver.ORDER,
    "Julia": semver.ORDER,
    "Linux": semver.ORDER,
    "SwiftURL": semver.ORDER,
    "VSCode": semver.ORDER,
    "crates.io": semver.ORDER,
    "npm": semver.ORDER,
}

UNORDERED = frozenset({"Android", "Docker Hardened Images", "FreeBSD", "GIT", "OSS-Fuzz", "TuxCare"})
"""Names of OSV whose versions have no order here; only listed versions of such records match."""

_PATCHED_ECOSYSTEMS: Mapping[str, VersionOrder | None] = {"Root": None, "Echo": debian.ORDER}
"""Vendors whose second part names the ecosystem; the order where there is no second part."""

_BY_FOLDED_NAME = {name.casefold(): order for name, order in ORDERS.items()}


def order_of(ecosystem: str) -> VersionOrder | None:
    """The order of an ecosystem's versions, None where it is unknown or has none. Case does not count."""
    name, _, rest = ecosystem.partition(":")
    if name in _PATCHED_ECOSYSTEMS:
        inner = _BY_FOLDED_NAME.get(rest.partition(":")[0].casefold())
        return inner or _PATCHED_ECOSYSTEMS[name]
    return _BY_FOLDED_NAME.get(name.casefold())
