import base64
from typing import Any

import msgspec

from propolis.app.admission_rules import admission_rules
from propolis.app.admission_webhooks import MOST_BYTES, Service, Target, configurations
from propolis.cluster.discovery import Served
from propolis.policy.model.cel.match import NamedExpression
from propolis.policy.model.kyverno_settings import KyvernoSettings, WebhookSelectors
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
DEFAULTS = KyvernoSettings()
TARGET = Target(b"authority", url="https://127.0.0.1:9443")


def policy(kind: str, body: str, failure: str = "Fail", name: str = "p") -> str:
    text = POLICY.replace("KIND", kind).replace("BODY", body)
    return text.replace("FAILURE", failure).replace("NAME", name)


def webhooks(
    *texts: str, target: Target = TARGET, settings: KyvernoSettings = DEFAULTS
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    read = read_policies("---".join(texts).encode(), "p.yaml")
    assert not read.errors
    mutating, validating = configurations(admission_rules(read.policies, (), settings), SERVED, target)
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


CONDITIONED = POLICY.replace(
    "{timeoutSeconds: 20}", "{matchConditions: [{name: c, expression: 'CONDITION'}]}"
)


def conditioned(condition: str, name: str = "own") -> str:
    text = CONDITIONED.replace("KIND", "Secret").replace("BODY", DENY).replace("FAILURE", "Fail")
    return text.replace("CONDITION", condition).replace("NAME", name)


def test_a_policy_with_conditions_has_a_webhook_and_a_path_of_its_own() -> None:
    _, validating = webhooks(policy("ConfigMap", DENY), conditioned("request.dryRun == false"))
    found = [(one["name"], one["clientConfig"]["url"], one.get("matchConditions")) for one in validating]
    host = "https://127.0.0.1:9443/validate/fail"
    condition = {"name": "c", "expression": "request.dryRun == false"}
    assert found == [
        ("validate.propolis.svc-fail", host, None),
        ("validate.propolis.svc-fail-finegrained-own", f"{host}/finegrained/own", [condition]),
    ]
    assert [one["rules"][0]["resources"] for one in validating] == [["configmaps"], ["secrets"]]


def test_settings_are_written_into_webhooks_and_own_conditions_stand_in_place_of_theirs() -> None:
    selector = {"matchLabels": {"a": "b"}}
    settings = KyvernoSettings(
        webhook=WebhookSelectors(selector, selector), conditions=(NamedExpression("s", "true"),)
    )
    target = Target(b"", url="https://a", excluded=("propolis",))
    _, validating = webhooks(
        policy("ConfigMap", DENY), conditioned("false"), target=target, settings=settings
    )
    shared, own = validating
    assert shared["matchConditions"] == [{"name": "s", "expression": "true"}]
    assert own["matchConditions"] == [{"name": "c", "expression": "false"}]
    assert shared["objectSelector"] == selector
    assert shared["namespaceSelector"]["matchLabels"] == {"a": "b"}
    assert shared["namespaceSelector"]["matchExpressions"][0]["values"] == ["propolis"]


def test_labels_and_annotations_of_settings_do_not_stand_in_place_of_the_servers_own() -> None:
    labels = {"a": "b", "app.kubernetes.io/managed-by": "me"}
    settings = KyvernoSettings(webhook_labels=labels, webhook_annotations={"c": "d"})
    for document in configurations(admission_rules([], (), settings), SERVED, TARGET):
        assert document["metadata"] == {
            "name": "propolis-admission",
            "labels": {
                "a": "b",
                "app.kubernetes.io/managed-by": "propolis",
                "propolis.dev/admission": "propolis-admission",
            },
            "annotations": {"c": "d"},
        }


def test_webhooks_that_are_too_many_for_one_configuration_are_split() -> None:
    target = Target(b"x" * 100_000, url="https://a")
    texts = [conditioned("false", f"own-{number}") for number in range(20)]
    read = read_policies("---".join(texts).encode(), "p.yaml")
    documents = configurations(admission_rules(read.policies), SERVED, target)
    names = [one["metadata"]["name"] for one in documents[1:]]
    assert names == ["propolis-admission", "propolis-admission-2", "propolis-admission-3"]
    assert all(len(msgspec.json.encode(one)) <= 1.2 * MOST_BYTES for one in documents)
    webhook_names = [webhook["name"] for one in documents for webhook in one["webhooks"]]
    assert len(set(webhook_names)) == 20
