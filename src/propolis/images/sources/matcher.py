"""Asks the advisory database about packages and hands the answers to the engine.

Keeps the results of packages, since images share most of theirs.
"""

import functools
from collections.abc import Sequence
from datetime import date

from propolis.images.engine.compiled import CompiledEntries
from propolis.images.engine.coverage import coverage_of
from propolis.images.engine.match import find, names_of, vulnerabilities_of
from propolis.images.engine.questions import questions_of
from propolis.images.model.package import Distribution, Package
from propolis.images.model.packed import Facts, Weakness
from propolis.images.model.vulnerability import Matching, Vulnerability
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase

_KEPT_RESULTS = 50_000
_KEPT_COMPILED = 50_000
_KEPT_FACTS = 100_000


class Matcher:
    """Matches package lists against one open database. Raises `SourceError` when the database fails."""

    def __init__(self, database: AdvisoryDatabase) -> None:
        self._database = database
        self._result = functools.lru_cache(_KEPT_RESULTS)(self._match_one)
        self._compiled = functools.lru_cache(_KEPT_COMPILED)(self._compile)
        self._fact = functools.lru_cache(_KEPT_FACTS)(self._read_fact)
        self._weakness = functools.lru_cache(_KEPT_FACTS)(self._read_weakness)

    def match(self, packages: Sequence[Package], distribution: Distribution, today: date) -> Matching:
        """All vulnerabilities of a list of packages, and what is not known about it."""
        results = [self._result(package, distribution) for package in packages]
        return Matching(
            vulnerabilities=tuple(one for found in results if found for one in found),
            coverage=coverage_of(packages, distribution, self._database.ecosystems, today),
            unreadable=tuple(
                package for package, found in zip(packages, results, strict=True) if found is None
            ),
        )

    def _match_one(self, package: Package, distribution: Distribution) -> tuple[Vulnerability, ...] | None:
        """The vulnerabilities of one package; None where its version is missing or too long to order."""
        compiled = {}
        for question in questions_of(package, distribution):
            key = question.ecosystem, question.package
            entries = self._compiled(*key)
            if entries is not None:
                compiled[key] = entries
        if not compiled and package.version:
            return ()
        search = find([package], distribution, compiled)
        if search.unreadable:
            return None
        facts = {number: fact for number in search.advisories if (fact := self._fact(number))}
        names = names_of(facts.values())
        weaknesses = {name: weakness for name in names if (weakness := self._weakness(name))}
        return vulnerabilities_of(search, facts, weaknesses)

    def _compile(self, ecosystem: str, package: str) -> CompiledEntries | None:
        entries = self._database.entries(ecosystem, package)
        return CompiledEntries(ecosystem, entries) if entries else None

    def _read_fact(self, number: int) -> Facts | None:
        return self._database.facts([number]).get(number)

    def _read_weakness(self, name: str) -> Weakness | None:
        return self._database.weaknesses([name]).get(name)
