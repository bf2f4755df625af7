import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tools.build_example_images import ROOT, build_all

from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Distribution
from propolis.images.model.vulnerability import CoverageState, Matching
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.analyzers import ANALYZERS
from propolis.images.sources.image_archive import find_images, open_blobs
from propolis.images.sources.image_reader import read_image
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.shipped import ensure_database

EXAMPLES = {
    "cart": "registry.example/shop/cart:1.19",
    "pages": "registry.example/shop/pages:latest",
    "pages-8.1.0": "registry.example/shop/pages:8.1.0",
    "payment": "registry.example/shop/payment:4.2.0",
    "pictures": "registry.example/shop/pictures:2.7.1",
    "postgres": "registry.example/base/postgres:15.4",
    "report": "registry.example/shop/report:0.9.3",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images")
    build_all(path)
    return path


@pytest.fixture(scope="module")
def scanned(folder: Path) -> Mapping[str, tuple[Image, ImageContent]]:
    found = {}
    for name in EXAMPLES:
        (one,) = find_images(open_blobs(folder / name))
        opened = one.load()
        found[name] = opened.image, read_image(opened, ANALYZERS)
    return found


@pytest.fixture(scope="module")
def matched(
    scanned: Mapping[str, tuple[Image, ImageContent]], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Matching]:
    path = tmp_path_factory.mktemp("advisories") / "advisories.sqlite"
    ensure_database(path, datetime(2026, 11, 21, tzinfo=UTC))
    with AdvisoryDatabase(path) as database:
        matcher = Matcher(database)
        return {
            name: matcher.match(content.packages, content.distribution or Distribution(), date(2026, 11, 21))
            for name, (_, content) in scanned.items()
        }


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_recipes_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    build_all(tmp_path)
    assert files(tmp_path) == files(folder)


def test_every_recipe_becomes_an_image_under_its_whole_reference(
    scanned: Mapping[str, tuple[Image, ImageContent]],
) -> None:
    assert {name: image.names for name, (image, _) in scanned.items()} == {
        name: (reference,) for name, reference in EXAMPLES.items()
    }
    assert [content.problems for _, content in scanned.values() if content.problems] == []


def test_the_manifests_name_the_images_that_are_built(
    scanned: Mapping[str, tuple[Image, ImageContent]],
) -> None:
    for state in ("shop", "shop-after"):
        text = "".join(path.read_text() for path in (ROOT / "examples" / state).glob("*.yaml"))
        used = dict(re.findall(r"image: (\S+?)(?:@(\S+))?\n", text))
        assert used[EXAMPLES["payment"]] == scanned["payment"][0].digest
        assert len(used.keys() & set(EXAMPLES.values())) == 6


def test_each_image_has_its_distribution_and_its_kinds_of_packages(
    scanned: Mapping[str, tuple[Image, ImageContent]],
) -> None:
    told = {}
    for name, (_, content) in scanned.items():
        assert content.distribution is not None
        types = sorted({package.type for package in content.packages})
        told[name] = (f"{content.distribution.id} {content.distribution.version}", *types)
    assert told == {
        "cart": ("debian 12.4", "deb", "pypi"),
        "pages": ("alpine 3.10.1", "apk", "npm"),
        "pages-8.1.0": ("alpine 3.11.13", "apk", "npm"),
        "payment": ("debian 12", "deb", "golang"),
        "pictures": ("debian 12.4", "deb", "pypi"),
        "postgres": ("almalinux 9.2", "rpm"),
        "report": ("debian 12.4", "deb", "pypi"),
    }


def test_packages_of_the_base_are_told_from_those_of_the_application(
    scanned: Mapping[str, tuple[Image, ImageContent]],
) -> None:
    image, content = scanned["cart"]
    of_base = {package.name: package.is_base for package in content.packages}
    assert (of_base["libssl3"], of_base["pip"], of_base["curl"], of_base["Flask"]) == (
        True,
        True,
        False,
        False,
    )
    assert image.base_name == "registry.example/base/python:3.11-bookworm"
    bases = {scanned[name][0].base_digest for name in ("cart", "pictures", "report")}
    assert len(bases) == 1


def test_the_images_hold_a_mixture_of_real_vulnerabilities(matched: Mapping[str, Matching]) -> None:
    exploited = {
        name: sorted({(one.id, one.package.name) for one in found.vulnerabilities if one.is_exploited})
        for name, found in matched.items()
    }
    assert exploited["pages"] == [("CVE-2020-11023", "jquery")]
    assert ("CVE-2023-4863", "libwebp7") in exploited["pictures"]
    assert ("CVE-2023-4911", "glibc") in exploited["postgres"]
    assert (exploited["payment"], exploited["pages-8.1.0"]) == ([], [])
    counts = {name: len(found.vulnerabilities) for name, found in matched.items()}
    assert counts["payment"] == 1
    assert counts["pages-8.1.0"] < counts["pages"]
    assert all(counts[name] > 100 for name in ("cart", "pictures", "postgres", "report"))
    severities = {one.severity for one in matched["cart"].vulnerabilities}
    assert len(severities) == 5


def test_what_has_no_support_any_more_is_said(matched: Mapping[str, Matching]) -> None:
    states = {one.ecosystem: one.state for one in matched["pages"].coverage}
    assert states == {"Alpine:v3.10": CoverageState.END_OF_LIFE, "npm": CoverageState.KNOWN}
