"""Comparisons of versions, each checked in both directions."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.registry import order_of
from tests.harness.corpora import Suite, corpus

ECOSYSTEMS = {
    "alpine": "Alpine", "cran": "CRAN", "debian": "Debian", "hackage": "Hackage", "maven": "Maven",
    "nuget": "NuGet", "packagist": "Packagist", "pub": "Pub", "pypi": "PyPI", "redhat": "Red Hat",
    "rubygems": "RubyGems", "semver": "npm",
}  # fmt: skip
SUITE = Suite("versions", __file__)
SIGNS = {-1: "<", 0: "=", 1: ">"}
INVERSE = {"<": ">", "=": "=", ">": "<"}


def comparisons(path: Path) -> Iterator[tuple[str, str, str]]:
    with zstandard.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            yield case["a"], case["op"], case["b"]


def settled(
    name: str, order: VersionOrder, cases: Iterator[tuple[str, str, str]]
) -> Iterator[tuple[str, bool, str]]:
    for left, sign, right in cases:
        found, back = SIGNS[order.compare(left, right)], SIGNS[order.compare(right, left)]
        yield f"{name}: {left} {sign} {right}", found == sign and back == INVERSE[sign], f"found {found}"


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_versions_compare_as_upstream_says(name: str) -> None:
    path = corpus("versions") / f"{name}.jsonl.zst"
    order = order_of(ECOSYSTEMS[name])
    assert order is not None
    if path.exists():
        SUITE.settle_all(settled(name, order, comparisons(path)))
