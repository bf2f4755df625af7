"""What reading damaged, encrypted or hostile zip files may raise, and small entries of them."""

import zipfile
import zlib

from propolis.core.limits import MEBIBYTE

MOST_ENTRIES = 100_000
MOST_SMALL_BYTES = MEBIBYTE

DAMAGED = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error)
"""What reading a damaged or encrypted archive may raise."""


def small_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """The start of an entry as text."""
    with archive.open(entry) as opened:
        return opened.read(MOST_SMALL_BYTES).decode("utf-8", "replace")
