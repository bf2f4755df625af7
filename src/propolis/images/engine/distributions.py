"""Under which ecosystem and which name a distribution's advisories speak of an installed package.

Debian, Ubuntu, Alpine and most others speak of source packages; AlmaLinux, Azure Linux and Red Hat of the
packages of the rpm database. Follows the OSV schema 1.7, appendix "Defined ecosystems".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from propolis.images.model.package import Distribution


@dataclass(frozen=True, slots=True)
class Family:
    """How one distribution names things.

    Attributes:
        ecosystems: OSV names for a release; the first is the one to show.
        asks_source: Whether advisories name source packages.
        asks_binary: Whether they name installed packages.
    """

    ecosystems: Callable[[Distribution], tuple[str, ...]]
    asks_source: bool = True
    asks_binary: bool = False


def family_of(distribution: Distribution) -> Family | None:
    """The family of a distribution, None where none is known."""
    return _FAMILIES.get(distribution.id.lower())


def major(version: str) -> str:
    """What stands before the first dot."""
    return version.partition(".")[0]


def minor(version: str) -> str:
    """The first two numbers."""
    return ".".join(version.split(".")[:2])


def _debian(distribution: Distribution) -> tuple[str, ...]:
    return (f"Debian:{major(distribution.version) or 'sid'}",)


def _ubuntu(distribution: Distribution) -> tuple[str, ...]:
    """Releases of April in even years have long support and say so in their name."""
    year, _, month = distribution.version.partition(".")
    is_lts = month[:2] == "04" and year.isdigit() and int(year) % 2 == 0
    return (f"Ubuntu:{minor(distribution.version)}{':LTS' if is_lts else ''}",)


def _alpine(distribution: Distribution) -> tuple[str, ...]:
    version = distribution.version
    is_rolling = not version or version == "edge" or "_alpha" in version
    return ("Alpine:edge",) if is_rolling else (f"Alpine:v{minor(version)}",)


def _plain(name: str) -> Callable[[Distribution], tuple[str, ...]]:
    return lambda _: (name,)


def _by_major(name: str) -> Callable[[Distribution], tuple[str, ...]]:
    return lambda distribution: (f"{name}:{major(distribution.version)}",)


def _by_version(name: str) -> Callable[[Distribution], tuple[str, ...]]:
    return lambda distribution: (f"{name}:{distribution.version}",)


def _red_hat(distribution: Distribution) -> tuple[str, ...]:
    """Red Hat scopes advisories by product; these are the streams of a common machine."""
    release = major(distribution.version)
    streams = (f":{stream}" for stream in ("baseos", "appstream", "crb", "server"))
    return (
        f"Red Hat:enterprise_linux:{release}",
        *(f"Red Hat:enterprise_linux:{release}:{stream}" for stream in streams),
    )


def _suse(distribution: Distribution) -> tuple[str, ...]:
    return (f"SUSE:{distribution.name.removeprefix('SUSE ')}",)


def _opensuse(distribution: Distribution) -> tuple[str, ...]:
    return (f"openSUSE:{distribution.name.removeprefix('openSUSE ')}",)


_FAMILIES: Mapping[str, Family] = {
    "debian": Family(_debian),
    "ubuntu": Family(_ubuntu),
    "alpine": Family(_alpine),
    "wolfi": Family(_plain("Wolfi"), asks_binary=True),
    "chainguard": Family(_plain("Chainguard"), asks_binary=True),
    "minimos": Family(_plain("MinimOS"), asks_binary=True),
    "cleanstart": Family(_plain("CleanStart"), asks_binary=True),
    "alpaquita": Family(_by_version("Alpaquita")),
    "bellsoft-hardened-containers": Family(_by_version("BellSoft Hardened Containers")),
    "echo": Family(_plain("Echo")),
    "almalinux": Family(_by_major("AlmaLinux"), asks_source=False, asks_binary=True),
    "rocky": Family(_by_major("Rocky Linux"), asks_binary=True),
    "rhel": Family(_red_hat, asks_source=False, asks_binary=True),
    "centos": Family(_red_hat, asks_source=False, asks_binary=True),
    "azurelinux": Family(_by_major("Azure Linux"), asks_source=False, asks_binary=True),
    "mariner": Family(_by_major("Azure Linux"), asks_source=False, asks_binary=True),
    "amzn": Family(_by_major("Amazon Linux"), asks_source=False, asks_binary=True),
    "ol": Family(_by_major("Oracle Linux"), asks_source=False, asks_binary=True),
    "fedora": Family(_by_version("Fedora")),
    "photon": Family(_by_version("Photon OS"), asks_binary=True),
    "mageia": Family(_by_version("Mageia")),
    "openeuler": Family(_by_version("openEuler")),
    "sles": Family(_suse),
    "opensuse-leap": Family(_opensuse),
    "opensuse-tumbleweed": Family(_opensuse),
}
