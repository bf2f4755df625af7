"""Images of registries as ``scan image`` takes them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from propolis.app.progress import silent
from propolis.app.published_images import is_published, parse_platform
from propolis.app.scan_command import scan_references
from propolis.core.errors import DocumentError
from propolis.registry.documents import LINUX_AMD64, Platform
from tests.harness.layers import layout, tar_of
from tests.unit.registry.fake_registry import FakeRegistry, serving

LAYER = tar_of([("app/x-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n\n")])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacking the advisories takes seconds, so the tests share it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def registry(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """Has the image ``shop/web:1``."""
    monkeypatch.setenv("PROPOLIS_CACHE", str(cache))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    registry = FakeRegistry()
    folder = layout(tmp_path, [LAYER])
    with serving(registry):
        (entry,) = json.loads((folder / "index.json").read_bytes())["manifests"]
        for blob in (folder / "blobs" / "sha256").iterdir():
            registry.put(f"shop/web/blobs/sha256:{blob.name}", blob.read_bytes())
        manifest = folder / "blobs" / entry["digest"].replace(":", "/")
        registry.put_manifest(json.loads(manifest.read_bytes()))
        yield registry


def test_what_no_file_has_is_asked_of_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    assert is_published("alpine:3.19")
    assert is_published("registry.test/shop/web@sha256:" + "0" * 64)
    local = [
        "web",
        "web:1.0",
        "web@sha256:1",
        "./web",
        "./cart",
        "/srv/cart",
        "cart.tar",
        "cart.tar.gz",
        "UPPER",
    ]
    assert [one for one in local if is_published(one)] == []


def test_files_and_published_images_are_scanned_together(registry: FakeRegistry, tmp_path: Path) -> None:
    published = f"{registry.host}/shop/web:1"
    scanned = scan_references([str(tmp_path), published], silent)
    assert scanned.problems == []
    assert [[one.name for one in image.content.packages] for image in scanned.images] == [["x"], ["x"]]
    assert scanned.images[1].image.names == (published,)


def test_an_image_that_is_not_published_is_told_and_the_others_are_scanned(registry: FakeRegistry) -> None:
    scanned = scan_references([f"{registry.host}/shop/none:1", f"{registry.host}/shop/web:1"], silent)
    assert len(scanned.images) == 1
    (problem,) = scanned.problems
    assert problem.kind == "source"
    assert f"{registry.host}/shop/none" in problem.text


def test_platforms_are_read() -> None:
    assert parse_platform("") == LINUX_AMD64
    assert parse_platform("linux/arm/v7") == Platform("linux", "arm", "v7")


@pytest.mark.parametrize("text", ["arm64", "linux/", "a/b/c/d", "/"])
def test_a_wrong_platform_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="no platform"):
        parse_platform(text)
