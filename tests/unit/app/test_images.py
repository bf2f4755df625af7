import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from propolis.app.assess import RunResult, assess
from propolis.app.engines import Engines
from propolis.app.image_scan import ImageScan, scan_paths, uses_of
from propolis.app.settings import Settings
from propolis.core.errors import DocumentError
from propolis.core.inventory import Inventory
from propolis.core.resource import Origin, Resource, reference_of
from propolis.images.sources.advisory_db.importing import import_advisories
from propolis.images.sources.advisory_db.reader import AdvisoryDatabase
from propolis.images.sources.matcher import Matcher
from propolis.images.sources.osv import read_osv
from propolis.reports.console.application import build_application
from propolis.store.database import Database, open_database
from propolis.store.finding_queries import FindingFilter, list_findings
from propolis.store.image_rows import list_images, not_scanned
from propolis.store.queries import list_fixes, list_workloads
from tests.harness.asgi import ask
from tests.harness.layers import layout, tar_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STATUS = """Package: libssl3
Source: openssl
Status: install ok installed
Version: 3.0.1-1

"""
BASE = tar_of(
    [
        ("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'),
        ("var/lib/dpkg/status", STATUS),
    ]
)
DJANGO = "usr/lib/python3/site-packages/Django-4.2.0.dist-info/METADATA"
APP = tar_of([(DJANGO, "Metadata-Version: 2.1\nName: Django\nVersion: 4.2.0\n\n")])
HISTORY: list[dict[str, Any]] = [
    {"created_by": "ADD rootfs"},
    {"created_by": 'CMD ["bash"]', "empty_layer": True},
    {"created_by": "RUN pip install"},
    {"created_by": "CMD run", "empty_layer": True},
]
ADVISORIES = """
- id: CVE-2026-0001
  modified: 2026-01-01T00:00:00Z
  severity: [{type: CVSS_V3, score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
  affected: [{package: {ecosystem: "Debian:12", name: openssl}, ranges: [{type: ECOSYSTEM, events: [{introduced: "0"}, {fixed: 3.0.9-1}]}]}]
- id: GHSA-aaaa-bbbb-cccc
  modified: 2026-01-01T00:00:00Z
  aliases: [CVE-2026-0002]
  affected: [{package: {ecosystem: PyPI, name: django}, ranges: [{type: ECOSYSTEM, events: [{introduced: "4.0"}, {fixed: 4.2.5}]}]}]
- id: CVE-2026-0003
  modified: 2026-01-01T00:00:00Z
  affected: [{package: {ecosystem: PyPI, name: django}, ranges: [{type: ECOSYSTEM, events: [{introduced: "4.0"}, {fixed: 4.2.10}]}]}]
"""  # noqa: E501  # records of one line
POD = """
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: shop}
spec: {containers: [{name: web, image: "IMAGE"}]}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache=tmp_path / "cache")


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    records = tmp_path / "osv"
    records.mkdir()
    for record in yaml.safe_load(ADVISORIES):
        record["modified"] = "2026-01-01T00:00:00Z"
        (records / f"{record['id']}.json").write_text(json.dumps(record))
    import_advisories(tmp_path / "advisories.db", read_osv(records, "test"), NOW)
    return Matcher(AdvisoryDatabase(tmp_path / "advisories.db"))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    layout(tmp_path / "images" / "web", [BASE, APP], HISTORY, "registry.example/shop/web:1.0")
    (tmp_path / "images" / "notes.txt").write_text("no image")
    return tmp_path / "images"


def inventory_of(*references: str) -> Inventory:
    documents = [
        yaml.safe_load(POD.replace("NAME", f"pod-{number}").replace("IMAGE", reference))
        for number, reference in enumerate(references)
    ]
    return Inventory(Resource(reference_of(one, "local"), one, Origin("a.yaml", 1)) for one in documents)


def run(
    database: Database, inventory: Inventory, paths: list[str] | None, settings: Settings, matcher: Matcher
) -> RunResult:
    scan = None
    if paths is not None:
        found, problems = scan_paths(paths, "local", settings, matcher, NOW.date())
        scan = ImageScan(tuple(found), tuple(uses_of(inventory, found)), tuple(problems))
    return assess(database, "local", [], inventory, [], Engines.load(builtin=()), scan=scan)


def test_an_image_is_stored_once_and_counts_for_every_workload_that_runs_it(
    tmp_path: Path, images: Path, settings: Settings, matcher: Matcher
) -> None:
    database = open_database(tmp_path / "store.db")
    inventory = inventory_of("registry.example/shop/web:1.0", "registry.example/shop/web:1.0", "other:2")
    result = run(database, inventory, [str(images)], settings, matcher)
    assert result.summary["images"] == {"named": 2, "scanned": 1}
    with database.reading() as connection:
        total, rows = list_findings(connection, FindingFilter(source=("vulnerability",)))
        (image,) = list_images(connection, "local")
        workloads = {row.resource.name: row for row in list_workloads(connection, "local")}
        missing = [user.reference for user in not_scanned(connection, "local")]
        _, of_pod = list_findings(
            connection, FindingFilter(workload=workloads["pod-0"].resource.key, source=("vulnerability",))
        )
    assert total == 3
    assert [user.resource.name for user in image.users] == ["pod-0", "pod-1"]
    assert missing == ["other:2"]
    assert len(of_pod) == 3
    assert workloads["pod-0"].points == workloads["pod-1"].points > workloads["pod-2"].points
    assert {row.rule for row in rows} == {"CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"}
    assert workloads["pod-0"].open_findings["critical"] == 1


def test_fixes_are_a_rebuild_for_the_base_and_one_upgrade_a_package(
    tmp_path: Path, images: Path, settings: Settings, matcher: Matcher
) -> None:
    database = open_database(tmp_path / "store.db")
    result = run(database, inventory_of("registry.example/shop/web:1.0"), [str(images)], settings, matcher)
    with database.reading() as connection:
        fixes = [fix for fix in list_fixes(connection, result.run_id) if "web:1.0" in fix.title]
    assert [(fix.title.partition(" in Pod")[0], fix.findings) for fix in fixes] == [
        ("Rebuild web:1.0 on its current Debian:12 base", 1),
        ("Upgrade Django to 4.2.10 in web:1.0", 2),
    ]


def test_a_run_without_images_leaves_what_the_last_one_found(
    tmp_path: Path, images: Path, settings: Settings, matcher: Matcher
) -> None:
    database = open_database(tmp_path / "store.db")
    inventory = inventory_of("registry.example/shop/web:1.0")
    run(database, inventory, [str(images)], settings, matcher)
    result = run(database, inventory, None, settings, matcher)
    assert result.summary["changes"]["fixed"] == 0
    with database.reading() as connection:
        assert list_findings(connection, FindingFilter(source=("vulnerability",)))[0] == 3


def test_an_image_that_cannot_be_read_is_a_problem_and_the_others_are_scanned(
    images: Path, settings: Settings, matcher: Matcher
) -> None:
    (images / "broken.tar").write_bytes(b"no tar at all" * 100)
    found, problems = scan_paths([str(images)], "local", settings, matcher, NOW.date())
    assert [one.name for one in found] == ["web:1.0"]
    assert "broken.tar" in problems[0].text


def test_a_path_without_images_is_an_error(tmp_path: Path, settings: Settings, matcher: Matcher) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match="no image is here"):
        scan_paths([str(tmp_path / "empty")], "local", settings, matcher, NOW.date())


@pytest.mark.parametrize(
    ("reference", "is_scanned"),
    [
        ("registry.example/shop/web:1.0", True),
        ("registry.example/shop/web@DIGEST", True),
        ("registry.example/shop/web:other@DIGEST", True),
        ("registry.example/shop/web:1.0@sha256:" + "0" * 64, False),
        ("registry.example/shop/web:2.0", False),
        ("shop/web:1.0", False),
        ("not a reference", False),
    ],
)
def test_a_container_meets_its_image_by_digest_before_its_tag(
    images: Path,
    settings: Settings,
    matcher: Matcher,
    reference: str,
    is_scanned: bool,  # noqa: FBT001  # a table
) -> None:
    found, _ = scan_paths([str(images)], "local", settings, matcher, NOW.date())
    wanted = reference.replace("DIGEST", found[0].image.digest)
    (use,) = uses_of(inventory_of(wanted), found)
    assert (use.image is not None) is is_scanned


def test_pages_of_images_lead_to_packages_and_vulnerabilities(
    tmp_path: Path, images: Path, settings: Settings, matcher: Matcher
) -> None:
    database = open_database(tmp_path / "store.db")
    run(database, inventory_of("registry.example/shop/web:1.0", "other:2"), [str(images)], settings, matcher)
    console = build_application(database)
    assert "web:1.0" in ask(console, "/images").text
    assert "other:2" in ask(console, "/images").text
    digest = ask(console, "/api/v1/images").json["items"][0]["digest"]
    page = ask(console, f"/image?digest={digest}").text
    assert "Django" in page
    assert "libssl3" in page
    assert "RUN pip install" in page
    assert "4.2.5" in ask(console, "/vulnerability?id=CVE-2026-0002").text
    assert ask(console, "/image?digest=none").status == 404
    assert ask(console, "/vulnerability?id=CVE-0").status == 404
