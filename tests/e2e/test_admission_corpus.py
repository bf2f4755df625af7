"""What a real API server decides through admission equals what the same policies decide offline."""

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from propolis.app.policy_application import Application
from propolis.app.policy_inputs import PolicyInput
from propolis.core.evaluation import Answer, LookupKey
from propolis.core.finding import Outcome
from propolis.core.resource import Document, Origin, Resource, reference_of
from propolis.lang.yaml import load_documents
from propolis.policy.model.any import AnyPolicy
from propolis.policy.model.cel.policy import CelPolicy, MutatingSpec
from propolis.policy.model.kyverno_test import Values
from propolis.policy.model.policy_test import TestUser
from propolis.policy.sources.documents import read_policies
from tests.harness.admission import Admission, until
from tests.harness.control_plane import ControlPlane
from tests.harness.corpora import corpus

WANTED_PAIRS = 300
EVERY = 3
"""One of so many resources is asked about, for time; all 1,324 agree on their 90,050 pairs with policies."""
ADMIN = TestUser(user_info={"username": "admin", "groups": ["system:masters", "system:authenticated"]})
ASKING = re.compile(
    r"apiCall|configMap:|imageRegistry|globalReference|verifyImages|roles|[a-z]\.(?i:get|list|post)\("
)
"""Policies that ask the world, or who asks: the answers would differ, not the decisions."""

