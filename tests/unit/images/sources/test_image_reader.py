import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from propolis.core.errors import DocumentError, LimitError, Place
from propolis.core.limits import Limits
from propolis.images.engine.merge import ImageContent, merge_layers
from propolis.images.model.image import ImageLayer
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import find_images, open_blobs
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.layer_cache import LayerCache
from propolis.images.sources.layer_reader import read_layer
from tests.harness.layers import Entries, digest_of, layout, tar_of

STATUS = "Package: NAME\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\n"
DEBIAN: Entries = [
    ("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'),
    ("var/lib/dpkg/status", STATUS.replace("NAME", "libc6")),
]


def dist_info(name: str, folder: str = "usr/lib/python3/dist-packages") -> tuple[str, str]:
    return f"{folder}/{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n"


def read(folder: Path, layers: Sequence[bytes], limits: Limits | None = None, **how: Any) -> ImageContent:
    (found,) = find_images(open_blobs(layout(folder, layers, **how)))
    return read_image(found.load(), ANALYZERS, None, limits or Limits())


def names(content: ImageContent) -> list[str]:
    return [package.name for package in content.packages]


def test_packages_know_their_layer_and_whether_it_is_the_bases(tmp_path: Path) -> None:
    layers = [tar_of(DEBIAN), tar_of([dist_info("django")])]
    history = [
        {"created_by": "ADD rootfs"},
        {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
        {"created_by": "RUN pip install django"},
        {"created_by": "CMD run", "empty_layer": True},
    ]
    content = read(tmp_path, layers, history=history)
    told = [(one.name, one.type, one.layer == digest_of(layers[0]), one.is_base) for one in content.packages]
    assert told == [("libc6", "deb", True, True), ("django", "pypi", False, False)]
    assert content.distribution is not None
    assert (content.distribution.id, content.distribution.version) == ("debian", "12")


def test_a_later_layer_replaces_a_file(tmp_path: Path) -> None:
    later = tar_of([("var/lib/dpkg/status", STATUS.replace("NAME", "musl"))])
    assert names(read(tmp_path, [tar_of(DEBIAN), later])) == ["musl"]


def test_a_whiteout_takes_a_file_or_a_folder_away(tmp_path: Path) -> None:
    lower = tar_of([dist_info("one"), dist_info("two"), dist_info("three", "opt/app")])
    upper = tar_of([("usr/lib/python3/dist-packages/.wh.one-1.0.dist-info", ""), ("opt/.wh.app", "")])
    assert names(read(tmp_path, [lower, upper])) == ["two"]


def test_an_opaque_folder_keeps_what_its_own_layer_puts_there(tmp_path: Path) -> None:
    lower = tar_of([dist_info("old", "opt/app"), dist_info("stays", "opt/other")])
    upper = tar_of([dist_info("new", "opt/app"), ("opt/app/.wh..wh..opq", "")])
    assert names(read(tmp_path, [lower, upper])) == ["new", "stays"]


def test_a_link_in_place_of_a_folder_hides_it(tmp_path: Path) -> None:
    upper = tar_of([("opt/app", "-> /elsewhere")])
    assert names(read(tmp_path, [tar_of([dist_info("one", "opt/app")]), upper])) == []


@pytest.mark.parametrize("order", ["target first", "link first"])
def test_a_hard_link_holds_what_its_target_holds(tmp_path: Path, order: str) -> None:
    path, content = dist_info("linked")
    target: list[tuple[str, bytes | str | None]] = [("data/file", content)]
    link: list[tuple[str, bytes | str | None]] = [(path, "=> data/file")]
    entries = target + link if order == "target first" else link + target
    assert names(read(tmp_path, [tar_of(entries)])) == ["linked"]


def test_files_of_the_distributions_packages_are_not_counted_again(tmp_path: Path) -> None:
    path, content = dist_info("six")
    entries: Entries = [*DEBIAN, (path, content), ("var/lib/dpkg/info/python3-six.list", f"/.\n/{path}\n")]
    assert names(read(tmp_path, [tar_of(entries)])) == ["libc6"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_all_forms_of_tar_are_read(tmp_path: Path, form: int) -> None:
    entries: list[tuple[str, bytes | str | None]] = [dist_info("short")]
    if form != tarfile.USTAR_FORMAT:
        entries.append(dist_info("long", "/".join(["a-folder-with-a-long-name"] * 12)))
    assert names(read(tmp_path, [tar_of(entries, form)])) == sorted(["short", "long"][: len(entries)])[::1]


@pytest.mark.parametrize("name", ["../../etc/evil", "/../evil", "a/../../evil"])
def test_names_that_lead_out_are_told_and_left_out(tmp_path: Path, name: str) -> None:
    metadata = dist_info("evil")[1]
    content = read(tmp_path, [tar_of([(f"{name}/evil-1.0.dist-info/METADATA", metadata), dist_info("good")])])
    assert names(content) == ["good"]
    assert "leads out of the image" in content.problems[0]


def test_absolute_names_are_names_within_the_image(tmp_path: Path) -> None:
    assert names(read(tmp_path, [tar_of([("/var/lib/dpkg/status", STATUS)])])) == ["NAME"]


def test_a_hard_link_that_leads_out_is_told(tmp_path: Path) -> None:
    content = read(tmp_path, [tar_of([(dist_info("x")[0], "=> ../../etc/passwd"), dist_info("good")])])
    assert names(content) == ["good"]
    assert "leads out" in content.problems[0]


def test_a_wrong_digest_is_refused(tmp_path: Path) -> None:
    folder = layout(tmp_path, [tar_of(DEBIAN)])
    for blob in (folder / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(gzip.compress(tar_of([dist_info("swapped")])))
    (found,) = find_images(open_blobs(folder))
    with pytest.raises(DocumentError, match="digest is sha256:"):
        read_image(found.load(), ANALYZERS)


@pytest.mark.parametrize("cut", [5, -100, -20])
def test_a_layer_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    folder = layout(tmp_path, [tar_of(DEBIAN)])
    for blob in (folder / "blobs" / "sha256").iterdir():
        content = blob.read_bytes()
        if content[:2] == b"\x1f\x8b":
            blob.write_bytes(content[:cut])
    (found,) = find_images(open_blobs(folder))
    with pytest.raises(DocumentError, match="cut short|damaged|digest"):
        read_image(found.load(), ANALYZERS)


def test_a_layer_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    limits = Limits(layer_ratio_floor=1024 * 1024, layer_ratio=100)
    with pytest.raises(LimitError, match="too much for its size"):
        read(tmp_path, [tar_of([("zeros", b"\0" * 20_000_000)])], limits)


def test_a_layer_of_too_many_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="too many entries"):
        read(tmp_path, [tar_of([(f"f{number}", b"") for number in range(200)])], Limits(layer_entries=100))


def test_a_layer_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="not a tar|cut short|in the tar"):
        read(tmp_path, [b"plain text, not a tar" * 100])


def test_zstd_and_plain_layers_are_read(tmp_path: Path) -> None:
    tar = tar_of(DEBIAN)
    assert names(read(tmp_path / "plain", [tar], packed=False)) == ["libc6"]
    packed = zstandard.ZstdCompressor().compress(tar)
    assert names(_with_layer(tmp_path / "zstd", tar, packed)) == ["libc6"]


def _with_layer(folder: Path, tar: bytes, packed: bytes) -> ImageContent:
    folder.mkdir(exist_ok=True)
    (folder / "layer").write_bytes(packed)
    layer = ImageLayer(digest_of(tar), digest_of(packed))
    content = read_layer(layer, lambda: (folder / "layer").open("rb"), ANALYZERS, Place("layer"))
    return merge_layers([(layer, content)])


def test_saved_images_are_read_packed_or_not(tmp_path: Path) -> None:
    layer = tar_of(DEBIAN)
    config = b'{"os":"linux","rootfs":{"diff_ids":["%s"]}}' % digest_of(layer).encode()
    manifest = b'[{"Config":"c.json","RepoTags":["shop/web:1.0"],"Layers":["l/layer.tar"]}]'
    saved = tar_of([("l/layer.tar", layer), ("c.json", config), ("manifest.json", manifest)])
    (tmp_path / "saved.tar").write_bytes(saved)
    (tmp_path / "saved.tar.gz").write_bytes(gzip.compress(saved))
    for name in ("saved.tar", "saved.tar.gz"):
        blobs = open_blobs(tmp_path / name)
        (found,) = find_images(blobs, "1.0")
        opened = found.load()
        assert opened.image.names == ("shop/web:1.0",)
        assert names(read_image(opened, ANALYZERS)) == ["libc6"]
        with pytest.raises(DocumentError, match="no image of this reference"):
            find_images(blobs, "2.0")
        blobs.close()


def test_the_values_of_variables_are_not_kept(tmp_path: Path) -> None:
    (found,) = find_images(open_blobs(layout(tmp_path, [tar_of(DEBIAN)])))
    assert found.load().image.variables == ("SECRET",)


def test_a_blob_that_is_a_link_out_of_the_layout_is_refused(tmp_path: Path) -> None:
    folder = layout(tmp_path / "image", [tar_of(DEBIAN)])
    (tmp_path / "outside").write_text("{}")
    (folder / "index.json").unlink()
    (folder / "index.json").symlink_to(tmp_path / "outside")
    with pytest.raises(DocumentError, match="leads out"):
        find_images(open_blobs(folder))


def test_unknown_media_types_are_named(tmp_path: Path) -> None:
    folder = layout(tmp_path, [tar_of(DEBIAN)])
    index = (folder / "index.json").read_text().replace("image.manifest.v1+json", "image.banana.v1+json")
    (folder / "index.json").write_text(index)
    with pytest.raises(DocumentError, match=r"banana"):
        find_images(open_blobs(folder))


def test_a_known_layer_is_not_read_again(tmp_path: Path) -> None:
    folder = layout(tmp_path / "image", [tar_of(DEBIAN)])
    cache = LayerCache(tmp_path / "cache", ANALYZERS)
    (found,) = find_images(open_blobs(folder))
    first = read_image(found.load(), ANALYZERS, cache)
    for blob in (folder / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.unlink()
    assert read_image(found.load(), ANALYZERS, cache) == first


def test_a_damaged_cache_costs_only_time(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "cache", ANALYZERS)
    (found,) = find_images(open_blobs(layout(tmp_path / "image", [tar_of(DEBIAN)])))
    read_image(found.load(), ANALYZERS, cache)
    for file in (tmp_path / "cache").rglob("*"):
        if file.is_file():
            file.write_bytes(b"damaged")
    assert names(read_image(found.load(), ANALYZERS, cache)) == ["libc6"]


def test_a_database_written_anew_keeps_the_layers_of_what_it_held(tmp_path: Path) -> None:
    both = STATUS.replace("NAME", "libc6") + STATUS.replace("NAME", "curl")
    layers = [
        tar_of(DEBIAN),
        tar_of([("var/lib/dpkg/status", both)]),
        tar_of([("var/lib/dpkg/status", both.replace("1.0", "1.1", 1))]),
    ]
    content = read(tmp_path, layers)
    assert {one.name: one.layer for one in content.packages} == {
        "libc6": digest_of(layers[2]),
        "curl": digest_of(layers[1]),
    }


def test_a_size_that_a_device_claims_hides_nothing(tmp_path: Path) -> None:
    device = tarfile.TarInfo("dev/null")
    device.type, device.size = tarfile.BLKTYPE, 10_240
    header = device.tobuf(tarfile.USTAR_FORMAT)
    assert names(read(tmp_path, [header + tar_of(DEBIAN)])) == ["libc6"]


def test_a_file_whose_name_ends_with_a_slash_keeps_its_content_to_itself(tmp_path: Path) -> None:
    assert names(read(tmp_path, [tar_of([("odd/", "content"), *DEBIAN])])) == ["libc6"]


def test_names_that_are_no_text_are_read_kept_and_hidden_as_others(tmp_path: Path) -> None:
    odd, lines = "usr/\udcff", "usr/x\nvar/lib/dpkg/status"
    layers = [
        tar_of([*DEBIAN, dist_info("six", odd), (lines, ""), ("a\u2028b", "")], tarfile.GNU_FORMAT),
        tar_of([(lines, "again"), ("var\u2028etc", "")], tarfile.GNU_FORMAT),
        tar_of([("usr/.wh.\udcff", "")], tarfile.GNU_FORMAT),
    ]
    (found,) = find_images(open_blobs(layout(tmp_path, layers[:2])))
    cache = LayerCache(tmp_path / "cache", ANALYZERS)
    contents = [read_image(found.load(), ANALYZERS, cache) for _ in range(2)]
    assert contents[0] == contents[1]
    assert [one.path for one in contents[0].packages] == [
        "var/lib/dpkg/status",
        "usr/\\udcff/six-1.0.dist-info/METADATA",
    ]
    assert names(read(tmp_path / "hidden", layers)) == ["libc6"]


def test_a_whiteout_without_a_name_hides_nothing(tmp_path: Path) -> None:
    assert names(read(tmp_path, [tar_of(DEBIAN), tar_of([(".wh.", b""), ("usr/.wh.", b"")])])) == ["libc6"]
