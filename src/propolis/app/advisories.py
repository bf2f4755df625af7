"""``db`` from its options: where the advisories lie, what is added to them, what they are."""

from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path

from propolis.app.image_scan import advisory_database
from propolis.app.progress import Progress
from propolis.app.settings import read_settings
from propolis.core import clock
from propolis.images.sources.advisory_db.importing import ImportReport, import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase, DatabaseStatus
from propolis.images.sources.osv import read_osv
from propolis.images.sources.osv_export.update import (
    DEFAULT_ADDRESS,
    DEFAULT_ECOSYSTEMS,
    UpdateReport,
    update,
)
from propolis.images.sources.shipped import ensure_database


def _ready() -> Path:
    """The database, with the shipped advisories in it. Raises `SourceError`."""
    path = advisory_database(read_settings())
    path.parent.mkdir(parents=True, exist_ok=True)
    ensure_database(path, clock.now())
    return path


def advisory_status() -> DatabaseStatus:
    """What the database holds. Raises `SourceError`."""
    with AdvisoryDatabase(_ready()) as database:
        return database.status()


def import_paths(paths: Iterable[Path], source: str) -> ImportReport:
    """Adds records of files and folders; what cannot be read is counted. Raises `SourceError`."""
    database = _ready()
    entries = chain.from_iterable(read_osv(path, source) for path in paths)
    return import_advisories(database, entries, clock.now())


def update_advisories(url: str, ecosystems: Sequence[str], progress: Progress) -> UpdateReport:
    """Brings the database up to date; an ecosystem that fails stays as it was. Raises `SourceError`."""
    wanted = tuple(ecosystems) or DEFAULT_ECOSYSTEMS
    done = count(1)
    return update(
        _ready(),
        clock.now(),
        url or DEFAULT_ADDRESS,
        wanted,
        progress=lambda what: progress(what, next(done), None),
    )
