"""Where an image lies: registry and repository of a reference, and the address to ask."""

import ipaddress
import re

import msgspec
from yarl import URL

from propolis.core.errors import DocumentError, Place
from propolis.lang.image_reference import DEFAULT_REGISTRY, ImageReference, parse_image_reference

DOCKER_HUB = frozenset({DEFAULT_REGISTRY, "index.docker.io", "registry-1.docker.io"})
"""Names of one registry, which listens under the last of them."""
_HUB_HOST = "registry-1.docker.io"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Repository(msgspec.Struct, frozen=True):
    """A repository of a registry.

    Attributes:
        registry: Host and port as references write them ("docker.io", "localhost:5000").
        path: Its name there ("library/debian").
        is_plain: Whether it is asked over http.
    """

    registry: str
    path: str
    is_plain: bool = False

    @property
    def origin(self) -> URL:
        """Scheme, host and port. Raises `DocumentError` where there is no such address."""
        host = _HUB_HOST if self.registry in DOCKER_HUB else self.registry
        try:
            return URL(f"{'http' if self.is_plain else 'https'}://{host}").origin()
        except ValueError as error:
            raise DocumentError(f"a registry {host!r}", expected="a host and a port") from error

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.registry}/{self.path}"


def parse_reference(text: str) -> ImageReference:
    """The parts of a reference to an image of a registry.

    Raises:
        DocumentError: It is none, or its digest is of another kind than sha256.
    """
    reference = parse_image_reference(text)
    if reference is None:
        raise DocumentError(
            "no reference of an image", Place(text[:200]), "[REGISTRY/]NAME[:TAG][@sha256:...]"
        )
    if reference.digest:
        check_digest(reference.digest, Place(text[:200]))
    return reference


def repository_of(
    reference: ImageReference, *, is_insecure: bool = False, has_tls: bool = False
) -> Repository:
    """The repository of a reference.

    http is spoken with this very machine, unless the caller brought a trust of its own (`has_tls`), and
    with every registry that the caller called insecure.

    Raises:
        DocumentError: The registry has no possible address.
    """
    is_hub = reference.registry in DOCKER_HUB
    path = f"library/{reference.path}" if is_hub and "/" not in reference.path else reference.path
    secure = Repository(reference.registry, path)
    is_plain = is_insecure or (is_loopback(secure.origin) and not has_tls)
    return Repository(reference.registry, path, is_plain)


def is_loopback(url: URL) -> bool:
    """Whether an address is one of this very machine."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host or "").is_loopback
    except ValueError:
        return False


def check_digest(digest: str, place: Place) -> str:
    """A digest that may stand in an address. Raises `DocumentError`."""
    if not _DIGEST.fullmatch(digest):
        raise DocumentError(f"a digest {digest[:80]!r}", place, "sha256: and 64 hexadecimal digits")
    return digest
