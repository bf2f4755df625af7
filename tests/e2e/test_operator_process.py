"""Operators as processes on a real API server: reports, events, a store, a leader of several, faults."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from propolis.core.resource import Document
from propolis.store.database import open_database
from propolis.store.finding_queries import FindingFilter, list_findings
from tests.harness import scan_policies as policies
from tests.harness.control_plane import ControlPlane
from tests.harness.corpora import corpus

WAIT_SECONDS = 60
PAUSE_SECONDS = 0.1
PROPOLIS = Path(sys.executable).parent / "propolis"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """With the definitions of reports."""
    for name in ("policyreports", "clusterpolicyreports"):
        file = corpus("kyverno-crds") / "policyreport" / f"wgpolicyk8s.io_{name}.yaml"
        kubectl(control_plane, "apply", "--server-side", "--force-conflicts", "-f", str(file))
        kubectl(control_plane, "wait", "--for=condition=Established", f"crd/{name}.wgpolicyk8s.io")
    return control_plane


def kubectl(plane: ControlPlane, *arguments: str, stdin: str | None = None) -> str:
    done = plane.kubectl(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(holds: Callable[[], object], what: str) -> None:
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() < begin + WAIT_SECONDS, what
        time.sleep(PAUSE_SECONDS)
    print(f"{what}: {time.monotonic() - begin:.1f} s")


class Operators:
    """Processes over the policies of one folder, which are for one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.plane = plane
        self.namespace = namespace
        self.folder = folder
        self.running: list[subprocess.Popen[str]] = []

    def write(self, label: str, *rules: Document) -> None:
        policy = policies.labelled(label)
        policy["metadata"]["name"] = f"labelled-{self.namespace}"
        policy["spec"]["rules"] += rules
        for rule in policy["spec"]["rules"]:
            rule["match"] = {"any": [{"resources": {"kinds": ["ConfigMap"], "namespaces": [self.namespace]}}]}
        made = self.folder / "made"
        made.write_text(json.dumps(policy))
        made.replace(self.folder / "policy.yaml")

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [str(PROPOLIS), "operator", "--policies", str(self.folder / "policy.yaml"), "--port", "0"]
        command += ["--kubeconfig", str(self.plane.kubeconfig), *options]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def stop(self, process: subprocess.Popen[str]) -> str:
        """Asks one to leave; what it told."""
        self.running.remove(process)
        process.terminate()
        told = process.communicate(timeout=WAIT_SECONDS)[1]
        assert process.returncode == 0, told
        return told

    def report(self, name: str = "settings") -> dict[str, int]:
        """The counts of the report on a ConfigMap."""
        text = kubectl(self.plane, "get", "policyreports", "-n", self.namespace, "-o", "json")
        for item in json.loads(text)["items"]:
            if item["scope"]["name"] == name:
                summary: dict[str, int] = item["summary"]
                return {key: count for key, count in summary.items() if count}
        return {}

    def events(self) -> list[dict[str, Any]]:
        text = kubectl(self.plane, "get", "events", "-A", "-o", "json")
        return [one for one in json.loads(text)["items"] if self.namespace in json.dumps(one)]


