"""Files that commands write: whole or not at all."""

import os
import tempfile
from pathlib import Path

from propolis.core.errors import SourceError


def write_whole(path: Path, content: bytes) -> None:
    """Writes beside the file, then takes its place.

    Raises:
        SourceError: The file cannot be written; what was there before is kept.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            written.chmod(0o644)
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise SourceError("write the file", str(path), error.strerror or str(error)) from error
