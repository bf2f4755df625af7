"""The installed program as its users meet it."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PROPOLIS, ROOT, Propolis, address_told

SHOP = str(ROOT / "examples" / "shop")
AFTER = str(ROOT / "examples" / "shop-after")


def document(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_assess_has_findings_of_every_engine_and_groups_of_fixes(propolis: Propolis) -> None:
    found = document(propolis("assess", "--manifests", SHOP, "--format", "json"))
    opened = {row["source"] for row in found["findings"] if row["outcome"] == "fail"}
    assert opened >= {"policy", "config-audit", "rbac", "network"}
    assert len(found["fix_first"]) > 10
    assert found["run"]["summary"]["resources"] >= 25


def test_a_second_run_brings_nothing_new_and_the_rollout_brings_both(propolis: Propolis) -> None:
    changes = []
    for state in (SHOP, SHOP, AFTER):
        found = document(propolis("assess", "--manifests", state, "--format", "json"))
        changes.append(found["run"]["summary"]["changes"])
    assert (changes[1]["new"], changes[1]["fixed"]) == (0, 0)
    assert changes[2]["new"] > 0
    assert changes[2]["fixed"] > 0


def test_images_are_scanned_offline_with_the_advisories_that_ship(propolis: Propolis, images: Path) -> None:
    found = document(propolis("assess", "--manifests", SHOP, "--images", str(images), "--format", "json"))
    vulnerabilities = [row for row in found["findings"] if row["source"] == "vulnerability"]
    titles = [fix["title"] for fix in found["fix_first"]]
    assert len(vulnerabilities) > 100
    assert any(row["evidence"]["exploited"] for row in vulnerabilities)
    assert any(title.startswith("Rebuild ") for title in titles)
    assert any(title.startswith("Upgrade ") for title in titles)
    assert found["run"]["summary"]["images"]["scanned"] >= 4


@pytest.mark.parametrize("format_", ["json", "cyclonedx", "vulnerabilityreport", "sbomreport"])
def test_one_image_is_scanned_in_every_format(propolis: Propolis, images: Path, format_: str) -> None:
    result = propolis("scan", "image", str(images / "cart"), "--format", format_)
    assert result.returncode == 0
    assert "openssl" in json.dumps(json.loads(result.stdout))


def test_a_scan_prints_a_table_and_its_exit_code_speaks(propolis: Propolis, images: Path) -> None:
    result = propolis("scan", "image", str(images / "cart"), "--fail-on", "critical")
    assert result.returncode == 1
    assert "CVE-2024-45490" in result.stdout
    assert propolis("scan", "image", "./nowhere").returncode == 2


@pytest.mark.parametrize("format_", ["vulnerabilityreport", "sbomreport"])
def test_assess_reports_on_the_image_of_every_container(
    propolis: Propolis, images: Path, format_: str
) -> None:
    arguments = ("assess", "--manifests", SHOP, "--format", format_)
    assert propolis(*arguments).returncode == 2
    found = json.loads(propolis(*arguments, "--images", str(images)).stdout)
    names = {item["metadata"]["labels"]["trivy-operator.resource.name"] for item in found["items"]}
    assert {"cart", "pages", "payment", "postgres"} <= names


def test_the_advisories_say_where_they_come_from(propolis: Propolis) -> None:
    status = json.loads(propolis("db", "status", "--format", "json").stdout)
    assert status["advisories"] > 40_000
    assert all(source["licence"] for source in status["sources"])


def test_advisories_are_imported_and_bad_ones_told(propolis: Propolis, tmp_path: Path) -> None:
    record = {"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
    (tmp_path / "good.json").write_text(json.dumps(record))
    (tmp_path / "bad.json").write_text("{broken")
    own = str(tmp_path / "own-cache")
    assert propolis("db", "import", "good.json", PROPOLIS_CACHE=own).returncode == 0
    result = propolis("db", "import", "bad.json", PROPOLIS_CACHE=own)
    assert result.returncode == 2
    assert "bad.json" in result.stderr


def test_assess_prints_a_table_for_people(propolis: Propolis) -> None:
    result = propolis("assess", "--manifests", SHOP)
    assert result.returncode == 0
    assert "Fix first" in result.stdout
    assert "log-collector" in result.stdout
    assert "\x1b" not in result.stdout


def test_fail_on_makes_the_exit_code_speak(propolis: Propolis) -> None:
    assert propolis("assess", "--manifests", SHOP, "--fail-on", "critical").returncode == 1
    assert propolis("report", "show").returncode == 0


def test_exports_repeat_the_last_run(propolis: Propolis, tmp_path: Path) -> None:
    propolis("assess", "--manifests", SHOP)
    for format_ in ("json", "sarif", "policyreport"):
        assert propolis("report", "export", "--format", format_, "-o", f"{format_}.json").returncode == 0
        assert json.loads((tmp_path / f"{format_}.json").read_text())
    assert "new" in propolis("report", "diff").stdout


def test_standard_input_is_read(propolis: Propolis) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: nginx}]}\n"
    found = document(propolis("assess", "--manifests", "-", "--format", "json", stdin=pod))
    assert found["run"]["summary"]["resources"] == 1


def test_one_bad_document_is_told_and_the_rest_is_done(propolis: Propolis, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\nkind: [1\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n"
    )
    result = propolis("assess", "--manifests", "bad.yaml", "--format", "json")
    found = document(result)
    assert result.returncode == 2
    assert found["run"]["summary"]["resources"] == 2
    assert "bad.yaml:6:1" in found["run"]["problems"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "nothing to judge"),
        (("--manifests", "nowhere"), 2, "nowhere"),
        (("--format", "xml"), 2, "xml"),
        (("--manifests", SHOP, "--store", "/proc/nowhere/x.db"), 3, "store"),
        (("--manifests", SHOP, "--policies", "nowhere"), 2, "nowhere"),
    ],
)
def test_a_wrong_call_says_what_was_wrong(
    propolis: Propolis, arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = propolis("assess", *arguments)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_every_command_has_help_with_an_example(propolis: Propolis) -> None:
    for command in (
        (),
        ("assess",),
        ("scan",),
        ("scan", "image"),
        ("scan", "rootfs"),
        ("db",),
        ("db", "status"),
        ("db", "import"),
        ("db", "update"),
        ("serve",),
        ("up",),
        ("report", "show"),
        ("report", "export"),
        ("report", "diff"),
    ):
        result = propolis(*command, "--help")
        assert result.returncode == 0
        assert "Example" in result.stdout, command


def test_up_serves_what_it_found_and_stops_when_asked(tmp_path: Path) -> None:
    command = [str(PROPOLIS), "up", "--manifests", SHOP, "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        home = address_told(process)
        with urllib.request.urlopen(f"{home}/readyz", timeout=30) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{home}/api/v1/findings?severity=critical", timeout=30) as answer:
            found = json.load(answer)
        assert found["total"] == len(found["items"]) > 0
    finally:
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
    if process.stderr is not None:
        assert "Traceback" not in process.stderr.read()
        process.stderr.close()


def test_serving_to_others_needs_a_token(propolis: Propolis) -> None:
    result = propolis("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  # refused
    assert result.returncode == 2
    assert "PROPOLIS_TOKEN" in result.stderr


def test_a_taken_port_is_named(propolis: Propolis, console: str) -> None:
    port = console.rpartition(":")[2]
    result = propolis("up", "--manifests", SHOP, "--port", port)
    assert result.returncode == 3
    assert port in result.stderr


def test_a_serving_process_without_a_run_is_alive_and_not_ready(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(PROPOLIS), "serve", "--port", "0"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        home = address_told(process)
        with pytest.raises(urllib.error.HTTPError, match="503") as caught:
            urllib.request.urlopen(f"{home}/readyz", timeout=30)
        caught.value.close()
        with urllib.request.urlopen(f"{home}/healthz", timeout=30) as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stderr is not None:
            process.stderr.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_run_killed_in_the_middle_leaves_the_store_sound(propolis: Propolis, tmp_path: Path) -> None:
    before = document(propolis("assess", "--manifests", SHOP, "--format", "json"))
    pods = "".join(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}}}\n"
        "spec: {containers: [{name: c, image: nginx}]}\n---\n"
        for number in range(20_000)
    )
    (tmp_path / "many.yaml").write_text(pods)
    command = [str(PROPOLIS), "assess", "--manifests", "many.yaml"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wal = tmp_path / "propolis.db-wal"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not _size(wal):
        os.sched_yield()
    process.kill()
    assert process.wait() == -signal.SIGKILL
    after = document(propolis("report", "export"))
    assert after["run"]["id"] == before["run"]["id"]
    again = document(propolis("assess", "--manifests", SHOP, "--format", "json"))
    assert again["run"]["summary"]["changes"]["new"] == 0
