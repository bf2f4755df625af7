from datetime import date
from pathlib import Path

from propolis.images.model.exploitation import Exploitation
from propolis.images.model.package import Distribution, Package
from propolis.images.model.vulnerability import CoverageState
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.matcher import Matcher
from tests.unit.images.advisories import NOW, advisory, fixed_in

TODAY = date(2026, 11, 21)


def test_packages_are_matched_against_a_database(tmp_path: Path) -> None:
    database = tmp_path / "advisories.sqlite"
    import_advisories(
        database,
        [
            advisory("GHSA-1", fixed_in("2.0.0"), aliases=("CVE-1-1",)),
            advisory("DSA-1", fixed_in("2-1", "curl", "Debian:12"), upstream=("CVE-1-1", "CVE-1-2")),
            Exploitation("CVE-1-1", exploitation="active"),
        ],
        NOW,
    )
    packages = [
        Package("deb", "libcurl4", "1-1", "curl", "1-1"),
        Package("npm", "left-pad", "1.0.0"),
        Package("gem", "a", "1"),
    ]
    with AdvisoryDatabase(database) as opened:
        matcher = Matcher(opened)
        first = matcher.match(packages, Distribution("debian", "12"), TODAY)
        again = matcher.match(packages, Distribution("debian", "12"), TODAY)
    assert first == again
    assert [(one.package.name, one.id, one.is_exploited) for one in first.vulnerabilities] == [
        ("libcurl4", "CVE-1-1", True), ("libcurl4", "CVE-1-2", False), ("left-pad", "CVE-1-1", True),
    ]  # fmt: skip
    assert {one.ecosystem: one.state for one in first.coverage} == {
        "Debian:12": CoverageState.KNOWN,
        "npm": CoverageState.KNOWN,
        "RubyGems": CoverageState.NOTHING_KNOWN,
    }
