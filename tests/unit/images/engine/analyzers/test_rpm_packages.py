import pytest
from tools.example_images.rpm_database import header

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzers import rpm_manifest
from propolis.images.engine.rpm_packages import analysis_of, package_of
from propolis.images.model.package import Package
from propolis.images.model.rpm import RpmHeader

LINE = "glibc\t2.35-2.cm2\t1\t2\tMicrosoft Corporation\t(none)\t10\tx86_64\t0\tglibc-2.35-2.cm2.src.rpm\n"


def test_a_header_names_package_source_and_module() -> None:
    blob = header("openssl-libs 1:3.0.7-16.el9_2 openssl openssl:3:1")
    assert package_of(RpmHeader(blob, Place("x"))) == Package(
        "rpm", "openssl-libs", "1:3.0.7-16.el9_2", "openssl", "", "x86_64", "openssl:3:1", ("unknown",)
    )


def test_one_damaged_header_does_not_hide_the_others() -> None:
    found = analysis_of([header("bash 5.1.8-6.el9"), b"damaged", header("tar 2:1.34-6.el9")], Place("x"))
    assert [one.name for one in found.packages] == ["bash", "tar"]
    assert (
        found.problems == ("a header of 1684106593 entries and 1734698240 bytes in a blob of 7",)
        or len(found.problems) == 1
    )


def test_public_keys_are_no_packages() -> None:
    assert analysis_of([header("gpg-pubkey 1-2")], Place("x")).packages == ()


@pytest.mark.parametrize("size", [0, 7, 20, 100])
def test_a_header_that_is_cut_short_is_refused(size: int) -> None:
    with pytest.raises(DocumentError):
        package_of(RpmHeader(header("bash 5.1.8-6.el9")[:size], Place("x")))


def test_the_list_of_an_image_without_rpm_names_its_packages() -> None:
    text = LINE + LINE.replace("\t0\t", "\t2\t").replace("glibc", "dbus") + "\nbroken\n"
    found = rpm_manifest.analyze(rpm_manifest.PATH, text.encode())
    assert [(one.name, one.version, one.architecture) for one in found.packages] == [
        ("glibc", "2.35-2.cm2", "x86_64"),
        ("dbus", "2:2.35-2.cm2", "x86_64"),
    ]
    assert found.problems == ("a line of 1 fields, expected 10",)
