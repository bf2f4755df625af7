from datetime import date

from propolis.images.engine.coverage import coverage_of
from propolis.images.engine.end_of_life import end_of_life, is_supported
from propolis.images.model.package import Distribution, Package
from propolis.images.model.vulnerability import Coverage, CoverageState

TODAY = date(2026, 11, 21)
DEB = Package("deb", "a", "1")
NPM = Package("npm", "a", "1")


def test_what_the_database_knows_is_known() -> None:
    found = coverage_of([DEB, DEB, NPM], Distribution("debian", "12"), {"Debian:12", "npm"}, TODAY)
    assert found == (
        Coverage("Debian:12", 2, CoverageState.KNOWN),
        Coverage("npm", 1, CoverageState.KNOWN),
    )


def test_an_ecosystem_without_data_is_told() -> None:
    (found,) = coverage_of([NPM], Distribution(), set(), TODAY)
    assert found.state is CoverageState.NOTHING_KNOWN
    assert "import or update advisories" in found.reason


def test_a_release_after_its_end_of_life_is_told_though_data_exist() -> None:
    (found,) = coverage_of([DEB], Distribution("debian", "9"), {"Debian:9"}, TODAY)
    assert (found.state, found.ended) == (CoverageState.END_OF_LIFE, date(2022, 6, 30))
    assert "ended on 2022-06-30" in found.reason


def test_an_unknown_distribution_is_told() -> None:
    (found,) = coverage_of([DEB], Distribution("atlantis", "3", "Atlantis 3"), {"Debian:12"}, TODAY)
    assert (found.ecosystem, found.state) == ("Atlantis 3", CoverageState.UNSUPPORTED)
    (nameless,) = coverage_of([DEB], Distribution(), {"Debian:12"}, TODAY)
    assert nameless.ecosystem == "no distribution"


def test_packages_of_an_unknown_type_are_told() -> None:
    (found,) = coverage_of([Package("runes", "a", "1")], Distribution(), {"npm"}, TODAY)
    assert (found.ecosystem, found.state) == ("runes", CoverageState.UNSUPPORTED)


def test_one_known_stream_of_a_release_is_enough() -> None:
    rpm = Package("rpm", "a", "1")
    (found,) = coverage_of([rpm], Distribution("rhel", "9"), {"Red Hat:enterprise_linux:9::baseos"}, TODAY)
    assert found.state is CoverageState.KNOWN


def test_a_release_is_supported_up_to_its_last_day() -> None:
    alpine = Distribution("alpine", "3.6.5")
    assert end_of_life(alpine) == date(2019, 5, 1)
    assert is_supported(alpine, date(2019, 5, 1))
    assert not is_supported(alpine, date(2019, 5, 2))


def test_a_release_without_a_known_end_counts_as_supported() -> None:
    assert is_supported(Distribution("debian", "999"), TODAY)
    assert is_supported(Distribution("atlantis", "1"), TODAY)