PATHS = {
    ("v1", "Pod"): "/api/v1/namespaces/{}/pods",
    ("v1", "Service"): "/api/v1/namespaces/{}/services",
    ("v1", "ConfigMap"): "/api/v1/namespaces/{}/configmaps",
    ("v1", "Secret"): "/api/v1/namespaces/{}/secrets",
    ("v1", "ServiceAccount"): "/api/v1/namespaces/{}/serviceaccounts",
    ("v1", "PersistentVolumeClaim"): "/api/v1/namespaces/{}/persistentvolumeclaims",
    ("apps/v1", "Deployment"): "/apis/apps/v1/namespaces/{}/deployments",
    ("apps/v1", "StatefulSet"): "/apis/apps/v1/namespaces/{}/statefulsets",
    ("apps/v1", "DaemonSet"): "/apis/apps/v1/namespaces/{}/daemonsets",
    ("batch/v1", "Job"): "/apis/batch/v1/namespaces/{}/jobs",
    ("batch/v1", "CronJob"): "/apis/batch/v1/namespaces/{}/cronjobs",
    ("networking.k8s.io/v1", "Ingress"): "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    ("networking.k8s.io/v1", "NetworkPolicy"): "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    ("rbac.authorization.k8s.io/v1", "Role"): "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
}
CREATED, INVALID = 201, 422
PRIVILEGED: Document = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]},
}
RANDOM = re.compile(r"kube-api-access-[a-z0-9]{5}$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
DROPPED = re.compile(
    r"(?:Deployment|CronJob|Job|StatefulSet|DaemonSet)/\S+ \.spec\.(?:nodeSelector|tolerations) is not"
    r"|Job/\S+ \.metadata\.labels\.(?:batch\.kubernetes\.io/)?(?:controller-uid|job-name) is not"
)
"""What a policy of the corpus adds in a wrong place: the API server drops fields that it does not know.

A Job without labels is given those of its pods: those of a policy, where one has labelled them.
"""
WARNED = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding")
RULE = re.compile(r"^  (\S+): ", re.MULTILINE)


class Api:
    """Asks an API server as its administrator, on one connection a question."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        config = json.loads(plane.kubeconfig.read_text())
        user = config["users"][0]["user"]
        pem = folder / "admin.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(
            base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"])
        )
        trust = ssl.create_default_context(cafile=str(plane.folder / "ca.crt"))
        trust.load_cert_chain(pem)
        self._server = plane.server
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        ).open

    def create(self, path: str, document: Document, *, dry_run: bool = True) -> tuple[int, Document]:
        """Status and answer; of a trial that stores nothing, if not told otherwise."""
        query = "?dryRun=All" if dry_run else ""
        status, answer, _ = self._post(f"{path}{query}", document)
        return status, answer

    def warned(self, path: str, document: Document) -> set[str]:
        """The policies of the API server whose violation a trial is warned of."""
        return {
            name for text in self._post(f"{path}?dryRun=All", document)[2] for name in WARNED.findall(text)
        }

    def _post(self, path: str, document: Document) -> tuple[int, Document, list[str]]:
        request = urllib.request.Request(f"{self._server}{path}", json.dumps(document).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with self._open(request) as answer:
                return answer.status, json.load(answer), answer.headers.get_all("Warning") or []
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers.get_all("Warning") or []


def _files() -> Iterator[Path]:
    return (path for path in sorted(corpus("kyverno-policies").rglob("*.yaml")) if path.is_file())


def _policies(wanted: Callable[[AnyPolicy], bool]) -> list[tuple[AnyPolicy, str]]:
    """Policies that refuse what they find wrong, one of each name, with their texts."""
    found: dict[str, tuple[AnyPolicy, str]] = {}
    for path in _files():
        text = path.read_text(encoding="utf-8")
        if "olicy" not in text or ASKING.search(text) or path.parent.name.startswith("."):
            continue
        text = re.sub(r"(validationFailureAction|failureAction): [aA]udit", r"\1: Enforce", text)
        text = text.replace("Audit", "Deny") if "validationActions" in text else text
        text = text.replace("failurePolicy: Ignore", "failurePolicy: Fail")  # of two refusals one is told
        read = read_policies(text.encode(), str(path))
        if len(read.policies) == 1 and not read.errors and wanted(read.policies[0]):
            found.setdefault(read.policies[0].name, (read.policies[0], text))
    return list(found.values())


def _only_judges(policy: AnyPolicy) -> bool:
    if isinstance(policy, CelPolicy):
        return policy.kind == "ValidatingPolicy"
    return all(rule.validation is not None for rule in policy.spec.rules)


def _only_changes(policy: AnyPolicy) -> bool:
    if isinstance(policy, CelPolicy):
        return isinstance(policy.spec, MutatingSpec) and policy.spec.target_match_constraints is None
    return all(rule.mutate is not None and not rule.mutate.targets for rule in policy.spec.rules)


def _resources(namespace: str) -> Iterator[Document]:
    """Resources of the corpus's tests of kinds that every API server has, moved to one namespace."""
    seen = set()
    for path in _files():
        if path.parent.name != ".kyverno-test":
            continue
        for parsed in load_documents(path.read_bytes(), str(path)):
            document = parsed.document
            if isinstance(document, dict) and (document.get("apiVersion"), document.get("kind")) in PATHS:
                metadata = {**(document.get("metadata") or {}), "namespace": namespace}
                metadata.pop("creationTimestamp", None)
                moved = {**document, "metadata": metadata}
                mark = json.dumps(moved, sort_keys=True)
                if mark not in seen:
                    seen.add(mark)
                    yield moved


class Offline:
    """What the policies say of a document, without an API server."""

    def __init__(self, policies: list[AnyPolicy], labels: dict[str, str]) -> None:
        read = PolicyInput(tuple(policies), (), ())
        self._application = Application(read, Values(), ADMIN, {}, audit_warns=True)
        self._labels = labels
        self.pairs = 0

    def refusing(self, document: Document) -> set[str]:
        """Names of the rules that refuse it."""
        resource = Resource(reference_of(document), document, Origin(""))
        findings, _ = self._application.judge(resource, self._fetch)
        self.pairs += len({one.rule.policy for one in findings})
        return {
            one.rule.name or one.rule.policy
            for one in findings
            if one.outcome in (Outcome.FAIL, Outcome.ERROR)
        }

    def changed(self, document: Document) -> tuple[Document, set[str]]:
        """The document as the policies leave it, and those that have an error, each of which refuses it."""
        resource = Resource(reference_of(document), document, Origin(""))
        findings, made = self._application.judge(resource, self._fetch)
        self.pairs += len({one.rule.policy for one in findings})
        patched = [one.document for one in made if one.action == "patched"]
        return (patched or [document])[0], {
            one.rule.policy for one in findings if one.outcome is Outcome.ERROR
        }

    def _fetch(self, keys: frozenset[LookupKey]) -> dict[LookupKey, Answer]:
        return {
            key: Answer({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": self._labels}})
            for key in keys
        }


def _stored(api: Api, namespace: str) -> list[tuple[str, Document, Document]]:
    """Path and document of what the API server takes, and the document as it would be stored.

    The API server sets defaults, and its own plug-ins tokens and tolerations, before it asks a validating
    webhook.
    """
    found = []
    for document in islice(_resources(namespace), None, None, EVERY):
        path = PATHS[document["apiVersion"], document["kind"]].format(namespace)
        status, stored = api.create(path, document)
        if status == CREATED:
            for name in ("uid", "creationTimestamp", "managedFields"):
                stored["metadata"].pop(name, None)
            stored.pop("status", None)
            found.append((path, document, stored))
    return found


def test_decisions_on_an_api_server_are_those_offline(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    chosen = _policies(_only_judges)
    admission = Admission(control_plane, namespace, tmp_path)
    for policy, text in chosen:
        (admission.folder / f"{policy.kind}-{policy.name}.yaml").write_text(text)
    api = Api(control_plane, tmp_path)
    offline = Offline([policy for policy, _ in chosen], {"kubernetes.io/metadata.name": namespace})
    resources = _stored(api, namespace)
    different: list[str] = []
    decided: Counter[int] = Counter()
    try:
        admission.start()
        pods = PATHS["v1", "Pod"].format(namespace)
        until(lambda: "denied the request" in api.create(pods, PRIVILEGED)[1].get("message", ""))
        for path, document, stored in resources:
            status, answer = api.create(path, document)
            decided[status] += 1
            told = set(RULE.findall(str(answer.get("message", "")))) if status != CREATED else set()
            wanted = offline.refusing(stored)
            if told != wanted:
                name = f"{document['kind']}/{document['metadata'].get('name')}"
                there, here = sorted(told - wanted), sorted(wanted - told)
                different.append(f"{name}: only there {there}, only offline {here}")
    finally:
        admission.clean()
    print(f"{len(chosen)} policies, {len(resources)} resources, {offline.pairs} pairs, statuses {decided}")
    assert not different, "\n".join(different)
    assert offline.pairs >= WANTED_PAIRS


def _differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where a document does not hold another; what it has besides are defaults that the API server set."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key in found:
                yield from _differences(value, found[key], f"{path}.{key}")
            elif value not in (None, {}, []):
                yield f"{path}.{key} is not there"
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, pair in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(*pair, f"{path}[{number}]")
    elif wanted != found and not (RANDOM.match(str(wanted)) and RANDOM.match(str(found))):
        yield f"{path}: {found!r}, not {wanted!r}"


def _repeatable(
    chosen: list[tuple[AnyPolicy, str]], documents: list[Document], labels: dict[str, str]
) -> list[tuple[AnyPolicy, str]]:
    """Policies that change nothing more when they are asked again after all others.

    The API server asks a webhook again when a later one has changed the object: changes have to bear it.
    """
    together = Offline([policy for policy, _ in chosen], labels)
    done = [together.changed(one)[0] for one in documents]
    again = [Offline([policy], labels) for policy, _ in chosen]
    kept = [
        one
        for one, alone in zip(chosen, again, strict=True)
        if all(alone.changed(document)[0] == document for document in done)
    ]
    return kept if len(kept) == len(chosen) else _repeatable(kept, documents, labels)


def test_changes_on_an_api_server_are_those_offline(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    api = Api(control_plane, tmp_path)
    labels = {"kubernetes.io/metadata.name": namespace}
    resources = _stored(api, namespace)
    chosen = _policies(_only_changes)
    everything = Offline([policy for policy, _ in chosen], labels)
    failing = set().union(*(everything.changed(stored)[1] for _, _, stored in resources))
    chosen = [(policy, text) for policy, text in chosen if policy.name not in failing]
    chosen = _repeatable(chosen, [stored for _, _, stored in resources], labels)
    offline = Offline([policy for policy, _ in chosen], labels)
    admission = Admission(control_plane, namespace, tmp_path)
    for policy, text in chosen:
        (admission.folder / f"{policy.kind}-{policy.name}.yaml").write_text(text)
    different: list[str] = []
    decided: Counter[str] = Counter()
    try:
        admission.start()
        pods = PATHS["v1", "Pod"].format(namespace)
        until(lambda: api.create(pods, PRIVILEGED)[1].get("metadata", {}).get("labels"))
        for path, document, stored in resources:
            wanted, refusing = offline.changed(stored)
            status, answer = api.create(path, document)
            decided[str(status)] += 1
            decided["changed"] += wanted != stored
            assert not refusing
            if status == INVALID:  # some policies make what no API server takes
                continue
            found = list(_differences(wanted, answer)) if status == CREATED else [str(answer.get("message"))]
            name = f"{document['kind']}/{document['metadata'].get('name')}"
            different += [f"{name} {one}" for one in found if not DROPPED.match(f"{name} {one}")]
    finally:
        admission.clean()
    print(f"{len(chosen)} policies, {len(resources)} resources, {offline.pairs} pairs, {decided}")
    assert not different, "\n".join(different)
    assert offline.pairs >= WANTED_PAIRS
