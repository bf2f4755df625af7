"""Files that commands write: whole or not at all."""

import os
import tempfile
from pathlib import Path

from propolis.core.errors import SourceError


def write_whole(path: Path, content: bytes) -> None:
    """Writes beside the file, then takes its place; its mode stays, a new file is for its owner alone.

    Raises:
        SourceError: The file cannot be written; what was there before is kept.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a pipe or a device is written, not replaced
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        written = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            written.chmod(mode)
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
    except OSError as error:
        raise SourceError("write the file", str(path), error.strerror or str(error)) from error
