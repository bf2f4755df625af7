import io
import zipfile
from collections.abc import Mapping

import pytest

from propolis.core.errors import DocumentError
from propolis.images.engine.analyzers import jar

POM = "groupId=org.example\nartifactId=core\nversion=1.2\n"


def jar_of(files: Mapping[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def told(path: str, content: bytes | memoryview) -> list[tuple[str, str]]:
    return [(one.name, one.version) for one in jar.analyze(path, content).packages]


def test_every_pom_properties_names_a_package() -> None:
    shaded = {"META-INF/maven/org.example/core/pom.properties": POM,
              "META-INF/maven/org.example/other/pom.properties": POM.replace("core", "other"),
              "META-INF/MANIFEST.MF": "Implementation-Version: 9\n"}  # fmt: skip
    assert told("app.jar", jar_of(shaded)) == [("org.example:core", "1.2"), ("org.example:other", "1.2")]


def test_the_manifest_speaks_where_there_is_no_pom() -> None:
    manifest = (
        "Implementation-Vendor-Id: org.example\nImplementation-Version: 3.1\nImplementation-Title: co\n re\n"
    )
    assert told("lib/thing.jar", jar_of({"META-INF/MANIFEST.MF": manifest})) == [("org.example:core", "3.1")]


def test_the_name_of_the_file_speaks_last() -> None:
    assert told("lib/log4j-core-2.14.1.jar", jar_of({"a.class": ""})) == [("log4j-core", "2.14.1")]
    assert told("lib/application.jar", jar_of({"a.class": ""})) == []


def test_archives_within_archives_are_opened_with_their_path() -> None:
    inner = jar_of({"META-INF/maven/org.example/core/pom.properties": POM})
    content = jar_of({"WEB-INF/lib/core.jar": inner})
    (found,) = jar.analyze("app.war", memoryview(content)).packages
    assert (found.name, found.path) == ("org.example:core", "app.war/WEB-INF/lib/core.jar")


def test_nesting_has_an_end() -> None:
    content = jar_of({"a.class": ""})
    for _ in range(jar.MOST_DEPTH + 2):
        content = jar_of({"inner.jar": content})
    assert jar.analyze("app.jar", content).problems == (
        "app.jar" + "/inner.jar" * (jar.MOST_DEPTH + 1) + ": not opened, nested too deep",
    )


def test_a_damaged_archive_within_one_is_told_and_the_rest_read() -> None:
    found = jar.analyze("app.jar", jar_of({"a.jar": b"no zip", "b-1.0.jar": jar_of({"x": ""})}))
    assert [one.name for one in found.packages] == ["b"]
    assert found.problems[0].startswith("app.jar/a.jar: ")


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jar, "MOST_INNER_BYTES", 1000)
    found = jar.analyze("app.jar", jar_of({"bomb.jar": bytes(100_000)}))
    assert found.problems == ("app.jar/bomb.jar: not opened, too large",)


def test_what_is_no_zip_is_no_archive() -> None:
    with pytest.raises(DocumentError, match="no Java archive"):
        jar.analyze("app.jar", b"text")
