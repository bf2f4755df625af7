"""Statuses of policies on a real API server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.control_plane import ControlPlane

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]
POD = {"any": [{"resources": {"kinds": ["Pod"]}}]}
RULE = {"name": "r", "match": POD, "validate": {"message": "m", "pattern": {"spec": {"hostPID": False}}}}
WRONG = {"name": "r", "match": POD, "validate": {"message": "{{ who }}", "deny": {}}}
CEL = {
    "matchConstraints": {
        "resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        ]
    },
    "validations": [{"expression": "object.spec.hostPID != true"}],
}


def policies(namespace: str) -> list[Document]:
    rules = "kyverno.io/v1", "ClusterPolicy"
    return [
        _document(*rules, {"name": "right"}, {"rules": [RULE]}),
        _document(*rules, {"name": "wrong"}, {"rules": [WRONG]}),
        _document("kyverno.io/v1", "Policy", {"name": "own", "namespace": namespace}, {"rules": [RULE]}),
        _document("policies.kyverno.io/v1", "ValidatingPolicy", {"name": "cel"}, CEL),
    ]


def _document(api_version: str, kind: str, metadata: Document, spec: Document) -> Document:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def settled(kubeconfig: Path) -> list[int]:
    """Statuses that were written until none was left, and how often policies changed."""
    command = [sys.executable, "-m", "tests.harness.policy_statuses", str(kubeconfig)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    written, changes = json.loads(found.stdout)
    return [written, changes]


WEBHOOKS = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "of-admission", "labels": {"propolis.dev/admission": "of-admission"}},
    "webhooks": [],
}


@pytest.fixture(autouse=True)
def webhooks(policy_kinds: ControlPlane) -> Iterator[None]:
    """As an admission server leaves them."""
    policy_kinds.kubectl("apply", "-f", "-", stdin=json.dumps(WEBHOOKS))
    yield
    policy_kinds.kubectl("delete", "-f", "-", stdin=json.dumps(WEBHOOKS))


def test_a_policy_tells_whether_it_is_in_force_and_why_not(
    policy_kinds: ControlPlane, namespace: str
) -> None:
    text = "\n---\n".join(map(json.dumps, policies(namespace)))
    made = policy_kinds.kubectl("apply", "-f", "-", stdin=text)
    assert made.returncode == 0, made.stderr
    assert settled(policy_kinds.kubeconfig) == [4, 1]
    head, right, wrong = policy_kinds.kubectl("get", "cpol", "--no-headers=false").stdout.splitlines()
    assert head.split() == ["NAME", "ADMISSION", "BACKGROUND", "READY", "AGE", "MESSAGE"]
    assert right.split()[:4] + right.split()[5:] == ["right", "true", "true", "True", "Ready"]
    assert wrong.split()[:4] == ["wrong", "true", "true", "False"]
    assert "nothing gives the variable who" in wrong
    found = json.loads(policy_kinds.kubectl("get", "pol", "own", "-n", namespace, "-o", "json").stdout)[
        "status"
    ]
    assert found["rulecount"] == {"generate": 0, "mutate": 0, "validate": 1, "verifyimages": 0}
    assert [one["name"] for one in found["autogen"]["rules"]] == ["autogen-r", "autogen-cronjob-r"]
    cel = json.loads(policy_kinds.kubectl("get", "vpol", "cel", "-o", "json").stdout)["status"]
    assert cel["conditionStatus"]["ready"] is True
    assert {one["type"] for one in cel["conditionStatus"]["conditions"]} == {
        "WebhookConfigured",
        "RBACPermissionsGranted",
    }
    assert set(cel["autogen"]["configs"]) == {"defaults", "cronjobs"}


def test_a_status_that_is_right_is_not_written_again(policy_kinds: ControlPlane, namespace: str) -> None:
    text = "\n---\n".join(map(json.dumps, policies(namespace)))
    assert policy_kinds.kubectl("apply", "-f", "-", stdin=text).returncode == 0
    settled(policy_kinds.kubeconfig)
    assert settled(policy_kinds.kubeconfig) == [0, 1]


def test_a_policy_for_requests_is_not_ready_without_webhooks(
    policy_kinds: ControlPlane, namespace: str
) -> None:
    policy_kinds.kubectl("delete", "-f", "-", stdin=json.dumps(WEBHOOKS))
    right, *_, cel = policies(namespace)
    for document in (right, cel):
        assert policy_kinds.kubectl("apply", "-f", "-", stdin=json.dumps(document)).returncode == 0
    settled(policy_kinds.kubeconfig)
    assert policy_kinds.kubectl("get", "cpol").stdout.splitlines()[1].split()[3] == "False"
    assert "not configured in the webhook" in policy_kinds.kubectl("get", "vpol", "cel", "-o", "yaml").stdout
