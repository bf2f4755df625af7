"""Rows of Trivy's detectors of distributions: vulnerabilities of packages, support of releases."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from propolis.images.engine.end_of_life import is_supported
from propolis.images.model.package import Distribution
from tests.conformance.trivy_detect.fixtures import IDS, advisories, package_of
from tests.harness.corpora import Suite, corpora
from tests.unit.images.advisories import matched

Row = dict[str, Any]

FOLDER = corpora() / "trivy-detect"
SUITE = Suite("trivy-detect", __file__)
TYPES = {"alpine": "apk", "chainguard": "apk", "debian": "deb", "ubuntu": "deb", "wolfi": "apk"}
COUNTS = (49, 22)


def rows(test: str) -> list[Row]:
    path = FOLDER / "units.jsonl"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [row for row in found if row["test"] == test and row["package"].startswith("detector/ospkg/")]


def family_of(row: Row) -> str:
    return str(row["package"]).rpartition("/")[2]


def case_of(row: Row) -> str:
    return f"{family_of(row)}: {row['name']}"


DETECT = rows("TestScanner_Detect")
SUPPORT = rows("TestScanner_IsSupportedVersion")


@pytest.mark.skipif(not DETECT, reason="corpus trivy-detect is absent: set PROPOLIS_CORPORA")
def test_every_row_is_there() -> None:
    assert (len(DETECT), len(SUPPORT)) == COUNTS


@pytest.mark.parametrize("row", DETECT, ids=case_of)
def test_a_package_has_the_vulnerabilities_that_upstream_detects(row: Row) -> None:
    case, family = case_of(row), family_of(row)
    if family not in IDS or "args" not in row:
        SUITE.needs(case, "red-hat" if family == "redhat" else "vendor")
    if row.get("error"):
        SUITE.needs(case, "fixture")
    arguments = row["args"]
    release = (arguments.get("repo") or {}).get("Release") if family == "alpine" else ""
    distribution = Distribution(IDS[family], release or arguments.get("osVer", ""))
    packages = [package_of(one, TYPES.get(family, "rpm")) for one in arguments["pkgs"]]
    known = advisories(FOLDER / row["package"], row["fixtures"])
    vulnerabilities = matched(packages, *known, distribution=distribution)
    found = {(one.package.name, one.id, one.fixed_version) for one in vulnerabilities}
    wanted = {
        (one["PkgName"], one["VulnerabilityID"], one.get("FixedVersion", "")) for one in row.get("want") or []
    }
    SUITE.settle(case, is_right=found == wanted, why=f"found {found}, wanted {wanted}")


@pytest.mark.parametrize("row", SUPPORT, ids=case_of)
def test_a_release_has_support_as_long_as_upstream_says(row: Row) -> None:
    case, arguments = case_of(row), row.get("args", row)
    version = arguments.get("osVer") or arguments["osVersion"]
    if version.endswith("-ESM"):
        SUITE.needs(case, "esm")
    distribution = Distribution(IDS.get(arguments["osFamily"], arguments["osFamily"]), version)
    found = is_supported(distribution, day_of(row["now"]))
    SUITE.settle(case, is_right=found is row.get("want", row.get("expected")), why=f"found {found}")


def day_of(time: str) -> date:
    """A day as upstream's constructor takes it: the 31st of April is the 1st of May."""
    year, month, day = map(int, time[:10].split("-"))
    return date(year, month, 1) + timedelta(days=day - 1)
