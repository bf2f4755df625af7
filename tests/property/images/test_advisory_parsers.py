"""Whatever strangers write, readers of advisories answer with advisories or with the project's own errors."""

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from propolis.core.errors import DocumentError, Error, Place, SourceError
from propolis.images.model.advisory import Advisory
from propolis.images.model.exploitation import Exploitation, parse_exploitation
from propolis.images.model.osv_record import parse_record
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.osv import OsvLimits, read_osv
from propolis.images.sources.osv_export.index import parse_index
from tests.unit.images.advisories import NOW, advisory, fixed_in

Found = TypeVar("Found")
PLACE = Place("stranger")
LIMITS = OsvLimits(record_bytes=5000, members=20, expansion=50, free_bytes=20_000)
WORDS = st.sampled_from(
    [
        "",
        "0",
        "1.0",
        "npm",
        "Debian:12",
        "PyPI",
        "SEMVER",
        "GIT",
        "CVSS_V3",
        "2024-01-01T00:00:00Z",
        "\x00",
        "~",
        "*",
    ]
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS, st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=10,
)
EVENTS = st.lists(
    st.dictionaries(
        st.sampled_from(["introduced", "fixed", "last_affected", "limit", "x"]), WORDS, max_size=2
    ),
    max_size=4,
)
RANGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["SEMVER", "ECOSYSTEM", "GIT", "?"]), "events": EVENTS}
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "package": st.one_of(
            st.fixed_dictionaries({"ecosystem": WORDS, "name": st.text(max_size=5)}), VALUES
        ),
        "ranges": st.one_of(st.lists(RANGES, max_size=3), VALUES),
        "versions": st.one_of(st.lists(WORDS, max_size=3), VALUES),
        "severity": VALUES,
        "ecosystem_specific": VALUES,
        "database_specific": VALUES,
    },
)
RECORDS = st.fixed_dictionaries(
    {
        "id": st.one_of(st.text(max_size=5), VALUES),
        "modified": st.one_of(st.just("2024-01-01T00:00:00Z"), VALUES),
    },
    optional={
        "affected": st.one_of(st.lists(ENTRIES, max_size=3), VALUES),
        "aliases": VALUES,
        "references": VALUES,
        "severity": VALUES,
        "database_specific": VALUES,
        "published": VALUES,
    },
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def outcome(read: Callable[[], Found]) -> Found | DocumentError:
    """What is read, or why not."""
    try:
        return read()
    except DocumentError as error:
        return error


@given(st.one_of(RECORDS.map(encoded), VALUES.map(encoded), st.binary(max_size=60)))
def test_a_record_is_read_or_refused(text: bytes) -> None:
    found = outcome(lambda: parse_record(text, PLACE))
    assert isinstance(found, Advisory) or found.place.path == PLACE.path


@given(st.one_of(VALUES.map(encoded), st.binary(max_size=60)))
def test_news_about_attacks_are_read_or_refused(text: bytes) -> None:
    found = outcome(lambda: parse_exploitation(text, PLACE))
    if not isinstance(found, DocumentError):
        assert all(isinstance(one, Exploitation) for one in found or ())


@given(
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.sampled_from(["2024-01-01T00:00:00Z", ",", "A", "\n", "/", "1e9", "\u0663"]), max_size=12)
        .map("".join)
        .map(str.encode),
    )
)
def test_an_index_is_read_or_refused(text: bytes) -> None:
    found = outcome(lambda: parse_index(text, PLACE))
    if not isinstance(found, DocumentError):
        assert bool(found.newest) is bool(found.modified)


class Damage(NamedTuple):
    """Bytes to change, as places among those that are not zero, and where to cut the end off."""

    changes: list[tuple[float, int]]
    cut: float | None

    def of(self, whole: bytes) -> bytes:
        content = bytearray(whole)
        places = [at for at, byte in enumerate(whole) if byte]
        for at, value in self.changes:
            content[places[int(at * len(places))]] = value
        return bytes(content if self.cut is None else content[: int(self.cut * len(content))])


PARTS = st.floats(0, 1, exclude_max=True)


def damages(most: int) -> st.SearchStrategy[Damage]:
    changes = st.lists(st.tuples(PARTS, st.integers(0, 255)), max_size=most)
    return st.builds(Damage, changes, st.one_of(st.none(), PARTS))


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("A.json", "B.json", "lines.jsonl"):
            archive.writestr(zipfile.ZipInfo(name), encoded({"id": name, "modified": "2024-01-01T00:00:00Z"}))
    return target.getvalue()


LINES = b"".join(encoded({"id": f"A{n}", "modified": "2024-01-01T00:00:00Z"}) + b"\n" for n in range(20))


@given(
    content=st.one_of(
        damages(6).map(lambda damage: damage.of(zipped())),
        damages(6).map(lambda damage: damage.of(zstandard.compress(LINES))),
        st.binary(max_size=60),
    ),
    kind=st.sampled_from([".zip", ".jsonl.zst", ".json.zst", ".json", ".jsonl"]),
)
def test_a_damaged_file_gives_advisories_and_errors_only(content: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{kind}"
        path.write_bytes(content)
        for entry in read_osv(path, limits=LIMITS):
            assert isinstance(entry, (Advisory, Exploitation, Error))


def database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "advisories.sqlite"
        many = [
            advisory(f"A{number}", fixed_in("1", f"p{number % 9}"), summary="x" * 50) for number in range(60)
        ]
        import_advisories(path, many, NOW)
        return path.read_bytes()


def asked(path: Path) -> int:
    """Reads everything that a database holds."""
    with AdvisoryDatabase(path) as opened:
        found = [entry for number in range(9) for entry in opened.entries("npm", f"p{number}")]
        for entry in found:
            opened.texts(entry.advisory)
            opened.facts([entry.advisory])
        opened.status()
        opened.weaknesses(["CVE-1-1"])
        return len(found)


WHOLE = database()


@given(damages(30))
def test_a_damaged_database_gives_its_own_error_only(damage: Damage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "advisories.sqlite"
        path.write_bytes(damage.of(WHOLE))
        with contextlib.suppress(SourceError):
            assert asked(path) >= 0
        with contextlib.suppress(SourceError):
            import_advisories(path, [advisory("A1", fixed_in("2", "p1"), day=9)], NOW)
            assert asked(path) >= 1
