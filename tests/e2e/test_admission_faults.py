"""What breaks around admission, and what it may not lead to, on a real API server."""

import contextlib
import json
import resource as limits
import signal
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.admission import PRIVILEGED, Admission, Document, config_map, pod, policy, until
from tests.harness.hammer import Hammer
from tests.harness.hanging import Hanging

if TYPE_CHECKING:
    import subprocess

ENDLESS = {
    "name": "endless",
    "match": {"any": [{"resources": {"kinds": ["ConfigMap"]}}]},
    "validate": {
        "message": "never",
        "foreach": [
            {
                "list": "items(request.object.data, 'k', 'v')",
                "foreach": [
                    {
                        "list": "items(request.object.data, 'k', 'v')",
                        "deny": {
                            "conditions": {
                                "any": [{"key": "{{ element.v }}", "operator": "Equals", "value": "y"}]
                            }
                        },
                    }
                ],
            }
        ],
    },
}
ASKING = {
    "name": "asking",
    "match": {"any": [{"resources": {"kinds": ["Secret"]}}]},
    "context": [
        {
            "name": "made",
            "apiCall": {
                "method": "POST",
                "urlPath": "/api/v1/namespaces/NAMESPACE/configmaps",
                "data": [
                    {"key": "metadata", "value": {"name": "asked"}},
                    {"key": "apiVersion", "value": "v1"},
                    {"key": "kind", "value": "ConfigMap"},
                ],
            },
        }
    ],
    "validate": {
        "message": "made",
        "deny": {
            "conditions": {"any": [{"key": "{{ made.kind }}", "operator": "Equals", "value": "ConfigMap"}]}
        },
    },
}


def secret(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}


def pods(admission: Admission) -> Hammer:
    path = f"/api/v1/namespaces/{admission.namespace}/pods"
    return Hammer(admission.plane, path, pod("a", privileged=True), threads=2)


def done(found: "subprocess.CompletedProcess[str]") -> str:
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_a_review_of_an_unknown_version_is_refused_and_the_server_goes_on(admission: Admission) -> None:
    admission.start(policy("pods", admission.namespace, PRIVILEGED))
    trust = ssl.create_default_context(cafile=str(admission.folder.parent / "ca" / "ca.crt"))
    request = {"uid": "u", "kind": {}, "resource": {}, "operation": "CREATE"}
    document = {"apiVersion": "admission.k8s.io/v9", "kind": "AdmissionReview", "request": request}
    asked = urllib.request.Request(f"{admission.address}/validate/fail", json.dumps(document).encode())
    with urllib.request.urlopen(asked, context=trust) as answer:
        found = json.load(answer)["response"]
    assert (found["uid"], found["allowed"], found["status"]["code"]) == ("u", False, 400)
    until(lambda: "never" in admission.refuses(pod("a", privileged=True)))


@pytest.mark.usefixtures("policy_kinds")
def test_what_a_watch_has_missed_is_listed_again(admission: Admission) -> None:
    kubectl, plane = admission.plane.kubectl, admission.plane
    for name in ("one", "two"):
        document = policy(name, admission.namespace, {**PRIVILEGED, "name": name})
        done(kubectl("apply", "-f", "-", stdin=json.dumps(document)))
    admission.start(from_cluster=True)
    until(lambda: "two" in admission.refuses(pod("a", privileged=True)))
    admission.process.send_signal(signal.SIGSTOP)
    try:
        plane.stop("kube-apiserver")
        plane.start_api_server()
        done(kubectl("delete", "clusterpolicy", "one"))
        for number in range(5):
            done(admission.apply(config_map("filler", number=str(number))))
        plane.compact()
        plane.stop("kube-apiserver")
        plane.start_api_server()
    finally:
        admission.process.send_signal(signal.SIGCONT)
    until(lambda: "two:" in (found := admission.refuses(pod("a", privileged=True))) and "one:" not in found)
    done(kubectl("delete", "clusterpolicy", "two"))
    until(lambda: not admission.refuses(pod("a", privileged=True)))


class Account:
    """A service account with all rights, and a kubeconfig that names a file with its token."""

    def __init__(self, admission: Admission, folder: Path) -> None:
        self._plane, self._namespace = admission.plane, admission.namespace
        self.token = folder / "token"
        self.kubeconfig = folder / "account.kubeconfig"
        kubeconfig = json.loads(admission.plane.kubeconfig.read_text())
        kubeconfig["users"][0]["user"] = {"tokenFile": str(self.token)}
        self.kubeconfig.write_text(json.dumps(kubeconfig))

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self._namespace}:door"

    def make(self) -> None:
        """Makes it anew, with a token."""
        kubectl, namespace = self._plane.kubectl, self._namespace
        done(kubectl("create", "serviceaccount", "door", "-n", namespace))
        bind = ("--clusterrole=cluster-admin", f"--serviceaccount={namespace}:door")
        kubectl("create", "clusterrolebinding", f"door-{namespace}", *bind)
        self.renew()

    def renew(self) -> None:
        """A token of ten minutes, the shortest there is."""
        asked = ("create", "token", "door", "-n", self._namespace, "--duration=10m")
        self.token.write_text(done(self._plane.kubectl(*asked)).strip())

    def delete(self) -> None:
        """Its tokens are refused from now on."""
        done(self._plane.kubectl("delete", "serviceaccount", "door", "-n", self._namespace))


