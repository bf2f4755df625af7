import pytest

from propolis.images.engine.analyzers import os_release, release_files
from propolis.images.engine.merge import merge_layers
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import Analysis, AnalyzedFile, LayerContent
from propolis.images.model.package import Distribution
from propolis.images.sources.analyzers import ANALYZERS

EMPTY = b"x\x9c\x03\x00\x00\x00\x00\x01"


def named(path: str, text: str) -> Distribution | None:
    analyzer = ANALYZERS.for_path(path)
    assert analyzer is not None
    return analyzer.analyze(path, text.encode()).distribution


def together(files: dict[str, str]) -> Distribution | None:
    found = tuple(AnalyzedFile(path, "", Analysis(named(path, text))) for path, text in sorted(files.items()))
    layer = LayerContent("sha256:0", found, (), (), EMPTY, len(found), 0)
    return merge_layers([(ImageLayer("sha256:0"), layer)]).distribution


def test_os_release_names_the_distribution_with_and_without_quotes() -> None:
    text = (
        "PRETTY_NAME='Debian GNU/Linux 12 (bookworm)'\nID=Debian\n"
        'VERSION_ID="12"\nVERSION_CODENAME=bookworm'
    )
    assert os_release.analyze("etc/os-release", text.encode()).distribution == Distribution(
        "debian", "12", "Debian GNU/Linux 12 (bookworm)", "bookworm"
    )


def test_a_quote_that_never_ends_does_not_hide_the_rest() -> None:
    assert named("etc/os-release", "NAME=\"Alpine\nID=alpine\nVERSION_ID='3.19.1") == Distribution(
        "alpine", "3.19.1"
    )


def test_os_release_without_a_name_says_nothing() -> None:
    assert named("usr/lib/os-release", "# nothing\nVERSION_ID=1\n") is None


def test_an_old_opensuse_gets_the_name_of_its_product() -> None:
    found = named("etc/os-release", 'NAME="openSUSE Leap"\nID=opensuse\nVERSION_ID="42.3"\n')
    assert found is not None
    assert found.id == "opensuse-leap"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("etc/alpine-release", "3.18.4\n", ("alpine", "3.18.4")),
        ("etc/debian_version", "12.4\n", ("debian", "12.4")),
        ("etc/lsb-release", 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE="18.04"\n', ("ubuntu", "18.04")),
        ("etc/centos-release", "CentOS Linux release 7.6.1810 (Core)\n", ("centos", "7.6.1810")),
        ("etc/almalinux-release", "AlmaLinux release 9.2 (Turquoise Kodkod)", ("almalinux", "9.2")),
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.2", ("rhel", "6.2")),
        ("etc/oracle-release", "Oracle Linux Server release 7.6", ("ol", "7.6")),
        ("etc/system-release", "Amazon Linux release 2 (Karoo)", ("amzn", "2")),
    ],
)
def test_a_release_file_names_distribution_and_version(
    path: str, text: str, expected: tuple[str, str]
) -> None:
    found = named(path, text)
    assert found is not None
    assert (found.id, found.version) == expected


def test_the_coming_debian_has_a_name_and_no_number() -> None:
    assert named("etc/debian_version", "trixie/sid\n") == Distribution(
        "debian", "", "Debian trixie/sid", "trixie/sid"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/debian_version", "\n"),
        ("etc/alpine-release", ""),
        ("etc/lsb-release", "DISTRIB_ID=Mint\nDISTRIB_RELEASE=1"),
        ("etc/redhat-release", "Homemade Linux release 1.0"),
        ("etc/redhat-release", "CentOS without a number"),
    ],
)
def test_a_release_file_of_another_content_says_nothing(path: str, text: str) -> None:
    assert named(path, text) is None


def test_the_point_release_comes_from_the_older_file() -> None:
    files = {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME=Debian',
        "etc/debian_version": "12.4\n",
    }
    assert together(files) == Distribution("debian", "12.4", "Debian")


def test_the_file_of_the_parent_is_not_believed_before_ones_own() -> None:
    ubuntu = {"etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\n', "etc/debian_version": "trixie/sid\n"}
    oracle = {
        "etc/oracle-release": "Oracle Linux Server release 7.6",
        "etc/redhat-release": "Red Hat Enterprise Linux Server release 7.6 (Maipo)",
    }
    found = [one.id for files in (ubuntu, oracle) if (one := together(files))]
    assert found == ["ubuntu", "ol"]


def test_a_release_is_not_made_more_exact_by_another_one() -> None:
    files = {"etc/os-release": 'ID=debian\nVERSION_ID="1"\n', "etc/debian_version": "12.4\n"}
    found = together(files)
    assert found is not None
    assert found.version == "1"


def test_only_the_files_of_etc_are_wanted() -> None:
    assert release_files.RELEASE_FILES.wants("etc/debian_version")
    assert ANALYZERS.for_path("srv/chroot/etc/debian_version") is None
