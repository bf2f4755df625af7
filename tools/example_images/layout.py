"""Writes OCI layouts. Layers are plain tars: no version of a packer changes a digest."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_IMAGE = "application/vnd.oci.image"
MANIFEST_TYPE, CONFIG_TYPE, LAYER_TYPE = (
    f"{_IMAGE}.manifest.v1+json",
    f"{_IMAGE}.config.v1+json",
    f"{_IMAGE}.layer.v1.tar",
)
EXECUTABLE_MAGIC = (b"\x7fELF", b"#!")


class Layout:
    """The blobs of one image, by digest, and their descriptors."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def add(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Keeps a blob; its descriptor."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._blobs[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def add_json(self, document: object, media_type: str) -> dict[str, Any]:
        """Keeps a document, written in one way only."""
        return self.add(as_json(document), media_type)

    def write(self, folder: Path, manifest: dict[str, Any], reference: str) -> None:
        """Writes the layout with one image, named by its whole reference."""
        for digest, content in self._blobs.items():
            path = folder / "blobs" / digest.replace(":", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        entry = {**manifest, "annotations": {"org.opencontainers.image.ref.name": reference}}
        (folder / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
        index = {"schemaVersion": 2, "mediaType": f"{_IMAGE}.index.v1+json", "manifests": [entry]}
        (folder / "index.json").write_bytes(as_json(index))


def as_json(document: object) -> bytes:
    """Keys in order, no space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def tar_of(files: Iterable[tuple[str, bytes]], created: datetime) -> bytes:
    """A tar of these files; programs and scripts may be executed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in files:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            info.mtime = int(created.timestamp())
            info.mode = 0o755 if content.startswith(EXECUTABLE_MAGIC) else 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def config_of(
    created: datetime, layers: Sequence[dict[str, Any]], history: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The configuration of an image of these layers."""
    return {
        "created": timestamp(created),
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        "history": list(history),
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
