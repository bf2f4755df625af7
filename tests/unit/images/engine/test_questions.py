import pytest

from propolis.images.engine.questions import Question, ecosystems_of, questions_of
from propolis.images.model.package import Distribution, Package

BINARY = Package("rpm", "glibc-common", "2.34-1", "glibc", "2.34-1")


@pytest.mark.parametrize(
    ("distribution", "ecosystem"),
    [
        (Distribution("debian", "12"), "Debian:12"),
        (Distribution("debian", ""), "Debian:sid"),
        (Distribution("ubuntu", "22.04"), "Ubuntu:22.04:LTS"),
        (Distribution("ubuntu", "23.10"), "Ubuntu:23.10"),
        (Distribution("ubuntu", "23.04"), "Ubuntu:23.04"),
        (Distribution("alpine", "3.19.1"), "Alpine:v3.19"),
        (Distribution("alpine", "3.21_alpha20240923"), "Alpine:edge"),
        (Distribution("alpine", "edge"), "Alpine:edge"),
        (Distribution("wolfi", "20230201"), "Wolfi"),
        (Distribution("rocky", "9.3"), "Rocky Linux:9"),
        (Distribution("almalinux", "9.4"), "AlmaLinux:9"),
        (Distribution("azurelinux", "3.0"), "Azure Linux:3"),
        (Distribution("RHEL", "9.4"), "Red Hat:enterprise_linux:9"),
        (Distribution("opensuse-leap", "15.6", "openSUSE Leap 15.6"), "openSUSE:Leap 15.6"),
        (
            Distribution("sles", "15.5", "SUSE Linux Enterprise Server 15 SP5"),
            "SUSE:Linux Enterprise Server 15 SP5",
        ),
        (Distribution("photon", "5.0"), "Photon OS:5.0"),
        (Distribution("mageia", "9"), "Mageia:9"),
    ],
)
def test_a_release_has_the_name_that_osv_gives_it(distribution: Distribution, ecosystem: str) -> None:
    assert ecosystems_of(BINARY, distribution)[0] == ecosystem


def test_distributions_that_name_sources_are_asked_about_the_source() -> None:
    assert questions_of(BINARY, Distribution("mageia", "9")) == (Question("Mageia:9", "glibc", "2.34-1"),)


def test_distributions_that_name_installed_packages_are_asked_about_these() -> None:
    found = questions_of(BINARY, Distribution("almalinux", "9"))
    assert found == (Question("AlmaLinux:9", "glibc-common", "2.34-1"),)


def test_distributions_that_name_either_are_asked_about_both() -> None:
    found = questions_of(BINARY, Distribution("rocky", "9"))
    assert [question.package for question in found] == ["glibc", "glibc-common"]
    alone = Package("rpm", "bash", "5.1-1")
    assert len(questions_of(alone, Distribution("rocky", "9"))) == 1


def test_red_hat_is_asked_about_the_streams_of_a_release() -> None:
    asked = {question.ecosystem for question in questions_of(BINARY, Distribution("rhel", "9.4"))}
    assert {"Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9::appstream"} <= asked


@pytest.mark.parametrize(
    ("package", "question"),
    [
        (Package("pypi", "Foo.Bar", "1"), Question("PyPI", "foo-bar", "1")),
        (Package("maven", "org.a:b", "1"), Question("Maven", "org.a:b", "1")),
        (Package("golang", "stdlib", "1.21.0"), Question("Go", "stdlib", "1.21.0")),
        (Package("nuget", "A.B", "1"), Question("NuGet", "a.b", "1")),
    ],
)
def test_packages_of_languages_do_not_depend_on_the_distribution(
    package: Package, question: Question
) -> None:
    assert questions_of(package, Distribution()) == (question,)


@pytest.mark.parametrize(
    "package", [Package("deb", "a", "1"), Package("runes", "a", "1")], ids=["no distribution", "no ecosystem"]
)
def test_what_no_ecosystem_knows_is_not_asked_about(package: Package) -> None:
    assert questions_of(package, Distribution("atlantis", "1")) == ()
    assert ecosystems_of(package, Distribution("atlantis", "1")) == ()
