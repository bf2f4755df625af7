"""Whatever an image holds, reading it gives content or the project's own errors, with bounded work."""

import gzip
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from propolis.core.errors import DocumentError, Error, Place, SourceError
from propolis.core.limits import Limits
from propolis.images.engine.analyzer import Analyzer
from propolis.images.engine.analyzers.rpm import rpm_blobs
from propolis.images.engine.rpm_packages import package_of
from propolis.images.engine.rpm_sqlite import sqlite_blobs
from propolis.images.model.image import ImageLayer
from propolis.images.model.layer import Analysis, LayerContent
from propolis.images.model.manifest import Config, Index, Manifest, SavedImage, image_of, parse
from propolis.images.model.rpm import RpmFile, RpmHeader
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import find_images, open_blobs
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.inflate import LayerBytes
from propolis.images.sources.layer_reader import read_layer
from propolis.images.sources.tar_stream import TarStream
from tests.harness.layers import layout, tar_of
from tests.harness.rpm_databases import bdb_of, ndb_of
from tests.property.images.mutations import damaged
from tests.property.images.seeds import FILES, HEADERS, TAR

Found = TypeVar("Found")
PLACE = Place("stranger")
LIMITS = Limits(layer_entries=50, layer_bytes=200_000, layer_ratio=50, layer_ratio_floor=20_000)
PACKED = (gzip.compress(TAR, mtime=0), zstandard.compress(TAR), TAR, gzip.compress(TAR, mtime=0) * 2)
DATABASES = (bdb_of(HEADERS), ndb_of(HEADERS), FILES["var/lib/rpm/rpmdb.sqlite"])
PATHS = tuple(FILES)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def outcome(call: Callable[[], Found]) -> Found | Error:
    """What a call gives, or the project's own error; any other error fails the test."""
    try:
        return call()
    except Error as error:
        return error


def analysis(analyzer: Analyzer, path: str, content: bytes) -> Analysis | None:
    try:
        return analyzer.analyze(path, content)
    except DocumentError:
        return None


@given(st.sampled_from(PATHS).flatmap(lambda path: st.tuples(st.just(path), damaged(st.just(FILES[path])))))
def test_an_analyzer_says_something_or_refuses(case: tuple[str, bytes]) -> None:
    path, content = case
    analyzer = ANALYZERS.for_path(path) or ANALYZERS.of_executables[0]
    found = analysis(analyzer, path, content)
    in_a_view = analysis(analyzer, path, memoryview(content))  # type: ignore[arg-type]  # content may be one
    assert found == in_a_view
    if found is not None:
        assert len(found.problems) <= 20
        assert len(found.packages) <= len(content)
        assert all(len(one.name) <= 8192 and len(one.version) <= 8192 for one in found.packages)


@given(damaged(st.sampled_from(DATABASES)))
def test_a_database_never_holds_more_than_its_bytes(content: bytes) -> None:
    size = 0
    try:
        for blob in rpm_blobs(content, PLACE):
            size += len(blob)
    except DocumentError:
        pass
    assert size <= len(content)


@given(damaged(st.sampled_from(HEADERS)))
def test_a_header_is_read_or_refused(blob: bytes) -> None:
    def read() -> list[RpmFile]:
        header = RpmHeader(blob, PLACE)
        package_of(header)
        return list(header.files())

    found = outcome(read)
    assert isinstance(found, list) or str(PLACE) in str(found)


@given(
    st.lists(st.binary(max_size=3000), max_size=8),
    st.sampled_from([512, 1024, 4096, 65536]),
    st.integers(0, 40),
)
def test_a_table_of_sqlite_is_read_as_sqlite_reads_it(rows: list[bytes], page: int, copies: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("CREATE TABLE other (a TEXT, b REAL)")
        connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY,blob BLOB NOT NULL)")
        for row in rows * (copies + 1):
            connection.execute("INSERT INTO Packages (blob) VALUES (?)", (row,))
        connection.commit()
        content = connection.serialize()
    assert list(sqlite_blobs(content, PLACE)) == rows * (copies + 1)