@pytest.fixture
def operators(plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[Operators]:
    found = Operators(plane, namespace, tmp_path)
    found.write("team")
    kubectl(plane, "create", "configmap", "settings", "-n", namespace)
    yield found
    for process in list(found.running):
        found.stop(process)


def test_findings_are_reports_events_and_stored(operators: Operators, tmp_path: Path) -> None:
    store = tmp_path / "findings.db"
    process = operators.start("--store", str(store), "--cluster-name", "test")
    until(lambda: operators.report() == {"fail": 1}, "a report")
    kubectl(operators.plane, "label", "configmap", "settings", "team=shop", "-n", operators.namespace)
    until(lambda: operators.report() == {"pass": 1}, "the report of a changed resource")
    kubectl(operators.plane, "create", "configmap", "more", "-n", operators.namespace)
    until(lambda: operators.report("more") == {"fail": 1}, "the report of a new resource")
    until(lambda: "PolicyViolation" in {one["reason"] for one in operators.events()}, "an event")
    kubectl(operators.plane, "delete", "configmap", "more", "-n", operators.namespace)
    until(lambda: operators.report("more") == {}, "the end of a report")
    told = operators.stop(process)
    assert "Traceback" not in told
    with open_database(store).reading() as connection:
        found = list_findings(connection, FindingFilter(cluster="test"))[1]
    said = {(one.resource.name, str(one.outcome)) for one in found}
    assert said == {("kube-root-ca.crt", "fail"), ("settings", "pass")}


def test_one_of_two_leads_and_the_other_goes_on_when_it_leaves(operators: Operators) -> None:
    lease = f"{operators.namespace}/scan"
    first = operators.start("--lease", lease)
    until(lambda: operators.report() == {"fail": 1}, "a report")
    second = operators.start("--lease", lease)
    told = operators.stop(first)
    assert "leads" in told
    operators.write("app")
    kubectl(operators.plane, "label", "configmap", "settings", "app=shop", "-n", operators.namespace)
    until(lambda: operators.report() == {"pass": 1}, "the report of the other")
    assert "leads" in operators.stop(second)


def test_one_that_is_killed_is_followed_by_another(operators: Operators) -> None:
    lease = f"{operators.namespace}/scan"
    first = operators.start("--lease", lease)
    until(lambda: operators.report() == {"fail": 1}, "a report")
    operators.start("--lease", lease)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    operators.running.remove(first)
    kubectl(operators.plane, "label", "configmap", "settings", "team=shop", "-n", operators.namespace)
    until(lambda: operators.report() == {"pass": 1}, "the report after a leader was killed")


def test_filters_of_kyvernos_settings_leave_out_what_they_name(operators: Operators) -> None:
    where = ("-n", operators.namespace)
    kubectl(operators.plane, "create", "configmap", "kyverno", *where)
    operators.start("--settings", f"{operators.namespace}/kyverno")
    until(lambda: operators.report() == {"fail": 1}, "a report")
    filters = json.dumps({"data": {"resourceFilters": f"[ConfigMap,{operators.namespace},set*]"}})
    kubectl(operators.plane, "patch", "configmap", "kyverno", *where, "-p", filters)
    until(lambda: operators.report() == {}, "the end of a report that is filtered")
    assert operators.report("kyverno") == {"fail": 1}


def test_a_rule_that_never_ends_is_an_error_of_its_own(operators: Operators, tmp_path: Path) -> None:
    inner = {"key": "{{ element.v }}", "operator": "Equals", "value": "y"}
    each = {"list": "items(request.object.data || `{}`, 'k', 'v')"}
    loop = {**each, "foreach": [{**each, "deny": {"conditions": {"any": [inner]}}}]}
    endless = {"name": "endless", "validate": {"message": "never", "foreach": [loop]}}
    operators.write("team", endless)
    large = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "large"},
        "data": {f"k{number}": "x" for number in range(5000)},
    }
    file = tmp_path / "large.json"
    file.write_text(json.dumps(large))
    kubectl(operators.plane, "create", "-n", operators.namespace, "-f", str(file))
    operators.start("--no-events")
    until(lambda: operators.report("large") == {"fail": 1, "error": 1}, "the report of a slow resource")
    until(lambda: operators.report() == {"fail": 1}, "the report of another")
    kubectl(operators.plane, "label", "configmap", "settings", "team=shop", "-n", operators.namespace)
    until(lambda: operators.report() == {"pass": 1}, "the report of a changed resource")


def test_an_api_server_that_restarts_is_followed_again(operators: Operators) -> None:
    operators.start()
    until(lambda: operators.report() == {"fail": 1}, "a report")
    operators.plane.stop("kube-apiserver")
    operators.plane.start_api_server()
    kubectl(operators.plane, "label", "configmap", "settings", "team=shop", "-n", operators.namespace)
    until(lambda: operators.report() == {"pass": 1}, "the report after a restart")
