"""Rows of Trivy's own tests of version comparers and constraints."""

import json
from typing import Any

import pytest
from tests.harness.corpora import corpora

from propolis.core.errors import DocumentError
from propolis.lang.versions import alpine, debian
from propolis.lang.versions.constraints.advisory import is_vulnerable
from propolis.lang.versions.constraints.styles import parse_constraint

Row = dict[str, Any]

ECOSYSTEMS = {
    "detector/library/compare": "Hex",
    "detector/library/compare/bitnami": "Bitnami",
    "detector/library/compare/maven": "Maven",
    "detector/library/compare/npm": "npm",
    "detector/library/compare/pep440": "PyPI",
}
ROWS_OF_ADVISORIES, ROWS_OF_CONSTRAINTS, ROWS_OF_COMPARERS = 28, 24, 6


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


@pytest.mark.skipif(not ADVISORIES, reason="corpus trivy-detect is absent: set PROPOLIS_CORPORA")
def test_every_row_is_there() -> None:
    counts = len(ADVISORIES), len(CONSTRAINTS), len(COMPARERS)
    assert counts == (ROWS_OF_ADVISORIES, ROWS_OF_CONSTRAINTS, ROWS_OF_COMPARERS)


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
    assert found is row.get("want", False)


@pytest.mark.parametrize("row", CONSTRAINTS, ids=name_of)
def test_a_constraint_of_a_distribution_holds_as_upstream_says(row: Row) -> None:
    ecosystem = "Alpine" if "APK" in row["test"] else "Debian"
    if row.get("error"):
        with pytest.raises(DocumentError):
            parse_constraint(ecosystem, row["constraints"]).matches(row.get("version", "1"))
        return
    constraint = parse_constraint(ecosystem, row["constraints"])
    if "version" in row:
        assert constraint.matches(row["version"]) is row["want"]
    elif "want" in row:
        assert str(constraint) == row["want"]


@pytest.mark.parametrize("row", COMPARERS, ids=name_of)
def test_versions_of_distributions_compare_as_upstream_says(row: Row) -> None:
    order = alpine.ORDER if "APK" in row["test"] else debian.ORDER
    versions = row["version1"], row["version2"]
    assert all(map(order.is_valid, versions)) is not row.get("error", False)
    if not row.get("error"):
        assert order.compare(*versions) == row["want"]
