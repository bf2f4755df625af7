"""Brings the database up to date: fetch first, then build once, then swap.

What fails for one ecosystem leaves that ecosystem as it was and is told; the others go on. A run that is cut
off leaves the old database, and its half archives for the next run.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from propolis.core.errors import DocumentError, Error, Place, SourceError
from propolis.images.model.advisory import Advisory
from propolis.images.model.osv_record import parse_record
from propolis.images.sources.advisory_db.importing import Build, ImportReport, building
from propolis.images.sources.advisory_db.schema import read_export_state
from propolis.images.sources.advisory_db.staging import SourceInfo
from propolis.images.sources.osv import BrokenArchiveError, Entry, read_osv
from propolis.images.sources.osv_export.index import Index, parse_index
from propolis.images.sources.osv_export.server import ExportLimits, ExportServer

DEFAULT_ADDRESS = "https://osv-vulnerabilities.storage.googleapis.com"
DEFAULT_ECOSYSTEMS = (
    "AlmaLinux", "Alpine", "Azure Linux", "Bitnami", "CRAN", "Chainguard", "ConanCenter", "Debian",
    "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Mageia", "Maven", "MinimOS", "NuGet", "Packagist",
    "Photon OS", "Pub", "PyPI", "Red Hat", "Rocky Linux", "RubyGems", "SUSE", "SwiftURL", "Ubuntu", "Wolfi",
    "crates.io", "npm", "openEuler", "openSUSE",
)  # fmt: skip
"""Those that packages of images are asked about; of them, those that the server lists."""

DEFAULT_LIMITS = ExportLimits()
_CONCURRENT_RECORDS = 8
_LICENCE = "that of the home database of each record"
_ECOSYSTEM = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,60}")
_LISTED_BYTES = 1024 * 1024


@dataclass(slots=True)
class EcosystemUpdate:
    """What was done for one ecosystem.

    Attributes:
        way: ``unchanged``, ``records`` (fetched one by one), ``archive``, or ``failed``.
        advisories: Records that were taken.
        removed: Records that the server no longer has.
        error: Why it failed.
    """

    ecosystem: str
    way: str
    advisories: int = 0
    removed: int = 0
    error: Error | None = None


@dataclass(slots=True)
class UpdateReport:
    """What an update did; ``imported`` is None when the database needed no change."""

    ecosystems: list[EcosystemUpdate] = field(default_factory=list)
    imported: ImportReport | None = None


@dataclass(slots=True)
class _Fetched:
    """What came for one ecosystem and waits to be built in."""

    ecosystem: str
    index: Index
    entries: Iterable[Entry]
    archive: Path | None = None


def update(
    database: Path,
    now: datetime,
    address: str = DEFAULT_ADDRESS,
    ecosystems: Sequence[str] = (),
    limits: ExportLimits = DEFAULT_LIMITS,
    progress: Callable[[str], None] = lambda _: None,
) -> UpdateReport:
    """Updates the database from a server.

    Args:
        database: The database, which need not exist.
        now: Noted as the time of the build.
        address: Of the server.
        ecosystems: Which to update; by default `DEFAULT_ECOSYSTEMS` as far as the server has them.
        limits: How much to take.
        progress: Told what is being fetched.

    Raises:
        SourceError: when the server does not answer at all, or the database cannot be written.
        DocumentError: for an address that is none.
    """
    return asyncio.run(update_async(database, now, address, ecosystems, limits, progress))


async def update_async(
    database: Path,
    now: datetime,
    address: str,
    ecosystems: Sequence[str],
    limits: ExportLimits,
    progress: Callable[[str], None],
) -> UpdateReport:
    """As `update`, for a caller that has an event loop."""
    report = UpdateReport()
    async with _session() as session:
        server = ExportServer(session, address, limits)
        chosen = [_checked(name) for name in ecosystems] or await _listed(server)
        fetcher = _Fetcher(server, database, limits, progress)
        fetched = [found for name in chosen if (found := await fetcher.fetch(name, report)) is not None]
    if fetched:
        with building(database, now) as build:
            for found in fetched:
                report.ecosystems.append(_build_in(build, server.address, found))
        report.imported = build.report
        for found in fetched:
            if found.archive is not None:
                found.archive.unlink(missing_ok=True)
    report.ecosystems.sort(key=lambda one: one.ecosystem)
    return report


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, trust_env=True) as session:
        yield session


async def _listed(server: ExportServer) -> list[str]:
    """The default ecosystems that the server has."""
    text = await server.read("ecosystems.txt", max_bytes=_LISTED_BYTES)
    names = {line.strip() for line in text.decode("utf-8", "replace").splitlines()}
    found = [name for name in DEFAULT_ECOSYSTEMS if name in names]
    if not found:
        raise SourceError("update advisories", server.address, "its ecosystems.txt lists no known ecosystem")
    return found


def _checked(ecosystem: str) -> str:
    """A name that is safe as a part of addresses and of file names."""
    if not _ECOSYSTEM.fullmatch(ecosystem):
        raise DocumentError(f"ecosystem {ecosystem[:80]!r}", expected="a name such as PyPI or Rocky Linux")
    return ecosystem


class _Fetcher:
    """Fetches what changed, ecosystem by ecosystem."""

    def __init__(
        self, server: ExportServer, database: Path, limits: ExportLimits, progress: Callable[[str], None]
    ) -> None:
        self._server = server
        self._limits = limits
        self._progress = progress
        self._state = read_export_state(database, server.address)
        self._folder = database.with_name(f".{database.name}.download")

    async def fetch(self, ecosystem: str, report: UpdateReport) -> _Fetched | None:
        """What must be built in; None, and an entry of the report, where nothing must or can."""
        self._progress(ecosystem)
        try:
            found = await self._changes(ecosystem)
        except (SourceError, DocumentError) as error:
            report.ecosystems.append(EcosystemUpdate(ecosystem, "failed", error=error))
            return None
        if found is None:
            report.ecosystems.append(EcosystemUpdate(ecosystem, "unchanged"))
        return found

    async def _changes(self, ecosystem: str) -> _Fetched | None:
        text = await self._server.read(ecosystem, "modified_id.csv", max_bytes=self._limits.index_bytes)
        index = parse_index(text, Place(f"{self._server.address}/{ecosystem}/modified_id.csv"))
        known = self._state.get(ecosystem)
        if known is not None and known == index.newest:
            return None
        changed = index.changed_since(known) if known else None
        if changed is not None and len(changed) <= self._limits.changes:
            try:
                return _Fetched(ecosystem, index, await self._records(ecosystem, changed))
            except SourceError:
                self._progress(f"{ecosystem}: a record did not come; fetching the archive")
        return await self._archive(ecosystem, index)

    async def _archive(self, ecosystem: str, index: Index) -> _Fetched:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            target = self._folder / f"{ecosystem}.zip"
            await self._server.download(ecosystem, "all.zip", target=target)
        except OSError as error:
            raise SourceError("keep a download", str(self._folder), error.strerror or str(error)) from error
        return _Fetched(ecosystem, index, read_osv(target, _source(ecosystem)), target)

    async def _records(self, ecosystem: str, names: Sequence[str]) -> list[Entry]:
        """Records one by one, several at once."""
        room = asyncio.Semaphore(_CONCURRENT_RECORDS)

        async def one(name: str) -> Entry:
            async with room:
                limit = self._limits.record_bytes
                text = await self._server.read(ecosystem, f"{name}.json", max_bytes=limit)
            try:
                return parse_record(text, Place(f"{ecosystem}/{name}.json"), _source(ecosystem))
            except DocumentError as error:
                return error

        tasks = [asyncio.ensure_future(one(name)) for name in names]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _source(ecosystem: str) -> str:
    return f"OSV {ecosystem}"


def _build_in(build: Build, address: str, found: _Fetched) -> EcosystemUpdate:
    """Adds what came; after a broken archive nothing is removed, and the next run fetches it anew."""
    before = build.report.advisories
    way = "archive" if found.archive else "records"
    names = set(found.index.modified)
    for entry in found.entries:
        build.add(entry)
        if isinstance(entry, Advisory):
            names.add(entry.id)
        elif isinstance(entry, BrokenArchiveError):
            added = build.report.advisories - before
            return EcosystemUpdate(found.ecosystem, "failed", added, error=entry)
    build.note_source(SourceInfo(_source(found.ecosystem), address, _LICENCE, "OSV data export"))
    removed = build.remove_absent(_source(found.ecosystem), names)
    build.note_export(address, found.ecosystem, found.index.newest)
    return EcosystemUpdate(found.ecosystem, way, build.report.advisories - before, removed)
