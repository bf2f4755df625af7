"""What layers brought, kept by diff id and analyzers: a layer that many images share is read once."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from propolis.images.engine.analyzer import AnalyzerSet
from propolis.images.model.layer import LayerContent

FORMAT = 1
"""Grows when `LayerContent` changes its shape."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LayerContent).decode


class LayerCache:
    """A folder of files. Whatever goes wrong with it costs time, never a result."""

    def __init__(self, folder: Path, analyzers: AnalyzerSet) -> None:
        self._folder = folder
        self._analyzers = analyzers.key

    def _path(self, diff_id: str) -> Path:
        key = hashlib.sha256(f"{FORMAT}\0{diff_id}\0{self._analyzers}".encode()).hexdigest()
        return self._folder / key[:2] / key[2:]

    def get(self, diff_id: str) -> LayerContent | None:
        """What is known of a layer; None where nothing is, or it cannot be read."""
        path = self._path(diff_id)
        try:
            content = _decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError):
            with suppress(OSError):
                path.unlink()
            return None
        return content if content.diff_id == diff_id else None

    def put(self, content: LayerContent) -> None:
        """Keeps a layer: written beside, then put in place."""
        path = self._path(content.diff_id)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_encode(content))
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)
