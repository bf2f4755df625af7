from propolis.images.engine.analyzers import apk
from propolis.images.model.package import Package

INSTALLED = """\
C:Q1abc=
P:libcrypto3
V:3.1.4-r5
A:x86_64
L:Apache-2.0
o:openssl
F:usr/lib
R:libcrypto.so.3

P:py3-six
V:1.16.0-r8
A:x86_64
o:py3-six
F:usr/lib/python3.11/site-packages/six-1.16.0.egg-info
R:PKG-INFO
"""


def test_packages_have_source_and_licence() -> None:
    found = apk.analyze("lib/apk/db/installed", INSTALLED.encode())
    assert found.packages == (
        Package("apk", "libcrypto3", "3.1.4-r5", "openssl", "", "x86_64", licences=("Apache-2.0",)),
        Package("apk", "py3-six", "1.16.0-r8", "", "", "x86_64"),
    )


def test_files_of_a_package_that_could_be_packages_are_owned() -> None:
    found = apk.analyze("lib/apk/db/installed", INSTALLED.encode())
    assert found.owned_paths == ("usr/lib/python3.11/site-packages/six-1.16.0.egg-info/PKG-INFO",)


def test_a_package_without_a_version_is_told_and_the_rest_read() -> None:
    found = apk.analyze("lib/apk/db/installed", b"P:a\n\nP:b\nV:1\n\nV:2\n\nno field\n")
    assert [one.name for one in found.packages] == ["b"]
    assert found.problems == ("a package without version", "a package without name")
