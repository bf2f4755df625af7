"""Files made to cost more than they weigh."""

import io
import struct
import zipfile

import pytest
from tools.example_images.rpm_database import header, rpm_database

from propolis.core.errors import DocumentError, Place
from propolis.images.engine.analyzers import apk, dpkg, jar, owned, text, zip_archive
from propolis.images.engine.analyzers.rpm import rpm_blobs
from propolis.images.engine.rpm_packages import analysis_of
from tests.harness.rpm_databases import PAGE, bdb_of, ndb_of

PLACE = Place("x")
SQLITE = rpm_database(["bash 1-1"])


def test_many_slots_of_one_package_are_refused() -> None:
    content = bytearray(ndb_of([bytes(3000)]))
    slot = content[32:48]
    content[32:PAGE] = slot * ((PAGE - 32) // 16)
    with pytest.raises(DocumentError, match="lie upon each other"):
        list(rpm_blobs(bytes(content), PLACE))


def test_many_entries_of_one_value_are_refused() -> None:
    content = bytearray(bdb_of([bytes(3000)]))
    (value,) = struct.unpack_from("<H", content, PAGE + 28)
    struct.pack_into("<H", content, PAGE + 20, 400)
    struct.pack_into("<400H", content, PAGE + 26, *[value] * 400)
    with pytest.raises(DocumentError, match="lie upon each other"):
        list(rpm_blobs(bytes(content), PLACE))


def test_pages_that_lead_in_circles_are_refused() -> None:
    content = bytearray(SQLITE)
    content[PAGE] = 5
    struct.pack_into(">HI", content, PAGE + 3, 0, 0)
    struct.pack_into(">I", content, PAGE + 8, 2)
    with pytest.raises(DocumentError, match="two ways lead to one page"):
        list(rpm_blobs(bytes(content), PLACE))


def test_a_database_without_the_table_is_refused() -> None:
    content = SQLITE.replace(b"Packages", b"Nothings")
    with pytest.raises(DocumentError, match="without a table Packages"):
        list(rpm_blobs(content, PLACE))


def test_a_view_in_place_of_the_table_is_not_run() -> None:
    content = SQLITE.replace(b"tablePackages", b"view PackageS")
    with pytest.raises(DocumentError, match="without a table"):
        list(rpm_blobs(content, PLACE))


def test_paths_that_multiply_a_long_folder_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("propolis.images.engine.rpm_packages.MOST_PATH_CHARACTERS", 10)
    entries = [(1116, 4, struct.pack(">II", 0, 0), 2), (1117, 8, b"a\0b\0", 2), (1118, 8, b"/usr/lib/\0", 1)]
    index, data = b"", b""
    for tag, kind, content, count in [(1000, 6, b"n\0\0\0", 1), *entries]:
        index += struct.pack(">IIiI", tag, kind, len(data), count)
        data += content
    found = analysis_of([struct.pack(">II", 4, len(data)) + index + data, header("bash 1-1")], PLACE)
    assert ([one.name for one in found.packages], found.problems) == (
        ["bash"],
        ("the paths of its files are too long",),
    )


def test_a_folder_is_not_multiplied_by_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "MOST_KEPT", 50)
    content = f"P:a\nV:1\nF:{'long/' * 4}\nR:x.jar\nR:y.jar\nR:z.jar\n\n"
    found = apk.analyze("lib/apk/db/installed", content.encode())
    assert (len(found.owned_paths), found.problems) == (2, ("more files than are looked at",))


def test_a_path_longer_than_any_is_left_out() -> None:
    content = f"/{'a' * 5000}.jar\n/b.jar\n".encode()
    assert dpkg.analyze_list("var/lib/dpkg/info/a.list", content).owned_paths == ("b.jar",)


def test_a_list_of_too_many_packages_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apk, "MOST_PACKAGES", 2)
    monkeypatch.setattr(dpkg, "MOST_PACKAGES", 2)
    for found in (
        apk.analyze("lib/apk/db/installed", b"P:a\nV:1\n\n" * 5),
        dpkg.analyze("var/lib/dpkg/status", b"Package: a\nVersion: 1\n\n" * 5),
    ):
        assert (len(found.packages), found.problems) == (2, (text.TOO_MANY,))


def test_an_archive_with_a_huge_directory_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "MOST_DIRECTORY_BYTES", 100)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.class", "")
    with pytest.raises(DocumentError, match="a directory of more than 100 bytes"):
        jar.analyze("a.jar", buffer.getvalue())


def test_small_texts_are_read_within_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jar, "MOST_INNER_BYTES", 100)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            properties = f"groupId=g\nartifactId=a{number}\nversion=1\n{' ' * 40}"
            archive.writestr(f"META-INF/maven/g/a{number}/pom.properties", properties)
    assert [one.name for one in jar.analyze("a.jar", buffer.getvalue()).packages] == ["g:a0"]
