"""References of images that open or do not, and what is in an image of Alpine."""

import json
from pathlib import Path
from typing import Any

import pytest

from propolis.core.errors import Error
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import find_images, open_blobs, split_reference
from propolis.images.sources.image_reader import read_image
from tests.harness.corpora import Suite, corpora, corpus

SUITE = Suite("images", __file__)
FOLDER = corpora() / "images"


def rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def opens(reference: str) -> bool:
    try:
        path, tag, digest = split_reference(reference)
        blobs = open_blobs(path)
        try:
            return bool(find_images(blobs, tag, digest))
        finally:
            blobs.close()
    except Error:
        return False


def test_the_corpus_is_there() -> None:
    corpus("images")


@pytest.mark.parametrize("row", rows("open.jsonl"), ids=lambda row: row["path"])
def test_a_reference_opens_or_is_refused(row: dict[str, Any]) -> None:
    found = opens(str(FOLDER / row["path"]))
    SUITE.settle(row["path"], is_right=found is not bool(row["error"]), why=f"opens: {found}")


@pytest.mark.parametrize("row", rows("expected.jsonl"), ids=lambda row: row["image"])
def test_the_packages_of_an_image_are_those_that_upstream_lists(row: dict[str, Any]) -> None:
    blobs = open_blobs(Path(FOLDER / row["image"]))
    (found,) = find_images(blobs)
    content = read_image(found.load(), ANALYZERS)
    blobs.close()
    (blob,) = (one["BlobInfo"] for one in row["wantBlobs"])
    wanted = {
        (one["Name"], f"{one['Version']}", one.get("SrcName", ""), tuple(one.get("Licenses", ())))
        for info in blob["PackageInfos"]
        for one in info["Packages"]
    }
    packages = {
        (one.name, one.version, one.source_name or one.name, tuple(" ".join(one.licences).split(" AND ")))
        for one in content.packages
        if one.type == "apk"
    }
    assert content.distribution is not None
    SUITE.settle(
        f"{row['image']}: distribution",
        is_right=(content.distribution.id, content.distribution.version)
        == (blob["OS"]["Family"], blob["OS"]["Name"]),
        why=content.distribution,
    )
    names = {one[:3] for one in packages}
    SUITE.settle(
        f"{row['image']}: packages", is_right=names == {one[:3] for one in wanted}, why=packages ^ wanted
    )
    assert {one.layer for one in content.packages} == {blob["DiffID"]}
