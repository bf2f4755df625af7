"""Versions of Dart packages: semantic versions whose build metadata counts. Follows pub_semver."""

from propolis.lang.versions import semver
from propolis.lang.versions.order import Key, VersionOrder


def make_key(version: str) -> Key:
    """Numbers, pre-release, then build metadata; none is below any."""
    found = semver.split(version)
    if found is None:
        return (-1,), (semver.TEXT, version), ()
    numbers, prerelease, build = found
    return semver.numbers_key(numbers), semver.prerelease_key(prerelease), _build_key(build)


def _build_key(build: str) -> Key:
    return semver.prerelease_key(build) if build else ()


ORDER = VersionOrder("pub", make_key, semver.is_valid)
