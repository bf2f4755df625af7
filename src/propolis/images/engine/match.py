"""Packages and advisories become vulnerabilities.

Three steps, so that nothing here reads anything: `questions_of` tells what to ask, `find` asks the compiled
entries, `vulnerabilities_of` joins what it finds with the facts of the advisories and with what is known of
the weaknesses. An erratum over three CVEs becomes three vulnerabilities; a CVE, a DSA and a GHSA of one
weakness become one with three names.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from propolis.core.errors import LimitError
from propolis.core.finding import Severity
from propolis.images.engine.compiled import CompiledEntries, Hit
from propolis.images.engine.names import Groups, preferred
from propolis.images.engine.questions import Question, questions_of
from propolis.images.engine.severity import judge, score_of_vector
from propolis.images.model.advisory import Score
from propolis.images.model.package import Distribution, Package
from propolis.images.model.packed import Facts, Weakness, weaknesses_of
from propolis.images.model.vulnerability import Fix, Vulnerability
from propolis.lang.versions import semver
from propolis.lang.versions.registry import order_of


class Found(msgspec.Struct, frozen=True):
    """What one question found."""

    package: Package
    question: Question
    hits: tuple[Hit, ...]


class Search(msgspec.Struct, frozen=True):
    """What all packages found, and those whose version is missing or too long to order."""

    found: tuple[Found, ...]
    unreadable: tuple[Package, ...]

    @property
    def advisories(self) -> frozenset[int]:
        """Numbers whose facts are needed."""
        return frozenset(hit.entry.advisory for one in self.found for hit in one.hits)


def find(
    packages: Iterable[Package],
    distribution: Distribution,
    compiled: Mapping[tuple[str, str], CompiledEntries],
) -> Search:
    """Asks about every package.

    Args:
        packages: What is installed.
        distribution: Whose advisories count for system packages.
        compiled: Entries by ecosystem and package; packages without advisories are absent.
    """
    found: list[Found] = []
    unreadable: list[Package] = []
    for package in packages:
        if not package.version:
            unreadable.append(package)
            continue
        try:
            for question in questions_of(package, distribution):
                entries = compiled.get((question.ecosystem, question.package))
                hits = entries.hits(question.version) if entries else []
                if hits:
                    found.append(Found(package, question, tuple(hits)))
        except LimitError:
            unreadable.append(package)
    return Search(tuple(found), tuple(unreadable))


def names_of(facts: Iterable[Facts]) -> frozenset[str]:
    """The CVEs about which the database should be asked."""
    return frozenset(name for one in facts for name in weaknesses_of([one.id, *one.aliases, *one.upstream]))


def vulnerabilities_of(
    search: Search, facts: Mapping[int, Facts], weaknesses: Mapping[str, Weakness]
) -> tuple[Vulnerability, ...]:
    """One vulnerability for each weakness in each package; packages as found, the worst first in each."""
    by_package: dict[Package, list[Found]] = {}
    for found in search.found:
        by_package.setdefault(found.package, []).append(found)
    result: list[Vulnerability] = []
    for founds in by_package.values():
        hits = [
            _KnownHit(found.question, hit, facts[hit.entry.advisory])
            for found in founds
            for hit in found.hits
            if hit.entry.advisory in facts
        ]
        result += sorted(_merged(founds[0].package, hits, weaknesses), key=_worst_first)
    return tuple(result)


class _KnownHit(msgspec.Struct, frozen=True):
    question: Question
    hit: Hit
    facts: Facts


def _worst_first(vulnerability: Vulnerability) -> tuple[int, str]:
    return -vulnerability.severity.rank, vulnerability.id


def _merged(
    package: Package, hits: Sequence[_KnownHit], weaknesses: Mapping[str, Weakness]
) -> Iterable[Vulnerability]:
    groups = Groups()
    for known in hits:
        for names in _weaknesses(known.facts):
            groups.join(names)
    by_root: dict[str, list[_KnownHit]] = {}
    for known in hits:
        for root in dict.fromkeys(groups.root(names[0]) for names in _weaknesses(known.facts)):
            by_root.setdefault(root, []).append(known)
    members = groups.members()
    for root, own in by_root.items():
        yield _vulnerability(package, members[root], own, weaknesses)


def _weaknesses(facts: Facts) -> list[list[str]]:
    """The weaknesses that an advisory is about, each by its names in that advisory.

    One that names weaknesses upstream is about these; any other is itself a name of its weakness.
    """
    if facts.upstream:
        return [[name] for name in weaknesses_of(facts.upstream) or facts.upstream]
    return [[facts.id, *facts.aliases]]


def _vulnerability(
    package: Package, names: Sequence[str], hits: Sequence[_KnownHit], weaknesses: Mapping[str, Weakness]
) -> Vulnerability:
    own_name = preferred(names)
    known = [weaknesses[name] for name in weaknesses_of(names) if name in weaknesses]
    fixes = {Fix(one.facts.id, one.hit.fixed): None for one in hits}
    first = hits[0].question
    return Vulnerability(
        id=own_name,
        names=tuple(sorted({*names, *(one.facts.id for one in hits)} - {own_name})),
        package=package,
        ecosystem=first.ecosystem,
        affected_package=first.package,
        fixed_version=_highest(first.ecosystem, (fix.version for fix in fixes)),
        fixes=tuple(fixes),
        judgement=judge(_words(hits), _scores(hits, known)),
        exploitation=next((one.exploitation for one in known if one.exploitation), None),
        advisories=tuple(dict.fromkeys(one.hit.entry.advisory for one in hits)),
    )


def _words(hits: Sequence[_KnownHit]) -> list[tuple[Severity, str]]:
    """Publishers' words: about this package alone, then about one weakness, then about several at once."""
    words: list[tuple[int, int, Severity, str]] = []
    for one in hits:
        is_shared = len(one.facts.upstream) > 1
        for place, word in enumerate((one.hit.entry.rating, one.facts.rating)):
            if word is not Severity.UNKNOWN:
                words.append((is_shared * 2 + place, -word.rank, word, one.facts.id))
    words.sort(key=lambda word: word[:2])
    return [(word, advisory) for _, _, word, advisory in words]


def _scores(hits: Sequence[_KnownHit], known: Sequence[Weakness]) -> list[Score]:
    """Scores of this weakness; those of an erratum over several only where nothing else is known."""
    own = [score for one in hits if len(one.facts.upstream) <= 1 for score in _stated(one)]
    own += [stated.score for weakness in known for stated in weakness.scores]
    for weakness in known:
        score = score_of_vector(weakness.exploitation.vector) if weakness.exploitation else None
        if score is not None:
            own.append(score)
    return own or [score for one in hits for score in _stated(one)]


def _stated(known: _KnownHit) -> tuple[Score, ...]:
    return known.hit.entry.scores or known.facts.scores


def _highest(ecosystem: str, versions: Iterable[str]) -> str:
    """The fix that satisfies every advisory that names one."""
    order = order_of(ecosystem) or semver.ORDER
    return max((version for version in versions if version), key=order.key, default="")
