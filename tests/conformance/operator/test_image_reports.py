"""Reports of images against the operator's definitions, its examples, and its reading of references."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from propolis.core.resource import ResourceRef
from propolis.images.engine.merge import ImageContent
from propolis.images.model.vulnerability import Matching
from propolis.reports.render.operator_report import artifact_of, report_name
from propolis.reports.render.sbomreport import sbom_report
from propolis.reports.render.vulnerabilityreport import vulnerability_report
from tests.conformance.operator.crds import fields, validators
from tests.harness.corpora import Suite, corpora, corpus
from tests.harness.scanned import CONTENT, FACTS, IMAGE, MATCHING, NOW, REPLICA_SET, TEXTS

SUITE = Suite("operator", __file__)
FOLDER = corpora() / "operator"
NOT_OURS = {
    ".metadata.labels.myname", ".metadata.labels.team", ".metadata.labels.resource-spec-hash",
    ".metadata.labels.plugin-config-hash", ".metadata.annotations",
    ".metadata.annotations.trivy-operator.aquasecurity.github.io/report-ttl",
    ".metadata.creationTimestamp", ".metadata.generation", ".metadata.uid", ".report.summary.noneCount",
    ".report.components.components[].supplier", ".report.components.components[].supplier.name",
    ".report.components.metadata.component.supplier", ".report.components.metadata.tools.components[].vendor",
}  # fmt: skip
"""Fields of examples that come from the cluster or from settings of the operator, that are always 0, that
the definition does not know (vendor), or that packages do not keep (supplier: the maintainer)."""


def reports() -> Iterator[tuple[str, dict[str, Any]]]:
    """Reports of a workload and of an image, of full values and of empty ones."""
    empty = ImageContent(None, (), ())
    for owner in (REPLICA_SET, None):
        where = owner.kind if owner else "image"
        full = vulnerability_report(IMAGE, CONTENT, MATCHING, owner, "web", NOW, facts=FACTS, texts=TEXTS)
        yield f"vulnerabilities of a {where}", full
        yield (
            f"no vulnerabilities of a {where}",
            vulnerability_report(IMAGE, empty, Matching((), ()), owner, "web", NOW),
        )
        yield f"components of a {where}", sbom_report(IMAGE, CONTENT, owner, "web", NOW)
        yield f"no components of a {where}", sbom_report(IMAGE, empty, owner, "web", NOW)


@cache
def examples(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Reports of a kind that stand in the corpus."""
    found = []
    for path in sorted(FOLDER.glob("e*/**/*.yaml")):
        if kind in (text := path.read_text()):
            documents = [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]
            name = str(path.relative_to(FOLDER))
            found += [(name, one) for one in documents if one.get("kind") == kind]
    return found


def rows(test: str) -> list[dict[str, Any]]:
    path = FOLDER / "units.jsonl"
    read = map(json.loads, path.read_text().splitlines()) if path.exists() else ()
    return [row for row in read if row["test"] == test]


def test_the_corpus_is_there() -> None:
    assert validators(corpus("operator") / "crds-trivy-operator")


@pytest.mark.parametrize(
    ("name", "report"), list(reports()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_reports_hold_to_the_definitions(name: str, report: dict[str, Any]) -> None:
    validator = validators(corpus("operator") / "crds-trivy-operator")[report["kind"]]
    wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(report)]
    SUITE.settle(f"definition: {name}", is_right=not wrong, why=wrong)


@pytest.mark.parametrize("row", rows("TestParseImageRef"), ids=lambda row: row["inputImageRef"])
def test_the_artifact_of_a_reference_is_the_operators(row: dict[str, Any]) -> None:
    image = type(IMAGE)(row["inputImageID"], "", (), "linux", "amd64", None, ())
    found = artifact_of(image, row["inputImageRef"])
    wanted = {key.lower(): value for key, value in row["expectedArtifact"].items() if value}
    server = row["expectedRegistry"]["Server"]
    is_right = found == {"artifact": wanted, "registry": {"server": server}}
    SUITE.settle(f"reference: {row['inputImageRef']}", is_right=is_right, why=found)


@pytest.mark.parametrize("kind", ["VulnerabilityReport", "SbomReport", "ClusterSbomReport"])
def test_no_field_of_an_example_is_missing_in_ours(kind: str) -> None:
    """Ours carries every field of the examples, whichever image was scanned."""
    ours = {field for _, report in reports() if report["kind"] == kind for field in fields(report)}
    for name, example in examples(kind):
        missing = sorted(fields(example) - ours - NOT_OURS)
        SUITE.settle(f"fields: {kind} of {name}", is_right=not missing, why=missing)


def test_examples_are_named_as_ours_would_be() -> None:
    for name, example in examples("VulnerabilityReport"):
        metadata = example["metadata"]
        labels = metadata.get("labels", {})
        if "trivy-operator.resource.kind" not in labels:
            continue
        kind, owner = (labels[f"trivy-operator.resource.{key}"] for key in ("kind", "name"))
        found = report_name(ResourceRef("", kind, owner), labels["trivy-operator.container.name"])
        SUITE.settle(f"name: {name}", is_right=found == metadata["name"], why=found)
