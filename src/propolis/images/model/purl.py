"""Package URLs of installed packages, and back.

Follows ECMA-427 and the definitions of types of package-url/purl-spec @ 16f3d0e.
The rules of types are those of packageurl-python. It is older than the specification in two things, which are
added here: a slash in the value of a qualifier is escaped, and some types must have a namespace or have none.
"""

from packageurl import PackageURL

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.images.model.package import Distribution, Package

MOST_CHARACTERS = 4096

NEEDS_NAMESPACE = frozenset(
    {
        "alpm", "apk", "bitbucket", "composer", "deb", "git", "github", "huggingface", "maven", "qpkg", "rpm",
        "swift", "vscode-extension",
    }
)  # fmt: skip
"""Types whose definition asks for one; not golang, whose standard library has none."""

HAS_NO_NAMESPACE = frozenset(
    {
        "bazel", "bitnami", "cargo", "chrome-extension", "cocoapods", "conda", "cran", "gem", "hackage",
        "julia", "mlflow", "nuget", "oci", "opam", "otp", "pub", "pypi", "vcpkg",
    }
)  # fmt: skip

SYSTEM_TYPES = frozenset({"deb", "apk", "rpm"})
_VENDORS = {
    "almalinux": "alma",
    "amzn": "amazon",
    "mariner": "cbl-mariner",
    "ol": "oracle",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "rhel": "redhat",
    "sle-micro": "suse",
    "sles": "suse",
}
"""Namespaces that differ from the id of os-release: those by which Trivy knows whose package it is."""


class Purl(PackageURL):
    """A package URL whose text is canonical."""

    def to_string(self, encode: bool | None = True) -> str:  # noqa: FBT001, FBT002  # as the library declares it
        """The canonical text: no slash stands bare in a qualifier."""
        head, mark, rest = super().to_string(encode).partition("?")
        qualifiers, subpath_mark, subpath = rest.partition("#")
        return f"{head}{mark}{qualifiers.replace('/', '%2F')}{subpath_mark}{subpath}"


def parse_purl(text: str, place: Place | None = None) -> Purl:
    """A package URL in its parts. Raises `DocumentError` for a text that is none."""
    if len(text) > MOST_CHARACTERS:
        raise LimitError("package URL is too long", place, f"at most {MOST_CHARACTERS} characters")
    try:
        found = Purl.from_string(text)
    except ValueError as error:
        raise DocumentError(f"no package URL: {error}", place, "pkg:TYPE/NAMESPACE/NAME@VERSION") from None
    if fault := fault_of(found):
        raise DocumentError(f"package URL {text[:200]!r} {fault}", place, "what its type is defined to have")
    return Purl(*found)


def fault_of(url: PackageURL) -> str:
    """What the definition of the type forbids; empty for a right one."""
    if url.type in NEEDS_NAMESPACE and not url.namespace:
        return "has no namespace"
    if url.type in HAS_NO_NAMESPACE and url.namespace:
        return "has a namespace"
    return ""


def purl_of(package: Package, distribution: Distribution | None) -> str:
    """The package URL of an installed package.

    Empty where none can be told: a package of a distribution that the image does not name, a Java archive
    whose group nobody knows, a name that is blank, that its type does not allow or that would be read as
    another one.
    """
    namespace, name = _split(package, distribution)
    if not name.strip().strip("/").strip():
        return ""
    epoch, version = _without_epoch(package)
    qualifiers = _qualifiers(package, distribution, epoch) if package.type in SYSTEM_TYPES else None
    try:
        url = Purl(package.type, namespace, name, version, qualifiers)
        text = url.to_string()
        return text if parse_purl(text) == url else ""
    except (ValueError, DocumentError):
        return ""


def _split(package: Package, distribution: Distribution | None) -> tuple[str, str]:
    """Namespace and name."""
    if package.type in SYSTEM_TYPES:
        identity = distribution.id if distribution else ""
        return _VENDORS.get(identity, identity), package.name
    if package.type in HAS_NO_NAMESPACE:
        return "", package.name
    namespace, _, name = package.name.rpartition(":" if package.type == "maven" else "/")
    return namespace, name


def _without_epoch(package: Package) -> tuple[str, str]:
    """An rpm's epoch is a qualifier; deb versions are written whole, as the definitions say."""
    epoch, colon, version = package.version.partition(":")
    return (epoch, version) if colon and package.type == "rpm" else ("", package.version)


def _qualifiers(package: Package, distribution: Distribution | None, epoch: str) -> dict[str, str]:
    found = {
        "arch": package.architecture,
        "distro": "-".join(filter(None, (distribution.id, distribution.version))) if distribution else "",
        "epoch": epoch,
        "modularitylabel": package.module,
    }
    return {key: value for key, value in found.items() if value}


def package_of(text: str, place: Place | None = None) -> Package:
    """The package that a package URL names. Raises `DocumentError` for a text that is none."""
    url = parse_purl(text, place)
    qualifiers = url.qualifiers if isinstance(url.qualifiers, dict) else {}
    epoch, version = qualifiers.get("epoch", ""), url.version or ""
    return Package(
        type=url.type,
        name=_joined(url),
        version=f"{epoch}:{version}" if epoch else version,
        architecture=qualifiers.get("arch", ""),
        module=qualifiers.get("modularitylabel", ""),
    )


def _joined(url: PackageURL) -> str:
    if not url.namespace or url.type in SYSTEM_TYPES:
        return url.name
    return f"{url.namespace}{':' if url.type == 'maven' else '/'}{url.name}"


def image_purl(name: str, digest: str, repository: str, architecture: str) -> str:
    """The package URL of an image.

    Args:
        name: Last part of the repository.
        digest: ``sha256:...`` of its manifest.
        repository: With its registry (``docker.io/library/debian``).
        architecture: As the image's configuration names it.
    """
    qualifiers = {"repository_url": repository, "arch": architecture}
    url = Purl("oci", None, name, digest, {key: value for key, value in qualifiers.items() if value})
    return url.to_string()
