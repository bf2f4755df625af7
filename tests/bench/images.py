"""A large image, read cold and warm. The reference inflates and hashes the same layers once with ISA-L.

The image has three layers of the machine's own files, 600 MB packed. Each run is a process of its own, so
that its peak of memory is its own.
"""

import hashlib
import io
import json
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from isal import isal_zlib

from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import OpenImage, find_images, open_blobs
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.layer_cache import LayerCache
from tests.harness.layers import digest_of

SOURCES = ("/etc", "/var/lib/dpkg", "/usr", "/opt", "/home", "/root", "/var")
LAYERS, PACKED_BYTES = 3, 200 * 1000 * 1000
ALLOWED_RATIO, ALLOWED_MEGABYTES, ALLOWED_WARM_SECONDS = 1.6, 150, 0.3
ROUNDS = 3
GZIP_WINDOW = 31
CHUNK = 256 * 1024


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed, unpacked = build(folder / "image")
        rounds = [(child("reference", folder), child("cold", folder)) for _ in range(ROUNDS)]
        reference = min(one["seconds"] for one, _ in rounds)
        cold = min(one["seconds"] for _, one in rounds)
        megabytes = max(one["megabytes"] for _, one in rounds)
        child("warm", folder)
        warm = min(child("warm", folder)["seconds"] for _ in range(ROUNDS))
    of = (
        f"{packed / 1e6:.0f} MB packed, {unpacked / 1e6:.0f} MB unpacked, {rounds[0][1]['packages']} packages"
    )
    allowed = warm / ALLOWED_WARM_SECONDS
    return [
        f"images: {of}",
        f"images: cold read: {cold / reference:.2f}x inflating and hashing once (allowed {ALLOWED_RATIO})",
        f"images: peak memory of the cold read: {megabytes / ALLOWED_MEGABYTES:.2f}x of what is allowed",
        f"images: warm read: {warm / cold:.4f}x the cold read ({allowed:.1%} of what is allowed)",
    ]


def child(what: str, folder: Path) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.images", what, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def build(folder: Path) -> tuple[int, int]:
    """Writes the image; the sizes of its layers together, packed and unpacked."""
    folder.mkdir()
    files = machine_files()
    layers = [_layer(folder, files) for _ in range(LAYERS)]
    config = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"diff_ids": [diff_id for _, diff_id, _ in layers]},
    }
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    manifest = {
        "config": _put(folder, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [{"mediaType": kind, "digest": digest} for digest, _, _ in layers],
    }
    entry = _put(folder, json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    blobs = [folder / "blobs" / digest.replace(":", "/") for digest, _, _ in layers]
    return sum(blob.stat().st_size for blob in blobs), sum(size for _, _, size in layers)


def machine_files() -> Iterator[Path]:
    """Ordinary files of the machine, none twice."""
    seen: set[Path] = set()
    for source in SOURCES:
        for path in sorted(Path(source).rglob("*")):
            if path not in seen and path.is_file() and not path.is_symlink():
                seen.add(path)
                yield path


class _Measured(io.RawIOBase):
    """Packs what is written to it, and computes the digest of the tar."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb")
        self._packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, GZIP_WINDOW)
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._digest.update(data)
        self._file.write(self._packer.compress(data))
        self.size += len(data)
        return len(data)

    @property
    def packed(self) -> int:
        return self._file.tell()

    def finish(self) -> str:
        self._file.write(self._packer.flush())
        self._file.close()
        return f"sha256:{self._digest.hexdigest()}"


def _layer(folder: Path, files: Iterator[Path]) -> tuple[str, str, int]:
    path = folder / "layer"
    output = _Measured(path)
    with tarfile.open(fileobj=output, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for file in files:
            try:
                tar.add(file, recursive=False)
            except OSError:
                continue
            if output.packed > PACKED_BYTES:
                break
    diff_id = output.finish()
    with path.open("rb") as content:
        digest = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    blob = folder / "blobs" / digest.replace(":", "/")
    blob.parent.mkdir(parents=True, exist_ok=True)
    path.rename(blob)
    return digest, diff_id, output.size


def _put(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = digest_of(content)
    (folder / "blobs" / digest.replace(":", "/")).write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def reference(folder: Path) -> int:
    """Inflates every layer and hashes both sides of it, as many layers at once as we read."""

    def one(path: Path) -> int:
        packed, unpacked = hashlib.sha256(), hashlib.sha256()
        inflater = isal_zlib.decompressobj(GZIP_WINDOW)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                packed.update(chunk)
                unpacked.update(inflater.decompress(chunk))
        return len(packed.digest() + unpacked.digest())

    blobs = [
        path for path in (folder / "image" / "blobs" / "sha256").iterdir() if path.stat().st_size > CHUNK
    ]
    with ThreadPoolExecutor(LAYERS) as pool:
        return sum(pool.map(one, blobs))


def opened(folder: Path) -> OpenImage:
    (found,) = find_images(open_blobs(folder / "image"))
    return found.load()


def cold(folder: Path) -> int:
    return len(read_image(opened(folder), ANALYZERS).packages)


def warm(folder: Path) -> int:
    return len(read_image(opened(folder), ANALYZERS, LayerCache(folder / "cache", ANALYZERS)).packages)


def measure(work: Callable[[Path], int], folder: Path) -> dict[str, Any]:
    begin = time.perf_counter()
    packages = work(folder)
    seconds = time.perf_counter() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"seconds": seconds, "megabytes": megabytes, "packages": packages}


if __name__ == "__main__":
    print(
        json.dumps(
            measure({"reference": reference, "cold": cold, "warm": warm}[sys.argv[1]], Path(sys.argv[2]))
        )
    )
