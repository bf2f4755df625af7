import io
import zipfile

import pytest

from propolis.core.errors import DocumentError
from propolis.images.engine.analyzers import egg, python_packages
from propolis.images.model.package import Package

METADATA = """\
Metadata-Version: 2.1
Name: Flask
Version: 2.3.2
License: UNKNOWN
Description: first line
        Name: not-this-one
SPACES
        Version: 9
Classifier: License :: OSI Approved :: BSD License
Classifier: License :: OSI Approved

Name: in-the-text
""".replace("SPACES", " " * 8)


def egg_of(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_headers_name_the_package_and_its_licence() -> None:
    assert python_packages.package_of(METADATA) == Package(
        "pypi", "Flask", "2.3.2", licences=("BSD License",)
    )


def test_a_licence_expression_wins_and_unknown_is_none() -> None:
    text = "Name: a\nVersion: 1\nLicense-Expression: MIT\nLicense: free text\n"
    found = [python_packages.package_of(one) for one in (text, "Name: a\nVersion: 1\nLicense: UNKNOWN\n")]
    assert [one.licences for one in found if one] == [("MIT",), ()]


@pytest.mark.parametrize("text", ["", "Name: a\n", "Version: 1\n", "\nName: a\nVersion: 1\n"])
def test_metadata_without_name_or_version_is_no_package(text: str) -> None:
    assert python_packages.analyze("x.egg-info", text.encode()).packages == ()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("usr/lib/python3/x-1.dist-info/METADATA", True),
        ("usr/lib/python3/x-1.egg-info/PKG-INFO", True),
        ("usr/lib/python3/x-1.egg-info", True),
        ("usr/lib/python3/x-1.egg/EGG-INFO/PKG-INFO", True),
        ("srv/METADATA", False),
        ("usr/lib/python3/x-1.dist-info/RECORD", False),
    ],
)
def test_metadata_is_wanted_where_it_was_installed(path: str, wanted: bool) -> None:  # noqa: FBT001  # a table's column
    assert python_packages.wants(path) is wanted


def test_an_egg_describes_itself() -> None:
    content = egg_of({"EGG-INFO/PKG-INFO": "Name: kitchen\nVersion: 1.2.6\n", "x.py": ""})
    assert egg.analyze("x.egg", content).packages == (Package("pypi", "kitchen", "1.2.6"),)
    assert egg.analyze("x.egg", egg_of({"x.py": ""})).packages == ()


def test_what_is_no_zip_is_no_egg() -> None:
    with pytest.raises(DocumentError, match="no egg"):
        egg.analyze("x.egg", b"PK\x05\x06 cut")
