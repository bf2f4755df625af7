"""The advisories that ship with the program, and the database that a fresh machine makes of them."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from propolis.core.errors import SourceError
from propolis.images.sources.advisory_db.importing import ImportReport, import_advisories
from propolis.images.sources.advisory_db.schema import read_meta
from propolis.images.sources.advisory_db.staging import SourceInfo
from propolis.images.sources.osv import read_osv

_DATA = Path(__file__).parents[1] / "data"
SNAPSHOT_KEY = "snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Advisories in one file, with their sources.

    Attributes:
        path: JSON Lines, packed.
        digest: SHA-256 of the file, which names this state of the data.
    """

    path: Path
    digest: str
    sources: tuple[SourceInfo, ...]


def shipped_snapshot(folder: Path = _DATA) -> Snapshot:
    """The snapshot of a folder, by default the program's own.

    Raises:
        SourceError: where the program was packed without it.
    """
    try:
        document = tomllib.loads((folder / "advisories.toml").read_text(encoding="utf-8"))
        sources = tuple(SourceInfo(**source) for source in document["source"])
        return Snapshot(folder / "advisories.jsonl.zst", document["sha256"], sources)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SourceError(
            "read the advisories that ship with the program", str(folder), str(error)
        ) from error


def ensure_database(database: Path, now: datetime, snapshot: Snapshot | None = None) -> ImportReport | None:
    """Brings the shipped advisories into a database that lacks them; what else it holds stays.

    A database that another version of the program wrote cannot be read and is made anew.

    Returns:
        What was done; None when the shipped advisories are in already.

    Raises:
        SourceError: for a damaged database, or when the disk fails.
    """
    snapshot = snapshot or shipped_snapshot()
    meta = read_meta(database)
    if meta is not None and meta.get(SNAPSHOT_KEY) == snapshot.digest:
        return None
    return import_advisories(
        database,
        read_osv(snapshot.path),
        now,
        snapshot.sources,
        notes={SNAPSHOT_KEY: snapshot.digest},
        keep=meta is not None,
    )