@pytest.fixture
def account(admission: Admission, tmp_path: Path) -> Iterator[Account]:
    found = Account(admission, tmp_path)
    found.make()
    yield found
    admission.plane.kubectl("delete", "clusterrolebinding", f"door-{admission.namespace}")


@pytest.mark.usefixtures("policy_kinds")
def test_a_token_that_is_refused_stops_no_decision_and_another_one_is_taken_up(
    admission: Admission, account: Account
) -> None:
    kubectl = admission.plane.kubectl
    document = policy("pods", admission.namespace, PRIVILEGED)
    done(kubectl("apply", "-f", "-", stdin=json.dumps(document)))
    admission.start(from_cluster=True, more=["--kubeconfig", str(account.kubeconfig)])
    until(lambda: admission.refuses(pod("a", privileged=True)))
    account.delete()
    admission.plane.stop("kube-apiserver")  # ends the watches, which a refused token would not
    admission.plane.start_api_server()
    until(lambda: any("credentials are refused" in line for line in admission.told))
    assert "never" in admission.refuses(pod("a", privileged=True))
    account.make()
    done(kubectl("delete", "clusterpolicy", "pods"))
    until(lambda: not admission.refuses(pod("a", privileged=True)), seconds=60)


JAIL = [
    {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": "jail"},
        "spec": {
            "type": "Limited",
            "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}},
        },
    },
    {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": "jail"},
        "spec": {
            "priorityLevelConfiguration": {"name": "jail"},
            "matchingPrecedence": 2,
            "rules": [
                {
                    "subjects": [{"kind": "ServiceAccount", "serviceAccount": {}}],
                    "resourceRules": [
                        {
                            "apiGroups": ["*"],
                            "resources": ["*"],
                            "verbs": ["*"],
                            "clusterScope": True,
                            "namespaces": ["*"],
                        }
                    ],
                    "nonResourceRules": [{"nonResourceURLs": ["*"], "verbs": ["*"]}],
                }
            ],
        },
    },
]


def test_an_api_server_that_answers_429_is_asked_again_and_stops_no_decision(
    admission: Admission, account: Account
) -> None:
    kubectl = admission.plane.kubectl
    admission.start(
        policy("pods", admission.namespace, PRIVILEGED), more=["--kubeconfig", str(account.kubeconfig)]
    )
    until(lambda: admission.refuses(pod("a", privileged=True)))
    jail = json.loads(json.dumps(JAIL))
    subject = {"namespace": admission.namespace, "name": "door"}
    jail[1]["spec"]["rules"][0]["subjects"][0]["serviceAccount"] = subject
    done(kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, jail))))
    try:
        asked = ("get", "pods", "-n", admission.namespace, "--kubeconfig", str(account.kubeconfig), "-v=6")
        until(lambda: "429" in kubectl(*asked).stderr)
        admission.write(policy("pods", admission.namespace, {**PRIVILEGED, "name": "renamed"}))
        until(lambda: "renamed" in admission.refuses(pod("a", privileged=True)))
        admission.write(
            policy("pods", admission.namespace, PRIVILEGED),
            policy("maps", admission.namespace, {**ENDLESS, "validate": {"message": "no", "deny": {}}}),
        )
        until(lambda: any("policies are in force" in line for line in admission.told))
    finally:
        kubectl("delete", "flowschema,prioritylevelconfiguration", "jail")
    until(lambda: "no" in admission.refuses(config_map("a")), seconds=60)


def test_a_look_up_that_hangs_holds_nobody_else(admission: Admission) -> None:
    rule = json.loads(json.dumps(ASKING).replace("NAMESPACE", admission.namespace))
    with Hanging() as hanging:
        admission.start(
            policy("pods", admission.namespace, PRIVILEGED), policy("secrets", admission.namespace, rule)
        )
        until(lambda: admission.refuses(pod("a", privileged=True)))
        with held(admission, hanging), pods(admission) as hammer:
            answers: list[str] = []
            begin = time.monotonic()
            waiting = threading.Thread(target=lambda: answers.append(admission.refuses(secret("a"))))
            waiting.start()
            assert hanging.is_asked.wait(20)
            before = hammer.refused
            waiting.join(30)
            seconds = time.monotonic() - begin
        assert "no answer within the time-out of the webhook" in answers[0]
        assert seconds < 12
        assert hammer.refused > before + 50
        assert (hammer.allowed, hammer.unjudged, hammer.other) == (0, 0, [])
        print(f"refused after {seconds:.1f} s; {hammer.refused:,} others were judged meanwhile")


