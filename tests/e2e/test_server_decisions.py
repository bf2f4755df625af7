"""What the engine says equals what a real API server decides by itself: its own policies, Pod Security."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from propolis.core.evaluation import Answer, MissingLookups
from propolis.core.finding import Outcome
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.yaml import load_documents
from propolis.policy.engine.compiler import compile_policies
from propolis.policy.engine.evaluate import evaluate
from propolis.policy.engine.pod_security import parse_version, pod_of, violations
from propolis.policy.engine.subject import PolicySubject, UserInfo
from propolis.policy.sources.documents import read_policies
from tests.e2e.test_admission_corpus import Api, _stored
from tests.harness.admission import until
from tests.harness.control_plane import ControlPlane
from tests.harness.corpora import corpora, corpus

if TYPE_CHECKING:
    from propolis.policy.engine.policy_set import PolicySet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEWEST = 36
"""The minor version of the API server: levels of later ones are those of its own."""
INVALID, FORBIDDEN, CREATED = 422, 403, 201
GROUP = "admissionregistration.k8s.io/v1"
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
FIELDS = ("matchConstraints", "matchConditions", "variables", "validations", "failurePolicy")
CANARY = "canary"
WANTED_PAIRS = 300


@pytest.fixture
def api(control_plane: ControlPlane, tmp_path: Path) -> Api:
    return Api(control_plane, tmp_path)


def _pods() -> dict[str, list[Document]]:
    """Pods of the corpus by level and version."""
    found: dict[str, list[Document]] = defaultdict(list)
    with (corpora() / "pss" / "pods.jsonl.zst").open("rb") as packed:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8"):
            row = json.loads(line)
            if (parse_version(row["version"]) or 0) <= NEWEST:
                found[f"{row['level']}:{row['version']}"].append(
                    {**row["pod"], "apiVersion": "v1", "kind": "Pod"}
                )
    return dict(found)


def test_levels_of_pod_security_refuse_what_the_api_server_refuses(
    control_plane: ControlPlane, api: Api, namespace: str
) -> None:
    corpus("pss")
    decided: Counter[int] = Counter()
    different: list[str] = []
    for name, pods in _pods().items():
        level, _, version = name.partition(":")
        labels = (
            f"pod-security.kubernetes.io/enforce={level}",
            f"pod-security.kubernetes.io/enforce-version={version}",
        )
        assert control_plane.kubectl("label", "namespace", namespace, "--overwrite", *labels).returncode == 0
        for document in pods:
            moved = {**document, "metadata": {**document["metadata"], "namespace": namespace}}
            status, answer = api.create(f"/api/v1/namespaces/{namespace}/pods", moved)
            decided[status] += 1
            if status == INVALID:
                continue
            pod = pod_of(moved)
            assert pod is not None
            is_refused = bool(violations(pod, level, parse_version(version) or 0))
            if is_refused != (status == FORBIDDEN):
                different.append(f"{name} {document['metadata']['name']}: {status} {answer.get('message')}")
    print(f"Pod Security: {sum(decided.values())} pods, statuses {dict(decided)}")
    assert not different, "\n".join(different[:20])
    assert decided[CREATED] + decided[FORBIDDEN] >= WANTED_PAIRS


def _specs() -> Iterator[tuple[str, Document]]:
    """Policies of the API server in the corpora, and ValidatingPolicies that could be ones."""
    for name in ("kyverno-cli", "chainsaw", "kyverno-policies"):
        for path in sorted(corpus(name).rglob("*.yaml")):
            data = path.read_bytes()
            if b"kind: Validating" not in data:
                continue
            for parsed in load_documents(data, str(path)):
                document = parsed.document
                if not isinstance(document, dict) or document.get("kind") not in _KINDS:
                    continue
                spec = document.get("spec")
                if isinstance(spec, dict) and not spec.get("paramKind"):
                    found = {field: spec[field] for field in FIELDS if field in spec}
                    yield str(document["metadata"].get("name")), {**found, "failurePolicy": "Fail"}


_KINDS = ("ValidatingAdmissionPolicy", "ValidatingPolicy")


def _policies() -> list[Document]:
    """Each once, under a name of its own."""
    seen = {json.dumps(spec, sort_keys=True): (name, spec) for name, spec in _specs()}
    return [
        {
            "apiVersion": GROUP,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": f"p{number:03}-{name[:40].lower()}"},
            "spec": spec,
        }
        for number, (name, spec) in enumerate(seen.values())
    ]


def _binding(name: str, namespace: str) -> Document:
    """Violations are told as warnings, all of them; a refusal tells the first."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {
        "apiVersion": GROUP,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Warn"],
            "matchResources": {"namespaceSelector": selector},
        },
    }


