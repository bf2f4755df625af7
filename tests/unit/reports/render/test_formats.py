import os
from io import StringIO
from pathlib import Path
from re import fullmatch
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from rich.console import Console

from propolis.reports.render.machine import render_json
from propolis.reports.render.policyreport import policy_reports
from propolis.reports.render.sarif import render_sarif
from propolis.reports.render.tables import change_table, finding_table, render_overview
from propolis.reports.snapshot import Snapshot, read_snapshot
from propolis.store.database import open_database
from propolis.store.finding_queries import FindingFilter
from tests.harness.stored import open_store, store_run

ROOT = Path(__file__).parents[4]
SARIF_SCHEMA = ROOT / ".cache" / "schemas" / "sarif-2.1.0-rtm.5.json"
CORPORA = Path(os.environ.get("PROPOLIS_CORPORA", ROOT.parent / "shared" / "corpora"))  # noqa: TID251  # a test's setting


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    found = read_snapshot(open_store(tmp_path))
    assert found is not None
    return found


def text_of(renderable: Any, width: int = 140) -> str:
    file = StringIO()
    Console(file=file, width=width, highlight=False).print(renderable)
    return file.getvalue()


def test_the_overview_says_where_it_stands_and_what_to_fix_first(snapshot: Snapshot) -> None:
    text = text_of(render_overview(snapshot))
    assert "Cluster local: 3 resources, 2 workloads, 3 open findings  1 critical, 1 high, 1 medium" in text
    assert "3 new, 0 fixed, 0 unchanged" in text
    assert "reachable through Ingress web/shop" in text
    assert "Stop running privileged containers in Deployment pages of web" in text
    assert "bad.yaml:2:1: broken" in text
    assert "1 input skipped" in text


def test_the_first_fix_stands_above_the_others(snapshot: Snapshot) -> None:
    text = text_of(render_overview(snapshot))
    assert (
        text.index("Stop running privileged")
        < text.index("Take cluster-admin away")
        < text.index("runAsNonRoot: true")
    )


def test_tables_let_no_control_character_through_to_the_terminal(snapshot: Snapshot) -> None:
    text = text_of(finding_table(snapshot.findings))
    assert "is privileged" in text
    assert "\x1b" not in text


def test_the_table_of_changes_names_each(snapshot: Snapshot) -> None:
    text = text_of(change_table(snapshot.findings[:1], snapshot.findings[1:2]))
    assert "new" in text
    assert "fixed" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_tables_fit_the_terminal(snapshot: Snapshot, width: int) -> None:
    assert max(map(len, text_of(render_overview(snapshot), width).splitlines())) <= width


def test_json_has_the_run_the_findings_the_workloads_and_the_fixes(snapshot: Snapshot) -> None:
    document = msgspec.json.decode(render_json(snapshot))
    assert document["run"]["summary"]["changes"] == {"new": 3, "fixed": 0, "unchanged": 0}
    worst = document["findings"][0]
    assert (worst["rule"], worst["severity"], worst["change"]) == ("KSV-0017", "critical", "new")
    assert worst["resource"]["origin"] == {"path": "shop.yaml", "line": 7}
    assert document["findings"][2]["evidence"] == {"type": "Where", "path": "spec.template.spec"}
    assert [workload["resource"]["name"] for workload in document["workloads"]] == ["pages", "cart"]
    assert document["workloads"][0]["factors"][0]["name"] == "exposed-to-internet"
    assert [fix["rank"] for fix in document["fix_first"]] == [1, 2, 3]


def test_sarif_lists_open_findings_with_file_line_and_rule(snapshot: Snapshot) -> None:
    run = msgspec.json.decode(render_sarif(snapshot))["runs"][0]
    result = run["results"][0]
    assert len(run["results"]) == 3
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 7}
    assert (result["level"], result["baselineState"]) == ("error", "new")


def test_sarif_is_valid(snapshot: Snapshot) -> None:
    if not SARIF_SCHEMA.is_file():
        pytest.skip(f"no {SARIF_SCHEMA.name}: make setup-test fetches it")
    schema = msgspec.json.decode(SARIF_SCHEMA.read_bytes())
    jsonschema.Draft7Validator(schema).validate(msgspec.json.decode(render_sarif(snapshot)))


def test_policy_reports_are_one_a_resource_and_count_every_outcome(snapshot: Snapshot) -> None:
    reports = policy_reports(snapshot)
    told = {(report["kind"], report["scope"]["name"]): report["summary"] for report in reports}
    empty = {"pass": 0, "fail": 0, "warn": 0, "error": 0, "skip": 0}
    assert told == {
        ("ClusterPolicyReport", "admin"): empty | {"warn": 1},
        ("PolicyReport", "cart"): empty | {"fail": 1},
        ("PolicyReport", "pages"): empty | {"pass": 1, "fail": 1},
    }
    names = [report["metadata"]["name"] for report in reports]
    assert len(set(names)) == len(names)
    assert all(fullmatch(r"[0-9a-f-]{8,63}", name) for name in names)


def test_policy_reports_are_valid_by_their_definitions(snapshot: Snapshot) -> None:
    folder = CORPORA / "kyverno-crds" / "policyreport"
    if not folder.is_dir():
        pytest.skip(f"no corpus kyverno-crds at {CORPORA}")
    schemas = {}
    for path in folder.glob("*.yaml"):
        definition = yaml.load(path.read_bytes(), yaml.CSafeLoader)["spec"]
        versions = {
            version["name"]: version["schema"]["openAPIV3Schema"] for version in definition["versions"]
        }
        schemas[definition["names"]["kind"]] = versions["v1alpha2"]
    for report in policy_reports(snapshot):
        jsonschema.Draft7Validator(_strict(schemas[report["kind"]])).validate(report)


def _strict(schema: Any) -> Any:
    """The schema refusing unknown fields, as the API server prunes them; metadata is the server's own."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items() if key not in ("format", "metadata")}
    if schema.get("type") == "object" and "properties" in schema:
        made["additionalProperties"] = False
        made["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
        if "metadata" in made["properties"]:
            made["properties"]["metadata"] = {"type": "object"}
    return made


def test_the_snapshot_is_of_the_cluster_that_was_assessed_last(tmp_path: Path) -> None:
    database = open_store(tmp_path)
    store_run(database)
    again = read_snapshot(database, "local", FindingFilter(change="new"))
    assert again is not None
    assert again.findings == []


def test_an_empty_store_has_no_snapshot(tmp_path: Path) -> None:
    assert read_snapshot(open_database(tmp_path / "empty.db")) is None
