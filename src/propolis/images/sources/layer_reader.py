"""Reads one layer as it streams by and keeps what analyzers find in it.

Nothing is written at a path of the layer, no link is followed: names are only compared. Digests are
those of the bytes that were read.
"""

import zlib
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from propolis.core.errors import DocumentError, Place
from propolis.core.limits import DEFAULT, Limits
from propolis.images.engine.analyzer import Analyzer, AnalyzerSet
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import Analysis, AnalyzedFile, LayerContent
from propolis.images.sources.file_content import ELF, file_content
from propolis.images.sources.inflate import LayerBytes
from propolis.images.sources.tar_headers import EntryType, TarEntry
from propolis.images.sources.tar_stream import TarStream

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
MOST_PROBLEMS = 100
EXECUTABLE = 0o111
SMALLEST_EXECUTABLE = 4096

Open = Callable[[], BinaryIO]
"""Opens the blob of the layer from its start."""


def read_layer(
    layer: ImageLayer, open_blob: Open, analyzers: AnalyzerSet, place: Place, limits: Limits = DEFAULT
) -> LayerContent:
    """What the layer brings.

    Raises:
        DocumentError: It is no tar, cut short or damaged, or its digests are not those of the image.
        LimitError: It is too large.
        SourceError: It cannot be read.
    """
    reader = _Reader(analyzers, {})
    with open_blob() as raw:
        data = LayerBytes(raw, place, limits)
        entries = reader.read(TarStream(data, place, limits))
        _check_digests(layer, data, place)
    if unresolved := reader.unresolved_links():
        again = _Reader(analyzers, unresolved)
        with open_blob() as raw:
            again.read(TarStream(LayerBytes(raw, place, limits), place, limits))
        reader.files += again.files
    return LayerContent(
        diff_id=layer.diff_id,
        files=tuple(reader.files),
        removed=tuple(reader.removed),
        opaque=tuple(reader.opaque),
        shadows=zlib.compress("\n".join(reader.shadows).encode(), 1),
        entries=entries,
        size_bytes=data.unpacked_bytes,
        problems=tuple(reader.problems),
    )


def _check_digests(layer: ImageLayer, data: LayerBytes, place: Place) -> None:
    if layer.digest and data.digest != layer.digest:
        raise DocumentError(f"the layer's digest is {data.digest}", place, layer.digest)
    if layer.diff_id and data.diff_id != layer.diff_id:
        raise DocumentError(f"the digest of the layer's tar is {data.diff_id}", place, layer.diff_id)


class _Reader:
    """One pass over a layer.

    Args:
        targets: In a second pass, the files to which hard links lead, each with the links; nothing
            else is read then.
    """

    def __init__(self, analyzers: AnalyzerSet, targets: dict[str, list[str]]) -> None:
        self._analyzers = analyzers
        self._targets = targets
        self._links: list[tuple[str, str]] = []
        self.files: list[AnalyzedFile] = []
        self.removed: list[str] = []
        self.opaque: list[str] = []
        self.shadows: list[str] = []
        self.problems: list[str] = []

    def read(self, tar: TarStream) -> int:
        """Walks all entries; returns their number."""
        for entry in tar:
            path = clean_path(entry.path)
            if path is None:
                self._tell(f"{entry.path}: leads out of the image; left out")
            elif self._targets:
                self._read_target(path, entry, tar)
            elif path:
                self._read_entry(path, entry, tar)
        return tar.entries

    def _read_entry(self, path: str, entry: TarEntry, tar: TarStream) -> None:
        folder, _, name = path.rpartition("/")
        if name.startswith(WHITEOUT):
            if name == OPAQUE:
                self.opaque.append(folder)
            else:
                self.removed.append(f"{folder}/{name[4:]}" if folder else name[4:])
            return
        if entry.type is EntryType.FOLDER:
            return
        self.shadows.append(path)
        if entry.type is EntryType.FILE:
            self._read_file(path, entry, tar)
        elif entry.type is EntryType.HARDLINK:
            target = clean_path(entry.link)
            if target is None:
                self._tell(f"{path}: a hard link that leads out of the image; left out")
            else:
                self._links.append((path, target))

    def _read_file(self, path: str, entry: TarEntry, tar: TarStream) -> None:
        analyzer = self._analyzers.for_path(path)
        if analyzer is not None:
            self._analyze((path,), (analyzer,), entry, tar, b"")
        elif entry.mode & EXECUTABLE and entry.size_bytes > SMALLEST_EXECUTABLE:
            first = tar.content(len(ELF))
            if first == ELF:
                self._analyze((path,), self._analyzers.of_executables, entry, tar, first)

    def _read_target(self, path: str, entry: TarEntry, tar: TarStream) -> None:
        links = self._targets.get(path)
        if links and entry.type is EntryType.FILE:
            analyzers = [one for link in links if (one := self._analyzers.for_path(link)) is not None]
            self._analyze(tuple(links), tuple(analyzers[:1]), entry, tar, b"")

    def _analyze(
        self,
        paths: tuple[str, ...],
        analyzers: tuple[Analyzer, ...],
        entry: TarEntry,
        tar: TarStream,
        first: bytes,
    ) -> None:
        """Shows a file to analyzers; one that finds nothing in an executable leaves no trace."""
        wanting = [analyzer for analyzer in analyzers if entry.size_bytes <= analyzer.max_bytes]
        if len(wanting) < len(analyzers):
            self._tell(f"{paths[0]}: {entry.size_bytes:,} bytes are too many; not read")
        if not wanting:
            return
        with file_content(tar, entry.size_bytes, first) as content:
            for analyzer in wanting:
                try:
                    analysis = analyzer.analyze(paths[0], content)
                except DocumentError as error:
                    analysis = Analysis(problems=(error.message,))
                if analysis != _NOTHING or not analyzer.wants_executables:
                    self.files += [AnalyzedFile(path, analyzer.name, analysis) for path in paths]

    def unresolved_links(self) -> dict[str, list[str]]:
        """Targets of wanted hard links that were not read yet, each with the links.

        A link to a file that was read gets what that file said.
        """
        known = {file.path: file for file in self.files}
        unresolved: dict[str, list[str]] = {}
        for path, target in self._links:
            if self._analyzers.for_path(path) is None:
                continue
            if target in known:
                self.files.append(msgspec.structs.replace(known[target], path=path))
            else:
                unresolved.setdefault(target, []).append(path)
        return unresolved

    def _tell(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem.encode("utf-8", "backslashreplace").decode())


_NOTHING = Analysis()


def clean_path(path: str) -> str | None:
    """A path as analyzers see it: no leading slash, no ``.``; None when it leads out of the root.

    Bytes that are no UTF-8, and the ends of lines, are written with a backslash.
    """
    if not path.isascii() or "\n" in path:
        path = path.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")
    if "//" not in path and "/." not in path and not path.startswith((".", "/")):
        return path.rstrip("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            return None
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