def _canary() -> Document:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    return {
        "apiVersion": GROUP,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": CANARY},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [{"name": "canary", "expression": "object.metadata.name == 'canary'"}],
            "validations": [{"expression": "false"}],
        },
    }


class Judge:
    """What the engine says of policies of the API server, each bound."""

    def __init__(self, policies: list[Document], namespace: str) -> None:
        text = "\n---\n".join(
            json.dumps(one)
            for policy in policies
            for one in (policy, _binding(policy["metadata"]["name"], namespace))
        )
        read = read_policies(text.encode(), "policies.json")
        assert not read.errors, read.errors
        self._namespace = namespace
        self._rules: PolicySet = compile_policies(read.policies, (), read.bindings)
        self.pairs = 0

    def violated(self, document: Document) -> set[str]:
        """Names of the policies that are violated."""
        user = UserInfo("admin", groups=("system:masters", "system:authenticated"))
        subject = PolicySubject(Resource(reference_of(document), document, Origin("")), user=user)
        labels = {"kubernetes.io/metadata.name": self._namespace}
        known = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self._namespace, "labels": labels},
        }
        answers: dict[Any, Answer] = {}
        while True:
            try:
                findings = evaluate(self._rules, subject, answers, NOW).findings
            except MissingLookups as question:
                answers |= {
                    key: Answer(known) if key.kind == "namespace" else Answer({"allowed": True})
                    for key in question.keys
                }
            else:
                break
        self.pairs += len(findings)
        return {one.rule.policy for one in findings if one.outcome in (Outcome.FAIL, Outcome.ERROR)}


def test_policies_of_the_api_server_are_violated_as_it_finds_them(
    control_plane: ControlPlane, api: Api, namespace: str
) -> None:
    resources = _stored(api, namespace)
    taken = [one for one in _policies() if api.create(POLICIES, one, dry_run=False)[0] == CREATED]
    names = [one["metadata"]["name"] for one in taken]
    try:
        for name in names:
            assert api.create(BINDINGS, _binding(name, namespace), dry_run=False)[0] == CREATED
        assert api.create(POLICIES, _canary(), dry_run=False)[0] == CREATED
        assert api.create(BINDINGS, _binding(CANARY, namespace), dry_run=False)[0] == CREATED
        maps = f"/api/v1/namespaces/{namespace}/configmaps"
        canary = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "canary"}}
        until(lambda: CANARY in api.warned(maps, canary))
        judge = Judge(taken, namespace)
        different: list[str] = []
        violated = 0
        for path, document, stored in resources:
            there, here = api.warned(path, document), judge.violated(stored)
            violated += len(there)
            if there != here:
                ref = f"{document['kind']}/{document['metadata'].get('name')}"
                different.append(
                    f"{ref}: only there {sorted(there - here)}, only here {sorted(here - there)}"
                )
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            control_plane.kubectl("delete", kind, *names, CANARY, "--ignore-not-found")
    print(f"{len(names)} policies, {len(resources)} resources, {judge.pairs} pairs, {violated} violations")
    assert not different, "\n".join(different[:20])
    assert judge.pairs >= WANTED_PAIRS
