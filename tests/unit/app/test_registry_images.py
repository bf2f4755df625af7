"""Images of a registry, read by what reads images in files."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.app.registry_images import RegistryBlobs
from propolis.core.errors import DocumentError
from propolis.images.engine.merge import ImageContent
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import find_images, open_blobs
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.layer_cache import LayerCache
from propolis.registry.client import RegistryClient
from tests.harness.layers import layout, tar_of
from tests.unit.registry.fake_registry import FakeRegistry, client, cutting, saying, serving

STATUS = "Package: libc6\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\n"
RELEASE = 'ID=debian\nVERSION_ID="12"\n'
LAYERS = [
    tar_of([("etc/os-release", RELEASE), ("var/lib/dpkg/status", STATUS)]),
    tar_of([("app/x-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n\n")]),
]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FakeRegistry]:
    """Has the image of the layout in this folder."""
    registry = FakeRegistry()
    with serving(registry):
        publish(layout(tmp_path, LAYERS), registry)
        registry.asks_for_token()
        yield registry


def publish(folder: Path, registry: FakeRegistry) -> None:
    (entry,) = json.loads((folder / "index.json").read_bytes())["manifests"]
    for blob in (folder / "blobs" / "sha256").iterdir():
        registry.put(f"shop/web/blobs/sha256:{blob.name}", blob.read_bytes())
    content = (folder / "blobs" / entry["digest"].replace(":", "/")).read_bytes()
    registry.put_manifest(json.loads(content))


def read(registry: FakeRegistry, asked: RegistryClient, cache: LayerCache | None = None) -> ImageContent:
    blobs = RegistryBlobs(asked, f"{registry.host}/shop/web:1")
    (found,) = find_images(blobs)
    return read_image(found.load(), ANALYZERS, cache)


def test_an_image_of_a_registry_is_read_as_one_in_a_folder(registry: FakeRegistry, tmp_path: Path) -> None:
    (local,) = find_images(open_blobs(tmp_path))
    with client() as asked:
        blobs = RegistryBlobs(asked, f"{registry.host}/shop/web:1")
        (found,) = find_images(blobs)
        opened = found.load()
        assert opened.image.names == (f"{registry.host}/shop/web:1",)
        assert opened.image.id == local.load().image.id
        assert opened.image.digest == blobs.digest
        content = read_image(opened, ANALYZERS)
        blobs.close()
    expected = read_image(local.load(), ANALYZERS)
    assert content == expected
    assert [one.name for one in content.packages] == ["libc6", "x"]


def test_known_layers_are_not_fetched_again(registry: FakeRegistry, tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "layers", ANALYZERS)
    with client() as asked:
        read(registry, asked, cache)
        before = len(registry.asked("/blobs/"))
        read(registry, asked, cache)
    assert len(registry.asked("/blobs/")) == before + 1  # the configuration


def test_a_layer_that_breaks_off_is_fetched_on(registry: FakeRegistry) -> None:
    digest, content = layer(registry)
    registry.faults[digest] = [cutting(content, 20)]
    with client() as asked:
        assert len(read(registry, asked).packages) == 2
    assert registry.asked(digest)[-1].headers["Range"] == "bytes=20-"


def test_a_layer_with_another_digest_is_refused(registry: FakeRegistry) -> None:
    digest, content = layer(registry)
    registry.faults[digest] = [saying(gzip.compress(gzip.decompress(content), 1, mtime=1)[: len(content)])]
    with client() as asked, pytest.raises(DocumentError):
        read(registry, asked)


def test_what_the_manifest_does_not_name_cannot_be_opened(registry: FakeRegistry) -> None:
    with client() as asked:
        blobs = RegistryBlobs(asked, f"{registry.host}/shop/web:1")
        assert blobs.has("index.json")
        assert not blobs.has("manifest.json")
        before = len(registry.requests)
        with pytest.raises(DocumentError, match="not there"):
            blobs.open(f"blobs/sha256/{'0' * 64}")
        assert len(registry.requests) == before


def layer(registry: FakeRegistry) -> tuple[str, bytes]:
    """Digest and bytes of the first layer."""
    document = json.loads(registry.files["shop/web/manifests/1"][1])
    digest: str = document["layers"][0]["digest"]
    return digest, registry.files[f"shop/web/blobs/{digest}"][1]
