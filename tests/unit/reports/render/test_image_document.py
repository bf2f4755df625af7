import msgspec

from propolis.images.engine.merge import ImageContent
from propolis.images.model.package import Package
from propolis.images.model.purl import package_of
from propolis.images.model.vulnerability import Matching
from propolis.reports.render.encoding import encode
from propolis.reports.render.image_document import image_document
from tests.harness.scanned import CONTENT, FLASK, IMAGE, MATCHING, OWN

DOCUMENT = msgspec.json.decode(encode(image_document(IMAGE, CONTENT, MATCHING)))


def test_the_image_its_distribution_and_its_layers_are_there() -> None:
    assert DOCUMENT["image"]["names"] == ["registry.example/shop/cart:1.2"]
    assert DOCUMENT["image"]["created"] == "2026-01-01T00:00:00Z"
    assert [layer["base"] for layer in DOCUMENT["image"]["layers"]] == [True, False]
    assert DOCUMENT["distribution"]["id"] == "debian"


def test_the_summary_counts() -> None:
    assert DOCUMENT["summary"] == {
        "packages": 6,
        "vulnerabilities": 3,
        "severities": {"critical": 1, "high": 0, "medium": 0, "low": 0, "info": 1, "unknown": 1},
        "exploited": 1,
        "fixable": 2,
        "base": 1,
    }


def test_the_fields_of_a_vulnerability_are_stable() -> None:
    assert DOCUMENT["vulnerabilities"][0] == {
        "id": "CVE-2021-44228",
        "aliases": ["GHSA-jfh8-c2jp-5v3q"],
        "url": "https://nvd.nist.gov/vuln/detail/CVE-2021-44228",
        "severity": "critical",
        "severity_source": "GHSA-jfh8-c2jp-5v3q",
        "score": 10.0,
        "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
        "package": "org.apache.logging.log4j:log4j-core",
        "type": "maven",
        "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "path": "app/lib/log4j-core.jar",
        "ecosystem": "Maven",
        "affected_package": "org.apache.logging.log4j:log4j-core",
        "installed_version": "2.14.1",
        "fixed_version": "2.15.0",
        "fixes": [{"advisory": "GHSA-jfh8-c2jp-5v3q", "version": "2.15.0"}],
        "layer": OWN,
        "layer_created_by": "COPY app /app",
        "base": False,
        "exploited": True,
        "exploitation": {
            "id": "CVE-2021-44228",
            "exploited_since": "2021-12-10",
            "due": "",
            "is_ransomware": True,
            "exploitation": "",
            "automatable": "",
            "technical_impact": "",
            "vector": "",
        },
    }


def test_what_is_not_known_is_there() -> None:
    assert [(one["ecosystem"], one["state"], one["ended"]) for one in DOCUMENT["coverage"]] == [
        ("Debian:12", "known", None),
        ("Maven", "nothing known", None),
        ("Debian:9", "end of life", "2022-06-30"),
    ]
    assert [one["name"] for one in DOCUMENT["unreadable"]] == ["mystery"]
    assert DOCUMENT["problems"] == ["app/broken.jar: no Java archive"]


def test_package_urls_name_the_packages_again() -> None:
    named = {package_of(one["purl"]) for one in DOCUMENT["packages"] if one["purl"]}
    plain = {
        Package(one.type, one.name, one.version, architecture=one.architecture) for one in CONTENT.packages
    }
    assert named - plain == {Package("pypi", "flask", "2.0.0")}
    assert {one.name for one in plain - named} == {FLASK.name, "mystery"}


def test_an_image_of_nothing_is_a_document_too() -> None:
    document = image_document(IMAGE, ImageContent(None, (), ()), Matching((), ()))
    assert document["distribution"] is None
    assert document["vulnerabilities"] == document["packages"] == []
