"""How fast versions sort and meet ranges, against plain strings and the `packaging` library."""

import random
import time
from collections.abc import Callable, Sequence

from packaging.version import Version

from propolis.lang.versions import alpine, debian, maven, packagist, pypi, rpm, rubygems, semver
from propolis.lang.versions.ranges import EndKind, Interval, RangeSet

COUNT = 20_000
ROUNDS = 3
SUFFIXES = {
    debian: ("-1", "-1+deb12u2", "~rc1-1", "+dfsg-3ubuntu0.2"),
    alpine: ("-r0", "-r12", "_rc1-r0", "_p2-r1"),
    rpm: ("-1.el9", "-229.el9_2.1", "~rc1-1.fc40", "^git1-2"),
    pypi: ("", "rc1", ".post1", ".dev3"),
    semver: ("", "-rc.1", "-alpha.2+build", ""),
    maven: ("", ".Final", "-SNAPSHOT", "-jre"),
    rubygems: ("", ".pre", ".rc1", ".beta.2"),
    packagist: ("", "-RC1", "-beta2", "-dev"),
}


def made_versions(suffixes: Sequence[str]) -> list[str]:
    """Versions without repetition, so that no cache helps."""
    chance = random.Random(7)  # noqa: S311  # reproducible, not secret
    return [
        f"{chance.randrange(40)}.{chance.randrange(99)}.{n}{chance.choice(suffixes)}" for n in range(COUNT)
    ]


def seconds(work: Callable[[], object]) -> float:
    """The best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def run() -> list[str]:
    lines = []
    for module, suffixes in SUFFIXES.items():
        versions = made_versions(suffixes)
        reference = seconds(lambda versions=versions: sorted(versions))  # type: ignore[misc]
        own = seconds(lambda versions=versions, module=module: sorted(versions, key=module.make_key))  # type: ignore[misc]
        lines.append(
            f"versions: sort {COUNT} of {module.ORDER.name}: {own / reference:.1f}x sorting as strings"
        )
    return [*lines, against_packaging(), range_check()]


def against_packaging() -> str:
    versions = made_versions(SUFFIXES[pypi])
    reference = seconds(lambda: sorted(versions, key=Version))
    own = seconds(lambda: sorted(versions, key=pypi.make_key))
    return f"versions: sort {COUNT} of pypi: {own / reference:.2f}x packaging.version.Version"


def range_check() -> str:
    versions = made_versions(SUFFIXES[semver])
    members = set(versions[::2])
    found = RangeSet(
        semver.ORDER, [Interval(f"{n}.0.0", f"{n}.50.0", EndKind.FIXED) for n in range(0, 40, 2)], ()
    )
    for version in versions:
        semver.ORDER.key(version)
    reference = seconds(lambda: [version in members for version in versions])
    own = seconds(lambda: [version in found for version in versions])
    return f"versions: 20 intervals, {COUNT} known versions: {own / reference:.1f}x `in` of a set of texts"
