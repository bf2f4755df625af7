"""NuGet versions: up to four numbers and a pre-release that ignores case. Follows NuGet.Versioning."""

import re

from propolis.lang.versions import semver
from propolis.lang.versions.order import Key, VersionOrder

_VALID = re.compile(
    r"[0-9]+(?:\.[0-9]+){0,3}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


def make_key(version: str) -> Key:
    """As a semantic version in lower case; build metadata does not count."""
    return semver.make_key(version.lower())


def is_valid(version: str) -> bool:
    """Whether NuGet takes it, old four-number versions included."""
    return _VALID.fullmatch(version.strip()) is not None


ORDER = VersionOrder("nuget", make_key, is_valid)
