"""The store that a command works on."""

from pathlib import Path

from propolis.app.settings import read_settings
from propolis.store.database import Database, open_database


def open_store(store: Path | None) -> Database:
    """The store of an option, or of the settings. Raises `SourceError`."""
    return open_database(store or read_settings().store)
