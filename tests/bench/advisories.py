"""The advisory database: build, open, look up, match. References are what the same data cost without it."""

import io
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import zstandard

from propolis.images.model.package import Distribution, Package
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.osv import read_osv
from propolis.images.sources.shipped import ensure_database, shipped_snapshot

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TODAY = date(2026, 11, 21)
SIMULATED = 300_000
LISTS, LIST_LENGTH = 1000, 300
LOOKUPS = 20_000
SHIPPED_SECONDS, SIMULATED_SECONDS, MATCH_SECONDS = 60, 180, 10
OPEN_SECONDS, LOOKUP_SECONDS = 0.010, 0.000_050


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def line(what: str, took: float, reference: float, of: str, allowed: float) -> str:
    return f"advisories: {what}: {took / reference:.1f}x {of} ({took / allowed:.1%} of what is allowed)"


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "advisories.sqlite"
        return [
            simulated(Path(folder)),
            shipped(database),
            opening(database),
            lookups(database),
            matching(database),
        ]


def decoded(path: Path) -> int:
    """The reference of an import: unpack the file and decode each line into plain dictionaries."""
    with io.BufferedReader(zstandard.open(path, "rb")) as lines:
        return sum(1 for text in lines if msgspec.json.decode(text))


def shipped(database: Path) -> str:
    path = shipped_snapshot().path
    reference = seconds(lambda: decoded(path))
    took = seconds(lambda: ensure_database(database, NOW))
    return line("import what ships", took, reference, "decoding its lines as JSON", SHIPPED_SECONDS)


def opening(database: Path) -> str:
    def plain() -> None:
        connection = sqlite3.connect(database)
        connection.execute("SELECT count(*) FROM ecosystem").fetchone()
        connection.close()

    plain()
    reference = min(seconds(plain) for _ in range(20))
    took = min(seconds(lambda: AdvisoryDatabase(database).close()) for _ in range(20))
    return line("open", took, reference, "a bare SQLite connection with one query", OPEN_SECONDS)


def keys(database: Path) -> list[tuple[str, int, str]]:
    """Every ecosystem and package, shuffled."""
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT name, number, package FROM entries JOIN ecosystem ON ecosystem = number"
    )
    found: list[tuple[str, int, str]] = rows.fetchall()
    connection.close()
    random.Random(7).shuffle(found)  # noqa: S311  # reproducible, not secret
    return found


def lookups(database: Path) -> str:
    asked = keys(database)[:LOOKUPS]
    connection = sqlite3.connect(database)
    query = "SELECT packed FROM entries WHERE ecosystem = ? AND package = ?"
    reference = seconds(lambda: [connection.execute(query, row[1:]).fetchone() for row in asked])
    connection.close()
    with AdvisoryDatabase(database) as opened:
        took = seconds(lambda: [opened.entries(ecosystem, name) for ecosystem, _, name in asked])
    count = len(asked)
    return line("look up", took / count, reference / count, "fetching the row alone", LOOKUP_SECONDS)


def package_lists(database: Path) -> list[list[Package]]:
    """Lists as images have them: packages are shared, most have no advisories or hold the fixes."""
    chance = random.Random(7)  # noqa: S311  # reproducible, not secret
    known = [name for ecosystem, _, name in keys(database) if ecosystem == "Debian:12"]
    names = [*known, *(f"quiet{number}" for number in range(800))]
    pool = [
        Package("deb", f"{name}-{part}", version, name, version)
        for name in names
        for part in range(5)
        for version in [chance.choice(("0.1-1", "99:1-1", "99:1-2", "99:1-3", "99:1-4"))]
    ]
    return [chance.sample(pool, LIST_LENGTH) for _ in range(LISTS)]


def matching(database: Path) -> str:
    lists = package_lists(database)
    debian = Distribution("debian", "12")
    with AdvisoryDatabase(database) as opened:
        names = {(one.type, one.name, one.version) for found in lists for one in found}
        reference = seconds(lambda: sum((p.type, p.name, p.version) in names for one in lists for p in one))
        matcher = Matcher(opened)
        count = 0

        def match() -> None:
            nonlocal count
            for one in lists:
                count += len(matcher.match(one, debian, TODAY).vulnerabilities)

        took = seconds(match)
    what = f"match {LISTS} lists of {LIST_LENGTH} packages ({count} vulnerabilities)"
    return line(what, took, reference, "one set look-up a package", MATCH_SECONDS)


def write_simulated(path: Path) -> None:
    """The shipped records over and over, each time with other ids and other packages."""
    with io.BufferedReader(zstandard.open(shipped_snapshot().path, "rb")) as packed:
        records = [text for text in packed if b'"modified"' in text]
    with path.open("wb") as out:
        for number in range(SIMULATED):
            text = records[number % len(records)].replace(b'{"id":"', b'{"id":"%d-' % number, 1)
            out.write(text.replace(b'"name":"', b'"name":"%d-' % (number // len(records))))


def simulated(folder: Path) -> str:
    path, database = folder / "simulated.jsonl", folder / "simulated.sqlite"
    write_simulated(path)
    with path.open("rb") as lines:
        reference = seconds(lambda: sum(1 for text in lines if msgspec.json.decode(text)))
    took = seconds(lambda: import_advisories(database, read_osv(path), NOW))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = f"build {SIMULATED} simulated records ({database.stat().st_size >> 20} MiB, peak {peak} MiB)"
    return line(what, took, reference, "decoding their lines as JSON", SIMULATED_SECONDS)
