import pytest

from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.registry import order_of

RISING = {
    "Debian": [
        "1.0~rc1", "1.0~rc1-1", "1.0", "1.0-1~bpo1", "1.0-1", "1.0-1ubuntu1", "1.0-1+b1", "1.0-1.1",
        "1.0a", "1.0+dfsg", "1.1", "1.10", "1:0.1",
    ],
    "Alpine": [
        "1.2_alpha", "1.2_alpha2", "1.2_beta", "1.2_pre1", "1.2_rc1", "1.2", "1.2-r0", "1.2-r2", "1.2-r10",
        "1.2_p1", "1.2a", "1.2.01", "1.2.1", "1.10",
    ],
    "AlmaLinux:9": ["1.0~rc1-1", "1.0", "1.0-0", "1.0-1.el9", "1.0-1.el9_2", "1.0^git1-1", "1.0.1", "1:0.1"],
    "npm": [
        "garbage", "1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.1", "1.0.0",
        "1.0.1-0", "v1.0.1", "2",
    ],
    "Go": [
        "v0.0.0-20190101000000-abcdefabcdef", "v0.0.1", "go1.20", "go1.21beta1", "go1.21rc2", "go1.21.0",
        "go1.21.3", "v1.21.4-0",
    ],
    "PyPI": [
        "trunk", "2.0-legacy", "1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0b2", "1.0c3", "1.0rc4", "1.0",
        "1.0+abc.1", "1.0+5", "1.0.post1.dev1", "1.0.post1", "1.0.1", "1!0.1",
    ],
    "Maven": [
        "1-alpha-1", "1-b2", "1-M3", "1-cr4", "1-SNAPSHOT", "1.0.GA", "1-sp", "1-sp-1", "1-xyz", "1-2",
        "1.0.1", "1.1", "2",
    ],
    "RubyGems": ["1.0.a", "1.0.a.1", "1.0.b1", "1.0-1", "1.0.rc.2", "1.0", "1.0.1", "1.10"],
    "Packagist": [
        "dev-master", "1.0-dev", "1.0-alpha2", "1.0-beta.1", "1.0RC1", "1.0", "1.0.0", "1.0.1", "v1.0pl1",
    ],
    "NuGet": ["1.0.0-Alpha", "1.0.0-beta", "1.0.0-BETA2", "1.0.0", "1.0.0.1-a", "1.0.0.1", "1.0.1"],
    "Bitnami": ["1.2.3-rc.1", "1.2.3", "1.2.3-1", "1.2.3-10", "1.2.4"],
    "Hackage": ["x", "0.9", "1.0", "1.0.0", "1.0.0.0", "1.1"],
    "CRAN": ["x", "0.9", "0.75", "1.0", "1.0-0", "1.0.1"],
    "Pub": ["1.0.0-pre", "1.0.0-pre+1", "1.0.0", "1.0.0+build", "1.0.1"],
}  # fmt: skip
EQUAL = {
    "Ubuntu:22.04:LTS": ["0:1.0-0", "1.0", "1.0-", "1.00"],
    "Wolfi": ["1-r1", "1-r01"],
    "Red Hat": ["1_0-1", "1.0-1", "0:1.0-1", "1.0-01"],
    "crates.io": ["1", "1.0", "1.0.0", "v1.0.0", "=1.0.0", "1.0.0+build"],
    "PyPI": ["1", "1.0", "1.0.0", "v1.0", " 1.0 "],
    "Maven": ["1", "1.0", "1.0.0", "1-ga", "1.final", "1.0.RELEASE", "1-"],
    "RubyGems": ["1", "1.0", "1.0.0"],
    "Packagist": ["1.0-alpha1", "1.0a1", "v1.0.A1".lower(), "1.0_alpha.1"],
    "NuGet": ["1.0", "1.0.0.0", "1.0.0+meta"],
}  # fmt: skip


def order(ecosystem: str) -> VersionOrder:
    found = order_of(ecosystem)
    assert found is not None
    return found


@pytest.mark.parametrize("ecosystem", RISING)
def test_each_version_is_below_all_that_follow(ecosystem: str) -> None:
    versions = RISING[ecosystem]
    for place, version in enumerate(versions):
        later = [order(ecosystem).compare(version, other) for other in versions[place + 1 :]]
        assert later == [-1] * len(later), version


@pytest.mark.parametrize("ecosystem", EQUAL)
def test_spellings_of_one_version_are_equal(ecosystem: str) -> None:
    keys = {order(ecosystem).key(version) for version in EQUAL[ecosystem]}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("ecosystem", "version", "expected"),
    [
        ("Debian", "1:2.3~rc1-1+b2", True),
        ("Debian", "invalid_version", False),
        ("Debian", "", False),
        ("Alpine", "1.2.3b_rc1_p2~0a1b-r3", True),
        ("Alpine", "1.2_blah", False),
        ("AlmaLinux", "anything", True),
        ("AlmaLinux", "", False),
        ("npm", "v1.2.3-rc.1+build", True),
        ("npm", "1.2", False),
        ("npm", "1.2.3-01", False),
        ("Go", "go1.21rc2", True),
        ("Go", "gopher", False),
        ("PyPI", "1!2.0rc1.post2.dev3+local", True),
        ("PyPI", "1.0-bulbasaur", False),
        ("RubyGems", "1.0.a-1", True),
        ("RubyGems", "v1", False),
        ("Packagist", "dev-main", True),
        ("Packagist", "one", False),
        ("NuGet", "1.0.0.1-beta", True),
        ("NuGet", "1.0.0.0.1", False),
        ("Hackage", "1.2", True),
        ("Hackage", "1-2", False),
        ("CRAN", "1-2", True),
        ("CRAN", "1a", False),
    ],
)
def test_validity_is_that_of_the_ecosystem_s_tools(ecosystem: str, version: str, expected: bool) -> None:  # noqa: FBT001  # a table's column
    assert order(ecosystem).is_valid(version) is expected


def test_a_text_that_is_no_version_has_a_place_in_every_order() -> None:
    for ecosystem in RISING:
        assert order(ecosystem).compare("\ud800 no\nversion \x00", "1.0") in {-1, 0, 1}


def test_digits_of_other_scripts_are_no_digits() -> None:
    for ecosystem in RISING:
        assert order(ecosystem).compare("1.\u0663", "1.4") in {-1, 0, 1}
