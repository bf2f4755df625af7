"""Asks the advisory database about packages and hands the answers to the engine.

Keeps compiled entries of packages that were asked about, since images share most of theirs.
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
from propolis.images.model.vulnerability import Matching
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase

_KEPT_PACKAGES = 50_000
_KEPT_FACTS = 100_000


class Matcher:
    """Matches package lists against one open database. Raises `SourceError` when the database fails."""

    def __init__(self, database: AdvisoryDatabase) -> None:
        self._database = database
        self._compiled = functools.lru_cache(_KEPT_PACKAGES)(self._compile)
        self._facts = functools.lru_cache(_KEPT_FACTS)(self._read_facts)
        self._weakness = functools.lru_cache(_KEPT_FACTS)(self._read_weakness)

    def match(self, packages: Sequence[Package], distribution: Distribution, today: date) -> Matching:
        """All vulnerabilities of a list of packages, and what is not known about it."""
        compiled = {}
        for package in packages:
            for question in questions_of(package, distribution):
                key = question.ecosystem, question.package
                entries = self._compiled(*key)
                if entries is not None:
                    compiled[key] = entries
        search = find(packages, distribution, compiled)
        facts = {number: fact for number in search.advisories if (fact := self._facts(number))}
        names = names_of(facts.values())
        weaknesses = {name: weakness for name in names if (weakness := self._weakness(name))}
        return Matching(
            vulnerabilities=vulnerabilities_of(search, facts, weaknesses),
            coverage=coverage_of(packages, distribution, self._database.ecosystems, today),
            unreadable=search.unreadable,
        )

    def _compile(self, ecosystem: str, package: str) -> CompiledEntries | None:
        entries = self._database.entries(ecosystem, package)
        return CompiledEntries(ecosystem, entries) if entries else None

    def _read_facts(self, number: int) -> Facts | None:
        return self._database.facts([number]).get(number)

    def _read_weakness(self, name: str) -> Weakness | None:
        return self._database.weaknesses([name]).get(name)
