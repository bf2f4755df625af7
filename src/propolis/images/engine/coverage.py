"""What is known about the packages of an image, so that silence is never taken for safety."""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date

from propolis.images.engine.distributions import family_of
from propolis.images.engine.end_of_life import end_of_life
from propolis.images.engine.questions import SYSTEM_TYPES, ecosystems_of
from propolis.images.model.package import Distribution, Package
from propolis.images.model.vulnerability import Coverage, CoverageState


def coverage_of(
    packages: Iterable[Package], distribution: Distribution, known: AbstractSet[str], today: date
) -> tuple[Coverage, ...]:
    """One entry for each ecosystem that has packages in the image, by name.

    Args:
        packages: What is installed.
        distribution: Of the image.
        known: Ecosystems about which the database holds something.
        today: For the end of support.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    systems: set[tuple[str, ...]] = set()
    for package in packages:
        names = ecosystems_of(package, distribution) or ("", package.type)
        counts[names] += 1
        if package.type in SYSTEM_TYPES:
            systems.add(names)
    found = [
        _system(names, count, distribution, known, today) if names in systems else _other(names, count, known)
        for names, count in counts.items()
    ]
    return tuple(sorted(found, key=lambda one: one.ecosystem))


def _system(
    names: tuple[str, ...], count: int, distribution: Distribution, known: AbstractSet[str], today: date
) -> Coverage:
    title = distribution.name or f"{distribution.id} {distribution.version}".strip() or "no distribution"
    if family_of(distribution) is None:
        reason = f"advisories of {title} are not supported"
        return Coverage(title, count, CoverageState.UNSUPPORTED, reason)
    ended = end_of_life(distribution)
    if ended is not None and today > ended:
        reason = f"support of {title} ended on {ended}: newer vulnerabilities have no advisories"
        return Coverage(names[0], count, CoverageState.END_OF_LIFE, reason, ended)
    return _other(names, count, known)


def _other(names: tuple[str, ...], count: int, known: AbstractSet[str]) -> Coverage:
    if not names[0]:
        reason = f"no advisories exist for packages of type {names[1]}"
        return Coverage(names[1], count, CoverageState.UNSUPPORTED, reason)
    if known.isdisjoint(names):
        reason = f"the database holds nothing about {names[0]}: import or update advisories"
        return Coverage(names[0], count, CoverageState.NOTHING_KNOWN, reason)
    return Coverage(names[0], count, CoverageState.KNOWN)
