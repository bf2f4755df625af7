"""The project's own policies, from the package's files."""

from importlib import resources

from propolis.policy.model import Policy
from propolis.policy.sources.documents import read_policies

PACKAGE = "propolis.policy.pack"
PREFIX = "pack/"


def content(path: str) -> bytes | None:
    """The file of a policy of the pack by the path of its origin; None for any other path."""
    for item in resources.files(PACKAGE).iterdir() if path.startswith(PREFIX) else ():
        if path == f"{PREFIX}{item.name}":
            return item.read_bytes()
    return None


def load() -> list[Policy]:
    """All policies of the pack, by name.

    Raises:
        DocumentError: A file of the package is damaged.
    """
    policies: list[Policy] = []
    for item in sorted(resources.files(PACKAGE).iterdir(), key=lambda item: item.name):
        if item.name.endswith(".yaml"):
            loaded = read_policies(item.read_bytes(), f"{PREFIX}{item.name}")
            if loaded.errors:
                raise loaded.errors[0]
            policies += [one for one in loaded.policies if isinstance(one, Policy)]
    return policies
