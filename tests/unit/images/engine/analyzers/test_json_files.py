import pytest

from propolis.core.errors import DocumentError
from propolis.images.engine.analyzers import json_files
from propolis.images.model.package import Package

PATH = "srv/node_modules/x/package.json"


@pytest.mark.parametrize(
    ("text", "licences"),
    [
        ('{"name": "@a/b", "version": "1.0.0", "license": "MIT"}', ("MIT",)),
        ('{"name": "@a/b", "version": "1.0.0", "license": {"type": "ISC"}}', ("ISC",)),
        ('{"name": "@a/b", "version": "1.0.0", "licenses": [{"type": "MIT"}, "BSD", 3]}', ("MIT", "BSD")),
    ],
)
def test_a_package_json_names_package_and_licences(text: str, licences: tuple[str, ...]) -> None:
    found = json_files.analyze_npm(PATH, text.encode())
    assert found.packages == (Package("npm", "@a/b", "1.0.0", licences=licences),)


@pytest.mark.parametrize("text", ["[]", '{"type": "module"}', '{"name": "a"}', '{"name": 1, "version": "1"}'])
def test_a_package_json_that_only_marks_a_folder_is_no_package(text: str) -> None:
    assert json_files.analyze_npm(PATH, text.encode()).packages == ()


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_told(content: bytes) -> None:
    with pytest.raises(DocumentError, match="no JSON"):
        json_files.analyze_npm(PATH, content)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("srv/node_modules/a/package.json", True),
        ("srv/node_modules/@s/a/package.json", True),
        ("node_modules/a/node_modules/b/package.json", True),
        ("opt/yarn-v1.22.19/package.json", True),
        ("srv/node_modules/a/esm/package.json", False),
        ("srv/node_modules/@s/a/esm/package.json", False),
    ],
)
def test_folders_within_an_installed_package_are_left_out(path: str, wanted: bool) -> None:  # noqa: FBT001  # a table's column
    assert json_files.wants_npm(path) is wanted


@pytest.mark.parametrize("text", ["[{}]", '{{"packages": [{}, 3, {{}}]}}'])
def test_composers_list_is_read_in_both_forms(text: str) -> None:
    entry = '{"name": "psr/log", "version": "1.1.4", "license": ["MIT"]}'
    found = json_files.analyze_composer(
        "vendor/composer/installed.json",
        text.replace("{}", entry, 1).replace("{{", "{").replace("}}", "}").encode(),
    )
    assert found.packages == (Package("composer", "psr/log", "1.1.4", licences=("MIT",)),)
