"""71,820 comparisons of versions, each checked in both directions."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from tests.harness.corpora import corpus, skipped_cases

from propolis.lang.versions.order import VersionOrder
from propolis.lang.versions.registry import order_of

ECOSYSTEMS = {
    "alpine": "Alpine", "cran": "CRAN", "debian": "Debian", "hackage": "Hackage", "maven": "Maven",
    "nuget": "NuGet", "packagist": "Packagist", "pub": "Pub", "pypi": "PyPI", "redhat": "Red Hat",
    "rubygems": "RubyGems", "semver": "npm",
}  # fmt: skip
COUNTS = {
    "alpine": 14757, "cran": 78, "debian": 14472, "hackage": 11, "maven": 14854, "nuget": 35,
    "packagist": 10725, "pub": 100, "pypi": 12414, "redhat": 165, "rubygems": 4123, "semver": 86,
}  # fmt: skip
SIGNS = {-1: "<", 0: "=", 1: ">"}
INVERSE = {"<": ">", "=": "=", ">": "<"}


def comparisons(path: Path) -> Iterator[tuple[str, str, str]]:
    with zstandard.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            yield case["a"], case["op"], case["b"]


def differences(order: VersionOrder, cases: list[tuple[str, str, str]]) -> set[str]:
    return {
        f"{left} {sign} {right}"
        for left, sign, right in cases
        if SIGNS[order.compare(left, right)] != sign or SIGNS[order.compare(right, left)] != INVERSE[sign]
    }


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_versions_compare_as_upstream_says(name: str) -> None:
    order = order_of(ECOSYSTEMS[name])
    assert order is not None
    cases = list(comparisons(corpus("versions") / f"{name}.jsonl.zst"))
    listed = {case.partition(": ")[2] for case in skipped_cases(__file__) if case.startswith(f"{name}: ")}
    assert len(cases) == COUNTS[name]
    assert differences(order, cases) == listed


def test_the_listed_differences_stay_below_a_thousandth() -> None:
    assert len(skipped_cases(__file__)) < sum(COUNTS.values()) / 1000
