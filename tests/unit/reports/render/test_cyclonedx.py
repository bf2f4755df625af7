import json
from typing import Any

import msgspec
import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from propolis.images.engine.merge import ImageContent
from propolis.images.model.image import Image
from propolis.images.model.package import Package
from propolis.images.model.purl import package_of
from propolis.images.model.vulnerability import Matching
from propolis.reports.render.cyclonedx import bom_references, cyclonedx_document
from tests.harness.scanned import (
    CONTENT,
    DIGEST,
    FLASK,
    FLASK_AGAIN,
    IMAGE,
    IMAGE_ID,
    LOG4J,
    MATCHING,
    NOW,
    SHELL,
    UNKNOWN_JAR,
    ZLIB,
)

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
ROOT = f"pkg:oci/cart@{DIGEST}?arch=amd64&repository_url=registry.example%2Fshop%2Fcart"


def component(document: dict[str, Any], ref: str) -> dict[str, Any]:
    return next(one for one in document["components"] if one["bom-ref"] == ref)


def properties(entry: dict[str, Any]) -> dict[str, str]:
    return {one["name"].removeprefix("aquasecurity:trivy:"): one["value"] for one in entry["properties"]}


@pytest.mark.parametrize("matching", [None, MATCHING, Matching((), ())])
@pytest.mark.parametrize("content", [CONTENT, ImageContent(None, (LOG4J,), ()), ImageContent(None, (), ())])
@pytest.mark.parametrize("image", [IMAGE, Image(IMAGE_ID, "", (), "linux", "arm64", None, ())])
def test_documents_hold_to_the_schema(image: Image, content: ImageContent, matching: Matching | None) -> None:
    text = msgspec.json.encode(cyclonedx_document(image, content, NOW, matching)).decode()
    assert VALIDATOR.validate_str(text) is None


def test_the_reference_library_reads_what_we_write() -> None:
    text = msgspec.json.encode(cyclonedx_document(IMAGE, CONTENT, NOW, MATCHING)).decode()
    bom = Bom.from_json(json.loads(text))  # type: ignore[attr-defined]  # made by a decorator
    assert bom.validate()
    assert {str(one.purl) for one in bom.components if one.purl} == {
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12",
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "pkg:pypi/flask@2.0.0",
    }
    assert {one.id for one in bom.vulnerabilities} == {one.id for one in MATCHING.vulnerabilities}


def test_a_package_is_told_with_its_source_licence_and_layer() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW)
    found = component(document, bom_references(CONTENT)[ZLIB])
    assert (found["name"], found["version"]) == ("zlib1g", "1:1.2.13.dfsg-1")
    assert found["licenses"] == [{"license": {"id": "Zlib"}}]
    assert properties(found) == {
        "PkgType": "debian",
        "SrcName": "zlib",
        "SrcEpoch": "1",
        "SrcVersion": "1.2.13.dfsg",
        "SrcRelease": "1",
        "LayerDiffID": f"sha256:{'1' * 64}",
        "LayerDigest": f"sha256:{'3' * 64}",
        "propolis:base": "true",
    }


def test_a_package_of_a_language_says_where_it_lies() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW)
    found = component(document, "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
    assert (found["group"], found["name"]) == ("org.apache.logging.log4j", "log4j-core")
    assert properties(found)["FilePath"] == "app/lib/log4j-core.jar"
    assert properties(found)["PkgType"] == "jar"


def test_the_same_package_in_two_places_stands_there_twice() -> None:
    references = bom_references(CONTENT)
    assert references[FLASK] == "pkg:pypi/flask@2.0.0"
    assert references[FLASK_AGAIN] == "pkg:pypi/flask@2.0.0 (2)"


def test_a_package_without_url_is_called_by_its_words() -> None:
    assert bom_references(CONTENT)[UNKNOWN_JAR] == "maven:mystery@1.0"


def test_no_name_of_a_package_can_pass_for_the_second_of_another() -> None:
    jars = [Package("maven", "x", "1", path=path) for path in ("a", "b")]
    content = ImageContent(None, (*jars, Package("maven", "x", "1 (2)")), ())
    assert len(set(bom_references(content).values())) == 3


def test_the_image_holds_the_distribution_and_that_its_packages() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW)
    held = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert document["metadata"]["component"]["bom-ref"] == ROOT
    assert held[ROOT][0] == "os:debian@12"
    assert [package_of(ref).name for ref in held["os:debian@12"]] == ["libssl3", "zlib1g"]
    assert set(held) == {ROOT, *(one["bom-ref"] for one in document["components"])}


def test_a_vulnerability_names_its_packages_with_what_mends_them() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW, MATCHING)
    assert [one["id"] for one in document["vulnerabilities"]] == [
        "CVE-2021-44228", "CVE-2023-6129", "GHSA-m2qf-hxjv-5gpq",
    ]  # fmt: skip
    assert document["vulnerabilities"][0] == {
        "id": "CVE-2021-44228",
        "source": {"url": "https://nvd.nist.gov/vuln/detail/CVE-2021-44228"},
        "references": [
            {
                "id": "GHSA-jfh8-c2jp-5v3q",
                "source": {"url": "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q"},
            }
        ],
        "ratings": [
            {
                "severity": "critical",
                "source": {"name": "GHSA-jfh8-c2jp-5v3q"},
                "score": 10.0,
                "method": "CVSSv31",
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
            }
        ],
        "affects": [
            {
                "ref": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
                "versions": [
                    {"version": "2.14.1", "status": "affected"},
                    {"version": "2.15.0", "status": "unaffected"},
                ],
            }
        ],
        "properties": [{"name": "propolis:exploited", "value": "true"}],
    }


def test_one_weakness_in_two_packages_is_one_entry() -> None:
    other = msgspec.structs.replace(SHELL, package=FLASK_AGAIN)
    document = cyclonedx_document(IMAGE, CONTENT, NOW, Matching((SHELL, other), ()))
    (entry,) = document["vulnerabilities"]
    assert [one["ref"] for one in entry["affects"]] == [
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "pkg:pypi/flask@2.0.0 (2)",
    ]  # fmt: skip
    assert len(entry["ratings"]) == 1


def test_what_could_not_be_read_or_is_not_known_makes_it_incomplete() -> None:
    document = cyclonedx_document(IMAGE, CONTENT, NOW, MATCHING)
    assert document["compositions"] == [{"aggregate": "incomplete", "assemblies": [ROOT]}]
    assert [one["value"] for one in document["metadata"]["properties"]] == [
        "app/broken.jar: no Java archive",
        "the database holds nothing about Maven",
        "support of Debian 9 ended",
    ]
    whole = cyclonedx_document(IMAGE, ImageContent(None, (LOG4J,), ()), NOW)
    assert "compositions" not in whole


def test_the_same_content_gives_the_same_document_in_any_order() -> None:
    turned = ImageContent(CONTENT.distribution, CONTENT.packages[::-1], CONTENT.problems)
    backwards = Matching(MATCHING.vulnerabilities[::-1], MATCHING.coverage)
    first = cyclonedx_document(IMAGE, CONTENT, NOW, MATCHING)
    assert cyclonedx_document(IMAGE, turned, NOW, backwards) == first


def test_another_content_has_another_serial_number() -> None:
    fewer = ImageContent(CONTENT.distribution, CONTENT.packages[1:], CONTENT.problems)
    documents = [cyclonedx_document(IMAGE, content, NOW) for content in (CONTENT, fewer)]
    documents.append(cyclonedx_document(IMAGE, CONTENT, NOW, MATCHING))
    assert len({one["serialNumber"] for one in documents}) == 3
