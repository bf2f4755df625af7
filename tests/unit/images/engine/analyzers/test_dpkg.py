from propolis.images.engine.analyzers import dpkg, owned
from propolis.images.model.package import Package

STATUS = """\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.11-1)
Version: 3.0.11-1+b1
Description: secure sockets
 Version: 9 is part of a text

Package: old
Status: deinstall ok config-files
Version: 1

Package: bash
Status: install ok unpacked
Version: 5.2-1
"""


def test_installed_packages_have_their_source_with_its_version() -> None:
    found = dpkg.analyze(dpkg.STATUS, STATUS.encode())
    assert found.packages == (
        Package("deb", "libssl3", "3.0.11-1+b1", "openssl", "3.0.11-1", "amd64"),
        Package("deb", "bash", "5.2-1"),
    )


def test_a_package_of_status_d_needs_no_status() -> None:
    found = dpkg.analyze("var/lib/dpkg/status.d/tzdata", b"Package: tzdata\nVersion: 2024a-0\n")
    assert [one.name for one in found.packages] == ["tzdata"]


def test_a_package_without_a_version_is_told() -> None:
    found = dpkg.analyze(dpkg.STATUS, b"Package: broken\nStatus: install ok installed\n")
    assert (found.packages, found.problems) == ((), ("package broken has no version",))


def test_a_field_of_a_megabyte_is_cut() -> None:
    found = dpkg.analyze(dpkg.STATUS, b"Package: " + b"a" * 1_000_000 + b"\nVersion: 1\n")
    assert len(found.packages[0].name) == 4096


def test_a_list_tells_the_files_that_could_be_packages() -> None:
    content = b"/.\n/usr/bin/python3\n/usr/lib/python3/dist-packages/x-1.egg-info\n/usr/share/doc/x\n"
    found = dpkg.analyze_list("var/lib/dpkg/info/python3-x.list", content)
    assert found.owned_paths == ("usr/bin/python3", "usr/lib/python3/dist-packages/x-1.egg-info")


def test_a_list_of_digests_does_too() -> None:
    content = b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/x-1.dist-info/METADATA\nbroken\n"
    found = dpkg.analyze_list("var/lib/dpkg/status.d/x.md5sums", content)
    assert found.owned_paths == ("usr/lib/python3/x-1.dist-info/METADATA",)


def test_lists_of_digests_are_no_packages() -> None:
    assert dpkg.DPKG_FOLDER.wants("var/lib/dpkg/status.d/tzdata")
    assert not dpkg.DPKG_FOLDER.wants("var/lib/dpkg/status.d/tzdata.md5sums")
    assert not dpkg.wants_list("var/lib/dpkg/info/tzdata.md5sums")


def test_the_quick_search_keeps_what_a_look_at_every_line_keeps() -> None:
    lines = [
        "/bin/sh",
        "/usr/bin",
        "/usr/bin/x/bin/y",
        "/a.jar",
        "/a.jar.txt",
        "/x.egg-info",
        "",
        "/sbin/",
        "/b.egg",
    ]
    kept = [line for line in lines if owned.could_be_a_package(line)]
    assert list(owned.lines_of_packages("\n".join(lines))) == kept
    assert list(owned.lines_of_packages("\n".join([*lines, ""]))) == kept