@given(st.lists(st.binary(min_size=1, max_size=9000), max_size=6))
def test_the_older_formats_give_back_what_was_written(blobs: list[bytes]) -> None:
    assert [bytes(blob) for blob in rpm_blobs(ndb_of(blobs), PLACE)] == blobs
    assert [bytes(blob) for blob in rpm_blobs(bdb_of(blobs), PLACE)] == blobs


@given(damaged(st.sampled_from(PACKED)))
@example(gzip.compress(bytes(100_000), mtime=0))
def test_a_layer_is_unpacked_within_limits_or_refused(content: bytes) -> None:
    data = LayerBytes(io.BytesIO(content), PLACE, LIMITS)
    size = 0
    try:
        for piece in data:
            size += len(piece)
            assert size <= LIMITS.layer_bytes
    except DocumentError:
        return
    assert size == data.unpacked_bytes


@given(damaged(st.just(TAR)), st.integers(1, 2000))
def test_a_tar_is_the_same_in_pieces_of_any_size(content: bytes, size: int) -> None:
    def walk(pieces: Iterable[bytes]) -> object:
        tar = TarStream(pieces, PLACE, LIMITS)
        found = outcome(lambda: [(entry, tar.content(100)) for entry in tar])
        assert tar.entries <= LIMITS.layer_entries + 1
        return found.message if isinstance(found, DocumentError) else found

    assert walk([content]) == walk(content[at : at + size] for at in range(0, len(content), size))


@given(damaged(st.sampled_from(PACKED)))
def test_a_layer_gives_content_or_a_refusal(content: bytes) -> None:
    def opened() -> io.BytesIO:
        return io.BytesIO(content)

    try:
        found = read_layer(ImageLayer(""), opened, ANALYZERS, PLACE, LIMITS)
    except (DocumentError, SourceError):
        return
    assert isinstance(found, LayerContent)
    assert not any(".." in file.path.split("/") for file in found.files)


@given(st.lists(st.tuples(TEXTS, st.one_of(TEXTS, TEXTS.map(lambda text: f"=> {text}"))), max_size=6))
def test_no_name_of_a_layer_leads_elsewhere(entries: list[tuple[str, str]]) -> None:
    content = tar_of([(path or "x", text) for path, text in entries])
    found = read_layer(ImageLayer(""), lambda: io.BytesIO(content), ANALYZERS, PLACE, Limits())
    assert not any(path.startswith(("/", "../")) for path in (*found.removed, *found.opaque))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.just("sha256:" + "0" * 64)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ("config", "layers", "manifests", "mediaType", "digest", "size", "rootfs", "diff_ids", "history",
          "annotations", "platform", "os", "created", "Config", "Layers", "RepoTags", "Env")  # fmt: skip
DOCUMENTS = st.one_of(VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))


@given(st.one_of(DOCUMENTS.map(lambda value: json.dumps(value).encode()), st.binary(max_size=50)))
@example(b"[" * 100_000)
def test_documents_of_an_image_are_read_or_refused(content: bytes) -> None:
    for kind in (Index, Manifest, Config, tuple[SavedImage, ...]):
        found: object = outcome(partial(parse, content, kind, PLACE))
        if isinstance(found, Config):
            found = outcome(partial(image_of, found, "", "", (), ("",) * len(found.rootfs.diff_ids), PLACE))
        assert not isinstance(found, Error) or str(PLACE) in str(found)


@given(st.data())
def test_a_damaged_layout_is_read_or_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = layout(Path(name), [TAR])
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        chosen = data.draw(st.sampled_from(files))
        chosen.write_bytes(data.draw(damaged(st.just(chosen.read_bytes()))))
        found = outcome(
            lambda: [
                read_image(one.load(), ANALYZERS, None, LIMITS)
                for one in find_images(open_blobs(folder), limits=LIMITS)
            ]
        )
        assert found
