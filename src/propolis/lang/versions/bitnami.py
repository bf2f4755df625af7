"""Versions of Bitnami components: semantic versions with a revision, ``1.2.3-4``.

A single number after the hyphen is the revision of the packaging, above the version without one; anything
else after it is a pre-release. Follows bitnami/go-version.
"""

from propolis.lang.versions import semver
from propolis.lang.versions.order import Key, VersionOrder


def make_key(version: str) -> Key:
    """Numbers, pre-release, revision; no revision is 0."""
    found = semver.split(version)
    if found is None:
        return (-1,), (semver.TEXT, version), 0
    numbers, prerelease, _ = found
    if prerelease.isascii() and prerelease.isdigit():
        return semver.numbers_key(numbers), semver.prerelease_key(""), int(prerelease)
    return semver.numbers_key(numbers), semver.prerelease_key(prerelease), 0


ORDER = VersionOrder("bitnami", make_key, semver.is_valid)
