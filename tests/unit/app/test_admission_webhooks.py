import base64
from typing import Any

from propolis.app.admission_rules import admission_rules
from propolis.app.admission_webhooks import Service, Target, configurations
from propolis.cluster.discovery import Served
from propolis.policy.sources.documents import read_policies

SERVED = [Served("", "v1", "ConfigMap", "configmaps"), Served("", "v1", "Secret", "secrets")]
POLICY = """
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: NAME}
spec:
  failurePolicy: FAILURE
  webhookConfiguration: {timeoutSeconds: 20}
  rules:
    - name: r
      match: {any: [{resources: {kinds: [KIND]}}]}
      BODY
"""
DENY, CHANGE = "validate: {deny: {}}", "mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}"
TARGET = Target(b"authority", url="https://127.0.0.1:9443")


def policy(kind: str, body: str, failure: str = "Fail", name: str = "p") -> str:
    text = POLICY.replace("KIND", kind).replace("BODY", body)
    return text.replace("FAILURE", failure).replace("NAME", name)


def webhooks(*texts: str, target: Target = TARGET) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    read = read_policies("---".join(texts).encode(), "p.yaml")
    assert not read.errors
    mutating, validating = configurations(admission_rules(read.policies), SERVED, target)
    return mutating["webhooks"], validating["webhooks"]


def test_each_failure_policy_has_a_webhook_with_what_its_policies_need() -> None:
    mutating, validating = webhooks(
        policy("ConfigMap", DENY), policy("Secret", DENY, "Ignore", "q"), policy("Secret", CHANGE, name="s")
    )
    assert [(one["name"], one["failurePolicy"], one["rules"][0]["resources"]) for one in validating] == [
        ("validate.propolis.svc-fail", "Fail", ["configmaps"]),
        ("validate.propolis.svc-ignore", "Ignore", ["secrets"]),
    ]
    assert [(one["name"], one["rules"][0]["resources"]) for one in mutating] == [
        ("mutate.propolis.svc-fail", ["secrets"])
    ]


def test_there_is_no_webhook_that_no_policy_needs() -> None:
    assert webhooks() == ([], [])


def test_the_longest_time_out_that_a_policy_asks_for_counts() -> None:
    _, (webhook,) = webhooks(policy("ConfigMap", DENY))
    assert webhook["timeoutSeconds"] == 20


def test_a_webhook_leads_to_the_server_by_url_or_by_service() -> None:
    _, (webhook,) = webhooks(policy("ConfigMap", DENY))
    bundle = base64.b64encode(b"authority").decode()
    assert webhook["clientConfig"] == {"caBundle": bundle, "url": "https://127.0.0.1:9443/validate/fail"}
    target = Target(b"authority", Service("propolis", "admission"), excluded=("propolis",))
    _, (webhook,) = webhooks(policy("ConfigMap", DENY), target=target)
    service = {"namespace": "propolis", "name": "admission", "port": 443, "path": "/validate/fail"}
    assert webhook["clientConfig"] == {"caBundle": bundle, "service": service}


def test_the_servers_own_namespace_is_never_asked_about() -> None:
    target = Target(b"", Service("propolis", "admission"), excluded=("propolis",))
    _, (webhook,) = webhooks(policy("ConfigMap", DENY), target=target)
    assert webhook["namespaceSelector"]["matchExpressions"] == [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["propolis"]}
    ]
