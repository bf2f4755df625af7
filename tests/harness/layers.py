"""Builds layers and images for tests: tars from tables of entries, OCI layouts from layers."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Entries = Sequence[tuple[str, bytes | str | None]]
"""Path and content; None makes a folder, ``-> target`` a symbolic link, ``=> target`` a hard link."""


def tar_of(entries: Entries, form: int = tarfile.PAX_FORMAT, mode: int = 0o644) -> bytes:
    """A tar with these entries, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for path, content in entries:
            info = tarfile.TarInfo(path)
            info.mode = mode
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif isinstance(content, str) and content[:3] in ("-> ", "=> "):
                info.type = tarfile.SYMTYPE if content[0] == "-" else tarfile.LNKTYPE
                info.linkname = content[3:]
                tar.addfile(info)
            else:
                data = content.encode() if isinstance(content, str) else content
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def digest_of(content: bytes) -> str:
    """``sha256:...``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layout(
    folder: Path,
    layers: Sequence[bytes],
    history: Sequence[Mapping[str, Any]] = (),
    name: str = "test:1",
    *,
    packed: bool = True,
) -> Path:
    """An OCI layout with one image of these tars."""
    blobs = [gzip.compress(layer, mtime=0) if packed else layer for layer in layers]
    kind = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if packed else "")
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["SECRET=value"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        "history": list(history),
    }
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _put(folder, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [_put(folder, blob, kind) for blob in blobs],
    }
    entry = _put(folder, json.dumps(manifest).encode(), manifest["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return folder


def _put(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = digest_of(content)
    blob = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}
