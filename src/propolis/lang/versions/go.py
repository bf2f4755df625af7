"""Versions of Go modules and of Go itself. Follows golang.org/x/mod/semver and go/version.

Modules have semantic versions (``v1.2.3``, pseudo-versions are pre-releases). The distribution writes
``go1.21rc2`` and, for a custom build, ``go1.21.3 X:boringcrypto``.
"""

import re

from propolis.lang.versions import semver
from propolis.lang.versions.order import Key, VersionOrder

_TOOLCHAIN = re.compile(r"(?:go)?([0-9]+(?:\.[0-9]+)*)(?:(alpha|beta|rc)([0-9]+))?(?:[-+ ].*)?")


def make_key(version: str) -> Key:
    """As a semantic version, after the distribution's own spelling is rewritten."""
    return semver.make_key(_rewritten(version.strip()))


def _rewritten(version: str) -> str:
    """``go1.21rc2`` as ``1.21-rc.2``; other texts as they are."""
    if version.startswith("go"):
        found = _TOOLCHAIN.fullmatch(version)
        if found:
            return f"{found[1]}-{found[2]}.{found[3]}" if found[2] else found[1]
    return version


def is_valid(version: str) -> bool:
    """Whether Go takes it for a module or for itself."""
    text = version.strip()
    return semver.is_valid(text) or (text.startswith("go") and _TOOLCHAIN.fullmatch(text) is not None)


ORDER = VersionOrder("go", make_key, is_valid)
