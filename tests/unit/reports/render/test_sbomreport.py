from typing import Any

from propolis.reports.render.cyclonedx import cyclonedx_document
from propolis.reports.render.sbomreport import sbom_report
from tests.harness.scanned import CONTENT, IMAGE, NOW, REPLICA_SET


def report() -> dict[str, Any]:
    found: dict[str, Any] = sbom_report(IMAGE, CONTENT, REPLICA_SET, "web", NOW)
    return found


def test_a_report_holds_the_components_of_the_document() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW)
    components = report()["report"]["components"]
    assert components["components"] == document["components"]
    assert components["dependencies"] == document["dependencies"]
    assert components["serialNumber"] == document["serialNumber"]


def test_a_report_holds_no_field_that_an_api_server_would_cut_off() -> None:
    components = report()["report"]["components"]
    assert not {"$schema", "compositions", "vulnerabilities"} & set(components)
    assert set(components["metadata"]) == {"timestamp", "tools", "component"}


def test_the_image_itself_counts_as_a_component() -> None:
    assert report()["report"]["summary"] == {"componentsCount": 8, "dependenciesCount": 8}


def test_the_report_is_named_as_the_one_of_vulnerabilities() -> None:
    assert report()["metadata"]["name"] == "replicaset-cart-6d4cf56db6-web"
    assert report()["kind"] == "SbomReport"


def test_an_image_that_nothing_runs_has_a_report_of_the_cluster() -> None:
    assert sbom_report(IMAGE, CONTENT, None, "", NOW)["kind"] == "ClusterSbomReport"
