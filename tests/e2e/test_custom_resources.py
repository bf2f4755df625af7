"""The definitions of our kinds on a real API server, and policies that people have."""

import json
from pathlib import Path
from typing import Any

import pytest

from propolis.app.custom_resources import custom_resources
from propolis.lang.yaml import load_documents
from tests.harness.control_plane import ControlPlane
from tests.harness.corpora import corpora

ROOT = Path(__file__).parents[2]
PACK = ROOT / "src" / "propolis" / "policy" / "pack"
LEAST_OF_PACK, LEAST_OF_CORPUS = 110, 100
KINDS = {(one["spec"]["group"], one["spec"]["names"]["kind"]) for one in custom_resources()}
Document = dict[str, Any]


@pytest.fixture
def plane(policy_kinds: ControlPlane) -> ControlPlane:
    """An API server that serves our kinds."""
    return policy_kinds


def ours(folder: Path) -> list[Document]:
    """Documents of our kinds below a folder, each name once, in a namespace that there is."""
    found: dict[tuple[str, str, str], Document] = {}
    for path in sorted(folder.rglob("*.yaml")):
        for parsed in load_documents(path.read_bytes(), str(path)):
            document = parsed.document
            if not isinstance(document, dict) or "spec" not in document or "status" in document:
                continue
            group, _, _ = str(document.get("apiVersion")).partition("/")
            kind = (group, str(document.get("kind")))
            metadata = document.get("metadata")
            if kind in KINDS and isinstance(metadata, dict) and metadata.get("name"):
                metadata.pop("namespace", None)
                found.setdefault((*kind, str(metadata["name"])), document)
    return list(found.values())


def refused(plane: ControlPlane, documents: list[Document]) -> str:
    """What an API server says against documents, as one dry run with every field checked."""
    arguments = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    told = plane.kubectl(*arguments, stdin="\n---\n".join(map(json.dumps, documents))).stderr
    return "\n".join(line for line in told.splitlines() if "is deprecated; use" not in line)


def test_the_schemas_are_structural(plane: ControlPlane) -> None:
    found = json.loads(plane.kubectl("get", "crd", "-o", "json").stdout)["items"]
    mine = [one for one in found if (one["spec"]["group"], one["spec"]["names"]["kind"]) in KINDS]
    told = {
        one["metadata"]["name"]: {
            condition["type"]: condition["status"] for condition in one["status"]["conditions"]
        }
        for one in mine
    }
    assert len(told) == len(KINDS)
    assert all(one == {"NamesAccepted": "True", "Established": "True"} for one in told.values()), told


def test_every_policy_of_the_pack_is_taken(plane: ControlPlane) -> None:
    documents = ours(PACK)
    assert len(documents) >= LEAST_OF_PACK
    assert refused(plane, documents) == ""


def test_policies_that_people_have_are_taken(plane: ControlPlane) -> None:
    folder = corpora() / "kyverno-policies"
    if not folder.is_dir():
        pytest.skip("corpus kyverno-policies is absent: set PROPOLIS_CORPORA to the folder that holds it")
    documents = ours(folder)
    documents = documents[:: max(1, len(documents) // (LEAST_OF_CORPUS + 20))]
    assert len(documents) >= LEAST_OF_CORPUS
    assert refused(plane, documents) == ""


def test_a_field_that_there_is_not_is_refused(plane: ControlPlane) -> None:
    document = ours(PACK / "pod-security")[0]
    document["spec"]["rules"][0]["validate"]["patern"] = {}
    assert ".spec.rules[0].validate.patern: field not declared in schema" in refused(plane, [document])


def test_an_action_that_there_is_not_is_refused_with_those_that_there_are(plane: ControlPlane) -> None:
    document = ours(PACK / "pod-security")[0]
    document["spec"]["validationFailureAction"] = "Sometimes"
    assert 'supported values: "Audit", "Enforce", "audit", "enforce"' in refused(plane, [document])


def test_a_policy_is_listed_with_its_columns(plane: ControlPlane) -> None:
    document = ours(PACK / "pod-security")[0]
    assert plane.kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    head, row, *_ = plane.kubectl("get", "cpol").stdout.splitlines()
    assert head.split() == ["NAME", "ADMISSION", "BACKGROUND", "READY", "AGE", "MESSAGE"]
    assert row.split()[:3] == [document["metadata"]["name"], "true", "true"]


def test_a_report_is_listed_with_its_counts(plane: ControlPlane, namespace: str) -> None:
    report = {
        "apiVersion": "wgpolicyk8s.io/v1alpha2",
        "kind": "PolicyReport",
        "metadata": {"name": "r", "namespace": namespace},
        "scope": {"kind": "Pod", "name": "web"},
        "summary": {"pass": 3, "fail": 2, "warn": 1, "error": 0, "skip": 4},
        "results": [{"policy": "p", "rule": "r", "result": "fail", "timestamp": {"seconds": 1, "nanos": 0}}],
    }
    assert refused(plane, [report]) == ""
    assert plane.kubectl("apply", "-f", "-", stdin=json.dumps(report)).returncode == 0
    head, row = plane.kubectl("get", "polr", "-A").stdout.splitlines()
    assert head.split() == [
        "NAMESPACE",
        "NAME",
        "KIND",
        "NAME",
        "PASS",
        "FAIL",
        "WARN",
        "ERROR",
        "SKIP",
        "AGE",
    ]
    assert row.split()[:9] == [namespace, "r", "Pod", "web", "3", "2", "1", "0", "4"]
