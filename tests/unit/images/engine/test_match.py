from propolis.core.finding import Severity
from propolis.images.engine.compiled import CompiledEntries
from propolis.images.engine.match import find, names_of, vulnerabilities_of
from propolis.images.model.advisory import Score, ScoreKind
from propolis.images.model.exploitation import Exploitation
from propolis.images.model.package import Distribution, Package
from propolis.images.model.packed import (
    Facts,
    StatedScore,
    Weakness,
    join_entries,
    pack_entry,
    unpack_entries,
)
from propolis.images.model.vulnerability import Fix, Judgement
from tests.unit.images.advisories import advisory, fixed_in, matched

DEBIAN = Distribution("debian", "12.5", "Debian GNU/Linux 12 (bookworm)")
CURL = Package("deb", "libcurl4", "7.88.1-10", "curl", "7.88.1-10", "amd64")
LEFT_PAD = Package("npm", "left-pad", "1.2.0")
HIGH = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N")
CRITICAL = Score(ScoreKind.CVSS_V3, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")


def test_a_system_package_is_asked_about_by_its_source() -> None:
    found = matched(
        [CURL],
        advisory("DEBIAN-CVE-1-1", fixed_in("7.88.1-11", "curl", "Debian:12"), upstream=("CVE-1-1",)),
        advisory("DEBIAN-CVE-1-2", fixed_in("7.88.1-11", "libcurl4", "Debian:12"), upstream=("CVE-1-2",)),
        advisory("DEBIAN-CVE-1-3", fixed_in("7.88.1-11", "curl", "Debian:11"), upstream=("CVE-1-3",)),
    )
    assert [(one.id, one.affected_package, one.fixed_version) for one in found] == [
        ("CVE-1-1", "curl", "7.88.1-11")
    ]


def test_a_version_that_holds_the_fix_is_not_vulnerable() -> None:
    fixed = fixed_in("7.88.1-10", "curl", "Debian:12")
    assert matched([CURL], advisory("DEBIAN-CVE-1-1", fixed, upstream=("CVE-1-1",))) == ()


def test_a_cve_a_dsa_and_a_ghsa_of_one_weakness_are_one_vulnerability() -> None:
    found = matched(
        [CURL],
        advisory("CVE-1-1", fixed_in("7.88.1-11", "curl", "Debian:12"), aliases=("GHSA-1",)),
        advisory("DSA-1", fixed_in("7.88.1-12", "curl", "Debian:12"), upstream=("CVE-1-1",)),
        advisory("GHSA-1", fixed_in("7.88.1-11", "curl", "Debian:12")),
    )
    assert [(one.id, one.names) for one in found] == [("CVE-1-1", ("DSA-1", "GHSA-1"))]
    assert found[0].fixed_version == "7.88.1-12"
    assert set(found[0].fixes) == {
        Fix("CVE-1-1", "7.88.1-11"), Fix("DSA-1", "7.88.1-12"), Fix("GHSA-1", "7.88.1-11"),
    }  # fmt: skip


def test_an_erratum_over_several_weaknesses_is_several_vulnerabilities() -> None:
    found = matched(
        [CURL],
        advisory("DSA-1", fixed_in("8", "curl", "Debian:12"), upstream=("CVE-1-1", "CVE-1-2")),
        advisory("DSA-2", fixed_in("9", "curl", "Debian:12"), upstream=("CVE-1-2",)),
    )
    assert [(one.id, one.names, one.fixed_version) for one in found] == [
        ("CVE-1-1", ("DSA-1",), "8"),
        ("CVE-1-2", ("DSA-1", "DSA-2"), "9"),
    ]


def test_aliases_over_two_cves_are_one_vulnerability_under_the_older() -> None:
    found = matched(
        [LEFT_PAD],
        advisory("RUSTSEC-1", fixed_in("2.0.0"), aliases=("CVE-2021-10", "CVE-2021-9")),
        advisory("GHSA-1", fixed_in("2.0.0"), aliases=("CVE-2021-10",)),
    )
    assert [(one.id, one.names) for one in found] == [("CVE-2021-9", ("CVE-2021-10", "GHSA-1", "RUSTSEC-1"))]


def test_an_erratum_without_a_cve_stands_for_itself() -> None:
    found = matched([LEFT_PAD], advisory("MAL-1", fixed_in("2.0.0")))
    assert [(one.id, one.names) for one in found] == [("MAL-1", ())]


def test_a_fix_that_nobody_names_is_empty() -> None:
    opened = fixed_in("2.0.0", versions=("1.2.0",))
    unfixed = advisory("GHSA-1", opened.__class__("npm", "left-pad", (), ("1.2.0",)))
    assert [one.fixed_version for one in matched([LEFT_PAD], unfixed)] == [""]


def test_each_package_has_its_own_vulnerabilities_the_worst_first() -> None:
    found = matched(
        [LEFT_PAD, CURL],
        advisory("GHSA-2", fixed_in("2.0.0"), rating=Severity.LOW),
        advisory("GHSA-1", fixed_in("2.0.0"), rating=Severity.CRITICAL),
        advisory("DSA-1", fixed_in("8", "curl", "Debian:12"), upstream=("CVE-1-1",)),
    )
    assert [(one.package.name, one.id) for one in found] == [
        ("left-pad", "GHSA-1"), ("left-pad", "GHSA-2"), ("libcurl4", "CVE-1-1"),
    ]  # fmt: skip


def test_the_publisher_s_word_on_the_package_comes_first() -> None:
    own = fixed_in("8", "curl", "Debian:12", rating=Severity.LOW)
    found = matched(
        [CURL],
        advisory(
            "DSA-1", fixed_in("8", "curl", "Debian:12"), upstream=("CVE-1-1", "CVE-1-2"), rating=Severity.HIGH
        ),
        advisory("DEBIAN-CVE-1-1", own, upstream=("CVE-1-1",), rating=Severity.MEDIUM, scores=(CRITICAL,)),
    )
    assert {one.id: (one.severity, one.judgement.by) for one in found} == {
        "CVE-1-1": (Severity.LOW, "DEBIAN-CVE-1-1"),
        "CVE-1-2": (Severity.HIGH, "DSA-1"),
    }


def test_without_a_word_the_scores_decide() -> None:
    found = matched([LEFT_PAD], advisory("GHSA-1", fixed_in("2.0.0"), scores=(HIGH, CRITICAL)))
    assert found[0].judgement == Judgement(Severity.CRITICAL, "CVSS", CRITICAL, 9.8)


def test_scores_known_by_the_weakness_count_too() -> None:
    known = {
        "CVE-1-1": Weakness(scores=(StatedScore(9, HIGH),)),
        "CVE-1-2": Weakness(Exploitation("CVE-1-2", vector=CRITICAL.value, exploitation="active")),
    }
    upstream = ("CVE-1-1", "CVE-1-2", "CVE-1-3")
    found = matched(
        [CURL], advisory("DSA-1", fixed_in("8", "curl", "Debian:12"), upstream=upstream), weaknesses=known
    )
    assert {one.id: (one.severity, one.is_exploited) for one in found} == {
        "CVE-1-1": (Severity.HIGH, False),
        "CVE-1-2": (Severity.CRITICAL, True),
        "CVE-1-3": (Severity.UNKNOWN, False),
    }


def test_what_the_catalogue_lists_is_exploited() -> None:
    known = {"CVE-1-1": Weakness(Exploitation("CVE-1-1", exploited_since="2024-01-01"))}
    found = matched([LEFT_PAD], advisory("GHSA-1", fixed_in("2.0.0"), aliases=("CVE-1-1",)), weaknesses=known)
    assert found[0].is_exploited
    assert found[0].exploitation == known["CVE-1-1"].exploitation


def test_a_modular_rpm_meets_fixes_of_modules_only() -> None:
    alma = Distribution("almalinux", "8.9")
    plain = Package("rpm", "nginx", "1:1.14.1-8.el8")
    modular = Package("rpm", "nginx", "1:1.14.1-8.module_el8.3.0+2165", module="nginx:1.14")
    fixes = (
        advisory("ALSA-1", fixed_in("1:1.14.1-9.module_el8.4.0+1", "nginx", "AlmaLinux:8")),
        advisory("ALSA-2", fixed_in("1:1.16.0-1.el8", "nginx", "AlmaLinux:8")),
    )
    assert [one.id for one in matched([plain], *fixes, distribution=alma)] == ["ALSA-2"]
    assert [one.id for one in matched([modular], *fixes, distribution=alma)] == ["ALSA-1"]


def test_a_rebuild_for_an_older_debian_holds_what_the_fix_holds() -> None:
    fix = advisory("DEBIAN-CVE-1-1", fixed_in("1-2", "a", "Debian:12"), upstream=("CVE-1-1",))
    versions = ("1-2~deb12u1", "1-2~bpo12+1", "1-2~rc1", "1-1")
    found = matched([Package("deb", "a", version) for version in versions], fix)
    assert [one.package.version for one in found] == ["1-2~rc1", "1-1"]


def test_a_package_whose_version_is_too_long_is_told_and_the_rest_goes_on() -> None:
    long = Package("npm", "left-pad", "1" * 2000)
    entries = unpack_entries(join_entries(None, [pack_entry(1, fixed_in("2.0.0"))]))
    search = find([long, LEFT_PAD], DEBIAN, {("npm", "left-pad"): CompiledEntries("npm", entries)})
    assert search.unreadable == (long,)
    assert search.advisories == {1}


def test_a_package_without_a_version_is_told() -> None:
    nameless = Package("npm", "left-pad", "")
    entries = unpack_entries(join_entries(None, [pack_entry(1, fixed_in("2.0.0"))]))
    search = find([nameless], DEBIAN, {("npm", "left-pad"): CompiledEntries("npm", entries)})
    assert (search.found, search.unreadable) == ((), (nameless,))


def test_facts_that_vanished_meanwhile_are_left_out() -> None:
    entries = unpack_entries(join_entries(None, [pack_entry(1, fixed_in("2.0.0"))]))
    search = find([LEFT_PAD], DEBIAN, {("npm", "left-pad"): CompiledEntries("npm", entries)})
    assert vulnerabilities_of(search, {}, {}) == ()


def test_the_database_is_asked_about_every_cve() -> None:
    facts = [Facts("CVE-1-1", 0, ("GHSA-1",)), Facts("DSA-1", 0, (), ("CVE-1-2", "CVE-1-3"))]
    assert names_of(facts) == {"CVE-1-1", "CVE-1-2", "CVE-1-3"}
