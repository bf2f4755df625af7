"""What an installation is told."""

import re

import msgspec

from propolis import __version__
from propolis.core.errors import DocumentError

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}", re.ASCII)
MOST_REPLICAS = 50

ADMISSION, OPERATOR = "propolis-admission", "propolis-operator"
SETTINGS = "propolis-settings"
"""ConfigMap with Kyverno's settings."""


class InstallOptions(msgspec.Struct, frozen=True):
    """What an installation is told.

    Attributes:
        image: Of both workloads.
        replicas: Of admission.
        policies: Whose permissions are granted: files, folders, choices of the pack.
    """

    image: str = f"propolis:{__version__}"
    namespace: str = "propolis"
    replicas: int = 2
    policies: tuple[str, ...] = ()


def check_options(options: InstallOptions) -> None:
    """Refuses what an API server would not take. Raises `DocumentError`."""
    if not _LABEL.fullmatch(options.namespace):
        raise DocumentError(f"{options.namespace[:80]!r} is no namespace", expected="a DNS label")
    if not _IMAGE.fullmatch(options.image):
        raise DocumentError(f"{options.image[:80]!r} is no image", expected="NAME:TAG or NAME@DIGEST")
    if not 1 <= options.replicas <= MOST_REPLICAS:
        raise DocumentError(f"{options.replicas} replicas", expected=f"1 to {MOST_REPLICAS}")


def labels_of(component: str = "") -> dict[str, str]:
    """Labels of all that is installed, or of what belongs to a component."""
    names = ("name", "instance", "part-of", "managed-by")
    labels = {f"app.kubernetes.io/{name}": "propolis" for name in names}
    labels["app.kubernetes.io/version"] = __version__
    return {**labels, "app.kubernetes.io/component": component} if component else labels
