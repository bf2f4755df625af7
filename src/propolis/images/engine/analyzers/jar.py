"""Java archives: pom.properties of what was packed, the manifest or the file's name where there is none.

Archives within archives are opened too, a few levels deep. Nothing is unpacked to a file.
"""

import io
import re
import zipfile
from collections.abc import Iterator

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import MEBIBYTE
from propolis.images.engine.analyzer import Analyzer, Content
from propolis.images.engine.analyzers.text import short
from propolis.images.engine.analyzers.zip_archive import DAMAGED, MOST_SMALL_BYTES, Budget, open_archive
from propolis.images.model.layer import Analysis
from propolis.images.model.package import Package

SUFFIXES = (".jar", ".war", ".ear", ".par", ".JAR", ".WAR", ".EAR", ".PAR")
MOST_DEPTH = 5
MOST_PROBLEMS = 20
LONGEST_NAME = 255
MOST_INNER_BYTES = 256 * MEBIBYTE
"""All that is unpacked of one archive and of those within it."""

_FILE_NAME = re.compile(r"^(?P<name>[A-Za-z][\w.-]*?)-(?P<version>\d[\w.+-]*)$")


def analyze(path: str, content: Content) -> Analysis:
    """The packages of an archive and of those within it."""
    problems: list[str] = []
    file = _View(content) if isinstance(content, memoryview) else io.BytesIO(content)
    packages = list(_archive(path, file, Budget(MOST_INNER_BYTES), problems, 0))
    return Analysis(packages=tuple(dict.fromkeys(packages)), problems=tuple(problems))


def _archive(
    path: str, file: io.RawIOBase | io.BytesIO, budget: Budget, problems: list[str], depth: int
) -> Iterator[Package]:
    try:
        with open_archive(file) as archive:
            yield from _own(path, archive, budget)
            for entry in archive.filelist:
                if entry.filename.endswith(SUFFIXES) and not entry.is_dir():
                    yield from _inner(path, archive, entry, budget, problems, depth)
    except DAMAGED as error:
        if depth == 0:
            raise DocumentError(f"no Java archive: {error}", Place(path), "a zip file") from None
        _tell(problems, f"{path}: {error}")


def _tell(problems: list[str], problem: str) -> None:
    if len(problems) < MOST_PROBLEMS:
        problems.append(problem)


def _inner(
    path: str,
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    budget: Budget,
    problems: list[str],
    depth: int,
) -> Iterator[Package]:
    inner = f"{path}/{short(entry.filename)}"
    if depth >= MOST_DEPTH:
        _tell(problems, f"{inner}: not opened, nested too deep")
        return
    content = budget.take(archive, entry, budget.left + 1) if entry.file_size <= budget.left else None
    if content is None:
        _tell(problems, f"{inner}: not opened, too large")
        return
    yield from _archive(inner, io.BytesIO(content), budget, problems, depth + 1)


def _own(path: str, archive: zipfile.ZipFile, budget: Budget) -> Iterator[Package]:
    """What pom.properties name; the manifest's word where there is none, else that of the file name."""
    found = []
    for entry in archive.filelist:
        if entry.filename.startswith("META-INF/maven/") and entry.filename.endswith("/pom.properties"):
            fields = _properties(_text(archive, entry, budget), "=")
            if all(fields.get(key) for key in ("groupId", "artifactId", "version")):
                name = f"{fields['groupId']}:{fields['artifactId']}"
                found.append(Package("maven", name, fields["version"], path=path))
    if found:
        yield from found
    elif (package := _from_manifest(path, archive, budget) or _from_name(path)) is not None:
        yield package


def _from_manifest(path: str, archive: zipfile.ZipFile, budget: Budget) -> Package | None:
    try:
        entry = archive.getinfo("META-INF/MANIFEST.MF")
    except KeyError:
        return None
    text = _text(archive, entry, budget).replace("\r\n", "\n").replace("\n ", "")
    fields = _properties(text, ":")
    group = fields.get("Implementation-Vendor-Id", "")
    artifact = fields.get("Implementation-Title") or fields.get("Specification-Title", "")
    version = fields.get("Implementation-Version") or fields.get("Specification-Version", "")
    symbolic = fields.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    if not group and "." in symbolic:
        group = symbolic.rpartition(".")[0]
    stem = _FILE_NAME.match(_stem(path))
    artifact = stem.group("name") if stem else artifact
    version = version or fields.get("Bundle-Version", "") or (stem.group("version") if stem else "")
    if not (group and artifact and version) or " " in artifact:
        return None
    return Package("maven", f"{group}:{artifact}", version, path=path)


def _from_name(path: str) -> Package | None:
    """``name-version.jar``; the group is not known, so that only the artifact's name is told."""
    found = _FILE_NAME.match(_stem(path))
    return Package("maven", found.group("name"), found.group("version"), path=path) if found else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0][:LONGEST_NAME]


def _text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> str:
    """The start of an entry; empty where the budget is spent."""
    return (budget.take(archive, entry, MOST_SMALL_BYTES) or b"").decode("utf-8", "replace")


def _properties(text: str, separator: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, found, value = line.partition(separator)
        if found and not line.startswith("#"):
            fields.setdefault(key.strip(), short(value))
    return fields


class _View(io.RawIOBase):
    """A view of a file as a file that can be read and sought."""

    def __init__(self, view: memoryview) -> None:
        super().__init__()
        self._view = view
        self._position = 0

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Moves; never before the start."""
        start = {0: 0, 1: self._position, 2: len(self._view)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, or all that follow."""
        end = len(self._view) if size is None or size < 0 else self._position + size
        piece = bytes(self._view[self._position : end])
        self._position += len(piece)
        return piece


JAR = Analyzer("jar", 2, analyze, suffixes=SUFFIXES, max_bytes=1024 * MEBIBYTE)
