"""Rows of Trivy's own tests of version comparers and constraints."""

import json
from typing import Any

import pytest

from propolis.core.errors import DocumentError
from propolis.lang.versions import alpine, debian
from propolis.lang.versions.constraints.advisory import is_vulnerable
from propolis.lang.versions.constraints.styles import parse_constraint
from tests.harness.corpora import Suite, corpora, corpus

Row = dict[str, Any]

ECOSYSTEMS = {
    "detector/library/compare": "Hex",
    "detector/library/compare/bitnami": "Bitnami",
    "detector/library/compare/maven": "Maven",
    "detector/library/compare/npm": "npm",
    "detector/library/compare/pep440": "PyPI",
}
SUITE = Suite("trivy-detect", __file__)


def rows(*beginnings: str) -> list[Row]:
    path = corpora() / "trivy-detect" / "units.jsonl"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        return [
            row for row in map(json.loads, lines) if f"{row['package']}:{row['test']}".startswith(beginnings)
        ]


ADVISORIES = rows("detector/library/compare")
CONSTRAINTS = rows("detector/ospkg/version:TestConstraints", "detector/ospkg/version:TestNewConstraints")
COMPARERS = rows("detector/ospkg/version:TestAPKComparer", "detector/ospkg/version:TestDEBComparer")


def name_of(row: Row) -> str:
    return f"{row['package']}: {row['name']}"


def test_the_corpus_is_there() -> None:
    corpus("trivy-detect")
    assert ADVISORIES


@pytest.mark.parametrize("row", ADVISORIES, ids=name_of)
def test_an_advisory_of_expressions_applies_as_upstream_says(row: Row) -> None:
    arguments = row["args"]
    advisory = arguments["advisory"]
    version = arguments.get("currentVersion") or arguments["ver"]
    fields = ("VulnerableVersions", "PatchedVersions", "UnaffectedVersions")
    expressions = [advisory.get(field) or [] for field in fields]
    try:
        found = is_vulnerable(ECOSYSTEMS[row["package"]], version, *expressions)
    except DocumentError:
        found = False  # upstream warns and goes on as if it were not affected
    SUITE.settle(name_of(row), is_right=found is row.get("want", False), why=found)


@pytest.mark.parametrize("row", CONSTRAINTS, ids=name_of)
def test_a_constraint_of_a_distribution_holds_as_upstream_says(row: Row) -> None:
    found = _constraint_result("Alpine" if "APK" in row["test"] else "Debian", row)
    expected = "error" if row.get("error") else row.get("want", found)
    SUITE.settle(name_of(row), is_right=found == expected, why=found)


def _constraint_result(ecosystem: str, row: Row) -> bool | str:
    try:
        constraint = parse_constraint(ecosystem, row["constraints"])
        if "version" in row or row.get("error"):
            return constraint.matches(row.get("version", "1"))
    except DocumentError:
        return "error"
    return str(constraint)


@pytest.mark.parametrize("row", COMPARERS, ids=name_of)
def test_versions_of_distributions_compare_as_upstream_says(row: Row) -> None:
    order = alpine.ORDER if "APK" in row["test"] else debian.ORDER
    versions = row["version1"], row["version2"]
    found = order.compare(*versions) if all(map(order.is_valid, versions)) else "error"
    expected = "error" if row.get("error") else row["want"]
    SUITE.settle(name_of(row), is_right=found == expected, why=found)