@contextlib.contextmanager
def held(admission: Admission, hanging: Hanging) -> Iterator[None]:
    """Nobody can make a ConfigMap in the namespace: a webhook of others never answers."""
    kubectl, name = admission.plane.kubectl, f"hanging-{admission.namespace}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    label = {"kubernetes.io/metadata.name": admission.namespace}
    webhook: dict[str, Any] = {
        "name": "hanging.example.org",
        "clientConfig": {"url": f"https://127.0.0.1:{hanging.port}/"},
        "rules": [rule],
        "failurePolicy": "Fail",
        "timeoutSeconds": 30,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": label},
    }
    api = "admissionregistration.k8s.io/v1"
    document = {"apiVersion": api, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": name}}
    done(kubectl("apply", "-f", "-", stdin=json.dumps({**document, "webhooks": [webhook]})))
    try:
        yield
    finally:
        kubectl("delete", "validatingwebhookconfiguration", name)


def test_a_rule_that_takes_too_long_is_an_error_of_its_own_and_others_go_on(admission: Admission) -> None:
    endless = policy("maps", admission.namespace, ENDLESS)
    admission.start(policy("pods", admission.namespace, PRIVILEGED), endless)
    until(lambda: admission.refuses(pod("a", privileged=True)))
    large = config_map("large", **{f"k{number}": "x" for number in range(5000)})
    with pods(admission) as hammer:
        hammer.wait(20)
        for _ in range(3):
            begin = time.monotonic()
            refused = admission.refuses(large)
            assert "endless: the rule takes too long on this resource, and was stopped" in refused
            assert time.monotonic() - begin < 8
        hammer.wait(20)
    assert (hammer.allowed, hammer.unjudged, hammer.other) == (0, 0, [])
    assert not admission.refuses(config_map("small", a="b"))


def test_five_thousand_policies_at_once(admission: Admission) -> None:
    first = policy("pods-0", admission.namespace, PRIVILEGED)
    many = [policy(f"pods-{number}", f"other-{number}", PRIVILEGED) for number in range(1, 4700)]
    own = [policy(f"own-{number}", f"other-{number}", PRIVILEGED) for number in range(300)]
    for one in own:
        conditions = [{"name": "c", "expression": f"request.namespace == 'other-{one['metadata']['name']}'"}]
        one["spec"]["webhookConfiguration"] = {"matchConditions": conditions}
    begin = time.monotonic()
    admission.start(first, *many, *own)
    started = time.monotonic() - begin
    until(lambda: admission.refuses(pod("a", privileged=True)))
    written = time.monotonic() - begin
    label = f"propolis.dev/admission={admission.name}"
    found = json.loads(
        done(admission.plane.kubectl("get", "validatingwebhookconfigurations", "-l", label, "-o", "json"))
    )
    webhooks = sum(len(one["webhooks"]) for one in found["items"])
    assert webhooks == 301
    with pods(admission) as hammer:
        hammer.wait(20)
        begin, before = time.monotonic(), hammer.refused
        hammer.wait(200)
        rate = (hammer.refused - before) / (time.monotonic() - begin)
    assert (hammer.allowed, hammer.unjudged, hammer.other) == (0, 0, [])
    changed = policy("pods-0", admission.namespace, PRIVILEGED, action="Audit")
    begin = time.monotonic()
    admission.write(changed, *many, *own)
    until(lambda: not admission.refuses(pod("a", privileged=True)), seconds=60)
    taken = time.monotonic() - begin
    pages = int(Path(f"/proc/{admission.process.pid}/statm").read_text().split()[1])
    memory = pages * limits.getpagesize() / 1024**2
    reviews = sum(measured(admission, "kyverno_admission_review_duration_seconds_count"))
    mean = sum(measured(admission, "kyverno_admission_review_duration_seconds_sum")) / reviews
    configurations = len(found["items"])
    print(
        f"5,000 policies: listening after {started:.1f} s, in force after {written:.1f} s, a change of one"
        f" after {taken:.1f} s, {memory:.0f} MiB, {webhooks} webhooks in {configurations} configurations,"
        f" {rate:.0f} refusals/s by one client, {1000 * mean:.2f} ms a review"
    )


def measured(admission: Admission, name: str) -> list[float]:
    """The values of one metric."""
    lines = [line for line in admission.metrics().splitlines() if line.startswith(f"{name}{{")]
    return [float(line.rpartition(" ")[2]) for line in lines]
